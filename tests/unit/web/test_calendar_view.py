"""Blackouts in a calendar of days."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.web.builders import NOW

from mailtrip.model import Blackout, BlackoutType, OneTimeWindow, WeeklyWindow, WeekTime, Window
from mailtrip.schedule.blackouts import is_within
from mailtrip.web.calendar_view import DayCell, Query, View, current, days_of

MIDNIGHT = NOW.replace(hour=0, minute=0, second=0, microsecond=0)  # a Sunday
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SUNDAY_NIGHT = WeeklyWindow(start=WeekTime(day=1, time=time(22)), end=WeekTime(day=2, time=time(2, 30)))


def make(window: Window, *, id_: int = 1, type_: BlackoutType = BlackoutType.MONITOR) -> Blackout:
    return Blackout(
        id=id_,
        account_id=1,
        type=type_,
        subject_id=5,
        window=window,
        note="Backup",
        created_by=None,
        created_at=NOW,
    )


def week(window: Window, *, now: datetime = NOW, view: str = "week") -> list[DayCell]:
    query = Query.parse({"view": view, "day": f"{MIDNIGHT:%Y-%m-%d}"}, now=now)
    return days_of(query, [(make(window), "Shop")], now=now)


def told(cells: list[DayCell]) -> dict[str, list[str]]:
    return {f"{cell.day:%a}": [item.when for item in cell.items] for cell in cells if cell.items}


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (SUNDAY_NIGHT, {"Mon": ["until 02:30"], "Sun": ["from 22:00"]}),
        (OneTimeWindow(start=MIDNIGHT, end=MIDNIGHT + 2 * HOUR), {"Sun": ["00:00–02:00"]}),
        (OneTimeWindow(start=MIDNIGHT + HOUR, end=MIDNIGHT + DAY), {"Sun": ["01:00–24:00"]}),
        (OneTimeWindow(start=MIDNIGHT, end=MIDNIGHT + DAY), {"Sun": ["all day"]}),
        (OneTimeWindow(start=MIDNIGHT - 2 * DAY + HOUR, end=MIDNIGHT + HOUR), {"Fri": ["from 01:00"], "Sat": ["all day"], "Sun": ["until 01:00"]}),
        (OneTimeWindow(start=MIDNIGHT - 60 * DAY, end=MIDNIGHT - 5 * DAY), {"Mon": ["all day"], "Tue": ["all day"][:0]}),
        (OneTimeWindow(start=MIDNIGHT + DAY, end=MIDNIGHT + 2 * DAY), {}),
        (OneTimeWindow(start=MIDNIGHT - 7 * DAY, end=MIDNIGHT - 6 * DAY), {}),
        (WeeklyWindow(start=WeekTime(day=4, time=time()), end=WeekTime(day=4, time=time(23, 59))), {"Wed": ["all day"]}),
        (OneTimeWindow(start=MIDNIGHT, end=MIDNIGHT + timedelta(seconds=30)), {"Sun": ["00:00–00:00:30"]}),
    ],
)  # fmt: skip
def test_each_day_tells_what_part_of_it_a_blackout_takes(window: Window, expected: dict[str, list[str]]) -> None:
    assert told(week(window)) == {day: texts for day, texts in expected.items() if texts}


def test_a_blackout_that_fills_the_week_fills_each_day() -> None:
    whole = WeeklyWindow(start=WeekTime(day=3, time=time(10)), end=WeekTime(day=3, time=time(10)))

    cells = week(whole)

    assert [len(cell.items) for cell in cells] == [1, 2, 1, 1, 1, 1, 1]
    assert told(cells)["Tue"] == ["until 10:00", "from 10:00"]


_WEEK_TIMES = st.builds(
    WeekTime, day=st.integers(1, 7), time=st.times().map(lambda each: each.replace(second=0, microsecond=0))
)
_WINDOWS = st.one_of(
    st.builds(WeeklyWindow, start=_WEEK_TIMES, end=_WEEK_TIMES),
    st.builds(
        lambda start, length: OneTimeWindow(start=MIDNIGHT + start * HOUR, end=MIDNIGHT + (start + length) * HOUR),
        st.integers(-500, 500),
        st.integers(1, 500),
    ),
)


@given(window=_WINDOWS, minutes=st.integers(-60 * 24 * 6, 60 * 24 - 1))
def test_what_goes_on_is_marked_in_its_day_and_nothing_else_is(window: Window, minutes: int) -> None:
    now = MIDNIGHT + timedelta(minutes=minutes)

    marked = [cell.day for cell in week(window, now=now) for item in cell.items if item.is_now]

    assert marked == ([now.date()] if is_within(window, now) else [])
    assert [each.until > now for each in current([(make(window), "Shop")], now=now)] == [True] * len(marked)


@settings(max_examples=25)
@given(window=_WINDOWS)
def test_the_parts_of_all_days_are_the_minutes_in_which_it_holds(window: Window) -> None:
    cells = week(window)

    for cell in cells:
        day = datetime.combine(cell.day, time(), NOW.tzinfo)
        for item in cell.items:
            first = day + timedelta(minutes=item.first_minute)
            assert is_within(window, first)
            assert is_within(window, first + timedelta(minutes=item.minutes - 1))
        taken = sum(item.minutes for item in cell.items)
        assert taken == sum(is_within(window, day + timedelta(minutes=each)) for each in range(1440))


@pytest.mark.parametrize(
    ("day", "view", "first", "count", "title"),
    [
        ("2026-03-04", "week", date(2026, 3, 2), 7, "2 to 8 March 2026"),
        ("2026-03-01", "week", date(2026, 2, 23), 7, "23 February to 1 March 2026"),
        ("2026-12-31", "week", date(2026, 12, 28), 7, "28 December 2026 to 3 January 2027"),
        ("2026-03-31", "month", date(2026, 2, 23), 42, "March 2026"),
        ("2027-02-10", "month", date(2027, 2, 1), 28, "February 2027"),
        ("nonsense", "nonsense", date(2026, 2, 23), 7, "23 February to 1 March 2026"),
        ("9999-12-31", "week", date(2026, 2, 23), 7, "23 February to 1 March 2026"),
    ],
)
def test_whole_weeks_are_shown(day: str, view: str, first: date, count: int, title: str) -> None:
    query = Query.parse({"view": view, "day": day}, now=NOW)

    assert (query.first, len(query.days), query.title) == (first, count, title)


@given(
    day=st.dates(date(1980, 1, 1), date(9000, 1, 1)),
    view=st.sampled_from([View.WEEK, View.MONTH]),
)
def test_the_one_after_the_one_before_is_the_same(day: date, view: View) -> None:
    query = Query(view=view, day=day, today=day)

    def follow(path: str) -> Query:
        given = dict(part.split("=") for part in path.partition("?")[2].split("&"))
        return Query.parse(given, now=NOW)

    before, after = follow(query.before), follow(query.after)
    assert before.title != query.title != after.title
    assert follow(before.after).title == query.title == follow(after.before).title


def test_a_full_day_tells_how_many_more_there_are() -> None:
    query = Query.parse({"view": "month", "q": "SHO"}, now=NOW)
    found = [(make(SUNDAY_NIGHT, id_=number), "Shop") for number in range(7)]

    cells = [cell for cell in days_of(query, found, now=NOW) if cell.items]

    assert {(len(cell.items), cell.more) for cell in cells} == {(4, 3)}
    assert [query.matches(found[0][0], name) for name in ("Shop", "Orders")] == [True, False]
