"""Gives up messages that never came, adds runs up for reports, removes what is old: once an hour, in small pieces."""

from typing import Protocol

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
    """Calls the ledger's `lose`, `add_up` and `expire` until nothing is left to do, an hour later again."""

    def __init__(self, ledger: Ledger, *, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    async def run(self) -> None:
        """Work until cancelled."""
        await self._clock.sleep(_FIRST_AFTER_SECONDS)
        while True:
            try:
                await self._do_all(self._ledger.lose, "messages given up as lost")
                await self._do_all(self._ledger.add_up, "added up for reports")
                await self._do_all(self._ledger.expire, "expired")
            except Unavailable as exc:
                _log.warning("upkeep put off: the database is away", error=str(exc))
            await self._clock.sleep(_EVERY_SECONDS)

    async def _do_all(self, do_some: "_DoSome", event: str) -> None:
        rows = 0
        while number := await do_some(limit=_PIECE):
            rows += number
            await self._clock.sleep(_PAUSE_SECONDS)
        if rows:
            _log.info(event, rows=rows)


class _DoSome(Protocol):
    async def __call__(self, *, limit: int) -> int: ...
