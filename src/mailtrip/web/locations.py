"""Where runs are made from."""

from collections.abc import Mapping

from starlette.responses import Response
from starlette.routing import Route

from mailtrip.model import Actor
from mailtrip.service import locations
from mailtrip.store import Connection
from mailtrip.web.calls import PageCall, page

__all__ = ["routes"]


def routes() -> list[Route]:
    """The routes of this module."""
    return [page("/locations", read_locations)]


async def read_locations(call: PageCall) -> Response:
    """The page."""
    return await call.show("locations.html", _find)


def _find(connection: Connection, actor: Actor) -> Mapping[str, object]:
    return {"locations": locations.list_used(connection, actor)}
