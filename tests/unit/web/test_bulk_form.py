"""The form that changes several monitors at once."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.web.builders import NOW

from mailtrip.model import Mechanism, Monitor, MonitorSettings, MonitorType, TLSMode
from mailtrip.web.bulk_form import BULK_FIELDS, applying, chosen_ids, differences, read_wanted, totals


@pytest.mark.parametrize(
    ("form", "changes"),
    [
        ({}, {}),
        ({"interval": "10", "enabled": "no"}, {"enabled": False, "interval": timedelta(minutes=10)}),
        ({"tls_verify": "yes"}, {"tls_verify": True}),
        ({"tags": "Berlin, Gold"}, {"tags": ("Berlin", "Gold")}),
        ({"clear-tags": "yes"}, {"tags": ()}),
        ({"timeout": " ", "clear-timeout": "yes"}, {"timeout": None}),
        ({"clear-note": "yes", "alert_note": "Call us"}, {"note": None, "alert_note": "Call us"}),
        ({"smtp_tls": "none", "mailbox_mechanism": "apop"}, {"smtp_tls": TLSMode.NONE, "mailbox_mechanism": Mechanism.APOP}),
        ({"name": "All the same", "email": "x@example.com", "clear-interval": "yes"}, {}),
    ],
)  # fmt: skip
def test_only_what_is_written_or_cleared_is_changed(form: dict[str, str], changes: dict[str, object]) -> None:
    wanted = read_wanted(form)

    assert (wanted.changes, wanted.faults) == (changes, ())


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"interval": "soon"}, "interval"),
        ({"smtp_tls": "some"}, "smtp_tls"),
        ({"note": "x", "clear-note": "yes"}, "note"),
    ],
)
def test_what_cannot_be_read_is_told_at_its_field(form: dict[str, str], field: str) -> None:
    assert [fault.field for fault in read_wanted(form).faults] == [field]


def test_monitors_are_chosen_with_the_revision_that_was_seen() -> None:
    form = {"monitor-12": "3", "monitor-x": "1", "monitor-13": "yes", "group-1": "1", f"monitor-{'9' * 30}": "1"}

    assert chosen_ids(form) == {12: 3}


def test_a_monitor_tells_what_would_be_different_and_what_it_does_not_have() -> None:
    settings = MonitorSettings(
        type=MonitorType.SMTP,
        name="Check",
        plan_code="x",
        interval=timedelta(minutes=5),
        warning_time=timedelta(seconds=2.5),
    )
    check = Monitor(
        id=5,
        account_id=1,
        settings=settings,
        has_password=False,
        has_smtp_password=False,
        created_at=NOW,
        modified_at=NOW,
    )
    wanted = read_wanted(
        {"interval": "10", "mailbox_tls": "none", "enabled": "yes", "note": "Ours", "warning_time": "1"}
    )

    outcome = differences(check, wanted.changes)

    told = [(change.label, change.before, change.after) for change in outcome.changes]
    assert told == [
        ("Run every", "5 minutes", "10 minutes"),
        ("Slow from", "2.5 seconds", "1 second"),
        ("Note", "not set", "Ours"),
    ]
    assert outcome.left_out == ("TLS of the mailbox",)
    assert applying(check, wanted.changes).keys() == {"interval", "enabled", "note", "warning_time"}
    same = replace(check, settings=replace(settings, note="Ours"))
    assert totals([outcome, differences(same, wanted.changes)]) == [
        ("Run every", "10 minutes", 2),
        ("Slow from", "1 second", 2),
        ("Note", "Ours", 1),
    ]


def test_every_field_is_one_of_round_trips() -> None:
    assert all(MonitorType.ROUND_TRIP in field.types for field in BULK_FIELDS)
