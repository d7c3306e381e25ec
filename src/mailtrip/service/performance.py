"""Performance alerts: who is told that deliveries are slow, decided in the transaction that records the run."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from mailtrip import store
from mailtrip.alerts.performance import Level, Pace, PerformanceStanding, advance, level_of, measured
from mailtrip.model import AlertKind, Measurement, Monitor, Result, Run, RunKind, Severity, StatusCode
from mailtrip.service.lookup import Lookup
from mailtrip.store import Connection
from mailtrip.store.alerts import NewAlert
from mailtrip.store.codec import storable
from mailtrip.store.performance import PaceRow, SlowRow

__all__ = ["note_pace"]

_MOST_LAG = timedelta(seconds=1)


def note_pace(connection: Connection, finished: Collection[Run], lookup: Lookup, *, now: datetime) -> None:
    """Take in how long the deliveries, or the answers, of runs took that have just finished.

    Nothing is kept of accounts where nobody wants to hear of it.

    Args:
        connection: of the transaction that finishes them.
        finished: of any account. Tests and rechecks say nothing here, nor do runs that failed or could not tell.
        lookup: of this transaction.
        now: becomes the time of the alerts.
    """
    took = {run.id: span for run in finished if run.result and (span := _took(run, run.result)) is not None}
    if not took:
        return
    wanting = store.performance.accounts_wanting(connection, {run.account_id for run in finished})
    runs = [run for run in finished if run.id in took and run.account_id in wanting]
    if not runs:
        return
    monitors = lookup.monitors_of(runs)
    desk = _Desk(connection, monitors.keys(), lookup, now=now)
    for run in sorted(runs, key=lambda run: (run.slot, run.id)):
        if run.monitor_id in monitors:
            desk.take(run, monitors[run.monitor_id], took[run.id])
    desk.close()


def _took(run: Run, result: Result) -> timedelta | None:
    """What is proven of the time that a delivery took, or a check; None of what says nothing of it."""
    if run.kind is not RunKind.SCHEDULED or result.status.severity not in {Severity.OK, Severity.WARNING}:
        return None
    if result.lag > _MOST_LAG:
        return None  # it may be our own slowness
    if result.token is None:
        return result.duration
    if result.sighting is None:
        return None
    return max(timedelta(0), result.sighting.not_before) + (result.deferred_for or timedelta(0))


class _Desk:
    """Takes in one delivery after the other, and keeps at the end what came of them."""

    def __init__(self, connection: Connection, monitor_ids: Iterable[int], lookup: Lookup, *, now: datetime) -> None:
        ids = set(monitor_ids)
        self._connection = connection
        self._now = now
        self._lookup = lookup
        self._paces = store.performance.paces(connection, ids)
        self._known = {(row.monitor_id, row.recipient_id): row for row in store.performance.standings(connection, ids)}
        self._standings = dict(self._known)
        self._alerts: list[NewAlert] = []

    def take(self, run: Run, monitor: Monitor, took: timedelta) -> None:
        """Take in a delivery of a monitor."""
        row = self._paces.get(monitor.id)
        before = Pace() if row is None else Pace(recent=row.recent, hours=row.hours)
        pace = measured(before, Measurement(run.slot, took))
        if pace == before:
            return
        self._paces[monitor.id] = PaceRow(
            monitor_id=monitor.id, account_id=run.account_id, recent=pace.recent, hours=pace.hours
        )
        audience = self._lookup.audience(run.account_id)
        routes = audience.performance_router.routes_of(monitor.id) if monitor.settings.notify_on_error else {}
        status = StatusCode.SLOW if monitor.settings.sends_message else StatusCode.SLOW_ANSWER
        hearing = {id_: route.names_urgent(status) for id_, route in routes.items() if route.concerns(status)}
        for key in [key for key in self._standings if key[0] == monitor.id and key[1] not in hearing]:
            del self._standings[key]
        for recipient_id in sorted(hearing):
            self._tell(run, monitor, pace, status, recipient_id, is_urgent=hearing[recipient_id])

    def close(self) -> None:
        """Keep all of it."""
        store.performance.put_paces(self._connection, [self._paces[id_] for id_ in sorted(self._paces)])
        changed = [row for key, row in sorted(self._standings.items()) if row != self._known.get(key)]
        store.performance.put_standings(self._connection, changed)
        store.performance.forget_standings(self._connection, self._known.keys() - self._standings.keys())
        store.alerts.add(self._connection, self._alerts, now=self._now)

    def _tell(
        self, run: Run, monitor: Monitor, pace: Pace, status: StatusCode, recipient_id: int, *, is_urgent: bool
    ) -> None:
        key = (monitor.id, recipient_id)
        audience = self._lookup.audience(run.account_id)
        settings = audience.recipients[recipient_id].settings
        level = level_of(pace, settings, warning_time=monitor.settings.warning_time)
        before = self._standings.get(key)
        known = None if before is None else _standing(before)
        held_back = audience.is_held_back(*key)
        standing, word = advance(known, level, settings, at=self._now, is_held_back=held_back)
        if standing is None:
            self._standings.pop(key, None)
        else:
            self._standings[key] = _row(key, run.account_id, standing)
        if level is not None and isinstance(word, AlertKind):
            about = standing or known
            since = self._now if about is None else about.since
            alert = _alert(run, monitor, recipient_id, word, level, status=status, since=since)
            self._alerts.append(replace(alert, is_urgent=is_urgent))


def _standing(row: SlowRow) -> PerformanceStanding:
    return PerformanceStanding(alerts=row.alerts, since=row.since, told_at=row.told_at)


def _row(key: tuple[int, int], account_id: int, standing: PerformanceStanding) -> SlowRow:
    return SlowRow(
        monitor_id=key[0],
        recipient_id=key[1],
        account_id=account_id,
        alerts=standing.alerts,
        since=standing.since,
        told_at=standing.told_at,
    )


def _alert(
    run: Run,
    monitor: Monitor,
    recipient_id: int,
    kind: AlertKind,
    level: Level,
    *,
    status: StatusCode,
    since: datetime,
) -> NewAlert:
    settings = monitor.settings
    servers = " ".join(filter(None, (settings.smtp_server, settings.mailbox_server)))
    words = "fast" if kind.ends_error else "slow"
    return NewAlert(
        account_id=run.account_id,
        recipient_id=recipient_id,
        monitor_id=monitor.id,
        run_id=None,
        kind=kind,
        status=status,
        errors=0,
        since=since,
        cause=(storable(f"{words} {int(status)} {servers}".lower(), 300) or ""),
        detail=level.text,
    )
