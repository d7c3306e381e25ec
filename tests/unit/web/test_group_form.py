"""The form of a recipient group: what stands in it, and what is read from it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mailtrip.model import RecipientGroupSettings, Severity, StatusCode
from mailtrip.web.group_form import code_choices, differing, entries_of, parse_entries, read_entries

GROUP = RecipientGroupSettings(
    name="Mail team",
    is_default=True,
    monitor_ids=(100001, 100003),
    recipient_ids=(100002,),
    status_codes=(104, 888),
    is_urgent=True,
    escalate_after=timedelta(minutes=30),
    escalate_to=(100004,),
    escalate_to_groups=(100005,),
)
PLAIN = RecipientGroupSettings(name="Plain", monitor_ids=(1,), recipient_ids=(2,))


@pytest.mark.parametrize("settings", [GROUP, PLAIN])
def test_what_is_shown_and_sent_back_changes_nothing(settings: RecipientGroupSettings) -> None:
    entries = entries_of(settings)
    sent = read_entries({name: text for name, text in entries.items() if text} | {"form_token": "x"})

    parsed = parse_entries(sent)

    assert replace(settings, **parsed.changes) == settings  # type: ignore[arg-type]  # values of many types
    assert parsed.faults == ()
    assert differing(sent, entries) == []


def test_only_ticks_of_a_group_are_read() -> None:
    sent = read_entries(
        {
            "name": " ",
            "monitor-1": "no",
            "monitor-0": "yes",
            "monitor-x": "yes",
            "code-" + "9" * 19: "yes",
            "other-1": "yes",
            "recipient-7": "yes",
        }
    )

    changes = parse_entries(sent).changes

    assert (changes["name"], changes["monitor_ids"], changes["recipient_ids"]) == (None, (), (7,))
    assert changes["status_codes"] == ()


@pytest.mark.parametrize("text", ["soon", "-1", "1.5", "1234567"])
def test_minutes_that_are_no_number_are_told(text: str) -> None:
    parsed = parse_entries(entries_of(GROUP) | {"escalate_after": text})

    assert [fault.field for fault in parsed.faults] == ["escalate_after"]
    assert "escalate_after" not in parsed.changes


def test_what_differs_is_told_by_its_labels() -> None:
    stored = entries_of(GROUP)
    mine = {name: text for name, text in stored.items() if name != "monitor-100003"} | {"name": "Mine", "code-1": "yes"}

    assert differing(mine, stored) == ["Name", "Monitors", "Errors"]


def test_errors_can_be_chosen_and_those_that_are_no_more_stay_there() -> None:
    codes = dict(code_choices(GROUP.status_codes))

    assert codes.pop(888) == "no status of mail monitors"
    errors = {int(status) for status in StatusCode if status.severity is Severity.ERROR}
    assert set(codes) == errors | {207, 208, int(StatusCode.SLOW), 307, int(StatusCode.SLOW_ANSWER)}
