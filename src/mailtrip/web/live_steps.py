"""The steps of a run that is under way: in words, and as a stream of events that tells when there is more to see."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Final

from starlette.responses import Response, StreamingResponse

from mailtrip.errors import MailtripError
from mailtrip.model.words import STEP_NAMES, format_duration
from mailtrip.service.live_runs import LiveStep
from mailtrip.web.calls import PageCall

__all__ = ["LiveStreams", "StepNow", "show_step"]

_LOOK_SECONDS: Final = 0.25
_LOOKS: Final = 4
"""After so many, a step that is still under way is shown with the time it has taken by then."""
_CHANGED: Final = b"event: changed\ndata:\n\n"
_OVER: Final = b"event: over\ndata:\n\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepNow:
    """A step of a run that is under way, in words."""

    name: str
    begun: str
    took: str
    is_over: bool


def show_step(step: LiveStep) -> StepNow:
    """The step in words."""
    return StepNow(
        name=STEP_NAMES[step.step],
        begun=f"{step.offset.total_seconds():.3f} s",
        took=format_duration(step.spent),
        is_over=step.is_over,
    )


class LiveStreams:
    """The streams that are open."""

    def __init__(self) -> None:
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """End all streams of events."""
        self._stopped.set()

    def follow(self, call: PageCall, run_id: int, is_over: Callable[[], Awaitable[bool]]) -> Response:
        """Events while a run is under way: `changed` when there is more to see of it, `over` at its end.

        Args:
            call: of somebody who may see the run.
            run_id: as the engine knows it.
            is_over: asked where the engine knows nothing of the run; a `MailtripError` ends the stream.
        """
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._events(call, run_id, is_over), headers=headers, media_type="text/event-stream")

    async def _events(
        self, call: PageCall, run_id: int, is_over: Callable[[], Awaitable[bool]]
    ) -> AsyncIterator[bytes]:
        told: object = ()
        for look in count():
            if self._stopped.is_set():
                return
            try:
                steps = await call.services.live_steps(run_id)
                seen = None if steps is None else [(each.step, each.is_over) for each in steps]
                if seen is None and await is_over():
                    yield _CHANGED + _OVER
                    return
            except MailtripError:
                return  # the browser asks again, and is told then
            if seen != told or look % _LOOKS == 0:
                yield _CHANGED
                told = seen
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), _LOOK_SECONDS)
