"""What is told once a day, as it is stored: what runs say of it, and who was told when."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, bindparam, delete, select

from mailtrip.model import StatusCode
from mailtrip.store.dialects import among, put_rows
from mailtrip.store.notice_tables import alert_notice_tellings, alert_notices
from mailtrip.store.schema import monitors
from mailtrip.store.types import AnyRow

__all__ = [
    "Cause",
    "NoticeRow",
    "TellingRow",
    "certificate_days",
    "forget",
    "forget_old_tellings",
    "forget_tellings",
    "holders",
    "of_monitors",
    "put",
    "put_tellings",
    "tellings",
]


class Cause(NamedTuple):
    """What several monitors may share: a certificate, a mailbox."""

    account_id: int
    status: StatusCode
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """What the runs of a monitor say of a state of a server; see `mailtrip.alerts.notices.Notice`.

    Attributes:
        detail: what the last run that found it said, in a clause.
    """

    monitor_id: int
    status: StatusCode
    server: str
    account_id: int
    cause: str
    detail: str
    found: int
    without: int
    since: datetime
    next_at: datetime

    @property
    def key(self) -> tuple[int, StatusCode, str]:
        return self.monitor_id, self.status, self.server

    @property
    def shared(self) -> Cause:
        return Cause(self.account_id, self.status, self.cause)


@dataclass(frozen=True, slots=True, kw_only=True)
class TellingRow:
    """When a recipient was last told of a cause, with which monitor."""

    recipient_id: int
    status: StatusCode
    cause: str
    account_id: int
    monitor_id: int
    told_at: datetime


def certificate_days(connection: Connection, monitor_ids: Collection[int]) -> dict[int, int]:
    """How many days before the end of a certificate monitors want to hear of it; 0 for never."""
    query = select(monitors.c.id, monitors.c.certificate_days).where(monitors.c.id.in_(monitor_ids))
    return {row.id: row.certificate_days for row in connection.execute(query)}


def of_monitors(connection: Connection, monitor_ids: Collection[int]) -> list[NoticeRow]:
    """All that is known of these monitors; nobody else changes it until the transaction ends."""
    query = select(*_NOTICE).where(among(connection, alert_notices.c.monitor_id, monitor_ids))
    return [_notice(row) for row in connection.execute(query.with_for_update())]


def holders(connection: Connection, cause: Cause) -> list[NoticeRow]:
    """What is known with this cause of monitors that are enabled and whose alerts are on, by monitor."""
    query = (
        select(*_NOTICE)
        .join(monitors, monitors.c.id == alert_notices.c.monitor_id)
        .where(*_is(alert_notices, cause), monitors.c.enabled, monitors.c.notify_on_error)
        .order_by(alert_notices.c.monitor_id, alert_notices.c.server)
    )
    return [_notice(row) for row in connection.execute(query)]


def put(connection: Connection, rows: Sequence[NoticeRow]) -> None:
    """Remember these, in the place of what was there."""
    if rows:
        changing = ("cause", "detail", "found", "without", "since", "next_at")
        values = [{name: getattr(row, name) for name in NoticeRow.__slots__} for row in rows]
        put_rows(connection, alert_notices, changing, values)


def forget(connection: Connection, rows: Collection[NoticeRow]) -> None:
    """Forget these, whatever is known of them by now."""
    if rows:
        keys = [{"monitor": row.monitor_id, "of_status": row.status, "at_server": row.server} for row in rows]
        connection.execute(_FORGET, keys)


def tellings(connection: Connection, cause: Cause) -> list[TellingRow]:
    """Who was told of a cause, and when, by recipient."""
    query = select(*_TELLING).where(*_is(alert_notice_tellings, cause)).order_by(alert_notice_tellings.c.recipient_id)
    return [TellingRow(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001  (SQLAlchemy's public name for it)


def put_tellings(connection: Connection, rows: Sequence[TellingRow]) -> None:
    """Remember these, in the place of what was there."""
    if rows:
        values = [{name: getattr(row, name) for name in TellingRow.__slots__} for row in rows]
        put_rows(connection, alert_notice_tellings, ("monitor_id", "told_at"), values)


def forget_tellings(connection: Connection, cause: Cause, recipient_ids: Collection[int]) -> None:
    """Forget that these were told of a cause."""
    if recipient_ids:
        theirs = alert_notice_tellings.c.recipient_id.in_(recipient_ids)
        connection.execute(delete(alert_notice_tellings).where(*_is(alert_notice_tellings, cause), theirs))


def forget_old_tellings(connection: Connection, account_id: int, *, than: datetime) -> None:
    """Forget whom the account told earlier: what nobody was told of since is no more."""
    told = alert_notice_tellings.c
    connection.execute(delete(alert_notice_tellings).where(told.account_id == account_id, told.told_at < than))


def _is(table: Table, cause: Cause) -> tuple[ColumnElement[bool], ...]:
    return tuple(table.c[name] == value for name, value in zip(Cause._fields, cause, strict=True))


def _notice(row: AnyRow) -> NoticeRow:
    return NoticeRow(**row._mapping)  # noqa: SLF001  (SQLAlchemy's public name for it)


_NOTICE = tuple(alert_notices.c[name] for name in NoticeRow.__slots__)
_TELLING = tuple(alert_notice_tellings.c[name] for name in TellingRow.__slots__)
_FORGET = delete(alert_notices).where(
    alert_notices.c.monitor_id == bindparam("monitor"),
    alert_notices.c.status == bindparam("of_status"),
    alert_notices.c.server == bindparam("at_server"),
)
