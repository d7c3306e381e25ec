"""Times that repeat: a pattern of offsets, over and over, from an anchor on in both directions. Counted, not walked."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta

__all__ = ["Cadence"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """The times `anchor + n * period + offset`, for each whole number `n` and each offset.

    Attributes:
        offsets: at least one, ascending, from zero to below the period.

    Raises:
        ValueError: when the offsets are not so.
    """

    anchor: datetime
    period: timedelta
    offsets: tuple[timedelta, ...] = (timedelta(0),)

    def __post_init__(self) -> None:
        edges = (timedelta(0), *self.offsets, self.period)
        if not self.offsets or sorted(set(self.offsets)) != list(self.offsets) or min(edges) < edges[0]:
            raise ValueError("offsets are one or more, ascending, and not below zero")
        if self.offsets[-1] >= self.period:
            raise ValueError("offsets lie within the period")

    def next(self, after: datetime) -> datetime:
        """The first time later than `after`."""
        return self.at(self.rank(after))

    def rank(self, moment: datetime) -> int:
        """How many of the times, counted from the anchor, are not later than the moment; below zero before the anchor.

        What lies between two moments, the earlier one left out, are the times `at(rank(earlier))` up to, and without,
        `at(rank(later))`.
        """
        turns, rest = divmod(moment - self.anchor, self.period)
        return turns * len(self.offsets) + bisect_right(self.offsets, rest)

    def at(self, index: int) -> datetime:
        """The time with this index; that with index 0 is the first one not before the anchor."""
        turns, place = divmod(index, len(self.offsets))
        return self.anchor + turns * self.period + self.offsets[place]
