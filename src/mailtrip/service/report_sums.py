"""What the runs of chosen monitors add up to, from rollups: in buckets of time, and by monitor."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from mailtrip.errors import Fault, InvalidInput
from mailtrip.model.tally import Counts, Size
from mailtrip.reports.spans import Piece, pieces
from mailtrip.store import Connection, rollup_queries
from mailtrip.store.rollup_codec import Lanes
from mailtrip.store.rollup_queries import Chosen, Span

__all__ = ["counts_by_monitor", "counts_in", "times_by_monitor", "times_in"]

T = TypeVar("T")
_MOST_ROWS = 3_000_000
_MOST_SPREADS = 60_000


def counts_in(connection: Connection, chosen: Chosen, buckets: Sequence[Span], size: Size = Size.MONTH) -> list[Counts]:
    """What the monitors add up to in each bucket.

    Args:
        connection: of a reading transaction.
        chosen: the monitors.
        buckets: of whole hours, oldest first.
        size: the largest rollups that fit into a bucket.

    Raises:
        InvalidInput: that would take too long.
    """
    nothing = Counts()

    def add(sum_: Counts, other: Counts, sign: int) -> Counts:
        if sign < 0:
            return sum_ - other
        # Of hours there are thousands, with nothing to add to.
        return other if sum_ is nothing else sum_ + other

    parts = [list(pieces(since, until, size)) for since, until in buckets]
    wanted = _spans(parts)
    _require_few(chosen, wanted, most=_MOST_ROWS)
    folded = {size: rollup_queries.counts_by_time(connection, chosen, size, wanted[size]) for size in wanted}
    fresh = rollup_queries.fresh_counts_by_time(connection, chosen, _whole(buckets))
    return _put_together(buckets, parts, folded, fresh, make=lambda: nothing, add=add)


def times_in(
    connection: Connection,
    chosen: Chosen,
    buckets: Sequence[Span],
    size: Size = Size.MONTH,
    *,
    of_steps: bool = False,
) -> list[Lanes]:
    """As `counts_in`, how the monitors' response times, or the times of their steps, are spread."""
    parts = [list(pieces(since, until, size)) for since, until in buckets]
    wanted = _spans(parts)
    _require_few(chosen, wanted, most=_MOST_SPREADS)
    folded = {
        size: rollup_queries.times_by_time(connection, chosen, size, wanted[size], of_steps=of_steps) for size in wanted
    }
    fresh = rollup_queries.fresh_times_by_time(connection, chosen, _whole(buckets), of_steps=of_steps)
    return _put_together(buckets, parts, folded, fresh, make=dict, add=_add_lanes)


def counts_by_monitor(connection: Connection, chosen: Chosen, since: datetime, until: datetime) -> dict[int, Counts]:
    """What each of the monitors adds up to in a span of whole hours; those without runs have zeros."""
    found = {monitor_id: Counts() for monitor_id in chosen.names}
    for (size, sign), spans in _grouped(pieces(since, until)).items():
        for monitor_id, counts in rollup_queries.counts_by_monitor(connection, chosen, size, spans).items():
            before = found[monitor_id]
            found[monitor_id] = before + counts if sign > 0 else before - counts
    for monitor_id, counts in rollup_queries.fresh_counts_by_monitor(connection, chosen, [(since, until)]).items():
        found[monitor_id] += counts
    return found


def times_by_monitor(connection: Connection, chosen: Chosen, since: datetime, until: datetime) -> dict[int, Lanes]:
    """As `counts_by_monitor`, how the response times of each are spread."""
    found: dict[int, Lanes] = {monitor_id: {} for monitor_id in chosen.names}
    for (size, sign), spans in _grouped(pieces(since, until)).items():
        for monitor_id, spread in rollup_queries.times_by_monitor(connection, chosen, size, spans).items():
            _add_lanes(found[monitor_id], spread, sign)
    for monitor_id, spread in rollup_queries.fresh_times_by_monitor(connection, chosen, [(since, until)]).items():
        _add_lanes(found[monitor_id], spread, 1)
    return found


def _add_lanes(sum_: Lanes, other: Lanes, sign: int) -> Lanes:
    for place, number in other.items():
        sum_[place] = sum_.get(place, 0) + sign * number
    return sum_


def _put_together(
    buckets: Sequence[Span],
    parts: Sequence[Sequence[Piece]],
    folded: Mapping[Size, Mapping[datetime, T]],
    fresh: Mapping[datetime, T],
    *,
    make: Callable[[], T],
    add: Callable[[T, T, int], T],
) -> list[T]:
    """The sum of each bucket."""
    moments = {size: sorted(values) for size, values in folded.items()}
    hours = sorted(fresh)
    found = []
    for (since, until), each in zip(buckets, parts, strict=True):
        sum_ = make()
        for piece in each:
            for moment in _between(moments[piece.size], piece.since, piece.until):
                sum_ = add(sum_, folded[piece.size][moment], piece.sign)
        for moment in _between(hours, since, until):
            sum_ = add(sum_, fresh[moment], 1)
        found.append(sum_)
    return found


def _between(moments: Sequence[datetime], since: datetime, until: datetime) -> Sequence[datetime]:
    return moments[bisect_left(moments, since) : bisect_left(moments, until)]


def _spans(parts: Iterable[Iterable[Piece]]) -> dict[Size, list[Span]]:
    """What has to be read of each size, without overlaps."""
    found: dict[Size, list[Span]] = {}
    for piece in sorted((piece for each in parts for piece in each), key=lambda piece: piece.since):
        spans = found.setdefault(piece.size, [])
        if spans and piece.since <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], piece.until))
        else:
            spans.append((piece.since, piece.until))
    return found


def _grouped(found: Iterable[Piece]) -> dict[tuple[Size, int], list[Span]]:
    groups: dict[tuple[Size, int], list[Span]] = {}
    for piece in found:
        groups.setdefault((piece.size, piece.sign), []).append((piece.since, piece.until))
    return groups


def _whole(buckets: Sequence[Span]) -> list[Span]:
    return [(buckets[0][0], buckets[-1][1])] if buckets else []


_SECONDS = {Size.HOUR: 3600, Size.DAY: 86_400, Size.MONTH: 2_600_000}


def _require_few(chosen: Chosen, wanted: Mapping[Size, Sequence[Span]], *, most: int) -> None:
    """Of a whole account there is one row where there are many for some of its monitors."""
    monitors = 1 + len(chosen.others) if chosen.is_most else len(chosen.names)
    rows = sum(
        (until - since).total_seconds() / _SECONDS[size] for size, spans in wanted.items() for since, until in spans
    )
    if rows * monitors > most:
        text = f"too much for {monitors} monitors; ask for fewer monitors, a shorter time or larger buckets"
        raise InvalidInput([Fault("bucket", text)])
