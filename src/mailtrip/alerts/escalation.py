"""Who else is told when nobody takes trouble on. Pure.

`docs/explanation/alerts.md` has the decision table, which the tests run.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

__all__ = ["Escalation", "Rung", "escalate"]

_LOOK_AGAIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """Whom a group tells when nobody has acknowledged.

    Attributes:
        after: counted from the message to the group's own recipient on.
        recipient_ids: who is told then.
        is_urgent: whether they are told at any time.
    """

    after: timedelta
    recipient_ids: tuple[int, ...]
    is_urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """What follows.

    Attributes:
        told: recipients that are to be told now, and whether it is urgent.
        look_at: when to look again; None when there is nothing to look for.
    """

    told: dict[int, bool]
    look_at: datetime | None


def escalate(
    rungs: Sequence[Rung],
    *,
    told_at: datetime | None,
    knowing: Collection[int],
    held_back: Collection[int],
    now: datetime,
) -> Escalation:
    """Who is told of trouble that nobody has acknowledged.

    Args:
        rungs: of all groups through which the recipient was told.
        told_at: when its message went out; None while it waits, in quiet hours perhaps.
        knowing: recipients that were told of the trouble already.
        held_back: recipients for whom a blackout is in force: they are told after it, if it still holds.
        now: decides what is due.
    """
    if not rungs:
        return Escalation(told={}, look_at=None)
    if told_at is None:
        return Escalation(told={}, look_at=now + _LOOK_AGAIN)
    due = [rung for rung in rungs if told_at + rung.after <= now]
    told: dict[int, bool] = {}
    for rung in due:
        for recipient_id in rung.recipient_ids:
            if recipient_id not in knowing:
                told[recipient_id] = told.get(recipient_id, False) or rung.is_urgent
    waiting = {recipient_id for recipient_id in told if recipient_id in held_back}
    later = [told_at + rung.after for rung in rungs if rung not in due]
    looks = [*later, *([now + _LOOK_AGAIN] if waiting else [])]
    return Escalation(
        told={id_: is_urgent for id_, is_urgent in told.items() if id_ not in waiting},
        look_at=min(looks, default=None),
    )
