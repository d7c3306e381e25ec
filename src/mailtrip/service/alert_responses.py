"""What people answer to alerts: that they take the trouble on, or want to hear of it later; and that they don't any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailtrip import store
from mailtrip.errors import Fault, Forbidden, InvalidInput, NotFound
from mailtrip.model import Access, Actor, Alert, AuditAction
from mailtrip.service import audit
from mailtrip.service.access import may_see
from mailtrip.store import Connection
from mailtrip.store.alert_responses import Trouble

__all__ = ["LONGEST_SNOOZE", "acknowledge", "reopen", "snooze", "wake"]

LONGEST_SNOOZE = timedelta(days=7)
"""Nobody forgets for longer what is broken."""


def acknowledge(connection: Connection, actor: Actor, alert_id: int, *, now: datetime) -> None:
    """Take on the trouble that the alert, and those that were told with it, are about: nobody is reminded of it any more.

    Whoever was first stays. Monitors that the actor may not edit are left as they are.

    Args:
        connection: of a writing transaction.
        actor: who takes it on.
        alert_id: any alert about the trouble.
        now: from when on.

    Raises:
        Forbidden: the role may not start tests either, or the actor may not edit the alert's monitor.
        NotFound: no such alert in the account.
        InvalidInput: its trouble is over, or it never was about any.
    """
    open_ = _open(connection, actor, alert_id)
    by = _name_of(actor)
    if store.alert_responses.acknowledge(connection, open_.monitor_ids, by=by, at=now):
        store.alert_responses.forget_reminders(connection, open_.monitor_ids)
        _record(connection, actor, AuditAction.ALERT_ACKNOWLEDGED, open_, now=now)


def reopen(connection: Connection, actor: Actor, alert_id: int, *, now: datetime) -> None:
    """Take an acknowledgement back: reminders come as if it had not been; raises as `acknowledge`."""
    open_ = _open(connection, actor, alert_id)
    if store.alert_responses.acknowledge(connection, open_.monitor_ids, by=None, at=None):
        _record(connection, actor, AuditAction.ALERT_REOPENED, open_, now=now)


def snooze(connection: Connection, actor: Actor, alert_id: int, *, until: datetime, now: datetime) -> None:
    """Put off what the alert's recipient hears of the trouble that it, and those told with it, are about.

    Args:
        connection: of a writing transaction.
        actor: who puts it off.
        alert_id: any alert to the recipient about the trouble.
        until: later than `now`, by `LONGEST_SNOOZE` at most; an earlier snooze is replaced.
        now: from when on.

    Raises:
        Forbidden: as for `acknowledge`.
        NotFound: no such alert in the account.
        InvalidInput: its trouble is over, or the time is none.
    """
    open_ = _open(connection, actor, alert_id)
    if not now < until <= now + LONGEST_SNOOZE:
        raise InvalidInput([Fault("until", f"must lie within the next {LONGEST_SNOOZE.days} days")])
    recipient_id = open_.alert.recipient_id
    by = _name_of(actor)
    if store.alert_responses.snooze(connection, recipient_id, open_.troubles, by=by, until=until):
        store.alert_responses.forget_reminders(connection, open_.monitor_ids, recipient_id=recipient_id)
        _record(connection, actor, AuditAction.ALERT_SNOOZED, open_, now=now, until=until)


def wake(connection: Connection, actor: Actor, alert_id: int, *, now: datetime) -> None:
    """End a snooze: alerts come as if it had not been; raises as `acknowledge`."""
    open_ = _open(connection, actor, alert_id)
    if store.alert_responses.snooze(connection, open_.alert.recipient_id, open_.troubles, by=None, until=None):
        _record(connection, actor, AuditAction.ALERT_WOKEN, open_, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    """An alert, and the trouble that it and those told with it are about."""

    alert: Alert
    troubles: Sequence[Trouble]

    @property
    def monitor_ids(self) -> list[int]:
        return [trouble.monitor_id for trouble in self.troubles]


def _open(connection: Connection, actor: Actor, alert_id: int) -> _Open:
    if not actor.role.may_test:
        raise Forbidden("this needs role Admin, Co-Admin, Power User or User")
    alert = store.alerts.get(connection, actor.account_id, alert_id)
    if alert is None or (alert.monitor_id is not None and not may_see(actor, alert.monitor_id)):
        raise NotFound(f"there is no alert {alert_id}")
    if alert.monitor_id is not None and not _may_edit(actor, alert.monitor_id):
        raise Forbidden(f"this needs access Edit to monitor {alert.monitor_id}")
    found = [each for each in store.alert_responses.troubles(connection, alert) if _may_edit(actor, each.monitor_id)]
    if alert.monitor_id not in {trouble.monitor_id for trouble in found}:
        raise InvalidInput([Fault("alert_id", "is about no trouble that lasts; there is nothing to answer to it")])
    return _Open(alert=alert, troubles=found)


def _may_edit(actor: Actor, monitor_id: int) -> bool:
    return actor.access is None or actor.access.of(monitor_id) is Access.EDIT


def _name_of(actor: Actor) -> str:
    """Who it was, as the alert shows it."""
    if actor.recipient_id is not None:
        return actor.recipient_name or f"recipient {actor.recipient_id}"
    return (actor.token_name if actor.token_id is not None else actor.email) or "operator"


def _record(
    connection: Connection,
    actor: Actor,
    action: AuditAction,
    open_: _Open,
    *,
    now: datetime,
    until: datetime | None = None,
) -> None:
    after: dict[str, object] = {"monitor_ids": open_.monitor_ids}
    if until is not None:
        after["until"] = until
    audit.record(connection, actor, action, open_.alert.id, now=now, after=after)
