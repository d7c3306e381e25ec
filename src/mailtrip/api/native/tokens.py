"""`/api/v1/tokens`: tokens for programs, that need no login. Their text is shown once, when they are made."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from mailtrip.api.alertsite.fields import Field
from mailtrip.api.alertsite.list_codecs import items_of
from mailtrip.api.alertsite.records import RecordTable
from mailtrip.api.alertsite.times import show_time
from mailtrip.api.bodies import read_object
from mailtrip.api.calls import AuthenticatedCall
from mailtrip.api.codecs import JSON, LARGEST_ID, BadValue, Codec, choice, nullable, text
from mailtrip.api.native.times import moment
from mailtrip.api.openapi import answers, json_body, linked, referring
from mailtrip.api.queries import ID_SCHEMA, documented, path_id
from mailtrip.api.responses import json_response, no_content, to_bytes
from mailtrip.errors import Fault, InvalidInput
from mailtrip.model import Actor, APIToken, Role, Scope
from mailtrip.service import api_tokens
from mailtrip.store import Connection

__all__ = ["COMPONENTS", "TOKENS", "router"]

_TIME_SCHEMA: Final[dict[str, JSON]] = {"type": "string", "format": "date-time"}
_NUMBER: Final[dict[str, JSON]] = {"type": "integer", "minimum": 1, "maximum": LARGEST_ID}
_TEXT_SCHEMA: Final[dict[str, JSON]] = {"type": "string", "pattern": "^mt_[0-9a-f]{40}$"}
_ROLE: Final = choice(Role)
_NAME: Final = text(longest=255)


def _scopes() -> Codec[tuple[Scope, ...]]:
    """A list of scopes, with at least one in it."""
    word = choice(Scope)

    def parse(value: object) -> tuple[Scope, ...]:
        return tuple(
            _parse_item(position, item) for position, item in enumerate(items_of(value, least=1, most=len(Scope)))
        )

    def _parse_item(position: int, item: object) -> Scope:
        try:
            return word.parse(item)
        except BadValue as error:
            raise BadValue(f"item {position} {error}") from None

    schema: dict[str, JSON] = {"type": "array", "items": word.returns, "minItems": 1, "maxItems": len(Scope)}
    return Codec(parse=parse, write=list, accepts=schema, returns=schema)


def _given(
    name: str, codec: Codec[Any], about: str, *, example: JSON, required: bool = False
) -> Field[APIToken]:  # Any: each field has its own type
    def show(token: APIToken) -> JSON:
        value = getattr(token, name)
        return None if value is None else codec.write(value)

    returns = codec.returns if required else nullable(codec.returns)
    return Field(
        name=name,
        codec=codec,
        setting=name,
        about=about,
        example=example,
        required=required,
        show=show,
        returns=returns,
    )


def _shown(
    name: str, show: Callable[[APIToken], JSON], returns: Mapping[str, JSON], about: str, *, example: JSON
) -> Field[APIToken]:
    return Field(name=name, about=about, example=example, show=show, returns=returns)


def _time_or_null(moment: datetime | None) -> str | None:
    return None if moment is None else show_time(moment)


_FIELDS: tuple[Field[APIToken], ...] = (
    _shown("id", lambda token: token.id, _NUMBER, "The token's number.", example=100001),
    _given("name", _NAME, "What people call the token.", example="Grafana", required=True),
    Field(
        name="role",
        codec=_ROLE,
        setting="role",
        about="What the token may do: at most what you may, which it is unless given. When its maker gets a lower role, the "
        "token has no more than that.",
        example="READONLY",
        show=lambda token: str(token.role),
        returns=_ROLE.returns,
    ),
    _given(
        "scopes",
        _scopes(),
        "To what the token is cut beyond its role; all that the role allows unless given. Users, tokens and the audit log "
        "are in no scope.",
        example=["monitors:read", "runs:test"],
    ),
    _given(
        "expires_at",
        moment(),
        "When it ends (UTC without a zone); never unless given.",
        example="2036-01-31T12:00:00Z",
    ),
    _shown(
        "made_by",
        lambda token: token.made_by,
        {"type": ["string", "null"]},
        "The address of its maker, with whom it ends; null for the operator.",
        example="admin@example.com",
    ),
    _shown(
        "created_at",
        lambda token: show_time(token.created_at),
        _TIME_SCHEMA,
        "When it was made (UTC).",
        example="2026-01-31T12:00:00Z",
    ),
    _shown(
        "last_used_at",
        lambda token: _time_or_null(token.last_used_at),
        {"type": ["string", "null"], "format": "date-time"},
        "When it was used last (UTC), known after a minute; null when it never was.",
        example="2026-01-31T12:00:00Z",
    ),
)

TOKENS: Final = RecordTable(_FIELDS)

COMPONENTS: Final[dict[str, dict[str, JSON]]] = {
    "APITokenCreate": TOKENS.request_schema(create=True),
    "APIToken": TOKENS.response_schema("A token for a program."),
    "APITokenList": {
        "type": "object",
        "properties": {
            "results": {
                "type": "array",
                "items": referring("APIToken"),
                "description": "Your own tokens by number; all of the account for Admins and Co-Admins.",
            }
        },
        "required": ["results"],
    },
    "NewAPIToken": {
        "type": "object",
        "properties": {
            "id": {
                "type": "string",
                "pattern": "^[1-9][0-9]*$",
                "description": "The token's number.",
                "examples": ["100001"],
            },
            "token": {
                **_TEXT_SCHEMA,
                "description": "Send it as `Authorization: Bearer <token>`. It can't be shown again.",
                "examples": ["mt_0f4b6d8e2a1c3f5e7d9b8a6c4e2f1d3b5a7c9e80"],
            },
        },
        "required": ["id", "token"],
    },
}

_LINKS: Final[dict[str, JSON]] = {
    "revoke_token": {"operationId": "revoke_token", "parameters": {"token_id": "$response.body#/id"}}
}


async def _token_id(
    token_id: Annotated[str, documented(ID_SCHEMA), Path(description="The token's number.", examples=[100001])],
) -> int:
    return path_id(token_id)


async def create(call: AuthenticatedCall, request: Request) -> Response:
    """Make a token for a program. It ends with you, but not with your password."""
    actor = await call.actor()
    changes = TOKENS.parse(await read_object(request))
    work = partial(_create, actor, changes.settings, call.now)
    token_id, shown = await call.writing(partial(TOKENS.attempt, work, changes))
    return json_response({"id": str(token_id), "token": shown}, status=201, ignored=changes.ignored)


async def list_all(call: AuthenticatedCall) -> Response:
    """Your tokens; all of the account for Admins and Co-Admins. Expired ones stay until they are revoked."""
    return json_response(await call.reading(_list))


async def revoke(token_id: Annotated[int, Depends(_token_id)], call: AuthenticatedCall) -> Response:
    """End a token, at once."""
    actor = await call.actor()
    await call.writing(partial(api_tokens.revoke, actor=actor, token_id=token_id, now=call.now))
    return no_content()


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(tags=["tokens"])
    routes.add_api_route(
        "/tokens",
        create,
        methods=["POST"],
        name="create_token",
        summary="Make an API token",
        status_code=201,
        responses=linked(
            answers(
                referring("NewAPIToken"),
                "The token was made; its text is shown this once.",
                *(400, 401, 403, 408, 413),
                success=201,
                names_ignored=True,
            ),
            _LINKS,
            success=201,
        ),
        openapi_extra=json_body(referring("APITokenCreate"), "What the token is to be.", required=True),
    )
    routes.add_api_route(
        "/tokens",
        list_all,
        methods=["GET"],
        name="list_tokens",
        summary="List API tokens",
        responses=answers(referring("APITokenList"), "The tokens.", 401, 403),
    )
    routes.add_api_route(
        "/tokens/{token_id}",
        revoke,
        methods=["DELETE"],
        name="revoke_token",
        summary="Revoke an API token",
        responses=answers(None, "The token has ended.", 401, 403, 404, success=204),
        status_code=204,
    )
    return routes


def _create(
    actor: Actor, settings: Mapping[str, Any], now: datetime, connection: Connection
) -> tuple[int, str]:  # Any: settings have many types
    if "name" not in settings:
        raise InvalidInput([Fault("name", "is required")])
    return api_tokens.create(connection, actor, **settings, now=now)


def _list(connection: Connection, actor: Actor) -> bytes:
    results = [TOKENS.show(token) for token in api_tokens.list_all(connection, actor)]
    return to_bytes({"results": results})
