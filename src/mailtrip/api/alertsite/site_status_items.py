"""A monitor with its latest status, as `GET /report-sitestatus` and the older report API show it alike."""

from typing import Final

from mailtrip.api.alertsite.times import show_plain_time
from mailtrip.api.codecs import JSON
from mailtrip.api.queries import ID_SCHEMA
from mailtrip.model import MonitorType, Severity
from mailtrip.service.reports import SiteStatus
from mailtrip.service.schedules import pool_of

__all__ = ["SITE_STATUS", "show_seconds", "show_site_status"]

_YES_NO: Final[dict[str, JSON]] = {"type": "string", "enum": ["y", "n"]}
_NUMBER: Final[dict[str, JSON]] = {"type": "string", "pattern": "^(?:0|[1-9][0-9]*)$"}
_STATUS: Final[dict[str, JSON]] = {**_NUMBER, "type": ["string", "null"]}

_PROPERTIES: Final[dict[str, dict[str, JSON]]] = {
    "device_id": {**ID_SCHEMA, "description": "(+) The monitor's number.", "examples": [100001]},
    "obj_device": {**_NUMBER, "description": "The same as a string.", "examples": ["100001"]},
    "device_name": {"type": "string", "description": "The monitor's name.", "examples": ["Round-Trip Email Monitor"]},
    "type": {
        "type": "string",
        "enum": [str(word) for word in MonitorType],
        "description": "The monitor's type.",
        "examples": ["email-round-trip"],
    },
    "monitor": {**_YES_NO, "description": "Whether runs are made: `y` or `n`.", "examples": ["y"]},
    "notify": {**_YES_NO, "description": "Whether errors raise alerts: `y` or `n`.", "examples": ["y"]},
    "monitor_interval": {**_NUMBER, "description": "Minutes from one run to the next.", "examples": ["15"]},
    "home_location": {**_NUMBER, "description": "The primary location's number.", "examples": ["10"]},
    "blackout_flag": {**_YES_NO, "description": "Whether a blackout stops its runs just now.", "examples": ["n"]},
    "last_status": {
        **_STATUS,
        "description": "Status code of the last finished run, as a string; null before the first.",
        "examples": ["0"],
    },
    "last_status_warning": {
        **_STATUS,
        "description": "That status code where it is a warning (or an error that the recheck did not find), else 0.",
        "examples": ["0"],
    },
    "last_status_desc": {"type": ["string", "null"], "description": "The status in words.", "examples": ["OK"]},
    "dt_last_status": {
        "type": ["string", "null"],
        "description": "When that run was planned, `YYYY-MM-DD HH:MM:SS` in UTC.",
        "examples": ["2026-01-31 12:00:00"],
    },
    "resptime_last": {
        "type": ["string", "null"],
        "pattern": "^[0-9]+\\.[0-9]+$",
        "description": "How many seconds that run took.",
        "examples": ["2.500000"],
    },
    "info_msg": {
        "type": ["string", "null"],
        "description": "The outcome in a sentence.",
        "examples": ["Delivered after 1.2 s"],
    },
}

SITE_STATUS: Final[dict[str, JSON]] = {
    "type": "object",
    "properties": _PROPERTIES,
    "required": list(_PROPERTIES),
}


def show_seconds(seconds: float) -> str:
    """Seconds as the vendor's reports write them."""
    return f"{seconds:.6f}"


def show_site_status(item: SiteStatus, *, in_blackout: bool) -> dict[str, JSON]:
    """One monitor of the report."""
    settings = item.monitor.settings
    return {
        "device_id": item.monitor.id,
        "obj_device": str(item.monitor.id),
        "device_name": settings.name,
        "type": str(settings.type),
        "monitor": _yes_no(settings.enabled),
        "notify": _yes_no(settings.notify_on_error),
        "monitor_interval": str(int(settings.interval.total_seconds()) // 60),
        "home_location": str(pool_of(settings).home_id),
        "blackout_flag": _yes_no(in_blackout),
        **_show_outcome(item),
    }


def _show_outcome(item: SiteStatus) -> dict[str, JSON]:
    run = item.run
    if run is None or run.result is None:
        names = (
            "last_status",
            "last_status_warning",
            "last_status_desc",
            "dt_last_status",
            "resptime_last",
            "info_msg",
        )
        return dict.fromkeys(names)
    result = run.result
    code = str(int(result.status))
    return {
        "last_status": code,
        "last_status_warning": code if run.severity is Severity.WARNING else "0",
        "last_status_desc": result.status.text,
        "dt_last_status": show_plain_time(run.slot),
        "resptime_last": show_seconds(result.duration.total_seconds()),
        "info_msg": result.summary,
    }


def _yes_no(is_so: bool) -> str:
    return "y" if is_so else "n"
