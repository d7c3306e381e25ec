"""Quiet hours as people write them."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.model import WeeklyWindow, WeekTime
from mailtrip.web.quiet_hours import read_windows, write_windows


def window(start_day: int, start: str, end_day: int, end: str) -> WeeklyWindow:
    return WeeklyWindow(
        start=WeekTime(day=start_day, time=time.fromisoformat(start)),
        end=WeekTime(day=end_day, time=time.fromisoformat(end)),
    )


NIGHTS = [window(day, "22:00", day % 7 + 1, "07:00") for day in (2, 3, 4, 5, 6, 7, 1)]


@pytest.mark.parametrize(
    ("text", "windows"),
    [
        ("", []),
        ("daily 22:00 - 07:00", NIGHTS),
        ("Daily  22:00–7:00\r\n\n", NIGHTS),
        ("Sun 12:00 - 13:30", [window(1, "12:00", 1, "13:30")]),
        ("Mon-Tue 18:00 - 08:00", [window(2, "18:00", 3, "08:00"), window(3, "18:00", 4, "08:00")]),
        ("Sat-Sun 00:00 - 23:59", [window(7, "00:00", 7, "23:59"), window(1, "00:00", 1, "23:59")]),
        ("Fri 18:00 - Mon 08:00", [window(6, "18:00", 2, "08:00")]),
    ],
)
def test_lines_are_windows(text: str, windows: list[WeeklyWindow]) -> None:
    assert list(read_windows(text)) == windows


@pytest.mark.parametrize(
    "text",
    [
        "22:00 - 07:00",
        "daily 22 - 7",
        "daily 25:00 - 07:00",
        "daily 22:00 - Mon 07:00",
        "Mon-Fri 1:00 - Sun 2:00",
        "x" * 999,
    ],
)
def test_what_is_no_window_is_told_with_what_would_be_one(text: str) -> None:
    with pytest.raises(ValueError, match="write lines like daily 22:00 - 07:00") as error:
        read_windows(text)

    assert len(str(error.value)) < 250


TIMES = st.builds(WeekTime, day=st.integers(1, 7), time=st.builds(time, st.integers(0, 23), st.integers(0, 59)))
WINDOWS = st.builds(WeeklyWindow, start=TIMES, end=TIMES).filter(lambda each: each.start != each.end)


@given(st.lists(WINDOWS, unique=True, max_size=20))
def test_what_is_written_is_read_as_the_same_windows(windows: list[WeeklyWindow]) -> None:
    assert set(read_windows(write_windows(windows))) == set(windows)


def test_days_with_the_same_hours_are_one_line() -> None:
    working = [window(day, "18:00", day + 1, "08:00") for day in range(2, 7)]

    assert write_windows(NIGHTS) == "daily 22:00 - 07:00"
    assert write_windows([*working, window(1, "00:00", 1, "23:59")]) == "Mon-Fri 18:00 - 08:00\nSun 00:00 - 23:59"
