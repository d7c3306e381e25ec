"""The parts from which the API's description (OpenAPI) is put together."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from mailtrip.api.bodies import LARGEST_BODY
from mailtrip.api.codecs import JSON

__all__ = [
    "ERRORS_SCHEMA",
    "Responses",
    "answers",
    "complete",
    "json_body",
    "linked",
    "model_schemas",
    "referring",
    "without_validation_error",
]

ERRORS_SCHEMA: Final[dict[str, JSON]] = {
    "type": "object",
    "description": "What went wrong: one item for each fault that was found.",
    "properties": {
        "errors": {
            "type": "array",
            "description": "At least one.",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {
                    "code": {"type": "integer", "description": "The HTTP status.", "examples": [400]},
                    "message": {
                        "type": "string",
                        "description": "A word for the kind of error, and a sentence; only 404 has a bare sentence.",
                        "examples": ["invalid_request - interval: must be a whole number from 1 to 1440, not 0"],
                    },
                },
                "required": ["code", "message"],
            },
        }
    },
    "required": ["errors"],
}

_FRAMEWORKS: Final = "Validation Error"
"""What FastAPI says of its own 422."""

_TEXTS: Final = {
    400: "A missing, invalid or contradictory field or parameter, or invalid JSON: `invalid_request - <field>: <what is "
    "wrong; what would be right>`, one item for each fault.",
    401: "No token, or one that is unknown or expired: `invalid_token - <missing|unknown|expired>`.",
    403: "Your role, or the scopes of your API token, don't allow this: `access_denied - <what is needed>`.",
    404: "Unknown id, or one of another account or type: `Record not found`.",
    408: "The body did not come in time: `too_slow - ...`.",
    412: "The record is not as `If-Match` says: `precondition_failed - ...`; nothing was changed.",
    413: f"The body is above {LARGEST_BODY} bytes: `too_large - ...`.",
    422: "The `Idempotency-Key` was used for another request: `key_reused - ...`; nothing was made.",
    429: "Too many calls, or attempts to log in: `rate_limited - ...`.",
    431: "Request line and headers are above 65536 bytes: `too_large - ...`.",
    500: "A bug of ours: `server_error - ... Request id <id>`; the log has the details under that id.",
    503: "Passing trouble on our side: `unavailable - ...`; try again.",
}

_EXAMPLES: Final = {
    412: 'precondition_failed - If-Match: the ETag of the monitor is "4", and not among those given; read it again, then '
    "change it with that tag",
    422: "key_reused - Idempotency-Key: was used for another request; take a new key for this one, or send that one again "
    "as it was",
}

_HEADERS: Final[dict[int, dict[str, JSON]]] = {
    401: {
        "WWW-Authenticate": {"description": "How to authenticate.", "schema": {"type": "string", "enum": ["Bearer"]}}
    },
    429: {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}},
    503: {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}},
}

_REQUEST_ID: Final[dict[str, JSON]] = {
    "X-Request-Id": {
        "description": "Names this request in the log.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{8,64}$"},
    }
}
_IGNORED: Final[dict[str, JSON]] = {
    "X-Mailtrip-Ignored-Fields": {
        "description": "Names of fields of the body that mean nothing here, percent-encoded; there only if there are "
        "any.",
        "schema": {"type": "string", "examples": ["pop_hostname"]},
    }
}

_TAG: Final[dict[str, JSON]] = {
    "ETag": {
        "description": "Stands for what the record is now, but for what changes by itself; for `If-Match`.",
        "schema": {"type": "string", "pattern": '^"[1-9][0-9]*"$', "examples": ['"3"']},
    }
}
_REPLAYED: Final[dict[str, JSON]] = {
    "Idempotent-Replayed": {
        "description": "`true` where this is what the first request with this `Idempotency-Key` was answered; nothing "
        "was made once more, and there is no `ETag`.",
        "schema": {"type": "string", "enum": ["true"]},
    }
}

Responses = dict[int | str, dict[str, Any]]
"""As FastAPI takes it. (Any: OpenAPI objects of many shapes.)"""


def referring(component: str) -> dict[str, JSON]:
    """A reference to a schema among the components."""
    return {"$ref": f"#/components/schemas/{component}"}


def answers(
    schema: Mapping[str, JSON] | None,
    about: str,
    *errors: int,
    success: int = 200,
    names_ignored: bool = False,
    is_tagged: bool = False,
    is_repeatable: bool = False,
) -> Responses:
    """The answers of an operation.

    Args:
        schema: of a success; None for one without a body.
        about: what a success means.
        errors: statuses it can fail with, beside 429, 431, 500 and 503, which each can.
        success: the status of a success.
        names_ignored: whether fields of the body that mean nothing are told in a header.
        is_tagged: whether a success carries the record's entity tag.
        is_repeatable: whether it takes an idempotency key.
    """
    headers = _REQUEST_ID | (_IGNORED if names_ignored else {}) | (_TAG if is_tagged else {})
    good: dict[str, Any] = {  # Any: as for Responses
        "description": about,
        "headers": headers | (_REPLAYED if is_repeatable else {}),
    }
    if schema is not None:
        good["content"] = {"application/json": {"schema": dict(schema)}}
    return {success: good, **{status: _failure(status) for status in (*errors, 429, 431, 500, 503)}}


def json_body(schema: Mapping[str, JSON], about: str, *, required: bool) -> dict[str, Any]:  # Any: as for Responses
    """What to give FastAPI as `openapi_extra` for a JSON body."""
    content = {"application/json": {"schema": dict(schema)}}
    return {"requestBody": {"description": about, "required": required, "content": content}}


def linked(responses: Responses, links: Mapping[str, JSON], *, success: int = 200) -> Responses:
    """The same answers, where a success leads on to other operations."""
    return {**responses, success: {**responses[success], "links": dict(links)}}


def model_schemas(models: Sequence[type[BaseModel]]) -> dict[str, Any]:  # Any: as for Responses
    """Schemas of models as answers have them, by name, those they are made of included."""
    _, schema = models_json_schema(
        [(model, "serialization") for model in models], ref_template="#/components/schemas/{model}"
    )
    found: dict[str, Any] = schema["$defs"]
    return found


def without_validation_error(schema: dict[str, Any]) -> dict[str, Any]:  # Any: as for Responses
    """Take out FastAPI's own 422, which is never answered."""
    for operations in schema["paths"].values():
        for operation in operations.values():
            if operation["responses"].get("422", {}).get("description") == _FRAMEWORKS:
                del operation["responses"]["422"]
    components = schema["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        components.pop(name, None)
    return schema


def complete(schema: dict[str, Any]) -> dict[str, Any]:  # Any: as for Responses
    """Add to each operation that takes an API token the 403 that the token's scopes can cause."""
    for operations in schema["paths"].values():
        for operation in operations.values():
            if {"AccessToken": []} in operation.get("security", ()):
                operation["responses"].setdefault("403", _failure(403))
    return schema


def _failure(status: int) -> dict[str, Any]:  # Any: as for Responses
    content: dict[str, Any] = {"schema": referring("Errors")}  # Any: as for Responses
    if status in _EXAMPLES:
        content["example"] = {"errors": [{"code": status, "message": _EXAMPLES[status]}]}
    return {
        "description": _TEXTS[status],
        "headers": _REQUEST_ID | _HEADERS.get(status, {}),
        "content": {"application/json": content},
    }
