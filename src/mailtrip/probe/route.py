"""How long a message took from hop to hop, by clocks of which each may be wrong.

What is certain bounds what is not: the message left after `sent_at`, was seen at `seen_at`, and passed the hops in their
order. Times that fit into that are taken as they are. A clock whose times don't fit measures no way between two servers;
how far it is off follows from the hops around it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailtrip.model import ClockSkew, Hop, Leg, Route
from mailtrip.probe.skew import Bounds, own_skew, server_skew

__all__ = ["measure_hops"]

_ZERO = timedelta(0)
_TOLERANCE = timedelta(seconds=2)
"""Times are whole seconds, some servers write when a transaction began, and good clocks differ by tenths."""


@dataclass(frozen=True, slots=True)
class _Stamp:
    """The time of the hop at `index`. Hops of one server share a clock."""

    index: int
    clock: str
    time: datetime


@dataclass(frozen=True, slots=True)
class _Span:
    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    def holds(self, time: datetime) -> bool:
        return self.start - _TOLERANCE <= time <= self.end + _TOLERANCE

    def as_delay(self, difference: timedelta) -> timedelta | None:
        """A difference of times as a delay; None when no message of this trip can have had it."""
        is_possible = -_TOLERANCE <= difference <= self.length + _TOLERANCE
        return min(max(difference, _ZERO), self.length) if is_possible else None


def measure_hops(hops: Sequence[Hop], *, sent_at: datetime, seen_at: datetime) -> Route:
    """Measure the way of a message.

    Args:
        hops: the oldest first.
        sent_at: when the conversation with the first server began, by our clock, aware.
        seen_at: when the message was seen, by our clock, aware; a time before `sent_at` counts as `sent_at`.

    Returns:
        One leg a hop. A delay is never negative and never longer than the whole trip: it is None with a note where the
        times say so. Where several servers agree with each other but not with us, it is our clock that is off, and only
        the ways between servers are measured.
    """
    stamps = [_Stamp(i, (hop.by or f"#{i}").lower(), hop.time) for i, hop in enumerate(hops) if hop.time is not None]
    span = _Span(sent_at, max(sent_at, seen_at))
    ours = _our_skew(stamps, span)
    if ours is not None:
        servers_ahead = -(ours.low + ours.high) / 2
        span = _Span(span.start + servers_ahead, span.end + servers_ahead)
    reliable = _reliable(stamps, span)
    skews = _skews(hops, stamps, reliable, span)
    legs = _Legs(hops, stamps, reliable, skews, span, ours).all()
    is_timed = ours is None and bool(reliable) and reliable[-1].index == len(hops) - 1
    return Route(
        legs=legs,
        until_seen=span.as_delay(span.end - reliable[-1].time) if is_timed else None,
        skews=((ours,) if ours else ()) + tuple(skews.values()),
    )


def _our_skew(stamps: Sequence[_Stamp], span: _Span) -> ClockSkew | None:
    """Our own clock's fault, where at least two servers agree that it is one."""
    if len({stamp.clock for stamp in stamps}) < 2 or any(span.holds(stamp.time) for stamp in stamps):
        return None
    servers = Bounds.of([(stamp.time, span.start, span.end) for stamp in stamps])
    return own_skew(servers) if servers.are_consistent else None


def _reliable(stamps: Sequence[_Stamp], span: _Span) -> list[_Stamp]:
    """The most stamps that fit into the trip and into their order, without clocks that do so only at times."""
    chain = _longest_chain([stamp for stamp in stamps if span.holds(stamp.time)])
    doubtful = {stamp.clock for stamp in stamps} - {stamp.clock for stamp in chain}
    doubtful |= {stamp.clock for stamp in stamps if stamp not in chain}
    return [stamp for stamp in chain if stamp.clock not in doubtful]


