"""What is shown to the public, kept for a moment: however many ask for a page, the database is asked once in a while."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from mailtrip.errors import NotFound

__all__ = ["FRESH", "Shown", "ShownPart", "StatusCache"]

FRESH: Final = timedelta(seconds=20)
"""How long what was found is shown."""
_MOST: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPart:
    """A page, a feed or a picture, as it is served.

    Attributes:
        content: compressed by gzip where `is_compressed`.
        etag: as the header has it.
    """

    content: bytes = field(repr=False)
    media_type: str
    etag: str
    is_compressed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """All that is shown at one address; `logo` is None without one."""

    page: ShownPart
    feed: ShownPart
    logo: ShownPart | None


class StatusCache:
    """The pages that were asked for last, 100 at most.

    Args:
        monotonic: seconds of a clock that only goes on.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._kept: OrderedDict[str, tuple[float, Shown]] = OrderedDict()
        self._making: dict[str, tuple[asyncio.Lock, int]] = {}

    async def find(self, slug: str, make: Callable[[], Awaitable[Shown]]) -> Shown:
        """What is shown at this address. Those who ask at the same time wait for one who makes it.

        Raises:
            NotFound: `make` says that there is nothing; that is not kept.
        """
        shown = self._fresh(slug)
        if shown is not None:
            return shown
        async with self._alone(slug):
            shown = self._fresh(slug)
            if shown is None:
                try:
                    shown = await make()
                except NotFound:
                    self.forget(slug)
                    raise
                self._keep(slug, shown)
        return shown

    def forget(self, slug: str) -> None:
        """Have the page made anew for whoever asks next."""
        self._kept.pop(slug, None)

    def _fresh(self, slug: str) -> Shown | None:
        kept = self._kept.get(slug)
        if kept is None or self._monotonic() - kept[0] >= FRESH.total_seconds():
            return None
        self._kept.move_to_end(slug)
        return kept[1]

    def _keep(self, slug: str, shown: Shown) -> None:
        self._kept[slug] = (self._monotonic(), shown)
        self._kept.move_to_end(slug)
        if len(self._kept) > _MOST:
            self._kept.popitem(last=False)

    @asynccontextmanager
    async def _alone(self, slug: str) -> AsyncIterator[None]:
        lock, waiting = self._making.get(slug, (asyncio.Lock(), 0))
        self._making[slug] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._making.pop(slug)
            if waiting > 1:
                self._making[slug] = (lock, waiting - 1)
