"""The dashboard as an ASGI application: routes put together, exceptions turned into pages."""

import math
from typing import Final

import structlog
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from mailtrip.errors import Forbidden, InvalidInput, MailtripError, NotFound, RateLimited, Unavailable
from mailtrip.web import (
    alert_answer,
    alerts,
    api_tokens,
    audit,
    blackouts,
    bulk,
    change_blackout,
    change_monitor,
    change_recipient,
    import_account,
    import_monitors,
    incidents,
    locations,
    monitor,
    new_monitor,
    overview,
    own_sessions,
    recipient_groups,
    recipients,
    reports,
    second_factor,
    sign_in,
    slas,
    status_page,
    status_settings,
    system,
    user_access,
    users,
)
from mailtrip.web.calls import frame_of, see_other
from mailtrip.web.events import Events
from mailtrip.web.forms import FormTooLarge, FormTooSlow
from mailtrip.web.live_steps import LiveStreams
from mailtrip.web.rendering import Templates
from mailtrip.web.run import RunPages
from mailtrip.web.services import WebServices
from mailtrip.web.try_monitor import TrialPages

__all__ = ["Dashboard"]

_log = structlog.get_logger(__name__)

_STATUSES: Final[dict[type[MailtripError], int]] = {
    InvalidInput: 400,
    Forbidden: 403,
    NotFound: 404,
    FormTooSlow: 408,
    FormTooLarge: 413,
    RateLimited: 429,
    Unavailable: 503,
}
_WORDS: Final = {
    400: ("That did not work", "The request can't be understood. Go back, load the page again, and try once more."),
    403: ("You may not do this", "Your role or your access does not allow it. An administrator can change that."),
    404: ("There is no such page", "It may have been removed, or you may not see it."),
    405: ("That did not work", "This address takes no such request."),
    408: ("That took too long", "The form did not come in time. Try again."),
    413: ("That is too much", "The form is too long. Send less."),
    429: ("Too many requests", "Wait a little, then load the page again."),
    500: ("Something went wrong", "The fault is ours; the log tells more, under the request's id."),
    503: ("Not just now", "The service is busy, or its database can't be reached. Load the page again in a moment."),
}


class Dashboard:
    """The pages. `stop` ends the streams of events, which would go on for ever."""

    def __init__(self, services: WebServices, *, events: Events | None = None) -> None:
        """Take what the pages work with, and the streams that tell them of changes."""
        self._services = services
        self._templates = Templates(services.assets, version=services.version)
        self._events = events or Events()
        self._streams = LiveStreams()
        router = Router(
            [
                Route("/", _go_to_overview, methods=["GET"]),
                Route("/static/{name}", services.assets.serve, methods=["GET"]),
                *sign_in.routes(),
                *second_factor.routes(),
                *own_sessions.routes(),
                *overview.routes(),
                *monitor.routes(),
                *new_monitor.routes(),
                *change_monitor.routes(),
                *bulk.routes(),
                *import_monitors.routes(),
                *import_account.routes(),
                *alert_answer.routes(),
                *status_page.routes(),
                *status_settings.routes(),
                *incidents.routes(),
                *alerts.routes(),
                *recipients.routes(),
                *recipient_groups.routes(),
                *change_recipient.routes(),
                *blackouts.routes(),
                *change_blackout.routes(),
                *slas.routes(),
                *locations.routes(),
                *audit.routes(),
                *system.routes(),
                *users.routes(),
                *user_access.routes(),
                *reports.routes(),
                *api_tokens.routes(),
                *self._events.routes(),
                *RunPages(self._streams).routes(),
                *TrialPages(self._streams).routes(),
            ],
            redirect_slashes=False,
        )
        self._app = ExceptionMiddleware(
            router, handlers={MailtripError: self._on_error, HTTPException: self._on_http_exception}
        )
        if not services.assets.are_there:
            _log.error(
                "the dashboard has no styles and scripts", remedy="build them: make assets, or install the package anew"
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {}).update(services=self._services, templates=self._templates)
        scope["router"] = None
        await self._app(scope, receive, send)

    def stop(self) -> None:
        """End all streams of events."""
        self._events.stop()
        self._streams.stop()

    def refusal(self, scope: Scope, answer: Response) -> Response:
        """The page in place of the API's answer to a request that never reached the dashboard, or failed in it."""
        page = self._error_page(Request(scope), answer.status_code)
        for name in ("retry-after", "connection"):
            if name in answer.headers:
                page.headers[name] = answer.headers[name]
        return page

    async def _on_error(self, request: Request, error: Exception) -> Response:
        status = next((code for kind, code in _STATUSES.items() if isinstance(error, kind)), None)
        if status is None:
            raise error
        if isinstance(error, Unavailable):
            _log.warning("database unavailable", path=request.url.path, reason=str(error))
        text = str(error) if isinstance(error, Forbidden) else None
        page = self._error_page(request, status, text)
        if isinstance(error, RateLimited):
            page.headers["Retry-After"] = str(max(1, math.ceil(error.retry_after.total_seconds())))
        return page

    async def _on_http_exception(self, request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException) or error.status_code not in {404, 405}:
            raise error
        page = self._error_page(request, error.status_code)
        page.headers.update(error.headers or {})
        return page

    def _error_page(self, request: Request, status: int, text: str | None = None) -> Response:
        title, usual = _WORDS.get(status, _WORDS[500])
        request.scope.setdefault("state", {})
        shown = f"{text[:1].upper()}{text[1:]}." if text else usual
        values = {"title": title, "text": shown, "request_id": request.scope["state"].get("request_id")}
        return self._templates.show("error.html", frame_of(request), values, status=status)


async def _go_to_overview(_request: Request) -> Response:
    return see_other("/overview")
