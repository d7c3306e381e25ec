"""How the service itself is: its health, its database, how long it keeps things."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from starlette.responses import Response
from starlette.routing import Route

from mailtrip.errors import Unavailable
from mailtrip.model import Actor, Location
from mailtrip.service import installation, locations
from mailtrip.service.health import Health, HealthStatus
from mailtrip.service.installation import KeptFor
from mailtrip.store import Connection
from mailtrip.web.calls import PageCall, page
from mailtrip.web.words import count_of

__all__ = ["routes"]


def routes() -> list[Route]:
    """The routes of this module."""
    return [page("/system", read_system)]


async def read_system(call: PageCall) -> Response:
    """The page; what is told of the database and its settings is for those who manage users."""
    health = await _health(call)

    def find(connection: Connection, actor: Actor) -> Mapping[str, object]:
        may_see_all = actor.role.may_manage_users
        silent = [each for each in locations.list_all(connection, actor) if each.silent_since is not None]
        return {
            "health": health,
            "is_well": health is not None and health.status is HealthStatus.OK and not silent,
            "troubles": [*_troubles(health), *(_silence(location) for location in silent)],
            "database": installation.database_facts(connection, actor) if may_see_all else None,
            "kept_for": list(_kept_for(call.services.kept_for)) if may_see_all else [],
        }

    return await call.show("system.html", find)


async def _health(call: PageCall) -> Health | None:
    await call.actor()  # a stranger is not told
    try:
        return await call.services.health()
    except Unavailable:
        return None


def _troubles(health: Health | None) -> Iterator[str]:
    if health is None:
        yield "The engine, which makes the runs, does not answer; its log says why."
        return
    if not health.database_ok:
        yield "The database could not be reached when it was used last."
    if health.results_waiting:
        yield f"{count_of(health.results_waiting, 'result')} of runs wait for the database to come back."
    if not health.network_ok:
        yield "This location has lost its network: no mail server can be reached, and no monitor is blamed for it."


def _silence(location: Location) -> str:
    return (
        f"The location {location.name} has been silent since {location.silent_since:%Y-%m-%d %H:%M} UTC: what its "
        "monitors watch is not known, and no monitor is blamed for it."
    )


def _kept_for(kept: KeptFor) -> Iterator[tuple[str, str]]:
    yield "Runs", _days(kept.runs)
    yield "Transcripts of good runs", _days(kept.good_transcripts)
    yield "Transcripts of all others", _days(kept.bad_transcripts)
    yield "Audit log", _days(kept.audit)


def _days(time: timedelta) -> str:
    return count_of(time.days, "day")
