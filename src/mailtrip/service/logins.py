"""Looking at passwords, for every way in: within the limits on failures, a few at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from mailtrip.clock import Clock
from mailtrip.errors import AuthenticationFailed
from mailtrip.model import Origin
from mailtrip.service import tokens
from mailtrip.service.login_limiter import LoginLimiter
from mailtrip.service.ports import DatabasePort
from mailtrip.service.tokens import VerifiedLogin

__all__ = ["Logins"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Logins:
    """Looks at passwords.

    Attributes:
        gate: how many are looked at at once: each look costs memory and a processor for 30 ms.
    """

    database: DatabasePort
    limiter: LoginLimiter
    clock: Clock
    gate: asyncio.Semaphore

    async def verify(
        self, *, email: str, password: str, origin: Origin, then: Callable[[VerifiedLogin], Awaitable[T]]
    ) -> T:
        """See whether the password is right, and do what is to be done with the login.

        The attempt counts until the caller tells the limiter that it was right. The look at the password is made in a
        reading transaction, so that its cost holds up no writer.

        Args:
            email: the login, in any case.
            password: as it was given.
            origin: where the attempt comes from.
            then: what is to be done; when it fails, the attempt does not count.

        Raises:
            RateLimited: too many attempts failed; the password was not looked at.
            AuthenticationFailed: unknown user or wrong password.
        """
        address = origin.address or "local"
        self.limiter.admit(address=address, email=email, at=self.clock.monotonic())
        try:
            async with self.gate:
                login = await self.database.reading(partial(tokens.verify, email=email, password=password))
                return await then(login)
        except AuthenticationFailed:
            failed = partial(tokens.note_failure, email=email, origin=origin, now=self.clock.now())
            await self.database.writing(failed)  # in the same way for an unknown user, so that it takes as long
            raise
        except BaseException:  # nothing was decided about the password, so that the attempt must not count
            self.limiter.withdraw(address=address, email=email)
            raise
