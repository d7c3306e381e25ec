"""The outermost layer of the API: gives each request an id, and catches what nobody expected."""

import secrets
from typing import Final

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mailtrip.api.errors import server_error

__all__ = ["Edge"]

_HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Edge:
    """ASGI middleware: `X-Request-Id` on each answer; an exception is logged under that id and answered with 500."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._log = structlog.get_logger("mailtrip.api")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        has_started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal has_started
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)
            has_started = True  # only now: a head that could not be sent leaves room for an answer

        try:
            await self._app(scope, receive, send_with_headers)
        except ClientDisconnect:
            self._log.debug("client went away", request_id=request_id)
        except Exception:
            self._log.exception("request failed", request_id=request_id, method=scope["method"], path=scope["path"])
            if has_started:
                raise
            await server_error(request_id)(scope, receive, send_with_headers)
