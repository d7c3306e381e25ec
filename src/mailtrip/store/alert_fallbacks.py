"""Alerts that go to another recipient, as they did not get to theirs."""

from datetime import datetime

from sqlalchemy import Connection, exists, insert, literal, select

from mailtrip.model import AlertDelivery, AlertKind, DeliveryState
from mailtrip.store.alert_tables import alert_deliveries, alerts
from mailtrip.store.schema import recipients

__all__ = ["by_key", "held_up", "is_made", "is_test", "pass_on"]

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


def held_up(connection: Connection, *, since: datetime) -> list[AlertDelivery]:
    """What waits for a recipient with a fall-back that is not told yet, and has had no success since this time or longer."""
    waiting, first, passed = alert_deliveries, alert_deliveries.alias(), alert_deliveries.alias()
    is_held_up = exists().where(
        first.c.recipient_id == waiting.c.recipient_id,
        first.c.state == DeliveryState.WAITING,
        first.c.attempts > 0,
        first.c.created_at <= since,
    )
    is_passed_on = exists().where(
        passed.c.recipient_id == recipients.c.fallback_id,
        passed.c.cause == waiting.c.cause,
        passed.c.fallback_for == waiting.c.key,
    )
    query = (
        select(waiting)
        .join(recipients, recipients.c.id == waiting.c.recipient_id)
        .where(waiting.c.state == DeliveryState.WAITING, recipients.c.fallback_id.is_not(None))
        .where(is_held_up, ~is_passed_on)
        .order_by(waiting.c.id)
    )
    return [AlertDelivery(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001  (as above)


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
