"""Signing in and out, the password, and light or dark. The second factor is set up in `second_factor`."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailtrip.errors import AuthenticationFailed, InvalidInput, RateLimited
from mailtrip.model import Actor
from mailtrip.service import second_factors, tokens, users, web_sessions
from mailtrip.service.tokens import VerifiedLogin
from mailtrip.store import Connection
from mailtrip.web.browser_names import browser_name
from mailtrip.web.calls import (
    Form,
    PageCall,
    action,
    frame_of,
    origin_of,
    page,
    read_own_form,
    see_other,
    services_of,
    templates_of,
)
from mailtrip.web.cookies import (
    Theme,
    clear_session,
    form_key_of,
    keep_form_key,
    session_of,
    set_session,
    set_theme,
)

__all__ = ["routes"]

_FIRST_PAGE: Final = "/overview"
_WRONG: Final = "That is no user's address with its password. Try again."


async def _show_sign_in(request: Request) -> Response:
    has_users = await services_of(request).database.reading(users.count_all)
    return _sign_in_page(request, has_users=bool(has_users))


async def _sign_in(request: Request) -> Response:
    form = await read_own_form(request)
    services, origin = services_of(request), origin_of(request)
    email, password = form.get("email", "").strip(), form.get("password", "")

    def begin(connection: Connection, login: VerifiedLogin) -> str | None:
        if second_factors.is_on(connection, login.user.id):
            return None
        return _begin(connection, request, login)

    async def then(login: VerifiedLogin) -> tuple[VerifiedLogin, str | None]:
        return login, await services.database.writing(partial(begin, login=login))

    try:
        login, session_id = await services.logins.verify(email=email, password=password, origin=origin, then=then)
    except AuthenticationFailed:
        return _sign_in_page(request, email=email, fault=_WRONG, status=422)
    except RateLimited as error:
        return _too_often(_sign_in_page(request, email=email, fault=f"{error}.".capitalize(), status=429), error)
    if session_id is None:
        # Taken back, not started afresh: who knows the password must not make room to guess codes.
        services.logins.limiter.withdraw(address=origin.address or "local", email=email)
        ticket = second_factors.make_ticket(
            login, browser=form_key_of(request), keys=services.secrets, now=services.clock.now()
        )
        return _code_page(request, email=email, ticket=ticket)
    return _signed_in(request, email, session_id)


async def _sign_in_with_code(request: Request) -> Response:
    """The second step of those who have a second factor; each attempt counts until a code is right."""
    form = await read_own_form(request)
    services, origin = services_of(request), origin_of(request)
    email, ticket, now = form.get("email", ""), form.get("ticket", ""), services.clock.now()

    def begin(connection: Connection) -> str | None:
        keys = services.secrets
        login = second_factors.redeem_ticket(
            connection, ticket, email=email, browser=form_key_of(request), keys=keys, now=now
        )
        if not second_factors.is_right(connection, login.user.id, form.get("code", ""), keys=keys, now=now):
            tokens.note_failure(connection, email=email, origin=origin, now=now)
            return None
        return _begin(connection, request, login)

    try:
        address, at = origin.address or "local", services.clock.monotonic()
        services.logins.limiter.admit(address=address, email=email, at=at)
        session_id = await services.database.writing(begin)
    except AuthenticationFailed:
        return _sign_in_page(request, email=email, fault="That took too long. Sign in again.", status=422)
    except RateLimited as error:
        return _too_often(_sign_in_page(request, email=email, fault=f"{error}.".capitalize(), status=429), error)
    if session_id is None:
        return _code_page(request, email=email, ticket=ticket, fault="That is no code of now. Type the next one.")
    return _signed_in(request, email, session_id)


def _begin(connection: Connection, request: Request, login: VerifiedLogin) -> str:
    now, before, browser = services_of(request).clock.now(), session_of(request), _browser_of(request)
    return web_sessions.begin(connection, login, origin=origin_of(request), now=now, instead_of=before, browser=browser)


def _browser_of(request: Request) -> str | None:
    return browser_name(request.headers.get("user-agent"))


def _signed_in(request: Request, email: str, session_id: str) -> Response:
    limiter, origin = services_of(request).logins.limiter, origin_of(request)
    limiter.succeeded(address=origin.address or "local", email=email)
    response = see_other(_own_path(request.query_params.get("next")))
    set_session(request, response, session_id)
    return response


def _too_often(response: Response, error: RateLimited) -> Response:
    response.headers["Retry-After"] = str(max(1, round(error.retry_after.total_seconds())))
    return response


def _code_page(request: Request, *, email: str, ticket: str, fault: str | None = None) -> Response:
    query = request.url.query
    values = {
        "email": email,
        "ticket": ticket,
        "fault": fault,
        "action": f"/sign-in/code?{query}" if query else "/sign-in/code",
    }
    frame, status = frame_of(request), 422 if fault else 200
    return templates_of(request).show("sign_in_code.html", frame, values, status=status)


def _sign_in_page(
    request: Request, *, has_users: bool = True, email: str = "", fault: str | None = None, status: int = 200
) -> Response:
    values = {"has_users": has_users, "email": email, "fault": fault}
    response = templates_of(request).show("sign_in.html", frame_of(request), values, status=status)
    keep_form_key(request, response)
    return response


async def _sign_out(call: PageCall, _form: Form) -> Response:
    actor = await call.actor()
    await call.writing(partial(web_sessions.end, actor=actor, session_id=call.session_id, now=call.now))
    response = see_other("/sign-in")
    clear_session(call.request, response)
    return response


async def _show_account(call: PageCall) -> Response:
    return await _account_page(call, is_changed=call.request.query_params.get("done") == "password")


async def _change_password(call: PageCall, form: Form) -> Response:
    actor = await call.actor()
    new, now = form.get("new_password", ""), call.now
    if new != form.get("repeated_password"):
        return await _account_page(call, fault="The new password was not repeated as it is. Type both again.")
    try:
        hashed = await run_in_threadpool(users.hash_password, new)
    except InvalidInput as error:
        return await _account_page(call, fault=f"The new password {error.faults[0].text}.")

    def change(connection: Connection, login: VerifiedLogin) -> str:
        users.change_password(connection, actor, login, password=hashed, now=now)
        new_login = replace(login, password_hash=hashed.text)
        browser = _browser_of(call.request)
        return web_sessions.begin(connection, new_login, origin=call.origin, now=now, browser=browser)

    async def then(login: VerifiedLogin) -> str:
        return await call.writing(partial(change, login=login))

    email, logins = actor.email or "", call.services.logins
    try:
        session_id = await logins.verify(email=email, password=form.get("password", ""), origin=call.origin, then=then)
    except AuthenticationFailed:
        return await _account_page(call, fault="The password you have now is another one. Type it again.")
    logins.limiter.succeeded(address=call.origin.address or "local", email=email)
    response = see_other("/account?done=password")
    set_session(call.request, response, session_id)
    return response


async def _account_page(call: PageCall, *, fault: str | None = None, is_changed: bool = False) -> Response:
    def find(connection: Connection, actor: Actor) -> Mapping[str, object]:
        has_factor = actor.user_id is not None and second_factors.is_on(connection, actor.user_id)
        return {"fault": fault, "is_changed": is_changed, "has_factor": has_factor}

    return await call.show("account.html", find, status=422 if fault else 200)


async def _set_theme(request: Request) -> Response:
    form = await read_own_form(request)
    response = see_other(_own_path(form.get("path")))
    if form.get("theme") in set(Theme):
        set_theme(response, Theme(form["theme"]))
    return response


def _own_path(path: str | None) -> str:
    """The path of a page of ours, as it was asked for; nobody is led elsewhere."""
    if path is None or not path.startswith("/") or path.startswith(("//", "/\\")) or not path.isprintable():
        return _FIRST_PAGE
    return path


def routes() -> list[Route]:
    """The routes of this module."""
    return [
        Route("/sign-in", _show_sign_in, methods=["GET"]),
        Route("/sign-in", _sign_in, methods=["POST"]),
        Route("/sign-in/code", _sign_in_with_code, methods=["POST"]),
        Route("/theme", _set_theme, methods=["POST"]),
        action("/sign-out", _sign_out),
        page("/account", _show_account),
        action("/account/password", _change_password),
    ]
