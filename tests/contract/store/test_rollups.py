"""Rollups say what the runs say, whatever the order in which results and later verdicts come in."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, event, select
from tests.contract.store.builders import ADMIN, NOW, finish, make_monitor, planned, result

from mailtrip.model import Result, Run, RunKind, RunState, Severity, Sighting, StatusCode, Step, Timing, Verdict
from mailtrip.model.tally import Counts, Distribution, Size
from mailtrip.service import endings, monitors, outages, report_figures, retention, rollups, runs, sla_reports, slas
from mailtrip.service.endings import Conclusion
from mailtrip.service.report_figures import AvailabilityReport, ResponseReport
from mailtrip.service.runs import FinishedRun
from mailtrip.store import Database
from mailtrip.store import ledger as ledger_rows
from mailtrip.store.ledger import Ruling
from mailtrip.store.rollup_tables import ROLLUPS, TIMES, rollup_backfill
from mailtrip.store.run_rows import BRIEF, to_run
from mailtrip.store.schema import runs as run_rows

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
EVER = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC))
DELIVERED = replace(
    result(),
    sighting=Sighting(not_before=SECOND, not_after=2 * SECOND),
    timings=(Timing(step=Step.CONNECT, offset=timedelta(0), duration=timedelta(milliseconds=12)),),
)


def read_runs(database: Database, monitor_id: int) -> list[Run]:
    query = select(*BRIEF).where(run_rows.c.monitor_id == monitor_id)
    return database.read(lambda connection: [to_run(row) for row in connection.execute(query)])


def count(found: list[Run]) -> Counts:
    """What runs come to, by the words of docs/explanation/reports.md."""
    counts: Counter[str] = Counter()
    total = timedelta(0)
    for run in found:
        if run.kind is not RunKind.SCHEDULED or run.state is RunState.RUNNING:
            continue
        if run.blackout_id is not None or run.state is RunState.BLACKOUT:
            counts["blackout"] += 1
        elif run.result is None:
            counts["skipped" if run.state is RunState.SKIPPED else "not_measured"] += 1
        else:
            counts[str(run.severity)] += 1
            time = _time(run)
            if time is not None and run.severity is not Severity.UNKNOWN:
                counts["responses"] += 1
                total += time
    return Counts(**counts, response_time=total)


def availability_of(found: list[Run]) -> float | None:
    told = [
        run.severity
        for run in found
        if run.kind is RunKind.SCHEDULED and run.blackout_id is None and run.severity not in {None, Severity.UNKNOWN}
    ]
    return sum(severity is not Severity.ERROR for severity in told) / len(told) if told else None


def times_of(found: list[Run]) -> list[timedelta]:
    told = {Severity.OK, Severity.WARNING, Severity.ERROR}
    wanted = [run for run in found if run.kind is RunKind.SCHEDULED and run.blackout_id is None]
    return [time for run in wanted if run.severity in told and (time := _time(run)) is not None]


def _time(run: Run) -> timedelta | None:
    assert run.result is not None
    seen = None if run.result.sighting is None else run.result.sighting.not_after
    return seen if run.result.delay is None else run.result.delay


def availability(
    database: Database, monitor_id: int | None, since: datetime, until: datetime, bucket: Size = Size.MONTH
) -> AvailabilityReport:
    ids = None if monitor_id is None else [monitor_id]
    return database.read(
        partial(report_figures.availability, actor=ADMIN, monitor_ids=ids, since=since, until=until, bucket=bucket)
    )


def responses(database: Database, monitor_id: int, since: datetime, until: datetime) -> ResponseReport:
    return database.read(
        partial(
            report_figures.response_times,
            actor=ADMIN,
            monitor_ids=[monitor_id],
            since=since,
            until=until,
            bucket=Size.DAY,
        )
    )


def fold(database: Database, now: datetime) -> None:
    while database.write(lambda connection: rollups.keep(connection, now=now, limit=2)):
        pass


LATE = replace(result(StatusCode.TIMEOUT, Verdict.LATE), delay=400 * SECOND)
OUTCOMES = (
    DELIVERED,
    LATE,
    result(StatusCode.SLOW, Verdict.SLOW),
    result(StatusCode.TIMEOUT, Verdict.MISSING),
    result(StatusCode.SMTP_LOGIN, Verdict.UNSENT),
    result(StatusCode.LOCATION_LOST, Verdict.UNKNOWN),
)
RUNS = 4
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["finish", "revise", "recheck", "skip", "end", "fold"]), st.integers(0, RUNS - 1)
    ).flatmap(lambda step: st.tuples(st.just(step[0]), st.just(step[1]), st.sampled_from(OUTCOMES))),
    min_size=1,
    max_size=14,
)


class History:
    """Runs of a new monitor, one in each half hour and one of them in a blackout, and what can happen to them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.monitor_id = make_monitor(database)
        slots = [NOW + place * HOUR / 2 for place in range(RUNS)]
        wanted = [planned(self.monitor_id, slot=slot) for slot in slots]
        wanted[-1] = replace(wanted[-1], blackout_id=1)
        self.runs = database.write(partial(runs.claim, planned=wanted, now=NOW))

    def step(self, verb: str, place: int, outcome: Result) -> None:
        run = self.runs[place]
        if verb == "finish":
            finish(self.database, [FinishedRun(run_id=run.id, result=outcome)])
        elif verb == "revise":
            self._revise(run, outcome)
        elif verb == "recheck":
            self._recheck(run, outcome)
        elif verb == "skip":
            state = (RunState.SKIPPED, RunState.NOT_MEASURED, RunState.BLACKOUT)[place % 3]
            wanted = [planned(self.monitor_id, slot=run.slot + SECOND)]
            self.database.write(partial(runs.skip, planned=wanted, note="x", state=state, now=NOW))
        elif verb == "end":
            ending = Conclusion(run=run, state=RunState.NOT_MEASURED, note="cut short")
            self.database.write(partial(endings.conclude, conclusions=[ending], now=NOW))
        else:
            fold(self.database, NOW + (place + 1) * HOUR)

    def _revise(self, run: Run, outcome: Result) -> None:
        (now,) = (each for each in read_runs(self.database, self.monitor_id) if each.id == run.id)
        if now.state is not RunState.RUNNING:
            ruling = Ruling(
                verdict=outcome.verdict,
                status=outcome.status,
                step=outcome.step,
                summary="x",
                delay=outcome.delay,
                sighting=outcome.sighting,
            )
            self.database.write(lambda connection: ledger_rows.revise(connection, run.id, ruling, now=NOW))

    def _recheck(self, run: Run, outcome: Result) -> None:
        wanted = replace(planned(self.monitor_id, slot=run.slot, kind=RunKind.RECHECK), recheck_of=run.id)
        for recheck in self.database.write(partial(runs.claim, planned=[wanted], now=NOW)):
            finish(self.database, [FinishedRun(run_id=recheck.id, result=outcome)])


