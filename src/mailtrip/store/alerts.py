"""Alerts as they are stored: what recipients were told, the outbox, and the deliveries made of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, case, delete, exists, func, select, update

from mailtrip.model import (
    Alert,
    AlertDelivery,
    AlertKind,
    AlertMethod,
    DeliveryFailure,
    DeliveryState,
    MonitorAccess,
    StatusCode,
)
from mailtrip.store.alert_tables import alert_deliveries, alert_standings, alerts
from mailtrip.store.codec import storable
from mailtrip.store.dialects import among, put_rows
from mailtrip.store.seen import seen
from mailtrip.store.types import AnyRow

__all__ = [
    "NewAlert",
    "StandingRow",
    "WaitingAlert",
    "add",
    "add_one",
    "claim",
    "deliveries",
    "drop_waiting",
    "end",
    "forget_standings",
    "get",
    "has_due",
    "note_way",
    "of_delivery",
    "page",
    "put_off",
    "put_standings",
    "release",
    "remove_older",
    "standings",
    "tests_since",
    "waiting",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingRow:
    """What a recipient was told of a monitor that is not well."""

    monitor_id: int
    recipient_id: int
    account_id: int
    errors: int
    history: int
    alerts: int
    since: datetime | None
    run_id: int | None
    slot: datetime | None
    told_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    snoozed_until: datetime | None
    snoozed_status: StatusCode | None
    is_urgent: bool
    escalates_at: datetime | None
    is_escalated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAlert:
    """An alert that is to be told."""

    account_id: int
    recipient_id: int
    monitor_id: int | None
    run_id: int | None
    kind: AlertKind
    status: StatusCode
    errors: int
    since: datetime
    cause: str
    is_urgent: bool = False
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    detail: str | None = None
    location_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingAlert:
    """An alert that is in no delivery yet."""

    id: int
    monitor_id: int
    recipient_id: int
    kind: AlertKind
    since: datetime
    cause: str


def standings(connection: Connection, monitor_ids: Collection[int]) -> list[StandingRow]:
    """All that is remembered of these monitors."""
    rows = connection.execute(_STANDINGS.where(among(connection, alert_standings.c.monitor_id, monitor_ids)))
    return [StandingRow(**row._mapping) for row in rows]  # noqa: SLF001  (SQLAlchemy's public name for it)


def put_standings(connection: Connection, rows: Sequence[StandingRow]) -> None:
    """Remember these, in the place of what was there."""
    changing = [name for name in StandingRow.__slots__ if name not in _STANDING_KEY]
    values = [{name: getattr(row, name) for name in StandingRow.__slots__} for row in rows]
    put_rows(connection, alert_standings, changing, values)


def forget_standings(connection: Connection, keys: Collection[tuple[int, int]]) -> None:
    """Forget what recipients were told of monitors: (monitor id, recipient id)."""
    if keys:
        pairs = [{"monitor": monitor_id, "recipient": recipient_id} for monitor_id, recipient_id in sorted(keys)]
        connection.execute(_FORGET, pairs)


def add(connection: Connection, new: Sequence[NewAlert], *, now: datetime) -> None:
    """Put alerts into the outbox, in the order given."""
    if new:
        connection.execute(alerts.insert(), [_new_values(item, now=now) for item in new])


def add_one(connection: Connection, new: NewAlert, *, now: datetime) -> int:
    """Put an alert into the outbox and give its id."""
    return int(connection.scalars(alerts.insert().returning(alerts.c.id), _new_values(new, now=now)).one())


def has_due(connection: Connection, *, now: datetime) -> bool:
    """Whether a delivery is due."""
    return bool(connection.scalar(_HAS_DUE, {"now": now}))


def claim(connection: Connection, *, now: datetime, limit: int) -> list[AlertDelivery]:
    """Deliveries that are due, oldest first; they are `SENDING` from now on, one attempt more.

    A recipient gets them in the order of their making: while one is open, no later one is due.
    """
    earlier = alert_deliveries.alias()
    is_open = earlier.c.state.in_((DeliveryState.WAITING, DeliveryState.SENDING))
    is_first = ~exists().where(
        earlier.c.recipient_id == alert_deliveries.c.recipient_id, earlier.c.id < alert_deliveries.c.id, is_open
    )
    due = (
        select(alert_deliveries.c.id)
        .where(alert_deliveries.c.state == DeliveryState.WAITING, alert_deliveries.c.next_at <= now, is_first)
        .order_by(alert_deliveries.c.next_at, alert_deliveries.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = connection.scalars(due).all()
    if not ids:
        return []
    statement = (
        update(alert_deliveries)
        .where(alert_deliveries.c.id.in_(ids))
        .values(state=DeliveryState.SENDING, attempts=alert_deliveries.c.attempts + 1)
        .returning(*alert_deliveries.c)
    )
    return sorted((_delivery(row) for row in connection.execute(statement)), key=lambda delivery: delivery.id)


def note_way(connection: Connection, delivery_id: int, *, method: AlertMethod, through: str | None) -> None:
    """Note how a delivery goes, and through what; None where there is nothing that it could go through."""
    values = {"method": method, "through": storable(through, 300)}
    connection.execute(update(alert_deliveries).where(alert_deliveries.c.id == delivery_id).values(values))


def release(connection: Connection) -> int:
    """At start: what a dead process was sending is to be sent again, with the same key; how many there are."""
    statement = update(alert_deliveries).where(alert_deliveries.c.state == DeliveryState.SENDING)
    return connection.execute(statement.values(state=DeliveryState.WAITING)).rowcount


def put_off(connection: Connection, delivery_id: int, *, until: datetime, answer: str) -> None:
    """Have a delivery tried again later: what kept it may pass."""
    values = {
        "state": DeliveryState.WAITING,
        "next_at": until,
        "answer": storable(answer, 1000),
        "failure": DeliveryFailure.PASSING,
    }
    connection.execute(update(alert_deliveries).where(alert_deliveries.c.id == delivery_id).values(values))


def end(
    connection: Connection, delivery_id: int, failure: DeliveryFailure | None, *, answer: str, now: datetime
) -> None:
    """A delivery was sent, where nothing has kept it; else it has failed for good."""
    state = DeliveryState.SENT if failure is None else DeliveryState.FAILED
    values = {"state": state, "ended_at": now, "answer": storable(answer, 1000), "failure": failure}
    connection.execute(update(alert_deliveries).where(alert_deliveries.c.id == delivery_id).values(values))


def of_delivery(connection: Connection, delivery_id: int, *, limit: int) -> tuple[list[Alert], int, int]:
    """The last alert in a delivery about each monitor and location, in the order of their making, at most `limit` of them.

    Returns:
        These, how many monitors and locations there are, and how many changes of theirs.
    """
    inside = alerts.c.delivery_id == delivery_id
    # A reminder is no change.
    changes = func.count().filter(alerts.c.kind != AlertKind.REMINDER)
    number = case((changes == 0, 1), else_=changes).label("number")
    last = select(func.max(alerts.c.id).label("id"), number).where(inside)
    last_ids = last.group_by(alerts.c.monitor_id, alerts.c.location_id).subquery()
    subjects, total = connection.execute(select(func.count(), func.sum(last_ids.c.number))).one()
    query = select(alerts).where(alerts.c.id.in_(select(last_ids.c.id))).order_by(alerts.c.id).limit(limit)
    return [_alert(row) for row in connection.execute(query)], subjects, int(total or 0)


def waiting(connection: Connection, monitor_ids: Collection[int]) -> list[WaitingAlert]:
    """Alerts about errors of these monitors that are in no delivery yet, oldest first.

    They stay so until the transaction ends; those that are put into one just then are left out.
    """
    columns = (alerts.c[name] for name in WaitingAlert.__slots__)
    # What has a detail is no error: it is told by itself.
    is_error = alerts.c.detail.is_(None)
    concerned = among(connection, alerts.c.monitor_id, monitor_ids)
    query = select(*columns).where(alerts.c.delivery_id.is_(None), concerned, is_error)
    rows = connection.execute(query.order_by(alerts.c.id).with_for_update(skip_locked=True))
    return [WaitingAlert(**row._mapping) for row in rows]  # noqa: SLF001  (SQLAlchemy's public name for it)


def drop_waiting(connection: Connection, ids: Collection[int]) -> None:
    """Remove alerts that are in no delivery yet: they are not to be told."""
    if ids:
        connection.execute(delete(alerts).where(alerts.c.id.in_(ids), alerts.c.delivery_id.is_(None)))


def get(connection: Connection, account_id: int, alert_id: int) -> Alert | None:
    """One alert of the account."""
    query = select(alerts).where(alerts.c.account_id == account_id, alerts.c.id == alert_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else _alert(row)


def page(
    connection: Connection,
    account_id: int,
    *,
    monitor_id: int | None = None,
    recipient_id: int | None = None,
    access: MonitorAccess | None = None,
    limit: int,
    before: int | None = None,
) -> list[Alert]:
    """Alerts of the account, newest first; None is no filter, `before` the last id of the page before."""
    query = select(alerts).where(alerts.c.account_id == account_id)
    if monitor_id is not None:
        query = query.where(alerts.c.monitor_id == monitor_id)
    if recipient_id is not None:
        query = query.where(alerts.c.recipient_id == recipient_id)
    if access is not None:
        query = query.where(alerts.c.monitor_id.is_(None) | seen(alerts.c.monitor_id, access))
    if before is not None:
        query = query.where(alerts.c.id < before)
    return [_alert(row) for row in connection.execute(query.order_by(alerts.c.id.desc()).limit(limit))]


def tests_since(connection: Connection, recipient_id: int, *, since: datetime) -> Sequence[datetime]:
    """When tests of a recipient were ordered later than `since`, oldest first."""
    query = select(alerts.c.created_at).where(
        alerts.c.recipient_id == recipient_id, alerts.c.kind == AlertKind.TEST, alerts.c.created_at > since
    )
    return connection.scalars(query.order_by(alerts.c.created_at)).all()


def deliveries(connection: Connection, ids: Collection[int]) -> Mapping[int, AlertDelivery]:
    """Those of the ids that are deliveries."""
    rows = connection.execute(select(alert_deliveries).where(alert_deliveries.c.id.in_(ids)))
    return {row.id: _delivery(row) for row in rows}


def remove_older(connection: Connection, *, than: datetime, limit: int) -> int:
    """Remove deliveries made earlier with their alerts, at most `limit`; how many there were."""
    old = select(alert_deliveries.c.id).where(alert_deliveries.c.created_at < than)
    ids = connection.scalars(old.order_by(alert_deliveries.c.created_at).limit(limit)).all()
    connection.execute(delete(alert_deliveries).where(alert_deliveries.c.id.in_(ids)))
    return len(ids)


_STANDING_KEY = ("monitor_id", "recipient_id", "account_id")
_STANDINGS: Select[Any] = (
    select(*(alert_standings.c[name] for name in StandingRow.__slots__))
    .order_by(alert_standings.c.monitor_id, alert_standings.c.recipient_id)
    .with_for_update()
)
_HAS_DUE = select(
    exists().where(alert_deliveries.c.state == DeliveryState.WAITING, alert_deliveries.c.next_at <= bindparam("now"))
)
_FORGET = delete(alert_standings).where(
    alert_standings.c.monitor_id == bindparam("monitor"), alert_standings.c.recipient_id == bindparam("recipient")
)


def _new_values(new: NewAlert, *, now: datetime) -> dict[str, object]:
    return {name: getattr(new, name) for name in NewAlert.__slots__} | {"created_at": now, "delivery_id": None}


def _alert(row: AnyRow) -> Alert:
    return Alert(**row._mapping)  # noqa: SLF001  (SQLAlchemy's public name for it)


def _delivery(row: AnyRow) -> AlertDelivery:
    return AlertDelivery(**row._mapping)  # noqa: SLF001  (SQLAlchemy's public name for it)
