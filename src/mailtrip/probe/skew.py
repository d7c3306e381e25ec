"""How far a clock is off, as bounds and in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailtrip.model import ClockSkew

__all__ = ["Bounds", "own_skew", "server_skew"]

_ZERO = timedelta(0)
_RESOLUTION = timedelta(seconds=1)
_CLOSE = timedelta(seconds=5)
"""Bounds that are not further apart are one figure for people."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the most that a clock is ahead; negative is behind."""

    low: timedelta
    high: timedelta
    are_consistent: bool = True

    @classmethod
    def of(cls, times: Iterable[tuple[datetime, datetime, datetime]]) -> "Bounds":
        """What a clock's times tell, each of which was written between two true ones; at least one.

        Times that contradict each other, of a clock that jumped, give all that one of them allows.
        """
        bounds = [(time - latest, time - earliest + _RESOLUTION) for time, earliest, latest in times]
        lows, highs = [low for low, _ in bounds], [high for _, high in bounds]
        if max(lows) <= min(highs):
            return cls(max(lows), min(highs))
        return cls(min(lows), max(highs), are_consistent=False)


def server_skew(host: str | None, bounds: Bounds, *, is_certain: bool) -> ClockSkew:
    """The skew of a server's clock.

    Args:
        host: the server.
        bounds: of its clock.
        is_certain: its times lie outside of the trip; else it contradicts other servers, and one of them is wrong.
    """
    name = host or "an unnamed server"
    amount = _amount(bounds)
    if amount is None:
        text = f"the times of {name} do not agree with those of other servers"
    elif is_certain:
        text = f"the clock of {name} is {amount}"
    else:
        text = f"the clock of {name} is {amount}, compared with other servers on the way"
    return ClockSkew(host=host, low=bounds.low, high=bounds.high, text=text)


def own_skew(servers: Bounds) -> ClockSkew:
    """The skew of our clock, from bounds of how far the servers' clocks are ahead of it."""
    bounds = Bounds(-servers.high, -servers.low)
    amount = _amount(bounds) or "off"
    text = f"the clock of this machine seems to be {amount}: all servers on the way agree on that"
    return ClockSkew(host=None, low=bounds.low, high=bounds.high, text=text)


def _amount(bounds: Bounds) -> str | None:
    """How far off in words; None when it may be off in either direction."""
    if not (bounds.low > _ZERO or bounds.high < _ZERO):
        return None
    direction = "ahead" if bounds.low > _ZERO else "behind"
    least, most = sorted((abs(bounds.low), abs(bounds.high)))
    if most - least <= max(_CLOSE, most / 5):
        return f"about {_in_words((least + most) / 2)} {direction}"
    return f"between {_in_words(least)} and {_in_words(most)} {direction}"


def _in_words(duration: timedelta) -> str:
    seconds = duration.total_seconds()
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
