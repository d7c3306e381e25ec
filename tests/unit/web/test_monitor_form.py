from dataclasses import fields, replace
from datetime import timedelta

import pytest

from mailtrip.errors import Fault
from mailtrip.model import MailProtocol, MonitorSettings, MonitorType, TLSMode
from mailtrip.service.monitors import UNCHANGED, Passwords
from mailtrip.web.monitor_fields import FIELDS, LOGIN, Kind, fields_of
from mailtrip.web.monitor_form import PlacedFaults, entries_of, first_entries, parse_entries, place_faults, read_entries

SETTINGS = MonitorSettings(
    name="Head office",
    plan_code="UBM - A/A",
    email="probe@example.com",
    smtp_server="smtps://smtp.example.com",
    smtp_tls=TLSMode.IMPLICIT,
    smtp_username="relay",
    mailbox_protocol=MailProtocol.IMAP,
    mailbox_server="imaps://imap.example.com",
    interval=timedelta(minutes=10),
    warning_time=timedelta(seconds=30),
    folders=("Lists", "Old mail"),
    expect_dkim=True,
    tags=("Customer A", "production"),
    note="Two\nlines",
)
WRITTEN = {"email": "probe@example.com", "password": "secret"}


@pytest.mark.parametrize("type_", MonitorType)
def test_each_field_is_one_of_the_settings_and_stands_there_once(type_: MonitorType) -> None:
    names = [each.name for each in fields_of(type_)]

    assert len(names) == len(set(names))
    assert set(names) <= {each.name for each in fields(MonitorSettings)} | {"password", "smtp_password", LOGIN}


@pytest.mark.parametrize("type_", MonitorType)
def test_what_is_shown_and_sent_back_changes_nothing(type_: MonitorType) -> None:
    settings = replace(SETTINGS, type=type_, folders=SETTINGS.folders if type_ is MonitorType.ROUND_TRIP else ())
    entries = entries_of(settings)
    sent = read_entries({name: text.replace("\n", "\r\n") for name, text in entries.items()}, type_)

    parsed = parse_entries(sent, type_, before=entries)

    assert replace(settings, **parsed.changes) == settings  # type: ignore[arg-type]  # values of many types
    assert (parsed.passwords, parsed.faults) == (Passwords(mailbox=UNCHANGED, smtp=UNCHANGED), ())


@pytest.mark.parametrize(
    ("written", "username", "passwords"),
    [
        ({LOGIN: "same"}, "probe@example.com", Passwords(mailbox="secret", smtp="secret")),
        ({LOGIN: "same", "username": "probe"}, "probe", Passwords(mailbox="secret", smtp="secret")),
        ({LOGIN: "none", "smtp_password": "left over"}, None, Passwords(mailbox="secret")),
        (
            {LOGIN: "own", "smtp_username": "relay", "smtp_password": "other"},
            "relay",
            Passwords(mailbox="secret", smtp="other"),
        ),
    ],
)
def test_the_smtp_login_is_that_of_the_mailbox_another_one_or_none(
    written: dict[str, str], username: str | None, passwords: Passwords
) -> None:
    entries = first_entries(MonitorType.ROUND_TRIP) | WRITTEN | written

    parsed = parse_entries(entries, MonitorType.ROUND_TRIP)

    assert parsed.changes["smtp_username"] == username
    assert (parsed.passwords, parsed.faults) == (passwords, ())


def test_a_stored_password_is_not_taken_for_another_login() -> None:
    stored = entries_of(SETTINGS)

    parsed = parse_entries(stored | {LOGIN: "same"}, MonitorType.ROUND_TRIP, before=stored)

    assert [fault.field for fault in parsed.faults] == ["password"]


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("interval", "", "is required"),
        ("interval", "five", '"five" is no whole number'),
        ("interval", "99999999999999999999", "is no whole number"),
        ("interval", "٥", "is no whole number"),  # a digit of another script
        ("timeout", "-1", "is no whole number"),
        ("certificate_days", "", "is required"),
        ("smtp_tls", "maybe", "is none of the choices"),
        ("mailbox_protocol", "smtp", "is none of the choices"),
        ("password", "", "is required"),
    ],
)
def test_what_cannot_be_read_is_told_and_not_taken(name: str, text: str, fault: str) -> None:
    entries = first_entries(MonitorType.ROUND_TRIP) | WRITTEN | {name: text}

    parsed = parse_entries(entries, MonitorType.ROUND_TRIP)

    [found] = parsed.faults
    assert found.field == name
    assert fault in found.text
    assert name not in parsed.changes


@pytest.mark.parametrize("login", ["same", "own"])
def test_a_fault_stands_beside_the_field_that_it_is_about(login: str) -> None:
    entries = first_entries(MonitorType.ROUND_TRIP) | {LOGIN: login}
    faults = [
        Fault("email", "is required"),
        Fault("password", "is too long"),
        Fault("smtp_password", "is too long"),
        Fault("smtp_username", "is required"),
        Fault("account", "is full"),
    ]

    placed = place_faults(faults, entries)

    apart = {"smtp_password": ["is too long"], "smtp_username": ["is required"]}
    shared = {"username": ["is required"]}
    by_field = {"email": ["is required"], "password": ["is too long"]} | (apart if login == "own" else shared)
    assert placed == PlacedFaults(by_field=by_field, others=["account: is full"])
    assert placed.count == len(by_field) + 1


def test_no_password_is_ever_shown() -> None:
    secrets = {each.name for each in FIELDS if each.kind is Kind.PASSWORD}

    assert {entries_of(SETTINGS)[name] for name in secrets} == {""}
