import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mailtrip.engine.gaps import GapRecorder, missed_slots
from mailtrip.engine.limits import EngineLimits
from mailtrip.engine.plan import Gap
from mailtrip.model import DEFAULT_LOCATION_ID, RunState
from mailtrip.schedule.modes import Pool
from mailtrip.schedule.slots import slots
from mailtrip.service.schedules import ScheduledMonitor
from mailtrip.testing.clock import FakeClock
from mailtrip.testing.engine import FakeLedger

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MONITOR = ScheduledMonitor(
    id=100001,
    account_id=1,
    interval=MINUTE,
    timeout=MINUTE / 2,
    pool=Pool(location_ids=(DEFAULT_LOCATION_ID,), home_id=DEFAULT_LOCATION_ID),
    local_retry=True,
    modified_at=START,
    revision=1,
)


def make_gap(minutes: int, *, monitor_id: int = 100001) -> Gap:
    monitor = replace(MONITOR, id=monitor_id)
    return Gap(monitor=monitor, after=START, until=START + minutes * MINUTE, note="the program was not running")


def expected_slots(minutes: int) -> list[datetime]:
    return [*slots(100001, MINUTE, after=START, until=START + minutes * MINUTE)]


@pytest.mark.parametrize("minutes", [1, 2, 10, 11])
def test_each_missed_slot_has_a_row_where_there_are_few(minutes: int) -> None:
    (missed,) = missed_slots(make_gap(minutes), location_id=DEFAULT_LOCATION_ID, rows=10)
    assert [run.slot for run in missed.planned] == expected_slots(minutes)


def test_where_there_are_many_the_oldest_share_one_row() -> None:
    shared, single = missed_slots(make_gap(100), location_id=DEFAULT_LOCATION_ID, rows=10)
    assert [run.slot for run in shared.planned] == expected_slots(100)[:1]
    assert shared.note == "the program was not running; this row stands for 90 slots, this one and those after it"
    assert [run.slot for run in single.planned] == expected_slots(100)[-10:]


def test_a_gap_without_slots_has_no_row() -> None:
    assert missed_slots(make_gap(0), location_id=DEFAULT_LOCATION_ID, rows=10) == ()


@asynccontextmanager
async def recording(
    ledger: FakeLedger, clock: FakeClock, gaps: Sequence[Gap], limits: EngineLimits
) -> AsyncIterator[GapRecorder]:
    recorder = GapRecorder(ledger, clock=clock, location_id=DEFAULT_LOCATION_ID, limits=limits)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(recorder.run())
        recorder.add(gaps)
        yield recorder
        task.cancel()


async def test_missed_slots_are_recorded_many_in_a_transaction(ledger: FakeLedger, clock: FakeClock) -> None:
    gaps = [make_gap(2, monitor_id=100001 + number) for number in range(1000)]
    async with recording(ledger, clock, gaps, EngineLimits()) as recorder:
        await clock.advance(1.0)
        assert recorder.pending == 0
    assert {run.state for run in ledger.runs.values()} == {RunState.NOT_MEASURED}
    assert (len(ledger.runs), len(ledger.calls), ledger.largest_batch) == (2000, 4, 500)


async def test_the_rows_of_all_monitors_together_are_bounded(ledger: FakeLedger, clock: FakeClock) -> None:
    gaps = [make_gap(100, monitor_id=100001 + number) for number in range(10)]
    async with recording(ledger, clock, gaps, EngineLimits(missed_rows=50, missed_rows_in_all=200)):
        await clock.advance(1.0)
    assert len(ledger.runs) == 10 * (20 + 1)


async def test_missed_slots_wait_for_the_database_to_come_back(ledger: FakeLedger, clock: FakeClock) -> None:
    ledger.is_away = True
    async with recording(ledger, clock, [make_gap(3)], EngineLimits()) as recorder:
        await clock.advance(60.0)
        assert recorder.pending == 3
        ledger.is_away = False
        await clock.advance(10.0)
    assert [run.slot for run in ledger.of(100001)] == expected_slots(3)
