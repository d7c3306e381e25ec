import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from mailtrip.engine.ports import Conclusion
from mailtrip.engine.recorder import Recorder
from mailtrip.model import Run, RunKind, RunState
from mailtrip.service.runs import PlannedRun
from mailtrip.testing.clock import FakeClock
from mailtrip.testing.engine import FakeLedger, make_result


class HangingLedger(FakeLedger):
    """A ledger whose database does not answer."""

    async def conclude(self, conclusions: Sequence[Conclusion]) -> None:
        await asyncio.Event().wait()


def make_recorder(ledger: FakeLedger, clock: FakeClock) -> Recorder:
    return Recorder(ledger, clock=clock, capacity=10_000, lines=10_000)


def make_conclusion(ledger: FakeLedger, clock: FakeClock, number: int = 0) -> Conclusion:
    slot = clock.now() + timedelta(seconds=number)
    run: Run | None = ledger.add(
        PlannedRun(account_id=1, monitor_id=100001, location_id=10, slot=slot, kind=RunKind.SCHEDULED)
    )
    assert run is not None
    return Conclusion(run=run, state=RunState.FINISHED, result=make_result(slot))


async def test_at_most_500_results_go_into_a_transaction(ledger: FakeLedger, clock: FakeClock) -> None:
    recorder = make_recorder(ledger, clock)
    for number in range(1200):
        recorder.add(make_conclusion(ledger, clock, number))
    assert await recorder.flush(seconds=5.0) == 0
    assert (ledger.calls.count("conclude"), ledger.largest_batch) == (3, 500)


@pytest.mark.parametrize(("count", "was_behind"), [(500, False), (501, True)])
async def test_it_is_behind_from_more_than_one_transaction_until_all_is_written(
    clock: FakeClock, count: int, was_behind: bool
) -> None:
    seen: list[bool] = []

    class WatchedLedger(FakeLedger):
        async def conclude(self, conclusions: Sequence[Conclusion]) -> None:
            seen.append(recorder.is_behind)
            await super().conclude(conclusions)

    ledger = WatchedLedger()
    recorder = make_recorder(ledger, clock)
    for number in range(count):
        recorder.add(make_conclusion(ledger, clock, number))
    await recorder.flush(seconds=5.0)
    assert set(seen) == {was_behind}
    assert not recorder.is_behind


async def test_a_result_is_written_within_a_tenth_of_a_second(ledger: FakeLedger, clock: FakeClock) -> None:
    recorder = make_recorder(ledger, clock)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(recorder.run())
        await clock.advance(10.0)
        recorder.add(make_conclusion(ledger, clock))
        await clock.advance(0.1)
        assert [run.state for run in ledger.runs.values()] == [RunState.FINISHED]
        task.cancel()


async def test_a_database_that_is_away_is_asked_ever_more_rarely(ledger: FakeLedger, clock: FakeClock) -> None:
    recorder = make_recorder(ledger, clock)
    ledger.is_away = True
    async with asyncio.TaskGroup() as group:
        task = group.create_task(recorder.run())
        recorder.add(make_conclusion(ledger, clock))
        away_from = clock.now()
        await clock.advance(60.0)
        assert 10 < len(ledger.calls) < 20
        away_since = recorder.away_since
        assert away_since is not None
        assert away_since - away_from < timedelta(seconds=1)
        ledger.is_away = False
        await clock.advance(5.0)
        assert recorder.pending == 0
        task.cancel()
    assert recorder.away_since is None


async def test_a_database_that_is_away_is_told_once(ledger: FakeLedger, clock: FakeClock) -> None:
    recorder = make_recorder(ledger, clock)
    ledger.is_away = True
    with capture_logs() as lines:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(recorder.run())
            recorder.add(make_conclusion(ledger, clock))
            await clock.advance(60.0)
            ledger.is_away = False
            await clock.advance(5.0)
            task.cancel()
    assert [line["event"] for line in lines] == ["database away; results are held", "database back"]


async def test_at_the_end_a_database_that_is_away_is_not_waited_for_long(ledger: FakeLedger, clock: FakeClock) -> None:
    recorder = make_recorder(ledger, clock)
    recorder.add(make_conclusion(ledger, clock))
    ledger.is_away = True
    async with asyncio.TaskGroup() as group:
        flush = group.create_task(recorder.flush(seconds=5.0))
        await clock.advance(5.0)
    assert flush.result() == 1


async def test_at_the_end_a_database_that_hangs_is_not_waited_for_long(clock: FakeClock) -> None:
    ledger = HangingLedger()
    recorder = make_recorder(ledger, clock)
    recorder.add(make_conclusion(ledger, clock))
    assert await recorder.flush(seconds=0.01) == 1


async def test_a_result_that_can_not_be_written_at_all_ends_nothing(ledger: FakeLedger, clock: FakeClock) -> None:
    class BrokenLedger(FakeLedger):
        async def conclude(self, conclusions: Sequence[Conclusion]) -> None:
            raise RuntimeError("a bug")

    recorder = make_recorder(BrokenLedger(), clock)
    recorder.add(make_conclusion(ledger, clock))
    with capture_logs() as lines:
        assert await recorder.flush(seconds=1.0) == 0
    assert [line["event"] for line in lines] == ["result can't be written"] * 2


async def test_a_write_that_is_cut_short_is_done_again_at_the_end(clock: FakeClock) -> None:
    class SlowLedger(FakeLedger):
        async def conclude(self, conclusions: Sequence[Conclusion]) -> None:
            await clock.sleep(1.0)
            await super().conclude(conclusions)

    ledger = SlowLedger()
    recorder = make_recorder(ledger, clock)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(recorder.run())
        recorder.add(make_conclusion(ledger, clock))
        await clock.advance(0.5)
        assert recorder.pending == 1
        task.cancel()
    async with asyncio.TaskGroup() as group:
        flush = group.create_task(recorder.flush(seconds=5.0))
        await clock.advance(2.0)
    assert flush.result() == 0
    assert [run.state for run in ledger.runs.values()] == [RunState.FINISHED]
