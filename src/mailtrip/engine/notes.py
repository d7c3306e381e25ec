"""Writes down what is learnt of runs beside their ends: acceptances, and failures that were no server's."""

import asyncio
from collections import deque
from collections.abc import Sequence

import structlog

from mailtrip.clock import Clock
from mailtrip.engine.alarm import Alarm
from mailtrip.engine.ports import Acceptance, Ledger
from mailtrip.errors import Unavailable

__all__ = ["Notes"]

_log = structlog.get_logger(__name__)

_GATHER_SECONDS = 0.02
_RETRY_SECONDS = 1.0
_DEADLINE_SECONDS = 10.0
_BATCH = 500
_MOST = 10_000


class Notes:
    """Takes notes at any time and writes them soon, many at once. Nothing waits for it.

    While the database is away the newest 10,000 of each kind are kept: an acceptance only matters when the program ends
    before its run does.
    """

    def __init__(self, ledger: Ledger, *, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._alarm = Alarm(clock)
        self._accepted: deque[Acceptance] = deque(maxlen=_MOST)
        self._excused: deque[int] = deque(maxlen=_MOST)

    def accept(self, acceptance: Acceptance) -> None:
        """The SMTP server took a message."""
        self._accepted.append(acceptance)
        self._alarm.ring()

    def excuse(self, run_ids: Sequence[int]) -> None:
        """These runs blamed a server where the location had lost its network."""
        if run_ids:
            self._excused.extend(run_ids)
            self._alarm.ring()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._alarm.wait()
            await self._clock.sleep(_GATHER_SECONDS)
            while (self._accepted or self._excused) and not await self._write_some():
                await self._clock.sleep(_RETRY_SECONDS)

    async def _write_some(self) -> bool:
        """Write the oldest of each kind; False when something has to be tried again later."""
        accepted = [self._accepted.popleft() for _ in range(min(_BATCH, len(self._accepted)))]
        excused = [self._excused.popleft() for _ in range(min(_BATCH, len(self._excused)))]
        try:
            async with asyncio.timeout(_DEADLINE_SECONDS):
                if accepted:
                    await self._ledger.note_accepted(accepted)
                if excused:
                    # A run whose result waits to be written is excused after that.
                    early = await self._ledger.excuse(excused)
                    self._excused.extend(early)
                    return not early
        except (Unavailable, TimeoutError):
            self._accepted.extendleft(reversed(accepted))
            self._excused.extendleft(reversed(excused))
            return False
        except Exception:  # noqa: BLE001 - whatever it is, it must not end the service, nor come again and again
            _log.exception("notes of runs can't be written", acceptances=len(accepted), excuses=len(excused))
        return True
