"""The outermost layer of the service: who asks, whether there is room, and what every answer has in its head."""

import asyncio
import re
import secrets
from typing import Final, Protocol

import structlog
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mailtrip.api.cors import CORS
from mailtrip.api.edge_rules import EdgeRules
from mailtrip.api.errors import Stopping, TookTooLong, answer_for, server_error
from mailtrip.api.gate import Gate
from mailtrip.api.headers import EVERY_ANSWER, hsts, with_missing
from mailtrip.clock import Clock, SystemClock
from mailtrip.errors import Fault, InvalidInput, MailtripError
from mailtrip.service.call_limits import CallLimits

__all__ = ["OPEN_PATHS", "Edge", "Site"]

OPEN_PATHS: Final = frozenset({"/api/v1/health"})
"""What watches over the service asks here: under any name, however often, also while there is no room."""

_API_PATHS: Final = ("/api/", "/report-api/")
"""Below these is the API; all else is the dashboard's, where there is one."""

_EVENTS: Final = (b"content-type", b"text/event-stream")
_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{8,64}\Z")


class Site(Protocol):
    """The dashboard: an ASGI application, and how a refusal looks there."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...

    def refusal(self, scope: Scope, answer: Response) -> Response:
        """The page in place of the API's answer to a request that never reached the dashboard, or failed in it."""
        ...


class Edge:
    """ASGI middleware. A request that is refused here, or fails on our side, gets an answer like any other.

    `X-Request-Id` is on each answer, in `scope["state"]["request_id"]` and in what is logged meanwhile.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        rules: EdgeRules = EdgeRules(),  # noqa: B008 (frozen)
        limits: CallLimits | None = None,
        clock: Clock | None = None,
        site: Site | None = None,
    ) -> None:
        """Take what it stands around, and what it goes by; without limits there are none, nor pages without a site."""
        self._site = site
        self._app = app
        self._rules = rules
        self._limits = limits or CallLimits()
        self._clock = clock or SystemClock()
        self._gate = Gate("requests", most=rules.most_requests, most_per_client=rules.most_requests_per_client)
        self._cors = CORS(rules.cors_origins) if rules.cors_origins else None
        self._hosts = frozenset(rules.allowed_hosts)
        self._plain = EVERY_ANSWER
        self._secure = (*EVERY_ANSWER, hsts(rules.hsts_seconds)) if rules.hsts_seconds else EVERY_ANSWER
        self._log = structlog.get_logger("mailtrip.api")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = self._believe_proxies(scope) or secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.bind_contextvars(request_id=request_id)  # of this request's task, which ends with it
        usual = self._secure if scope["scheme"] == "https" else self._plain
        has_started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal has_started
            if message["type"] == "http.response.start":
                headers = with_missing(message.get("headers", ()), usual)
                headers.append((b"x-request-id", request_id.encode()))
                if self._cors is not None:
                    self._cors.add_to(headers, scope["headers"])
                message["headers"] = headers
            await send(message)
            has_started = True  # only now: a head that could not be sent leaves room for an answer

        try:
            try:
                await self._serve(scope, receive, send_with_headers)
            except MailtripError as error:
                if has_started:
                    raise
                await self._dress(scope, answer_for(error))(scope, receive, send_with_headers)
        except ClientDisconnect:
            self._log.debug("client went away", request_id=request_id)
        except Exception:
            self._log.exception("request failed", request_id=request_id, method=scope["method"], path=scope["path"])
            if has_started:
                raise
            await self._dress(scope, server_error(request_id))(scope, receive, send_with_headers)

    def _site_of(self, scope: Scope) -> Site | None:
        """The dashboard, where the request is for it."""
        return None if scope["path"].startswith(_API_PATHS) else self._site

    def _dress(self, scope: Scope, answer: Response) -> Response:
        site = self._site_of(scope)
        return answer if site is None else site.refusal(scope, answer)

    def _believe_proxies(self, scope: Scope) -> str | None:
        """Put the client in place of a trusted proxy that speaks for it; the request's id, if that proxy gives one."""
        peer = scope.get("client")
        proxies = self._rules.proxies
        if not (proxies.networks or proxies.unix) or not proxies.trusts(peer and peer[0]):
            return None
        claim = proxies.read(scope["headers"])
        if claim.address is not None:
            scope["client"] = (claim.address, 0)
        scope["scheme"] = claim.scheme or scope["scheme"]
        if claim.host is not None:
            others = [header for header in scope["headers"] if header[0] != b"host"]
            scope["headers"] = [*others, (b"host", claim.host.encode())]
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        return given.decode() if _REQUEST_ID.match(given) else None

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the request answered; raises MailtripError when it must not be."""
        if scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        self._check_host(scope)
        address = scope["client"][0] if scope.get("client") else "local"
        self._limits.admit_address(address, at=self._clock.monotonic())
        if self._cors is not None:
            preflight = self._cors.preflight(scope["method"], scope["headers"])
            if preflight is not None:
                await send({"type": "http.response.start", "status": 204, "headers": preflight})
                await send({"type": "http.response.body"})
                return
        client = self._gate.enter(address)
        try:
            async with asyncio.timeout(self._rules.request_seconds) as timer:
                await (self._site_of(scope) or self._app)(scope, receive, _unhurried(send, timer))
        except TimeoutError:
            if timer.expired():
                raise TookTooLong(self._rules.request_seconds) from None
            raise
        except asyncio.CancelledError as exc:  # by the web server, when it stops; nothing is outside that waits for it
            raise Stopping from exc
        finally:
            self._gate.leave(client)

    def _check_host(self, scope: Scope) -> None:
        """Raises InvalidInput for a host that is none of ours: a page that rebinds its own name to our address."""
        if not self._hosts:
            return
        host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1").lower()
        name = host[: host.find("]") + 1] if host.startswith("[") else host.partition(":")[0]
        if name not in self._hosts:
            raise InvalidInput([Fault("Host", "is no name of this service; ask it by one of its own")])


def _unhurried(send: Send, timer: asyncio.Timeout) -> Send:
    """As `send`; a stream of events, which has no end of its own, takes as long as it likes."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start" and _EVENTS in message.get("headers", ()):
            timer.reschedule(None)
        await send(message)

    return sending
