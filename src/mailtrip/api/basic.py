"""Requests that show a login with HTTP Basic (RFC 7617), as the vendor's older report API wants it."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final, TypeVar

from fastapi import Depends, Request, Security
from fastapi.openapi.models import HTTPBase
from fastapi.security.base import SecurityBase

from mailtrip.api.calls import services_of
from mailtrip.api.logins import client_address, verify_login
from mailtrip.api.services import Services
from mailtrip.errors import AuthenticationFailed, MailtripError
from mailtrip.model import Actor
from mailtrip.service import tokens
from mailtrip.service.tokens import VerifiedLogin
from mailtrip.store import Connection

__all__ = ["BasicCall", "BasicRejected", "BasicallyAuthenticated"]

T = TypeVar("T")

_LONGEST: Final = 4096


class BasicRejected(MailtripError):
    """There is no login, or a wrong one; the text says which."""


class _Basic(SecurityBase):
    """For the description, and the header as it is; FastAPI's own scheme reads ASCII only."""

    def __init__(self) -> None:
        self.model = HTTPBase(scheme="basic", description="Email address and password of a user.")
        self.scheme_name = "Login"

    async def __call__(self, request: Request) -> str | None:
        return request.headers.get("Authorization")


@dataclass(frozen=True, slots=True, kw_only=True)
class BasicCall:
    """One request whose login was right."""

    services: Services
    user: Actor

    async def actor(self) -> Actor:
        """Who asks."""
        return self.user

    async def reading(self, work: Callable[[Connection, Actor], T]) -> T:
        """Do the work in a transaction that changes nothing."""
        return await self.services.database.reading(lambda connection: work(connection, self.user))


async def basic_call_of(request: Request, header: Annotated[str | None, Security(_Basic())]) -> BasicCall:
    """The request's call.

    Raises:
        BasicRejected: no login, or a wrong one.
        Forbidden: the user's logins need a second factor.
        RateLimited: too many logins failed, or the user or the account calls too often.
    """
    email, password = _parse(header)
    services = services_of(request)

    async def actor_of(login: VerifiedLogin) -> Actor:
        await services.database.reading(partial(tokens.require_password_enough, user=login.user))
        return Actor.of(login.user)

    try:
        actor = await verify_login(request, email=email, password=password, then=actor_of)
    except AuthenticationFailed as error:
        raise BasicRejected(str(error)) from error
    # Taken back, not started afresh: who polls with the right password must not make room for one who guesses.
    services.limiter.withdraw(address=client_address(request), email=email)
    services.call_limits.admit_actor(actor, at=services.clock.monotonic())
    return BasicCall(services=services, user=actor)


BasicallyAuthenticated = Annotated[BasicCall, Depends(basic_call_of)]


def _parse(header: str | None) -> tuple[str, str]:
    scheme, _, encoded = (header or "").partition(" ")
    if scheme.lower() != "basic" or not encoded.strip() or len(encoded) > _LONGEST:
        raise BasicRejected("Log in with HTTP Basic, with your email address and password.")
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise BasicRejected("The login is not base64 of UTF-8 text (RFC 7617).") from None
    email, _, password = text.partition(":")
    return email, password
