"""Alerts about trouble that lasts, as they are read."""

from sqlalchemy import Connection, func, select

from mailtrip.model import AlertKind, MonitorAccess
from mailtrip.store.alert_responses import IS_OF_STANDING
from mailtrip.store.alert_tables import alert_standings, alerts
from mailtrip.store.seen import seen

__all__ = ["newest_ids"]


def newest_ids(connection: Connection, account_id: int, *, access: MonitorAccess | None, limit: int) -> list[int]:
    """The newest alert to each recipient about each trouble that lasts and that the recipient was told of, newest first.

    Of monitors that `access` does not let see, there is none.
    """
    newest = func.max(alerts.c.id)
    query = (
        select(newest)
        .join_from(alerts, alert_standings, IS_OF_STANDING)
        .where(
            alerts.c.account_id == account_id,
            alerts.c.kind.in_((AlertKind.ERROR, AlertKind.REMINDER, AlertKind.ESCALATION)),
            alert_standings.c.alerts > 0,
        )
        .group_by(alerts.c.monitor_id, alerts.c.recipient_id)
    )
    if access is not None:
        query = query.where(seen(alerts.c.monitor_id, access))
    return list(connection.scalars(query.order_by(newest.desc()).limit(limit)))
