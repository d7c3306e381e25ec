"""Locations: where runs are made from."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from mailtrip import store
from mailtrip.model import Actor, Location
from mailtrip.service.schedules import pool_of
from mailtrip.store import Connection

__all__ = ["LocationUse", "ReportedLocation", "list_all", "list_used", "page"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationUse:
    """A location, and what is made of it.

    Attributes:
        monitors: how many of those that are enabled are made there; of those that the actor may see.
        last_slot: of the newest finished run there; None without one.
    """

    location: Location
    monitors: int
    last_slot: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedLocation:
    """A location, and when it was heard of.

    Attributes:
        last_slot: of the newest finished run there of a monitor that the actor may see; None without one.
    """

    location: Location
    last_slot: datetime | None


def list_all(connection: Connection, actor: Actor) -> list[Location]:
    """The account's locations by id."""
    return store.accounts.list_locations(connection, actor.account_id)


def list_used(connection: Connection, actor: Actor) -> list[LocationUse]:
    """The account's locations by id, with what is made of them."""
    counts: Counter[int] = Counter()
    last: dict[int, datetime] = {}
    for found in store.shown_monitors.list_seen(connection, actor.account_id, actor.access):
        if found.monitor.settings.enabled:
            counts.update(set(pool_of(found.monitor.settings).location_ids))
        for run in found.runs:
            last[run.location_id] = max(run.slot, last.get(run.location_id, run.slot))
    return [
        LocationUse(location=location, monitors=counts[location.id], last_slot=last.get(location.id))
        for location in list_all(connection, actor)
    ]


def page(
    connection: Connection, actor: Actor, *, limit: int | None = None, offset: int = 0
) -> tuple[list[ReportedLocation], int]:
    """Locations by id, and how many there are in all; `limit` None is all of them. An account has few."""
    last = store.silences.last_reports(connection, account_id=actor.account_id, access=actor.access)
    found = [
        ReportedLocation(location=location, last_slot=last.get(location.id)) for location in list_all(connection, actor)
    ]
    return found[offset:][:limit], len(found)
