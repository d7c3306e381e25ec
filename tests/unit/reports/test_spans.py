"""Spans of time as sums of hours, days and months, and as buckets of a zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.model.tally import Size
from mailtrip.reports.spans import Piece, buckets, pieces, whole_hours

HOUR = timedelta(hours=1)
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 24 * 800).map(lambda hours: FIRST + hours * HOUR)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "Australia/Lord_Howe"])


def hours_of(piece: Piece) -> int:
    """How many hours, in whole ones of the piece's size."""
    assert piece.since == piece.size.begin_of(piece.since)
    assert piece.until == piece.size.begin_of(piece.until)
    return piece.sign * ((piece.until - piece.since) // HOUR)


@given(since=MOMENTS, until=MOMENTS, size=st.sampled_from(Size))
def test_each_hour_of_a_span_is_in_it_exactly_once(since: datetime, until: datetime, size: Size) -> None:
    found = list(pieces(since, until, size))
    edges = sorted({since, until, *(edge for piece in found for edge in (piece.since, piece.until))})
    for begin in edges:
        times = sum(piece.sign for piece in found if piece.since <= begin < piece.until)
        assert times == (1 if since <= begin < until else 0)
    assert sum(map(hours_of, found)) == max(until - since, timedelta(0)) // HOUR


@given(since=MOMENTS, until=MOMENTS)
def test_a_span_takes_few_rows(since: datetime, until: datetime) -> None:
    rows = {Size.HOUR: HOUR, Size.DAY: 24 * HOUR}
    for size, length in rows.items():
        assert sum((each.until - each.since) // length for each in pieces(since, until) if each.size is size) <= 34


@given(since=MOMENTS, until=MOMENTS, size=st.sampled_from(Size), name=ZONES)
def test_buckets_cover_a_span_without_gaps_in_whole_hours(
    since: datetime, until: datetime, size: Size, name: str
) -> None:
    found = list(buckets(since, until, size, ZoneInfo(name)))
    assert [begin for begin, _ in found[1:]] == [end for _, end in found[:-1]]
    assert ([found[0][0], found[-1][1]] if found else []) == ([since, until] if since < until else [])
    assert all(begin < end and begin.minute == 0 for begin, end in found)


def test_days_follow_the_summer_time_of_their_zone() -> None:
    found = list(
        buckets(
            datetime(2026, 3, 28, 23, tzinfo=UTC),
            datetime(2026, 3, 30, 22, tzinfo=UTC),
            Size.DAY,
            ZoneInfo("Europe/Berlin"),
        )
    )
    assert [(end - begin) // HOUR for begin, end in found] == [23, 24]


@pytest.mark.parametrize("minute", [0, 17])
def test_a_span_is_widened_to_whole_hours(minute: int) -> None:
    since, until = FIRST + timedelta(minutes=minute), FIRST + HOUR + timedelta(minutes=minute)
    assert whole_hours(since, until) == (FIRST, FIRST + (2 * HOUR if minute else HOUR))
