"""The runs of hours, one by one, as rollups keep them: also where the runs themselves are gone."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    DateTime,
    Interval,
    Subquery,
    and_,
    case,
    func,
    literal,
    select,
    text,
    type_coerce,
)

from mailtrip.model.tally import COUNTED, Counts, Outcome, Size
from mailtrip.store.rollup_codec import LogEntry, decode_log
from mailtrip.store.rollup_tables import ROLLUPS
from mailtrip.store.types import AnyRow, UTCDateTime

__all__ = ["HourLog", "Place", "around_errors", "of_monitors"]

Place = tuple[int, int]
"""A monitor and a location."""

_HOURS: Final = ROLLUPS[Size.HOUR]
_LOG: Final = (_HOURS.c.monitor_id, _HOURS.c.location_id, _HOURS.c.begins_at, _HOURS.c.log)
_WELL: Final = frozenset({Outcome.OK, Outcome.WARNING})
_HOUR: Final = timedelta(hours=1)
_FIRST: Final = datetime.min.replace(tzinfo=UTC) + timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class HourLog:
    """What the runs of a monitor at a location came to in an hour."""

    monitor_id: int
    location_id: int
    begins_at: datetime
    counts: Counts
    log: bytes

    @property
    def entries(self) -> list[LogEntry]:
        """The runs by time, to the second."""
        return decode_log(self.begins_at, self.log)


def of_monitors(
    connection: Connection, account_id: int, monitor_ids: Collection[int], since: datetime, until: datetime
) -> list[HourLog]:
    """All hours that begin in a span of time."""
    wanted = (_HOURS.c.account_id == account_id) & _HOURS.c.monitor_id.in_(sorted(monitor_ids))
    wanted &= (_HOURS.c.begins_at >= since) & (_HOURS.c.begins_at < until)
    rows = connection.execute(select(*_LOG, *(_HOURS.c[name] for name in COUNTED)).where(wanted))
    return [
        HourLog(
            monitor_id=monitor_id,
            location_id=location_id,
            begins_at=begins_at,
            counts=Counts(**dict(zip(COUNTED, counts, strict=True))),
            log=log,
        )
        for monitor_id, location_id, begins_at, log, *counts in rows
    ]


def around_errors(
    connection: Connection, account_id: int, monitor_ids: Collection[int], since: datetime, until: datetime
) -> dict[Place, list[LogEntry]]:
    """What is needed to know the outages that reach into a span of whole hours: the runs of each place, by time.

    These are the hours with errors, each followed by the next hour in which a run proved the mail path working; and
    where errors began before the span, the hours from the last such run on.
    """
    failed = _failed(connection)
    errors = (failed.c.account_id == account_id) & failed.c.monitor_id.in_(sorted(monitor_ids))
    follower = func.lead(failed.c.begins_at).over(
        partition_by=(failed.c.monitor_id, failed.c.location_id), order_by=failed.c.begins_at
    )
    inside = (failed.c.begins_at >= since) & (failed.c.begins_at < until)
    found = select(failed, follower.label("follower")).where(errors, inside).subquery()
    end = _HOURS.alias()
    names = ("account_id", "monitor_id", "location_id")
    ends = and_(*(end.c[name] == found.c[name] for name in names), end.c.begins_at == _after(connection, found))
    rows = connection.execute(
        select(*(table.c[column.name] for table in (found, end) for column in _LOG)).outerjoin_from(found, end, ends)
    ).all()
    earlier = _reaching(connection, account_id, _last_before(connection, failed, errors, since), since)
    return _by_place([*(row[:4] for row in rows), *(row[4:] for row in rows if row[4] is not None), *earlier])


def _failed(connection: Connection) -> Subquery:
    """The hours with errors, found by their index, which SQLite takes for no better than the key."""
    hint = " INDEXED BY ix_hour_rollups_errors" if connection.dialect.name == "sqlite" else ""
    columns = (_HOURS.c.account_id, *_LOG)
    names = ", ".join(column.name for column in columns)
    query = text(f"SELECT {names} FROM hour_rollups{hint} WHERE error > 0")  # noqa: S608  (constants, all of them)
    return query.columns(*columns).subquery("failed")


def _after(connection: Connection, found: Subquery) -> ColumnElement[datetime]:
    """When the next hour in which a run proved the mail path working begins; not asked where an error follows at once."""
    later = _HOURS.alias()
    query = (
        select(later.c.begins_at)
        .where(
            *(later.c[name] == found.c[name] for name in ("account_id", "monitor_id", "location_id")),
            later.c.begins_at > found.c.begins_at,
            later.c.ok + later.c.warning > 0,
        )
        .order_by(later.c.begins_at)
        .limit(1)
        .scalar_subquery()
    )
    is_followed = _plain(connection, found.c.follower) == _plain(connection, found.c.begins_at) + _hour(connection)
    return type_coerce(case((is_followed, None), else_=query), UTCDateTime())


def _last_before(
    connection: Connection, failed: Subquery, errors: ColumnElement[bool], since: datetime
) -> Sequence[AnyRow]:
    """The last hour with errors of each place before a time."""
    place = (failed.c.monitor_id, failed.c.location_id)
    last = func.max(failed.c.begins_at).label("begins_at")
    return connection.execute(select(*place, last).where(errors, failed.c.begins_at < since).group_by(*place)).all()


def _reaching(connection: Connection, account_id: int, last: Iterable[AnyRow], since: datetime) -> list[AnyRow]:
    """The hours of outages that began before a time and had not ended then, up to and with the hour of their end."""
    found: list[AnyRow] = []
    for monitor_id, location_id, begins_at in last:
        mine = _HOURS.c.account_id == account_id, _HOURS.c.monitor_id == monitor_id, _HOURS.c.location_id == location_id
        query = select(*_LOG).where(*mine).order_by(_HOURS.c.begins_at)
        well = _HOURS.c.ok + _HOURS.c.warning > 0
        own = connection.execute(query.where(_HOURS.c.begins_at == begins_at)).all()
        if not _ends_badly(own):
            continue
        after = connection.execute(query.where(well, _HOURS.c.begins_at > begins_at).limit(1)).all()
        if after and after[0].begins_at < since:
            continue
        before = select(func.max(_HOURS.c.begins_at)).where(*mine, well, _HOURS.c.begins_at < begins_at)
        first = connection.scalar(before) or _FIRST
        found += connection.execute(query.where(_HOURS.c.begins_at.between(first, begins_at))).all()
        found += [row for row in after if row.begins_at >= since]
    return found


def _ends_badly(rows: Sequence[AnyRow]) -> bool:
    """Whether the last run of an hour that could tell failed."""
    told = [
        entry.outcome
        for row in rows
        for entry in decode_log(row.begins_at, row.log)
        if entry.outcome is Outcome.ERROR or entry.outcome in _WELL
    ]
    return told[-1:] == [Outcome.ERROR]


def _by_place(rows: Iterable[Sequence[Any]]) -> dict[Place, list[LogEntry]]:  # Any: rows of `_LOG`
    hours = {tuple(row[:3]): row[3] for row in rows}
    found: dict[Place, list[LogEntry]] = {}
    for (monitor_id, location_id, begins_at), log in sorted(hours.items()):
        found.setdefault((monitor_id, location_id), []).extend(decode_log(begins_at, log))
    return found


def _plain(connection: Connection, column: ColumnElement[datetime]) -> ColumnElement[Any]:  # Any: an int or a time
    return type_coerce(column, BigInteger() if connection.dialect.name == "sqlite" else DateTime(timezone=True))


def _hour(connection: Connection) -> ColumnElement[Any]:  # Any: an int or an interval
    if connection.dialect.name == "sqlite":
        return literal(_HOUR // timedelta(microseconds=1), BigInteger())
    return literal(_HOUR, Interval())
