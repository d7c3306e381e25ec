"""The description (OpenAPI) of the monitor routes, made from the tables of fields."""

from dataclasses import dataclass
from typing import Any, Final

from mailtrip.api.alertsite.check_fields import ALL_FIELDS, CHECKS, FIELDS_OF
from mailtrip.api.alertsite.envelope import list_schema
from mailtrip.api.alertsite.monitor_fields import HOSTNAMES
from mailtrip.api.codecs import JSON
from mailtrip.api.openapi import Responses, answers, json_body, linked, referring
from mailtrip.model import MonitorType

__all__ = [
    "COMPONENTS",
    "ID_ANSWER",
    "LISTED",
    "READ",
    "REMOVED",
    "TYPES",
    "TypeDocs",
]

_POP3, _IMAP = HOSTNAMES.values()
_BOTH: Final = [_POP3, _IMAP]

ID_ANSWER: Final[dict[str, JSON]] = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "pattern": "^[1-9][0-9]*$", "description": "Its number.", "examples": ["100001"]}
    },
    "required": ["id"],
}


def _has_value(name: str) -> dict[str, JSON]:
    return {"required": [name], "properties": {name: {"type": "string"}}}


_ONE_HOSTNAME: Final[dict[str, JSON]] = {"oneOf": [_has_value(name) for name in _BOTH]}
_NO_HOSTNAME: Final[dict[str, JSON]] = {"not": {"anyOf": [{"required": [name]} for name in _BOTH]}}


def _request_schema(type_: MonitorType) -> dict[str, JSON]:
    properties = {field.name: field.request_schema for field in FIELDS_OF[type_] if field.codec is not None}
    return {"type": "object", "properties": properties}


def _create_schema(type_: MonitorType) -> dict[str, JSON]:
    required = [field.name for field in FIELDS_OF[type_] if field.required]
    schema = _request_schema(type_) | {"required": required}
    return schema if type_ in CHECKS else schema | _ONE_HOSTNAME


def _edit_schema(type_: MonitorType) -> dict[str, JSON]:
    schema = _request_schema(type_)
    return schema if type_ in CHECKS else schema | {"anyOf": [_ONE_HOSTNAME, _NO_HOSTNAME]}


def _read_schema() -> dict[str, JSON]:
    """Nothing is required, as `select` leaves fields out, and each type has its own."""
    properties = {field.name: field.response_schema for field in ALL_FIELDS if field.returns is not None}
    return {"type": "object", "description": "A monitor, with the fields of its type.", "properties": properties}


_NAMES: Final = {
    MonitorType.ROUND_TRIP: "RoundTrip",
    MonitorType.SMTP: "SMTPCheck",
    MonitorType.POP3: "POP3Check",
    MonitorType.IMAP: "IMAPCheck",
}

COMPONENTS: Final = {
    **{f"{name}Create": _create_schema(type_) for type_, name in _NAMES.items()},
    **{f"{name}Edit": _edit_schema(type_) for type_, name in _NAMES.items()},
    "Monitor": _read_schema(),
    "MonitorList": list_schema(referring("Monitor")),
    "ID": ID_ANSWER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeDocs:
    """The description of the two operations on monitors of one type.

    Attributes:
        word: for the names of the operations.
        noun: for people.
        create: the body of a create (Any: OpenAPI objects of many shapes); likewise `edit`.
        created: the answers to it; likewise `edited`.
    """

    word: str
    noun: str
    create: dict[str, Any]
    created: Responses
    edit: dict[str, Any]
    edited: Responses


def _type_docs(type_: MonitorType, word: str, noun: str) -> TypeDocs:
    name = _NAMES[type_]
    followers = ("read_monitor", f"edit_{word}_monitor", "remove_monitor", "start_test", "list_runs", "run_monitor")
    links: dict[str, JSON] = {
        follower: {"operationId": follower, "parameters": {"monitor_id": "$response.body#/id"}}
        for follower in followers
    }
    made = answers(
        referring("ID"),
        "The monitor was made; its number.",
        *(400, 401, 403, 408, 413, 422),
        names_ignored=True,
        is_tagged=True,
        is_repeatable=True,
    )
    return TypeDocs(
        word=word,
        noun=noun,
        create=json_body(referring(f"{name}Create"), "The monitor's fields.", required=True),
        created=linked(made, links),
        edit=json_body(referring(f"{name}Edit"), "The fields to change; no body changes nothing.", required=False),
        edited=answers(
            referring("ID"),
            "The monitor was changed; its number.",
            *(400, 401, 403, 404, 408, 412, 413),
            names_ignored=True,
            is_tagged=True,
        ),
    )


TYPES: Final = {
    MonitorType.ROUND_TRIP: _type_docs(MonitorType.ROUND_TRIP, "round_trip", "a round-trip monitor"),
    MonitorType.SMTP: _type_docs(MonitorType.SMTP, "smtp", "a monitor that checks an SMTP server"),
    MonitorType.POP3: _type_docs(MonitorType.POP3, "pop", "a monitor that checks a POP3 server"),
    MonitorType.IMAP: _type_docs(MonitorType.IMAP, "imap", "a monitor that checks an IMAP server"),
}

LISTED: Final = answers(referring("MonitorList"), "The monitors.", 400, 401)
READ: Final = answers(
    referring("Monitor"), "The monitor, or those of its fields that were selected.", 400, 401, 404, is_tagged=True
)
REMOVED: Final = answers(None, "The monitor is gone.", 400, 401, 403, 404, 412, success=204)
