"""The description (OpenAPI) of the monitor routes, made from the table of fields."""

from typing import Final

from mailtrip.api.alertsite.envelope import list_schema
from mailtrip.api.alertsite.monitor_fields import FIELDS, HOSTNAMES
from mailtrip.api.codecs import JSON
from mailtrip.api.openapi import answers, json_body, linked, referring

__all__ = [
    "COMPONENTS",
    "CREATED",
    "EDITED",
    "ID_ANSWER",
    "LISTED",
    "READ",
    "REMOVED",
    "ROUND_TRIP_CREATE",
    "ROUND_TRIP_EDIT",
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


def _request_schema() -> dict[str, JSON]:
    properties = {field.name: field.request_schema for field in FIELDS if field.codec is not None}
    return {"type": "object", "properties": properties}


def _create_schema() -> dict[str, JSON]:
    required = [field.name for field in FIELDS if field.required]
    return _request_schema() | {"required": required} | _ONE_HOSTNAME


def _edit_schema() -> dict[str, JSON]:
    return _request_schema() | {"anyOf": [_ONE_HOSTNAME, _NO_HOSTNAME]}


def _read_schema() -> dict[str, JSON]:
    """Nothing is required, as `select` leaves fields out."""
    properties = {field.name: field.response_schema for field in FIELDS if field.returns is not None}
    return {"type": "object", "description": "A monitor.", "properties": properties}


COMPONENTS: Final = {
    "RoundTripCreate": _create_schema(),
    "RoundTripEdit": _edit_schema(),
    "Monitor": _read_schema(),
    "MonitorList": list_schema(referring("Monitor")),
    "ID": ID_ANSWER,
}

_BY_ID: Final = {"monitor_id": "$response.body#/id"}
_LINKS: Final[dict[str, JSON]] = {
    name: {"operationId": name, "parameters": _BY_ID}
    for name in ("read_monitor", "edit_round_trip_monitor", "remove_monitor", "start_test", "list_runs", "run_monitor")
}

CREATED: Final = linked(
    answers(referring("ID"), "The monitor was made; its number.", 400, 401, 403, 408, 413, names_ignored=True), _LINKS
)
EDITED: Final = answers(
    referring("ID"), "The monitor was changed; its number.", 400, 401, 403, 404, 408, 413, names_ignored=True
)
LISTED: Final = answers(referring("MonitorList"), "The monitors.", 400, 401)
READ: Final = answers(referring("Monitor"), "The monitor, or those of its fields that were selected.", 400, 401, 404)
REMOVED: Final = answers(None, "The monitor is gone.", 401, 403, 404, success=204)

ROUND_TRIP_CREATE: Final = json_body(referring("RoundTripCreate"), "The monitor's fields.", required=True)
ROUND_TRIP_EDIT: Final = json_body(
    referring("RoundTripEdit"), "The fields to change; no body changes nothing.", required=False
)
