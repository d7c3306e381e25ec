"""The outbox of alerts: what is to be told together, whose turn it is, and what came of it."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from mailtrip import store
from mailtrip.errors import MailtripError
from mailtrip.model import (
    AlertDelivery,
    AlertItem,
    AlertPackage,
    ContactKind,
    DeliveryAnswer,
    DeliveryFailure,
    Recipient,
    Run,
    shown_address,
)
from mailtrip.service import alert_links, escalations, fallbacks
from mailtrip.service.bundles import due_bundles, next_due
from mailtrip.service.ports import Secrets
from mailtrip.store import Connection

__all__ = ["GIVE_UP", "bundle_due", "claim", "has_work", "next_look", "pause_after", "record", "release"]

_MOST_SHOWN = 50
"""Alerts of a delivery that are told one by one; of the others only their number is."""
_MOST_PROVED = 3
_FIRST_PAUSE = timedelta(seconds=10)
_LONGEST_PAUSE = timedelta(hours=1)
GIVE_UP = timedelta(hours=24)


def has_work(connection: Connection, *, now: datetime, is_behind: bool = False) -> bool:
    """Whether it is worth a writing transaction to call `bundle_due` and `claim`."""
    return (
        store.alerts.has_due(connection, now=now)
        or escalations.is_due(connection, now=now)
        or bool(due_bundles(connection, now=now, is_behind=is_behind))
    )


def next_look(connection: Connection, *, now: datetime, is_behind: bool = False) -> timedelta | None:
    """How long there will be no work, as far as that is known now: 0 where there is some, None where nothing waits."""
    if has_work(connection, now=now, is_behind=is_behind):
        return timedelta(0)
    due_at = next_due(connection, now=now, is_behind=is_behind)
    return None if due_at is None else due_at - now


def bundle_due(connection: Connection, *, now: datetime, is_behind: bool = False) -> int:
    """Tell others of what nobody has acknowledged, and make deliveries of alerts whose time has come; how many were made.

    Args:
        connection: of a writing transaction.
        now: decides whose time has come.
        is_behind: whether results wait that are not recorded yet, more than go into one transaction.
    """
    escalations.escalate_due(connection, now=now)
    due = due_bundles(connection, now=now, is_behind=is_behind)
    store.alert_bundles.make(connection, due, [uuid.uuid4().hex for _ in due], now=now)
    fallbacks.pass_on_held_up(connection, now=now)
    return len(due)


def claim(
    connection: Connection,
    secrets: Secrets,
    *,
    now: datetime,
    limit: int,
    public_url: str | None = None,
    relay: str | None = None,
) -> list[AlertPackage]:
    """Deliveries that are due, with all that is needed to send them; the caller has to `record` what came of each.

    Args:
        connection: of a writing transaction.
        secrets: unseals passwords, and signs links.
        now: decides what is due.
        limit: most deliveries.
        public_url: the service's address, for links to answer; None for no links.
        relay: what alerts by mail go through; None where there is none.
    """
    deliveries = store.alerts.claim(connection, now=now, limit=limit)
    packages = [_package(connection, secrets, delivery) for delivery in deliveries]
    for package in packages:
        settings = package.recipient.settings
        is_mail = settings.method.contact is ContactKind.MAIL
        through = relay if is_mail else shown_address(settings.method, settings.address)
        store.alerts.note_way(connection, package.delivery.id, method=settings.method, through=through)
    return [replace(each, links=alert_links.links_in(each, secrets, public_url=public_url)) for each in packages]


def record(connection: Connection, delivery: AlertDelivery, answer: DeliveryAnswer, *, now: datetime) -> None:
    """Note what came of an attempt: sent, to be tried again after ever longer pauses for 24 hours, or failed for good.

    Where it has failed for good, and where it has not got there for ten minutes, the recipient's fall-back is told.
    """
    if answer.is_sent:
        store.alerts.end(connection, delivery.id, None, answer=answer.text, now=now)
    elif answer.is_temporary and now < delivery.created_at + GIVE_UP:
        until = now + pause_after(delivery.attempts)
        store.alerts.put_off(connection, delivery.id, until=until, answer=answer.text)
        fallbacks.pass_on_held_up(connection, now=now)
    else:
        failure = DeliveryFailure.PASSING if answer.is_temporary else DeliveryFailure.PERMANENT
        store.alerts.end(connection, delivery.id, failure, answer=answer.text, now=now)
        fallbacks.fall_back(connection, delivery, now=now)


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts that failed."""
    return min(_FIRST_PAUSE * (1 << min(attempts - 1, 16)), _LONGEST_PAUSE)


def release(connection: Connection) -> int:
    """At start: have sent again what a dead process was sending; the far end knows a repetition by its key."""
    return store.alerts.release(connection)


def _package(connection: Connection, secrets: Secrets, delivery: AlertDelivery) -> AlertPackage:
    recipient, sealed = store.recipients.with_sealed(connection, delivery.recipient_id)
    if sealed.address is not None:
        recipient = _at(recipient, _unseal(secrets, sealed.address) or "")
    found, subjects, alerts = store.alerts.of_delivery(connection, delivery.id, limit=_MOST_SHOWN)
    monitor_ids = {alert.monitor_id for alert in found if alert.monitor_id is not None}
    names = store.monitors.names(connection, delivery.account_id, monitor_ids)
    location_ids = {alert.location_id for alert in found if alert.location_id is not None}
    places = store.accounts.location_names(connection, location_ids) if location_ids else {}
    runs = _runs(connection, delivery.account_id, [alert.run_id for alert in found if alert.run_id is not None])
    items = tuple(
        AlertItem(
            alert=alert,
            monitor_name=names.get(alert.monitor_id) if alert.monitor_id else None,
            run=runs.get(alert.run_id) if alert.run_id else None,
            location_name=places.get(alert.location_id) if alert.location_id else None,
        )
        for alert in found
    )
    return AlertPackage(
        delivery=delivery,
        account_name=store.accounts.name_of(connection, delivery.account_id),
        recipient=recipient,
        password=None if sealed.password is None else _unseal(secrets, sealed.password),
        items=items,
        count=subjects,
        alerts=alerts,
        instead_of=fallbacks.failure_before(connection, delivery),
    )


def _at(recipient: Recipient, address: str) -> Recipient:
    return replace(recipient, settings=replace(recipient.settings, address=address))


def _runs(connection: Connection, account_id: int, run_ids: Sequence[int]) -> dict[int, Run]:
    """The first few whole, with what proves their verdicts; the others brief."""
    whole = [store.run_queries.get(connection, account_id, run_id) for run_id in run_ids[:_MOST_PROVED]]
    brief = store.run_queries.by_ids(connection, run_ids[_MOST_PROVED:])
    return {run.id: run for run in (*whole, *brief) if run is not None}


def _unseal(secrets: Secrets, sealed: bytes) -> str | None:
    """A password that can't be unsealed is as good as none: the far end will say so. There is no address without it."""
    try:
        return secrets.unseal(sealed)
    except MailtripError:
        return None
