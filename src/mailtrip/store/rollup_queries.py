"""Rollups are read: what runs of some monitors add up to, by time or by monitor."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Table,
    and_,
    cast,
    false,
    func,
    or_,
    select,
    true,
    type_coerce,
)

from mailtrip.model import MonitorAccess
from mailtrip.model.tally import COUNTED, Counts, Size
from mailtrip.store.rollup_codec import Lanes, Spread, add_lanes, add_spread, lanes_of
from mailtrip.store.rollup_tables import ALL_MONITORS, ROLLUPS, TIMES, rollup_backfill
from mailtrip.store.schema import monitors
from mailtrip.store.seen import seen

__all__ = [
    "Chosen",
    "Span",
    "choose",
    "counts_by_monitor",
    "counts_by_time",
    "fresh_counts_by_monitor",
    "fresh_counts_by_time",
    "fresh_times_by_monitor",
    "fresh_times_by_time",
    "is_complete",
    "times_by_monitor",
    "times_by_time",
]

Span = tuple[datetime, datetime]
"""From the first moment on, up to the second, which is not part of it."""

_HOURS: Final = ROLLUPS[Size.HOUR]
_MOST_SPANS: Final = 40
_MOST_BEGINS: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which monitors a report is about.

    Attributes:
        names: of these monitors, by id.
        others: the other monitors of the account, removed ones included.
    """

    account_id: int
    names: Mapping[int, str]
    others: frozenset[int]

    @property
    def is_most(self) -> bool:
        """Whether it is less work to leave out the others."""
        return len(self.others) < len(self.names)


def choose(
    connection: Connection,
    account_id: int,
    *,
    monitor_ids: Collection[int] | None,
    access: MonitorAccess | None,
) -> Chosen:
    """The monitors of an account that are there and may be seen, or those of them with certain ids."""
    columns = (monitors.c.id, monitors.c.name, monitors.c.removed_at, seen(monitors.c.id, access).label("is_seen"))
    rows = connection.execute(select(*columns).where(monitors.c.account_id == account_id)).all()
    names = {
        row.id: row.name
        for row in rows
        if row.removed_at is None and row.is_seen and (monitor_ids is None or row.id in monitor_ids)
    }
    return Chosen(
        account_id=account_id,
        names=dict(sorted(names.items())),
        others=frozenset(row.id for row in rows if row.id not in names),
    )


def is_complete(connection: Connection) -> bool:
    """Whether the rollups hold all runs; False while older ones are still being added."""
    return connection.scalar(select(rollup_backfill.c.id)) is None


def counts_by_monitor(connection: Connection, chosen: Chosen, size: Size, spans: Sequence[Span]) -> dict[int, Counts]:
    """What is folded of each monitor, in hours, days or months that begin in one of the spans; without empty ones."""
    table = ROLLUPS[size]
    wanted = _of(table, chosen, chosen.names) & _within(table, spans) & _is_folded(size)
    return _counts(connection, table.c.monitor_id, wanted)


def fresh_counts_by_monitor(connection: Connection, chosen: Chosen, spans: Sequence[Span]) -> dict[int, Counts]:
    """As `counts_by_monitor`, what is not folded yet."""
    return _counts(connection, _HOURS.c.monitor_id, _is_fresh(chosen, spans))


def counts_by_time(connection: Connection, chosen: Chosen, size: Size, spans: Sequence[Span]) -> dict[datetime, Counts]:
    """What is folded of all the monitors, in each hour, day or month that begins in one of the spans, maybe in others."""
    table = ROLLUPS[size]
    found: dict[datetime, Counts] = {}
    for monitor_ids, sign in _terms(chosen):
        wanted = _of(table, chosen, monitor_ids) & _near(table, size, spans) & _is_folded(size)
        for moment, counts in _counts(connection, table.c.begins_at, wanted).items():
            before = found.get(moment)
            if sign > 0:
                found[moment] = counts if before is None else before + counts
            else:
                found[moment] = (before or Counts()) - counts
    return found


def fresh_counts_by_time(connection: Connection, chosen: Chosen, spans: Sequence[Span]) -> dict[datetime, Counts]:
    """As `counts_by_time`, what is not folded yet, by hour."""
    return _counts(connection, _HOURS.c.begins_at, _is_fresh(chosen, spans))


def times_by_monitor(connection: Connection, chosen: Chosen, size: Size, spans: Sequence[Span]) -> dict[int, Lanes]:
    """As `counts_by_monitor`, how the response times are spread."""
    table = TIMES[size]
    found: dict[int, Lanes] = {}
    wanted = _of(table, chosen, chosen.names) & _within(table, spans) & _is_folded(size)
    _add_times(found, connection, table.c.monitor_id, _joined(size), wanted)
    return found


def fresh_times_by_monitor(connection: Connection, chosen: Chosen, spans: Sequence[Span]) -> dict[int, Lanes]:
    """As `times_by_monitor`, what is not folded yet."""
    found: dict[int, Lanes] = {}
    _add_times(found, connection, _HOURS.c.monitor_id, _joined(Size.HOUR), _is_fresh(chosen, spans))
    return found


