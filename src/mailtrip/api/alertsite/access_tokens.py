"""`/access-tokens`: log in and out (alertsite-v3.md, section 2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from mailtrip.api.bodies import read_object
from mailtrip.api.calls import AuthenticatedCall, origin_of, services_of
from mailtrip.api.codecs import JSON, BadValue, Script, text
from mailtrip.api.logins import client_address, verify_login
from mailtrip.api.openapi import answers, json_body, referring
from mailtrip.api.responses import json_response, no_content
from mailtrip.errors import Fault, Forbidden, InvalidInput
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


async def create(request: Request) -> Response:
    """Log in with email address and password. Too many failures by one account or from one address: 429.

    A user whose logins need a second factor (+) is refused with 403: a program uses an API token.
    """
    services = services_of(request)
    given = _parse_login(await read_object(request))

    async def issue(login: tokens.VerifiedLogin) -> str:
        return await services.database.writing(
            partial(tokens.issue, login=login, origin=origin_of(request), now=services.clock.now())
        )

    token = await verify_login(request, email=given.username, password=given.password, then=issue)
    services.limiter.succeeded(address=client_address(request), email=given.username)
    return json_response({"access_token": token})


async def remove(call: AuthenticatedCall) -> Response:
    """End the access token that the request shows (+). An API token is revoked by its number instead."""
    actor = await call.actor()
    if actor.token_id is not None:
        raise Forbidden(f"an API token is revoked, with DELETE /api/v1/tokens/{actor.token_id}; this needs a login")
    await call.writing(partial(tokens.log_out, actor=actor, token=call.token, now=call.now))
    return no_content()


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(tags=["access tokens"])
    routes.add_api_route(
        "/access-tokens",
        create,
        methods=["POST"],
        name="create_access_token",
        summary="Log in",
        responses=answers(referring("AccessToken"), "You are logged in; your token.", 400, 403, 408, 413, 429),
        openapi_extra=json_body(referring("Login"), "Who logs in.", required=True),
    )
    routes.add_api_route(
        "/access-tokens",
        remove,
        methods=["DELETE"],
        name="remove_access_token",
        summary="Log out",
        responses=answers(None, "The token has ended.", 401, 403, success=204),
        status_code=204,
    )
    return routes


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
