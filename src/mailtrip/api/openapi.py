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

_TEXTS: Final = {
    400: "A missing, invalid or contradictory field or parameter, or invalid JSON: `invalid_request - <field>: <what is "
    "wrong; what would be right>`, one item for each fault.",
    401: "No token, or one that is unknown or expired: `invalid_token - <missing|unknown|expired>`.",
    403: "Your role may not do this: `access_denied - <what role is needed>`.",
    404: "Unknown id, or one of another account or type: `Record not found`.",
    408: "The body did not come in time: `too_slow - ...`.",
    413: f"The body is above {LARGEST_BODY} bytes: `too_large - ...`.",
    429: "Too many calls, or attempts to log in: `rate_limited - ...`.",
    500: "A bug of ours: `server_error - ... Request id <id>`; the log has the details under that id.",
    503: "Passing trouble on our side: `unavailable - ...`; try again.",
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

Responses = dict[int | str, dict[str, Any]]
"""As FastAPI takes it. (Any: OpenAPI objects of many shapes.)"""


def referring(component: str) -> dict[str, JSON]:
    """A reference to a schema among the components."""
    return {"$ref": f"#/components/schemas/{component}"}


def answers(
    schema: Mapping[str, JSON] | None, about: str, *errors: int, success: int = 200, names_ignored: bool = False
) -> Responses:
    """The answers of an operation.

    Args:
        schema: of a success; None for one without a body.
        about: what a success means.
        errors: statuses it can fail with, beside 429, 500 and 503, which each can.
        success: the status of a success.
        names_ignored: whether fields of the body that mean nothing are told in a header.
    """
    good: dict[str, Any] = {  # Any: as for Responses
        "description": about,
        "headers": _REQUEST_ID | _IGNORED if names_ignored else _REQUEST_ID,
    }
    if schema is not None:
        good["content"] = {"application/json": {"schema": dict(schema)}}
    return {success: good, **{status: _failure(status) for status in (*errors, 429, 500, 503)}}


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
            operation["responses"].pop("422", None)
    components = schema["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        components.pop(name, None)
    return schema


def _failure(status: int) -> dict[str, Any]:  # Any: as for Responses
    return {
        "description": _TEXTS[status],
        "headers": _REQUEST_ID | _HEADERS.get(status, {}),
        "content": {"application/json": {"schema": referring("Errors")}},
    }
