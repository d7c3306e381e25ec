"""One authenticated request's way to the service: its token is looked up in the same transaction as its work."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Final, TypeVar

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from mailtrip.api.scopes import scope_of
from mailtrip.api.services import Services
from mailtrip.errors import TokenRejected
from mailtrip.model import Actor, Origin, Scope
from mailtrip.service import tokens
from mailtrip.service.access import require_scope
from mailtrip.store import Connection

__all__ = ["AuthenticatedCall", "Call", "call_of", "client_address", "origin_of", "services_of"]

T = TypeVar("T")

_BEARER: Final = HTTPBearer(
    scheme_name="AccessToken",
    description="The token that `POST /api/v3/access-tokens` gives, which lives for one hour, or an API token (`mt_...`).",
    auto_error=False,
)


def services_of(request: Request) -> Services:
    """What `create_app` was given."""
    services = request.app.state.services
    if not isinstance(services, Services):
        raise TypeError("the application has no services")
    return services


def client_address(request: Request) -> str:
    """Where the request comes from: the client's IP address, by the word of trusted proxies too; `local` without one."""
    return request.client.host if request.client else "local"


def origin_of(request: Request) -> Origin:
    """Where the request comes from, and what it is called."""
    return Origin(address=client_address(request), request_id=request.state.request_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that has shown a token, which is not yet looked up.

    Attributes:
        origin: where it comes from.
        scope: what an API token with scopes needs for it; None where no scope is enough.
    """

    services: Services
    token: str = field(repr=False)
    origin: Origin
    scope: Scope | None = None

    @property
    def now(self) -> datetime:
        return self.services.clock.now()

    async def actor(self) -> Actor:
        """Who asks; in place of `reading`, which raises the same."""
        return await self.reading(lambda _, actor: actor)

    async def reading(self, work: Callable[[Connection, Actor], T]) -> T:
        """Look the token up and do the work, both in one transaction that changes nothing; once for each request.

        Raises:
            TokenRejected: it is unknown or expired.
            Forbidden: its scopes don't allow this.
            RateLimited: the user, or the account, calls too often.
        """
        services, token, now = self.services, self.token, self.now

        def identified(connection: Connection) -> T:
            actor = replace(tokens.identify(connection, token, now=now), origin=self.origin)
            require_scope(actor, self.scope)
            services.call_limits.admit_actor(actor, at=services.clock.monotonic())
            if actor.token_id is not None:
                services.token_uses.note(actor.token_id, at=now)
            return work(connection, actor)

        return await self.services.database.reading(identified)

    async def writing(self, work: Callable[[Connection], T]) -> T:
        """Do work that may change something, in one transaction; the caller has looked up the actor before."""
        return await self.services.database.writing(work)


async def call_of(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]
) -> Call:
    """The request's call; raises TokenRejected when it shows no token."""
    if credentials is None or not credentials.credentials:
        raise TokenRejected("missing")
    return Call(
        services=services_of(request),
        token=credentials.credentials,
        origin=origin_of(request),
        scope=_scope_of(request),
    )


def _scope_of(request: Request) -> Scope | None:
    route = request.scope["route"]
    return scope_of(route.name, route.tags[0] if route.tags else None, request.method)


AuthenticatedCall = Annotated[Call, Depends(call_of)]
