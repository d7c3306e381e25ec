"""Locations: where runs are made from."""

from mailtrip import store
from mailtrip.model import Actor, Location
from mailtrip.store import Connection

__all__ = ["list_all"]


def list_all(connection: Connection, actor: Actor) -> list[Location]:
    """The account's locations by id."""
    return store.accounts.list_locations(connection, actor.account_id)
