"""The description (OpenAPI) of the blackout routes, made from the table of fields."""

from collections.abc import Sequence
from typing import Final

from mailtrip.api.alertsite.blackout_fields import ALIASES, BLACKOUTS
from mailtrip.api.alertsite.blackout_wire import MOST_ITEMS, MOST_MONITORS, BulkAction
from mailtrip.api.alertsite.envelope import list_schema
from mailtrip.api.codecs import JSON, boolean, choice, identifier, nullable
from mailtrip.api.openapi import answers, json_body, referring
from mailtrip.model import BlackoutType

__all__ = ["BULK_EDITED", "BULK_REQUEST", "COMPONENTS"]

_DATES: Final = ("from_date", "thru_date")
_TIMES_OF_WEEK: Final = ("start_day", "start_time", "end_day", "end_time")
_FIELDS: Final = {field.name: field for field in BLACKOUTS.fields}
_NULL: Final[dict[str, JSON]] = {"type": "null"}
_YES: Final[dict[str, JSON]] = {"enum": [True, "true", "y", None]}
_NO: Final[dict[str, JSON]] = {"enum": [False, "false", "n", None]}
_OF_MONITORS: Final = choice(BlackoutType, but={BlackoutType.NOTIFIER})

JSONObject = dict[str, JSON]


def _asked(name: str) -> JSONObject:
    """The field as it is given where it may not be null."""
    field = _FIELDS[name]
    if field.codec is None:
        raise ValueError(f"{name} is read-only")
    return {**field.codec.accepts, "description": field.about, "examples": [field.example]}


def _one_time() -> JSONObject:
    return {
        "title": "One-time",
        "required": list(_DATES),
        "properties": {
            **{name: {"type": "string"} for name in _DATES},
            **dict.fromkeys(_TIMES_OF_WEEK, _NULL),
            "persistent": _NO,
        },
    }


def _weekly() -> JSONObject:
    not_null: JSONObject = {"not": _NULL}
    return {
        "title": "Weekly",
        "required": list(_TIMES_OF_WEEK),
        "properties": {
            **dict.fromkeys(_TIMES_OF_WEEK, not_null),
            **dict.fromkeys(_DATES, _NULL),
            "persistent": _YES,
        },
    }


def _create_schema() -> JSONObject:
    return BLACKOUTS.request_schema(create=True) | {"oneOf": [_one_time(), _weekly()]}


def _edit_schema() -> JSONObject:
    no_dates: JSONObject = {
        name: {**_NULL, "description": "For one-time blackouts; they can't be edited.", "examples": [None]}
        for name in _DATES
    }
    always: JSONObject = {"persistent": {**_YES, "description": "A blackout stays of its kind.", "examples": [True]}}
    fixed: JSONObject = {name: _asked(name) for name in _TIMES_OF_WEEK}
    aliases: JSONObject = {
        alias: {**_asked(name), "description": f"Another name of `{name}`, in place of it."}
        for alias, name in ALIASES.items()
    }
    twice: JSONObject = {"anyOf": [{"required": [alias, name]} for alias, name in ALIASES.items()]}
    given = {field.name: field.request_schema for field in BLACKOUTS.fields if field.codec is not None}
    return {"type": "object", "properties": given | fixed | aliases | no_dates | always, "not": twice}


def _item_schema(own: Sequence[str], others: Sequence[str], kind: JSONObject) -> JSONObject:
    """One blackout in a list of one kind.

    Args:
        own: fields that are required.
        others: fields of the other kind.
        kind: what `persistent` may be.
    """
    properties: JSONObject = {
        "type": {**nullable(_OF_MONITORS.accepts), "description": "`Monitor` unless given.", "examples": ["Monitor"]},
        **{name: _asked(name) for name in own},
        **{name: {**_NULL, "description": "For blackouts of the other kind."} for name in others},
        "persistent": {**kind, "description": "May be left out, as the list says it."},
        "note": _FIELDS["note"].request_schema,
    }
    return {"type": "object", "properties": properties, "required": list(own)}


def _bulk_schema() -> JSONObject:
    properties: JSONObject = {
        "monitors": {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_MONITORS,
            "items": identifier().accepts,
            "description": "Numbers of monitors. When one of them is none of this account: 403, and nothing is changed.",
            "examples": [[100001]],
        }
    }
    conditions: list[JSON] = []
    for kind, flag, list_name, item in (
        ("one-time", "update_one_time", "one_time_blackouts", _item_schema(_DATES, _TIMES_OF_WEEK, _NO)),
        ("weekly", "update_persistent", "persistent_blackouts", _item_schema(_TIMES_OF_WEEK, _DATES, _YES)),
    ):
        action = f"{flag}_action"
        properties |= {
            flag: {
                **boolean().accepts,
                "description": f"Whether {kind} blackouts are to be changed.",
                "examples": [True],
            },
            action: {
                **nullable(choice(BulkAction).accepts),
                "description": "`append` adds to those that there are; `update` replaces them.",
                "examples": ["append"],
            },
            list_name: {
                "type": ["array", "null"],
                "maxItems": MOST_ITEMS,
                "items": item,
                "description": f"The new {kind} blackouts of each of the monitors.",
                "examples": [[]],
            },
        }
        left: JSONObject = {"properties": {flag: {"enum": [False, "false", "n"]}}}
        changed: JSONObject = {
            "required": [action, list_name],
            "properties": {
                flag: {"enum": [True, "true", "y"]},
                action: {"type": "string"},
                list_name: {"type": "array"},
            },
        }
        conditions.append({"oneOf": [left, changed]})
    required: list[JSON] = ["monitors", "update_one_time", "update_persistent"]
    return {"type": "object", "properties": properties, "required": required, "allOf": conditions}


COMPONENTS: Final = {
    "BlackoutCreate": _create_schema(),
    "BlackoutEdit": _edit_schema(),
    "BlackoutBulkEdit": _bulk_schema(),
    "Blackout": BLACKOUTS.response_schema("A blackout."),
    "BlackoutList": list_schema(referring("Blackout")),
    "BlackoutIDs": {
        "type": "object",
        "properties": {
            "ids": {
                "type": "array",
                "items": {"type": "string", "pattern": "^[1-9][0-9]*$"},
                "description": "Numbers of the new blackouts.",
                "examples": [["100001"]],
            }
        },
        "required": ["ids"],
    },
}

BULK_EDITED: Final = answers(
    referring("BlackoutIDs"),
    "All of it was done; the new blackouts.",
    *(400, 401, 403, 408, 413, 422),
    names_ignored=True,
    is_repeatable=True,
)
BULK_REQUEST: Final = json_body(
    referring("BlackoutBulkEdit"), "Whose blackouts, and what becomes of them.", required=True
)
