"""When API tokens were used last is stored once a minute, and when the service stops."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from mailtrip.bootstrap.token_uses import keep_token_uses
from mailtrip.errors import Unavailable
from mailtrip.service.api_tokens import TokenUses
from mailtrip.store import Connection
from mailtrip.testing.clock import FakeClock

T = TypeVar("T")


class StandIn:
    """A database that notes what is to be stored, and is away when told."""

    def __init__(self) -> None:
        self.stored: list[Any] = []  # Any: uses by id
        self.is_away = False

    async def writing(self, work: Callable[[Connection], T]) -> None:
        if self.is_away:
            raise Unavailable("away")
        self.stored.append(work.keywords["uses"])  # type: ignore[attr-defined]  # it is a partial


async def test_uses_are_stored_once_a_minute_and_at_the_end() -> None:
    clock, uses, database = FakeClock(), TokenUses(), StandIn()
    keeping = asyncio.create_task(keep_token_uses(database, uses, clock=clock))  # type: ignore[arg-type]  # a stand-in
    first = clock.now()
    uses.note(1, at=first)
    await clock.advance(59)
    assert database.stored == []
    await clock.advance(61)
    assert database.stored == [{1: first}]  # the second minute had none
    last = clock.now()
    uses.note(1, at=last)
    uses.note(2, at=last)
    keeping.cancel()
    await asyncio.wait([keeping])
    assert database.stored == [{1: first}, {1: last, 2: last}]


async def test_uses_that_could_not_be_stored_are_stored_later_unless_there_is_a_newer_one() -> None:
    clock, uses, database = FakeClock(), TokenUses(), StandIn()
    keeping = asyncio.create_task(keep_token_uses(database, uses, clock=clock))  # type: ignore[arg-type]  # a stand-in
    database.is_away = True
    first = clock.now()
    uses.note(1, at=first)
    uses.note(2, at=first)
    await clock.advance(60)
    database.is_away = False
    last = clock.now()
    uses.note(2, at=last)
    await clock.advance(60)
    keeping.cancel()
    await asyncio.wait([keeping])
    assert database.stored == [{1: first, 2: last}]
