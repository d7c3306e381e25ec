"""Looking at passwords: within the limits on failures, a few at a time."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from fastapi import Request

from mailtrip.api.calls import client_address, origin_of, services_of
from mailtrip.errors import AuthenticationFailed
from mailtrip.service import tokens
from mailtrip.service.tokens import VerifiedLogin

__all__ = ["client_address", "verify_login"]

T = TypeVar("T")


async def verify_login(
    request: Request, *, email: str, password: str, then: Callable[[VerifiedLogin], Awaitable[T]]
) -> T:
    """See whether the password is right, and do what is to be done with the login.

    The attempt counts until the caller tells the limiter that it was right. The look at the password is made in a
    reading transaction, so that its cost holds up no writer.

    Args:
        request: tells where it comes from.
        email: the login, in any case.
        password: as it was given.
        then: what is to be done; when it fails, the attempt does not count.

    Raises:
        RateLimited: too many attempts failed; the password was not looked at.
        AuthenticationFailed: unknown user or wrong password.
    """
    services = services_of(request)
    address = client_address(request)
    services.limiter.admit(address=address, email=email, at=services.clock.monotonic())
    try:
        async with services.login_gate:
            login = await services.database.reading(partial(tokens.verify, email=email, password=password))
            return await then(login)
    except AuthenticationFailed:
        failed = partial(tokens.note_failure, email=email, origin=origin_of(request), now=services.clock.now())
        await services.database.writing(failed)  # in the same way for an unknown user, so that it takes as long
        raise
    except BaseException:  # nothing was decided about the password, so that the attempt must not count
        services.limiter.withdraw(address=address, email=email)
        raise
