"""The page on which users turn their second factor on and off; either takes the password."""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from starlette.responses import Response
from starlette.routing import Route

from mailtrip.errors import AuthenticationFailed, InvalidInput
from mailtrip.model import Actor
from mailtrip.service import second_factors
from mailtrip.service.tokens import VerifiedLogin
from mailtrip.store import Connection
from mailtrip.web.calls import Form, PageCall, action, page, see_other
from mailtrip.web.qr_code import qr_code

__all__ = ["routes"]

T = TypeVar("T")

_WRONG: Final = "That is not your password. Type it again."


async def _show(call: PageCall) -> Response:
    return await _page(call)


async def _turn_on(call: PageCall, form: Form) -> Response:
    secret, code = "".join(form.get("secret", "").split()), "".join(form.get("code", "").split())
    actor = await call.actor()

    def turn_on(connection: Connection) -> tuple[str, ...]:
        return second_factors.turn_on(connection, actor, secret, code, keys=call.services.secrets, now=call.now)

    try:
        recovery = await _with_password(call, actor, form, turn_on)
    except AuthenticationFailed:
        return await _page(call, secret=secret, fault=_WRONG)
    except InvalidInput as error:
        return await _page(call, secret=secret, fault=f"The code {error.faults[0].text}.")
    return await _page(call, recovery=recovery)


async def _turn_off(call: PageCall, form: Form) -> Response:
    actor = await call.actor()
    try:
        await _with_password(
            call, actor, form, lambda connection: second_factors.turn_off(connection, actor, now=call.now)
        )
    except AuthenticationFailed:
        return await _page(call, fault=_WRONG)
    return see_other("/account")


async def _with_password(call: PageCall, actor: Actor, form: Form, work: Callable[[Connection], T]) -> T:
    """Do the work if the password in the form is the actor's; raises as `Logins.verify` does."""

    async def then(_login: VerifiedLogin) -> T:
        return await call.writing(work)

    email, logins = actor.email or "", call.services.logins
    found = await logins.verify(email=email, password=form.get("password", ""), origin=call.origin, then=then)
    logins.limiter.succeeded(address=call.origin.address or "local", email=email)
    return found


async def _page(
    call: PageCall, *, secret: str = "", recovery: tuple[str, ...] = (), fault: str | None = None
) -> Response:
    kept = secret if second_factors.is_secret(secret) else second_factors.make_secret()

    def find(connection: Connection, actor: Actor) -> Mapping[str, object]:
        address = second_factors.address_of(kept, actor.email or "")
        return {
            "is_on": actor.user_id is not None and second_factors.is_on(connection, actor.user_id),
            "secret": kept,
            "address": address,
            "picture": qr_code(address),
            "recovery": recovery,
            "fault": fault,
        }

    return await call.show("second_factor.html", find, status=422 if fault else 200)


def routes() -> list[Route]:
    """The routes of this module."""
    return [
        page("/account/second-factor", _show),
        action("/account/second-factor", _turn_on),
        action("/account/second-factor/off", _turn_off),
    ]
