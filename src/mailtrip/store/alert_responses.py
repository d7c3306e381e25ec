"""What people answer to alerts, as it is stored: that they take trouble on, or want to hear of it later."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, select, update

from mailtrip.model import Alert, AlertKind, StatusCode
from mailtrip.store.alert_tables import alert_standings, alerts

__all__ = ["IS_OF_STANDING", "Trouble", "acknowledge", "forget_reminders", "snooze", "troubles"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Trouble of a monitor that lasts, of which a recipient was told.

    Attributes:
        status: of which it was told.
    """

    monitor_id: int
    status: StatusCode


def troubles(connection: Connection, alert: Alert) -> Sequence[Trouble]:
    """What the alert, and those that were told with it, are about and lasts, by monitor; locked until the end."""
    told_with = alerts.c.id == alert.id if alert.delivery_id is None else alerts.c.delivery_id == alert.delivery_id
    query = (
        select(alerts.c.monitor_id, alerts.c.status)
        .join_from(alerts, alert_standings, IS_OF_STANDING)
        .where(
            told_with,
            alerts.c.kind.in_((AlertKind.ERROR, AlertKind.REMINDER, AlertKind.ESCALATION)),
            alert_standings.c.alerts > 0,
        )
        .order_by(alerts.c.monitor_id, alerts.c.id)
        .with_for_update(of=alert_standings)
    )
    found = {row.monitor_id: Trouble(monitor_id=row.monitor_id, status=row.status) for row in connection.execute(query)}
    return list(found.values())


def acknowledge(connection: Connection, monitor_ids: Collection[int], *, by: str | None, at: datetime | None) -> int:
    """Note for all recipients who takes on the trouble of these monitors, or that nobody does; how much has changed.

    Whoever was first stays.
    """
    values = {"acknowledged_at": at, "acknowledged_by": by}
    is_other = alert_standings.c.acknowledged_at.is_(None) if at else alert_standings.c.acknowledged_at.is_not(None)
    connection.execute(
        update(alerts).where(_are_of(monitor_ids), exists().where(IS_OF_STANDING, is_other)).values(values)
    )
    statement = update(alert_standings).where(alert_standings.c.monitor_id.in_(monitor_ids), is_other)
    return connection.execute(statement.values(values)).rowcount


def snooze(
    connection: Connection,
    recipient_id: int,
    found: Collection[Trouble],
    *,
    by: str | None,
    until: datetime | None,
) -> int:
    """Note who puts off what a recipient hears of this trouble, or that it hears of it again; how much has changed."""
    monitor_ids = [trouble.monitor_id for trouble in found]
    is_theirs = alerts.c.recipient_id == recipient_id
    values = {"snoozed_until": until, "snoozed_by": by}
    connection.execute(
        update(alerts).where(_are_of(monitor_ids), is_theirs, exists().where(IS_OF_STANDING)).values(values)
    )
    changed = 0
    for status in sorted({trouble.status for trouble in found}):
        of_status = [trouble.monitor_id for trouble in found if trouble.status == status]
        statement = update(alert_standings).where(
            alert_standings.c.recipient_id == recipient_id,
            alert_standings.c.monitor_id.in_(of_status),
            alert_standings.c.snoozed_until.is_distinct_from(until),
        )
        new = {"snoozed_until": until, "snoozed_status": None if until is None else status}
        changed += connection.execute(statement.values(new)).rowcount
    return changed


def forget_reminders(connection: Connection, monitor_ids: Collection[int], *, recipient_id: int | None = None) -> None:
    """Remove reminders of these monitors that are in no delivery yet; None is of all recipients."""
    statement = delete(alerts).where(
        _are_of(monitor_ids), alerts.c.delivery_id.is_(None), alerts.c.kind == AlertKind.REMINDER
    )
    connection.execute(statement if recipient_id is None else statement.where(alerts.c.recipient_id == recipient_id))


def _are_of(monitor_ids: Collection[int]) -> ColumnElement[bool]:
    return alerts.c.monitor_id.in_(monitor_ids)


IS_OF_STANDING = and_(
    alert_standings.c.monitor_id == alerts.c.monitor_id,
    alert_standings.c.recipient_id == alerts.c.recipient_id,
    alert_standings.c.since == alerts.c.since,
)
"""The alert is about the trouble that the standing counts."""