def test_rollups_and_runs_say_the_same_whatever_the_order(database: Database, database_kind: str) -> None:
    @given(steps=STEPS)
    @settings(
        max_examples=60 if database_kind == "sqlite" else 12,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    def check(steps: list[tuple[str, int, Result]]) -> None:
        history = History(database)
        for verb, place, outcome in steps:
            for _ in range(2):  # told twice, also what is a change of mind
                history.step(verb, place, outcome)
        found = read_runs(database, history.monitor_id)
        report = responses(database, history.monitor_id, NOW - HOUR, NOW + 5 * HOUR)
        assert count(found) == report.total == report.monitors[0].counts
        assert availability_of(found) == report.total.availability
        assert Distribution.of(times_of(found)) == report.times
        fold(database, NOW + DAY)
        assert responses(database, history.monitor_id, NOW - HOUR, NOW + 5 * HOUR) == report

    check()


def record(database: Database, monitor_id: int, number: int = 30) -> None:
    """Runs of every kind, an hour and a bit apart, from NOW on."""
    outcomes = (DELIVERED, result(StatusCode.SMTP_LOGIN, Verdict.UNSENT), DELIVERED, DELIVERED)
    for index in range(number):
        wanted = planned(monitor_id, slot=NOW + index * (HOUR + 7 * SECOND))
        (run,) = database.write(partial(runs.claim, planned=[wanted], now=NOW))
        finish(database, [FinishedRun(run_id=run.id, result=outcomes[index % len(outcomes)])])


def reports(database: Database) -> tuple[object, ...]:
    span = {"since": NOW - DAY, "until": NOW + 40 * DAY}
    readers = (report_figures.availability, report_figures.response_times, outages.find, sla_reports.report)
    return tuple(database.read(partial(reader, actor=ADMIN, **span)) for reader in readers)  # type: ignore[arg-type]  # all four take them


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_year_of_rollups_is_not_read_through_for_what_is_found_by_its_key(database: Database) -> None:
    monitor_id = make_monitor(database)
    record(database, monitor_id)
    said: list[tuple[str, tuple[object, ...]]] = []

    def watched(connection: Connection, work: Callable[[Connection], object]) -> list[str]:
        def note(*args: Any) -> None:  # Any: what SQLAlchemy tells its listeners
            said.append((args[2], args[3][0] if args[5] else args[3]))

        event.listen(connection, "before_cursor_execute", note)
        work(connection)
        event.remove(connection, "before_cursor_execute", note)
        plans = (connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values) for text, values in said)
        found = [str(row.detail) for plan in plans for row in plan]
        said.clear()
        return found

    span = {"since": NOW - DAY, "until": NOW + DAY}
    find = partial(outages.find, actor=ADMIN, **span)  # type: ignore[arg-type]  # it takes them
    steps = [
        *database.write(
            lambda connection: watched(connection, lambda _: rollups.keep(connection, now=NOW + DAY, limit=9))
        ),
        *database.read(lambda connection: watched(connection, find)),
    ]

    assert [step for step in steps if step.startswith("SEARCH hour_times USING INDEX")]
    assert [step for step in steps if "ix_hour_rollups_errors" in step]
    assert [step for step in steps if re.match("SCAN (hour|day|month)_", step)] == []


