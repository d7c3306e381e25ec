"""`/users`: who may log in. Known of the vendor from a client only (alertsite-v3.md, 1.8); GET and PATCH of one are ours."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException, Path, Request
from starlette.responses import Response

from mailtrip.api.alertsite.envelope import (
    SelectText,
    envelope,
    parse_select,
)
from mailtrip.api.alertsite.list_query import ListQuery, Wanted
from mailtrip.api.alertsite.records import Changes
from mailtrip.api.alertsite.user_fields import (
    CREATE,
    CREATED,
    EDIT,
    EDITED,
    GUID_SCHEMA,
    LISTED,
    READ,
    REMOVED,
    USERS,
)
from mailtrip.api.bodies import read_object
from mailtrip.api.calls import AuthenticatedCall, Call
from mailtrip.api.codecs import JSON
from mailtrip.api.idempotency import IdempotencyKey, answer_once
from mailtrip.api.queries import QueryReader, documented
from mailtrip.api.responses import json_response, no_content, to_bytes
from mailtrip.model import Actor, User
from mailtrip.service import users
from mailtrip.service.access import require_user_management
from mailtrip.store import Connection

__all__ = ["router"]

_PATTERN: Final = re.compile(r"[0-9a-f]{32}\Z")


async def _guid(
    guid: Annotated[str, documented(GUID_SCHEMA), Path(description="The user's guid.", examples=["0" * 32])],
) -> str:
    if not _PATTERN.match(guid):
        raise HTTPException(404)
    return guid


GUID = Annotated[str, Depends(_guid)]


async def create(call: AuthenticatedCall, request: Request, key: IdempotencyKey) -> Response:
    """Make a user, who can log in at once."""
    actor = await call.actor()
    require_user_management(actor)
    body = await read_object(request)
    changes = USERS.parse(body)
    settings, password = await _split(call, changes)
    work = partial(users.create, actor=actor, changes=settings, password=password, now=call.now)

    def make(connection: Connection) -> JSON:
        user: User = USERS.attempt(work, changes, connection)
        return {"id": user.guid}

    return await answer_once(call, request, actor, make, key=key, body=body, ignored=changes.ignored)


async def edit(guid: GUID, call: AuthenticatedCall, request: Request) -> Response:
    """Change the fields that are given (+); the others keep their values. The address stays."""
    actor = await call.reading(partial(_may_manage, guid))
    body = await read_object(request)
    changes = USERS.parse({name: value for name, value in body.items() if name != "email"})
    if "email" in body:
        changes = replace(changes, ignored=("email", *changes.ignored))
    settings, password = await _split(call, changes)
    work = partial(users.edit, actor=actor, guid=guid, changes=settings, password=password, now=call.now)
    await call.writing(partial(USERS.attempt, work, changes))
    return json_response({"id": guid}, ignored=changes.ignored)


async def list_all(call: AuthenticatedCall, query: ListQuery) -> Response:
    """All users of the account."""
    return json_response(await call.reading(partial(_list, query)))


async def read(guid: GUID, call: AuthenticatedCall, request: Request, select: SelectText = None) -> Response:
    """One user (+)."""
    reader = QueryReader(request)
    names = reader.read("select", select, parse_select)
    await reader.check(call)
    return json_response(await call.reading(partial(_read, guid, names)))


async def remove(guid: GUID, call: AuthenticatedCall) -> Response:
    """Remove a user with all tokens, at once. The last Admin stays."""
    actor = await call.reading(partial(_may_manage, guid))
    await call.writing(partial(_remove, guid, actor, call.now))
    return no_content()


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(tags=["users"])
    every, one = "/users", "/users/{guid}"
    routes.add_api_route(
        every,
        create,
        methods=["POST"],
        name="create_user",
        summary="Create a user",
        responses=CREATED,
        openapi_extra=CREATE,
    )
    routes.add_api_route(every, list_all, methods=["GET"], name="list_users", summary="List users", responses=LISTED)
    routes.add_api_route(one, read, methods=["GET"], name="read_user", summary="Read a user", responses=READ)
    routes.add_api_route(
        one,
        edit,
        methods=["PATCH"],
        name="edit_user",
        summary="Edit a user",
        responses=EDITED,
        openapi_extra=EDIT,
    )
    routes.add_api_route(
        one,
        remove,
        methods=["DELETE"],
        name="remove_user",
        summary="Delete a user",
        responses=REMOVED,
        status_code=204,
    )
    return routes


async def _split(
    call: Call, changes: Changes
) -> tuple[Mapping[str, Any], users.PasswordHash | None]:  # Any: settings have many types
    """The settings, and the password hashed: that takes its time, and memory, so that it is done a few at a time."""
    settings = dict(changes.settings)
    password = settings.pop("password", None)
    if password is None:
        return settings, None
    async with call.services.login_gate:
        return settings, await asyncio.to_thread(users.hash_password, password)


def _may_manage(guid: str, connection: Connection, actor: Actor) -> Actor:
    users.get(connection, actor, guid)
    return actor


def _remove(guid: str, actor: Actor, now: datetime, connection: Connection) -> None:
    users.remove(connection, actor, users.get(connection, actor, guid).id, now=now)


def _read(guid: str, select: frozenset[str] | None, connection: Connection, actor: Actor) -> bytes:
    return to_bytes(USERS.show(users.get(connection, actor, guid), select))


def _list(query: Wanted, connection: Connection, actor: Actor) -> bytes:
    page = query.page
    found, count = users.page(connection, actor, limit=page.limit, offset=page.start)
    results = [USERS.show(user, query.select) for user in found]
    return to_bytes(envelope(results, count=count, page=page, actor=actor))
