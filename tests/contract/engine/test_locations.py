"""Engines at several locations over one database: each makes the runs that are its own, and leaves the others'."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from functools import partial

import pytest
from tests.contract.engine.harness import WatchedDatabase, read_runs, until
from tests.contract.store.builders import ADMIN, KEYS, NOW, make_monitor, planned

from mailtrip.clock import SystemClock
from mailtrip.engine.ledger import DatabaseLedger
from mailtrip.engine.limits import EngineLimits
from mailtrip.engine.local import LocalEngine
from mailtrip.model import Mode, Run, RunState
from mailtrip.schedule.slots import slot_number
from mailtrip.service import ledger, runs, schedules
from mailtrip.store import Database
from mailtrip.store.runs import PlannedRun
from mailtrip.store.schema import locations
from mailtrip.testing.clock import FakeClock
from mailtrip.testing.engine import FakeProbe

HERE, THERE = 10, 20
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def database(database_url: str) -> Iterator[WatchedDatabase]:
    opened = WatchedDatabase.open(database_url, clock=SystemClock())
    assert isinstance(opened, WatchedDatabase)
    opened.write(
        lambda connection: connection.execute(locations.insert(), {"id": THERE, "account_id": 1, "name": "Far"})
    )
    yield opened
    opened.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def make_engine(database: WatchedDatabase, clock: FakeClock, location_id: int) -> LocalEngine:
    return LocalEngine(
        ledger=DatabaseLedger(database, secrets=KEYS, clock=clock, location_id=location_id),
        probe=FakeProbe(clock),
        clock=clock,
        new_token=partial(secrets.token_hex, 8),
        limits=EngineLimits(lag_interval=MINUTE),
        location_id=location_id,
    )


@asynccontextmanager
async def running(database: WatchedDatabase, clock: FakeClock, location_id: int) -> AsyncIterator[LocalEngine]:
    engine = make_engine(database, clock, location_id)
    async with asyncio.TaskGroup() as group:
        group.create_task(engine.run())
        await database.settle(clock)
        yield engine
        stop = group.create_task(engine.stop(grace_seconds=5.0))
        await until(database, clock, stop.done)


async def runs_of_both(
    database: WatchedDatabase, clock: FakeClock, least: int, **fields: object
) -> tuple[int, list[Run]]:
    """A new monitor at both locations, and what two engines made of it, once there are so many finished runs."""
    plan = {"interval": MINUTE, "timeout": 30 * SECOND, "location_ids": (HERE, THERE)}
    monitor_id = make_monitor(database, None, now=clock.now(), **(plan | fields))
    async with AsyncExitStack() as stack:
        for location_id in (HERE, THERE):
            await stack.enter_async_context(running(database, clock, location_id))
        await until(database, clock, lambda: len(read_runs(database, monitor_id, RunState.FINISHED)) >= least)
    return monitor_id, read_runs(database, monitor_id, RunState.FINISHED)


def numbers_at(monitor_id: int, found: Sequence[Run], location_id: int) -> list[int]:
    return [slot_number(monitor_id, MINUTE, at=run.slot) for run in found if run.location_id == location_id]


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.ROUND_ROBIN])
async def test_a_monitor_with_several_locations_runs_at_each_in_the_same_slots(
    database: WatchedDatabase, clock: FakeClock, mode: Mode
) -> None:
    monitor_id, found = await runs_of_both(database, clock, 6, mode=mode)
    here, there = (numbers_at(monitor_id, found, place) for place in (HERE, THERE))

    assert min(len(here), len(there)) >= 2
    assert abs(len(here) - len(there)) <= 1
    assert {run.slot for run in found if run.location_id == HERE} >= {
        run.slot for run in found[:-1] if run.location_id == THERE
    }


async def test_in_round_robin_the_locations_of_a_run_follow_one_another(
    database: WatchedDatabase, clock: FakeClock
) -> None:
    monitor_id, found = await runs_of_both(database, clock, 6, mode=Mode.ROUND_ROBIN)
    at: dict[tuple[int, int], datetime] = {
        (slot_number(monitor_id, MINUTE, at=run.slot), run.location_id): run.slot for run in found
    }
    both = [number for number, place in at if place == HERE and (number, THERE) in at]

    assert both
    assert {at[number, THERE] - at[number, HERE] for number in both} == {MINUTE / 2}


async def test_where_they_rotate_they_take_turns(database: WatchedDatabase, clock: FakeClock) -> None:
    monitor_id, found = await runs_of_both(
        database, clock, 4, mode=Mode.GLOBAL_NOTIFY, rotate_locations=True, locations_per_run=1
    )

    assert {number % 2 for number in numbers_at(monitor_id, found, HERE)} == {0}
    assert {number % 2 for number in numbers_at(monitor_id, found, THERE)} == {1}


async def test_a_test_at_a_location_that_nothing_runs_at_is_not_made_elsewhere(
    database: WatchedDatabase, clock: FakeClock
) -> None:
    monitor_id = make_monitor(database, now=clock.now(), interval=60 * MINUTE, location_ids=(THERE, HERE))
    async with running(database, clock, HERE) as engine:
        ordered = database.write(
            lambda connection: runs.order_test(
                connection, ADMIN, monitor_id, token="t", now=clock.now(), location_id=THERE
            )
        )
        engine.put(ordered)
        await until(database, clock, lambda: bool(read_runs(database, monitor_id, RunState.NOT_MEASURED)))

    (left,) = read_runs(database, monitor_id, RunState.NOT_MEASURED)
    assert (left.id, left.note) == (ordered.id, "not started: nothing runs at location 20")


def place(run: PlannedRun, location_id: int) -> PlannedRun:
    return PlannedRun(
        account_id=run.account_id,
        monitor_id=run.monitor_id,
        location_id=location_id,
        slot=run.slot,
        kind=run.kind,
        token=f"token {location_id}",
    )


def test_runs_that_a_dead_process_left_are_taken_over_at_their_own_location_only(database: Database) -> None:
    monitor_id = make_monitor(database, location_ids=(HERE, THERE))
    wanted = [place(planned(monitor_id), each) for each in (HERE, THERE)]
    claimed = database.write(lambda connection: runs.claim(connection, wanted, now=NOW))
    taken = database.write(
        lambda connection: ledger.take_over(connection, now=NOW + SECOND, own_since=NOW + SECOND, location_id=THERE)
    )

    assert [run.location_id for run in taken.resumed] == [THERE]
    assert {run.state for run in read_runs(database, monitor_id)} == {RunState.RUNNING}
    assert len(claimed) == 2


def test_the_last_slot_is_known_for_each_location(database: Database) -> None:
    monitor_id = make_monitor(database, location_ids=(HERE, THERE))
    wanted = [place(planned(monitor_id), HERE), place(planned(monitor_id, slot=NOW + MINUTE), THERE)]
    database.write(lambda connection: runs.claim(connection, wanted, now=NOW))
    last = {each: database.read(partial(schedules.last_slots, location_id=each)) for each in (HERE, THERE, 30)}

    assert last == {HERE: {monitor_id: NOW}, THERE: {monitor_id: NOW + MINUTE}, 30: {}}
