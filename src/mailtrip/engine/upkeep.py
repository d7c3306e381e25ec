"""Removes what is older than its retention: once an hour, in small pieces, off the way of the runs."""

import structlog

from mailtrip.clock import Clock
from mailtrip.engine.ports import Ledger
from mailtrip.errors import Unavailable

__all__ = ["Upkeep"]

_log = structlog.get_logger(__name__)

_EVERY_SECONDS = 3600.0
_FIRST_AFTER_SECONDS = 60.0
_PIECE = 500
_PAUSE_SECONDS = 0.1


class Upkeep:
    """Calls the ledger's `expire` until nothing is left to remove, an hour later again."""

    def __init__(self, ledger: Ledger, *, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    async def run(self) -> None:
        """Work until cancelled."""
        await self._clock.sleep(_FIRST_AFTER_SECONDS)
        while True:
            try:
                await self._expire()
            except Unavailable as exc:
                _log.warning("retention put off: the database is away", error=str(exc))
            await self._clock.sleep(_EVERY_SECONDS)

    async def _expire(self) -> None:
        removed = 0
        while number := await self._ledger.expire(limit=_PIECE):
            removed += number
            await self._clock.sleep(_PAUSE_SECONDS)
        if removed:
            _log.info("expired", rows=removed)
