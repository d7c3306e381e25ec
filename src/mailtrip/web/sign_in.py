"""Signing in and out, the password, and light or dark."""

from dataclasses import replace
from functools import partial
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailtrip.errors import AuthenticationFailed, InvalidInput, RateLimited
from mailtrip.service import users, web_sessions
from mailtrip.service.tokens import VerifiedLogin
from mailtrip.store import Connection
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
from mailtrip.web.cookies import Theme, clear_session, keep_form_key, session_of, set_session, set_theme

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

    async def begin(login: VerifiedLogin) -> str:
        work = partial(
            web_sessions.begin,
            login=login,
            origin=origin,
            now=services.clock.now(),
            instead_of=session_of(request),
        )
        return await services.database.writing(work)

    try:
        session_id = await services.logins.verify(email=email, password=password, origin=origin, then=begin)
    except AuthenticationFailed:
        return _sign_in_page(request, email=email, fault=_WRONG, status=422)
    except RateLimited as error:
        response = _sign_in_page(request, email=email, fault=f"{error}.".capitalize(), status=429)
        response.headers["Retry-After"] = str(max(1, round(error.retry_after.total_seconds())))
        return response
    services.logins.limiter.succeeded(address=origin.address or "local", email=email)
    response = see_other(_own_path(request.query_params.get("next")))
    set_session(request, response, session_id)
    return response


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
        return web_sessions.begin(connection, new_login, origin=call.origin, now=now)

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
    values = {"fault": fault, "is_changed": is_changed}
    return await call.show("account.html", lambda _connection, _actor: values, status=422 if fault else 200)


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
        Route("/theme", _set_theme, methods=["POST"]),
        action("/sign-out", _sign_out),
        page("/account", _show_account),
        action("/account/password", _change_password),
    ]
