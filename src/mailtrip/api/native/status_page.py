"""`/api/v1/status-page`: what the public sees of the account."""

import base64
import binascii
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from mailtrip.api.alertsite.fields import Field, FieldMaker
from mailtrip.api.alertsite.list_codecs import items_of
from mailtrip.api.alertsite.records import RecordTable
from mailtrip.api.bodies import read_object
from mailtrip.api.calls import AuthenticatedCall
from mailtrip.api.codecs import JSON, BadValue, Codec, Script, boolean, identifier, kind_of, nullable, text
from mailtrip.api.openapi import answers, json_body, referring
from mailtrip.api.responses import json_response, to_bytes
from mailtrip.model import Actor
from mailtrip.model.status_page import StatusEntry, StatusPage, StatusPageSettings
from mailtrip.service import status_pages
from mailtrip.service.pictures import LARGEST_PICTURE
from mailtrip.service.status_pages import LONGEST_NAME, LONGEST_TEXT, MOST_ENTRIES
from mailtrip.store import Connection

__all__ = ["COMPONENTS", "router"]

_ID: Final = identifier()
_NAME: Final = text(longest=LONGEST_NAME)
_NOT_SAVED: Final = StatusPage(account_id=0, slug="", key="")


def _entries() -> Codec[tuple[StatusEntry, ...]]:
    """`[{"monitor_id": 100001, "name": "Mail", "group": "Head office"}]`."""

    def parse(value: object) -> tuple[StatusEntry, ...]:
        return tuple(_parse(place, item) for place, item in enumerate(items_of(value, most=MOST_ENTRIES)))

    def _parse(place: int, item: object) -> StatusEntry:
        if not isinstance(item, dict):
            raise BadValue(f"item {place} must be an object, not {kind_of(item)}")
        try:
            group = item.get("group")
            return StatusEntry(
                monitor_id=_ID.parse(item.get("monitor_id")),
                name=_NAME.parse(item.get("name")),
                group=None if group is None else _NAME.parse(group),
            )
        except BadValue as error:
            raise BadValue(f"item {place}: a part of it {error}") from None

    def schema(number: Mapping[str, JSON], word: Mapping[str, JSON]) -> dict[str, JSON]:
        properties: dict[str, JSON] = {
            "monitor_id": {**number, "description": "The monitor's number, which the public does not see."},
            "name": {**word, "description": "What the public calls it."},
            "group": {**nullable(word), "description": "Entries with the same group stand together."},
        }
        item: dict[str, JSON] = {"type": "object", "properties": properties, "required": ["monitor_id", "name"]}
        return {"type": "array", "maxItems": MOST_ENTRIES, "items": item}

    return Codec(
        parse=parse,
        write=lambda entries: [
            {"monitor_id": each.monitor_id, "name": each.name, "group": each.group} for each in entries
        ],
        accepts=schema(_ID.accepts, _NAME.accepts),
        returns=schema(_ID.returns, _NAME.returns),
    )


def _picture() -> Codec[bytes]:
    """A file in base64 (RFC 4648, section 4)."""

    def parse(value: object) -> bytes:
        if not isinstance(value, str):
            raise BadValue(f"must be text, not {kind_of(value)}")
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise BadValue("is not in base64; give the file's bytes in that") from None

    longest = (LARGEST_PICTURE + 2) // 3 * 4
    schema: dict[str, JSON] = {"type": "string", "format": "byte", "maxLength": longest}
    return Codec(parse=parse, write=lambda _: None, accepts=schema, returns=schema)


_MAKER: Final = FieldMaker[StatusPage](StatusPageSettings, lambda page: page.settings)
_FIELDS: Final[tuple[Field[StatusPage], ...]] = (
    _MAKER.shown_only(
        "path",
        lambda page: f"/status/{page.slug}" if page.slug else None,
        {"type": ["string", "null"]},
        "Where the public finds it, below this service's address; null before anything of it was set.",
        example="/status/gTn7fYDXV3dxZ0xqvXBXzv0cq8LwzYgE",
    ),
    _MAKER.given("title", "title", _NAME, "What stands above it.", example="Status of our mail"),
    _MAKER.given(
        "text",
        "text",
        text(longest=LONGEST_TEXT, script=Script.LINES),
        "A text below the title.",
        example="Mail of Example Ltd.",
    ),
    _MAKER.given("is_published", "is_published", boolean(), "Whether the public sees it.", example=True),
    _MAKER.given(
        "entries",
        "entries",
        _entries(),
        "The monitors that it shows, in their order, under the names that the public knows; replaced as a whole.",
        example=[{"monitor_id": 100001, "name": "Incoming mail", "group": "Head office"}],
    ),
    Field(
        name="logo",
        about=f"A PNG or JPEG picture of at most {LARGEST_PICTURE} bytes, in base64; null for none.",
        example=None,
        codec=_picture(),
        setting="logo",
    ),
    _MAKER.shown_only(
        "has_logo", lambda page: page.logo is not None, {"type": "boolean"}, "Whether it has a logo.", example=False
    ),
)
_TABLE: Final = RecordTable(_FIELDS)

COMPONENTS: Final[dict[str, dict[str, JSON]]] = {
    "StatusPageEdit": _TABLE.request_schema(create=False),
    "StatusPage": _TABLE.response_schema("What the public sees of the account."),
}


async def read(call: AuthenticatedCall) -> Response:
    """The account's status page, published or not."""
    return json_response(await call.reading(_show))


async def edit(call: AuthenticatedCall, request: Request) -> Response:
    """Change the status page; what is left out stays. The public sees it within half a minute."""
    actor = await call.actor()
    changes = _TABLE.parse(await read_object(request))

    def work(connection: Connection) -> bytes:
        status_pages.edit(connection, actor, changes.settings, now=call.now)
        return _show(connection, actor)

    return json_response(await call.writing(partial(_TABLE.attempt, work, changes)), ignored=changes.ignored)


async def renew(call: AuthenticatedCall) -> Response:
    """Give the status page another address, which can be guessed no better; the old one leads nowhere from now on."""
    actor = await call.actor()

    def work(connection: Connection) -> bytes:
        status_pages.renew(connection, actor, now=call.now)
        return _show(connection, actor)

    return json_response(await call.writing(work))


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(tags=["status page"])
    page = referring("StatusPage")
    extra: dict[str, Any] = json_body(referring("StatusPageEdit"), "What to change.", required=False)  # Any: OpenAPI's
    work: Callable[..., Any]
    for method, path, work, name, summary, responses, body in (
        ("GET", "", read, "read_status_page", "Read the status page", answers(page, "The status page.", 401), None),
        (
            "PATCH",
            "",
            edit,
            "edit_status_page",
            "Change the status page",
            answers(page, "The status page, as it is from now on.", 400, 401, 403, 408, 413, names_ignored=True),
            extra,
        ),
        (
            "POST",
            "/renew",
            renew,
            "renew_status_page",
            "Give the status page another address",
            answers(page, "The status page, with its new address.", 401, 403),
            None,
        ),
    ):
        routes.add_api_route(
            f"/status-page{path}",
            work,
            methods=[method],
            name=name,
            summary=summary,
            responses=responses,
            openapi_extra=body,
        )
    return routes


def _show(connection: Connection, actor: Actor) -> bytes:
    return to_bytes(_TABLE.show(status_pages.get(connection, actor) or _NOT_SAVED))
