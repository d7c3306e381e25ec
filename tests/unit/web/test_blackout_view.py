"""Blackouts in words."""

from datetime import time, timedelta

import pytest
from tests.unit.web.builders import NOW

from mailtrip.model import Blackout, BlackoutType, OneTimeWindow, WeeklyWindow, WeekTime, Window
from mailtrip.web.blackout_view import show_blackout, show_window

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("window", "text"),
    [
        (OneTimeWindow(start=NOW, end=NOW + 2 * HOUR), "1 Mar 2026 12:00 to 14:00 UTC"),
        (OneTimeWindow(start=NOW, end=NOW + 24 * HOUR), "1 Mar 2026 12:00 to 2 Mar 2026 12:00 UTC"),
        (
            WeeklyWindow(start=WeekTime(day=1, time=time(22)), end=WeekTime(day=2, time=time(2))),
            "each Sunday 22:00 to Monday 02:00 UTC",
        ),
        (
            WeeklyWindow(start=WeekTime(day=7, time=time(1)), end=WeekTime(day=7, time=time(2, 30))),
            "each Saturday 01:00 to 02:30 UTC",
        ),
        (
            WeeklyWindow(start=WeekTime(day=7, time=time(1)), end=WeekTime(day=7, time=time(1))),
            "each Saturday 01:00 to Saturday 01:00 UTC",
        ),
    ],
)
def test_a_window_is_told_in_words(window: Window, text: str) -> None:
    assert show_window(window) == text


@pytest.mark.parametrize(("start", "end", "state"), [(-1, 1, "now"), (-2, 0, "over"), (1, 2, "")])
def test_a_blackout_says_whether_it_is_in_force(start: int, end: int, state: str) -> None:
    blackout = Blackout(
        id=1,
        account_id=1,
        type=BlackoutType.MONITOR,
        subject_id=5,
        window=OneTimeWindow(start=NOW + start * HOUR, end=NOW + end * HOUR),
        note=None,
        created_by=None,
        created_at=NOW,
    )
    assert show_blackout(blackout, now=NOW).state == state