def test_reports_stay_as_they_are_when_the_runs_are_gone(database: Database) -> None:
    monitor_id = make_monitor(database)
    goals = {"name": "SLA", "availability_percent": 99.0, "response_time": SECOND}
    database.write(partial(slas.create, actor=ADMIN, monitor_id=monitor_id, changes=goals, now=NOW))
    record(database, monitor_id)
    before = reports(database)
    fold(database, NOW + 30 * HOUR)
    assert reports(database) == before
    gone = database.write(partial(retention.expire, now=NOW + 1000 * DAY, limit=10_000))
    assert gone >= 30
    assert read_runs(database, monitor_id) == []
    fold(database, NOW + 1000 * DAY)
    assert reports(database) == before


def test_runs_from_before_are_added_piece_by_piece_also_when_they_change_meanwhile(database: Database) -> None:
    monitor_id = make_monitor(database)
    record(database, monitor_id)
    expected = reports(database)

    def forget(connection: Connection) -> None:
        """As after an upgrade, with all but the last ten runs to be added."""
        last = max(run.id for run in read_runs(database, monitor_id))
        for table in (*ROLLUPS.values(), *TIMES.values()):
            connection.execute(delete(table))
        connection.execute(rollup_backfill.insert(), {"id": 1, "next_id": last + 1})

    database.write(forget)
    assert not availability(database, monitor_id, NOW, NOW + DAY).is_complete
    database.write(lambda connection: rollups.keep(connection, now=NOW, limit=7))
    lost = [run.id for run in read_runs(database, monitor_id) if run.severity is Severity.ERROR]
    for run_id in (lost[0], lost[-1]):
        excuse(database, run_id)
    fold(database, NOW + 3 * DAY)
    assert availability(database, monitor_id, NOW, NOW + 5 * DAY).is_complete
    found = read_runs(database, monitor_id)
    assert count(found) == availability(database, monitor_id, *EVER).total
    assert count(found).unknown == 2
    assert expected != reports(database)


