"""The desk where runs report messages of other runs."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from mailtrip.bootstrap.desk import LedgerDesk
from mailtrip.errors import Unavailable
from mailtrip.model import Stray
from mailtrip.store import Connection, Database
from mailtrip.testing.clock import FakeClock

T = TypeVar("T")


class LostDatabase(Database):
    """One that is away for writers."""

    async def writing(self, work: Callable[[Connection], T]) -> T:
        raise Unavailable(f"the database is away, {work} is not done")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=[Database, LostDatabase])
def database(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Iterator[Database]:
    kind: type[Database] = request.param
    opened = kind.open(f"sqlite:///{tmp_path / 'mailtrip.db'}", clock=clock)
    yield opened
    opened.close()


async def test_only_messages_that_nobody_waits_for_may_go_and_none_while_the_database_is_away(
    database: Database, clock: FakeClock
) -> None:
    strays = [
        Stray(token=token, folder="INBOX", key=token, received_at=None, asked_at=clock.now(), seen_at=clock.now())
        for token in ("a", "b")
    ]
    desk = LedgerDesk(database, clock=clock, unwritten=lambda: ["a"])
    free = await desk.settle(strays)
    assert set(free) == (set() if isinstance(database, LostDatabase) else {"b"})
