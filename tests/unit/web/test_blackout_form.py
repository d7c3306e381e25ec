"""The forms of blackouts."""

from datetime import UTC, datetime, time

import pytest
from tests.unit.web.test_calendar_view import SUNDAY_NIGHT, make

from mailtrip.model import OneTimeWindow
from mailtrip.service.blackout_rules import settle
from mailtrip.web.blackout_form import entries_of, first_entries, parse

ONCE = OneTimeWindow(
    start=datetime(2026, 3, 3, 22, 0, 30, tzinfo=UTC), end=datetime(2026, 3, 4, 2, 0, tzinfo=UTC)
)  # fmt: skip


@pytest.mark.parametrize("window", [ONCE, SUNDAY_NIGHT])
def test_what_a_form_shows_of_a_blackout_means_that_blackout(window: OneTimeWindow) -> None:
    blackout = make(window)

    draft, faults = parse(entries_of(blackout))

    assert faults == []
    assert settle(draft, now=datetime(2026, 3, 1, tzinfo=UTC)) == window
    assert (draft.type, draft.note) == (blackout.type, blackout.note)


@pytest.mark.parametrize(
    ("entries", "field"),
    [
        ({"start": "yesterday"}, "start"),
        ({"start": "2026-03-03"}, "start"),
        ({"start": "2026-03-03T10:00+01:00"}, "start"),
        ({"end": "2026-02-30T10:00"}, "end"),
        ({"type": "all"}, "type"),
        ({"repeats": "weekly", "start_time": "25:00"}, "start_time"),
        ({"repeats": "weekly", "end_day": "8"}, "end_day"),
    ],
)
def test_what_cannot_be_read_is_told_at_its_field(entries: dict[str, str], field: str) -> None:
    draft, faults = parse(first_entries() | entries)

    assert [fault.field for fault in faults] == [field]
    assert getattr(draft, field) is None


def test_nothing_written_is_nothing_given() -> None:
    draft, faults = parse(first_entries() | {"repeats": "weekly"})

    assert faults == []
    assert (draft.start_time, draft.end_time, draft.start, draft.note) == (None, None, None, None)
    assert time(0) == parse(first_entries() | {"repeats": "weekly", "start_time": "00:00"})[0].start_time
