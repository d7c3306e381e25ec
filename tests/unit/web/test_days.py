"""Availability by day as a calendar."""

from datetime import UTC, datetime, timedelta

import pytest

from mailtrip.model.tally import Counts
from mailtrip.service.report_figures import Bucket
from mailtrip.web.days import Calendar, Level, make_calendar

SUNDAY = datetime(2026, 3, 1, tzinfo=UTC)


def calendar(*counts: Counts) -> Calendar:
    buckets = [
        Bucket(since=SUNDAY + timedelta(days=number), until=SUNDAY + timedelta(days=number + 1), counts=each)
        for number, each in enumerate(counts)
    ]
    made = make_calendar(buckets)
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("counts", "level", "text"),
    [
        (Counts(), Level.NO_DATA, "Sun 1 Mar 2026: no data"),
        (Counts(unknown=3, not_measured=2, blackout=1), Level.NO_DATA, "Sun 1 Mar 2026: no data"),
        (Counts(ok=1), Level.WHOLE, "Sun 1 Mar 2026: 100 % of 1 run"),
        (Counts(ok=8, warning=2, unknown=1), Level.WHOLE, "Sun 1 Mar 2026: 100 % of 10 runs"),
        (Counts(ok=1439, error=1), Level.NEARLY, "Sun 1 Mar 2026: 99.9 % of 1,440 runs, 1 failed"),
        (Counts(ok=9, error=1), Level.BAD, "Sun 1 Mar 2026: 90.0 % of 10 runs, 1 failed"),
        (Counts(ok=4, error=6), Level.WORST, "Sun 1 Mar 2026: 40.0 % of 10 runs, 6 failed"),
    ],
)
def test_a_day_says_how_it_was(counts: Counts, level: Level, text: str) -> None:
    [day] = calendar(counts).days
    assert (day.level, day.text) == (level, text)


def test_each_week_is_a_column_that_begins_on_monday() -> None:
    days = calendar(*[Counts(ok=1)] * 9).days
    assert [(day.x, day.y) for day in days] == [(0, 96), *[(16, 16 * number) for number in range(7)], (32, 0)]


def test_days_on_which_something_failed_are_listed_the_newest_first() -> None:
    made = calendar(Counts(ok=1), Counts(error=1), Counts(), Counts(ok=1, error=1))
    assert [day.day.day for day in made.bad_days] == [4, 2]


@pytest.mark.parametrize(("counts", "has_data"), [(Counts(unknown=5), False), (Counts(ok=1), True)])
def test_where_nothing_could_be_told_there_is_no_data(counts: Counts, *, has_data: bool) -> None:
    assert calendar(Counts(), counts).has_data == has_data


def test_without_days_there_is_no_calendar() -> None:
    assert make_calendar([]) is None
