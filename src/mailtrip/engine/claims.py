"""Makes planned runs ours and loads what they need; goes on from memory while the database is away."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from mailtrip.clock import Clock
from mailtrip.engine.ports import Conclusion, Ledger, PlannedRun, RunJob
from mailtrip.errors import MailtripError, Unavailable
from mailtrip.model import Result, Run, RunState, StatusCode, Verdict

__all__ = ["Claims"]

_log = structlog.get_logger(__name__)

_DEADLINE_SECONDS = 1.0
_PAUSE_SECONDS = 1.0
"""How long the database is left alone after it could not be used: runs must not be late because of it."""

_MOST_UNWRITTEN = 10_000
_AWAY = "not started: the database was away, and the monitor's settings were not in memory"
_GONE = "the monitor was removed"


class Claims:
    """Turns planned runs into jobs.

    While the database is away, runs go on with the settings that were loaded for the monitor's run before. Such a run
    has a provisional id below zero; the ledger adds it when the database is back.

    Each run gets the token of its message here, where it sends one, so that the message is in the ledger before there
    is one.

    Attributes:
        unwritten: tokens of runs that were begun while the database was away: they may not be in the ledger yet.

    Args:
        conclude: takes the conclusions of runs that can't become a job.
        new_token: makes a token for a message of the monitor with this id; None where it sends none.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        clock: Clock,
        conclude: Callable[[Conclusion], None],
        new_token: Callable[[int], str | None],
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._conclude = conclude
        self._new_token = new_token
        self._known: dict[int, RunJob] = {}
        self._provisional_id = 0
        self.unwritten: deque[str] = deque(maxlen=_MOST_UNWRITTEN)
        self._leave_alone_until = 0.0

    async def take(self, planned: Sequence[PlannedRun]) -> list[RunJob]:
        """Claim runs and load their jobs, in the order given; those that someone else has are left out."""
        planned = [replace(plan, token=self._new_token(plan.monitor_id)) for plan in planned]
        if self._clock.monotonic() >= self._leave_alone_until:
            try:
                async with asyncio.timeout(_DEADLINE_SECONDS):
                    runs = await self._ledger.claim(planned)
            except (Unavailable, TimeoutError) as exc:
                self._note_away(exc)
            else:
                places = {_key(plan): place for place, plan in enumerate(planned)}
                return await self.load(sorted(runs, key=lambda run: places[_key(run)]))
        return self._from_memory([self._provisional(plan) for plan in planned])

    async def load(self, runs: Sequence[Run]) -> list[RunJob]:
        """The jobs of runs that are ours, in the order given; a run that can't become a job is concluded."""
        if not runs:
            return []
        try:
            async with asyncio.timeout(_DEADLINE_SECONDS):
                jobs = await self._ledger.load_jobs(runs)
        except (Unavailable, TimeoutError) as exc:
            self._note_away(exc)
            return self._from_memory(runs)
        except MailtripError as exc:
            return await self._load_each(runs, exc)
        loaded = {job.run.id for job in jobs}
        for run in runs:
            if run.id not in loaded:
                self._conclude(Conclusion(run=run, state=RunState.SKIPPED, note=_GONE))
        self._known.update((job.run.monitor_id, job) for job in jobs)
        return jobs

    def forget(self, monitor_id: int) -> None:
        """The monitor was disabled or removed: its settings and passwords leave the memory."""
        self._known.pop(monitor_id, None)

    async def _load_each(self, runs: Sequence[Run], exc: MailtripError) -> list[RunJob]:
        """One of them can't be loaded; the others must not suffer from it."""
        if len(runs) > 1:
            return [job for run in runs for job in await self.load([run])]
        _log.error("monitor can't be loaded", monitor=runs[0].monitor_id, error=str(exc))
        result = Result(
            verdict=Verdict.UNKNOWN,
            status=StatusCode.INTERNAL_ERROR,
            step=None,
            summary=f"Internal error: the monitor can't be loaded: {exc}",
            started_at=self._clock.now(),
            duration=runs[0].slot - runs[0].slot,
        )
        self._conclude(Conclusion(run=runs[0], state=RunState.FINISHED, result=result))
        return []

    def _from_memory(self, runs: Sequence[Run]) -> list[RunJob]:
        jobs = []
        for run in runs:
            known = self._known.get(run.monitor_id)
            if known is None:
                self._conclude(Conclusion(run=run, state=RunState.NOT_MEASURED, note=_AWAY))
            else:
                jobs.append(replace(known, run=run))
        return jobs

    def _provisional(self, planned: PlannedRun) -> Run:
        if planned.token is not None:
            self.unwritten.append(planned.token)
        self._provisional_id -= 1
        return Run(
            id=self._provisional_id,
            account_id=planned.account_id,
            monitor_id=planned.monitor_id,
            location_id=planned.location_id,
            slot=planned.slot,
            kind=planned.kind,
            state=RunState.RUNNING,
            token=planned.token,
        )

    def _note_away(self, exc: Exception) -> None:
        _log.warning("database away; runs go on from memory", error=str(exc) or type(exc).__name__)
        self._leave_alone_until = self._clock.monotonic() + _PAUSE_SECONDS


def _key(run: PlannedRun | Run) -> tuple[object, ...]:
    return run.monitor_id, run.location_id, run.slot, run.kind
