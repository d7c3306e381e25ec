import gc
from collections.abc import Iterator

import pytest

from mailtrip.bootstrap.loop import run_async


@pytest.fixture
def collector() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


async def collections_while_much_is_made() -> list[int]:
    before = [generation["collections"] for generation in gc.get_stats()]
    kept: list[list[int]] = [[] for _ in range(15_000)]
    after = [generation["collections"] for generation in gc.get_stats()]
    del kept
    return [count - earlier for count, earlier in zip(after, before, strict=True)]


@pytest.mark.usefixtures("collector")
def test_what_runs_is_seldom_stopped_by_the_garbage_collector() -> None:
    assert run_async(collections_while_much_is_made()) == [0, 0, 0]


@pytest.mark.usefixtures("collector")
def test_what_was_there_before_is_not_gone_through_again() -> None:
    async def frozen() -> int:
        return gc.get_freeze_count()

    assert run_async(frozen()) > 10_000
