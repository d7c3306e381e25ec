"""Keeping rollups: hours that are over are folded, runs from before there were rollups are added."""

from datetime import datetime, timedelta
from typing import Final

from mailtrip import store
from mailtrip.store import Connection

__all__ = ["keep"]

_OVER: Final = timedelta(minutes=70)
"""So long after an hour began, its runs have ended as a rule. What still changes is folded at once."""
_MOST_HOURS: Final = 100
"""At once, so that others can write in between."""


def keep(connection: Connection, *, now: datetime, limit: int) -> int:
    """Do some of what is to be done.

    Args:
        connection: of a writing transaction.
        now: tells which hours are over.
        limit: at most so many hours or runs in this call.

    Returns:
        How many it were. As long as it is not 0, there may be more: call again.
    """
    folded = store.rollups.fold(connection, before=now - _OVER, limit=min(limit, _MOST_HOURS))
    return folded or store.rollups.backfill(connection, limit=limit)
