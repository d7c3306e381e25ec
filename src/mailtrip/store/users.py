"""Users as they are stored. Addresses are compared case folded; the password's hash comes out of `password_hash` only."""

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from mailtrip.model import Role, User
from mailtrip.store.codec import storable
from mailtrip.store.schema import users
from mailtrip.store.types import AnyRow

__all__ = [
    "StoredLogin",
    "count",
    "find",
    "find_login",
    "get",
    "insert",
    "list_all",
    "lock_admins",
    "remove",
    "set_password_hash",
    "set_role",
]

_COLUMNS = (users.c.id, users.c.account_id, users.c.email, users.c.role, users.c.created_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLogin:
    """What a login is held against."""

    user: User
    password_hash: str = field(repr=False)


def insert(
    connection: Connection, account_id: int, *, email: str, password_hash: str, role: Role, now: datetime
) -> User | None:
    """Store a new user; None when the address is taken, in any account."""
    values = {
        "account_id": account_id,
        "email": email,
        "email_key": _key(email),
        "role": role,
        "password_hash": password_hash,
        "created_at": now,
    }
    try:
        with connection.begin_nested():
            row = connection.execute(users.insert().returning(*_COLUMNS), values).one()
    except IntegrityError:
        return None
    return _user(row)


def get(connection: Connection, account_id: int, user_id: int) -> User | None:
    """One user of the account."""
    query = select(*_COLUMNS).where(users.c.account_id == account_id, users.c.id == user_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else _user(row)


def find(connection: Connection, account_id: int, email: str) -> User | None:
    """The account's user with this address, in any case."""
    query = select(*_COLUMNS).where(users.c.account_id == account_id, users.c.email_key == _key(email))
    row = connection.execute(query).one_or_none()
    return None if row is None else _user(row)


def find_login(connection: Connection, email: str) -> StoredLogin | None:
    """The user of any account with this address, in any case, and the hash of the password."""
    query = select(*_COLUMNS, users.c.password_hash).where(users.c.email_key == _key(email))
    row = connection.execute(query).one_or_none()
    return None if row is None else StoredLogin(user=_user(row), password_hash=row.password_hash)


def list_all(connection: Connection, account_id: int) -> list[User]:
    """The account's users by id."""
    rows = connection.execute(select(*_COLUMNS).where(users.c.account_id == account_id).order_by(users.c.id))
    return [_user(row) for row in rows]


def lock_admins(connection: Connection, account_id: int) -> list[int]:
    """The ids of the account's Admins; none of them goes until the transaction ends."""
    query = select(users.c.id).where(users.c.account_id == account_id, users.c.role == Role.ADMIN)
    return list(connection.scalars(query.order_by(users.c.id).with_for_update()))


def set_password_hash(connection: Connection, user_id: int, password_hash: str) -> None:
    connection.execute(update(users).where(users.c.id == user_id).values(password_hash=password_hash))


def set_role(connection: Connection, user_id: int, role: Role) -> None:
    connection.execute(update(users).where(users.c.id == user_id).values(role=role))


def remove(connection: Connection, user_id: int) -> None:
    """Remove a user, and with the user all access tokens."""
    connection.execute(delete(users).where(users.c.id == user_id))


def count(connection: Connection) -> int:
    """How many users there are in all accounts."""
    return connection.scalar(select(func.count()).select_from(users)) or 0


def _key(email: str) -> str | None:
    """What two spellings of one address have in common; any text can be asked for, also one that no user can have."""
    return storable(unicodedata.normalize("NFC", email.casefold()), 1000)


def _user(row: AnyRow) -> User:
    return User(id=row.id, account_id=row.account_id, email=row.email, role=row.role, created_at=row.created_at)
