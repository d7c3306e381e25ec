"""A clock that stands still until it is told to move; nothing here reads the machine's own clocks."""

import asyncio
import heapq
import itertools
from datetime import UTC, datetime, timedelta

__all__ = ["FakeClock"]

_ROUNDS = 20


class FakeClock:
    """A `Clock` whose time moves by `advance` and `move` only, or, with `autojump`, whenever everybody sleeps.

    It knows nothing of threads and sockets: with `autojump`, time jumps to the earliest sleeper's hour after the
    event loop has turned 20 times without anybody starting or ending a sleep. So use it for code without I/O.

    Args:
        start: the first time of day, aware.
        autojump: whether time moves by itself when only sleepers are left.
    """

    def __init__(self, start: datetime = datetime(2026, 1, 1, 12, tzinfo=UTC), *, autojump: bool = False) -> None:
        self._start = start
        self._elapsed = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._autojump = autojump
        self._stirs = 0
        self._is_watching = False

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._order), waiter))
        self._stirs += 1
        if self._autojump and not self._is_watching:
            self._is_watching = True
            loop.call_soon(self._watch, loop, self._stirs, 0)
        try:
            await waiter
        finally:
            self._stirs += 1

    @property
    def sleepers(self) -> int:
        """How many sleeps are under way."""
        return sum(not waiter.done() for _, _, waiter in self._sleepers)

    def move(self, seconds: float) -> None:
        """Move time at once; sleepers whose hour has come run when the event loop next turns."""
        self._move_to(self._elapsed + seconds)

    async def advance(self, seconds: float) -> None:
        """Move time hour by hour: each sleeper wakes at its own time and runs on before time moves further."""
        await _let_others_run()
        target = self._elapsed + seconds
        while (due := self._next_due()) is not None and due <= target:
            self._move_to(due)
            await _let_others_run()
        self._move_to(target)
        await _let_others_run()

    def _next_due(self) -> float | None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    def _move_to(self, elapsed: float) -> None:
        self._elapsed = max(self._elapsed, elapsed)
        while (due := self._next_due()) is not None and due <= self._elapsed:
            heapq.heappop(self._sleepers)[2].set_result(None)

    def _watch(self, loop: asyncio.AbstractEventLoop, stirs: int, quiet_rounds: int) -> None:
        due = self._next_due()
        if due is None:
            self._is_watching = False
            return
        if stirs != self._stirs:
            stirs, quiet_rounds = self._stirs, 0
        elif quiet_rounds >= _ROUNDS:
            self._move_to(due)
            quiet_rounds = 0
        loop.call_soon(self._watch, loop, stirs, quiet_rounds + 1)


async def _let_others_run() -> None:
    for _ in range(_ROUNDS):
        await asyncio.sleep(0)
