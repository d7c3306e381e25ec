"""The meter of the event loop's own lag, which is part of each measurement's error."""

from collections import deque
from datetime import timedelta

from mailtrip.clock import Clock

__all__ = ["LagMeter", "Peak"]

_KEPT_SECONDS = 900.0
"""Longer than any run: its timeout is at most 300 s, and it may wait 60 s for its start."""


class Peak:
    """The greatest of many numbers since any moment.

    Kept as a falling staircase of (moment, number): the greatest since a moment is the first step that is not older.
    The staircase is short however many numbers come.
    """

    def __init__(self) -> None:
        self._steps: deque[tuple[float, float]] = deque()

    def note(self, number: float, *, at: float) -> None:
        """Take one number, found at the monotonic time `at`; times never fall."""
        while self._steps and self._steps[-1][1] <= number:
            self._steps.pop()
        self._steps.append((at, number))
        while self._steps[0][0] < at - _KEPT_SECONDS:
            self._steps.popleft()

    def since(self, at: float) -> float:
        """The greatest since the monotonic time `at`, at most a quarter of an hour ago; 0 when there is none above it."""
        return next((max(0.0, number) for noted_at, number in self._steps.copy() if noted_at >= at), 0.0)


class LagMeter:
    """Sleeps for a short while again and again, and notes how much too late it woke."""

    def __init__(self, clock: Clock, *, every: timedelta) -> None:
        self._clock = clock
        self._every = every.total_seconds()
        self._peak = Peak()
        self._wakes_at: float | None = None

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            wakes_at = self._wakes_at = self._clock.monotonic() + self._every
            await self._clock.sleep(self._every)
            woke_at = self._clock.monotonic()
            self._peak.note(woke_at - wakes_at, at=woke_at)

    def since(self, at: float) -> timedelta:
        """The greatest lag since the monotonic time `at`, a stall that is going on included."""
        overdue = self._clock.monotonic() - self._wakes_at if self._wakes_at is not None else 0.0
        return timedelta(seconds=max(0.0, overdue, self._peak.since(at)))
