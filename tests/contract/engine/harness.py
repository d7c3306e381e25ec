"""What the tests of the engine over real databases share: a database that time waits for."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import TypeVar

import pytest
from sqlalchemy import Connection
from tests.contract.store.builders import ADMIN

from mailtrip.model import Run, RunState
from mailtrip.service import runs
from mailtrip.store import Database
from mailtrip.testing.clock import FakeClock

__all__ = ["WatchedDatabase", "read_runs", "until"]

T = TypeVar("T")


class WatchedDatabase(Database):
    """The real one, which knows when its threads are done."""

    work_in_hand = 0

    async def reading(self, work: Callable[[Connection], T]) -> T:
        return await self._watch(super().reading(work))

    async def writing(self, work: Callable[[Connection], T]) -> T:
        return await self._watch(super().writing(work))

    async def settle(self, clock: FakeClock) -> None:
        """Wait until nothing is left to do without time moving on."""
        await clock.advance(0.0)
        while self.work_in_hand:
            await asyncio.sleep(0.001)
            await clock.advance(0.0)

    async def _watch(self, working: Coroutine[object, object, T]) -> T:
        self.work_in_hand += 1
        try:
            return await working
        finally:
            self.work_in_hand -= 1


async def until(database: WatchedDatabase, clock: FakeClock, is_true: Callable[[], bool]) -> None:
    """Move time in small steps until it is so; time stands still while the database works."""
    for _ in range(2000):
        await database.settle(clock)
        if is_true():
            return
        await clock.advance(0.5)
    pytest.fail("it did not come to be within 1000 s")


def read_runs(database: Database, monitor_id: int, *states: RunState) -> list[Run]:
    """Runs of a monitor in these states (all when none is named), by slot."""
    found = database.read(lambda connection: runs.page(connection, ADMIN, monitor_id, limit=1000))
    return [run for run in reversed(found) if not states or run.state in states]
