import asyncio
from datetime import timedelta

from mailtrip.engine.limits import EngineLimits
from mailtrip.model import Run, RunState, Verdict
from mailtrip.schedule.slots import slots
from mailtrip.testing.clock import FakeClock
from mailtrip.testing.engine import FakeLedger, FakeProbe, make_settings, running_engine

MINUTE = timedelta(minutes=1)


def states(runs: list[Run]) -> list[RunState]:
    return [run.state for run in runs]


async def test_runs_go_on_while_the_database_is_away_and_nothing_is_lost(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    started_at = clock.now()
    for number in range(5):
        ledger.put(100001 + number)
    async with running_engine(ledger, probe, clock) as engine:
        await clock.advance(90.0)
        ledger.is_away = True
        await clock.advance(300.0)
        assert engine.health().database_away_since is not None
        assert engine.health().pending_results > 20
        ledger.is_away = False
        await clock.advance(60.0)
        health = engine.health()
        assert (health.pending_results, health.dropped_results, health.database_away_since) == (0, 0, None)
    for number in range(5):
        id_ = 100001 + number
        expected = [*slots(id_, MINUTE, after=started_at, until=clock.now() - timedelta(seconds=2))]
        assert [run.slot for run in ledger.of(id_, RunState.FINISHED)][: len(expected)] == expected
    assert max(probe.late) == timedelta(0)


async def test_a_monitor_never_loaded_is_not_measured_while_the_database_is_away(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001)
    async with running_engine(ledger, probe, clock):
        ledger.is_away = True
        await clock.advance(120.0)
        ledger.is_away = False
        await clock.advance(60.0)
    assert states(ledger.of(100001)) == [RunState.NOT_MEASURED, RunState.NOT_MEASURED, RunState.FINISHED]


async def test_what_had_to_be_dropped_is_counted_and_shown(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    for number in range(10):
        ledger.put(100001 + number)
    async with running_engine(ledger, probe, clock, EngineLimits(results=20)) as engine:
        await clock.advance(61.0)
        ledger.is_away = True
        await clock.advance(300.0)
        assert 20 < engine.health().dropped_results < 50
        ledger.is_away = False
        await clock.advance(10.0)
        assert engine.health().pending_results == 0
        dropped = engine.health().dropped_results
        await clock.advance(60.0)
        assert engine.health().dropped_results == dropped
    assert ledger.of(100001, RunState.NOT_MEASURED) != []


async def test_an_engine_that_starts_without_a_database_starts_when_it_is_there(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001)
    ledger.is_away = True
    async with running_engine(ledger, probe, clock):
        await clock.advance(60.0)
        ledger.is_away = False
        await clock.advance(120.0)
    assert states(ledger.of(100001)) == [RunState.FINISHED] * 2


async def test_results_are_written_soon_and_many_in_a_transaction(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    for number in range(400):
        ledger.put(100001 + number, make_settings(enabled=False))
    probe.seconds = 3.0
    async with running_engine(ledger, probe, clock, EngineLimits(sessions_per_host=1000)) as engine:
        for number in range(400):
            engine.put(ledger.order_test(100001 + number, now=clock.now()))
        await clock.advance(3.1)
        assert {run.state for run in ledger.runs.values()} == {RunState.FINISHED}
        assert ledger.calls.count("conclude") < 20


async def test_a_result_that_can_not_be_written_keeps_back_no_other(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    for number in range(20):
        ledger.put(100001 + number, make_settings(enabled=False))
    ledger.unwritable = {100005}
    async with running_engine(ledger, probe, clock) as engine:
        for number in range(20):
            engine.put(ledger.order_test(100001 + number, now=clock.now()))
        await clock.advance(10.0)
    assert {run.state for run in ledger.runs.values()} == {RunState.FINISHED}
    unknown = [run.monitor_id for run in ledger.runs.values() if run.result and run.result.verdict is Verdict.UNKNOWN]
    assert unknown == [100005]


async def test_the_engine_ends_in_time_when_the_database_is_away_at_the_end(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001)
    async with running_engine(ledger, probe, clock) as engine, asyncio.TaskGroup() as group:
        await clock.advance(60.0)
        ledger.is_away = True
        await clock.advance(60.0)
        stop = group.create_task(engine.stop(grace_seconds=10.0))
        await clock.advance(6.0)
        assert stop.done()
        assert engine.health().pending_results > 0
