"""Rollups say what the runs say, whatever the order in which results and later verdicts come in."""

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test
from sqlalchemy import select
from tests.contract.store.builders import ADMIN, finish, planned, result
from tests.contract.store.test_ledger_laws import LedgerMachine

from mailtrip.model import Run, RunKind, RunState, Severity, Sighting, StatusCode, Step, Timing, Verdict
from mailtrip.model.tally import Counts, Distribution, Size
from mailtrip.service import report_figures, rollups, runs
from mailtrip.service.report_figures import AvailabilityReport, ResponseReport
from mailtrip.service.runs import FinishedRun
from mailtrip.store import Database
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


class RollupMachine(LedgerMachine):
    """Also skips slots, and folds hours at any time."""

    @rule(state=st.sampled_from([RunState.SKIPPED, RunState.NOT_MEASURED, RunState.BLACKOUT]))
    def skip(self, state: RunState) -> None:
        self.now += SECOND
        wanted = [planned(self.monitor_id, slot=self.now - SECOND / 2)]
        for _ in range(2):
            self.database.write(lambda connection: runs.skip(connection, wanted, note="x", state=state, now=self.now))

    @rule(is_good=st.booleans())
    def finish_in_a_blackout(self, *, is_good: bool) -> None:
        self.now += SECOND
        wanted = replace(planned(self.monitor_id, slot=self.now - SECOND / 2), blackout_id=1)
        (run,) = self.database.write(lambda connection: runs.claim(connection, [wanted], now=self.now))
        outcome = DELIVERED if is_good else result(StatusCode.TIMEOUT, Verdict.MISSING)
        for _ in range(2):
            finish(self.database, [FinishedRun(run_id=run.id, result=outcome)])

    @rule(hours=st.integers(0, 30))
    def fold(self, hours: int) -> None:
        fold(self.database, self.now + hours * HOUR)

    @invariant()
    def rollups_say_what_the_runs_do(self) -> None:
        found = read_runs(self.database, self.monitor_id)
        span = (self.now - 2 * DAY, self.now + 2 * DAY)
        if found:
            span = (min(span[0], *(run.slot for run in found)), span[1])
        report = responses(self.database, self.monitor_id, *span)
        assert count(found) == report.total == report.monitors[0].counts
        assert availability_of(found) == report.total.availability
        assert +Distribution.of(times_of(found)).bins == +report.times.bins


def test_rollups_and_runs_say_the_same_whatever_the_order(database: Database, database_kind: str) -> None:
    numbers: Iterator[int] = itertools.count()
    run_state_machine_as_test(
        lambda: RollupMachine(database, numbers),  # type: ignore[arg-type]  # any maker of machines will do
        settings=settings(
            max_examples=30 if database_kind == "sqlite" else 3,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
