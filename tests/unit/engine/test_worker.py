import asyncio
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from mailtrip.engine.lag import LagMeter
from mailtrip.engine.ports import Probe, RunJob
from mailtrip.engine.worker import Worker
from mailtrip.model import Result, RunState, StatusCode, Step, Timing, Verdict
from mailtrip.testing.clock import FakeClock
from mailtrip.testing.engine import make_job, make_result


def make_worker(probe: Probe, clock: FakeClock) -> Worker:
    return Worker(
        probe, clock=clock, lag=LagMeter(clock, every=timedelta(seconds=1)), overtime=timedelta(milliseconds=1)
    )


async def test_a_run_has_one_log_line_with_all_that_matters(clock: FakeClock) -> None:
    async def probe(job: RunJob) -> Result:
        timing = Timing(step=Step.SUBMIT, offset=timedelta(0), duration=timedelta(milliseconds=12.34))
        return make_result(clock.now(), timings=(timing,))

    job = make_job(100001, clock.now())
    clock.move(0.25)
    with capture_logs() as lines:
        conclusion = await make_worker(probe, clock).work(job)
    assert conclusion.state is RunState.FINISHED
    (line,) = lines
    assert line == {
        "event": "run",
        "log_level": "info",
        "monitor": 100001,
        "name": "monitor",
        "run": 100001,
        "location": 10,
        "slot": "2026-01-01T12:00:00+00:00",
        "kind": "scheduled",
        "verdict": "delivered",
        "status": 0,
        "step": None,
        "summary": "Delivered",
        "duration_ms": 1000.0,
        "steps_ms": {"submit": 12.3},
        "late_ms": 250.0,
        "lag_ms": 0.0,
    }


async def test_a_bad_run_is_logged_as_a_warning(clock: FakeClock) -> None:
    async def probe(job: RunJob) -> Result:
        return make_result(clock.now(), verdict=Verdict.MISSING, status=StatusCode.TIMEOUT, step=Step.WAIT)

    with capture_logs() as lines:
        await make_worker(probe, clock).work(make_job(100001, clock.now()))
    assert [(line["log_level"], line["step"]) for line in lines] == [("warning", "wait")]


async def test_an_exception_is_logged_with_its_trace_and_is_never_red(clock: FakeClock) -> None:
    async def probe(job: RunJob) -> Result:
        raise KeyError("pencil")

    with capture_logs() as lines:
        conclusion = await make_worker(probe, clock).work(make_job(100001, clock.now()))
    assert lines[0]["log_level"] == "error"
    assert lines[0]["exc_info"] is True
    result = conclusion.result
    assert result is not None
    assert (result.verdict, result.status) == (Verdict.UNKNOWN, StatusCode.INTERNAL_ERROR)
    assert result.summary == "Internal error: KeyError (see the log); this says nothing about the mail servers"


async def test_a_probe_that_hangs_is_ended_and_is_our_own_fault(clock: FakeClock) -> None:
    async def probe(job: RunJob) -> Result:
        await asyncio.Event().wait()
        raise AssertionError

    job = make_job(100001, clock.now(), timeout=timedelta(milliseconds=1))
    conclusion = await make_worker(probe, clock).work(job)
    assert conclusion.result is not None
    assert conclusion.result.status is StatusCode.INTERNAL_ERROR


async def test_a_cancelled_run_stays_cancelled(clock: FakeClock) -> None:
    async def probe(job: RunJob) -> Result:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await make_worker(probe, clock).work(make_job(100001, clock.now()))


async def test_the_greater_of_two_lags_is_kept(clock: FakeClock) -> None:
    async def probe(job: RunJob) -> Result:
        return make_result(clock.now(), lag=timedelta(milliseconds=7))

    conclusion = await make_worker(probe, clock).work(make_job(100001, clock.now()))
    assert conclusion.result is not None
    assert conclusion.result.lag == timedelta(milliseconds=7)