def _longest_chain(stamps: Sequence[_Stamp]) -> list[_Stamp]:
    """The longest selection in which no time goes back by more than the tolerance; of equals the one that ends last."""
    chains: list[tuple[int, int | None]] = []
    for index, stamp in enumerate(stamps):
        before = [i for i in range(index) if stamps[i].time - _TOLERANCE <= stamp.time]
        best = max(before, key=lambda i: (chains[i][0], i), default=None)
        chains.append((1 if best is None else chains[best][0] + 1, best))
    chain: list[_Stamp] = []
    position = max(range(len(chains)), key=lambda i: (chains[i][0], i), default=None)
    while position is not None:
        chain.append(stamps[position])
        position = chains[position][1]
    return chain[::-1]


def _skews(
    hops: Sequence[Hop], stamps: Sequence[_Stamp], reliable: Sequence[_Stamp], span: _Span
) -> Mapping[str, ClockSkew]:
    """The skew of each clock that is not reliable."""
    good = {stamp.clock for stamp in reliable}
    suspects = {stamp.clock: hops[stamp.index].by for stamp in stamps if stamp.clock not in good}
    skews = {}
    for clock, host in suspects.items():
        own = [stamp for stamp in stamps if stamp.clock == clock]
        bounds = Bounds.of([(stamp.time, *_neighbours(stamp, reliable, span)) for stamp in own])
        is_certain = not all(span.holds(stamp.time) for stamp in own)
        skews[clock] = server_skew(host, bounds, is_certain=is_certain)
    return skews


def _neighbours(stamp: _Stamp, reliable: Sequence[_Stamp], span: _Span) -> tuple[datetime, datetime]:
    """Between which times the message was at this stamp's hop."""
    before = [other.time for other in reliable if other.index < stamp.index]
    after = [other.time for other in reliable if other.index > stamp.index]
    earliest, latest = max(before, default=span.start), min(after, default=span.end)
    return earliest, max(earliest, latest)


@dataclass(frozen=True, slots=True)
class _Legs:
    hops: Sequence[Hop]
    stamps: Sequence[_Stamp]
    reliable: Sequence[_Stamp]
    skews: Mapping[str, ClockSkew]
    span: _Span
    ours: ClockSkew | None

    def all(self) -> tuple[Leg, ...]:
        stamps = {stamp.index: stamp for stamp in self.stamps}
        legs: list[Leg] = []
        for index, hop in enumerate(self.hops):
            stamp, before = stamps.get(index), stamps.get(index - 1)
            if stamp is None:
                legs.append(Leg(hop=hop, note="it wrote no time"))
            elif before is not None and before.clock == stamp.clock:
                legs.append(self._on_one_clock(hop, stamp, before))
            elif stamp in self.reliable:
                legs.append(self._between_clocks(hop, stamp, legs))
            else:
                legs.append(Leg(hop=hop, note=self.skews[stamp.clock].text))
        return tuple(legs)

    def _on_one_clock(self, hop: Hop, stamp: _Stamp, before: _Stamp) -> Leg:
        """A wrong clock still measures how long a message stayed at its own server."""
        delay = self.span.as_delay(stamp.time - before.time)
        return Leg(
            hop=hop, delay=delay, note=None if delay is not None else f"the times of {hop.by} contradict each other"
        )

    def _between_clocks(self, hop: Hop, stamp: _Stamp, legs: Sequence[Leg]) -> Leg:
        earlier = [other for other in self.reliable if other.index < stamp.index]
        if not earlier and self.ours is not None:
            return Leg(hop=hop, note=self.ours.text)
        first = earlier[-1].index + 1 if earlier else 0
        known = sum((leg.delay or _ZERO for leg in legs[first : stamp.index]), _ZERO)
        start = earlier[-1].time if earlier else self.span.start
        delay = self.span.as_delay(max(stamp.time - start - known, -_TOLERANCE))
        return Leg(hop=hop, delay=delay, spans=stamp.index - first + 1)
