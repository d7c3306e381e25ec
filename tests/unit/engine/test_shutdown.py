import asyncio
from datetime import datetime, timedelta

from mailtrip.engine.limits import EngineLimits
from mailtrip.model import Run, RunState
from mailtrip.schedule.slots import slots
from mailtrip.testing.clock import FakeClock
from mailtrip.testing.engine import FakeLedger, FakeProbe, make_settings, running_engine

MINUTE = timedelta(minutes=1)


def states(runs: list[Run]) -> list[RunState]:
    return [run.state for run in runs]


def notes(runs: list[Run]) -> set[str | None]:
    return {run.note for run in runs}


async def advance_to(clock: FakeClock, moment: datetime) -> None:
    await clock.advance((moment - clock.now()).total_seconds())


async def test_a_stop_lets_runs_under_way_finish_and_starts_nothing(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001)
    probe.seconds = 20.0
    async with running_engine(ledger, probe, clock) as engine, asyncio.TaskGroup() as group:
        engine.put(ledger.order_test(100001, now=clock.now()))
        await clock.advance(1.0)
        stop = group.create_task(engine.stop(grace_seconds=30.0))
        await clock.advance(18.0)
        assert not stop.done()
        await clock.advance(2.0)
        assert stop.done()
    assert states(ledger.of(100001)) == [RunState.FINISHED]
    assert len(probe.begun) == 1


async def test_what_is_not_done_within_the_grace_is_handed_back(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    for number in range(20):
        ledger.put(100001 + number, make_settings(enabled=False))
    probe.seconds = 100.0
    async with running_engine(ledger, probe, clock, EngineLimits(runs=5)) as engine, asyncio.TaskGroup() as group:
        for number in range(20):
            engine.put(ledger.order_test(100001 + number, now=clock.now()))
        await clock.advance(1.0)
        stop = group.create_task(engine.stop(grace_seconds=10.0))
        await clock.advance(9.0)
        assert not stop.done()
        await clock.advance(1.5)
        assert stop.done()
    runs = [*ledger.runs.values()]
    assert set(states(runs)) == {RunState.NOT_MEASURED}
    assert (
        sorted(run.note or "" for run in runs)
        == ["cut short by a shutdown"] * 5 + ["not started: the program was shutting down"] * 15
    )


async def test_being_cancelled_hands_back_what_is_under_way(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001)
    probe.seconds = 50.0
    async with running_engine(ledger, probe, clock):
        await clock.advance(61.0)
    assert notes(ledger.of(100001)) == {"cut short by a shutdown"}


async def test_a_stop_before_the_start_returns_at_once(ledger: FakeLedger, probe: FakeProbe, clock: FakeClock) -> None:
    async with running_engine(ledger, probe, clock) as engine:
        await engine.stop(grace_seconds=10.0)
        await engine.stop(grace_seconds=10.0)
        assert not engine.health().is_running


async def test_a_claimed_run_whose_slot_comes_after_the_stop_is_handed_back(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001)
    async with running_engine(ledger, probe, clock) as engine:
        (slot,) = slots(100001, MINUTE, after=clock.now(), until=clock.now() + MINUTE)
        await advance_to(clock, slot - timedelta(seconds=0.2))
        await engine.stop(grace_seconds=10.0)
    (run,) = ledger.of(100001)
    assert (run.state, run.note) == (RunState.NOT_MEASURED, "not started: the program was shutting down")
