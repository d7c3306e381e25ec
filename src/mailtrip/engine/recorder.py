"""Writes down how runs ended, many in one transaction, and holds them while the database is away."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from mailtrip.clock import Clock
from mailtrip.engine.alarm import Alarm
from mailtrip.engine.buffer import ConclusionBuffer
from mailtrip.engine.ports import Conclusion, Ledger
from mailtrip.errors import Unavailable
from mailtrip.model import Result, StatusCode, Verdict

__all__ = ["Recorder"]

_log = structlog.get_logger(__name__)

_BATCH = 500
_GATHER_SECONDS = 0.05
_DEADLINE_SECONDS = 10.0
"""For one transaction. One that gets through after all does no harm: a run that has ended keeps its end."""
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0


class Recorder:
    """Takes conclusions at any time and writes them soon: within 50 ms, at most 500 in a transaction.

    While the database is away they wait in a bounded buffer, and writing is tried again after 0.1 s, then after ever
    longer pauses of at most 5 s.

    Attributes:
        away_since: since when the database can't be written; None when the last attempt went well.
        is_behind: more came at once than go into a transaction, and not all of it is written yet.
    """

    def __init__(self, ledger: Ledger, *, clock: Clock, capacity: int, lines: int) -> None:
        self._ledger = ledger
        self._clock = clock
        self._buffer = ConclusionBuffer(capacity=capacity, lines=lines)
        self._alarm = Alarm(clock)
        self._pause = _FIRST_PAUSE_SECONDS
        self._writing = 0
        self.away_since: datetime | None = None
        self.is_behind = False

    @property
    def pending(self) -> int:
        """How many conclusions are not written yet."""
        return len(self._buffer) + self._writing

    @property
    def dropped(self) -> int:
        """How many results are lost since the start, because there was no more room for them."""
        return self._buffer.dropped

    @property
    def stripped(self) -> int:
        """How many results lost their transcripts since the start, because there was no more room for them."""
        return self._buffer.stripped

    def add(self, conclusion: Conclusion) -> None:
        """Take one more; never waits, never fails."""
        dropped = self.dropped
        self._buffer.add(conclusion)
        if self.dropped > dropped:
            _log.error("result dropped", dropped=self.dropped, monitor=conclusion.run.monitor_id)
        self._alarm.ring()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._alarm.wait()
            await self._clock.sleep(_GATHER_SECONDS)
            while self._buffer:
                if not await self._write_some(_DEADLINE_SECONDS):
                    await self._clock.sleep(self._pause)
                    self._pause = min(self._pause * 2, _LONGEST_PAUSE_SECONDS)

    async def flush(self, *, seconds: float) -> int:
        """Write what is left, trying for at most `seconds`; how many could not be written. For the end, after `run`."""
        give_up_at = self._clock.monotonic() + seconds
        while self._buffer:
            if not await self._write_some(max(0.0, give_up_at - self._clock.monotonic())):
                if self._clock.monotonic() + self._pause > give_up_at:
                    _log.error("results lost at the end: the database is away", lost=self.pending)
                    break
                await self._clock.sleep(self._pause)
        return self.pending

    async def _write_some(self, deadline_seconds: float) -> bool:
        """Write the oldest; False when the database is away."""
        batch = self._buffer.take(_BATCH)
        self._writing = len(batch)
        self.is_behind |= bool(self._buffer)
        is_written = False
        try:
            async with asyncio.timeout(deadline_seconds):
                await self._conclude(batch)
            is_written = True
        except (Unavailable, TimeoutError) as exc:
            self._note_away(exc)
        finally:
            self._writing = 0
            if not is_written:
                self._buffer.put_back(batch)
        if is_written:
            self.is_behind &= bool(self._buffer)
            self._note_back()
        return is_written

    async def _conclude(self, batch: Sequence[Conclusion]) -> None:
        """Write these; one that can't be written must not keep back the others, nor end the service."""
        try:
            await self._ledger.conclude(batch)
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001 - whatever it is, it must stop at this one result
            if len(batch) > 1:
                await self._conclude(batch[: len(batch) // 2])
                await self._conclude(batch[len(batch) // 2 :])
                return
            _log.exception("result can't be written", monitor=batch[0].run.monitor_id, run=batch[0].run.id)
            bare = _without_findings(batch[0])
            if bare != batch[0]:
                await self._conclude([bare])

    def _note_away(self, exc: Exception) -> None:
        if self.away_since is None:
            self.away_since = self._clock.now()
            _log.error(
                "database away; results are held", error=str(exc) or type(exc).__name__, pending=len(self._buffer)
            )

    def _note_back(self) -> None:
        self._pause = _FIRST_PAUSE_SECONDS
        if self.away_since is not None:
            _log.warning("database back", away_since=self.away_since.isoformat(), dropped=self.dropped)
            self.away_since = None


def _without_findings(conclusion: Conclusion) -> Conclusion:
    """At least that there was a run. What it found can't be written, which is a fault of ours."""
    result = conclusion.result
    if result is None:
        return conclusion
    bare = Result(
        verdict=Verdict.UNKNOWN,
        status=StatusCode.INTERNAL_ERROR,
        step=None,
        summary="Internal error: what the run found could not be written (see the log)",
        started_at=result.started_at,
        duration=result.duration,
        lag=result.lag,
    )
    return replace(conclusion, result=bare)
