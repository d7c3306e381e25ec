"""The fields that monitors of all types have, one row each (alertsite-v3.md, sections 3.6 to 3.9 and 9)."""

from datetime import timedelta

from mailtrip.api.alertsite.fields import MonitorView, given, shown_only
from mailtrip.api.alertsite.list_codecs import custom_properties, locations, names
from mailtrip.api.alertsite.statuses import LAST_STATUS, show_last_status
from mailtrip.api.alertsite.times import show_time
from mailtrip.api.codecs import JSON, LARGEST_ID, Script, boolean, choice, duration, identifier, integer, text
from mailtrip.model import DEFAULT_LOCATION_ID, Mode, MonitorType

__all__ = ["IDENTITY", "KEPT", "PLAN"]

_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)


def _shown_locations(view: MonitorView) -> tuple[int, ...]:
    return view.monitor.settings.location_ids or (DEFAULT_LOCATION_ID,)


def _show_locations(view: MonitorView) -> JSON:
    return [{"id": each, "name": view.location_names.get(each)} for each in _shown_locations(view)]


IDENTITY = (
    shown_only(
        "id",
        lambda view: view.monitor.id,
        {"type": "integer", "minimum": 1, "maximum": LARGEST_ID},
        "The monitor's number.",
        example=100001,
    ),
    shown_only(
        "type",
        lambda view: str(view.monitor.settings.type),
        {"type": "string", "enum": [str(word) for word in MonitorType]},
        "What kind of monitor it is.",
        example="email-round-trip",
    ),
    given(
        "name",
        "name",
        text(longest=255),
        "What people call the monitor; need not be unique.",
        example="Round-Trip Email Monitor",
        required=True,
    ),
    given(
        "billing_plancode",
        "plan_code",
        text(longest=64),
        "The vendor's plan code. Any code is taken and kept as it was sent.",
        example="UBM - A/A",
        required=True,
    ),
    given(
        "note",
        "note",
        text(shortest=0, longest=255, script=Script.LINES, cut=True),
        "A note for people. Longer than 255 characters: cut.",
        example="Owned by the mail team.",
    ),
    given(
        "alert_note",
        "alert_note",
        text(shortest=0, longest=1000, script=Script.LINES, cut=True),
        "A note that alerts carry. Longer than 1000 characters: cut.",
        example="Call the mail team.",
    ),
    given(
        "custom_properties",
        "custom_properties",
        custom_properties(),
        "Properties that have a value, replaced as a whole.",
        example=[{"id": 228, "name": "Environment", "value": "Development", "value_id": 550}],
    ),
    given(
        "tags",
        "tags",
        names(longest=40, most=20),
        "Words that people sort monitors by, each once whatever its case, replaced as a whole.",
        example=["Customer A", "production"],
    ),
)

PLAN = (
    given(
        "interval",
        "interval",
        duration(1, 1440, unit=_MINUTE),
        "Minutes from one run to the next.",
        example=15,
    ),
    given(
        "timeout",
        "timeout",
        duration(5, 300, unit=_SECOND),
        "Seconds a whole run may take; must be below the interval. The smaller of 300 and the interval less 10 s "
        "unless given.",
        example=300,
        show=lambda view: int(view.monitor.settings.run_timeout.total_seconds()),
    ),
    given(
        "warning_time",
        "warning_time",
        duration(1, 300, unit=_SECOND),
        "Seconds; a delivery, or an answer to a check, slower than this is a warning. Never unless given.",
        example=60,
    ),
    given("enabled", "enabled", boolean(), "Whether runs are made.", example=True),
    given("notify_on_error", "notify_on_error", boolean(), "Whether errors raise alerts.", example=True),
    given(
        "local_retry",
        "local_retry",
        boolean(),
        "Whether an error is checked once more, at once, before it counts; a good second run makes it a warning.",
        example=True,
    ),
    given(
        "locations",
        "location_ids",
        locations(),
        "Where runs are made from, replaced as a whole; the default location unless given.",
        example=[{"id": 10, "name": "Local"}],
        show=_show_locations,
    ),
    given(
        "home_location",
        "home_location_id",
        identifier(),
        "The primary location's number; the first of `locations` unless given.",
        example=10,
        show=lambda view: view.monitor.settings.home_location_id or _shown_locations(view)[0],
    ),
    given(
        "mode",
        "mode",
        choice(Mode),
        "Monitoring mode: which locations run, and when an error of one counts.",
        example="Primary",
    ),
    given(
        "monitor_location_count",
        "locations_per_run",
        integer(1, 1000),
        "How many of the locations take part in each run where they rotate; all unless given.",
        example=1,
    ),
    given(
        "rotate_locations",
        "rotate_locations",
        boolean(),
        "Whether each run uses the next locations of the pool instead of all. In mode `Primary` all take part in any case.",
        example=False,
    ),
)

KEPT = (
    shown_only(
        "blackout_ids",
        lambda view: [str(each) for each in view.blackout_ids],
        {"type": "array", "items": {"type": "string"}},
        "Numbers of the monitor's blackouts, of types `Monitor` and `Alert`, past ones too.",
        example=["100001"],
    ),
    shown_only(
        "access_type",
        lambda view: "Edit" if view.may_edit else "View",
        {"type": "string", "enum": ["View", "Edit"]},
        "What you may do with the monitor.",
        example="Edit",
    ),
    shown_only(
        "date_added",
        lambda view: show_time(view.monitor.created_at),
        {"type": "string", "format": "date-time"},
        "When the monitor was made (UTC).",
        example="2026-01-31T12:00:00Z",
    ),
    shown_only(
        "date_modified",
        lambda view: show_time(view.monitor.modified_at),
        {"type": "string", "format": "date-time"},
        "When the monitor was last changed (UTC).",
        example="2026-01-31T12:00:00Z",
    ),
    shown_only(
        "last_status",
        lambda view: show_last_status(view.standing),
        LAST_STATUS,
        "The last run that finished; null before the first.",
        example=None,
    ),
)
