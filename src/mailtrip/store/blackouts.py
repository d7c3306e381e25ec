"""Blackouts as they are stored."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, delete, func, select, update

from mailtrip.model import Blackout, BlackoutType, MonitorAccess, OneTimeWindow, WeeklyWindow, WeekTime, Window
from mailtrip.store import revisions
from mailtrip.store.schema import blackouts, monitors, recipients
from mailtrip.store.seen import seen
from mailtrip.store.types import AnyRow

__all__ = [
    "BlackoutValues",
    "count",
    "get",
    "ids_of",
    "insert",
    "not_over",
    "page",
    "relisted",
    "remove",
    "remove_of",
    "replace",
    "stopping",
    "stopping_since",
]

_FARTHEST = 2**62
_IS_WEEKLY = blackouts.c.week_start.is_not(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlackoutValues:
    """What is told of a blackout by its owner; the rest is known when it is stored. The names are those of `Blackout`."""

    type: BlackoutType
    subject_id: int
    window: Window
    note: str | None


def insert(
    connection: Connection, account_id: int, new: Sequence[BlackoutValues], *, created_by: str | None, now: datetime
) -> list[int]:
    """Store blackouts and give their ids, in the order given."""
    common = {"account_id": account_id, "created_by": created_by, "created_at": now}
    rows = [common | _values(item) for item in new]
    if not rows:
        return []
    statement = blackouts.insert().returning(blackouts.c.id, sort_by_parameter_order=True)
    return list(connection.scalars(statement, rows))


def replace(connection: Connection, blackout_id: int, new: BlackoutValues) -> None:
    """Store a blackout's type, subject, window and note anew."""
    values = _values(new) | {"revision": blackouts.c.revision + 1}
    connection.execute(update(blackouts).where(blackouts.c.id == blackout_id).values(values))


