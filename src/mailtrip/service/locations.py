"""Locations: where runs are made from."""

from mailtrip import store
from mailtrip.model import Actor, Location
from mailtrip.store import Connection

__all__ = ["list_all", "page"]


def list_all(connection: Connection, actor: Actor) -> list[Location]:
    """The account's locations by id."""
    return store.accounts.list_locations(connection, actor.account_id)


def page(
    connection: Connection, actor: Actor, *, limit: int | None = None, offset: int = 0
) -> tuple[list[Location], int]:
    """Locations by id, and how many there are in all; `limit` None is all of them. An account has few."""
    found = list_all(connection, actor)
    return found[offset:][:limit], len(found)
