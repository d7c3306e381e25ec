"""The five routes that each kind of record has: create, list, read, edit and remove, with their description.

A kind says what is its own; what all kinds have in common is here.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Annotated, Any, Final, Generic, Protocol, TypeAlias, TypeVar

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from mailtrip.api.alertsite.envelope import (
    LimitText,
    OffsetText,
    SelectText,
    envelope,
    parse_select,
    read_page,
)
from mailtrip.api.alertsite.records import Changes, RecordTable
from mailtrip.api.bodies import read_object
from mailtrip.api.calls import AuthenticatedCall, Call
from mailtrip.api.codecs import JSON
from mailtrip.api.idempotency import IdempotencyKey, answer_once
from mailtrip.api.openapi import Responses, answers, json_body, linked, referring
from mailtrip.api.preconditions import IfMatch, tagged
from mailtrip.api.queries import ID_SCHEMA, QueryReader, documented, path_id
from mailtrip.api.responses import json_response, no_content, to_bytes
from mailtrip.model import Actor
from mailtrip.service import revisions
from mailtrip.service.access import require_edit
from mailtrip.service.revisions import RecordType
from mailtrip.store import Connection

__all__ = ["Filter", "RecordKind", "Verb", "router_of"]


class Record(Protocol):
    """A stored record."""

    @property
    def revision(self) -> int:
        """Grows with each change."""
        ...


RecordT = TypeVar("RecordT", bound=Record)

Settings: TypeAlias = Mapping[str, Any]
"""What a body asks for, by the names of settings. (Any: settings have many types.)"""
Select: TypeAlias = frozenset[str] | None
"""Names of the fields that are wanted; None for all."""
Endpoint: TypeAlias = Callable[..., Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A query parameter that narrows a list.

    Attributes:
        name: of the parameter.
        setting: name of the argument of `RecordKind.page` that it is for.
        parse: raises BadValue. (Any: each filter has its own type.)
        accepts: JSON Schema.
        about: a sentence for the API's description.
        example: a value; None for none.
    """

    name: str
    setting: str
    parse: Callable[[str], Any]
    accepts: Mapping[str, JSON]
    about: str
    example: JSON = None

    @property
    def parameter(self) -> dict[str, JSON]:
        """The parameter as OpenAPI has it."""
        examples: dict[str, JSON] = {} if self.example is None else {"examples": [self.example]}
        schema: dict[str, JSON] = {**self.accepts, **examples}
        return {"name": self.name, "in": "query", "required": False, "description": self.about, "schema": schema}


class Verb(StrEnum):
    """What is done with records of a kind."""

    CREATE = "create"
    LIST = "list"
    READ = "read"
    EDIT = "edit"
    REMOVE = "remove"


