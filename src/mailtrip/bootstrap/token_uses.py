"""Keeps when API tokens were used last: once a minute, and when the service stops."""

from functools import partial
from typing import Final

import structlog

from mailtrip.clock import Clock
from mailtrip.errors import Unavailable
from mailtrip.service.api_tokens import TokenUses, store_uses
from mailtrip.store import Database

__all__ = ["keep_token_uses"]

_log = structlog.get_logger(__name__)

_EVERY_SECONDS: Final = 60.0


async def keep_token_uses(database: Database, uses: TokenUses, *, clock: Clock) -> None:
    """Work until cancelled; what is known then is stored still."""
    try:
        while True:
            await clock.sleep(_EVERY_SECONDS)
            await _store(database, uses)
    finally:
        await _store(database, uses)


async def _store(database: Database, uses: TokenUses) -> None:
    taken = uses.take()
    if not taken:
        return
    try:
        await database.writing(partial(store_uses, uses=taken))
    except Unavailable as exc:
        uses.give_back(taken)
        _log.warning("uses of API tokens not stored: the database is away", error=str(exc))
