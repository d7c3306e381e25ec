"""The outermost layer, where no server is needed to see it."""

import asyncio
import json

from starlette.types import Message, Receive, Scope, Send

from mailtrip.api.edge import Edge

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
