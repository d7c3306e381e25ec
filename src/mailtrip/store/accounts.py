"""Accounts and their locations, as they are stored."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, select, update

from mailtrip.model import DEFAULT_LOCATION_ID, Location
from mailtrip.store.schema import accounts, installation, locations

__all__ = [
    "DEFAULT_ACCOUNT_ID",
    "ensure_default",
    "exists",
    "key_check",
    "known_locations",
    "list_locations",
    "set_key_check",
]

DEFAULT_ACCOUNT_ID = 1


def ensure_default(connection: Connection, *, now: datetime) -> None:
    """Make the default account, its location and the installation's row where they are missing."""
    if connection.scalar(select(installation.c.id)) is not None:
        return
    connection.execute(installation.insert(), {"id": 1, "change_mark": 0})
    connection.execute(accounts.insert(), {"id": DEFAULT_ACCOUNT_ID, "name": "default", "created_at": now})
    connection.execute(
        locations.insert(), {"id": DEFAULT_LOCATION_ID, "account_id": DEFAULT_ACCOUNT_ID, "name": "Local"}
    )


def exists(connection: Connection, account_id: int) -> bool:
    return connection.scalar(select(accounts.c.id).where(accounts.c.id == account_id)) is not None


def list_locations(connection: Connection, account_id: int) -> list[Location]:
    """The account's locations by id."""
    rows = connection.execute(
        select(locations.c.id, locations.c.name).where(locations.c.account_id == account_id).order_by(locations.c.id)
    )
    return [Location(id=row.id, name=row.name) for row in rows]


def known_locations(connection: Connection, account_id: int, ids: Collection[int]) -> set[int]:
    """Those of the ids that are locations of the account."""
    rows = connection.scalars(
        select(locations.c.id).where(locations.c.account_id == account_id, locations.c.id.in_(ids))
    )
    return set(rows)


def key_check(connection: Connection) -> bytes | None:
    """What tells the installation's key from others; None before the first start with a key."""
    return connection.scalar(select(installation.c.key_check))


def set_key_check(connection: Connection, value: bytes) -> None:
    connection.execute(update(installation).values(key_check=value))
