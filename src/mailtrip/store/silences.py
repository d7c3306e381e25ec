"""Locations that fall silent, as they are stored: when each was heard of, which are silent, and who was told."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, exists, func, select, update

from mailtrip.model import AlertKind, MonitorAccess, RunState
from mailtrip.store.alert_tables import alert_silence_tellings, alerts
from mailtrip.store.dialects import put_rows
from mailtrip.store.schema import latest_runs, locations, monitors, runs
from mailtrip.store.seen import seen

__all__ = [
    "TellingRow",
    "forget_tellings",
    "last_reports",
    "last_skip",
    "lock",
    "loud",
    "put_tellings",
    "set_silent",
    "silent",
    "tellings",
    "told",
    "untold",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TellingRow:
    """A recipient was told that a location is silent since then."""

    recipient_id: int
    location_id: int
    account_id: int
    since: datetime
    is_urgent: bool


def last_reports(
    connection: Connection, *, account_id: int | None = None, access: MonitorAccess | None = None
) -> dict[int, datetime]:
    """The slot of the newest finished run of each location that has one.

    Args:
        connection: of any transaction.
        account_id: only runs of this account; None is of all.
        access: only runs of monitors that it lets see; None is of all.
    """
    query = select(latest_runs.c.location_id, func.max(latest_runs.c.slot).label("slot"))
    if account_id is not None:
        query = query.where(latest_runs.c.account_id == account_id)
    if access is not None:
        query = query.where(seen(latest_runs.c.monitor_id, access))
    return {row.location_id: row.slot for row in connection.execute(query.group_by(latest_runs.c.location_id))}


def last_skip(connection: Connection, location_id: int, *, after: datetime) -> datetime | None:
    """The newest slot later than `after` that the location left out and told why; None for none.

    One that it left out as the monitor's run before has not ended yet is none: that run may never end.
    """
    before = runs.alias()
    is_stuck = exists().where(
        before.c.monitor_id == runs.c.monitor_id, before.c.state == RunState.RUNNING, before.c.slot < runs.c.slot
    )
    query = select(func.max(runs.c.slot)).where(
        runs.c.location_id == location_id, runs.c.slot > after, runs.c.state == RunState.SKIPPED, ~is_stuck
    )
    found: datetime | None = connection.scalar(query)
    return found


def silent(connection: Connection) -> dict[int, datetime]:
    """The locations that are known to be silent, and since when."""
    query = select(locations.c.id, locations.c.silent_since).where(locations.c.silent_since.is_not(None))
    return {row.id: row.silent_since for row in connection.execute(query)}


def told(connection: Connection) -> set[int]:
    """The locations of which somebody was told that they are silent, and not yet that they are no more."""
    return set(connection.scalars(select(alert_silence_tellings.c.location_id).distinct()))


def lock(connection: Connection, location_id: int) -> datetime | None:
    """Since when a location is known to be silent; nobody else changes it until the transaction ends."""
    query = select(locations.c.silent_since).where(locations.c.id == location_id)
    return connection.scalar(query.with_for_update(key_share=True))


def set_silent(connection: Connection, location_id: int, since: datetime | None) -> None:
    """Note since when a location is silent; None when it is not."""
    connection.execute(update(locations).where(locations.c.id == location_id).values(silent_since=since))


def loud(connection: Connection, account_id: int) -> set[int]:
    """The enabled monitors of an account whose alerts are on."""
    query = select(monitors.c.id).where(
        monitors.c.account_id == account_id, monitors.c.enabled, monitors.c.notify_on_error
    )
    return set(connection.scalars(query))


def tellings(connection: Connection, location_id: int) -> list[TellingRow]:
    """Who was told of a location's silence, in all accounts."""
    rows = connection.execute(
        select(*(alert_silence_tellings.c[name] for name in TellingRow.__slots__))
        .where(alert_silence_tellings.c.location_id == location_id)
        .order_by(alert_silence_tellings.c.recipient_id)
    )
    return [TellingRow(**row._mapping) for row in rows]  # noqa: SLF001  (SQLAlchemy's public name for it)


def put_tellings(connection: Connection, rows: Sequence[TellingRow]) -> None:
    """Remember these, in the place of what was there."""
    values = [{name: getattr(row, name) for name in TellingRow.__slots__} for row in rows]
    put_rows(connection, alert_silence_tellings, ("since", "is_urgent"), values)


def forget_tellings(connection: Connection, location_id: int, recipient_ids: Collection[int]) -> None:
    """Forget that these were told of a location."""
    if recipient_ids:
        rows = alert_silence_tellings.c
        connection.execute(
            delete(alert_silence_tellings).where(
                rows.location_id == location_id, rows.recipient_id.in_(sorted(recipient_ids))
            )
        )


def untold(connection: Connection, location_id: int) -> set[int]:
    """The recipients for whom the alert that a location is silent is in no delivery yet."""
    query = select(alerts.c.recipient_id).where(
        alerts.c.delivery_id.is_(None), alerts.c.location_id == location_id, alerts.c.kind == AlertKind.SILENT
    )
    return set(connection.scalars(query.with_for_update(skip_locked=True)))
