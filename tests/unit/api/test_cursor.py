"""Cursors and times of our own API."""

import base64
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.api.codecs import LARGEST_ID, BadValue
from mailtrip.api.native.cursor import make_cursor, parse_cursor
from mailtrip.api.native.times import parse_time

FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)
MOMENTS = st.datetimes(timezones=st.just(UTC))


@given(slot=MOMENTS, run_id=st.integers(1, LARGEST_ID))
def test_a_cursor_leads_back_to_its_run(slot: datetime, run_id: int) -> None:
    assert parse_cursor(make_cursor(slot, run_id)) == (slot, run_id)


@given(st.text())
def test_any_other_text_is_no_cursor(text: str) -> None:
    try:
        slot, run_id = parse_cursor(text)
    except BadValue:
        return
    assert make_cursor(slot, run_id) == text


@pytest.mark.parametrize("content", ["1.0", "1.-1", "1", ".", "9" * 30 + ".1", "01.1", "1.01", "1.1 ", "1.1.1"])
def test_a_cursor_that_we_would_not_make_is_refused(content: str) -> None:
    with pytest.raises(BadValue):
        parse_cursor(base64.urlsafe_b64encode(content.encode()).decode().rstrip("="))


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=14)), timezone(-timedelta(hours=12))])))
def test_a_time_is_read_as_it_was_written(moment: datetime) -> None:
    try:
        expected = moment.astimezone(UTC)
    except OverflowError:
        expected = FIRST if moment.year == 1 else LAST
    assert parse_time(moment.isoformat()) == expected


def test_a_time_without_a_zone_is_utc() -> None:
    assert parse_time("2026-01-31 12:00:00") == datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "now", "2026-01-31", "2026-02-30T00:00:00Z", "2026-01-31T25:00:00Z", "20260131T120000Z", "2026-01-31T12:00Z"],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="must be a time like"):
        parse_time(text)
