"""`/access-tokens`: log in and out (alertsite-v3.md, section 2)."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from mailtrip.api.bodies import read_object
from mailtrip.api.calls import AuthenticatedCall, services_of
from mailtrip.api.codecs import JSON, BadValue, Script, text
from mailtrip.api.openapi import answers, json_body, referring
from mailtrip.api.responses import json_response, no_content
from mailtrip.api.services import Services
from mailtrip.errors import AuthenticationFailed, Fault, InvalidInput
from mailtrip.service import tokens

__all__ = ["COMPONENTS", "router"]

_FIELDS: Final = {
    "username": text(longest=254),
    "password": text(longest=1024, script=Script.CREDENTIAL),
}

COMPONENTS: Final[dict[str, dict[str, JSON]]] = {
    "Login": {
        "type": "object",
        "properties": {
            "username": {
                **_FIELDS["username"].accepts,
                "description": "The user's email address, in any case.",
                "examples": ["admin@example.com"],
            },
            "password": {
                **_FIELDS["password"].accepts,
                "description": "The user's password.",
                "examples": ["correct horse"],
                "writeOnly": True,
            },
        },
        "required": ["username", "password"],
    },
    "AccessToken": {
        "type": "object",
        "properties": {
            "access_token": {
                "type": "string",
                "pattern": "^[0-9a-f]{32}$",
                "description": "Send it as `Authorization: Bearer <token>`. It ends after one hour, with a change of "
                "the password, and with the user.",
                "examples": ["695573df9519132454d3f461179aaaf9"],
            }
        },
        "required": ["access_token"],
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Login:
    username: str
    password: str = field(repr=False)


class _TokenDesk:
    """Logs in at most two at a time: each look at a password costs 64 MiB and a processor for 30 ms."""

    def __init__(self) -> None:
        self._gate = asyncio.Semaphore(2)

    async def create(self, request: Request) -> Response:
        """Log in with email address and password. Too many failures by one account or from one address: 429."""
        services = services_of(request)
        login = _parse_login(await read_object(request))
        address = request.client.host if request.client else "local"
        services.limiter.admit(address=address, email=login.username, at=services.clock.monotonic())
        try:
            async with self._gate:
                token = await _log_in(services, login)
        except AuthenticationFailed:
            raise
        except BaseException:  # nothing was decided about the password, so that the attempt must not count
            services.limiter.withdraw(address=address, email=login.username)
            raise
        services.limiter.succeeded(address=address, email=login.username)
        return json_response({"access_token": token})


async def remove(call: AuthenticatedCall) -> Response:
    """End the access token that the request shows (+)."""
    await call.actor()
    await call.writing(partial(tokens.log_out, token=call.token))
    return no_content()


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(tags=["access tokens"])
    routes.add_api_route(
        "/access-tokens",
        _TokenDesk().create,
        methods=["POST"],
        name="create_access_token",
        summary="Log in",
        responses=answers(referring("AccessToken"), "You are logged in; your token.", 400, 408, 413, 429),
        openapi_extra=json_body(referring("Login"), "Who logs in.", required=True),
    )
    routes.add_api_route(
        "/access-tokens",
        remove,
        methods=["DELETE"],
        name="remove_access_token",
        summary="Log out",
        responses=answers(None, "The token has ended.", 401, success=204),
        status_code=204,
    )
    return routes


async def _log_in(services: Services, login: _Login) -> str:
    """Look at the password in a reading transaction, so that its cost holds up no writer."""
    verified = await services.database.reading(partial(tokens.verify, email=login.username, password=login.password))
    return await services.database.writing(partial(tokens.issue, login=verified, now=services.clock.now()))


def _parse_login(body: Mapping[str, object]) -> _Login:
    values: dict[str, str] = {}
    faults = []
    for name, codec in _FIELDS.items():
        if name not in body:
            faults.append(Fault(name, "is missing; give it"))
            continue
        try:
            values[name] = codec.parse(body[name])
        except BadValue as error:
            faults.append(Fault(name, str(error)))
    if faults:
        raise InvalidInput(faults)
    return _Login(**values)
