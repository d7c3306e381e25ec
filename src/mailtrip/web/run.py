"""The page of a run, the same as JSON, and word of each step of one that is under way."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Final

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from mailtrip.errors import MailtripError, NotFound, Unavailable
from mailtrip.model import Actor, Run, RunState
from mailtrip.model.words import STEP_NAMES, format_duration
from mailtrip.service import locations, monitors, runs
from mailtrip.service.live_runs import LiveStep
from mailtrip.store import Connection
from mailtrip.web.calls import PageCall, page
from mailtrip.web.run_view import show_run

__all__ = ["RunPages", "location_names", "number_in"]

_LARGEST: Final = 2**63 - 1
_LOOK_SECONDS: Final = 0.25
_LOOKS: Final = 4
"""After so many, a step that is still under way is shown with the time it has taken by then."""
_CHANGED: Final = b"event: changed\ndata:\n\n"
_OVER: Final = b"event: over\ndata:\n\n"


class RunPages:
    """What there is to see of runs."""

    def __init__(self) -> None:
        self._stopped = asyncio.Event()

    def routes(self) -> list[Route]:
        """The routes of this module."""
        return [
            page("/runs/{run_id:int}", read_run),
            page("/runs/{run_id:int}.json", read_run_as_json),
            page("/runs/{run_id:int}/events", self._follow),
        ]

    def stop(self) -> None:
        """End all streams of events."""
        self._stopped.set()

    async def _follow(self, call: PageCall) -> Response:
        """Events while a run is under way: `changed` when there is more to see of it, `over` at its end."""
        run_id = number_in(call, "run_id")
        await call.reading(partial(_read, run_id=run_id))
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._events(call, run_id), headers=headers, media_type="text/event-stream")

    async def _events(self, call: PageCall, run_id: int) -> AsyncIterator[bytes]:
        services = call.services
        told: object = ()
        for look in count():
            if self._stopped.is_set():
                return
            try:
                steps = await services.live_steps(run_id)
                seen = None if steps is None else [(each.step, each.is_over) for each in steps]
                if seen is None:
                    run = await call.reading(partial(_read, run_id=run_id))
                    if run.state is not RunState.RUNNING:
                        yield _CHANGED + _OVER
                        return
            except MailtripError:
                return  # the browser asks again, and is told then
            if seen != told or look % _LOOKS == 0:
                yield _CHANGED
                told = seen
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), _LOOK_SECONDS)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _StepNow:
    """A step of a run that is under way, in words."""

    name: str
    begun: str
    took: str
    is_over: bool


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
        "steps": None if steps is None else [_show_step(each) for each in steps],
    }


def _show_step(step: LiveStep) -> _StepNow:
    return _StepNow(
        name=STEP_NAMES[step.step],
        begun=f"{step.offset.total_seconds():.3f} s",
        took=format_duration(step.spent),
        is_over=step.is_over,
    )
