"""What is told to another recipient, as it does not get to its own."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

from mailtrip import store
from mailtrip.model import AlertDelivery, DeliveryState, FailedDelivery
from mailtrip.store import Connection

__all__ = ["failure_before", "fall_back", "pass_on_held_up"]

_PATIENCE = timedelta(minutes=10)


def fall_back(connection: Connection, delivery: AlertDelivery, *, now: datetime) -> None:
    """Have the fall-back of the delivery's recipient told, once, and nobody who was tried for these alerts already.

    Tests are of one recipient only, and not passed on.
    """
    recipient = store.recipients.get(connection, delivery.account_id, delivery.recipient_id)
    to = None if recipient is None else recipient.settings.fallback_id
    if to is None or to in _tried(connection, delivery) or store.alert_fallbacks.is_made(connection, delivery, to):
        return
    if not store.alert_fallbacks.is_test(connection, delivery.id):
        store.alert_fallbacks.pass_on(connection, delivery, to, key=uuid.uuid4().hex, now=now)


def pass_on_held_up(connection: Connection, *, now: datetime) -> None:
    """Have the fall-backs told of what waits for recipients that could not be told for ten minutes.

    That is also what came later, and waits in line behind it.
    """
    for delivery in store.alert_fallbacks.held_up(connection, since=now - _PATIENCE):
        fall_back(connection, delivery, now=now)


def failure_before(connection: Connection, delivery: AlertDelivery) -> FailedDelivery | None:
    """What did not get there, so that this delivery was made; None for a usual one."""
    if delivery.fallback_for is None:
        return None
    before = store.alert_fallbacks.by_key(connection, delivery.fallback_for)
    recipient = None if before is None else store.recipients.get(connection, before.account_id, before.recipient_id)
    if before is None or recipient is None:
        return None
    return FailedDelivery(
        recipient_id=recipient.id,
        recipient_name=recipient.settings.name,
        method=recipient.settings.method,
        answer=before.answer or "an earlier message still waits there",
        is_over=before.state is DeliveryState.FAILED,
    )


def _tried(connection: Connection, delivery: AlertDelivery) -> Iterator[int]:
    """The recipients of this delivery, of that in whose place it was made, and so on: each is there once."""
    found: AlertDelivery | None = delivery
    while found is not None:
        yield found.recipient_id
        found = None if found.fallback_for is None else store.alert_fallbacks.by_key(connection, found.fallback_for)
