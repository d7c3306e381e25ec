"""What the public is shown is made once in a while, however many ask."""

import asyncio

import pytest

from mailtrip.errors import NotFound
from mailtrip.testing.clock import FakeClock
from mailtrip.web.status_cache import FRESH, Shown, ShownPart, StatusCache


def shown(word: str) -> Shown:
    part = ShownPart(content=word.encode(), media_type="text/html", etag='W/"1"', is_compressed=False)
    return Shown(page=part, feed=part, logo=None)


class Source:
    """Makes pages, one after the other when `gate` opens."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.made = 0
        self.is_gone = False

    async def __call__(self) -> Shown:
        await self.gate.wait()
        if self.is_gone:
            raise NotFound("there is no such status page")
        self.made += 1
        return shown(str(self.made))


async def test_it_is_made_anew_when_its_time_is_over() -> None:
    clock, source = FakeClock(), Source()
    cache = StatusCache(clock.monotonic)
    first = await cache.find("a", source)
    clock.move(FRESH.total_seconds() - 1)
    assert await cache.find("a", source) is first
    clock.move(1)

    assert (await cache.find("a", source)).page.content == b"2"


async def test_all_who_ask_at_once_wait_for_one() -> None:
    source = Source()
    source.gate.clear()
    cache = StatusCache(FakeClock().monotonic)
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(cache.find("a", source)) for _ in range(50)]
        await asyncio.sleep(0)
        source.gate.set()

    assert {task.result().page.content for task in asked} == {b"1"}


async def test_what_is_gone_is_not_shown_any_more_and_not_remembered() -> None:
    clock, source = FakeClock(), Source()
    cache = StatusCache(clock.monotonic)
    await cache.find("a", source)
    source.is_gone = True
    clock.move(FRESH.total_seconds())
    for _ in range(2):
        with pytest.raises(NotFound):
            await cache.find("a", source)
    source.is_gone = False

    assert (await cache.find("a", source)).page.content == b"2"


async def test_a_page_that_was_forgotten_is_made_anew_for_the_next() -> None:
    source = Source()
    cache = StatusCache(FakeClock().monotonic)
    await cache.find("a", source)
    cache.forget("a")

    assert (await cache.find("a", source)).page.content == b"2"


async def test_no_more_than_a_hundred_pages_are_kept_those_asked_for_last() -> None:
    source = Source()
    cache = StatusCache(FakeClock().monotonic)
    for number in range(100):
        await cache.find(str(number), source)
    await cache.find("0", source)
    await cache.find("100", source)
    await cache.find("0", source)
    assert source.made == 101

    await cache.find("1", source)
    assert source.made == 102
