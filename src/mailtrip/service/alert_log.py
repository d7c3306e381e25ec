"""Alerts as people read them, and test alerts."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailtrip import store
from mailtrip.alerts.holding import Wait, wait_in_delivery
from mailtrip.errors import NotFound, RateLimited
from mailtrip.model import Actor, Alert, AlertDelivery, AlertKind, AuditAction, StatusCode
from mailtrip.service import audit, bundles
from mailtrip.service.access import may_see, require_edit
from mailtrip.store import Connection, lasting_alerts
from mailtrip.store.alerts import NewAlert

__all__ = ["LoggedAlert", "get", "lasting", "order_test", "page"]

_MOST_TESTS = 5
_SPAN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedAlert:
    """An alert and what became of it.

    Attributes:
        delivery: None while the alert is in none.
        wait: why it has not gone out yet; None once it was sent or given up.
    """

    alert: Alert
    delivery: AlertDelivery | None
    wait: Wait | None = None


def get(connection: Connection, actor: Actor, alert_id: int, *, now: datetime) -> LoggedAlert:
    """One alert; raises NotFound."""
    alert = store.alerts.get(connection, actor.account_id, alert_id)
    if alert is None or (alert.monitor_id is not None and not may_see(actor, alert.monitor_id)):
        raise NotFound(f"there is no alert {alert_id}")
    return _logged(connection, [alert], now=now)[0]


def page(
    connection: Connection,
    actor: Actor,
    *,
    now: datetime,
    monitor_id: int | None = None,
    recipient_id: int | None = None,
    limit: int,
    before: int | None = None,
) -> list[LoggedAlert]:
    """Alerts of the account, newest first; None is no filter, `before` the last id of the page before."""
    found = store.alerts.page(
        connection,
        actor.account_id,
        monitor_id=monitor_id,
        recipient_id=recipient_id,
        access=actor.access,
        limit=limit,
        before=before,
    )
    return _logged(connection, found, now=now)


def lasting(connection: Connection, actor: Actor, *, now: datetime, limit: int) -> list[LoggedAlert]:
    """Of each trouble that lasts and that somebody was told of, the newest alert to each recipient; newest first."""
    ids = lasting_alerts.newest_ids(connection, actor.account_id, access=actor.access, limit=limit)
    found = [store.alerts.get(connection, actor.account_id, alert_id) for alert_id in ids]
    return _logged(connection, [alert for alert in found if alert is not None], now=now)


def order_test(connection: Connection, actor: Actor, recipient_id: int, *, now: datetime) -> int:
    """Put a test alert to a recipient into the outbox and give its id; it goes out at once.

    Raises:
        Forbidden: the role may not edit.
        NotFound: no such recipient in the account.
        RateLimited: five were ordered for it within a minute.
    """
    require_edit(actor)
    recipient = store.recipients.get(connection, actor.account_id, recipient_id, lock=True)
    if recipient is None:
        raise NotFound(f"there is no recipient {recipient_id}")
    earlier = store.alerts.tests_since(connection, recipient_id, since=now - _SPAN)
    if len(earlier) >= _MOST_TESTS:
        raise RateLimited(
            f"{_MOST_TESTS} tests of recipient {recipient_id} were ordered within a minute",
            retry_after=max(earlier[0] + _SPAN - now, timedelta(seconds=1)),
        )
    new = NewAlert(
        account_id=actor.account_id,
        recipient_id=recipient_id,
        monitor_id=None,
        run_id=None,
        kind=AlertKind.TEST,
        status=StatusCode.OK,
        errors=0,
        since=now,
        # Each is told by itself.
        cause=f"test {now.isoformat()}",
    )
    alert_id = store.alerts.add_one(connection, new, now=now)
    audit.record(
        connection,
        actor,
        AuditAction.RECIPIENT_TESTED,
        recipient_id,
        now=now,
        after={"alert_id": alert_id},
        name=recipient.settings.name,
    )
    return alert_id


def _logged(connection: Connection, alerts: Collection[Alert], *, now: datetime) -> list[LoggedAlert]:
    ids = {alert.delivery_id for alert in alerts if alert.delivery_id is not None}
    deliveries = store.alerts.deliveries(connection, ids)
    waits = bundles.waits(connection, alerts, now=now)
    return [_log(alert, deliveries.get(alert.delivery_id or 0), waits.get(alert.id)) for alert in alerts]


def _log(alert: Alert, delivery: AlertDelivery | None, wait: Wait | None) -> LoggedAlert:
    return LoggedAlert(alert=alert, delivery=delivery, wait=wait if delivery is None else wait_in_delivery(delivery))
