"""Live updates: a stream of events tells a page that something has changed (server-sent events)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from mailtrip.errors import RateLimited, TokenRejected, Unavailable
from mailtrip.service import overview
from mailtrip.web.calls import PageCall, page

__all__ = ["Events"]


class Events:
    """The streams that are open.

    Args:
        most: at once; a page beyond is told to try again later, and stays as it is.
        every_seconds: how often it is looked whether something has changed.
    """

    def __init__(self, *, most: int = 100, every_seconds: float = 5.0) -> None:
        self._most = most
        self._every_seconds = every_seconds
        self._stopped = asyncio.Event()
        self.count = 0

    def stop(self) -> None:
        """End all streams."""
        self._stopped.set()

    def routes(self) -> list[Route]:
        """The route of the streams."""
        return [page("/events", self._serve)]

    async def _serve(self, call: PageCall) -> Response:
        await call.actor()
        if self.count >= self._most or self._stopped.is_set():
            raise RateLimited("too many pages are open", retry_after=timedelta(seconds=30))
        known = call.request.headers.get("last-event-id") or call.request.query_params.get("since") or ""
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._stream(call, known), headers=headers)

    async def _stream(self, call: PageCall, known: str) -> AsyncIterator[str]:
        """An event with each change since the one that the page knows; a comment where there was none."""
        self.count += 1
        try:
            yield "retry: 2000\n\n"
            while not self._stopped.is_set():
                try:
                    mark = await call.reading(overview.fingerprint)
                except TokenRejected:
                    return
                except (RateLimited, Unavailable):
                    mark = known
                yield ":\n\n" if mark == known else f"id: {mark}\nevent: changed\ndata: {mark}\n\n"
                known = mark
                await self._wait()
        finally:
            self.count -= 1

    async def _wait(self) -> None:
        try:
            await asyncio.wait_for(self._stopped.wait(), self._every_seconds)
        except TimeoutError:
            return
