"""What a blackout of type `Monitor` does to runs: no slot inside it is claimed, each is recorded as `blackout`."""

from dataclasses import replace
from datetime import datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.engine.test_plan import MONITOR, START

from mailtrip.engine.gaps import missed_slots
from mailtrip.engine.limits import EngineLimits
from mailtrip.engine.plan import BLACKED_OUT, Gap, Plan
from mailtrip.model import (
    DEFAULT_LOCATION_ID,
    Blackout,
    BlackoutType,
    OneTimeWindow,
    RunKind,
    RunState,
    StatusCode,
    Verdict,
    WeeklyWindow,
    WeekTime,
)
from mailtrip.schedule.blackouts import is_within
from mailtrip.schedule.slots import next_slot, slots
from mailtrip.testing.clock import FakeClock
from mailtrip.testing.engine import FakeLedger, FakeProbe, make_settings, running_engine

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
THURSDAY = 5


def window_of(start: datetime, end: datetime) -> OneTimeWindow:
    return OneTimeWindow(start=start, end=end)


def blackout(window: OneTimeWindow, number: int = 1) -> Blackout:
    return Blackout(
        id=number,
        account_id=1,
        type=BlackoutType.MONITOR,
        subject_id=MONITOR.id,
        window=window,
        note=None,
        created_by=None,
        created_at=START,
    )


minutes = st.floats(0, 30).map(lambda number: timedelta(minutes=number))


@given(st.lists(st.tuples(minutes, minutes), max_size=3), st.lists(st.floats(0.01, 120), min_size=1, max_size=20))
def test_each_slot_is_planned_outside_of_blackouts_and_recorded_inside(
    spans: list[tuple[timedelta, timedelta]], steps: list[float]
) -> None:
    windows = [window_of(START + begin, START + begin + length + SECOND) for begin, length in spans]
    monitor = replace(MONITOR, blackouts=tuple(blackout(window) for window in windows))
    plan = Plan(DEFAULT_LOCATION_ID)
    plan.put(monitor, now=START)
    now, planned, recorded = START, [], []
    for step in steps:
        now += timedelta(seconds=step)
        due = plan.take_due(now=now, until=now)
        planned += [run.slot for run in due.planned]
        for gap in due.gaps:
            for missed in missed_slots(gap, location_id=DEFAULT_LOCATION_ID, rows=100):
                assert (missed.state is RunState.BLACKOUT) is (missed.note == BLACKED_OUT)
                recorded += [run.slot for run in missed.planned]
                assert {run.blackout_id is not None for run in missed.planned} == {missed.state is RunState.BLACKOUT}
    assert sorted(planned + recorded) == [*slots(MONITOR.id, MINUTE, after=START, until=now)]
    assert not any(is_within(window, slot) for window in windows for slot in planned)


def test_missed_slots_in_a_blackout_are_told_from_the_others() -> None:
    window = window_of(START + 3 * MINUTE, START + 6 * MINUTE)
    monitor = replace(MONITOR, blackouts=(blackout(window, 7),))
    gap = Gap(monitor=monitor, after=START, until=START + 10 * MINUTE, note="the program was not running")

    outside, inside = missed_slots(gap, location_id=DEFAULT_LOCATION_ID, rows=100)

    assert (outside.state, outside.note) == (RunState.NOT_MEASURED, "the program was not running")
    assert (inside.state, inside.note) == (RunState.BLACKOUT, BLACKED_OUT)
    assert [run.slot for run in inside.planned] == [
        *slots(MONITOR.id, MINUTE, after=window.start - SECOND / 1000, until=window.end - SECOND / 1000)
    ]
    assert {run.blackout_id for run in inside.planned} == {7}
    assert len(outside.planned) + len(inside.planned) == 10


def test_a_row_that_stands_for_many_missed_slots_names_no_blackout() -> None:
    window = window_of(START, START + 99 * MINUTE)
    monitor = replace(MONITOR, blackouts=(blackout(window),))
    gap = Gap(monitor=monitor, after=START, until=START + 100 * MINUTE, note="the program was not running")

    shared, outside, inside = missed_slots(gap, location_id=DEFAULT_LOCATION_ID, rows=10)

    assert shared.state is RunState.NOT_MEASURED
    assert [run.blackout_id for run in shared.planned] == [None]
    assert (len(outside.planned), len(inside.planned)) == (1, 9)


async def test_no_run_is_claimed_inside_a_blackout_and_its_slots_are_recorded(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001)
    ledger.put(100002)
    window = window_of(clock.now() + 2 * MINUTE, clock.now() + 5 * MINUTE)
    ledger.black_out(100001, window)
    async with running_engine(ledger, probe, clock) as engine:
        await clock.advance(480.0)
        assert engine.health().pending_gaps == 0
    states = {run.slot: run.state for run in ledger.of(100001)}
    assert list(states) == [*slots(100001, MINUTE, after=window.start - 2 * MINUTE, until=clock.now())]
    assert {slot for slot, state in states.items() if state is RunState.BLACKOUT} == {
        slot for slot in states if is_within(window, slot)
    }
    assert set(states.values()) == {RunState.FINISHED, RunState.BLACKOUT}
    assert {(run.note, run.blackout_id, run.token) for run in ledger.of(100001, RunState.BLACKOUT)} == {
        (BLACKED_OUT, 1, None)
    }
    assert ledger.of(100002, RunState.BLACKOUT) == []


