"""Which alerts go out together and when: by cause, by the pace that causes set, and by what recipients want to hear now."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from mailtrip import store
from mailtrip.alerts.holding import Pace, Wait, WaitReason, occasion_of, wait_for_delivery
from mailtrip.model import Alert, DeliveryOccasion, Recipient
from mailtrip.schedule.quiet_hours import day_end, day_start, is_quiet, quiet_until
from mailtrip.store import Connection
from mailtrip.store.alert_bundles import Bundle, Untold

__all__ = ["due_bundles", "next_due", "waits"]

_GATHER = timedelta(seconds=2)
_LONGEST_GATHER = timedelta(seconds=4)
_LONGEST_BEHIND = timedelta(seconds=15)
_BEHIND_AGAIN = timedelta(seconds=0.2)
_LATELY = timedelta(hours=6)
_FIRST_GAP = timedelta(minutes=1)
_LONGEST_GAP = timedelta(hours=1)
_MOST = 2000


def due_bundles(connection: Connection, *, now: datetime, is_behind: bool = False) -> list[Bundle]:
    """The deliveries to make.

    Alerts wait until 2 s have gone by without another one of their cause, 4 s at most. While recording is behind, they
    wait for it, 15 s at most. Where the recipient has been told of that cause lately, further ones wait longer: a minute
    after the first delivery, twice as long after each further one, an hour at most. What a recipient does not want to
    hear now waits until it does, and is told together then.

    Args:
        connection: of any transaction.
        now: decides what is due.
        is_behind: whether results wait that are not recorded yet, more than go into one transaction.
    """
    paces = _paces(connection, now=now)
    plan = _Plan(paces)
    for item in _waiting(connection, paces, now=now):
        if _told_at(item, now=now, is_behind=is_behind) <= now:
            plan.add(item, now=now)
    return plan.bundles


def next_due(connection: Connection, *, now: datetime, is_behind: bool = False) -> datetime | None:
    """When the next of what waits, and is not due yet, is to go out, as far as that is known now; None for never."""
    waiting = _waiting(connection, _paces(connection, now=now), now=now)
    told_at = (_told_at(item, now=now, is_behind=is_behind) for item in waiting)
    return min((at for at in told_at if at > now), default=None)


def waits(connection: Connection, alerts: Collection[Alert], *, now: datetime) -> dict[int, Wait]:
    """Why alerts that are in no delivery yet wait, and until when as far as that is known now, by their ids.

    Args:
        connection: of any transaction.
        alerts: those that are in one are left out.
        now: when it is asked.
    """
    waiting = [alert for alert in alerts if alert.delivery_id is None]
    if not waiting:
        return {}
    paces = _paces(connection, now=now)
    recipient_ids = {alert.recipient_id for alert in waiting}
    found = store.alert_bundles.untold(
        connection, lately=now - _LATELY, closed=(), limit=_MOST, recipient_ids=recipient_ids
    )
    items = {(item.recipient_id, item.cause): _wait(item, paces.get(item.recipient_id), now=now) for item in found}
    others = Wait(reason=WaitReason.IN_LINE)
    return {alert.id: items.get((alert.recipient_id, alert.cause), others) for alert in waiting}


def _wait(item: Untold, paced: "_Paced | None", *, now: datetime) -> Wait:
    due_at = _due_at(item)
    wait_until = partial(wait_for_delivery, due_at, is_repeated=due_at > _gathered_at(item), now=now)
    if paced is None or item.is_urgent or item.is_test:
        return wait_until(day_ends_at=None, quiet_until=lambda at: at)
    settings, left = paced.recipient.settings, paced.pace.left
    return wait_until(
        day_ends_at=day_end(settings.time_zone, now) if left is not None and left <= 0 else None,
        quiet_until=partial(quiet_until, settings.quiet_hours, settings.time_zone),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Paced:
    recipient: Recipient
    pace: Pace

    def would_have_been_quiet(self, at: datetime) -> bool:
        settings = self.recipient.settings
        return is_quiet(settings.quiet_hours, settings.time_zone, at)

    def is_earlier_day(self, at: datetime, now: datetime) -> bool:
        return at < day_start(self.recipient.settings.time_zone, now)


class _Plan:
    """Takes what is due, oldest first."""

    def __init__(self, paces: dict[int, _Paced]) -> None:
        self.bundles: list[Bundle] = []
        self._paces = paces
        self._digests: dict[int, int] = {}

    def add(self, item: Untold, *, now: datetime) -> None:
        paced = self._paces.get(item.recipient_id)
        if paced is None or item.is_test:
            self._append(item, None)
            return
        due_at = _due_at(item)
        was_quiet = not item.is_urgent and paced.would_have_been_quiet(due_at)
        is_older = not item.is_urgent and paced.is_earlier_day(due_at, now)
        occasion = occasion_of(paced.pace, was_quiet=was_quiet, is_older=is_older)
        if occasion is not None and occasion.is_digest:
            self._add_to_digest(item, occasion)
        elif item.is_urgent or not paced.pace.is_closed:
            self._append(item, occasion)
            if paced.pace.left is not None:
                fewer = replace(paced.pace, left=paced.pace.left - 1)
                self._paces[item.recipient_id] = replace(paced, pace=fewer)

    def _append(self, item: Untold, occasion: DeliveryOccasion | None) -> None:
        bundle = Bundle(
            account_id=item.account_id, recipient_id=item.recipient_id, causes=(item.cause,), occasion=occasion
        )
        self.bundles.append(bundle)

    def _add_to_digest(self, item: Untold, occasion: DeliveryOccasion) -> None:
        """All that was held back is told as one, whatever held it back."""
        place = self._digests.setdefault(item.recipient_id, len(self.bundles))
        if place == len(self.bundles):
            self._append(item, occasion)
        else:
            digest = self.bundles[place]
            self.bundles[place] = replace(digest, causes=(*digest.causes, item.cause))


def _paces(connection: Connection, *, now: datetime) -> dict[int, _Paced]:
    return {recipient.id: _pace(connection, recipient, now=now) for recipient in store.alert_bundles.paced(connection)}


def _waiting(connection: Connection, paces: Mapping[int, _Paced], *, now: datetime) -> list[Untold]:
    """What may be told now or later, oldest first; without what a recipient does not want to hear now."""
    closed = [id_ for id_, paced in paces.items() if paced.pace.is_closed]
    return store.alert_bundles.untold(connection, lately=now - _LATELY, closed=closed, limit=_MOST)


def _pace(connection: Connection, recipient: Recipient, *, now: datetime) -> _Paced:
    settings = recipient.settings
    left = None
    if settings.daily_limit is not None:
        since = day_start(settings.time_zone, now)
        left = settings.daily_limit - store.alert_bundles.made_since(connection, recipient.id, since=since)
    quiet = is_quiet(settings.quiet_hours, settings.time_zone, now)
    return _Paced(recipient=recipient, pace=Pace(is_quiet=quiet, left=left))


def _told_at(item: Untold, *, now: datetime, is_behind: bool) -> datetime:
    due_at = _due_at(item)
    if item.is_test or not is_behind:
        return due_at
    return max(due_at, min(now + _BEHIND_AGAIN, item.oldest_at + _LONGEST_BEHIND))


def _gathered_at(item: Untold) -> datetime:
    return item.oldest_at if item.is_test else min(item.newest_at + _GATHER, item.oldest_at + _LONGEST_GATHER)


def _due_at(item: Untold) -> datetime:
    due = _gathered_at(item)
    if item.delivered_at is None:
        return due
    gap = min(_FIRST_GAP * (1 << min(item.deliveries - 1, 16)), _LONGEST_GAP)
    return max(due, item.delivered_at + gap)
