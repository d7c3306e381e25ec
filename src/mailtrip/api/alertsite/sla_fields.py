"""The fields of an SLA, one row each (alertsite-v3.md, 4.4), and the descriptions made from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from mailtrip.api.alertsite.fields import Field, FieldMaker
from mailtrip.api.alertsite.records import RecordTable, components_of
from mailtrip.api.alertsite.sla_codecs import (
    exclusions,
    monitor_numbers,
    operating_periods,
    percentage,
    response_time,
    write_exclusion,
)
from mailtrip.api.codecs import JSON, LARGEST_ID, Codec, Script, boolean, choice, identifier, text
from mailtrip.api.openapi import answers, json_body, referring
from mailtrip.model import SLA, Exclusion, Mode, SLASettings

__all__ = [
    "BULK",
    "BULK_EDIT",
    "BULK_EDITED",
    "COMPONENTS",
    "FOUND",
    "NEW_SLAS",
    "SLAS",
    "ExclusionsAction",
    "SLAView",
]


class ExclusionsAction(StrEnum):
    """What a bulk edit does with the exclusions that are there."""

    APPEND = "append"
    UPDATE = "update"


@dataclass(frozen=True, slots=True, kw_only=True)
class SLAView:
    """An SLA, and the names of the account's locations."""

    sla: SLA
    location_names: Mapping[int, str]


_MAKER: Final = FieldMaker[SLAView](SLASettings, lambda view: view.sla.settings)
_ID_SCHEMA: Final[dict[str, JSON]] = {"type": "integer", "minimum": 1, "maximum": LARGEST_ID}
_ALL_LOCATIONS: Final = "-- All --"
_EXCLUSIONS: Final = exclusions()


def _show_exclusions(view: SLAView) -> JSON:
    return [_show_exclusion(item, view.location_names) for item in view.sla.settings.exclusions]


def _show_exclusion(item: Exclusion, location_names: Mapping[int, str]) -> JSON:
    location = _ALL_LOCATIONS if item.location_id is None else location_names.get(item.location_id)
    return {"id": item.id, **write_exclusion(item), "location_description": location}


def _shown_exclusion_schema() -> dict[str, JSON]:
    schema: Any = _EXCLUSIONS.returns  # Any: nested objects, which JSON as a type does not tell
    item = schema["items"]
    properties = {
        "id": {**_ID_SCHEMA, "description": "The exclusion's number; another one after each change of the list."},
        **item["properties"],
        "location_description": {
            "type": ["string", "null"],
            "description": f"The location's name; `{_ALL_LOCATIONS}` for all.",
        },
    }
    return {**schema, "items": {**item, "properties": properties, "required": list(properties)}}


def _monitor_id(*, is_new: bool) -> Field[SLAView]:
    return Field(
        name="monitor_id",
        about="The monitor's number. A monitor has one SLA at most, and an SLA keeps its monitor: an edit ignores it.",
        example=100001,
        codec=identifier() if is_new else None,
        setting="monitor_id" if is_new else None,
        required=is_new,
        show=lambda view: view.sla.monitor_id,
        returns=_ID_SCHEMA,
    )


_GOALS: tuple[Field[SLAView], ...] = (
    _MAKER.given(
        "availability",
        "availability_percent",
        percentage(),
        "Percent of the checks that are to find the monitor available; more than 0, at most 100, rounded to three "
        "decimals.",
        example=99.9,
        required=True,
    ),
    _MAKER.given(
        "response_time",
        "response_time",
        response_time(),
        "Seconds that a check is to take at most; 0 to 300, rounded to two decimals.",
        example=30,
        required=True,
    ),
    _MAKER.given(
        "secondary_response_time",
        "secondary_response_time",
        response_time(),
        "A second such goal; 0 for none.",
        example=60,
    ),
    _MAKER.given(
        "uptime",
        "uptime_percent",
        percentage(),
        f"Percent of the time in which one location or more is to find the monitor available. Required where the "
        f"monitor's mode is {Mode.SLA}, ignored elsewhere.",
        example=99.5,
    ),
    Field(
        name="use_fullpage_time",
        about="For monitors of whole web pages: ignored, always false.",
        example=False,
        codec=boolean(),
        show=lambda _: False,
        returns={"type": "boolean"},
    ),
)

_TIMES: tuple[Field[SLAView], ...] = (
    _MAKER.given(
        "operating_periods",
        "operating_periods",
        operating_periods(),
        "The times of each week that count, replaced as a whole; all when empty. Those with `exclude` don't count, "
        "whatever the others say.",
        example=[{"exclude": False, "from_day": 2, "from_time": "09:00", "thru_day": 6, "thru_time": "17:00"}],
    ),
    Field(
        name="exclusions",
        about="Times, past or future, that don't count, replaced as a whole.",
        example=[
            {
                "id": 100001,
                "from_date": "2026-01-31 12:00:00",
                "thru_date": "2026-01-31 13:30:00",
                "location_id": 10,
                "note": "Network outage",
                "location_description": "Local",
            }
        ],
        codec=_EXCLUSIONS,
        setting="exclusions",
        default=(),
        show=_show_exclusions,
        returns=_shown_exclusion_schema(),
    ),
)


