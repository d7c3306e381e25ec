"""Alerts that go to another recipient, as they did not get to theirs."""

from datetime import datetime

from sqlalchemy import Connection, insert, literal, select

from mailtrip.model import AlertDelivery, AlertKind, DeliveryState
from mailtrip.store.alert_tables import alert_deliveries, alerts

__all__ = ["by_key", "is_made", "is_test", "pass_on"]

_KEPT = [column for column in alerts.c if column.name not in {"id", "recipient_id", "delivery_id"}]


def by_key(connection: Connection, key: str) -> AlertDelivery | None:
    """A delivery; None where it is gone."""
    row = connection.execute(select(alert_deliveries).where(alert_deliveries.c.key == key)).one_or_none()
    return None if row is None else AlertDelivery(**row._mapping)  # noqa: SLF001  (SQLAlchemy's public name for it)


def is_made(connection: Connection, delivery: AlertDelivery, recipient_id: int) -> bool:
    """Whether the recipient is told already in the place of this delivery's."""
    query = select(alert_deliveries.c.id).where(
        alert_deliveries.c.recipient_id == recipient_id,
        alert_deliveries.c.cause == delivery.cause,
        alert_deliveries.c.created_at >= delivery.created_at,
        alert_deliveries.c.fallback_for == delivery.key,
    )
    return connection.scalars(query).first() is not None


def is_test(connection: Connection, delivery_id: int) -> bool:
    """Whether a delivery is a test of its recipient."""
    query = select(alerts.c.id).where(alerts.c.delivery_id == delivery_id, alerts.c.kind == AlertKind.TEST)
    return connection.scalars(query.limit(1)).first() is not None


def pass_on(connection: Connection, delivery: AlertDelivery, recipient_id: int, *, key: str, now: datetime) -> None:
    """Make a delivery to another recipient, due at once, with the same alerts."""
    values = {
        "account_id": delivery.account_id,
        "recipient_id": recipient_id,
        "cause": delivery.cause,
        "key": key,
        "state": DeliveryState.WAITING,
        "created_at": now,
        "attempts": 0,
        "next_at": now,
        "fallback_for": delivery.key,
    }
    delivery_id = connection.scalars(alert_deliveries.insert().returning(alert_deliveries.c.id), values).one()
    same = (
        select(*_KEPT, literal(recipient_id), literal(delivery_id))
        .where(alerts.c.delivery_id == delivery.id)
        .order_by(alerts.c.id)
    )
    connection.execute(
        insert(alerts).from_select([*(column.name for column in _KEPT), "recipient_id", "delivery_id"], same)
    )
