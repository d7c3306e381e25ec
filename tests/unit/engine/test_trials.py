"""Trials: runs of monitors that are not stored, within all bounds, told to who asked and recorded nowhere."""

from dataclasses import replace

from mailtrip.engine.limits import EngineLimits
from mailtrip.engine.ports import Conclusion, RunJob
from mailtrip.model import RunKind, RunState
from mailtrip.testing.clock import FakeClock
from mailtrip.testing.engine import FakeLedger, FakeProbe, make_job, running_engine

NUMBER = -(2**41)


def make_trial(clock: FakeClock, *, number: int = NUMBER) -> RunJob:
    job = make_job(number, clock.now(), kind=RunKind.TEST)
    return replace(job, run=replace(job.run, token=f"trial{-number}"))


async def test_a_trial_is_told_and_not_recorded(ledger: FakeLedger, probe: FakeProbe, clock: FakeClock) -> None:
    told: list[Conclusion] = []
    async with running_engine(ledger, probe, clock) as engine:
        engine.try_out(make_trial(clock), told.append)
        await clock.advance(0.5)
        assert list(engine.unwritten) == [f"trial{-NUMBER}"], "others would take its message away"
        await clock.advance(5.0)
        assert list(engine.unwritten) == []
        finished = engine.health().finished

    assert [(each.run.id, each.state) for each in told] == [(NUMBER, RunState.FINISHED)]
    assert told[0].result is not None
    assert (ledger.runs, finished) == ({}, 0)


async def test_trials_wait_for_room_like_all_runs(ledger: FakeLedger, probe: FakeProbe, clock: FakeClock) -> None:
    told: list[Conclusion] = []
    async with running_engine(ledger, probe, clock, EngineLimits(runs=1)) as engine:
        for number in (NUMBER, NUMBER - 1):
            engine.try_out(make_trial(clock, number=number), told.append)
        await clock.advance(10.0)

    assert [each.run.id for each in told] == [NUMBER, NUMBER - 1]
    assert probe.most_under_way == 1


async def test_the_end_of_the_program_is_told(ledger: FakeLedger, probe: FakeProbe, clock: FakeClock) -> None:
    told: list[Conclusion] = []
    probe.seconds = 100
    async with running_engine(ledger, probe, clock) as engine:
        engine.try_out(make_trial(clock), told.append)
        await clock.advance(0.5)
        await engine.stop(grace_seconds=0)
        engine.try_out(make_trial(clock), told.append)

    assert [each.state for each in told] == [RunState.NOT_MEASURED] * 2
    assert ledger.runs == {}
