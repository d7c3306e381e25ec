"""The outermost layer, where no server is needed to see it."""

import asyncio
import json

import pytest
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import capture_logs

from mailtrip.api.edge import Edge
from mailtrip.api.edge_rules import EdgeRules
from mailtrip.api.errors import TookTooLong

SCOPE: Scope = {
    "type": "http",
    "method": "GET",
    "path": "/",
    "scheme": "http",
    "client": ("192.0.2.1", 4711),
    "headers": [],
}


async def nothing() -> Message:
    raise AssertionError("nobody reads the body")


async def test_a_request_that_the_end_of_the_service_cuts_short_is_told_so() -> None:
    is_inside = asyncio.Event()

    async def waits(scope: Scope, receive: Receive, send: Send) -> None:
        is_inside.set()
        await asyncio.Event().wait()

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    task = asyncio.create_task(Edge(waits)(dict(SCOPE), nothing, send))
    await is_inside.wait()
    task.cancel()
    await task
    assert sent[0]["status"] == 503
    assert dict(sent[0]["headers"])[b"retry-after"]
    [error] = json.loads(sent[1]["body"])["errors"]
    assert error["message"].startswith("unavailable - the service stops; ")


async def test_what_is_no_http_passes_untouched() -> None:
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)

    async def send(message: Message) -> None:
        raise AssertionError(message)

    await Edge(app)({"type": "lifespan"}, nothing, send)
    assert seen == [{"type": "lifespan"}]


class Pages:
    """A dashboard that answers nothing but streams."""

    def __init__(self) -> None:
        self.ends = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream")] if scope["path"] == "/events" else []
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await self.ends.wait()
        await send({"type": "http.response.body"})

    def refusal(self, scope: Scope, answer: Response) -> Response:
        return Response(f"page for {scope['path']}", answer.status_code)


async def test_a_stream_of_events_outlasts_the_time_of_a_request_and_a_page_does_not() -> None:
    pages = Pages()
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    edge = Edge(pages, rules=EdgeRules(request_seconds=0.05), site=pages)
    stream = asyncio.create_task(edge({**SCOPE, "path": "/events"}, nothing, send))
    with pytest.raises(TookTooLong), capture_logs():
        await edge({**SCOPE, "path": "/overview"}, nothing, send)
    assert not stream.done()
    pages.ends.set()
    await stream

    assert sent[-1]["type"] == "http.response.body"


async def test_a_refusal_is_a_page_beside_the_api_and_json_in_it() -> None:
    async def nobody(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError(scope)

    bodies: list[bytes] = []

    async def send(message: Message) -> None:
        bodies.append(message.get("body", b""))

    edge = Edge(nobody, rules=EdgeRules(allowed_hosts=["us.example"]), site=Pages())
    for path in ("/overview", "/api/v3/monitors"):
        await edge({**SCOPE, "path": path, "headers": [(b"host", b"them.example")]}, nothing, send)

    assert bodies[1] == b"page for /overview"
    assert json.loads(bodies[3])["errors"]
