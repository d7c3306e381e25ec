"""A request of somebody who is signed in, on its way to the service: the session is looked up in the work's transaction."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TypeVar
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailtrip.errors import TokenRejected
from mailtrip.model import Actor, Origin
from mailtrip.service import web_sessions
from mailtrip.store import Connection
from mailtrip.web.cookies import clear_session, form_key_of, session_of, theme_of
from mailtrip.web.forms import FIELD, check_origin, check_token, read_form
from mailtrip.web.rendering import Frame, Templates
from mailtrip.web.services import WebServices

__all__ = [
    "Form",
    "PageCall",
    "action",
    "frame_of",
    "origin_of",
    "page",
    "read_own_form",
    "see_other",
    "services_of",
    "templates_of",
]

T = TypeVar("T")
Form = Mapping[str, str]
"""The fields of a form by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageCall:
    """A request that shows a session, which is not yet looked up.

    Attributes:
        origin: where it comes from.
    """

    request: Request
    services: WebServices
    session_id: str = field(repr=False)
    origin: Origin

    @property
    def now(self) -> datetime:
        return self.services.clock.now()

    async def reading(self, work: Callable[[Connection, Actor], T]) -> T:
        """Look the session up and do the work, both in one transaction that changes nothing.

        Raises:
            TokenRejected: the session has ended.
            RateLimited: the user, or the account, calls too often.
        """
        now = self.now

        def identified(connection: Connection) -> tuple[bool, T]:
            session = web_sessions.identify(connection, self.session_id, now=now)
            actor = replace(session.actor, origin=self.origin)
            self.services.call_limits.admit_actor(actor, at=self.services.clock.monotonic())
            return session.is_due, work(connection, actor)

        is_due, found = await self.services.database.reading(identified)
        if is_due:
            await self.writing(partial(web_sessions.touch, session_id=self.session_id, now=now))
        return found

    async def actor(self) -> Actor:
        """Who asks; raises as `reading` does."""
        return await self.reading(lambda _, actor: actor)

    async def writing(self, work: Callable[[Connection], T]) -> T:
        """Do work that may change something, in one transaction; the caller has looked up the actor before."""
        return await self.services.database.writing(work)

    async def show(
        self, template: str, work: Callable[[Connection, Actor], Mapping[str, object]], *, status: int = 200
    ) -> Response:
        """The page of a template, with the values that `work` finds; raises as `reading` does."""
        templates, frame = templates_of(self.request), frame_of(self.request)

        def shown(connection: Connection, actor: Actor) -> Response:
            values = work(connection, actor)
            return templates.show(template, replace(frame, actor=actor), values, status=status)

        return await self.reading(shown)


def services_of(request: Request) -> WebServices:
    """What the dashboard was given."""
    services = request.state.services
    if not isinstance(services, WebServices):
        raise TypeError("the request has no services")
    return services


def templates_of(request: Request) -> Templates:
    """The dashboard's templates."""
    templates = request.state.templates
    if not isinstance(templates, Templates):
        raise TypeError("the request has no templates")
    return templates


def frame_of(request: Request) -> Frame:
    """What is around the page that answers the request, with nobody signed in."""
    query = request.url.query
    return Frame(
        path=f"{request.url.path}?{query}" if query else request.url.path,
        form_key=form_key_of(request),
        theme=theme_of(request),
        takes_gzip="gzip" in request.headers.get("accept-encoding", ""),
    )


def origin_of(request: Request) -> Origin:
    """Where the request comes from, and what it is called."""
    address = request.client.host if request.client else "local"
    return Origin(address=address, request_id=getattr(request.state, "request_id", None))


def see_other(path: str) -> Response:
    """Lead the browser to another page of ours."""
    return Response(status_code=303, headers={"Location": path})


def page(path: str, handler: Callable[[PageCall], Awaitable[Response]]) -> Route:
    """A page for those who are signed in; others are led to sign in first."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(_call_of(request))
        except TokenRejected:
            return _sign_in_first(request)

    return Route(path, answer, methods=["GET"], name=handler.__name__)


def action(path: str, handler: Callable[[PageCall, Form], Awaitable[Response]], *, takes_files: bool = False) -> Route:
    """What a form of a page does, for those who are signed in."""

    async def answer(request: Request) -> Response:
        try:
            call = _call_of(request)
            return await handler(call, await read_own_form(request, takes_files=takes_files))
        except TokenRejected:
            return _sign_in_first(request)

    return Route(path, answer, methods=["POST"], name=handler.__name__)


async def read_own_form(request: Request, *, takes_files: bool = False) -> Form:
    """The fields of a form that a page of ours made for this browser; raises as `read_form`, and Forbidden for others."""
    check_origin(request.headers)
    form = await read_form(request, seconds=services_of(request).body_seconds, takes_files=takes_files)
    check_token(form.get(FIELD, ""), form_key_of(request))
    return form


def _call_of(request: Request) -> PageCall:
    session_id = session_of(request)
    if not session_id:
        raise TokenRejected("missing")
    return PageCall(request=request, services=services_of(request), session_id=session_id, origin=origin_of(request))


def _sign_in_first(request: Request) -> Response:
    """A page is come back to; what a form was to do is not done, and a part of a page has its whole page led away."""
    path = "/sign-in"
    if "hx-request" in request.headers:
        response = Response(status_code=204, headers={"HX-Redirect": path})
    else:
        wanted = frame_of(request).path if request.method == "GET" else "/"
        response = see_other(path if wanted == "/" else f"{path}?{urlencode({'next': wanted})}")
    if session_of(request):
        clear_session(request, response)
    return response
