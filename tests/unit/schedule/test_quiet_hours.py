"""Weekly times by the clocks of a place."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.model import WeeklyWindow, WeekTime
from mailtrip.schedule.quiet_hours import day_end, day_start, is_quiet, quiet_until, zone_of

NIGHTS = tuple(
    WeeklyWindow(start=WeekTime(day=day, time=time(22)), end=WeekTime(day=day % 7 + 1, time=time(7)))
    for day in range(1, 8)
)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-01-15T20:59:59Z", False),
        ("2026-01-15T21:00:00Z", True),
        ("2026-01-16T05:59:59Z", True),
        ("2026-01-16T06:00:00Z", False),
        ("2026-07-15T19:59:59Z", False),
        ("2026-07-15T20:00:00Z", True),
        ("2026-07-16T05:00:00Z", False),
        # The night in which clocks are put forward (29 March) ends an hour earlier in UTC, that of October later.
        ("2026-03-29T04:59:59Z", True),
        ("2026-03-29T05:00:00Z", False),
        ("2026-10-25T05:59:59Z", True),
        ("2026-10-25T06:00:00Z", False),
    ],
)
def test_nights_are_those_of_the_zone_in_summer_and_in_winter(moment: str, expected: bool) -> None:
    assert is_quiet(NIGHTS, "Europe/Berlin", datetime.fromisoformat(moment)) is expected


def test_days_are_those_of_the_zone() -> None:
    sunday = WeeklyWindow(start=WeekTime(day=1, time=time(0)), end=WeekTime(day=1, time=time(23, 59)))
    eve = datetime(2026, 1, 3, 12, tzinfo=UTC)  # a Saturday; already Sunday on Kiritimati, 14 hours ahead

    assert is_quiet([sunday], "Pacific/Kiritimati", eve)
    assert not is_quiet([sunday], "UTC", eve)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-01-15T22:59:59Z", "2026-01-14T23:00:00+00:00"),
        ("2026-01-15T23:00:00Z", "2026-01-15T23:00:00+00:00"),
        ("2026-03-29T12:00:00Z", "2026-03-28T23:00:00+00:00"),
        ("2026-10-25T12:00:00Z", "2026-10-24T22:00:00+00:00"),
    ],
)
def test_a_day_begins_at_midnight_in_the_zone(moment: str, expected: str) -> None:
    assert day_start("Europe/Berlin", datetime.fromisoformat(moment)).isoformat() == expected


@pytest.mark.parametrize("name", ["", "Europe", "Europe/Nowhere", "../etc/passwd", "/etc/passwd", "x\0y"])
def test_what_is_no_zone_is_none(name: str) -> None:
    assert zone_of(name) is None


def test_a_zone_that_this_machine_does_not_know_is_taken_as_utc() -> None:
    assert day_start("Europe/Nowhere", datetime(2026, 1, 1, 12, tzinfo=UTC)) == datetime(2026, 1, 1, tzinfo=UTC)
    assert is_quiet(NIGHTS, "Europe/Nowhere", datetime(2026, 1, 1, 6, tzinfo=UTC) + timedelta(minutes=59))


_TIMES = st.builds(WeekTime, day=st.integers(1, 7), time=st.times().map(lambda at: at.replace(second=0, microsecond=0)))


@given(
    windows=st.lists(st.builds(WeeklyWindow, start=_TIMES, end=_TIMES), max_size=3),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns"]),
    # Clocks are put forward or back in April, October and November.
    day=st.sampled_from([datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 3, tzinfo=UTC)]),
    since=st.timedeltas(timedelta(0), timedelta(days=30)),
)
def test_the_end_of_quiet_hours_is_the_first_moment_that_is_not_quiet(
    windows: list[WeeklyWindow], zone: str, day: datetime, since: timedelta
) -> None:
    moment = day + since
    end = quiet_until(windows, zone, moment)

    until = moment + timedelta(days=8) if end is None else end
    assert end is None or not is_quiet(windows, zone, end)
    steps = [moment + number * timedelta(minutes=30) for number in range(8 * 48)]
    just_before = until - timedelta(seconds=1)
    for at in [*steps, *([just_before] if just_before > moment else [])]:
        assert at >= until or is_quiet(windows, zone, at)


def test_a_day_ends_when_the_next_begins() -> None:
    eve = datetime(2026, 10, 24, 22, 30, tzinfo=UTC)  # of the 25 hours of a day in October

    assert day_end("Europe/Berlin", eve).isoformat() == "2026-10-25T23:00:00+00:00"
    assert day_start("Europe/Berlin", day_end("Europe/Berlin", eve)) == day_end("Europe/Berlin", eve)
