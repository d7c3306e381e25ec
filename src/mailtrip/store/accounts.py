"""Accounts and the locations that serve them, as they are stored. A removed account is not found by anything here."""

from collections.abc import Collection
from dataclasses import fields
from datetime import datetime

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    Table,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from mailtrip.model import DEFAULT_LOCATION_ID, Account, AccountLimits, Location
from mailtrip.store.schema import accounts, installation, latest_runs, locations, metadata, monitors, runs
from mailtrip.store.types import AnyRow
from mailtrip.store.user_schema import users

__all__ = [
    "DEFAULT_ACCOUNT_ID",
    "count_monitors",
    "count_users",
    "ensure_default",
    "exists",
    "find",
    "insert",
    "key_check",
    "known_locations",
    "limits",
    "list_all",
    "list_locations",
    "location_names",
    "name_of",
    "remove",
    "rename",
    "set_key_check",
    "set_limits",
    "tables_of_accounts",
]

DEFAULT_ACCOUNT_ID = 1

_LIMITS = tuple(item.name for item in fields(AccountLimits))
_COLUMNS = (accounts.c.id, accounts.c.name, accounts.c.created_at, *(accounts.c[name] for name in _LIMITS))
_STAYING = {accounts.name, locations.name, monitors.name, latest_runs.name, runs.name}
"""Tables whose rows stay for a while when their account is removed; so do those that belong to a run."""


def ensure_default(connection: Connection, *, now: datetime) -> None:
    """Make the default account, its location and the installation's row where they are missing."""
    if connection.scalar(select(installation.c.id)) is not None:
        return
    connection.execute(installation.insert(), {"id": 1, "change_mark": 0})
    connection.execute(accounts.insert(), {"id": DEFAULT_ACCOUNT_ID, "name": "default", "created_at": now})
    connection.execute(
        locations.insert(), {"id": DEFAULT_LOCATION_ID, "account_id": DEFAULT_ACCOUNT_ID, "name": "Local"}
    )


def insert(connection: Connection, name: str, limits: AccountLimits, *, now: datetime) -> Account | None:
    """Store a new account; None when the name is taken. Its number was never that of another account."""
    grown = update(installation).values(last_account_id=installation.c.last_account_id + 1)
    account_id = connection.scalars(grown.returning(installation.c.last_account_id)).one()
    values = {"id": account_id, "name": name, "created_at": now, **_limit_values(limits)}
    try:
        with connection.begin_nested():
            row = connection.execute(accounts.insert().returning(*_COLUMNS), values).one()
    except IntegrityError:
        return None
    return _account(row)


def find(connection: Connection, name: str) -> Account | None:
    """The account of this name."""
    row = connection.execute(_there().where(accounts.c.name == name)).one_or_none()
    return None if row is None else _account(row)


def list_all(connection: Connection) -> list[Account]:
    """All accounts by number."""
    return [_account(row) for row in connection.execute(_there().order_by(accounts.c.id))]


def exists(connection: Connection, account_id: int) -> bool:
    return connection.scalar(select(accounts.c.id).where(accounts.c.id == account_id)) is not None


def limits(connection: Connection, account_id: int, *, lock: bool = False) -> AccountLimits:
    """The account's limits; `lock` makes others who lock them too wait until the transaction ends."""
    query = select(*_COLUMNS).where(accounts.c.id == account_id)
    # Rows that refer to the account can be made meanwhile: runs don't wait for this.
    row = connection.execute(query.with_for_update(key_share=True) if lock else query).one_or_none()
    return AccountLimits() if row is None else _account(row).limits


def rename(connection: Connection, account_id: int, name: str) -> bool:
    """Give an account another name; False when it is taken."""
    try:
        with connection.begin_nested():
            connection.execute(update(accounts).where(accounts.c.id == account_id).values(name=name))
    except IntegrityError:
        return False
    return True


def set_limits(connection: Connection, account_id: int, limits: AccountLimits) -> None:
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(_limit_values(limits)))


def count_monitors(connection: Connection, account_id: int) -> int:
    """How many monitors the account has, the removed ones left out."""
    return _count(connection, (monitors.c.account_id == account_id) & monitors.c.removed_at.is_(None))


def count_users(connection: Connection, account_id: int) -> int:
    return _count(connection, users.c.account_id == account_id)


def remove(connection: Connection, account_id: int, *, now: datetime) -> None:
    """Take an account out of sight, delete its users, recipients and whatever else it has, and free its name.

    Its monitors are to be removed before. They and their runs go with retention, and the account's row after them.
    """
    for table in tables_of_accounts():
        if table.name not in _STAYING and "run_id" not in table.c:
            connection.execute(delete(table).where(table.c.account_id == account_id))
    gone = update(accounts).where(accounts.c.id == account_id)
    connection.execute(gone.values(removed_at=now, name=f"removed {account_id}"))


def tables_of_accounts() -> list[Table]:
    """The tables whose rows belong to an account, each before those that it refers to.

    The audit log is none of them: it stays, also when its account is gone.
    """
    return [
        table
        for table in reversed(metadata.sorted_tables)
        if "account_id" in table.c and table.c.account_id.foreign_keys
    ]


def name_of(connection: Connection, account_id: int) -> str:
    """The name of an account that is there."""
    return str(connection.scalars(select(accounts.c.name).where(accounts.c.id == account_id)).one())


def list_locations(connection: Connection, account_id: int) -> list[Location]:
    """The locations that serve the account, by id."""
    rows = connection.execute(_LOCATIONS, {"account": account_id})
    return [Location(id=row.id, name=row.name, silent_since=row.silent_since) for row in rows]


def location_names(connection: Connection, ids: Collection[int]) -> dict[int, str]:
    """The names of locations, whomever they serve."""
    rows = connection.execute(select(locations.c.id, locations.c.name).where(locations.c.id.in_(ids)))
    return {row.id: row.name for row in rows}


def known_locations(connection: Connection, account_id: int, ids: Collection[int]) -> set[int]:
    """Those of the ids that are locations which serve the account."""
    return set(connection.scalars(select(locations.c.id).where(_serves(account_id), locations.c.id.in_(ids))))


def key_check(connection: Connection) -> bytes | None:
    """What tells the installation's key from others; None before the first start with a key."""
    return connection.scalar(select(installation.c.key_check))


def set_key_check(connection: Connection, value: bytes) -> None:
    connection.execute(update(installation).values(key_check=value))


def _there() -> Select[tuple[object, ...]]:
    return select(*_COLUMNS).where(accounts.c.removed_at.is_(None))


def _serves(account_id: int | BindParameter[int]) -> ColumnElement[bool]:
    return or_(locations.c.account_id == account_id, ~locations.c.is_private)


def _count(connection: Connection, wanted: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).where(wanted)) or 0


def _limit_values(limits: AccountLimits) -> dict[str, object]:
    return {name: getattr(limits, name) for name in _LIMITS}


def _account(row: AnyRow) -> Account:
    found = AccountLimits(**{name: getattr(row, name) for name in _LIMITS})
    return Account(id=row.id, name=row.name, created_at=row.created_at, limits=found)


_LOCATIONS = (
    select(locations.c.id, locations.c.name, locations.c.silent_since)
    .where(_serves(bindparam("account")))
    .order_by(locations.c.id)
)
