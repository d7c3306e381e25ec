"""Users as they are stored. Addresses are compared case folded; the password's hash comes out of `password_hash` only."""

import unicodedata
from dataclasses import dataclass, field, fields
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from mailtrip.model import Role, User, UserSettings
from mailtrip.store.codec import storable
from mailtrip.store.types import AnyRow
from mailtrip.store.user_schema import users

__all__ = [
    "COLUMNS",
    "StoredLogin",
    "count",
    "find",
    "find_login",
    "get",
    "get_by_guid",
    "insert",
    "list_all",
    "lock_admins",
    "page",
    "remove",
    "replace",
    "set_password_hash",
    "to_user",
]

_FARTHEST = 2**62
_SETTINGS = tuple(item.name for item in fields(UserSettings))
COLUMNS = (users.c.id, users.c.guid, users.c.account_id, users.c.created_at, *(users.c[name] for name in _SETTINGS))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLogin:
    """What a login is held against."""

    user: User
    password_hash: str = field(repr=False)


def insert(
    connection: Connection, account_id: int, settings: UserSettings, *, guid: str, password_hash: str, now: datetime
) -> User | None:
    """Store a new user; None when the address is taken, in any account."""
    values = _values(settings) | {
        "guid": guid,
        "account_id": account_id,
        "password_hash": password_hash,
        "created_at": now,
    }
    try:
        with connection.begin_nested():
            row = connection.execute(users.insert().returning(*COLUMNS), values).one()
    except IntegrityError:
        return None
    return to_user(row)


def replace(connection: Connection, user_id: int, settings: UserSettings) -> None:
    """Store a user's settings anew; the address stays as it is."""
    values = {name: value for name, value in _values(settings).items() if name not in {"email", "email_key"}}
    connection.execute(update(users).where(users.c.id == user_id).values(values))


def get(connection: Connection, account_id: int, user_id: int) -> User | None:
    """One user of the account."""
    query = select(*COLUMNS).where(users.c.account_id == account_id, users.c.id == user_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else to_user(row)


def get_by_guid(connection: Connection, account_id: int, guid: str, *, lock: bool = False) -> User | None:
    """One user of the account; `lock` keeps others from changing it until the transaction ends."""
    query = select(*COLUMNS).where(users.c.account_id == account_id, users.c.guid == guid)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else to_user(row)


def find(connection: Connection, account_id: int, email: str) -> User | None:
    """The account's user with this address, in any case."""
    query = select(*COLUMNS).where(users.c.account_id == account_id, users.c.email_key == _key(email))
    row = connection.execute(query).one_or_none()
    return None if row is None else to_user(row)


def find_login(connection: Connection, email: str) -> StoredLogin | None:
    """The user of any account with this address, in any case, and the hash of the password."""
    query = select(*COLUMNS, users.c.password_hash).where(users.c.email_key == _key(email))
    row = connection.execute(query).one_or_none()
    return None if row is None else StoredLogin(user=to_user(row), password_hash=row.password_hash)


def list_all(connection: Connection, account_id: int) -> list[User]:
    """The account's users by id."""
    return page(connection, account_id, limit=None, offset=0)[0]


def page(connection: Connection, account_id: int, *, limit: int | None, offset: int) -> tuple[list[User], int]:
    """The account's users by id, and how many there are in all."""
    query = select(*COLUMNS).where(users.c.account_id == account_id)
    total = connection.scalar(query.with_only_columns(func.count())) or 0
    rows = connection.execute(query.order_by(users.c.id).limit(limit).offset(min(offset, _FARTHEST) or None))
    return [to_user(row) for row in rows], total


def lock_admins(connection: Connection, account_id: int) -> list[int]:
    """The ids of the account's Admins who are enabled; none of them goes until the transaction ends."""
    query = select(users.c.id).where(users.c.account_id == account_id, users.c.role == Role.ADMIN, users.c.enabled)
    return list(connection.scalars(query.order_by(users.c.id).with_for_update()))


def set_password_hash(connection: Connection, user_id: int, password_hash: str) -> None:
    connection.execute(update(users).where(users.c.id == user_id).values(password_hash=password_hash))


def remove(connection: Connection, user_id: int) -> None:
    """Remove a user, and with the user all access tokens."""
    connection.execute(delete(users).where(users.c.id == user_id))


def count(connection: Connection) -> int:
    """How many users there are in all accounts."""
    return connection.scalar(select(func.count()).select_from(users)) or 0


def _key(email: str) -> str | None:
    """What two spellings of one address have in common; any text can be asked for, also one that no user can have."""
    return storable(unicodedata.normalize("NFC", email.casefold()), 1000)


def _values(settings: UserSettings) -> dict[str, object]:
    return {name: getattr(settings, name) for name in _SETTINGS} | {"email_key": _key(settings.email)}


def to_user(row: AnyRow) -> User:
    """The user of a row with `COLUMNS`."""
    return User(
        id=row.id,
        guid=row.guid,
        account_id=row.account_id,
        settings=UserSettings(**{name: getattr(row, name) for name in _SETTINGS}),
        created_at=row.created_at,
    )
