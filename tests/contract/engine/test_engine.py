"""The engine over real databases: each scenario must hold on every one of them."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from itertools import pairwise

import pytest
from sqlalchemy import Connection
from tests.contract.engine.harness import WatchedDatabase, read_runs, until
from tests.contract.store.builders import ADMIN, KEYS, claimed, make_monitor

from mailtrip.clock import SystemClock
from mailtrip.engine.ledger import DatabaseLedger
from mailtrip.engine.limits import EngineLimits
from mailtrip.engine.local import LocalEngine
from mailtrip.errors import Unavailable
from mailtrip.model import (
    BlackoutType,
    MonitorType,
    OneTimeWindow,
    Provider,
    Providers,
    Run,
    RunKind,
    RunState,
    Severity,
    StatusCode,
    Verdict,
)
from mailtrip.schedule.slots import slots
from mailtrip.service import blackouts, monitors, runs
from mailtrip.service.blackouts import BlackoutDraft
from mailtrip.service.endings import Conclusion, conclude
from mailtrip.service.monitors import Passwords
from mailtrip.store import Database
from mailtrip.testing.clock import FakeClock
from mailtrip.testing.engine import FakeProbe, make_result

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def database(database_url: str) -> Iterator[WatchedDatabase]:
    opened = WatchedDatabase.open(database_url, clock=SystemClock())
    assert isinstance(opened, WatchedDatabase)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def probe(clock: FakeClock) -> FakeProbe:
    return FakeProbe(clock)


def make_engine(
    database: WatchedDatabase,
    probe: FakeProbe,
    clock: FakeClock,
    ledger: DatabaseLedger | None = None,
    providers: Providers | None = None,
) -> LocalEngine:
    """An engine that measures its lag once a minute only, as each measurement costs a fake clock many turns."""
    return LocalEngine(
        ledger=ledger or DatabaseLedger(database, secrets=KEYS, clock=clock),
        probe=probe,
        clock=clock,
        new_token=partial(secrets.token_hex, 8),
        limits=EngineLimits(lag_interval=MINUTE),
        providers=providers,
    )


@asynccontextmanager
async def running_engine(
    database: WatchedDatabase, probe: FakeProbe, clock: FakeClock, providers: Providers | None = None
) -> AsyncIterator[LocalEngine]:
    engine = make_engine(database, probe, clock, providers=providers)
    async with asyncio.TaskGroup() as group:
        group.create_task(engine.run())
        await database.settle(clock)
        yield engine
        stop = group.create_task(engine.stop(grace_seconds=5.0))
        await until(database, clock, stop.done)


def has_more_runs(database: Database, monitor_id: int, known: int) -> bool:
    return len(read_runs(database, monitor_id, RunState.FINISHED)) > known


def make_minutely(database: Database, clock: FakeClock, passwords: Passwords | None = None) -> int:
    return make_monitor(
        database, passwords, now=clock.now(), name=f"at {clock.monotonic()}", interval=MINUTE, timeout=30 * SECOND
    )


async def test_each_slot_is_run_once_and_kept(database: WatchedDatabase, probe: FakeProbe, clock: FakeClock) -> None:
    started_at = clock.now()
    ids = [make_minutely(database, clock) for _ in range(5)]
    async with running_engine(database, probe, clock) as engine:
        assert engine.health().monitors == 5
        await until(database, clock, lambda: all(len(read_runs(database, id_, RunState.FINISHED)) >= 3 for id_ in ids))
    for id_ in ids:
        kept = [run.slot for run in read_runs(database, id_, RunState.FINISHED)]
        assert kept == [*slots(id_, MINUTE, after=started_at, until=kept[-1])]
    assert len(probe.begun) == len({job.run.id for job in probe.begun})


async def test_a_run_gets_the_passwords_of_its_monitor(
    database: WatchedDatabase, probe: FakeProbe, clock: FakeClock
) -> None:
    make_minutely(database, clock, Passwords(mailbox="pencil"))
    async with running_engine(database, probe, clock):
        await until(database, clock, lambda: bool(probe.begun))
    credentials = probe.begun[0].mailbox_credentials
    assert credentials is not None
    assert credentials.password == "pencil"


async def test_two_engines_on_one_database_share_the_slots(
    database: WatchedDatabase, probe: FakeProbe, clock: FakeClock
) -> None:
    id_ = make_minutely(database, clock)
    other_probe = FakeProbe(clock)
    async with running_engine(database, probe, clock), running_engine(database, other_probe, clock):
        await until(database, clock, lambda: len(read_runs(database, id_, RunState.FINISHED)) >= 3)
    begun = [job.run.slot for job in probe.begun + other_probe.begun]
    assert len(begun) == len(set(begun))
    assert {run.slot for run in read_runs(database, id_, RunState.FINISHED)} == set(begun)


def edit(connection: Connection, monitor_id: int, changes: dict[str, object], clock: FakeClock) -> int:
    return monitors.edit(
        connection,
        ADMIN,
        monitor_id,
        changes,
        type=MonitorType.ROUND_TRIP,
        passwords=Passwords(),
        secrets=KEYS,
        now=clock.now(),
    )


async def test_an_edit_and_a_removal_are_in_force_within_two_seconds(
    database: WatchedDatabase, probe: FakeProbe, clock: FakeClock
) -> None:
    ids = [make_minutely(database, clock) for _ in range(2)]
    async with running_engine(database, probe, clock) as engine:
        assert engine.health().monitors == 2
        database.write(lambda connection: monitors.remove(connection, ADMIN, ids[0], now=clock.now()))
        await clock.advance(1.9)
        await database.settle(clock)
        assert engine.health().monitors == 1
        database.write(lambda connection: edit(connection, ids[1], {"name": "changed"}, clock))
        await until(database, clock, lambda: bool(probe.begun))
    assert [(job.run.monitor_id, job.settings.name) for job in probe.begun] == [(ids[1], "changed")]


async def test_the_slots_of_a_blackout_are_recorded_with_it_and_no_run_is_made(
    database: WatchedDatabase, probe: FakeProbe, clock: FakeClock
) -> None:
    id_ = make_minutely(database, clock)
    window = OneTimeWindow(start=clock.now() + SECOND, end=clock.now() + 3 * MINUTE)
    draft = BlackoutDraft(type=BlackoutType.MONITOR, subject_id=id_, start=window.start, end=window.end)
    async with running_engine(database, probe, clock):
        blackout_id = database.write(lambda connection: blackouts.create(connection, ADMIN, draft, now=clock.now()))
        await until(database, clock, lambda: bool(read_runs(database, id_, RunState.FINISHED)))
    kept = read_runs(database, id_, RunState.BLACKOUT)
    assert [run.slot for run in kept] == [*slots(id_, MINUTE, after=window.start, until=window.end)]
    assert {(run.blackout_id, run.note) for run in kept} == {(blackout_id, "in a blackout of the monitor")}
    assert all(job.run.slot >= window.end for job in probe.begun)


async def test_a_test_on_demand_is_run_and_kept(database: WatchedDatabase, probe: FakeProbe, clock: FakeClock) -> None:
    id_ = make_minutely(database, clock)
    async with running_engine(database, probe, clock) as engine:
        run = database.write(lambda connection: runs.order_test(connection, ADMIN, id_, token="t", now=clock.now()))
        engine.put(run)
        await until(database, clock, lambda: bool(read_runs(database, id_, RunState.FINISHED)))
    kept = database.read(lambda connection: runs.get(connection, ADMIN, run.id))
    assert (kept.state, kept.kind) == (RunState.FINISHED, RunKind.TEST)


async def test_after_a_crash_and_a_stop_nothing_is_replayed_and_nothing_is_silent(
    database: WatchedDatabase, probe: FakeProbe, clock: FakeClock
) -> None:
    id_ = make_minutely(database, clock)
    (first,) = slots(id_, MINUTE, after=clock.now(), until=clock.now() + MINUTE)
    left = claimed(database, id_, slot=first)
    clock.move(600.0)
    restarted_at = clock.now()
    async with running_engine(database, probe, clock) as engine:
        await until(database, clock, lambda: len(read_runs(database, id_, RunState.FINISHED)) == 2)
        await until(database, clock, lambda: engine.health().pending_gaps == 0)
    missed = read_runs(database, id_, RunState.NOT_MEASURED)
    (over,) = (run for run in read_runs(database, id_) if run.id == left.id)
    assert over.result is not None
    assert (over.result.verdict, over.result.status) == (Verdict.UNKNOWN, StatusCode.LOCATION_LOST)
    assert [run.slot for run in missed] == [*slots(id_, MINUTE, after=first, until=restarted_at)]
    assert {run.note for run in missed} == {"the program was not running"}
    assert all(job.run.slot > restarted_at for job in probe.begun)


async def test_a_run_that_a_crash_left_with_time_is_resumed_under_its_token(
    database: WatchedDatabase, probe: FakeProbe, clock: FakeClock
) -> None:
    id_ = make_minutely(database, clock)
    left = claimed(database, id_, slot=clock.now(), token="t")
    clock.move(5.0)
    async with running_engine(database, probe, clock):
        await until(database, clock, lambda: bool(read_runs(database, id_, RunState.FINISHED)))
    (resumed, *_) = probe.begun
    assert (resumed.run, resumed.resumes) == (left, True)


async def test_an_error_is_verified_by_a_recheck_that_is_tied_to_it(
    database: WatchedDatabase, probe: FakeProbe, clock: FakeClock
) -> None:
    id_ = make_minutely(database, clock)
    probe.finds = lambda job: (
        {"verdict": Verdict.MISSING, "status": StatusCode.TIMEOUT} if job.run.kind is RunKind.SCHEDULED else {}
    )
    async with running_engine(database, probe, clock):
        await until(database, clock, lambda: len(read_runs(database, id_, RunState.FINISHED)) >= 2)
    first, recheck = sorted(read_runs(database, id_, RunState.FINISHED), key=lambda run: run.id)[:2]
    assert (first.recheck_id, first.verified, first.severity) == (recheck.id, False, Severity.WARNING)
    assert (recheck.recheck_of, recheck.kind, recheck.slot) == (first.id, RunKind.RECHECK, first.slot)


async def test_a_limit_on_messages_holds_over_a_restart(
    database: WatchedDatabase, probe: FakeProbe, clock: FakeClock
) -> None:
    id_ = make_minutely(database, clock)
    providers = Providers([Provider(name="probe", hosts=("probe.test",), messages_per_hour=30)])
    for _ in range(3):
        known = len(read_runs(database, id_, RunState.FINISHED))
        async with running_engine(database, probe, clock, providers):
            await until(database, clock, partial(has_more_runs, database, id_, known))
    sent = [run.slot for run in read_runs(database, id_, RunState.FINISHED)]
    assert {later - earlier for earlier, later in pairwise(sent)} == {2 * MINUTE}
    [note] = {run.note for run in read_runs(database, id_, RunState.SKIPPED)}
    assert note is not None
    assert note.startswith("probe takes 30 messages an hour from one sender, and 60 an hour are planned for ")


async def test_a_test_ordered_while_the_engine_starts_is_not_taken_for_a_dead_one(
    database: WatchedDatabase, probe: FakeProbe, clock: FakeClock
) -> None:
    id_ = make_minutely(database, clock)
    engine = make_engine(database, probe, clock)
    clock.move(0.1)
    engine.put(database.write(lambda connection: runs.order_test(connection, ADMIN, id_, token="t", now=clock.now())))
    async with asyncio.TaskGroup() as group:
        group.create_task(engine.run())
        await until(database, clock, lambda: read_runs(database, id_)[0].state is not RunState.RUNNING)
        stop = group.create_task(engine.stop(grace_seconds=5.0))
        await until(database, clock, stop.done)
    assert read_runs(database, id_)[0].state is RunState.FINISHED


async def test_what_is_cut_short_by_a_shutdown_is_kept_as_not_measured(
    database: WatchedDatabase, probe: FakeProbe, clock: FakeClock
) -> None:
    id_ = make_minutely(database, clock)
    probe.seconds = 1000.0
    async with running_engine(database, probe, clock):
        await until(database, clock, lambda: bool(probe.begun))
    (run,) = read_runs(database, id_)
    assert (run.state, run.note) == (RunState.NOT_MEASURED, "cut short by a shutdown")


class FlakyLedger(DatabaseLedger):
    """The real ledger, whose database can be made unreachable."""

    is_away = False

    async def claim(self, planned: object) -> list[Run]:
        self._check()
        return await super().claim(planned)  # type: ignore[arg-type]  # handed on as it came

    async def conclude(self, conclusions: object) -> None:
        self._check()
        await super().conclude(conclusions)  # type: ignore[arg-type]  # handed on as it came

    def _check(self) -> None:
        if self.is_away:
            raise Unavailable("the database is away")


async def test_runs_made_while_the_database_is_away_are_kept_when_it_is_back(
    database: WatchedDatabase, probe: FakeProbe, clock: FakeClock
) -> None:
    started_at = clock.now()
    id_ = make_minutely(database, clock)
    ledger = FlakyLedger(database, secrets=KEYS, clock=clock)
    engine = make_engine(database, probe, clock, ledger)
    async with asyncio.TaskGroup() as group:
        group.create_task(engine.run())
        await until(database, clock, lambda: bool(read_runs(database, id_, RunState.FINISHED)))
        ledger.is_away = True
        await until(database, clock, lambda: engine.health().pending_results >= 2)
        ledger.is_away = False
        await until(database, clock, lambda: engine.health().pending_results == 0)
        stop = group.create_task(engine.stop(grace_seconds=5.0))
        await until(database, clock, stop.done)
    kept = [run.slot for run in read_runs(database, id_, RunState.FINISHED)]
    assert len(kept) >= 3
    assert kept == [*slots(id_, MINUTE, after=started_at, until=kept[-1])]


def store(database: Database, conclusion: Conclusion, clock: FakeClock) -> None:
    database.write(lambda connection: conclude(connection, [conclusion], now=clock.now()))


def provisional(run: Run) -> Run:
    return Run(
        id=-1,
        account_id=run.account_id,
        monitor_id=run.monitor_id,
        location_id=run.location_id,
        slot=run.slot,
        kind=run.kind,
        state=RunState.RUNNING,
    )


def test_a_claim_that_got_through_unheard_is_found_by_its_key(database: Database, clock: FakeClock) -> None:
    id_ = make_minutely(database, clock)
    run = claimed(database, id_, slot=clock.now())
    ending = Conclusion(run=provisional(run), state=RunState.FINISHED, result=make_result(clock.now()))
    store(database, ending, clock)
    (kept,) = read_runs(database, id_)
    assert (kept.id, kept.state) == (run.id, RunState.FINISHED)


@pytest.mark.parametrize("state", [RunState.SKIPPED, RunState.NOT_MEASURED])
def test_a_run_leaves_running_once(database: Database, clock: FakeClock, state: RunState) -> None:
    run = claimed(database, make_minutely(database, clock), slot=clock.now())
    ended = Conclusion(run=run, state=state, note="why")
    finished = Conclusion(run=run, state=RunState.FINISHED, result=make_result(clock.now()))
    for conclusion in (ended, finished, ended):
        store(database, conclusion, clock)
    (kept,) = read_runs(database, run.monitor_id)
    assert (kept.state, kept.note, kept.result) == (state, "why", None)


def test_a_result_is_not_undone_by_what_comes_later(database: Database, clock: FakeClock) -> None:
    run = claimed(database, make_minutely(database, clock), slot=clock.now())
    finished = Conclusion(run=run, state=RunState.FINISHED, result=make_result(clock.now()))
    ended = Conclusion(run=run, state=RunState.NOT_MEASURED, note="cut short by a shutdown")
    store(database, finished, clock)
    store(database, ended, clock)
    (kept,) = read_runs(database, run.monitor_id)
    assert kept.result is not None
    assert (kept.state, kept.result.verdict) == (RunState.FINISHED, Verdict.DELIVERED)


async def test_a_ledger_removes_what_is_older_than_it_is_kept(database: Database) -> None:
    clock = FakeClock(SystemClock().now())
    id_ = make_minutely(database, clock)
    run = claimed(database, id_, slot=clock.now() - timedelta(days=3))
    ledger = DatabaseLedger(database, secrets=KEYS, clock=clock, keep_runs=timedelta(days=2))
    await ledger.conclude([Conclusion(run=run, state=RunState.SKIPPED, note="old")])
    assert await ledger.expire(limit=10) == 1
    assert read_runs(database, id_) == []
