"""The desk where runs report messages of other runs: over the ledger in the database."""

from collections.abc import Callable, Collection, Sequence

import structlog

from mailtrip.clock import Clock
from mailtrip.errors import Unavailable
from mailtrip.model import Stray
from mailtrip.service import ledger
from mailtrip.store import Database

__all__ = ["LedgerDesk"]

_log = structlog.get_logger(__name__)


class LedgerDesk:
    """Implements `mailtrip.probe.ports.StrayDesk`.

    Args:
        database: open.
        clock: tells when verdicts were revised.
        unwritten: tokens of runs that may not be in the ledger yet.
    """

    def __init__(self, database: Database, *, clock: Clock, unwritten: Callable[[], Collection[str]]) -> None:
        self._database = database
        self._clock = clock
        self._unwritten = unwritten

    async def settle(self, strays: Sequence[Stray]) -> Collection[str]:
        """Revise the verdicts of their runs. While the database is away all stay: a later visit sees them again."""
        unwritten = frozenset(self._unwritten())
        try:
            return await self._database.writing(
                lambda connection: ledger.settle(connection, strays, now=self._clock.now(), unwritten=unwritten)
            )
        except Unavailable as exc:
            _log.warning("leftover messages stay: the database is away", messages=len(strays), error=str(exc))
            return ()
