"""Recipients of alerts as they are stored."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from dataclasses import replace as changed
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, func, select, update

from mailtrip.model import AlertMethod, AlertType, ContactKind, Recipient, RecipientSettings, shown_address
from mailtrip.store.schema import recipients
from mailtrip.store.types import AnyRow

__all__ = [
    "Sealed",
    "by_id",
    "get",
    "insert",
    "known",
    "matching",
    "page",
    "remove",
    "replace",
    "seal_address",
    "unsealed",
    "with_sealed",
]

_FARTHEST = 2**62
_SETTINGS = tuple(item.name for item in fields(RecipientSettings))
_COLUMNS: tuple[ColumnElement[Any], ...] = (  # Any: columns of many types
    *(column for column in recipients.c if column.name not in {"secret", "sealed_address"}),
    recipients.c.secret.is_not(None).label("has_password"),
)
_WANTS = {
    AlertType.AVAILABILITY: recipients.c.availability_alert,
    AlertType.PERFORMANCE: recipients.c.performance_alert,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What is kept sealed of a recipient; None where there is none.

    Attributes:
        password: of whatever kind its method takes.
        address: the whole web address.
    """

    password: bytes | None = None
    address: bytes | None = None


def insert(
    connection: Connection, account_id: int, settings: RecipientSettings, sealed: Sealed, *, now: datetime
) -> int:
    """Store a new recipient, and give its id."""
    values = _values(settings) | {
        "account_id": account_id,
        "secret": sealed.password,
        "sealed_address": sealed.address,
        "created_at": now,
        "modified_at": now,
        "revision": 1,
    }
    return int(connection.scalars(recipients.insert().returning(recipients.c.id), values).one())


def replace(
    connection: Connection,
    recipient_id: int,
    settings: RecipientSettings,
    sealed: Mapping[str, bytes | None],
    *,
    now: datetime,
) -> None:
    """Store a recipient's settings anew; `sealed` holds what changes of it: `secret`, `sealed_address`."""
    connection.execute(
        update(recipients)
        .where(recipients.c.id == recipient_id)
        .values(_values(settings) | dict(sealed) | {"modified_at": now, "revision": recipients.c.revision + 1})
    )


def remove(connection: Connection, recipient_id: int) -> None:
    """Delete a recipient; the database takes it out of its groups, and it is nobody's fall-back any more."""
    values = {"fallback_id": None, "revision": recipients.c.revision + 1}
    connection.execute(update(recipients).where(recipients.c.fallback_id == recipient_id).values(values))
    connection.execute(delete(recipients).where(recipients.c.id == recipient_id))


def get(connection: Connection, account_id: int, recipient_id: int, *, lock: bool = False) -> Recipient | None:
    """One recipient of the account; `lock` keeps others from changing it until the transaction ends."""
    query = _of_account(account_id).where(recipients.c.id == recipient_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else _recipient(row)


def page(
    connection: Connection,
    account_id: int,
    *,
    type: AlertType | None,  # noqa: A002  # the word of the API
    method: AlertMethod | None,
    limit: int | None,
    offset: int,
) -> tuple[list[Recipient], int]:
    """Recipients of the account by id, and how many match in all; None is no filter."""
    query = _of_account(account_id)
    if type is not None:
        query = query.where(_WANTS[type])
    if method is not None:
        query = query.where(recipients.c.method == method)
    total = connection.scalar(query.with_only_columns(func.count())) or 0
    rows = connection.execute(query.order_by(recipients.c.id).limit(limit).offset(min(offset, _FARTHEST) or None))
    return [_recipient(row) for row in rows], total


def known(connection: Connection, account_id: int, ids: Collection[int]) -> set[int]:
    """Those of the ids that are recipients of the account; they stay until the transaction ends."""
    query = select(recipients.c.id).where(recipients.c.account_id == account_id, recipients.c.id.in_(ids))
    return set(connection.scalars(query.with_for_update(read=True, key_share=True)))


def by_id(connection: Connection, account_id: int, ids: Collection[int]) -> dict[int, Recipient]:
    """Those of the ids that are recipients of the account."""
    rows = connection.execute(_of_account(account_id).where(recipients.c.id.in_(ids)))
    return {row.id: _recipient(row) for row in rows}


def matching(connection: Connection, condition: ColumnElement[bool]) -> list[Recipient]:
    """The recipients of all accounts for which it holds, by id."""
    return [_recipient(row) for row in connection.execute(select(*_COLUMNS).where(condition).order_by(recipients.c.id))]


def with_sealed(connection: Connection, recipient_id: int) -> tuple[Recipient, Sealed]:
    """A recipient that is there, of any account, with what is sealed of it."""
    query = select(*_COLUMNS, recipients.c.secret, recipients.c.sealed_address).where(recipients.c.id == recipient_id)
    row = connection.execute(query).one()
    return _recipient(row), Sealed(password=row.secret, address=row.sealed_address)


def unsealed(connection: Connection) -> dict[int, tuple[AlertMethod, str]]:
    """The web addresses that were stored when they were not sealed yet, by recipient, each with its method."""
    urls = [method for method in AlertMethod if method.contact is ContactKind.URL]
    query = select(recipients.c.id, recipients.c.method, recipients.c.address).where(
        recipients.c.method.in_(urls), recipients.c.sealed_address.is_(None)
    )
    return {row.id: (row.method, row.address) for row in connection.execute(query)}


def seal_address(connection: Connection, recipient_id: int, *, shown: str, sealed: bytes) -> None:
    """Keep a web address sealed that was not; nobody has changed anything."""
    values = {"address": shown, "sealed_address": sealed}
    connection.execute(update(recipients).where(recipients.c.id == recipient_id).values(values))


def _of_account(account_id: int) -> Select[Any]:
    return select(*_COLUMNS).where(recipients.c.account_id == account_id)


def _values(settings: RecipientSettings) -> dict[str, object]:
    return {name: getattr(settings, name) for name in _SETTINGS}


def _recipient(row: AnyRow) -> Recipient:
    values = {name: getattr(row, name) for name in _SETTINGS}
    settings = RecipientSettings(**values)
    return Recipient(
        id=row.id,
        account_id=row.account_id,
        settings=changed(settings, address=shown_address(settings.method, settings.address)),
        has_password=row.has_password,
        created_at=row.created_at,
        modified_at=row.modified_at,
        revision=row.revision,
    )
