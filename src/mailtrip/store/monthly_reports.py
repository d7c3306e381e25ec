"""The outbox of monthly reports as it is stored: one row for each recipient and month, so that none is sent twice."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Select,
    String,
    Table,
    exists,
    select,
    update,
)

from mailtrip.model import DeliveryState, Recipient
from mailtrip.store import recipients as recipient_rows
from mailtrip.store.codec import storable
from mailtrip.store.schema import accounts, metadata, recipients
from mailtrip.store.types import UTCDateTime, Word

__all__ = ["MonthlyReport", "add", "claim", "end", "known", "put_off", "release", "wanted"]

_reports = Table(
    "monthly_reports",
    metadata,
    Column("recipient_id", ForeignKey("recipients.id", ondelete="CASCADE"), primary_key=True),
    Column("month", String(7), primary_key=True, comment="as 2026-10"),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("key", String(32), nullable=False),
    Column("state", Word(DeliveryState), nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", UTCDateTime, nullable=False),
    Column("ended_at", UTCDateTime),
    Column("answer", String(1000)),
    Index(None, "state", "next_at"),
    comment="reports by mail: what was, and is to be, sent",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyReport:
    """The report of a month (as `2026-10`) to a recipient.

    Attributes:
        key: the same in all attempts: 32 hex characters.
        attempts: begun so far.
    """

    recipient_id: int
    account_id: int
    month: str
    key: str
    created_at: datetime
    attempts: int


def wanted(connection: Connection) -> list[Recipient]:
    """The recipients of all accounts that want monthly reports."""
    is_there = exists().where(accounts.c.id == recipients.c.account_id, accounts.c.removed_at.is_(None))
    return recipient_rows.matching(connection, recipients.c.monthly_report & is_there)


def known(connection: Connection, months: Collection[str]) -> set[tuple[int, str]]:
    """For which recipients and months there are reports, whatever became of them."""
    query = select(_reports.c.recipient_id, _reports.c.month).where(_reports.c.month.in_(months))
    return {(row.recipient_id, row.month) for row in connection.execute(query)}


def add(connection: Connection, recipient: Recipient, month: str, key: str, *, now: datetime) -> None:
    """Put a report into the outbox."""
    values = {
        "recipient_id": recipient.id,
        "month": month,
        "account_id": recipient.account_id,
        "key": key,
        "state": DeliveryState.WAITING,
        "created_at": now,
        "attempts": 0,
        "next_at": now,
    }
    connection.execute(_reports.insert(), values)


def claim(connection: Connection, *, now: datetime) -> MonthlyReport | None:
    """A report that is due, the oldest; it is `SENDING` from now on, one attempt more. None where none is."""
    row = connection.execute(_due(now).with_for_update(skip_locked=True)).first()
    if row is None:
        return None
    values = {"state": DeliveryState.SENDING, "attempts": _reports.c.attempts + 1}
    columns = (_reports.c[name] for name in MonthlyReport.__slots__)
    statement = update(_reports).where(*_is(row.recipient_id, row.month)).values(values).returning(*columns)
    return MonthlyReport(**connection.execute(statement).one()._mapping)  # noqa: SLF001  (SQLAlchemy's public name for it)


def put_off(connection: Connection, report: MonthlyReport, *, until: datetime, answer: str) -> None:
    """Have it tried again later."""
    values = {"state": DeliveryState.WAITING, "next_at": until, "answer": storable(answer, 1000)}
    connection.execute(update(_reports).where(*_is(report.recipient_id, report.month)).values(values))


def end(connection: Connection, report: MonthlyReport, state: DeliveryState, *, answer: str, now: datetime) -> None:
    """It was sent, or has failed for good."""
    values = {"state": state, "ended_at": now, "answer": storable(answer, 1000)}
    connection.execute(update(_reports).where(*_is(report.recipient_id, report.month)).values(values))


def release(connection: Connection) -> int:
    """At start: what a dead process was sending is to be sent again, with the same key; how many there are."""
    statement = update(_reports).where(_reports.c.state == DeliveryState.SENDING)
    return connection.execute(statement.values(state=DeliveryState.WAITING)).rowcount


def _due(now: datetime) -> Select[tuple[int, str]]:
    return (
        select(_reports.c.recipient_id, _reports.c.month)
        .where(_reports.c.state == DeliveryState.WAITING, _reports.c.next_at <= now)
        .order_by(_reports.c.next_at, _reports.c.recipient_id)
        .limit(1)
    )


def _is(recipient_id: int, month: str) -> tuple[ColumnElement[bool], ...]:
    return _reports.c.recipient_id == recipient_id, _reports.c.month == month
