"""Makes one run and says how it ended, whatever happens."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from mailtrip.clock import Clock
from mailtrip.engine.lag import LagMeter
from mailtrip.engine.ports import Conclusion, Probe, RunJob
from mailtrip.engine.verdicts import own_up
from mailtrip.model import Result, RunState, Severity, StatusCode, Verdict

__all__ = ["Worker"]

_log = structlog.get_logger(__name__)


class Worker:
    """Calls the probe. An exception of it is our own fault: logged with its trace, and never red.

    Args:
        probe: makes a run.
        clock: tells the times of a run that fails on our side.
        lag: its greatest value during a run becomes part of the result.
        overtime: how much longer than the run's timeout a probe may take before it is taken for hung.
    """

    def __init__(
        self, probe: Probe, *, clock: Clock, lag: LagMeter, overtime: timedelta = timedelta(seconds=30)
    ) -> None:
        self._probe = probe
        self._clock = clock
        self._lag = lag
        self._overtime = overtime

    async def work(self, job: RunJob) -> Conclusion:
        """Make the run, which ends with a result unless it is cancelled."""
        started_at = self._clock.now()
        begun = self._clock.monotonic()
        try:
            result = await self._run(job)
        except asyncio.CancelledError:
            _log.warning("run cut short", **_names(job))
            raise
        except Exception as exc:  # noqa: BLE001 - our own fault, whatever it is, becomes the run's verdict
            _log.exception("run failed on our side", **_names(job))
            result = _internal_error(exc, started_at=started_at, seconds=self._clock.monotonic() - begun)
        passed = timedelta(seconds=self._clock.monotonic() - begun)
        result = replace(result, lag=max(result.lag, self._lag.since(begun)))
        result = own_up(result, jump=self._clock.now() - started_at - passed, resumed=job.run if job.resumes else None)
        _log_run(job, result, lateness=started_at - job.run.slot)
        return Conclusion(run=job.run, state=RunState.FINISHED, result=result)

    async def _run(self, job: RunJob) -> Result:
        async with asyncio.timeout((job.settings.run_timeout + self._overtime).total_seconds()):
            return await self._probe(job)


def _internal_error(exc: Exception, *, started_at: datetime, seconds: float) -> Result:
    """The text of an exception may quote what must not be shown: its type has to do, the log has the rest."""
    return Result(
        verdict=Verdict.UNKNOWN,
        status=StatusCode.INTERNAL_ERROR,
        step=None,
        summary=f"Internal error: {type(exc).__name__} (see the log); this says nothing about the mail servers",
        started_at=started_at,
        duration=timedelta(seconds=seconds),
    )


def _names(job: RunJob) -> dict[str, object]:
    run = job.run
    return {
        "monitor": run.monitor_id,
        "name": job.settings.name,
        "run": run.id,
        "location": run.location_id,
        "slot": run.slot.isoformat(),
        "kind": str(run.kind),
    }


def _log_run(job: RunJob, result: Result, *, lateness: timedelta) -> None:
    """One line has it all, so that nobody has to put a run together from many."""
    log = _log.info if result.status.severity is Severity.OK else _log.warning
    log(
        "run",
        **_names(job),
        verdict=str(result.verdict),
        status=int(result.status),
        step=str(result.step) if result.step else None,
        summary=result.summary,
        duration_ms=_milliseconds(result.duration),
        steps_ms={str(timing.step): _milliseconds(timing.duration) for timing in result.timings},
        late_ms=_milliseconds(lateness),
        lag_ms=_milliseconds(result.lag),
    )


def _milliseconds(duration: timedelta) -> float:
    return round(duration.total_seconds() * 1000, 1)
