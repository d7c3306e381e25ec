import asyncio
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from mailtrip.engine.limits import EngineLimits
from mailtrip.engine.local import LocalEngine
from mailtrip.engine.ports import RunJob
from mailtrip.model import Result, Run, RunKind, RunState, StatusCode, Verdict
from mailtrip.schedule.slots import slots
from mailtrip.testing.clock import FakeClock
from mailtrip.testing.engine import FakeLedger, FakeProbe, make_settings, make_tokens, running_engine

MINUTE = timedelta(minutes=1)
FIVE_MINUTES = timedelta(minutes=5)


def states(runs: list[Run]) -> list[RunState]:
    return [run.state for run in runs]


def verdicts(runs: list[Run]) -> list[Verdict | None]:
    return [run.result.verdict if run.result else None for run in runs]


def notes(runs: list[Run]) -> set[str | None]:
    return {run.note for run in runs}


async def advance_to(clock: FakeClock, moment: datetime) -> None:
    await clock.advance((moment - clock.now()).total_seconds())


async def test_each_slot_is_run_once_at_its_time(ledger: FakeLedger, probe: FakeProbe, clock: FakeClock) -> None:
    started_at = clock.now()
    ledger.put(100001)
    async with running_engine(ledger, probe, clock):
        await clock.advance(600.0)
    runs = ledger.of(100001)
    assert [run.slot for run in runs] == [*slots(100001, MINUTE, after=started_at, until=clock.now())]
    assert set(states(runs)) == {RunState.FINISHED}
    assert probe.late == [timedelta(0)] * 10


async def test_many_monitors_lose_and_double_no_slot(ledger: FakeLedger, probe: FakeProbe, clock: FakeClock) -> None:
    started_at = clock.now()
    for number in range(300):
        ledger.put(100001 + number)
    limits = EngineLimits(sessions_per_host=1000)
    async with running_engine(ledger, probe, clock, limits):
        await clock.advance(150.0)
    expected = [
        (id_, slot)
        for id_ in range(100001, 100301)
        for slot in slots(id_, MINUTE, after=started_at, until=started_at + timedelta(seconds=149))
    ]
    done = [(run.monitor_id, run.slot) for run in ledger.runs.values() if run.state is RunState.FINISHED]
    assert set(expected) - set(done) == set()
    assert len(done) == len(set(done))
    begun = [(job.run.monitor_id, job.run.slot) for job in probe.begun]
    assert len(begun) == len(set(begun))


async def test_a_slot_during_the_run_before_it_is_skipped(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001)
    probe.seconds = 90.0
    async with running_engine(ledger, probe, clock):
        await clock.advance(300.0)
        await clock.advance(60.0)
    runs = ledger.of(100001)
    assert states(runs)[:4] == [RunState.FINISHED, RunState.SKIPPED] * 2
    for run, skipped in list(pairwise(runs))[:4:2]:
        assert skipped.note == f"the run of {run.slot.isoformat(timespec='seconds')} was still under way"
    assert probe.most_under_way == 1


async def test_no_more_runs_are_under_way_than_the_cap(ledger: FakeLedger, probe: FakeProbe, clock: FakeClock) -> None:
    for number in range(100):
        ledger.put(100001 + number)
    probe.seconds = 3.0
    async with running_engine(ledger, probe, clock, EngineLimits(runs=4, sessions_per_host=1000)):
        await clock.advance(180.0)
    assert probe.most_under_way == 4
    skipped = [run for run in ledger.runs.values() if run.state is RunState.SKIPPED]
    assert notes(skipped) == {"too many runs were under way (cap 4)"}
    assert max(probe.late) <= timedelta(seconds=31)


