"""What is asked of monitors and accounts again and again while results are taken in: read once in a transaction."""

from collections.abc import Iterable
from datetime import datetime

from mailtrip.model import Monitor, Run
from mailtrip.service.audience import Audience, monitors_of
from mailtrip.store import Connection

__all__ = ["Lookup"]


class Lookup:
    """Reads monitors and audiences when they are asked for, and remembers them.

    Args:
        connection: of a transaction, which it must not outlive.
        now: decides which blackouts are in force.
    """

    def __init__(self, connection: Connection, *, now: datetime) -> None:
        self._connection = connection
        self._now = now
        self._asked: set[int] = set()
        self._monitors: dict[int, Monitor] = {}
        self._audiences: dict[int, Audience] = {}

    def monitors_of(self, runs: Iterable[Run]) -> dict[int, Monitor]:
        """The monitors of runs; those that were removed are left out."""
        wanted = {run.monitor_id: run for run in runs}
        missing = [run for id_, run in wanted.items() if id_ not in self._asked]
        if missing:
            self._monitors |= monitors_of(self._connection, missing)
            self._asked |= wanted.keys()
        return {id_: self._monitors[id_] for id_ in wanted if id_ in self._monitors}

    def audience(self, account_id: int) -> Audience:
        """Who is told of what in an account."""
        if account_id not in self._audiences:
            self._audiences[account_id] = Audience(self._connection, account_id, now=self._now)
        return self._audiences[account_id]
