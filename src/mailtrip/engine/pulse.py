"""How long ago a loop last went round: one that stands still is as good as none."""

from datetime import timedelta

from mailtrip.clock import Clock

__all__ = ["Pulse"]


class Pulse:
    """Of one loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._at: float | None = None

    def beat(self) -> None:
        """The loop has gone round."""
        self._at = self._clock.monotonic()

    @property
    def idle(self) -> timedelta | None:
        """How long ago that was; None when it never did."""
        return None if self._at is None else timedelta(seconds=self._clock.monotonic() - self._at)
