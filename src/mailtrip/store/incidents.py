"""Incidents as they are stored, with what was told of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, func, or_, select, update

from mailtrip.model.status_page import Incident, IncidentState, IncidentUpdate
from mailtrip.store.status_schema import incident_updates, incidents
from mailtrip.store.types import AnyRow

__all__ = ["add_update", "count", "get", "insert", "page", "recent", "remove", "replace"]


def insert(
    connection: Connection,
    account_id: int,
    *,
    key: str,
    title: str,
    began_at: datetime,
    monitor_ids: Sequence[int],
    first: IncidentUpdate,
) -> int:
    """Store a new incident with the first that is told of it, and give its id."""
    values = {
        "account_id": account_id,
        "key": key,
        "title": title,
        "began_at": began_at,
        "resolved_at": None,
        "monitor_ids": tuple(monitor_ids),
    }
    incident_id = int(connection.scalars(incidents.insert().returning(incidents.c.id), values).one())
    add_update(connection, account_id, incident_id, 1, first)
    return incident_id


def add_update(connection: Connection, account_id: int, incident_id: int, number: int, note: IncidentUpdate) -> None:
    """Store what is told of an incident; from a note that it is resolved on, it is over, until the next note."""
    connection.execute(
        incident_updates.insert(),
        {
            "incident_id": incident_id,
            "number": number,
            "account_id": account_id,
            "key": note.key,
            "at": note.at,
            "state": note.state,
            "text": note.text,
        },
    )
    resolved_at = note.at if note.state is IncidentState.RESOLVED else None
    connection.execute(update(incidents).where(incidents.c.id == incident_id).values(resolved_at=resolved_at))


def replace(
    connection: Connection, incident_id: int, *, title: str, began_at: datetime, monitor_ids: Sequence[int]
) -> None:
    """Store what can be changed of an incident."""
    values = {"title": title, "began_at": began_at, "monitor_ids": tuple(monitor_ids)}
    connection.execute(update(incidents).where(incidents.c.id == incident_id).values(values))


def remove(connection: Connection, incident_id: int) -> None:
    """Delete an incident with all that was told of it."""
    connection.execute(delete(incidents).where(incidents.c.id == incident_id))


def count(connection: Connection, account_id: int) -> int:
    """How many incidents the account has."""
    return connection.scalar(select(func.count()).where(incidents.c.account_id == account_id)) or 0


def get(connection: Connection, account_id: int, incident_id: int, *, lock: bool = False) -> Incident | None:
    """One incident of the account; `lock` keeps others from changing it until the transaction ends."""
    query = _of(account_id).where(incidents.c.id == incident_id)
    found = _incidents(connection, query.with_for_update() if lock else query)
    return found[0] if found else None


def page(connection: Connection, account_id: int, *, limit: int, before: int | None = None) -> list[Incident]:
    """Incidents of the account, the newest first; `before` is the id of the last one of the page before."""
    query = _of(account_id).order_by(incidents.c.id.desc()).limit(limit)
    return _incidents(connection, query if before is None else query.where(incidents.c.id < before))


def recent(connection: Connection, account_id: int, *, since: datetime, limit: int) -> list[Incident]:
    """Incidents that are open, or were at that time or later; those that began last come first."""
    wanted = or_(incidents.c.resolved_at.is_(None), incidents.c.resolved_at >= since)
    query = _of(account_id).where(wanted)
    return _incidents(connection, query.order_by(incidents.c.began_at.desc(), incidents.c.id.desc()).limit(limit))


def _of(account_id: int) -> Select[Any]:  # Any: columns of many types
    return select(incidents).where(incidents.c.account_id == account_id)


def _incidents(connection: Connection, query: Select[Any]) -> list[Incident]:  # Any: as above
    rows = connection.execute(query).all()
    notes: dict[int, list[IncidentUpdate]] = {}
    told = select(incident_updates).where(incident_updates.c.incident_id.in_([row.id for row in rows]))
    for row in connection.execute(told.order_by(incident_updates.c.number)) if rows else ():
        note = IncidentUpdate(key=row.key, at=row.at, state=row.state, text=row.text)
        notes.setdefault(row.incident_id, []).append(note)
    return [_incident(row, notes[row.id]) for row in rows]


def _incident(row: AnyRow, notes: Sequence[IncidentUpdate]) -> Incident:
    return Incident(
        id=row.id,
        account_id=row.account_id,
        key=row.key,
        title=row.title,
        began_at=row.began_at,
        resolved_at=row.resolved_at,
        monitor_ids=row.monitor_ids,
        updates=tuple(notes),
    )