async def test_no_more_sessions_are_open_with_a_host_than_its_cap(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    for number in range(60):
        ledger.put(100001 + number)
    ledger.put(200001, make_settings(smtp_server="elsewhere.example.org", mailbox_server="elsewhere.example.org"))
    probe.seconds = 20.0
    async with running_engine(ledger, probe, clock, EngineLimits(sessions_per_host=3)):
        await clock.advance(120.0)
    assert probe.most_under_way == 4
    assert len(ledger.of(200001, RunState.FINISHED)) >= 1
    assert ledger.of(200001, RunState.SKIPPED) == []
    skipped = [run for run in ledger.runs.values() if run.state is RunState.SKIPPED]
    assert "too many sessions with imap.example.com were under way (cap 3)" in notes(skipped)


async def test_slots_of_a_stop_are_recorded_and_not_replayed(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001)
    async with running_engine(ledger, probe, clock):
        await clock.advance(120.0)
    clock.move(600.0)
    restarted_at = clock.now()
    async with running_engine(ledger, probe, clock):
        await clock.advance(120.0)
    runs = ledger.of(100001)
    missed = [run for run in runs if run.state is RunState.NOT_MEASURED]
    assert len(runs) == 14
    assert len(missed) == 10
    assert notes(missed) == {"the program was not running"}
    assert all(job.run.slot > restarted_at for job in probe.begun[2:])


async def test_slots_of_a_stall_are_recorded_and_only_the_newest_is_run(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001)
    async with running_engine(ledger, probe, clock):
        await clock.advance(120.0)
        clock.move(600.0)
        await clock.advance(120.0)
    missed = ledger.of(100001, RunState.NOT_MEASURED)
    assert notes(missed) == {"the program was suspended or had stalled"}
    assert len(ledger.of(100001)) == 14
    assert max(probe.late) <= timedelta(seconds=30)


async def test_a_claimed_run_is_not_started_after_a_long_stall(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001)
    async with running_engine(ledger, probe, clock):
        (slot,) = slots(100001, MINUTE, after=clock.now(), until=clock.now() + MINUTE)
        await advance_to(clock, slot - timedelta(seconds=0.2))
        clock.move(45.0)
        await clock.advance(1.0)
    (run,) = ledger.of(100001)
    assert (run.state, run.note) == (RunState.NOT_MEASURED, "the program was suspended or had stalled")
    assert probe.begun == []


async def test_runs_that_a_dead_process_left_without_time_are_over_at_the_start(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001)
    left = ledger.order_test(100001, now=clock.now())
    clock.move(31.0)
    async with running_engine(ledger, probe, clock):
        await clock.advance(1.0)
    assert verdicts(ledger.of(100001)) == [Verdict.UNKNOWN]
    assert left.id not in {job.run.id for job in probe.begun}


async def test_runs_that_a_dead_process_left_with_time_are_resumed(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001)
    left = ledger.order_test(100001, now=clock.now())
    clock.move(10.0)
    async with running_engine(ledger, probe, clock):
        await clock.advance(2.0)
    assert [(job.run.id, job.run.token, job.resumes) for job in probe.begun] == [(left.id, left.token, True)]
    assert ledger.runs[left.id].state is RunState.FINISHED


async def test_a_new_monitor_is_planned_within_two_seconds(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    async with running_engine(ledger, probe, clock):
        await clock.advance(10.0)
        made_at = clock.now()
        ledger.put(100001)
        await clock.advance(2.0)
        expected = [*slots(100001, MINUTE, after=made_at + timedelta(seconds=2), until=made_at + FIVE_MINUTES)]
        await clock.advance(300.0)
    assert [run.slot for run in ledger.of(100001)][: len(expected)] == expected


async def test_a_poke_has_a_change_in_force_at_once(ledger: FakeLedger, probe: FakeProbe, clock: FakeClock) -> None:
    async with running_engine(ledger, probe, clock) as engine:
        await clock.advance(10.1)
        ledger.put(100001)
        engine.poke()
        await clock.advance(0.0)
        assert engine.health().monitors == 1


async def test_a_change_just_before_a_slot_is_honoured(ledger: FakeLedger, probe: FakeProbe, clock: FakeClock) -> None:
    ledger.put(100001)
    async with running_engine(ledger, probe, clock) as engine:
        (slot,) = slots(100001, MINUTE, after=clock.now(), until=clock.now() + MINUTE)
        await advance_to(clock, slot - timedelta(seconds=0.2))
        assert states(ledger.of(100001)) == [RunState.RUNNING]
        ledger.put(100001, make_settings(name="changed"))
        engine.poke()
        await clock.advance(5.0)
    assert [job.settings.name for job in probe.begun] == ["changed"]
    assert probe.late == [timedelta(0)]


@pytest.mark.parametrize("is_disabled", [True, False])
async def test_a_claimed_run_of_a_monitor_that_is_gone_is_skipped(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock, is_disabled: bool
) -> None:
    ledger.put(100001)
    async with running_engine(ledger, probe, clock) as engine:
        (slot,) = slots(100001, MINUTE, after=clock.now(), until=clock.now() + MINUTE)
        await advance_to(clock, slot - timedelta(seconds=0.2))
        if is_disabled:
            ledger.put(100001, make_settings(enabled=False))
        else:
            ledger.remove(100001)
        engine.poke()
        await clock.advance(300.0)
    (run,) = ledger.of(100001)
    assert (run.state, run.note) == (RunState.SKIPPED, "the monitor was disabled")
    assert probe.begun == []


async def test_a_test_on_demand_runs_at_once(ledger: FakeLedger, probe: FakeProbe, clock: FakeClock) -> None:
    ledger.put(100001, make_settings(enabled=False))
    async with running_engine(ledger, probe, clock) as engine:
        run = ledger.order_test(100001, now=clock.now())
        engine.put(run)
        await clock.advance(2.0)
    assert ledger.runs[run.id].state is RunState.FINISHED
    assert probe.late == [timedelta(0)]


async def test_a_test_goes_before_the_planned_runs_that_wait(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    for number in range(50):
        ledger.put(100001 + number)
    probe.seconds = 5.0
    async with running_engine(ledger, probe, clock, EngineLimits(runs=1)) as engine:
        await clock.advance(60.0)
        assert engine.health().waiting > 5
        test = ledger.order_test(200001, now=clock.now())
        ledger.put(200001, make_settings(enabled=False))
        engine.put(test)
        await clock.advance(5.0)
        assert probe.begun[-1].run == test


async def test_tests_of_a_monitor_wait_for_its_run_under_way_and_for_each_other(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001, make_settings(enabled=False))
    probe.seconds = 10.0
    async with running_engine(ledger, probe, clock) as engine:
        for _ in range(3):
            engine.put(ledger.order_test(100001, now=clock.now()))
            await clock.advance(1.0)
        await clock.advance(40.0)
    assert states(ledger.of(100001)) == [RunState.FINISHED] * 3
    assert probe.most_under_way == 1


async def test_a_test_of_a_removed_monitor_is_skipped(ledger: FakeLedger, probe: FakeProbe, clock: FakeClock) -> None:
    async with running_engine(ledger, probe, clock) as engine:
        run = ledger.order_test(100001, now=clock.now())
        engine.put(run)
        await clock.advance(1.0)
    assert (ledger.runs[run.id].state, ledger.runs[run.id].note) == (RunState.SKIPPED, "the monitor was removed")


async def test_too_many_tests_are_skipped(ledger: FakeLedger, probe: FakeProbe, clock: FakeClock) -> None:
    ledger.put(100001)
    async with running_engine(ledger, probe, clock, EngineLimits(tests_waiting=2)) as engine:
        for number in range(3):
            engine.put(ledger.order_test(100001, now=clock.now() + timedelta(seconds=number)))
        await clock.advance(1.0)
    assert ledger.of(100001)[-1].note == "too many tests were waiting (cap 2)"


async def test_a_test_may_be_put_from_another_thread(ledger: FakeLedger, probe: FakeProbe, clock: FakeClock) -> None:
    ledger.put(100001, make_settings(enabled=False))
    async with running_engine(ledger, probe, clock) as engine:
        run = ledger.order_test(100001, now=clock.now())
        await asyncio.to_thread(engine.put, run)
        await clock.advance(2.0)
    assert ledger.runs[run.id].state is RunState.FINISHED


async def test_an_exception_of_the_probe_is_our_own_fault_and_ends_nothing(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001)
    probe.raises = ValueError("secret")
    async with running_engine(ledger, probe, clock):
        await clock.advance(60.0)
        probe.raises = None
        await clock.advance(60.0)
    failed, fine = (run.result for run in ledger.of(100001))
    assert failed is not None
    assert (failed.verdict, failed.status) == (Verdict.UNKNOWN, StatusCode.INTERNAL_ERROR)
    assert "secret" not in failed.summary
    assert fine is not None
    assert fine.status is StatusCode.OK


async def test_a_monitor_that_can_not_be_loaded_does_not_keep_back_the_others(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    for number in range(50):
        ledger.put(100001 + number)
    ledger.unloadable = {100007}
    async with running_engine(ledger, probe, clock, EngineLimits(sessions_per_host=100)):
        await clock.advance(60.0)
    unloaded = ledger.of(100007)[0]
    assert unloaded.result is not None
    assert unloaded.result.status is StatusCode.INTERNAL_ERROR
    assert {job.run.monitor_id for job in probe.begun} == set(range(100001, 100051)) - {100007}


async def test_each_result_is_told_as_it_comes(ledger: FakeLedger, probe: FakeProbe, clock: FakeClock) -> None:
    ledger.put(100001)
    told: list[tuple[RunJob, Result]] = []
    async with running_engine(ledger, probe, clock) as engine:
        engine.subscribe(lambda job, result: told.append((job, result)))
        await clock.advance(120.0)
    assert [(job.run.kind, result.status) for job, result in told] == [(RunKind.SCHEDULED, StatusCode.OK)] * 2


async def test_a_result_carries_the_lag_that_was_there_while_it_was_measured(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001)
    probe.seconds = 10.0
    async with running_engine(ledger, probe, clock):
        (slot,) = slots(100001, MINUTE, after=clock.now(), until=clock.now() + MINUTE)
        await advance_to(clock, slot + timedelta(seconds=1))
        clock.move(3.0)
        await clock.advance(60.0)
        await clock.advance(20.0)
    lagging, fine = (run.result for run in ledger.of(100001))
    assert lagging is not None
    assert lagging.lag >= timedelta(seconds=2)
    assert fine is not None
    assert fine.lag < timedelta(milliseconds=1)


async def test_runs_beyond_the_bound_of_those_that_wait_are_skipped(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    for number in range(5):
        ledger.put(100001 + number, make_settings(enabled=False))
    async with running_engine(ledger, probe, clock, EngineLimits(runs=1, waiting=2)) as engine:
        for number in range(5):
            engine.put(ledger.order_test(100001 + number, now=clock.now()))
        await clock.advance(10.0)
    assert notes([*ledger.runs.values()]) == {None, "too many runs were waiting (cap 2)"}
    assert len(probe.begun) == 3


async def test_too_many_tests_of_one_monitor_are_skipped(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001, make_settings(enabled=False))
    async with running_engine(ledger, probe, clock) as engine:
        for number in range(12):
            engine.put(ledger.order_test(100001, now=clock.now() + timedelta(milliseconds=number)))
        await clock.advance(30.0)
    assert states(ledger.of(100001)) == [RunState.FINISHED] * 11 + [RunState.SKIPPED]
    assert ledger.of(100001)[-1].note == "the test of 2026-01-01T12:00:00+00:00 was still under way"


async def test_starts_are_paced(ledger: FakeLedger, probe: FakeProbe, clock: FakeClock) -> None:
    for number in range(100):
        ledger.put(100001 + number, make_settings(interval=timedelta(seconds=20), timeout=timedelta(seconds=5)))
    limits = EngineLimits(sessions_per_host=1000, starts_per_second=10.0, starts_at_once=1)
    begun: list[float] = []

    async def pacing_probe(job: RunJob) -> Result:
        begun.append(clock.monotonic())
        return await FakeProbe(clock)(job)

    engine = LocalEngine(ledger=ledger, probe=pacing_probe, clock=clock, limits=limits, new_token=make_tokens())
    async with asyncio.TaskGroup() as group:
        task = group.create_task(engine.run())
        await clock.advance(20.0)
        task.cancel()
    assert min(later - earlier for earlier, later in pairwise(begun)) > 0.099


async def test_health_shows_what_is_under_way(ledger: FakeLedger, probe: FakeProbe, clock: FakeClock) -> None:
    for number in range(3):
        ledger.put(100001 + number, make_settings(enabled=False))
    probe.seconds = 5.0
    async with running_engine(ledger, probe, clock, EngineLimits(runs=2)) as engine:
        for number in range(3):
            engine.put(ledger.order_test(100001 + number, now=clock.now()))
        await clock.advance(1.0)
        health = engine.health()
        assert (health.is_running, health.running, health.waiting, health.finished) == (True, 2, 1, 0)
        await clock.advance(20.0)
        health = engine.health()
        assert (health.running, health.waiting, health.finished, health.unfinished) == (0, 0, 3, 0)
