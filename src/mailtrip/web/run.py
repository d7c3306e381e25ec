"""The page of a run, the same as JSON, and word of each step of one that is under way."""

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from mailtrip.errors import NotFound, Unavailable
from mailtrip.model import Actor, Run, RunState
from mailtrip.service import locations, monitors, runs
from mailtrip.service.live_runs import LiveStep
from mailtrip.store import Connection
from mailtrip.web.calls import PageCall, page
from mailtrip.web.live_steps import LiveStreams, show_step
from mailtrip.web.run_view import show_run

__all__ = ["RunPages", "location_names", "number_in"]

_LARGEST: Final = 2**63 - 1


class RunPages:
    """What there is to see of runs."""

    def __init__(self, streams: LiveStreams) -> None:
        """Take what tells of the steps of runs."""
        self._streams = streams

    def routes(self) -> list[Route]:
        """The routes of this module."""
        return [
            page("/runs/{run_id:int}", read_run),
            page("/runs/{run_id:int}.json", read_run_as_json),
            page("/runs/{run_id:int}/events", self._follow),
        ]

    async def _follow(self, call: PageCall) -> Response:
        run_id = number_in(call, "run_id")
        await call.reading(partial(_read, run_id=run_id))

        async def is_over() -> bool:
            run = await call.reading(partial(_read, run_id=run_id))
            return run.state is not RunState.RUNNING

        return self._streams.follow(call, run_id, is_over)


async def read_run(call: PageCall) -> Response:
    """The page of a run, with its steps so far while it is under way."""
    run_id = number_in(call, "run_id")
    run = await call.reading(partial(_read, run_id=run_id))
    steps = None
    if run.state is RunState.RUNNING:
        with suppress(Unavailable):
            steps = await call.services.live_steps(run_id)
    return await call.show("run.html", partial(_find, run_id=run_id, steps=steps))


async def read_run_as_json(call: PageCall) -> Response:
    """The run as the API shows it."""
    run = await call.reading(partial(_read, run_id=number_in(call, "run_id")))
    return Response(call.services.run_json(run), media_type="application/json")


def number_in(call: PageCall, name: str) -> int:
    """The number in the page's path.

    Raises:
        NotFound: nothing has so large a number.
    """
    number: int = call.request.path_params[name]
    if number > _LARGEST:
        raise NotFound(f"there is no {number}")
    return number


def location_names(connection: Connection, actor: Actor) -> Mapping[int, str]:
    """The names of the account's locations."""
    return {location.id: location.name for location in locations.list_all(connection, actor)}


def _read(connection: Connection, actor: Actor, *, run_id: int) -> Run:
    return runs.get(connection, actor, run_id)


def _find(
    connection: Connection, actor: Actor, *, run_id: int, steps: tuple[LiveStep, ...] | None
) -> Mapping[str, object]:
    run = runs.get(connection, actor, run_id)
    monitor = monitors.get(connection, actor, run.monitor_id)
    location = location_names(connection, actor).get(run.location_id, f"location {run.location_id}")
    return {
        "run": show_run(run, monitor, location=location),
        "monitor": monitor,
        "location": location,
        "recheck_of": run.recheck_of,
        "recheck_id": run.recheck_id,
        "steps": None if steps is None else [show_step(each) for each in steps],
    }
