"""Looking at the password that a request shows."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from fastapi import Request

from mailtrip.api.calls import client_address, origin_of, services_of
from mailtrip.service.logins import Logins
from mailtrip.service.tokens import VerifiedLogin

__all__ = ["client_address", "verify_login"]

T = TypeVar("T")


async def verify_login(
    request: Request, *, email: str, password: str, then: Callable[[VerifiedLogin], Awaitable[T]]
) -> T:
    """As `Logins.verify`, for what the request shows."""
    services = services_of(request)
    logins = Logins(
        database=services.database, limiter=services.limiter, clock=services.clock, gate=services.login_gate
    )
    return await logins.verify(email=email, password=password, origin=origin_of(request), then=then)
