"""The rules of an SLA's fields, as a table."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from mailtrip.model import Exclusion, OneTimeWindow, OperatingPeriod, SLASettings, WeeklyWindow, WeekTime
from mailtrip.service.sla_rules import check

START = datetime(2026, 1, 1, tzinfo=UTC)
WINDOW = OneTimeWindow(start=START, end=START + timedelta(seconds=1))
SUNDAY = WeekTime(day=1, time=time(0, 0))
ALWAYS = OperatingPeriod(window=WeeklyWindow(start=SUNDAY, end=SUNDAY))
GOOD = SLASettings(name="SLA", availability_percent=99.9, response_time=timedelta(seconds=2))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"name": "x" * 255, "description": "Größe\n😀"},
        {"description": "x" * 1000},
        {"availability_percent": 0.001, "uptime_percent": 100.0},
        {"availability_percent": 100.0, "uptime_percent": 0.001},
        {"response_time": timedelta(0), "secondary_response_time": timedelta(seconds=300)},
        {"exclusions": (Exclusion(window=WINDOW), Exclusion(window=WINDOW, location_id=20, note="x" * 255))},
    ],
)
def test_settings_within_the_rules_have_no_fault(fields: dict[str, Any]) -> None:  # Any: of many types
    assert check(replace(GOOD, **fields), location_ids={10, 20}) == ()


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"name": ""}, "has 0 characters; it takes 1 to 255"),
        ({"name": "a\nb"}, "has a line break or another control character"),
        ({"description": " "}, "is blank"),
        ({"description": "x" * 1001}, "has 1001 characters; it takes 1 to 1000"),
        ({"description": "a\0b"}, "has a control character in it"),
        ({"availability_percent": 0.0}, "0 is out of range"),
        ({"availability_percent": 100.001}, "100.001 is out of range"),
        ({"availability_percent": float("nan")}, "nan is out of range"),
        ({"uptime_percent": -1.0}, "-1 is out of range"),
        ({"response_time": timedelta(seconds=-1)}, "-1 is out of range; use 0 to 300 seconds"),
        ({"secondary_response_time": timedelta(seconds=300.01)}, "300.01 is out of range"),
        (
            {"exclusions": (Exclusion(window=OneTimeWindow(start=START, end=START)),)},
            "item 0 ends at or before its start",
        ),
        ({"exclusions": (Exclusion(window=WINDOW, location_id=30),)}, "item 0 names location 30, which is none"),
        ({"exclusions": (Exclusion(window=WINDOW, note="x" * 256),)}, "item 0 has a note that is too long"),
        ({"exclusions": (Exclusion(window=WINDOW, note="\0"),)}, "or has control characters in it"),
        ({"operating_periods": (ALWAYS,) * 101}, "has 101 items; at most 100 are allowed"),
        ({"exclusions": (Exclusion(window=WINDOW),) * 1001}, "has 1001 items; at most 1000 are allowed"),
    ],
)
def test_each_broken_rule_is_one_fault_of_its_field(fields: dict[str, Any], text: str) -> None:  # Any: of many types
    [fault] = check(replace(GOOD, **fields), location_ids={10, 20})
    assert [fault.field] == list(fields)
    assert text in fault.text
