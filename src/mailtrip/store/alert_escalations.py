"""Trouble that nobody has acknowledged, as it is stored: where somebody else may have to be told."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from mailtrip.model import AlertKind, StatusCode
from mailtrip.store.alert_responses import IS_OF_STANDING
from mailtrip.store.alert_tables import alert_deliveries, alert_standings, alerts

__all__ = ["ToldTrouble", "due", "told_troubles"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldTrouble:
    """What a recipient was told last of trouble that lasts.

    Attributes:
        told_at: when its first message about it was made; None while that waits.
    """

    run_id: int | None
    status: StatusCode
    since: datetime
    cause: str
    told_at: datetime | None


def due(connection: Connection, *, now: datetime, limit: int) -> list[int]:
    """Monitors with trouble for which it is time to look whether others have to be told, by id."""
    query = select(alert_standings.c.monitor_id).where(
        alert_standings.c.escalates_at <= now,
        alert_standings.c.errors > 0,
        alert_standings.c.acknowledged_at.is_(None),
    )
    return list(connection.scalars(query.distinct().order_by(alert_standings.c.monitor_id).limit(limit)))


def told_troubles(connection: Connection, monitor_ids: Collection[int]) -> dict[tuple[int, int], ToldTrouble]:
    """What recipients were told of trouble of these monitors that lasts, by (monitor id, recipient id)."""
    first = func.min(alert_deliveries.c.created_at).over(partition_by=(alerts.c.monitor_id, alerts.c.recipient_id))
    query = (
        select(
            *(alerts.c[name] for name in ("monitor_id", "recipient_id", "run_id", "status", "since", "cause")),
            first.label("told_at"),
        )
        .join_from(alerts, alert_standings, IS_OF_STANDING)
        .join(alert_deliveries, alert_deliveries.c.id == alerts.c.delivery_id, isouter=True)
        .where(
            alerts.c.monitor_id.in_(monitor_ids),
            alerts.c.kind.in_((AlertKind.ERROR, AlertKind.REMINDER, AlertKind.ESCALATION)),
        )
        .order_by(alerts.c.id)
    )
    return {
        (row.monitor_id, row.recipient_id): ToldTrouble(
            run_id=row.run_id, status=row.status, since=row.since, cause=row.cause, told_at=row.told_at
        )
        for row in connection.execute(query)
    }
