"""The engine verifies errors, resumes runs, notes acceptances, and owns up to a lost network."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest

from mailtrip.engine.ports import RunJob
from mailtrip.model import Accepted, MailProtocol, Run, RunKind, RunState, SessionRecord, StatusCode, Step, Verdict
from mailtrip.testing.clock import FakeClock
from mailtrip.testing.engine import FakeLedger, FakeProbe, make_settings, running_engine

MISSING: Mapping[str, object] = {"verdict": Verdict.MISSING, "status": StatusCode.TIMEOUT, "step": Step.WAIT}
UNREACHED: Mapping[str, object] = {
    "verdict": Verdict.UNSENT,
    "status": StatusCode.CONNECTION_FAILED,
    "step": Step.CONNECT,
    "sessions": (SessionRecord(protocol=MailProtocol.SMTP, server="smtp://x:25", address=None, tls=None),),
}


def fail_scheduled(job: RunJob) -> Mapping[str, object]:
    return MISSING if job.run.kind is RunKind.SCHEDULED else {}


def fail(_job: RunJob) -> Mapping[str, object]:
    return MISSING


def of_kind(ledger: FakeLedger, kind: RunKind) -> list[Run]:
    return [run for run in ledger.runs.values() if run.kind is kind]


@pytest.mark.parametrize("finds", [fail, fail_scheduled])
async def test_an_error_is_verified_by_one_run_at_once(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock, finds: Callable[[RunJob], Mapping[str, object]]
) -> None:
    ledger.put(100001, make_settings(interval=timedelta(minutes=5)))
    probe.finds = finds
    async with running_engine(ledger, probe, clock):
        await clock.advance(310.0)
    (first,) = of_kind(ledger, RunKind.SCHEDULED)
    (recheck,) = of_kind(ledger, RunKind.RECHECK)
    assert (recheck.recheck_of, recheck.slot, recheck.state) == (first.id, first.slot, RunState.FINISHED)
    assert [job.run.token for job in probe.begun] == [first.token, recheck.token]
    assert first.token != recheck.token
    assert probe.late[1] == timedelta(seconds=1)


@pytest.mark.parametrize(("allowed", "takes"), [(30, 24.0), (30, 29.9), (50, 4.0), (50, 45.0), (50, 49.9)])
async def test_no_slot_is_lost_to_a_recheck_that_ends_in_a_timeout_too(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock, allowed: int, takes: float
) -> None:
    ledger.put(100001, make_settings(interval=timedelta(minutes=1), timeout=timedelta(seconds=allowed)))
    probe.seconds = takes
    probe.finds = fail
    async with running_engine(ledger, probe, clock):
        await clock.advance(600.0)
    assert len(ledger.of(100001, RunState.FINISHED)) >= 9
    assert ledger.of(100001, RunState.SKIPPED) == []
    assert max(probe.late[index] for index, job in enumerate(probe.begun) if job.run.kind is RunKind.SCHEDULED) == (
        timedelta(0)
    )


async def test_an_error_right_before_the_next_slot_is_verified_by_the_run_of_that_slot(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001, make_settings(interval=timedelta(minutes=1), timeout=timedelta(seconds=50)))
    outcomes = iter([MISSING, MISSING, {}, {}])
    probe.seconds = 45.0
    probe.finds = lambda _job: next(outcomes, {})
    async with running_engine(ledger, probe, clock):
        await clock.advance(290.0)
    runs = of_kind(ledger, RunKind.SCHEDULED)
    assert of_kind(ledger, RunKind.RECHECK) == []
    assert [run.recheck_of for run in runs[:4]] == [None, runs[0].id, runs[1].id, None]


async def test_a_run_whose_slot_went_by_verifies_nothing(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001, make_settings(interval=timedelta(minutes=1), timeout=timedelta(seconds=50)))
    probe.seconds = 45.0
    probe.finds = lambda job: MISSING if len(probe.begun) == 1 else {}
    async with running_engine(ledger, probe, clock) as engine:
        while not of_kind(ledger, RunKind.SCHEDULED) or of_kind(ledger, RunKind.SCHEDULED)[0].result is None:
            await clock.advance(1.0)
        # A test that somebody wants now is in the way of the next slot.
        engine.put(ledger.order_test(100001, now=clock.now()))
        await clock.advance(180.0)
    first, skipped, third, *_ = of_kind(ledger, RunKind.SCHEDULED)
    assert (first.verified, skipped.state) == (None, RunState.SKIPPED)
    assert third.recheck_of is None


@pytest.mark.parametrize("changes", [{}, {"local_retry": False}])
async def test_what_is_no_error_or_shall_not_be_verified_is_not(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock, changes: dict[str, object]
) -> None:
    ledger.put(100001, make_settings(**changes))
    probe.finds = fail if changes else probe.finds
    async with running_engine(ledger, probe, clock):
        await clock.advance(130.0)
    assert len(of_kind(ledger, RunKind.SCHEDULED)) >= 2
    assert of_kind(ledger, RunKind.RECHECK) == []


async def test_a_recheck_waits_behind_the_test_that_was_first(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001, make_settings(interval=timedelta(minutes=5)))
    probe.seconds = 10.0
    probe.finds = fail_scheduled
    async with running_engine(ledger, probe, clock) as engine:
        while not probe.begun:
            await clock.advance(1.0)
        engine.put(ledger.order_test(100001, now=clock.now()))
        await clock.advance(40.0)
    assert [job.run.kind for job in probe.begun[:3]] == [RunKind.SCHEDULED, RunKind.TEST, RunKind.RECHECK]
    assert probe.most_under_way == 1


async def test_nothing_is_verified_once_the_engine_stops(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001)
    probe.seconds = 10.0
    probe.finds = fail
    async with running_engine(ledger, probe, clock) as engine, asyncio.TaskGroup() as group:
        while not probe.begun:
            await clock.advance(1.0)
        stop = group.create_task(engine.stop(grace_seconds=30.0))
        await clock.advance(30.0)
        assert stop.done()
    assert of_kind(ledger, RunKind.RECHECK) == []


async def test_a_run_of_the_outage_keeps_its_token_and_has_no_recheck(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001)
    async with running_engine(ledger, probe, clock) as engine:
        await clock.advance(65.0)
        probe.finds = fail
        ledger.is_away = True
        await clock.advance(60.0)
        token = probe.begun[-1].run.token
        assert token in engine.unwritten
        ledger.is_away = False
        await clock.advance(10.0)
    assert token in {run.token for run in ledger.of(100001, RunState.FINISHED)}
    assert of_kind(ledger, RunKind.RECHECK) == []


async def test_an_acceptance_is_in_the_ledger_while_the_run_is_under_way(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    ledger.put(100001)
    probe.seconds = 20.0
    async with running_engine(ledger, probe, clock) as engine:
        run = ledger.order_test(100001, now=clock.now())
        engine.put(run)
        await clock.advance(2.0)
        accepted_at = clock.now() - timedelta(seconds=0.5)
        engine.note_accepted(run, Accepted(reply="250 ok", at=clock.monotonic() - 0.5))
        await clock.advance(0.1)
        assert ledger.runs[run.id].state is RunState.RUNNING
    assert (ledger.accepted[run.id].at, ledger.accepted[run.id].reply) == (accepted_at, "250 ok")


async def test_when_all_servers_are_out_of_reach_it_is_the_location(
    ledger: FakeLedger, probe: FakeProbe, clock: FakeClock
) -> None:
    for number in range(5):
        ledger.put(100001 + number, make_settings(smtp_server=f"mx{number}.example.com", enabled=False))
    probe.finds = lambda _job: UNREACHED
    async with running_engine(ledger, probe, clock) as engine:
        for number in range(5):
            engine.put(ledger.order_test(100001 + number, now=clock.now()))
            await clock.advance(2.0)
        assert engine.health().is_network_lost
    statuses = [run.result.status for run in ledger.runs.values() if run.result]
    assert statuses == [StatusCode.CONNECTION_FAILED] * 2 + [StatusCode.LOCATION_LOST] * 3
    assert ledger.excused == [run.id for run in ledger.runs.values()][:2]
