"""Service level agreements as they are stored."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, func, select, update

from mailtrip.model import SLA, Exclusion, MonitorAccess, OneTimeWindow, SLASettings
from mailtrip.store import revisions
from mailtrip.store.schema import monitors, sla_exclusions, slas
from mailtrip.store.seen import seen
from mailtrip.store.types import AnyRow

__all__ = ["get", "insert", "of_monitors", "page", "remove", "remove_of", "renamed", "replace"]

_FARTHEST = 2**62
_COLUMNS = (
    "name",
    "description",
    "availability_percent",
    "response_time",
    "secondary_response_time",
    "uptime_percent",
    "operating_periods",
)


def insert(connection: Connection, account_id: int, monitor_id: int, settings: SLASettings, *, now: datetime) -> int:
    """Store a new SLA for a monitor that has none, and give its id."""
    values = _values(settings) | {
        "account_id": account_id,
        "monitor_id": monitor_id,
        "created_at": now,
        "modified_at": now,
        "revision": 1,
    }
    sla_id = int(connection.scalars(slas.insert().returning(slas.c.id), values).one())
    _add_exclusions(connection, account_id, sla_id, settings.exclusions)
    return sla_id


def replace(connection: Connection, account_id: int, sla_id: int, settings: SLASettings, *, now: datetime) -> None:
    """Store an SLA's settings anew. Exclusions with an id stay as they are, those without are added, others go."""
    connection.execute(
        update(slas)
        .where(slas.c.id == sla_id)
        .values(_values(settings) | {"modified_at": now, "revision": slas.c.revision + 1})
    )
    kept = [item.id for item in settings.exclusions if item.id is not None]
    connection.execute(
        delete(sla_exclusions).where(sla_exclusions.c.sla_id == sla_id, sla_exclusions.c.id.not_in(kept))
    )
    _add_exclusions(connection, account_id, sla_id, settings.exclusions)


def remove(connection: Connection, sla_id: int) -> None:
    """Delete an SLA with its exclusions."""
    connection.execute(delete(slas).where(slas.c.id == sla_id))


def remove_of(connection: Connection, monitor_id: int) -> None:
    """Delete the SLA of a monitor, if it has one."""
    connection.execute(delete(slas).where(slas.c.monitor_id == monitor_id))


def renamed(connection: Connection, monitor_id: int) -> None:
    """Note that the monitor's SLA, if it has one, shows another name or mode of it."""
    revisions.grow(connection, slas, slas.c.monitor_id == monitor_id)


def get(connection: Connection, account_id: int, sla_id: int, *, lock: bool = False) -> SLA | None:
    """One SLA of the account; `lock` keeps others from changing it until the transaction ends."""
    query = _of_account(account_id).where(slas.c.id == sla_id)
    row = connection.execute(query.with_for_update(of=slas) if lock else query).one_or_none()
    return None if row is None else _slas(connection, [row])[0]


def of_monitors(
    connection: Connection, account_id: int, monitor_ids: Collection[int], *, lock: bool = False
) -> dict[int, SLA]:
    """The SLAs of monitors of the account, by monitor; those that have none are left out. `lock` as for `get`."""
    query = _of_account(account_id).where(slas.c.monitor_id.in_(monitor_ids)).order_by(slas.c.id)
    rows = connection.execute(query.with_for_update(of=slas) if lock else query).all()
    return {sla.monitor_id: sla for sla in _slas(connection, rows)}


def page(
    connection: Connection,
    account_id: int,
    *,
    access: MonitorAccess | None = None,
    limit: int | None,
    offset: int,
) -> tuple[list[SLA], int]:
    """SLAs of the account by id, and how many match in all; None is no filter."""
    query = _of_account(account_id)
    if access is not None:
        query = query.where(seen(slas.c.monitor_id, access))
    total = connection.scalar(query.with_only_columns(func.count())) or 0
    rows = connection.execute(query.order_by(slas.c.id).limit(limit).offset(min(offset, _FARTHEST) or None))
    return _slas(connection, rows.all()), total


def _of_account(account_id: int) -> Select[Any]:
    return (
        select(slas, monitors.c.name.label("monitor_name"), monitors.c.mode.label("monitor_mode"))
        .join(monitors, monitors.c.id == slas.c.monitor_id)
        .where(slas.c.account_id == account_id)
    )


def _values(settings: SLASettings) -> dict[str, object]:
    return {name: getattr(settings, name) for name in _COLUMNS}


def _add_exclusions(connection: Connection, account_id: int, sla_id: int, items: Sequence[Exclusion]) -> None:
    rows = [
        {
            "account_id": account_id,
            "sla_id": sla_id,
            "begins_at": item.window.start,
            "ends_at": item.window.end,
            "location_id": item.location_id,
            "note": item.note,
        }
        for item in items
        if item.id is None
    ]
    if rows:
        connection.execute(sla_exclusions.insert(), rows)


def _slas(connection: Connection, rows: Sequence[AnyRow]) -> list[SLA]:
    exclusions = _exclusions(connection, [row.id for row in rows])
    return [
        SLA(
            id=row.id,
            account_id=row.account_id,
            monitor_id=row.monitor_id,
            monitor_name=row.monitor_name,
            monitor_mode=row.monitor_mode,
            settings=SLASettings(
                **{name: getattr(row, name) for name in _COLUMNS}, exclusions=tuple(exclusions.get(row.id, ()))
            ),
            created_at=row.created_at,
            modified_at=row.modified_at,
            revision=row.revision,
        )
        for row in rows
    ]


def _exclusions(connection: Connection, sla_ids: Sequence[int]) -> dict[int, list[Exclusion]]:
    query = select(sla_exclusions).where(sla_exclusions.c.sla_id.in_(sla_ids)).order_by(sla_exclusions.c.id)
    found: dict[int, list[Exclusion]] = {}
    for row in connection.execute(query):
        item = Exclusion(
            id=row.id,
            window=OneTimeWindow(start=row.begins_at, end=row.ends_at),
            location_id=row.location_id,
            note=row.note,
        )
        found.setdefault(row.sla_id, []).append(item)
    return found