def get(connection: Connection, account_id: int, blackout_id: int, *, lock: bool = False) -> Blackout | None:
    """One blackout of the account; `lock` keeps others from changing it until the transaction ends."""
    query = _visible(account_id).where(blackouts.c.id == blackout_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else _blackout(row)


def page(
    connection: Connection,
    account_id: int,
    *,
    type: BlackoutType | None = None,  # noqa: A002  # the word of the model and of the API
    subject_id: int | None = None,
    is_weekly: bool | None = None,
    within: tuple[datetime, datetime] | None = None,
    access: MonitorAccess | None = None,
    limit: int | None,
    offset: int,
) -> tuple[list[Blackout], int]:
    """Blackouts of the account by id, and how many match in all; None is no filter.

    `within` leaves out one-time ones of which no part lies between these times; weekly ones come in any case.
    """
    query = _visible(account_id)
    if access is not None:
        query = query.where((blackouts.c.type == BlackoutType.NOTIFIER) | seen(blackouts.c.subject_id, access))
    if type is not None:
        query = query.where(blackouts.c.type == type)
    if subject_id is not None:
        query = query.where(blackouts.c.subject_id == subject_id)
    if is_weekly is not None:
        query = query.where(_IS_WEEKLY if is_weekly else ~_IS_WEEKLY)
    if within is not None:
        since, until = within
        query = query.where(_IS_WEEKLY | ((blackouts.c.begins_at < until) & (blackouts.c.ends_at > since)))
    total = connection.scalar(query.with_only_columns(func.count())) or 0
    rows = connection.execute(query.order_by(blackouts.c.id).limit(limit).offset(min(offset, _FARTHEST) or None))
    return [_blackout(row) for row in rows], total


def remove(connection: Connection, blackout_id: int) -> None:
    connection.execute(delete(blackouts).where(blackouts.c.id == blackout_id))


def remove_of(
    connection: Connection,
    types: Collection[BlackoutType],
    subject_ids: Collection[int],
    *,
    is_weekly: bool | None = None,
) -> list[Blackout]:
    """Remove the blackouts of these monitors or recipients, and give them by id; `is_weekly` None removes both kinds."""
    gone = _concerns(types, subject_ids)
    if is_weekly is not None:
        gone &= _IS_WEEKLY if is_weekly else ~_IS_WEEKLY
    rows = connection.execute(delete(blackouts).where(gone).returning(*blackouts.c))
    return sorted((_blackout(row) for row in rows), key=lambda blackout: blackout.id)


def relisted(connection: Connection, type_: BlackoutType, subject_ids: Collection[int]) -> None:
    """Note that these monitors, or recipients for type `NOTIFIER`, have other blackouts than before."""
    table = recipients if type_ is BlackoutType.NOTIFIER else monitors
    revisions.grow(connection, table, table.c.id.in_(subject_ids))


def count(connection: Connection, types: Collection[BlackoutType], subject_ids: Collection[int]) -> dict[int, int]:
    """How many blackouts each of these monitors or recipients has; those without any are left out."""
    query = select(blackouts.c.subject_id, func.count().label("number")).where(_concerns(types, subject_ids))
    return {row.subject_id: row.number for row in connection.execute(query.group_by(blackouts.c.subject_id))}


def ids_of(
    connection: Connection, account_id: int, types: Collection[BlackoutType], subject_ids: Collection[int]
) -> dict[int, list[int]]:
    """The ids of the blackouts of each of these monitors or recipients, past ones too; those without are left out."""
    found: dict[int, list[int]] = {}
    values = {"account": account_id, "types": list(types), "subjects": list(subject_ids)}
    for subject_id, id_ in connection.execute(_IDS_OF, values):
        found.setdefault(subject_id, []).append(id_)
    return found


def stopping(connection: Connection, monitor_id: int) -> list[Blackout]:
    """The blackouts that stop the runs of this monitor, by id, past ones too."""
    query = select(blackouts).where(_concerns((BlackoutType.MONITOR,), (monitor_id,)))
    return [_blackout(row) for row in connection.execute(query.order_by(blackouts.c.id))]


def not_over(connection: Connection, account_id: int, type_: BlackoutType, *, at: datetime) -> list[Blackout]:
    """Blackouts of this type in the account, without those that ended before, by id."""
    wanted = (blackouts.c.type == type_) & (_IS_WEEKLY | (blackouts.c.ends_at > at))
    return [_blackout(row) for row in connection.execute(_visible(account_id).where(wanted).order_by(blackouts.c.id))]


def stopping_since(connection: Connection, mark: int) -> dict[int, tuple[Blackout, ...]]:
    """The blackouts that stop the runs of monitors made or changed after `mark`, of any account, by monitor and id."""
    query = (
        select(blackouts)
        .join_from(blackouts, monitors, monitors.c.id == blackouts.c.subject_id)
        .where(blackouts.c.type == BlackoutType.MONITOR, monitors.c.change_mark > mark)
        .order_by(blackouts.c.id)
    )
    found: dict[int, tuple[Blackout, ...]] = {}
    for row in connection.execute(query):
        found[row.subject_id] = (*found.get(row.subject_id, ()), _blackout(row))
    return found


def _visible(account_id: int) -> Select[Any]:
    return select(blackouts).where(blackouts.c.account_id == account_id)


def _concerns(types: Collection[BlackoutType], subject_ids: Collection[int]) -> ColumnElement[bool]:
    return blackouts.c.type.in_(types) & blackouts.c.subject_id.in_(subject_ids)


def _values(new: BlackoutValues) -> dict[str, object]:
    window = new.window
    is_weekly = isinstance(window, WeeklyWindow)
    return {
        "type": new.type,
        "subject_id": new.subject_id,
        "begins_at": None if is_weekly else window.start,
        "ends_at": None if is_weekly else window.end,
        "week_start": window.start.offset if isinstance(window, WeeklyWindow) else None,
        "week_end": window.end.offset if isinstance(window, WeeklyWindow) else None,
        "note": new.note,
    }


def _blackout(row: AnyRow) -> Blackout:
    return Blackout(
        id=row.id,
        account_id=row.account_id,
        type=row.type,
        subject_id=row.subject_id,
        window=_window(row),
        note=row.note,
        created_by=row.created_by,
        created_at=row.created_at,
        revision=row.revision,
    )


def _window(row: AnyRow) -> Window:
    if row.week_start is None:
        return OneTimeWindow(start=row.begins_at, end=row.ends_at)
    return WeeklyWindow(start=_week_time(row.week_start), end=_week_time(row.week_end))


def _week_time(offset: timedelta) -> WeekTime:
    days, minutes = divmod(offset // timedelta(minutes=1), 24 * 60)
    return WeekTime(day=days + 1, time=time(minutes // 60, minutes % 60))


_IDS_OF = (
    select(blackouts.c.subject_id, blackouts.c.id)
    .where(
        blackouts.c.account_id == bindparam("account"),
        blackouts.c.type.in_(bindparam("types", expanding=True)),
        blackouts.c.subject_id.in_(bindparam("subjects", expanding=True)),
    )
    .order_by(blackouts.c.id)
)
