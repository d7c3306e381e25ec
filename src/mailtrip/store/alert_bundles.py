"""What is in no delivery yet, as it is stored: what belongs together, and the deliveries made of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Integer, bindparam, case, cast, exists, func, or_, select, true, update

from mailtrip.model import AlertKind, DeliveryOccasion, DeliveryState, Recipient
from mailtrip.store import recipients as recipient_rows
from mailtrip.store.alert_tables import alert_deliveries, alerts
from mailtrip.store.schema import recipients

__all__ = ["Bundle", "Untold", "made_since", "make", "paced", "untold"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """Alerts to one recipient with one cause that are in no delivery yet.

    Attributes:
        is_urgent: whether one of them is.
        oldest_at: when the first of them was decided on.
        newest_at: when the last one was.
        deliveries: how many with this cause were made for the recipient lately.
        delivered_at: when the last of these was made.
    """

    account_id: int
    recipient_id: int
    cause: str
    is_test: bool
    is_urgent: bool = False
    oldest_at: datetime
    newest_at: datetime
    deliveries: int = 0
    delivered_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A delivery that is to be made, of all alerts to the recipient with these causes that are in none yet."""

    account_id: int
    recipient_id: int
    causes: tuple[str, ...]
    occasion: DeliveryOccasion | None = None


def paced(connection: Connection) -> list[Recipient]:
    """The recipients with quiet hours or a daily limit for whom something waits."""
    is_paced = or_(recipients.c.quiet_hours != (), recipients.c.daily_limit.is_not(None))
    waits = exists().where(alerts.c.recipient_id == recipients.c.id, alerts.c.delivery_id.is_(None))
    return recipient_rows.matching(connection, is_paced & waits)


def made_since(connection: Connection, recipient_id: int, *, since: datetime) -> int:
    """How many messages were made for a recipient from `since` on; digests and tests are not counted."""
    query = select(func.count()).where(
        alert_deliveries.c.recipient_id == recipient_id,
        alert_deliveries.c.created_at >= since,
        or_(alert_deliveries.c.occasion.is_(None), alert_deliveries.c.occasion == DeliveryOccasion.LAST_TODAY),
        exists().where(alerts.c.delivery_id == alert_deliveries.c.id, alerts.c.kind != AlertKind.TEST),
    )
    return int(connection.scalar(query) or 0)


def untold(
    connection: Connection,
    *,
    lately: datetime,
    closed: Collection[int],
    limit: int,
    recipient_ids: Collection[int] | None = None,
) -> list[Untold]:
    """What is in no delivery yet, by recipient and cause, oldest first; deliveries since `lately` are counted.

    To recipients in `closed` only tests, and what is urgent. None is no filter.
    """
    to = true() if recipient_ids is None else alerts.c.recipient_id.in_(recipient_ids)
    urgent = func.max(cast(alerts.c.is_urgent, Integer))
    is_test = func.max(case((alerts.c.kind == AlertKind.TEST, 1), else_=0)) == 1
    found = (
        select(
            alerts.c.account_id,
            alerts.c.recipient_id,
            alerts.c.cause,
            is_test.label("is_test"),
            (urgent == 1).label("is_urgent"),
            func.min(alerts.c.created_at).label("oldest_at"),
            func.max(alerts.c.created_at).label("newest_at"),
        )
        .where(alerts.c.delivery_id.is_(None), to)
        .group_by(alerts.c.account_id, alerts.c.recipient_id, alerts.c.cause)
        .having(or_(alerts.c.recipient_id.not_in(closed), urgent == 1, is_test))
        .order_by(func.min(alerts.c.created_at), alerts.c.recipient_id, alerts.c.cause)
        .limit(limit)
        .subquery()
    )
    made = alert_deliveries
    query = (
        select(found, func.count(made.c.id).label("deliveries"), func.max(made.c.created_at).label("delivered_at"))
        .join_from(
            found,
            made,
            (made.c.recipient_id == found.c.recipient_id)
            & (made.c.cause == found.c.cause)
            & (made.c.created_at > bindparam("lately")),
            isouter=True,
        )
        .group_by(*found.c)
        .order_by(found.c.oldest_at, found.c.recipient_id, found.c.cause)
    )
    rows = connection.execute(query, {"lately": lately})
    return [Untold(**row._mapping) for row in rows]  # noqa: SLF001  (SQLAlchemy's public name for it)


def make(connection: Connection, chosen: Sequence[Bundle], keys: Sequence[str], *, now: datetime) -> None:
    """Make the deliveries, each with its key."""
    for bundle, key in zip(chosen, keys, strict=True):
        values = {
            "account_id": bundle.account_id,
            "recipient_id": bundle.recipient_id,
            "cause": bundle.causes[0] if len(bundle.causes) == 1 else f"{len(bundle.causes)} causes",
            "key": key,
            "state": DeliveryState.WAITING,
            "created_at": now,
            "attempts": 0,
            "next_at": now,
            "occasion": bundle.occasion,
        }
        delivery_id = connection.scalars(alert_deliveries.insert().returning(alert_deliveries.c.id), values).one()
        inside = alerts.c.recipient_id == bundle.recipient_id, alerts.c.cause.in_(bundle.causes)
        connection.execute(
            update(alerts).where(alerts.c.delivery_id.is_(None), *inside).values(delivery_id=delivery_id)
        )
