"""When blackouts are in force (alertsite-v3.md, 4.1): one-time and weekly, in UTC."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.model import Blackout, BlackoutType, OneTimeWindow, WeeklyWindow, WeekTime, Window
from mailtrip.schedule.blackouts import blackout_at, holds_back_alert, is_within, next_change

SUNDAY, MONDAY, TUESDAY, FRIDAY, SATURDAY = 1, 2, 3, 6, 7
MICROSECOND = timedelta(microseconds=1)
WEEK = timedelta(weeks=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def once(start: str, end: str) -> OneTimeWindow:
    return OneTimeWindow(start=at(start), end=at(end))


def weekly(start_day: int, start: str, end_day: int, end: str) -> WeeklyWindow:
    return WeeklyWindow(
        start=WeekTime(day=start_day, time=time.fromisoformat(start)),
        end=WeekTime(day=end_day, time=time.fromisoformat(end)),
    )


def blackout(
    window: Window, *, number: int = 1, type_: BlackoutType = BlackoutType.MONITOR, subject_id: int = 7
) -> Blackout:
    return Blackout(
        id=number,
        account_id=1,
        type=type_,
        subject_id=subject_id,
        window=window,
        note=None,
        created_by=None,
        created_at=at("2026-01-01 00:00:00"),
    )


# 2026-03-01 is a Sunday.
@pytest.mark.parametrize(
    ("window", "moment", "expected"),
    [
        pytest.param(once("2026-03-01 10:00:00", "2026-03-01 11:00:00"), "2026-03-01 09:59:59", False, id="before"),
        pytest.param(once("2026-03-01 10:00:00", "2026-03-01 11:00:00"), "2026-03-01 10:00:00", True, id="its start"),
        pytest.param(once("2026-03-01 10:00:00", "2026-03-01 11:00:00"), "2026-03-01 10:59:59", True, id="inside"),
        pytest.param(once("2026-03-01 10:00:00", "2026-03-01 11:00:00"), "2026-03-01 11:00:00", False, id="its end"),
        pytest.param(weekly(TUESDAY, "09:00", TUESDAY, "17:00"), "2026-03-03 08:59:59", False, id="weekly, before"),
        pytest.param(weekly(TUESDAY, "09:00", TUESDAY, "17:00"), "2026-03-03 09:00:00", True, id="weekly, its start"),
        pytest.param(weekly(TUESDAY, "09:00", TUESDAY, "17:00"), "2026-03-03 17:00:00", False, id="weekly, its end"),
        pytest.param(weekly(TUESDAY, "09:00", TUESDAY, "17:00"), "2026-03-02 12:00:00", False, id="the day before"),
        pytest.param(weekly(TUESDAY, "09:00", TUESDAY, "17:00"), "2031-03-04 12:00:00", True, id="years later"),
        pytest.param(weekly(MONDAY, "22:00", TUESDAY, "02:00"), "2026-03-02 23:59:59", True, id="before midnight"),
        pytest.param(weekly(MONDAY, "22:00", TUESDAY, "02:00"), "2026-03-03 00:00:00", True, id="midnight"),
        pytest.param(weekly(MONDAY, "22:00", TUESDAY, "02:00"), "2026-03-03 02:00:00", False, id="after midnight"),
        pytest.param(weekly(SATURDAY, "22:00", SUNDAY, "02:00"), "2026-02-28 23:00:00", True, id="end of the week"),
        pytest.param(weekly(SATURDAY, "22:00", SUNDAY, "02:00"), "2026-03-01 00:00:00", True, id="week's end"),
        pytest.param(weekly(SATURDAY, "22:00", SUNDAY, "02:00"), "2026-03-01 02:00:00", False, id="new week"),
        pytest.param(weekly(SATURDAY, "22:00", SUNDAY, "02:00"), "2026-03-04 12:00:00", False, id="midweek"),
        pytest.param(weekly(FRIDAY, "18:00", MONDAY, "06:00"), "2026-03-01 12:00:00", True, id="a weekend"),
        pytest.param(weekly(FRIDAY, "18:00", MONDAY, "06:00"), "2026-03-04 12:00:00", False, id="between weekends"),
        pytest.param(weekly(TUESDAY, "17:00", TUESDAY, "09:00"), "2026-03-01 12:00:00", True, id="nearly a week"),
        pytest.param(weekly(TUESDAY, "17:00", TUESDAY, "09:00"), "2026-03-03 12:00:00", False, id="what it leaves"),
        pytest.param(weekly(FRIDAY, "00:00", SATURDAY, "23:59"), "2026-03-07 23:59:30", True, id="the last minute"),
        pytest.param(weekly(FRIDAY, "00:00", SATURDAY, "23:59"), "2026-03-08 00:00:00", False, id="the day after"),
        pytest.param(weekly(SUNDAY, "00:00", SATURDAY, "23:59"), "2026-03-04 12:00:00", True, id="the whole week"),
        pytest.param(weekly(SUNDAY, "00:00", SATURDAY, "23:59"), "2026-03-07 23:59:59", True, id="all of it"),
    ],
)
def test_a_moment_is_inside_or_not(window: Window, moment: str, expected: bool) -> None:
    assert is_within(window, at(moment)) is expected


@pytest.mark.parametrize(
    ("windows", "after", "expected"),
    [
        pytest.param([], "2026-03-01 00:00:00", None, id="nothing"),
        pytest.param(
            [once("2026-03-02 10:00:00", "2026-03-02 11:00:00")], "2026-03-01 00:00:00", "2026-03-02 10:00:00"
        ),
        pytest.param(
            [once("2026-03-02 10:00:00", "2026-03-02 11:00:00")], "2026-03-02 10:00:00", "2026-03-02 11:00:00"
        ),
        pytest.param([once("2026-03-02 10:00:00", "2026-03-02 11:00:00")], "2026-03-02 11:00:00", None),
        pytest.param(
            [once("2026-03-02 10:00:00", "2026-03-02 11:00:00"), once("2026-03-02 10:30:00", "2026-03-02 12:00:00")],
            "2026-03-02 10:00:00",
            "2026-03-02 12:00:00",
            id="they overlap",
        ),
        pytest.param(
            [once("2026-03-02 10:00:00", "2026-03-02 11:00:00"), once("2026-03-02 11:00:00", "2026-03-02 12:00:00")],
            "2026-03-02 10:00:00",
            "2026-03-02 12:00:00",
            id="they touch",
        ),
        pytest.param([weekly(MONDAY, "22:00", TUESDAY, "02:00")], "2026-03-01 00:00:00", "2026-03-02 22:00:00"),
        pytest.param([weekly(MONDAY, "22:00", TUESDAY, "02:00")], "2026-03-02 22:00:00", "2026-03-03 02:00:00"),
        pytest.param([weekly(MONDAY, "22:00", TUESDAY, "02:00")], "2026-03-03 02:00:00", "2026-03-09 22:00:00"),
        pytest.param([weekly(SATURDAY, "22:00", SUNDAY, "02:00")], "2026-03-07 23:00:00", "2026-03-08 02:00:00"),
        pytest.param([weekly(SUNDAY, "00:00", SATURDAY, "23:59")], "2026-03-04 00:00:00", None, id="the whole week"),
        pytest.param(
            [weekly(SUNDAY, "00:00", MONDAY, "12:00"), weekly(MONDAY, "12:00", SUNDAY, "00:00")],
            "2026-03-04 00:00:00",
            None,
            id="the week in two halves",
        ),
        pytest.param(
            [once("2026-03-02 00:00:00", "2026-04-01 00:00:00"), weekly(MONDAY, "22:00", TUESDAY, "02:00")],
            "2026-03-02 00:00:00",
            "2026-04-01 00:00:00",
            id="a weekly one during a long one",
        ),
        pytest.param(
            [once("2026-03-02 00:00:00", "2026-03-31 01:00:00"), weekly(MONDAY, "22:00", TUESDAY, "02:00")],
            "2026-03-02 00:00:00",
            "2026-03-31 02:00:00",
            id="a weekly one that outlasts a long one",
        ),
    ],
)
def test_the_next_change_is_the_first_start_or_end_that_matters(
    windows: list[Window], after: str, expected: str | None
) -> None:
    assert next_change(windows, after=at(after)) == (None if expected is None else at(expected))


times = st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - with a zone
week_times = st.builds(
    WeekTime, day=st.integers(1, 7), time=st.builds(time, st.integers(0, 23), st.sampled_from([0, 1, 30, 59]))
)
weekly_windows = st.builds(WeeklyWindow, start=week_times, end=week_times)
one_time_windows = st.builds(
    lambda start, length: OneTimeWindow(start=start, end=start + length),
    times,
    st.timedeltas(MICROSECOND, timedelta(days=40)),
)
windows_of_both_kinds = st.lists(st.one_of(weekly_windows, one_time_windows), max_size=5)


def holds(windows: list[Window], moment: datetime) -> bool:
    return any(is_within(window, moment) for window in windows)


@given(windows_of_both_kinds, times, st.floats(0, 1))
def test_nothing_changes_before_the_next_change_and_something_does_with_it(
    windows: list[Window], after: datetime, share: float
) -> None:
    change = next_change(windows, after=after)

    until = change or after + 60 * WEEK
    assert until > after
    for moment in (after + share * (until - after - MICROSECOND), until - MICROSECOND):
        assert holds(windows, moment) is holds(windows, after)
    if change is not None:
        assert holds(windows, change) is not holds(windows, after)


@given(weekly_windows, times, st.integers(-60, 60))
def test_a_weekly_window_is_the_same_each_week(window: WeeklyWindow, moment: datetime, weeks: int) -> None:
    assert is_within(window, moment + weeks * WEEK) is is_within(window, moment)


@given(weekly_windows, times)
def test_a_weekly_window_holds_for_its_length_in_each_week(window: WeeklyWindow, moment: datetime) -> None:
    edges = [moment]
    while edges[-1] < moment + WEEK:
        edges.append(min(next_change([window], after=edges[-1]) or moment + WEEK, moment + WEEK))

    held = sum((end - start for start, end in pairwise(edges) if is_within(window, start)), timedelta(0))
    assert held == window.length


@given(one_time_windows, times)
def test_a_one_time_window_changes_twice(window: OneTimeWindow, moment: datetime) -> None:
    assert next_change([window], after=window.start - MICROSECOND) == window.start
    assert next_change([window], after=window.start) == window.end
    assert next_change([window], after=window.end) is None


def test_the_blackout_in_force_is_the_first_one_that_holds() -> None:
    over = blackout(once("2026-03-01 00:00:00", "2026-03-01 01:00:00"), number=1)
    first = blackout(once("2026-03-02 00:00:00", "2026-03-04 00:00:00"), number=2)
    second = blackout(weekly(TUESDAY, "00:00", TUESDAY, "23:59"), number=3)

    assert blackout_at([over, first, second], at("2026-03-03 12:00:00")) == first
    assert blackout_at([over, first, second], at("2026-03-10 12:00:00")) == second
    assert blackout_at([over, first, second], at("2026-03-05 12:00:00")) is None


@pytest.mark.parametrize(
    ("type_", "subject_id", "expected"),
    [
        (BlackoutType.MONITOR, 7, True),
        (BlackoutType.ALERT, 7, True),
        (BlackoutType.NOTIFIER, 9, True),
        (BlackoutType.MONITOR, 9, False),
        (BlackoutType.ALERT, 9, False),
        (BlackoutType.NOTIFIER, 7, False),
    ],
)
def test_an_alert_is_held_back_by_a_blackout_of_its_monitor_or_its_recipient(
    type_: BlackoutType, subject_id: int, expected: bool
) -> None:
    found = [blackout(once("2026-03-02 10:00:00", "2026-03-02 11:00:00"), type_=type_, subject_id=subject_id)]

    def is_held_back(moment: str) -> bool:
        return holds_back_alert(found, monitor_id=7, recipient_id=9, at=at(moment))

    assert is_held_back("2026-03-02 10:30:00") is expected
    assert is_held_back("2026-03-02 11:00:00") is False
