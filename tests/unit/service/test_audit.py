"""What the audit log says of a change: each field that differs, and no secret."""

from datetime import UTC, datetime, time, timedelta

import pytest

from mailtrip.model import (
    Actor,
    AlertMethod,
    AuditAction,
    AuditActorType,
    AuditKind,
    Exclusion,
    Mode,
    MonitorSettings,
    OneTimeWindow,
    Origin,
    RecipientSettings,
    Role,
    WeeklyWindow,
    WeekTime,
)
from mailtrip.service.audit import changes_between, note

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MONITOR = MonitorSettings(name="Mail", plan_code="A", email="a@example.com", smtp_server="smtps://mail.example.com:465")
USER = Actor(
    account_id=7,
    role=Role.ADMIN,
    user_id=100001,
    email="admin@example.com",
    origin=Origin(address="192.0.2.7", request_id="0123456789abcdef"),
)


def test_only_fields_that_differ_are_noted() -> None:
    after = MonitorSettings(
        name="Mail",
        plan_code="A",
        email="b@example.com",
        smtp_server=MONITOR.smtp_server,
        interval=timedelta(minutes=5),
    )

    assert changes_between(MONITOR, after) == {"email": ("a@example.com", "b@example.com"), "interval": (900, 300)}


def test_an_edit_that_changes_nothing_has_no_changes() -> None:
    assert changes_between(MONITOR, MONITOR) == {}


def test_of_a_new_record_all_that_is_not_empty_is_noted() -> None:
    changes = changes_between(None, MONITOR)

    assert changes["name"] == (None, "Mail")
    assert changes["tls_verify"] == (None, True)
    assert "note" not in changes
    assert "folders" not in changes


def test_of_a_removed_record_what_it_had_is_noted() -> None:
    assert changes_between(MONITOR, None)["name"] == ("Mail", None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (timedelta(seconds=2.35), 2.35),
        (timedelta(minutes=1), 60),
        (NOW, "2026-03-01T12:00:00+00:00"),
        (Mode.SLA, "SLA (MultiPOP)"),
        (AlertMethod.EMAIL_HTML, 12),
        (frozenset({3, 1}), [1, 3]),
        (
            WeeklyWindow(start=WeekTime(day=1, time=time(8)), end=WeekTime(day=2, time=time(9, 5))),
            {"start": {"day": 1, "time": "08:00"}, "end": {"day": 2, "time": "09:05"}},
        ),
        (
            (Exclusion(window=OneTimeWindow(start=NOW, end=NOW), note="x"),),
            [{"window": {"start": NOW.isoformat(), "end": NOW.isoformat()}, "note": "x"}],
        ),
        ("x" * 2000, "x" * 1000 + "... (2000 characters)"),
    ],
)
def test_values_are_noted_as_json_has_them(value: object, expected: object) -> None:
    assert changes_between({}, {"field": value}) == {"field": (None, expected)}


def test_what_json_can_not_show_is_a_bug() -> None:
    with pytest.raises(TypeError, match="bytes"):
        changes_between({}, {"field": b"x"})


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://hooks.example.com/alerts", "https://hooks.example.com/alerts"),
        ("https://hooks.example.com:8443/api/v2/alerts", "https://hooks.example.com:8443/api/v2/alerts"),
        (
            "https://hooks.example.com/services/T02AB/B03CD/x4f9KjQwErTy",
            "https://hooks.example.com/services/***/***/***",
        ),
        ("https://user:s3cret@example.com/x", "https://***@example.com/x"),
        ("https://example.com/x?key=s3cret", "https://example.com/x?***"),
        ("https://example.com/x#s3cret", "https://example.com/x#***"),
        ("https://example.com/abcdefghijklmnopqrstuvwxyz", "https://example.com/***"),
        ("HTTPS://example.com/ABCDEF", "https://example.com/***"),
        ("https://[broken/s3cret", "***"),
        ("a@example.com", "a@example.com"),
        ("+1 202 555 0100", "+1 202 555 0100"),
    ],
)
def test_what_may_be_secret_in_a_web_address_is_hidden(address: str, shown: str) -> None:
    settings = RecipientSettings(method=AlertMethod.WEB_JSON, address=address)

    assert changes_between(None, settings)["address"] == (None, shown)


def test_two_addresses_that_differ_in_what_is_hidden_are_a_change() -> None:
    before, after = (
        RecipientSettings(method=AlertMethod.WEB_JSON, address=f"https://example.com/x?key={key}") for key in "ab"
    )

    assert changes_between(before, after) == {"address": ("https://example.com/x?***", "https://example.com/x?***")}


@pytest.mark.parametrize(
    ("there", "shown"),
    [
        ((False, True), {"password": (None, "set")}),
        ((True, True), {"password": ("set", "changed")}),
        ((True, False), {"password": ("set", "cleared")}),
        ((False, False), {}),
    ],
)
def test_of_a_password_there_is_only_what_became_of_it(there: tuple[bool, bool], shown: object) -> None:
    noted = note(USER, AuditAction.MONITOR_CHANGED, 100001, now=NOW, secrets={"password": there})

    assert noted.changes == shown


def test_a_note_tells_who_it_was_when_and_from_where() -> None:
    noted = note(USER, AuditAction.MONITOR_REMOVED, 100002, now=NOW, before=MONITOR)

    assert (noted.account_id, noted.at, noted.record_id, noted.record_name) == (7, NOW, 100002, "Mail")
    assert (noted.actor_type, noted.actor_id, noted.actor_name) == (AuditActorType.USER, 100001, "admin@example.com")
    assert (noted.address, noted.request_id) == ("192.0.2.7", "0123456789abcdef")


def test_the_operator_has_no_name_and_no_address() -> None:
    noted = note(Actor(account_id=1, role=Role.ADMIN), AuditAction.USER_CREATED, 100001, now=NOW)

    assert noted.actor_type is AuditActorType.OPERATOR
    assert (noted.actor_id, noted.actor_name, noted.address, noted.request_id) == (None, None, None, None)


@pytest.mark.parametrize("action", AuditAction)
def test_each_action_has_a_kind(action: AuditAction) -> None:
    assert action.kind in AuditKind
