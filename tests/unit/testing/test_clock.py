import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from mailtrip.testing.clock import FakeClock

START = datetime(2026, 1, 1, 12, tzinfo=UTC)


async def test_time_stands_still_until_it_is_moved() -> None:
    clock = FakeClock(START)
    await asyncio.sleep(0)
    assert (clock.now(), clock.monotonic()) == (START, 0.0)
    clock.move(2.5)
    assert (clock.now(), clock.monotonic()) == (START + timedelta(seconds=2.5), 2.5)


async def test_advance_wakes_each_sleeper_at_its_own_time() -> None:
    clock = FakeClock()
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.monotonic()))

    async with asyncio.TaskGroup() as group:
        for name, seconds in (("late", 3.0), ("early", 1.0), ("never in time", 9.0)):
            group.create_task(sleeper(name, seconds))
        await clock.advance(5.0)
        assert woken == [("early", 1.0), ("late", 3.0)]
        assert clock.sleepers == 1
        await clock.advance(4.0)
    assert woken[-1] == ("never in time", 9.0)


async def test_a_sleeper_that_sleeps_again_is_woken_again_within_one_advance() -> None:
    clock = FakeClock()
    ticks: list[float] = []

    async def ticker() -> None:
        for _ in range(3):
            await clock.sleep(1)
            ticks.append(clock.monotonic())

    task = asyncio.ensure_future(ticker())
    await clock.advance(10)
    assert ticks == [1.0, 2.0, 3.0]
    assert clock.monotonic() == 10.0
    await task


async def test_no_sleep_at_all_only_yields() -> None:
    clock = FakeClock()
    async with asyncio.timeout(1):
        await clock.sleep(0)
        await clock.sleep(-1)
    assert clock.monotonic() == 0.0


async def test_a_cancelled_sleeper_is_forgotten() -> None:
    clock = FakeClock()
    task = asyncio.ensure_future(clock.sleep(5))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await clock.advance(10)
    assert clock.sleepers == 0


async def test_with_autojump_time_moves_when_everybody_sleeps() -> None:
    clock = FakeClock(autojump=True)
    order: list[tuple[str, float]] = []

    async def worker(name: str, seconds: float) -> None:
        for _ in range(2):
            await clock.sleep(seconds)
            order.append((name, clock.monotonic()))

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(worker("slow", 3600))
        group.create_task(worker("quick", 60))
    assert order == [("quick", 60.0), ("quick", 120.0), ("slow", 3600.0), ("slow", 7200.0)]
