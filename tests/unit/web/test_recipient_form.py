"""The form of a recipient: what stands in it, what is read from it, and where faults belong."""

from dataclasses import fields, replace
from datetime import time

import pytest

from mailtrip.errors import Fault
from mailtrip.model import AlertMethod, PerformanceRule, RecipientSettings, SecretKind, WeeklyWindow, WeekTime
from mailtrip.service.monitors import UNCHANGED
from mailtrip.web.recipient_fields import PASSWORD, fields_of
from mailtrip.web.recipient_form import (
    differences,
    entries_of,
    first_entries,
    parse_entries,
    place_faults,
    read_entries,
)

OTHERS = [(100002, "Day shift")]
SETTINGS = RecipientSettings(
    method=AlertMethod.EMAIL_HTML,
    name="Night shift",
    address="night@example.com",
    performance_alert=True,
    performance_rule=PerformanceRule.PERCENTILE,
    start_threshold=2,
    error_window=5,
    fallback_id=100002,
    subject_template="{{ alert.monitor }}",
    text_template="{{ text }}\n  Call.\n",
    quiet_hours=(
        WeeklyWindow(start=WeekTime(day=6, time=time(18)), end=WeekTime(day=2, time=time(8))),
        WeeklyWindow(start=WeekTime(day=3, time=time(12)), end=WeekTime(day=3, time=time(13))),
    ),
    time_zone="Europe/Rome",
    daily_limit=20,
)
NOT_SHOWN = {"performance_alert_type", "attach_screen_capture", "remote_commands"}
"""They do nothing, and are kept for the vendor's scripts."""


@pytest.mark.parametrize("method", AlertMethod)
def test_each_field_is_one_of_the_settings_and_stands_there_once(method: AlertMethod) -> None:
    names = [each.name for each in fields_of(method)]

    assert len(names) == len(set(names))
    assert set(names) <= {each.name for each in fields(RecipientSettings)} | {PASSWORD}
    assert (PASSWORD in names) is (method.secret is not None)


def test_all_that_does_something_can_be_set() -> None:
    names = {each.name for method in AlertMethod for each in fields_of(method)}

    assert names == {each.name for each in fields(RecipientSettings)} - NOT_SHOWN | {PASSWORD}


def test_what_is_shown_and_sent_back_changes_nothing() -> None:
    rows = fields_of(SETTINGS.method, others=OTHERS)
    entries = entries_of(SETTINGS, rows)
    sent = read_entries({name: text.replace("\n", "\r\n") for name, text in entries.items()}, rows)

    parsed = parse_entries(sent, rows, SETTINGS.method)

    assert replace(SETTINGS, **parsed.changes) == SETTINGS  # type: ignore[arg-type]  # values of many types
    assert (parsed.password, parsed.faults) == (UNCHANGED, ())
    assert differences(sent, entries, rows) == {}


@pytest.mark.parametrize("method", [each for each in AlertMethod if each.secret is not None])
def test_a_secret_is_never_written_into_the_form_and_stays_where_none_is_given(method: AlertMethod) -> None:
    rows = fields_of(method)
    entries = first_entries(method, rows)

    assert entries[PASSWORD] == ""
    assert parse_entries(entries, rows, method).password is UNCHANGED
    given = parse_entries(entries | {PASSWORD: "a://secret"}, rows, method)
    assert given.password == "a://secret"  # made up
    assert "secret" not in repr(given)


def test_an_apprise_url_says_itself_which_service_it_is_of() -> None:
    rows = fields_of(AlertMethod.APPRISE)

    parsed = parse_entries(
        first_entries(AlertMethod.APPRISE, rows) | {PASSWORD: " Slack://Key/ \n"}, rows, AlertMethod.APPRISE
    )

    assert (parsed.changes["address"], parsed.password) == ("slack", "slack://Key/")
    assert "address" not in parse_entries(first_entries(AlertMethod.APPRISE, rows), rows, AlertMethod.APPRISE).changes
    placed = place_faults([Fault("address", "is required"), Fault(PASSWORD, "is required")], rows)
    assert placed.count == 1


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("start_threshold", "", "is required"),
        ("start_threshold", "two", "is no whole number"),
        ("stop_threshold", "1234567", "is no whole number"),
        ("daily_limit", "-1", "is no whole number"),
        ("performance_rule", "magic", "is none of the choices"),
        ("fallback_id", "1", "is none of the choices"),
        ("method", "14", "is none of the choices"),
        ("quiet_hours", "at night", "write lines like"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_field(name: str, text: str, said: str) -> None:
    rows = fields_of(SETTINGS.method, others=OTHERS)

    parsed = parse_entries(entries_of(SETTINGS, rows) | {name: text}, rows, SETTINGS.method)

    [fault] = parsed.faults
    assert fault.field == name
    assert said in fault.text
    assert place_faults(parsed.faults, rows).by_field == {name: [fault.text]}


@pytest.mark.parametrize(
    "name", ["error_window", "daily_limit", "fallback_id", "name", "subject_template", "time_zone"]
)
def test_what_is_emptied_gets_its_default(name: str) -> None:
    rows = fields_of(SETTINGS.method, others=OTHERS)

    parsed = parse_entries(entries_of(SETTINGS, rows) | {name: " "}, rows, SETTINGS.method)

    if name == "fallback_id":
        parsed = parse_entries(entries_of(SETTINGS, rows) | {name: ""}, rows, SETTINGS.method)
    assert (parsed.changes[name], parsed.faults) == (None, ())


def test_what_differs_is_told_in_words() -> None:
    rows = fields_of(SETTINGS.method, others=OTHERS)
    stored = entries_of(SETTINGS, rows)
    mine = stored | {"fallback_id": "", "notify_on_clear": "yes", "name": "Mine"}

    assert differences(mine, stored, rows) == {
        "name": "Stored now: Night shift",
        "notify_on_clear": "Stored now: no",
        "fallback_id": "Stored now: Day shift",
    }


def test_methods_are_changed_among_those_alike_only() -> None:
    choices = {
        method: next((row.choices for row in fields_of(method) if row.name == "method"), ()) for method in AlertMethod
    }

    assert [number for number, _ in choices[AlertMethod.EMAIL_TEXT]] == ["12", "1", "4"]
    assert [number for number, _ in choices[AlertMethod.WEB_POST]] == ["16", "10"]
    for method, found in choices.items():
        assert {AlertMethod(int(number)).secret for number, _ in found} <= {method.secret}
    assert choices[AlertMethod.WEB_SIGNED] == choices[AlertMethod.PAGERDUTY] == ()
    assert AlertMethod.APPRISE.secret is SecretKind.APPRISE
