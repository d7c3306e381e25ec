"""One check in the older report API's detail report: all values are strings or null (alertsite-v3.md, 6.1)."""

from typing import Final

from mailtrip.api.alertsite.site_status_items import show_seconds
from mailtrip.api.alertsite.times import show_plain_time
from mailtrip.api.codecs import JSON
from mailtrip.model import MailProtocol, Result, Severity, StatusCode, Step
from mailtrip.service.reports import Check

__all__ = ["DETAIL", "show_record"]

_ABOUT: Final = {
    "obj_cust": ("The account's number.", "1"),
    "obj_device": ("The monitor's number.", "100001"),
    "device_descrip": ("The monitor's name.", "Round-Trip Email Monitor"),
    "obj_location": ("The location's number.", "10"),
    "location_descrip": ("The location's name.", "Local"),
    "obj_devlog": ("The run's number; `GET /api/v1/runs/{id}` has everything about it.", "100001"),
    "dt_status": ("When the run was planned, `YYYY-MM-DD HH:MM:SS` in UTC.", "2026-01-31 12:00:00"),
    "status": ("Status code; 0 is OK.", "0"),
    "status_warning": ("That code where it is a warning (or an error that the recheck did not find), else 0.", "0"),
    "status_verify": ("Status code of the run that verified an error; 0 where there was none.", "0"),
    "notified": ("Whether an alert went out: 0.", "0"),
    "info_msg": ("The outcome in a sentence.", "Delivered after 1.2 s"),
    "resptime": ("How many seconds the run took; the sum of its parts.", "2.500000"),
    "resptime_dns": ("Seconds to resolve the SMTP server's name.", "0.010000"),
    "resptime_connect": ("Seconds to connect to it.", "0.020000"),
    "resptime_firstbyte": ("Seconds until it had greeted.", "0.030000"),
    "resptime_content": ("Seconds for all that came after.", "2.440000"),
    "resptime_redirect": ("For websites: 0.", "0"),
    "resptime_fullpage": ("For websites: 0.", "0"),
    "test_cnt": ("How many trips there were: 2 where an error was verified at once, else 1.", "1"),
    "fullip": ("IP address of the SMTP server; of the mailbox server where there was none.", "192.0.2.1"),
    "http_status": ("For websites: null.", None),
}
_NULLABLE: Final = {"info_msg", "location_descrip", "fullip", "http_status"}
_PARTS: Final = {
    "resptime_dns": Step.RESOLVE,
    "resptime_connect": Step.CONNECT,
    "resptime_firstbyte": Step.GREETING,
}

DETAIL: Final[dict[str, JSON]] = {
    "type": "object",
    "properties": {
        name: {
            "type": ["string", "null"] if name in _NULLABLE else "string",
            "description": about,
            "examples": [example],
        }
        for name, (about, example) in _ABOUT.items()
    },
    "required": list(_ABOUT),
}


def show_record(check: Check, result: Result, location_name: str | None) -> dict[str, JSON]:
    """One check.

    Args:
        check: a finished run.
        result: of the run.
        location_name: None where the location is not there any more.
    """
    run = check.run
    return {
        "obj_cust": str(run.account_id),
        "obj_device": str(run.monitor_id),
        "device_descrip": check.monitor_name,
        "obj_location": str(run.location_id),
        "location_descrip": location_name,
        "obj_devlog": str(run.id),
        "dt_status": show_plain_time(run.slot),
        "status": _code(result.status),
        "status_warning": _code(result.status if run.severity is Severity.WARNING else StatusCode.OK),
        "status_verify": _code(check.recheck_status or StatusCode.OK),
        "notified": "0",
        "info_msg": result.summary,
        **_show_times(result),
        "test_cnt": "1" if check.recheck_status is None else "2",
        "fullip": _address(result),
        "http_status": None,
    }


def _show_times(result: Result) -> dict[str, JSON]:
    parts = {name: _seconds(result, step) for name, step in _PARTS.items()}
    whole = result.duration.total_seconds()
    rest = max(0.0, whole - sum(parts.values()))
    return {
        "resptime": show_seconds(whole),
        **{name: show_seconds(seconds) for name, seconds in parts.items()},
        "resptime_content": show_seconds(rest),
        "resptime_redirect": "0",
        "resptime_fullpage": "0",
    }


def _seconds(result: Result, step: Step) -> float:
    duration = result.duration_of(step)
    return 0.0 if duration is None else duration.total_seconds()


def _address(result: Result) -> str | None:
    """Without its port."""
    known = {session.protocol: session.address for session in result.sessions if session.address}
    address = known.get(MailProtocol.SMTP) or next(iter(known.values()), None)
    return None if address is None else address.rpartition(":")[0].strip("[]")


def _code(status: StatusCode) -> str:
    return str(int(status))
