"""Blackouts and SLAs, for the tests and pictures of their pages."""

from datetime import time, timedelta
from functools import partial
from typing import Any

from tests.api.harness import OPERATOR
from tests.web.service import NOW, WebService

from mailtrip.model import AlertMethod, BlackoutType, Exclusion, OneTimeWindow, OperatingPeriod, WeeklyWindow, WeekTime
from mailtrip.service import blackouts, recipients, slas
from mailtrip.service.blackouts import BlackoutDraft

__all__ = ["add_blackouts", "add_sla"]

_HOUR = timedelta(hours=1)


def add_blackouts(service: WebService) -> list[int]:
    """One of each sort, around `NOW`, a Tuesday, and give their ids: in force, to come, each week over Sunday's end, of a recipient."""
    changes = {"method": AlertMethod.EMAIL_TEXT, "address": "night@example.com", "name": "Night shift"}
    create = partial(recipients.create, actor=OPERATOR, changes=changes, password=None, secrets=service.keys)
    recipient_id = service.database.write(partial(create, now=NOW - 24 * _HOUR))
    midnight = NOW.replace(hour=0, minute=0)
    # Any: values of several types
    once: dict[str, Any] = {
        "start": midnight - 2 * _HOUR,
        "end": midnight + 12 * _HOUR,
        "note": "Move to the new cluster",
    }
    later: dict[str, Any] = {"start": midnight + 34 * _HOUR, "end": midnight + 36 * _HOUR}
    weekly: dict[str, Any] = {
        "start_day": 1,
        "start_time": time(22),
        "end_day": 2,
        "end_time": time(2, 30),
        "note": "Backup",
    }
    nightly: dict[str, Any] = {
        "start_day": 6,
        "start_time": time(18),
        "end_day": 2,
        "end_time": time(6),
        "note": "Week-end",
    }
    drafts = [
        BlackoutDraft(type=BlackoutType.MONITOR, subject_id=service.monitor_ids["Shop"], **once),
        BlackoutDraft(type=BlackoutType.ALERT, subject_id=service.monitor_ids["Orders"], **later),
        BlackoutDraft(type=BlackoutType.MONITOR, subject_id=service.monitor_ids["Accounting"], **weekly),
        BlackoutDraft(type=BlackoutType.NOTIFIER, subject_id=recipient_id, **nightly),
    ]
    return [
        service.database.write(partial(blackouts.create, actor=OPERATOR, draft=draft, now=NOW - 24 * _HOUR))
        for draft in drafts
    ]


def add_sla(service: WebService, name: str) -> int:
    """An SLA of the monitor of this name, of working days, with an exclusion, and give its id."""
    period = WeeklyWindow(start=WeekTime(day=2, time=time(6)), end=WeekTime(day=6, time=time(23, 59)))
    left_out = OneTimeWindow(start=NOW - 30 * _HOUR, end=NOW - 24 * _HOUR)
    changes = {
        "name": f"{name} at work",
        "availability_percent": 99.5,
        "response_time": timedelta(seconds=20),
        "operating_periods": (OperatingPeriod(window=period),),
        "exclusions": (Exclusion(window=left_out, note="Agreed"),),
    }
    create = partial(slas.create, actor=OPERATOR, monitor_id=service.monitor_ids[name], changes=changes, now=NOW)
    return service.database.write(create)
