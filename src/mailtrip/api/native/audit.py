"""`/api/v1/audit`: who changed what, when and from where."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from mailtrip.api.calls import AuthenticatedCall
from mailtrip.api.codecs import LARGEST_ID, choice, identifier, integer, text
from mailtrip.api.native.cursor import make_cursor, parse_cursor
from mailtrip.api.native.times import TIME_SCHEMA, parse_time
from mailtrip.api.openapi import answers, referring
from mailtrip.api.queries import QueryReader, documented
from mailtrip.api.responses import json_response
from mailtrip.model import Actor, AuditAction, AuditActorType, AuditEntry, AuditKind
from mailtrip.service import audit
from mailtrip.store import Connection

__all__ = ["AuditList", "router"]

_LIMIT: Final = integer(1, 1000)
_USUAL_LIMIT: Final = 100
_ACTOR: Final = text(longest=320)
_ACTION: Final = choice(AuditAction)
_KIND: Final = choice(AuditKind)
_ID: Final = identifier()


class _Object(BaseModel):
    model_config = ConfigDict(frozen=True)


class AuditActorObject(_Object):
    """Who it was."""

    type: AuditActorType = Field(
        description="`user`, `token` (a program), `recipient` (with the link in an alert), `operator` (at the command line), or `nobody` (a failed login).",
        examples=["user"],
    )
    id: int | None = Field(
        description="Number of the user or of the token, which may be gone by now; null for others.",
        ge=1,
        le=LARGEST_ID,
        examples=[100001],
    )
    name: str | None = Field(
        description="The user's address or the token's name, as it was then; null for others.",
        max_length=320,
        examples=["admin@example.com"],
    )


class AuditEntryObject(_Object):
    """One change."""

    id: int = Field(description="Number of the entry.", ge=1, le=LARGEST_ID, examples=[100001])
    at: datetime = Field(description="When, in UTC.", examples=["2026-01-31T12:00:00Z"])
    actor: AuditActorObject = Field(description="Who it was.")
    address: str | None = Field(
        description="Address of the client; null at the command line.", max_length=64, examples=["192.0.2.7"]
    )
    request_id: str | None = Field(
        description="`X-Request-Id` of the request; null at the command line.",
        max_length=64,
        examples=["9f86d081884c7d65"],
    )
    action: AuditAction = Field(description="What was done.", examples=["monitor.changed"])
    kind: AuditKind = Field(description="What it was done to.", examples=["monitor"])
    record_id: int | None = Field(
        description="Number of the record; null for a login with an unknown name.",
        ge=1,
        le=LARGEST_ID,
        examples=[100001],
    )
    record_name: str | None = Field(
        description="Name of the record as it was then; null where it has none.", max_length=320, examples=["Mail"]
    )
    changes: dict[str, Annotated[list[Any], Field(min_length=2, max_length=2)]] = Field(  # Any: values of many types
        description="What was there before and after, by field; null is nothing. Of a password there is only `set`, "
        "`changed` or `cleared`; what may be secret in a web address is `***`.",
        examples=[{"interval": [900, 300], "password": ["set", "changed"]}],
    )
    hash: str = Field(
        description="SHA-256 over this entry and the one before.", pattern="^[0-9a-f]{64}$", examples=["0" * 64]
    )


class AuditList(_Object):
    """A page of the audit log."""

    results: tuple[AuditEntryObject, ...] = Field(description="Newest first.", max_length=1000)
    next_cursor: str | None = Field(
        description="Give it as `cursor` to go on; null at the end.",
        max_length=64,
        examples=["MTc2NzI2ODgwMDAwMDAwMC4xMDAwMDE"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    since: datetime | None
    until: datetime | None
    actor: str | None
    action: AuditAction | None
    kind: AuditKind | None
    record_id: int | None
    limit: int
    before: tuple[datetime, int] | None


async def _read_wanted(
    call: AuthenticatedCall,
    request: Request,
    *,
    since: Annotated[
        str | None, documented(TIME_SCHEMA), Query(alias="from", description="Only changes made at this time or later.")
    ] = None,
    until: Annotated[
        str | None, documented(TIME_SCHEMA), Query(alias="to", description="Only changes made before this time.")
    ] = None,
    actor: Annotated[
        str | None,
        documented(_ACTOR.accepts),
        Query(
            description="Only changes by the user with this address, or the token with this name, in this spelling.",
            examples=["admin@example.com"],
        ),
    ] = None,
    action: Annotated[
        str | None,
        documented(_ACTION.accepts),
        Query(description="Only this kind of change.", examples=["monitor.changed"]),
    ] = None,
    kind: Annotated[
        str | None,
        documented(_KIND.accepts),
        Query(description="Only changes of this kind of records.", examples=["monitor"]),
    ] = None,
    record_id: Annotated[
        str | None,
        documented(_ID.returns),
        Query(description="Only changes of records with this number.", examples=[100001]),
    ] = None,
    limit: Annotated[
        str | None,
        documented({**_LIMIT.returns, "default": _USUAL_LIMIT}),
        Query(description="Most entries to return.", examples=[_USUAL_LIMIT]),
    ] = None,
    cursor: Annotated[
        str | None,
        documented({"type": "string", "format": "run-cursor"}),
        Query(
            description="Where to go on: `next_cursor` of the answer before.",
            examples=["MTc2NzI2ODgwMDAwMDAwMC4xMDAwMDE"],
        ),
    ] = None,
) -> _Wanted:
    reader = QueryReader(request)
    wanted = _Wanted(
        since=reader.read("from", since, parse_time),
        until=reader.read("to", until, parse_time),
        actor=reader.read("actor", actor, _ACTOR.parse),
        action=reader.read("action", action, _ACTION.parse),
        kind=reader.read("kind", kind, _KIND.parse),
        record_id=reader.read("record_id", record_id, _ID.parse),
        limit=reader.read("limit", limit, _LIMIT.parse) or _USUAL_LIMIT,
        before=reader.read("cursor", cursor, parse_cursor),
    )
    await reader.check(call)
    return wanted


async def list_entries(call: AuthenticatedCall, wanted: Annotated[_Wanted, Depends(_read_wanted)]) -> Response:
    """Who changed what, when and from where, newest first; for Admins and Co-Admins. Nothing changes the entries."""
    return json_response(await call.reading(partial(_list, wanted)))


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(tags=["audit"])
    routes.add_api_route(
        "/audit",
        list_entries,
        methods=["GET"],
        name="list_audit_entries",
        summary="Read the audit log",
        responses=answers(referring("AuditList"), "The entries.", 400, 401, 403),
    )
    return routes


def _list(wanted: _Wanted, connection: Connection, actor: Actor) -> bytes:
    """One entry more than wanted is asked for, to see whether there is more."""
    found = audit.page(
        connection,
        actor,
        since=wanted.since,
        until=wanted.until,
        actor_name=wanted.actor,
        action=wanted.action,
        kind=wanted.kind,
        record_id=wanted.record_id,
        limit=wanted.limit + 1,
        before=wanted.before,
    )
    return _page(found, wanted.limit).model_dump_json().encode()


def _page(found: Sequence[AuditEntry], limit: int) -> AuditList:
    shown = found[:limit]
    cursor = make_cursor(shown[-1].at, shown[-1].id) if len(found) > limit else None
    return AuditList.model_construct(results=tuple(_show(entry) for entry in shown), next_cursor=cursor)


def _show(entry: AuditEntry) -> AuditEntryObject:
    return AuditEntryObject.model_construct(
        id=entry.id,
        at=entry.at,
        actor=AuditActorObject.model_construct(type=entry.actor_type, id=entry.actor_id, name=entry.actor_name),
        address=entry.address,
        request_id=entry.request_id,
        action=entry.action,
        kind=entry.action.kind,
        record_id=entry.record_id,
        record_name=entry.record_name,
        changes={name: list(pair) for name, pair in entry.changes.items()},
        hash=entry.hash.hex(),
    )
