"""The rules of a monitor's fields, as a table."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.errors import Fault
from mailtrip.model import CustomProperty, MailProtocol, Mechanism, Mode, MonitorSettings, MonitorType, TLSMode
from mailtrip.service.monitors import check
from mailtrip.testing.certificates import Authority

GOOD = MonitorSettings(
    name="Round trip",
    plan_code="UBM - A/A",
    email="probe@probe.test",
    smtp_server="smtps://smtp.probe.test:465",
    mailbox_protocol=MailProtocol.POP3,
    mailbox_server="pop3s://mail.probe.test:995",
)
SMTP = {"type": MonitorType.SMTP, "email": "", "smtp_server": "smtp.probe.test", "mailbox_server": ""}
IMAP = {"mailbox_protocol": MailProtocol.IMAP, "mailbox_server": "imaps://mail.probe.test"}


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        IMAP,
        {"name": "x" * 255, "plan_code": "p" * 64},
        {"name": "Größe 😀"},
        {"email": "grüße@bücher.test"},
        {"email": '"quoted local"@probe.test'},
        {"email": "root@localhost"},
        {"email": "probe@[192.0.2.1]"},
        {"email": "probe@[IPv6:2001:db8::1]"},
        {"email": "probe+tag@mail.invalid", "sender": "other@intranet.local"},
        {"smtp_server": "smtp.probe.test"},
        {"smtp_server": "[2001:db8::1]:2525"},
        {"smtp_server": "smtp://192.0.2.1"},
        {"smtp_server": "smtp.probe.test", "smtp_tls": TLSMode.STARTTLS},
        {"mailbox_server": "mail.probe.test:1995", "mailbox_tls": TLSMode.IMPLICIT},
        {"smtp_mechanism": Mechanism.CRAM_MD5, "mailbox_mechanism": Mechanism.APOP},
        {**IMAP, "mailbox_mechanism": Mechanism.SCRAM_SHA_256},
        {"interval": minutes(1)},
        {"interval": minutes(1440)},
        {"interval": minutes(1), "timeout": seconds(59)},
        {"timeout": seconds(5)},
        {"timeout": seconds(300)},
        {"warning_time": seconds(0.5)},
        {"warning_time": seconds(299)},
        {"location_ids": (10, 20), "home_location_id": 20, "mode": Mode.ROUND_ROBIN, "locations_per_run": 2},
        {"home_location_id": 10},
        {**IMAP, "mailbox_mechanism": Mechanism.CRAM_MD5, "folders": ("Lists", "Archive/2026")},
        {"certificate_days": 0, "expect_spf": True},
        {"locations_per_run": 1},
        {"note": "first\r\nsecond\tend", "alert_note": ""},
        SMTP,
        {**SMTP, "port": 587, "address": "192.0.2.1", "capabilities": ("STARTTLS", "AUTH PLAIN")},
        {**SMTP, "smtp_server": "smtp.probe.test:587", "port": 587},
        {"custom_properties": (CustomProperty(id=228, name="Environment", value="", value_id=None),)},
    ],
)
def test_what_the_contract_allows_is_taken(fields: dict[str, Any]) -> None:  # Any: values of many types
    assert check(replace(GOOD, **fields)) == ()


@pytest.mark.parametrize(
    ("fields", "field", "text"),
    [
        ({"port": 587}, "port", "is for the check of one server"),
        ({"address": "192.0.2.1"}, "address", "is for the check of one server"),
        ({"capabilities": ("DSN",)}, "capabilities", "is for the check of one server"),
        ({**SMTP, "smtp_server": ""}, "smtp_server", "1 to 300"),
        ({**SMTP, "port": 0}, "port", "a port is 1 to 65535"),
        ({**SMTP, "smtp_server": "x:25", "port": 587}, "smtp_server", "names port 25, but the port is given as 587"),
        ({**SMTP, "address": "::1"}, "address", "is no IPv4 address"),
        ({**SMTP, "capabilities": ("",)}, "capabilities", "a name has 0 characters"),
        ({**SMTP, "capabilities": ("X",) * 21}, "capabilities", "at most 20 are taken"),
        ({**SMTP, "type": MonitorType.IMAP}, "mailbox_server", "1 to 300"),
        ({"name": ""}, "name", "has 0 characters; it takes 1 to 255"),
        ({"name": "x" * 256}, "name", "has 256 characters; it takes 1 to 255"),
        ({"name": "   "}, "name", "is blank"),
        ({"name": "two\nlines"}, "name", "line break"),
        ({"name": "nul\0"}, "name", "control character"),
        ({"name": "line separator\u2028"}, "name", "line break"),
        ({"name": "half \ud83d"}, "name", "surrogate"),
        ({"plan_code": ""}, "plan_code", "1 to 64"),
        ({"plan_code": "p" * 65}, "plan_code", "1 to 64"),
        ({"username": "u" * 256}, "username", "1 to 255"),
        ({"username": "user\r\nPASS x"}, "username", "line break"),
        ({"smtp_username": "user\x7f"}, "smtp_username", "control character"),
        ({"email": ""}, "email", "1 to 254"),
        ({"email": "nobody"}, "email", "is no mail address"),
        ({"email": "a@probe.test,b@probe.test"}, "email", "is no mail address"),
        ({"email": "a@probe.test b@probe.test"}, "email", "is no mail address"),
        ({"email": "Anna <anna@probe.test>"}, "email", "is no mail address"),
        ({"email": "anna@probe.test\r\nRCPT TO:<x@y.test>"}, "email", "line break"),
        ({"email": "anna@-probe.test"}, "email", "write one address like"),
        ({"email": f"{'l' * 65}@probe.test"}, "email", "is no mail address"),
        ({"email": "a@.localhost"}, "email", "is no mail address"),
        ({"email": "a b@localhost"}, "email", "is no mail address"),
        ({"sender": "nobody"}, "sender", "is no mail address"),
        ({"sender": "a@probe.test\n"}, "sender", "line break"),
        ({"smtp_server": "smpt://x"}, "smtp_server", "unknown scheme; use smtp:// or smtps://"),
        ({"smtp_server": "pop3://x"}, "smtp_server", "unknown scheme"),
        ({"smtp_server": "smtps://user:geheim@x"}, "smtp_server", "don't belong into the server's URL"),
        ({"smtp_server": "x:0"}, "smtp_server", "a port is 1 to 65535"),
        ({"smtp_server": "smtps://x\r\n"}, "smtp_server", "line break"),
        ({"smtp_server": ""}, "smtp_server", "1 to 300"),
        ({"smtp_server": "smtps://x", "smtp_tls": TLSMode.NONE}, "smtp_server", "contradicts TLS mode"),
        ({"mailbox_server": "imaps://x"}, "mailbox_server", "unknown scheme; use pop3:// or pop3s://"),
        ({"mailbox_protocol": MailProtocol.SMTP, "mailbox_server": "x"}, "mailbox_protocol", "use pop3 or imap"),
        ({"smtp_mechanism": Mechanism.APOP}, "smtp_mechanism", 'SMTP has no "apop"; use one of auto, cram-md5'),
        ({"certificate_days": 400}, "certificate_days", "400 is out of range; use 0 to 365 days"),
        ({"folders": ("Lists",)}, "folders", "is for IMAP; POP3 shows the inbox only"),
        ({**IMAP, "folders": tuple(str(number) for number in range(11))}, "folders", "at most 10 are taken"),
        ({**IMAP, "folders": ("Lists", "Lists")}, "folders", "names a folder twice"),
        ({**IMAP, "folders": ("a\nb",)}, "folders", "a name"),
        ({"tags": tuple(str(number) for number in range(21))}, "tags", "at most 20 are taken"),
        ({"tags": ("Mail", "mail")}, "tags", "names a tag twice"),
        ({"tags": ("a" * 41,)}, "tags", "a tag has 41 characters"),
        ({"tags": ("a\nb",)}, "tags", "a tag has a line break"),
        ({"tags": ("a,b",)}, "tags", "a tag has a comma"),
        ({"tags": (" a",)}, "tags", "a blank at an end"),
        ({**IMAP, "mailbox_mechanism": Mechanism.APOP}, "mailbox_mechanism", 'IMAP has no "apop"'),
        ({"tls_ca": ""}, "tls_ca", "is no PEM bundle"),
        ({"tls_ca": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}, "tls_ca", "is no PEM bundle"),
        ({"tls_ca": "-----BEGIN PRIVATE KEY-----\n"}, "tls_ca", "private key"),
        ({"tls_ca": "x" * 300_000}, "tls_ca", "at most 262144"),
        ({"tls_ca": "ü"}, "tls_ca", "is no PEM bundle"),
        ({"interval": minutes(0)}, "interval", "0 minutes is out of range; use whole minutes from 1 to 1440"),
        ({"interval": minutes(-5)}, "interval", "out of range"),
        ({"interval": minutes(1441)}, "interval", "out of range"),
        ({"interval": seconds(90)}, "interval", "1.5 minutes is out of range"),
        ({"timeout": seconds(4)}, "timeout", "4 s is out of range; use whole seconds from 5 to 300"),
        ({"timeout": seconds(301)}, "timeout", "out of range"),
        ({"timeout": seconds(10.5)}, "timeout", "10.5 s is out of range"),
        (
            {"timeout": seconds(60), "interval": minutes(1)},
            "timeout",
            "not below the interval of 1 min; use at most 59 s",
        ),
        ({"warning_time": seconds(0)}, "warning_time", "more than 0 and less than the timeout of 300 s"),
        ({"warning_time": seconds(-1)}, "warning_time", "out of range"),
        ({"warning_time": seconds(300)}, "warning_time", "less than the timeout of 300 s"),
        ({"warning_time": seconds(50), "interval": minutes(1)}, "warning_time", "less than the timeout of 50 s"),
        ({"location_ids": (10, 10)}, "location_ids", "twice"),
        ({"location_ids": tuple(range(101))}, "location_ids", "at most 100"),
        ({"location_ids": (10, 20), "home_location_id": 30}, "home_location_id", "30 is not one of"),
        ({"mode": Mode.ROUND_ROBIN}, "mode", '"Round Robin" needs two locations or more'),
        ({"mode": Mode.SLA, "location_ids": (10,)}, "mode", "needs two locations"),
        ({"locations_per_run": 0}, "locations_per_run", "the monitor has 1 location"),
        ({"locations_per_run": 3, "location_ids": (10, 20)}, "locations_per_run", "the monitor has 2 locations"),
        ({"note": "bell\a"}, "note", "control character"),
        ({"alert_note": "half \udc00"}, "alert_note", "surrogate"),
        ({"custom_properties": (CustomProperty(id=-1),)}, "custom_properties", "an id is out of range"),
        ({"custom_properties": (CustomProperty(id=1, value_id=2**60),)}, "custom_properties", "an id is out of range"),
        ({"custom_properties": (CustomProperty(id=1, value="x" * 256),)}, "custom_properties", "id 1: a text has 256"),
        ({"custom_properties": (CustomProperty(id=1),) * 101}, "custom_properties", "at most 100"),
    ],
)
def test_what_is_wrong_is_told_with_what_would_be_right(
    fields: dict[str, Any],  # Any: values of many types
    field: str,
    text: str,
) -> None:
    (fault,) = check(replace(GOOD, **fields))
    assert fault.field == field
    assert text in fault.text


def test_a_password_in_a_server_is_not_repeated() -> None:
    (fault,) = check(replace(GOOD, smtp_server="smtps://user:geheim@x"))
    assert "geheim" not in fault.text


def test_a_bundle_of_certificates_is_taken() -> None:
    bundle = Authority("One").ca_pem + Authority("Two").ca_pem
    assert check(replace(GOOD, tls_ca=bundle)) == ()


def test_faults_of_different_fields_are_told_together() -> None:
    faults = check(replace(GOOD, name="", email="x", smtp_server="/", mode=Mode.SLA, note="\0"))
    assert {fault.field for fault in faults} == {"name", "email", "smtp_server", "mode", "note"}


@given(st.text())
def test_no_text_that_passes_has_a_line_break_or_a_nul(text: str) -> None:
    settings = replace(GOOD, name=text, email=text, username=text, smtp_server=text, sender=text)
    bad = {fault.field for fault in check(settings)}
    if any(character in "\r\n\0" for character in text):
        assert bad >= {"name", "email", "username", "smtp_server", "sender"}


@given(st.text(), st.timedeltas(), st.timedeltas(), st.lists(st.integers(), max_size=5))
def test_checking_never_raises(text: str, interval: timedelta, timeout: timedelta, ids: list[int]) -> None:
    settings = replace(
        GOOD,
        name=text,
        email=text,
        smtp_server=text,
        mailbox_server=text,
        tls_ca=text,
        note=text,
        interval=interval,
        timeout=timeout,
        warning_time=timeout,
        location_ids=tuple(ids),
    )
    assert all(isinstance(fault, Fault) for fault in check(settings))


@given(interval=st.integers(1, 1440), timeout=st.none() | st.integers(5, 300), warning=st.none() | st.integers(1, 400))
def test_what_passes_ends_before_the_next_slot(interval: int, timeout: int | None, warning: int | None) -> None:
    settings = replace(
        GOOD,
        interval=minutes(interval),
        timeout=None if timeout is None else seconds(timeout),
        warning_time=None if warning is None else seconds(warning),
    )
    if not check(settings):
        assert seconds(0) < settings.run_timeout < settings.interval
        assert settings.warning_time is None or settings.warning_time < settings.run_timeout
