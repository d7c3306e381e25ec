"""A wait that someone else can end: the one way in which loops of the engine pause."""

import asyncio

from mailtrip.clock import Clock

__all__ = ["Alarm"]


class Alarm:
    """One loop waits on it, anyone may ring; a ring while nobody waits ends the next wait at once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._event = asyncio.Event()

    def ring(self) -> None:
        self._event.set()

    async def wait(self, seconds: float | None = None) -> bool:
        """Wait until it rings, at most `seconds` (None: for ever); whether it rang."""
        if seconds is None:
            await self._event.wait()
        elif not self._event.is_set():
            await self._race(seconds)
        rang = self._event.is_set()
        self._event.clear()
        return rang

    async def _race(self, seconds: float) -> None:
        async with asyncio.TaskGroup() as group:
            contenders = {
                group.create_task(self._clock.sleep(seconds)),
                group.create_task(self._event.wait()),
            }
            await asyncio.wait(contenders, return_when=asyncio.FIRST_COMPLETED)
            for task in contenders:
                task.cancel()
