"""Alerts: what recipients are to be told of how runs ended, decided in the transaction that records it."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from mailtrip import store
from mailtrip.alerts.causes import cause_of
from mailtrip.alerts.policy import Decision, Finding, Outcome, Standing, advance
from mailtrip.model import AlertKind, Monitor, Run, RunKind, Severity
from mailtrip.service.audience import Audience
from mailtrip.service.lookup import Lookup
from mailtrip.service.runs import Finished
from mailtrip.store import Connection
from mailtrip.store.alerts import NewAlert, StandingRow, WaitingAlert

__all__ = ["note_finished", "note_revised"]


def note_finished(connection: Connection, finished: Finished, lookup: Lookup, *, now: datetime) -> None:
    """Take in runs that have just finished: their rows are written, and what they verify is noted.

    Args:
        connection: of the transaction that finishes them.
        finished: of any account.
        lookup: of this transaction.
        now: becomes the time of the alerts.
    """
    concerned = {run.id: run for run in finished.runs if run.kind is not RunKind.TEST}
    if not concerned:
        return
    standings = store.alerts.standings(connection, {run.monitor_id for run in concerned.values()})
    runs = concerned | {run.id: run for run in finished.verified}
    wanted = {row.monitor_id for row in standings} | {run.monitor_id for run in runs.values() if _is_error(run)}
    spoken = [run for run in _speaking(runs, concerned) if run.monitor_id in wanted]
    if not spoken:
        return
    monitors = lookup.monitors_of(spoken)
    findings = [
        (run, Finding(at=now, run_id=run.id, slot=run.slot, outcome=outcome, status=run.result.status))
        for run in spoken
        if run.monitor_id in monitors
        and run.result is not None
        and (outcome := _outcome(run, monitors[run.monitor_id])) is not None
    ]
    _take_in(connection, findings, standings, lookup, now=now)


def note_revised(connection: Connection, run: Run, *, now: datetime) -> None:
    """Take in a new verdict of a run that had one: its message has come after all, or its error was our own fault.

    Args:
        connection: of the transaction that revises it.
        run: as it is now.
        now: becomes the time of the alerts.
    """
    if run.result is None or run.kind is RunKind.TEST:
        return
    if run.result.status.severity is Severity.UNKNOWN:
        outcome = Outcome.EXCUSED
    elif run.result.delay is not None:
        outcome = Outcome.ARRIVED
    else:
        return
    finding = Finding(at=now, run_id=run.id, slot=run.slot, outcome=outcome, status=run.result.status)
    standings = store.alerts.standings(connection, [run.monitor_id])
    _take_in(connection, [(run, finding)], standings, Lookup(connection, now=now), now=now)


def _is_error(run: Run) -> bool:
    return run.result is not None and run.result.status.severity is Severity.ERROR


def _speaking(runs: dict[int, Run], finished: Collection[int]) -> Iterator[Run]:
    """The runs that have something new to say, oldest first: those finished, save rechecks, and those verified by them."""
    ids = {id_ for id_ in finished if runs[id_].kind is not RunKind.RECHECK}
    ids |= {run.recheck_of for id_ in finished if (run := runs[id_]).recheck_of in runs and run.recheck_of is not None}
    yield from sorted((runs[id_] for id_ in ids), key=lambda run: (run.slot, run.id))


def _outcome(run: Run, monitor: Monitor) -> Outcome | None:
    """What a finished run says; None while its error is not verified, and of trouble of ours."""
    if run.severity is Severity.UNKNOWN:
        return None
    if run.severity is not Severity.ERROR:
        return Outcome.WELL
    return None if run.verified is None and monitor.settings.local_retry else Outcome.FAILS


def _take_in(
    connection: Connection,
    findings: Collection[tuple[Run, Finding]],
    standings: Sequence[StandingRow],
    lookup: Lookup,
    *,
    now: datetime,
) -> None:
    if not findings:
        return
    monitors = lookup.monitors_of(run for run, _ in findings)
    intake = _Intake(standings, store.alerts.waiting(connection, list(monitors)))
    for run, finding in findings:
        if run.monitor_id in monitors:
            intake.take(run, finding, monitors[run.monitor_id], lookup.audience(run.account_id))
    intake.store(connection, now=now)


class _Intake:
    """Takes findings in, one after the other, of monitors whose standings, and what waits, are locked."""

    def __init__(self, standings: Sequence[StandingRow], waiting: Iterable[WaitingAlert]) -> None:
        self._standings = {(row.monitor_id, row.recipient_id): _standing(row) for row in standings}
        self._told_before: dict[int, list[int]] = {}
        for row in standings:
            self._told_before.setdefault(row.monitor_id, []).append(row.recipient_id)
        self._waiting = _Waiting(waiting)
        self._changed: dict[tuple[int, int], int] = {}

    def take(self, run: Run, finding: Finding, monitor: Monitor, account: Audience) -> None:
        routes = dict(account.router.routes_of(monitor.id)) if monitor.settings.notify_on_error else {}
        for recipient_id in self._told_before.get(monitor.id, ()):
            if recipient_id in routes:
                continue
            is_escalated = self._standings[monitor.id, recipient_id].is_escalated
            route = account.router.route_to(recipient_id) if is_escalated and routes else None
            if route is not None:
                routes[recipient_id] = route
            else:
                self._put((monitor.id, recipient_id), run.account_id, Standing())
        for recipient_id, route in routes.items():
            key = (monitor.id, recipient_id)
            before = self._standings.get(key, Standing())
            waiting = self._waiting.first_kind(key, before.since)
            held = account.is_held_back(*key)
            decision = advance(before, finding, route, is_held_back=held, waiting=waiting)
            if decision.standing != before:
                self._put(key, run.account_id, decision.standing)
            if decision.drops_waiting:
                self._waiting.drop(key, before.since)
            if decision.kind is not None:
                self._waiting.add(key, _alert(run, recipient_id, monitor, before, decision))

    def store(self, connection: Connection, *, now: datetime) -> None:
        """Write down what has changed; `now` becomes the time of the alerts."""
        gone = {key for key in self._changed if self._standings[key].is_quiet}
        rows = [_row(key, self._changed[key], self._standings[key]) for key in sorted(self._changed) if key not in gone]
        store.alerts.put_standings(connection, rows)
        store.alerts.forget_standings(connection, gone)
        store.alerts.drop_waiting(connection, self._waiting.dropped)
        store.alerts.add(connection, self._waiting.new, now=now)

    def _put(self, key: tuple[int, int], account_id: int, standing: Standing) -> None:
        self._standings[key] = standing
        self._changed[key] = account_id


class _Waiting:
    """What recipients are to be told of monitors and is in no delivery yet, by (monitor id, recipient id).

    Attributes:
        new: to be stored, in their order.
        dropped: ids of stored ones that are not to be told any more.
    """

    def __init__(self, stored: Iterable[WaitingAlert]) -> None:
        self.new: list[NewAlert] = []
        self.dropped: list[int] = []
        self._alerts: dict[tuple[int, int], list[WaitingAlert | NewAlert]] = {}
        for alert in stored:
            self._alerts.setdefault((alert.monitor_id, alert.recipient_id), []).append(alert)

    def first_kind(self, key: tuple[int, int], since: datetime | None) -> AlertKind | None:
        """Of the alerts about the errors that began then."""
        return next((alert.kind for alert in self._alerts.get(key, ()) if alert.since == since), None)

    def drop(self, key: tuple[int, int], since: datetime | None) -> None:
        """Have the alerts about the errors that began then not told."""
        gone = [alert for alert in self._alerts[key] if alert.since == since]
        self._alerts[key] = [alert for alert in self._alerts[key] if alert not in gone]
        self.new = [alert for alert in self.new if alert not in gone]
        self.dropped += [alert.id for alert in gone if isinstance(alert, WaitingAlert)]

    def add(self, key: tuple[int, int], alert: NewAlert) -> None:
        """Have it told with what waits of its monitor: nobody hears of an end before its beginning."""
        others = self._alerts.setdefault(key, [])
        alert = replace(alert, cause=others[-1].cause) if others else alert
        others.append(alert)
        self.new.append(alert)


def _alert(run: Run, recipient_id: int, monitor: Monitor, before: Standing, decision: Decision) -> NewAlert:
    if run.result is None or decision.kind is None or decision.since is None:
        raise ValueError("an alert is about a run with a result, and about errors that have begun")
    status, step = run.result.status, run.result.step
    return NewAlert(
        account_id=run.account_id,
        recipient_id=recipient_id,
        monitor_id=monitor.id,
        run_id=run.id,
        kind=decision.kind,
        status=status,
        errors=decision.standing.errors,
        since=decision.since,
        cause=cause_of(status, step, monitor.settings, kind=decision.kind),
        is_urgent=before.is_urgent or decision.standing.is_urgent,
        acknowledged_at=before.acknowledged_at,
        acknowledged_by=before.acknowledged_by,
    )


def _standing(row: StandingRow) -> Standing:
    return Standing(**{name: getattr(row, name) for name in Standing.__slots__})


def _row(key: tuple[int, int], account_id: int, standing: Standing) -> StandingRow:
    values = {name: getattr(standing, name) for name in Standing.__slots__}
    return StandingRow(monitor_id=key[0], recipient_id=key[1], account_id=account_id, **values)
