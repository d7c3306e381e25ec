"""Locations: where runs are made from."""

from sqlalchemy import Connection

from mailtrip import store
from mailtrip.model import Actor, Location

__all__ = ["list_all"]


def list_all(connection: Connection, actor: Actor) -> list[Location]:
    """The account's locations by id."""
    return store.accounts.list_locations(connection, actor.account_id)