def _fields(*, is_new: bool) -> tuple[Field[SLAView], ...]:
    return (
        _MAKER.shown_only("id", lambda view: view.sla.id, _ID_SCHEMA, "The SLA's number.", example=100001),
        _monitor_id(is_new=is_new),
        _MAKER.shown_only(
            "monitor_name",
            lambda view: view.sla.monitor_name,
            {"type": "string"},
            "The monitor's name.",
            example="Mail",
        ),
        _MAKER.given("name", "name", text(longest=255), "What people call the SLA.", example="Mail SLA", required=True),
        _MAKER.given(
            "description",
            "description",
            text(longest=1000, script=Script.LINES),
            "What it is about; the monitor's name unless given.",
            example="Mail of the bank",
            show=lambda view: view.sla.settings.description,
        ),
        *_GOALS,
        _MAKER.shown_only(
            "uptime_allowed",
            lambda view: view.sla.monitor_mode is Mode.SLA,
            {"type": "boolean"},
            "Whether the monitor's mode has an uptime.",
            example=False,
        ),
        _MAKER.shown_only(
            "use_fullpage_time_allowed",
            lambda _: False,
            {"type": "boolean"},
            "Whether `use_fullpage_time` means anything: never.",
            example=False,
        ),
        *_TIMES,
    )


def _flag(name: str, about: str) -> Field[None]:
    return _asked(name, name, boolean(), about, example=True)


def _asked(
    name: str,
    setting: str,
    codec: Codec[Any],  # Any: each field has its own type
    about: str,
    *,
    example: JSON,
    required: bool = False,
) -> Field[None]:
    return Field(name=name, about=about, example=example, codec=codec, setting=setting, required=required)


_BULK_FIELDS: tuple[Field[None], ...] = (
    _asked(
        "monitors",
        "monitor_ids",
        monitor_numbers(),
        "Numbers of monitors, each of which has an SLA.",
        example=[100001],
        required=True,
    ),
    _flag("update_sla_objectives", "Whether the goals change: both `availability` and `response_time` are required."),
    *(
        Field(name=goal.name, about=goal.about, example=goal.example, codec=goal.codec, setting=goal.setting)
        for goal in _GOALS
    ),
    _flag("update_operating_periods", "Whether the operating periods are replaced by those given."),
    _asked(
        "operating_periods",
        "operating_periods",
        operating_periods(),
        "As in a single SLA.",
        example=[{"exclude": False, "from_day": 1, "from_time": "00:00", "thru_day": 7, "thru_time": "23:59"}],
    ),
    _flag("update_exclusions", "Whether the exclusions change, as `update_exclusions_action` says."),
    _asked(
        "update_exclusions_action",
        "update_exclusions_action",
        choice(ExclusionsAction),
        "With `append` the exclusions are added to those that are there, with `update` they take their place.",
        example="append",
    ),
    _asked(
        "exclusions",
        "exclusions",
        exclusions(),
        "As in a single SLA.",
        example=[{"from_date": "2026-01-31 12:00:00", "thru_date": "2026-01-31 13:30:00", "note": "Network outage"}],
    ),
)

_JUDGED_BY: Final = {"monitor_id": {"uptime", "exclusions"}}

SLAS: Final = RecordTable(_fields(is_new=False))
"""For reads and edits."""

NEW_SLAS: Final = RecordTable(_fields(is_new=True), judged_by=_JUDGED_BY)

BULK: Final = RecordTable(_BULK_FIELDS, judged_by={"monitors": {"uptime", "exclusions"}})

COMPONENTS: Final[dict[str, dict[str, JSON]]] = {
    **components_of("SLA", "What a monitor is expected to reach, and which times count.", SLAS, NEW_SLAS),
    "SLABulkEdit": BULK.request_schema(create=True),
    "SLABulkEdited": {
        "type": "object",
        "properties": {
            "ids": {
                "type": "array",
                "items": {"type": "string", "pattern": "^[1-9][0-9]*$"},
                "description": "Numbers of the SLAs that were changed, in the order of the monitors.",
                "examples": [["100001"]],
            }
        },
        "required": ["ids"],
    },
}

BULK_EDITED: Final = answers(
    referring("SLABulkEdited"),
    "All of them were changed.",
    *(400, 401, 403, 408, 413, 422),
    names_ignored=True,
    is_repeatable=True,
)
FOUND: Final = answers(
    {"anyOf": [referring("SLAList"), referring("SLA")]},
    "The SLAs; with `monitor_id` the one SLA of that monitor, without a list around it.",
    400,
    401,
    404,
)
BULK_EDIT: Final = json_body(referring("SLABulkEdit"), "Whose SLAs change, and how.", required=True)