def times_by_time(
    connection: Connection, chosen: Chosen, size: Size, spans: Sequence[Span], *, of_steps: bool
) -> dict[datetime, Lanes]:
    """As `counts_by_time`, how response times, or the times of the steps, are spread."""
    table = TIMES[size]
    found: dict[datetime, Lanes] = {}
    for monitor_ids, sign in _terms(chosen):
        wanted = _of(table, chosen, monitor_ids) & _near(table, size, spans) & _is_folded(size)
        _add_times(found, connection, table.c.begins_at, _joined(size), wanted, sign=sign, of_steps=of_steps)
    return found


def fresh_times_by_time(
    connection: Connection, chosen: Chosen, spans: Sequence[Span], *, of_steps: bool
) -> dict[datetime, Lanes]:
    """As `times_by_time`, what is not folded yet, by hour."""
    found: dict[datetime, Lanes] = {}
    wanted = _is_fresh(chosen, spans)
    _add_times(found, connection, _HOURS.c.begins_at, _joined(Size.HOUR), wanted, of_steps=of_steps)
    return found


def _counts(connection: Connection, column: Any, wanted: ColumnElement[bool]) -> dict[Any, Counts]:
    """Of rows with the same value in a column; Any: ids or times."""
    table = column.table
    *numbers, time = (func.sum(table.c[name]) for name in COUNTED)
    # PostgreSQL's sum of large integers is no integer.
    whole = type_coerce(cast(time, BigInteger), table.c[COUNTED[-1]].type)
    rows = connection.execute(select(column, *numbers, whole).where(wanted).group_by(column))
    return {key: Counts(**dict(zip(COUNTED, values, strict=True))) for key, *values in rows}


def _add_times(
    found: dict[Any, Lanes],
    connection: Connection,
    column: Any,
    rows: FromClause,
    wanted: ColumnElement[bool],
    *,
    sign: int = 1,
    of_steps: bool = False,
) -> None:
    """By the values of a column; Any: ids or times. Hours of monitors are kept in another way than all others."""
    table = TIMES[next(size for size in Size if column.table in {ROLLUPS[size], TIMES[size]})]
    content = table.c.steps if of_steps else table.c.responses
    loose: dict[Any, Spread] = {}
    is_of_monitors = table is TIMES[Size.HOUR]
    query = select(column, content, table.c.monitor_id).select_from(rows).where(wanted)
    for key, value, monitor_id in connection.execute(query):
        if is_of_monitors and monitor_id != ALL_MONITORS:
            add_spread(loose.setdefault(key, Counter()), value)
        else:
            add_lanes(found.setdefault(key, {}), value, sign)
    for key, spread in loose.items():
        sum_ = found.setdefault(key, {})
        for place, number in lanes_of(spread).items():
            sum_[place] = sum_.get(place, 0) + sign * number


def _joined(size: Size) -> FromClause:
    """The times; of hours, with what tells whether they are folded."""
    times = TIMES[size]
    if size is not Size.HOUR:
        return times
    key = ("account_id", "monitor_id", "begins_at", "location_id")
    return times.join(_HOURS, and_(*(times.c[name] == _HOURS.c[name] for name in key)))


def _terms(chosen: Chosen) -> list[tuple[Collection[int], int]]:
    """Whose rows are added up, and whose are taken away."""
    if not chosen.is_most:
        return [(chosen.names.keys(), 1)]
    return [({ALL_MONITORS}, 1), *([(chosen.others, -1)] if chosen.others else [])]


def _of(table: Table, chosen: Chosen, monitor_ids: Collection[int]) -> ColumnElement[bool]:
    return (table.c.account_id == chosen.account_id) & table.c.monitor_id.in_(sorted(monitor_ids))


def _is_folded(size: Size) -> ColumnElement[bool]:
    return _HOURS.c.is_folded.is_(True) if size is Size.HOUR else true()


def _is_fresh(chosen: Chosen, spans: Sequence[Span]) -> ColumnElement[bool]:
    # The sum keeps SQLite from walking through all hours of the account: few are fresh, and those have an index.
    wanted = (
        _near(_HOURS, Size.HOUR, spans)
        & (_HOURS.c.is_folded == false())
        & (_HOURS.c.account_id + 0 == chosen.account_id)
    )
    if chosen.is_most:
        return wanted & _HOURS.c.monitor_id.not_in(sorted(chosen.others))
    return wanted & _HOURS.c.monitor_id.in_(sorted(chosen.names))


def _within(table: Table, spans: Sequence[Span]) -> ColumnElement[bool]:
    return or_(false(), *(and_(table.c.begins_at >= since, table.c.begins_at < until) for since, until in spans))


def _near(table: Table, size: Size, spans: Sequence[Span]) -> ColumnElement[bool]:
    """Where the spans are many, their hours, days or months one by one; where these are too many, all that lie between."""
    if len(spans) <= _MOST_SPANS:
        return _within(table, spans)
    begins = list(islice(_begins(size, spans), _MOST_BEGINS + 1))
    if len(begins) <= _MOST_BEGINS:
        return table.c.begins_at.in_(begins)
    return _within(table, [(min(since for since, _ in spans), max(until for _, until in spans))])


def _begins(size: Size, spans: Sequence[Span]) -> Iterator[datetime]:
    for since, until in spans:
        begin = since
        while begin < until:
            yield begin
            begin = size.next(begin)
