"""The vendor's words for spans of time (alertsite-v3.md, 6.1)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.api.alertsite.report_dates import WORDS, span_of
from mailtrip.api.codecs import BadValue

NOW = "2026-03-11 15:30:00"  # a Wednesday
INSTANT = timedelta(microseconds=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("word", "start", "end"),
    [
        ("LastOneHour", "2026-03-11 14:30:00", None),
        ("LastTwoHours", "2026-03-11 13:30:00", None),
        ("LastFourHours", "2026-03-11 11:30:00", None),
        ("LastEightHours", "2026-03-11 07:30:00", None),
        ("LastTwelveHours", "2026-03-11 03:30:00", None),
        ("LastTwentyFourHours", "2026-03-10 15:30:00", None),
        ("LastFortyEightHours", "2026-03-09 15:30:00", None),
        ("Today", "2026-03-11 00:00:00", None),
        ("Yesterday", "2026-03-10 00:00:00", "2026-03-11 00:00:00"),
        ("LastTwoDays", "2026-03-09 00:00:00", None),
        ("LastThreeDays", "2026-03-08 00:00:00", None),
        ("LastSevenDays", "2026-03-04 00:00:00", None),
        ("LastEightDays", "2026-03-03 00:00:00", None),
        ("ThisWeek", "2026-03-08 00:00:00", None),
        ("LastWeek", "2026-03-01 00:00:00", "2026-03-08 00:00:00"),
        ("LastBizWeek", "2026-03-02 00:00:00", "2026-03-07 00:00:00"),
        ("ThisMonth", "2026-03-01 00:00:00", None),
        ("LastMonth", "2026-02-01 00:00:00", "2026-03-01 00:00:00"),
    ],
)
def test_a_word_names_a_span_in_utc_whose_end_is_now_or_not_part_of_it(word: str, start: str, end: str | None) -> None:
    assert span_of(word, now=at(NOW)) == (at(start), at(NOW) + INSTANT if end is None else at(end))


@pytest.mark.parametrize(
    ("now", "start"), [("2026-03-08 00:00:00", "2026-03-08 00:00:00"), ("2026-03-07 23:59:59", "2026-03-01 00:00:00")]
)
def test_weeks_begin_on_sunday(now: str, start: str) -> None:
    assert span_of("ThisWeek", now=at(now))[0] == at(start)


def test_the_month_before_january_is_december() -> None:
    assert span_of("LastMonth", now=at("2026-01-31 12:00:00")) == (at("2025-12-01 00:00:00"), at("2026-01-01 00:00:00"))


@given(
    st.sampled_from(WORDS),
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - with a zone
)
def test_a_span_is_not_empty_and_not_in_the_future(word: str, now: datetime) -> None:
    start, end = span_of(word, now=now)

    assert start < end <= now + INSTANT


@pytest.mark.parametrize("word", ["today", "", "Now", "LastYear"])
def test_another_word_is_refused(word: str) -> None:
    with pytest.raises(BadValue, match="must be one of LastOneHour, "):
        span_of(word, now=at(NOW))
