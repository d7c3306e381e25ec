"""Escalation: who else is told of trouble that nobody has acknowledged. It needs no run: the outbox looks for it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from mailtrip import store
from mailtrip.alerts.escalation import escalate
from mailtrip.model import AlertKind, Monitor
from mailtrip.service.audience import Audience
from mailtrip.store import Connection
from mailtrip.store.alert_escalations import ToldTrouble
from mailtrip.store.alerts import NewAlert, StandingRow

__all__ = ["escalate_due", "is_due"]

_MOST = 500


def is_due(connection: Connection, *, now: datetime) -> bool:
    """Whether it is worth a writing transaction to call `escalate_due`."""
    return bool(store.alert_escalations.due(connection, now=now, limit=1))


def escalate_due(connection: Connection, *, now: datetime) -> int:
    """Put alerts into the outbox for those who are to be told of what nobody has acknowledged; how many there are."""
    monitor_ids = store.alert_escalations.due(connection, now=now, limit=_MOST)
    if not monitor_ids:
        return 0
    by_monitor: dict[int, dict[int, StandingRow]] = {}
    for row in store.alerts.standings(connection, monitor_ids):
        by_monitor.setdefault(row.monitor_id, {})[row.recipient_id] = row
    troubles = store.alert_escalations.told_troubles(connection, monitor_ids)
    accounts = {row.account_id for rows in by_monitor.values() for row in rows.values()}
    audiences = {id_: Audience(connection, id_, now=now) for id_ in sorted(accounts)}
    monitors = {
        monitor.id: monitor
        for account_id in sorted(accounts)
        for monitor in store.monitors.page(connection, account_id, ids=set(monitor_ids), limit=None, offset=0)[0]
    }
    new: list[NewAlert] = []
    for monitor_id, rows in by_monitor.items():
        climb = _Climb(rows, monitors.get(monitor_id), audiences, now=now)
        for row in [row for row in rows.values() if _is_due(row, now=now)]:
            climb.look(row, troubles.get((monitor_id, row.recipient_id)))
        store.alerts.put_standings(connection, climb.changed)
        new += climb.alerts
    store.alerts.add(connection, new, now=now)
    return len(new)


def _is_due(row: StandingRow, *, now: datetime) -> bool:
    return row.escalates_at is not None and row.escalates_at <= now and row.errors > 0 and row.acknowledged_at is None


class _Climb:
    """The escalations of one monitor's trouble.

    Attributes:
        changed: standings to store.
        alerts: to put into the outbox.
    """

    def __init__(
        self,
        rows: dict[int, StandingRow],
        monitor: Monitor | None,
        audiences: Mapping[int, Audience],
        *,
        now: datetime,
    ) -> None:
        self.changed: list[StandingRow] = []
        self.alerts: list[NewAlert] = []
        self._rows = rows
        self._monitor = monitor
        self._audiences = audiences
        self._now = now

    def look(self, row: StandingRow, trouble: ToldTrouble | None) -> None:
        monitor = self._monitor
        if monitor is None or trouble is None or not (monitor.settings.enabled and monitor.settings.notify_on_error):
            self._put(replace(row, escalates_at=None))
            return
        audience = self._audiences[row.account_id]
        rungs = audience.router.rungs(monitor.id, row.recipient_id, trouble.status)
        routes = {
            id_: route for rung in rungs for id_ in rung.recipient_ids if (route := audience.router.route_to(id_))
        }
        outcome = escalate(
            [replace(rung, recipient_ids=tuple(id_ for id_ in rung.recipient_ids if id_ in routes)) for rung in rungs],
            told_at=trouble.told_at,
            knowing={id_ for id_, known in self._rows.items() if known.alerts},
            held_back={id_ for id_ in routes if audience.is_held_back(monitor.id, id_)},
            now=self._now,
        )
        self._put(replace(row, escalates_at=outcome.look_at))
        for recipient_id, is_urgent in outcome.told.items():
            self._tell(recipient_id, row, trouble, is_urgent=is_urgent or row.is_urgent)

    def _tell(self, recipient_id: int, row: StandingRow, trouble: ToldTrouble, *, is_urgent: bool) -> None:
        before = self._rows.get(recipient_id)
        told = replace(
            row,
            recipient_id=recipient_id,
            errors=before.errors if before is not None and before.errors else row.errors,
            history=0 if before is None else before.history,
            alerts=1,
            told_at=self._now,
            is_urgent=is_urgent,
            is_escalated=True,
            escalates_at=None,
            snoozed_until=None,
            snoozed_status=None,
        )
        self._put(told)
        alert = NewAlert(
            account_id=row.account_id,
            recipient_id=recipient_id,
            monitor_id=row.monitor_id,
            run_id=trouble.run_id,
            kind=AlertKind.ESCALATION,
            status=trouble.status,
            errors=row.errors,
            since=trouble.since,
            cause=trouble.cause,
            is_urgent=is_urgent,
        )
        self.alerts.append(alert)

    def _put(self, row: StandingRow) -> None:
        self._rows[row.recipient_id] = row
        self.changed = [each for each in self.changed if each.recipient_id != row.recipient_id] + [row]