def excuse(database: Database, run_id: int) -> None:
    ruling = Ruling(verdict=Verdict.UNKNOWN, status=StatusCode.LOCATION_LOST, step=None, summary="x")
    database.write(lambda connection: ledger_rows.revise(connection, run_id, ruling, now=NOW))


def test_a_removed_monitor_is_out_of_the_reports_at_once_and_of_the_tables_after_a_day(database: Database) -> None:
    kept, removed = make_monitor(database), make_monitor(database)
    for monitor_id in (kept, removed):
        record(database, monitor_id, 5)
    fold(database, NOW + 4 * HOUR)
    alone = availability(database, kept, *EVER).total
    database.write(lambda connection: monitors.remove(connection, ADMIN, removed, now=NOW))
    assert availability(database, None, *EVER).total == alone
    while database.write(partial(retention.expire, now=NOW + 2 * DAY, limit=3)):
        pass
    assert availability(database, None, *EVER).total == alone
    left = database.read(lambda connection: connection.scalars(select(ROLLUPS[Size.DAY].c.monitor_id).distinct()).all())
    assert sorted(left) == [0, kept]


@pytest.mark.parametrize("chosen", [1, 2, 3, 4])
def test_a_part_of_the_monitors_is_the_sum_of_each(database: Database, chosen: int) -> None:
    ids = [make_monitor(database) for _ in range(4)]
    for place, monitor_id in enumerate(ids):
        record(database, monitor_id, 3 + place)
    fold(database, NOW + 4 * HOUR)
    read = partial(report_figures.response_times, actor=ADMIN, since=NOW, until=NOW + 40 * DAY, bucket=Size.HOUR)
    whole = database.read(partial(read, monitor_ids=ids[:chosen]))
    parts = [database.read(partial(read, monitor_ids=[monitor_id])) for monitor_id in ids[:chosen]]
    assert whole.total == sum((part.total for part in parts), Counts())
    assert whole.times == sum((part.times for part in parts), Distribution())
    assert whole.steps[Step.CONNECT] == sum((part.steps[Step.CONNECT] for part in parts), Distribution())
    assert [each.counts for each in whole.monitors] == [part.total for part in parts]


def test_an_outage_from_before_the_span_is_told_whole(database: Database) -> None:
    monitor_id = make_monitor(database)
    good, bad = DELIVERED, result(StatusCode.SMTP_LOGIN, Verdict.UNSENT)
    for hour, outcome in enumerate((good, bad, bad, bad, bad, good)):
        wanted = planned(monitor_id, slot=NOW + hour * 2 * HOUR)
        (run,) = database.write(partial(runs.claim, planned=[wanted], now=NOW))
        finish(database, [FinishedRun(run_id=run.id, result=outcome)])
    begin = NOW.replace(microsecond=0)
    whole = (begin + 2 * HOUR, begin + 10 * HOUR)
    for since, until, expected in (
        (NOW, NOW + 12 * HOUR, [whole]),
        (NOW + 5 * HOUR, NOW + 7 * HOUR, [whole]),
        (NOW + 6 * HOUR, NOW + 6 * HOUR + SECOND, [whole]),
        (NOW + 9 * HOUR, NOW + 12 * HOUR, [whole]),
        (NOW - DAY, NOW + HOUR, []),
        (NOW + 11 * HOUR, NOW + DAY, []),
    ):
        found = database.read(partial(outages.find, actor=ADMIN, since=since, until=until))
        assert [(each.begin, each.end) for each in found.outages] == expected
