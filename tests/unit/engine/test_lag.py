import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from mailtrip.engine.lag import LagMeter, Peak
from mailtrip.testing.clock import FakeClock


@given(
    st.lists(st.tuples(st.floats(min_value=0.0, max_value=20.0), st.floats(min_value=0.0, max_value=9.0)), max_size=40)
)
def test_the_peak_since_a_moment_is_the_greatest_number_from_then_on(steps: list[tuple[float, float]]) -> None:
    peak = Peak()
    at, noted = 0.0, []
    for pause, number in steps:
        at += pause
        noted.append((at, number))
        peak.note(number, at=at)
    for since, _ in noted:
        assert peak.since(since) == max(number for moment, number in noted if moment >= since)
    assert peak.since(at + 1.0) == 0.0


@asynccontextmanager
async def metering(clock: FakeClock) -> AsyncIterator[LagMeter]:
    meter = LagMeter(clock, every=timedelta(milliseconds=50))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(meter.run())
        await clock.advance(0.0)
        yield meter
        task.cancel()


async def test_a_loop_that_turns_in_time_has_no_lag() -> None:
    clock = FakeClock()
    async with metering(clock) as meter:
        await clock.advance(10.0)
        assert meter.since(0.0).total_seconds() < 1e-6


async def test_a_stall_is_seen_by_those_who_were_under_way_then() -> None:
    clock = FakeClock()
    async with metering(clock) as meter:
        clock.move(3.0)
        await clock.advance(10.0)
        assert 2.9 < meter.since(0.0).total_seconds() < 3.0
        assert meter.since(5.0).total_seconds() < 1e-6


async def test_a_stall_is_seen_while_it_goes_on() -> None:
    clock = FakeClock()
    async with metering(clock) as meter:
        clock.move(3.0)
        assert 2.9 < meter.since(0.0).total_seconds() < 3.0


def test_a_meter_that_does_not_run_shows_no_lag() -> None:
    clock = FakeClock()
    meter = LagMeter(clock, every=timedelta(milliseconds=50))
    clock.move(60.0)
    assert meter.since(0.0).total_seconds() == 0.0