_TITLES: Final = {
    Verb.CREATE: "Create",
    Verb.LIST: "List",
    Verb.READ: "Read",
    Verb.EDIT: "Edit",
    Verb.REMOVE: "Delete",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordKind(Generic[RecordT]):
    """What is special about one kind of record. Its schemas are those of `components_of`.

    Attributes:
        type: tells whose revisions count.
        path: below the API's prefix.
        name: in words: "recipient group".
        article: of the name.
        noun: in sentences, and in the name of the path's parameter: "group".
        component: name of the schema of a read; those of bodies and lists begin with it.
        about: what each operation does.
        filters: of the list.
        listed: the answers to a list, where they are not the usual ones.
        table: the fields.
        new: the fields of a create, where they are others.
        parse_edit: reads the body of an edit, where `table` alone can't.
        create: stores a record, and gives its id.
        edit: changes the record with this id.
        remove: removes it.
        get: reads it.
        page: the records of a list, and how many match in all; takes `limit`, `offset` and what the filters say.
        only: takes what the filters say; the record that is shown without a list around it, None where a list is wanted.
        show: records as the vendor's objects.
    """

    type: RecordType
    path: str
    tag: str
    name: str
    article: str = "a"
    noun: str
    component: str
    about: Mapping[Verb, str]
    filters: Sequence[Filter] = ()
    listed: Responses | None = None
    table: RecordTable[Any]  # Any: what records are shown from; likewise below
    new: RecordTable[Any] | None = None
    parse_edit: Callable[[Mapping[str, object]], Changes] | None = None
    create: Callable[[Connection, Actor, Settings, Call], int]
    edit: Callable[[Connection, Actor, int, Settings, Call], int]
    remove: Callable[[Connection, Actor, int, Call], None]
    get: Callable[[Connection, Actor, int], RecordT]
    page: Callable[..., tuple[list[RecordT], int]]
    only: Callable[..., RecordT | None] | None = None
    show: Callable[[Connection, Actor, Sequence[RecordT], Select, Call], list[dict[str, JSON]]]

    @property
    def new_table(self) -> RecordTable[Any]:
        return self.new or self.table

    @property
    def id_name(self) -> str:
        """Name of the path's parameter."""
        return f"{self.noun.lower()}_id"

    def operation(self, verb: Verb) -> str:
        """Name of the operation."""
        return f"{verb}_{self.name.lower().replace(' ', '_')}{'s' if verb is Verb.LIST else ''}"

    def summary(self, verb: Verb) -> str:
        """The operation in a few words."""
        return f"{_TITLES[verb]} {f'{self.name}s' if verb is Verb.LIST else f'{self.article} {self.name}'}"


def router_of(kind: RecordKind[RecordT]) -> APIRouter:
    """The five routes of a kind of record."""
    routes = APIRouter(tags=[kind.tag])
    one = f"{kind.path}/{{{kind.id_name}}}"
    by_id = Depends(_path_id(kind))
    for method, path, verb, endpoint in (
        ("POST", kind.path, Verb.CREATE, _creating(kind)),
        ("GET", kind.path, Verb.LIST, _listing(kind)),
        ("GET", one, Verb.READ, _reading(kind, by_id)),
        ("PATCH", one, Verb.EDIT, _editing(kind, by_id)),
        ("DELETE", one, Verb.REMOVE, _removing(kind, by_id)),
    ):
        routes.add_api_route(
            path,
            endpoint,
            methods=[method],
            name=kind.operation(verb),
            summary=kind.summary(verb),
            description=kind.about[verb],
            status_code=204 if verb is Verb.REMOVE else None,
            responses=_answers(kind, verb),
            openapi_extra=_request(kind, verb),
        )
    return routes


def _path_id(kind: RecordKind[RecordT]) -> Callable[..., Awaitable[int]]:
    about = f"The {kind.noun}'s number."

    async def record_id(
        text: Annotated[str, documented(ID_SCHEMA), Path(alias=kind.id_name, description=about, examples=[100001])],
    ) -> int:
        return path_id(text)

    return record_id


def _creating(kind: RecordKind[RecordT]) -> Endpoint:
    async def create(call: AuthenticatedCall, request: Request, key: IdempotencyKey) -> Response:
        actor = await call.actor()
        require_edit(actor)
        body = await read_object(request)
        changes = kind.new_table.parse(body)

        def work(connection: Connection) -> int:
            return kind.create(connection, actor, changes.settings, call)

        def make(connection: Connection) -> JSON:
            return {"id": str(kind.new_table.attempt(work, changes, connection))}

        first = tagged(revisions.FIRST)
        return await answer_once(call, request, actor, make, key=key, body=body, ignored=changes.ignored, headers=first)

    return create


def _listing(kind: RecordKind[RecordT]) -> Endpoint:
    async def list_all(
        call: AuthenticatedCall,
        request: Request,
        select: SelectText = None,
        limit: LimitText = None,
        offset: OffsetText = None,
    ) -> Response:
        reader = QueryReader(request)
        wanted = {
            each.setting: reader.read(each.name, request.query_params.get(each.name), each.parse)
            for each in kind.filters
        }
        names = reader.read("select", select, parse_select)
        page = read_page(reader, limit, offset)
        await reader.check(call)

        def work(connection: Connection, actor: Actor) -> bytes:
            only = kind.only(connection, actor, **wanted) if kind.only else None
            if only is not None:
                return to_bytes(kind.show(connection, actor, [only], names, call)[0])
            found, count = kind.page(connection, actor, **wanted, limit=page.limit, offset=page.start)
            shown = kind.show(connection, actor, found, names, call)
            return to_bytes(envelope(shown, count=count, page=page, actor=actor))

        return json_response(await call.reading(work))

    return list_all


def _reading(kind: RecordKind[RecordT], by_id: Any) -> Endpoint:  # Any: as FastAPI has it; likewise below
    async def read(
        record_id: Annotated[int, by_id], call: AuthenticatedCall, request: Request, select: SelectText = None
    ) -> Response:
        reader = QueryReader(request)
        names = reader.read("select", select, parse_select)
        await reader.check(call)

        def work(connection: Connection, actor: Actor) -> tuple[bytes, int]:
            found = kind.get(connection, actor, record_id)
            return to_bytes(kind.show(connection, actor, [found], names, call)[0]), found.revision

        shown, revision = await call.reading(work)
        return json_response(shown, headers=tagged(revision))

    return read


def _editing(kind: RecordKind[RecordT], by_id: Any) -> Endpoint:
    parse = kind.parse_edit or kind.table.parse

    async def edit(
        record_id: Annotated[int, by_id], call: AuthenticatedCall, request: Request, known: IfMatch
    ) -> Response:
        actor = await call.reading(partial(_may_edit, kind, record_id))
        changes = parse(await read_object(request))

        def work(connection: Connection) -> int:
            revisions.require(connection, actor, kind.type, record_id, known)
            kind.edit(connection, actor, record_id, changes.settings, call)
            return revisions.current(connection, actor, kind.type, record_id)

        revision = await call.writing(partial(kind.table.attempt, work, changes))
        return json_response({"id": str(record_id)}, ignored=changes.ignored, headers=tagged(revision))

    return edit


def _removing(kind: RecordKind[RecordT], by_id: Any) -> Endpoint:
    async def remove(record_id: Annotated[int, by_id], call: AuthenticatedCall, known: IfMatch) -> Response:
        actor = await call.actor()
        require_edit(actor)

        def work(connection: Connection) -> None:
            kind.get(connection, actor, record_id)  # who may not know of it is not told its revision
            revisions.require(connection, actor, kind.type, record_id, known)
            kind.remove(connection, actor, record_id, call)

        await call.writing(work)
        return no_content()

    return remove


def _may_edit(kind: RecordKind[RecordT], record_id: int, connection: Connection, actor: Actor) -> Actor:
    require_edit(actor)
    kind.get(connection, actor, record_id)
    return actor


def _request(kind: RecordKind[RecordT], verb: Verb) -> dict[str, Any]:  # Any: as for Responses
    """What FastAPI does not know of an operation's request."""
    match verb:
        case Verb.CREATE:
            return json_body(referring(f"{kind.component}Create"), f"The {kind.noun}'s fields.", required=True)
        case Verb.EDIT:
            about = "The fields to change; no body changes nothing."
            return json_body(referring(f"{kind.component}Edit"), about, required=False)
        case Verb.LIST:
            return {"parameters": [each.parameter for each in kind.filters]}
        case Verb.READ | Verb.REMOVE:
            return {}


def _answers(kind: RecordKind[RecordT], verb: Verb) -> Responses:
    noun, id_schema = kind.noun, referring("ID")
    match verb:
        case Verb.CREATE:
            about = f"The {noun} was made; its number."
            made = answers(
                id_schema, about, 400, 401, 403, 408, 413, 422, names_ignored=True, is_tagged=True, is_repeatable=True
            )
            return linked(made, _links(kind))
        case Verb.LIST:
            return kind.listed or answers(referring(f"{kind.component}List"), f"The {noun}s.", 400, 401)
        case Verb.READ:
            about = f"The {noun}, or those of its fields that were selected."
            return answers(referring(kind.component), about, 400, 401, 404, is_tagged=True)
        case Verb.EDIT:
            about = f"The {noun} was changed; its number."
            return answers(id_schema, about, 400, 401, 403, 404, 408, 412, 413, names_ignored=True, is_tagged=True)
        case Verb.REMOVE:
            return answers(None, f"The {noun} is gone.", 400, 401, 403, 404, 412, success=204)


def _links(kind: RecordKind[RecordT]) -> dict[str, JSON]:
    """From a new record to what can be done with it."""
    names = [kind.operation(verb) for verb in (Verb.READ, Verb.EDIT, Verb.REMOVE)]
    return {name: {"operationId": name, "parameters": {kind.id_name: "$response.body#/id"}} for name in names}