async def test_a_weekly_blackout_stops_runs_across_midnight(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    clock.move(11 * 3600 + 55 * 60)  # a Thursday, 23:55
    ledger.put(100001)
    evening = WeekTime(day=THURSDAY, time=time(23, 57))
    ledger.black_out(100001, WeeklyWindow(start=evening, end=WeekTime(day=THURSDAY + 1, time=time(0, 2))))
    async with running_engine(ledger, probe, clock):
        await clock.advance(600.0)
    found = [run.slot for run in ledger.of(100001, RunState.BLACKOUT)]
    assert len(found) == 5
    assert (found[0].time() > time(23, 57), found[-1].time() < time(0, 2)) == (True, True)
    assert len(ledger.of(100001, RunState.FINISHED)) == 5


async def test_a_run_that_is_under_way_when_a_blackout_begins_goes_on(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001)
    slot = next_slot(100001, MINUTE, after=clock.now())
    ledger.black_out(100001, window_of(slot + SECOND, slot + 3 * MINUTE))
    probe.seconds = 20.0
    async with running_engine(ledger, probe, clock):
        await clock.advance((slot - clock.now()).total_seconds() + 30.0)
    (run,) = ledger.of(100001)
    assert (run.slot, run.state) == (slot, RunState.FINISHED)
    assert run.result is not None


async def test_a_blackout_is_in_force_within_two_seconds_of_its_making_and_of_its_removal(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001)
    slot = next_slot(100001, MINUTE, after=clock.now())
    async with running_engine(ledger, probe, clock):
        await clock.advance((slot - clock.now()).total_seconds() - 2.0)
        ledger.black_out(100001, window_of(slot - SECOND, slot + 10 * MINUTE))
        await clock.advance(62.0)
        ledger.black_out(100001)
        await clock.advance(65.0)
    assert [run.state for run in ledger.of(100001)] == [RunState.BLACKOUT, RunState.BLACKOUT, RunState.FINISHED]


async def test_a_claimed_run_is_not_started_when_a_blackout_has_come_into_force(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001)
    slot = next_slot(100001, MINUTE, after=clock.now())
    limits = EngineLimits(look_ahead=10 * SECOND)
    async with running_engine(ledger, probe, clock, limits):
        await clock.advance((slot - clock.now()).total_seconds() - 5.0)
        assert [run.state for run in ledger.of(100001)] == [RunState.RUNNING]
        ledger.black_out(100001, window_of(slot - SECOND, slot + MINUTE / 2))
        await clock.advance(10.0)
    (run,) = ledger.of(100001)
    assert (run.state, run.note) == (RunState.BLACKOUT, BLACKED_OUT)
    assert probe.begun == []


async def test_an_error_is_not_verified_once_a_blackout_has_begun(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001, make_settings(interval=5 * MINUTE))
    slot = next_slot(100001, 5 * MINUTE, after=clock.now())
    ledger.black_out(100001, window_of(slot + 5 * SECOND, slot + MINUTE))
    probe.seconds = 10.0
    probe.finds = lambda _job: {"verdict": Verdict.MISSING, "status": StatusCode.TIMEOUT}
    async with running_engine(ledger, probe, clock):
        await clock.advance((slot - clock.now()).total_seconds() + 60.0)
    assert [(run.kind, run.state) for run in ledger.of(100001)] == [(RunKind.SCHEDULED, RunState.FINISHED)]


async def test_a_test_that_is_asked_for_in_a_blackout_is_made(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001)
    ledger.black_out(100001, window_of(clock.now() - MINUTE, clock.now() + 10 * MINUTE))
    async with running_engine(ledger, probe, clock) as engine:
        run = ledger.order_test(100001, now=clock.now())
        engine.put(run)
        await clock.advance(30.0)
    assert ledger.runs[run.id].state is RunState.FINISHED


async def test_slots_of_a_stop_that_lay_in_a_blackout_are_no_missed_ones(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001)
    async with running_engine(ledger, probe, clock):
        await clock.advance(120.0)
    ledger.black_out(100001, window_of(clock.now() + 2 * MINUTE, clock.now() + 6 * MINUTE))
    clock.move(600.0)
    async with running_engine(ledger, probe, clock):
        await clock.advance(60.0)
    assert len(ledger.of(100001, RunState.BLACKOUT)) == 4
    assert len(ledger.of(100001, RunState.NOT_MEASURED)) == 6


async def test_slots_in_a_blackout_wait_for_the_database_to_come_back(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001)
    ledger.black_out(100001, window_of(clock.now(), clock.now() + 5 * MINUTE))
    async with running_engine(ledger, probe, clock):
        await clock.advance(60.0)
        ledger.is_away = True
        await clock.advance(120.0)
        ledger.is_away = False
        await clock.advance(60.0)
    assert len(ledger.of(100001, RunState.BLACKOUT)) == 4
