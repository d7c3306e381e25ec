"""Which times count for an SLA: operating periods and exclusions, in UTC, across midnight and the end of the week."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.model import Exclusion, OneTimeWindow, OperatingPeriod, SLASettings, WeeklyWindow, WeekTime
from mailtrip.reports.operating_time import is_operating, operating_spans, operating_time

SUNDAY = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
HALF_HOUR = timedelta(minutes=30)
DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
HALF_HOURS_A_WEEK = 336


def at(day: int, text: str) -> WeekTime:
    return WeekTime(day=day, time=time.fromisoformat(text))


def period(
    from_day: int, from_time: str, thru_day: int, thru_time: str, *, is_excluded: bool = False
) -> OperatingPeriod:
    window = WeeklyWindow(start=at(from_day, from_time), end=at(thru_day, thru_time))
    return OperatingPeriod(window=window, is_excluded=is_excluded)


def exclusion(start: datetime, end: datetime, location_id: int | None = None) -> Exclusion:
    return Exclusion(window=OneTimeWindow(start=start, end=end), location_id=location_id)


def sla(periods: Sequence[OperatingPeriod] = (), exclusions: Sequence[Exclusion] = ()) -> SLASettings:
    return SLASettings(
        name="SLA",
        availability_percent=99.9,
        response_time=timedelta(seconds=5),
        operating_periods=tuple(periods),
        exclusions=tuple(exclusions),
    )


OFFICE = [period(day, "09:00", day, "17:00") for day in range(2, 7)]
MAINTENANCE = period(1, "02:00", 1, "04:00", is_excluded=True)


@pytest.mark.parametrize(
    ("periods", "moment", "counts"),
    [
        pytest.param([], SUNDAY, True, id="without periods all counts"),
        pytest.param(OFFICE, SUNDAY + DAY + 9 * HOUR, True, id="a start is part of it"),
        pytest.param(OFFICE, SUNDAY + DAY + 9 * HOUR - timedelta(microseconds=1), False, id="just before the start"),
        pytest.param(OFFICE, SUNDAY + DAY + 17 * HOUR, False, id="an end is no part of it"),
        pytest.param(OFFICE, SUNDAY + DAY + 17 * HOUR - timedelta(microseconds=1), True, id="just before the end"),
        pytest.param(OFFICE, SUNDAY + 10 * HOUR, False, id="a day without a period"),
        pytest.param([period(1, "00:00", 7, "23:59")], SUNDAY - timedelta(seconds=1), True, id="23:59 ends its day"),
        pytest.param([period(2, "00:00", 2, "23:59")], SUNDAY + 2 * DAY, False, id="23:59 does not begin the next day"),
        pytest.param(
            [period(2, "22:00", 3, "06:00")], SUNDAY + 2 * DAY + 5 * HOUR, True, id="across midnight, after it"
        ),
        pytest.param([period(2, "22:00", 3, "06:00")], SUNDAY + 2 * DAY - HOUR, True, id="across midnight, before it"),
        pytest.param([period(2, "22:00", 3, "06:00")], SUNDAY + 2 * DAY + 6 * HOUR, False, id="across midnight, over"),
        pytest.param([period(7, "22:00", 1, "06:00")], SUNDAY + 5 * HOUR, True, id="across the end of the week, after"),
        pytest.param([period(7, "22:00", 1, "06:00")], SUNDAY - HOUR, True, id="across the end of the week, before"),
        pytest.param([period(7, "22:00", 1, "06:00")], SUNDAY + 6 * HOUR, False, id="across the end of the week, over"),
        pytest.param([period(3, "05:00", 3, "05:00")], SUNDAY, True, id="an end at the start makes a whole week"),
        pytest.param([MAINTENANCE], SUNDAY + 3 * HOUR, False, id="excluded from always"),
        pytest.param([MAINTENANCE], SUNDAY + 4 * HOUR, True, id="the rest of always"),
        pytest.param([period(1, "00:00", 7, "23:59"), MAINTENANCE], SUNDAY + 3 * HOUR, False, id="excluded wins"),
        pytest.param(
            [MAINTENANCE, period(1, "00:00", 7, "23:59")], SUNDAY + 3 * HOUR, False, id="excluded wins in any order"
        ),
    ],
)
def test_a_moment_counts_by_the_operating_periods(
    periods: list[OperatingPeriod], moment: datetime, *, counts: bool
) -> None:
    assert is_operating(sla(periods), moment) is counts
    assert is_operating(sla(periods), moment + 7 * WEEK) is counts
    assert is_operating(sla(periods), moment.astimezone(timezone(timedelta(hours=-9, minutes=-30)))) is counts


@pytest.mark.parametrize(
    ("location_id", "asked", "counts"),
    [(None, None, False), (None, 10, False), (10, 10, False), (10, 20, True), (10, None, True)],
)
def test_an_exclusion_leaves_out_its_location_or_all(
    location_id: int | None, asked: int | None, *, counts: bool
) -> None:
    settings = sla(exclusions=[exclusion(SUNDAY, SUNDAY + HOUR, location_id)])
    assert is_operating(settings, SUNDAY, location_id=asked) is counts
    assert is_operating(settings, SUNDAY + HOUR, location_id=asked)
    assert is_operating(settings, SUNDAY - timedelta(microseconds=1), location_id=asked)


@pytest.mark.parametrize(
    ("periods", "exclusions", "since", "until", "hours"),
    [
        pytest.param([], [], SUNDAY, SUNDAY + WEEK, 168, id="always"),
        pytest.param([period(1, "00:00", 7, "23:59")], [], SUNDAY, SUNDAY + WEEK, 168, id="the vendor's way of always"),
        pytest.param(OFFICE, [], SUNDAY, SUNDAY + WEEK, 40, id="office hours"),
        pytest.param(OFFICE, [], SUNDAY - 6 * WEEK, SUNDAY + 7 * WEEK, 520, id="office hours of thirteen weeks"),
        pytest.param(OFFICE, [], SUNDAY + DAY + 16 * HOUR, SUNDAY + 2 * DAY + 10 * HOUR, 2, id="cut at both ends"),
        pytest.param([*OFFICE, *OFFICE], [], SUNDAY, SUNDAY + WEEK, 40, id="what is named twice counts once"),
        pytest.param([period(7, "22:00", 1, "06:00")], [], SUNDAY, SUNDAY + WEEK, 8, id="across the end of the week"),
        pytest.param(
            [period(7, "22:00", 1, "06:00")], [], SUNDAY - HOUR, SUNDAY + HOUR, 2, id="at the end of the week"
        ),
        pytest.param([MAINTENANCE], [], SUNDAY, SUNDAY + WEEK, 166, id="always but for maintenance"),
        pytest.param([], [exclusion(SUNDAY, SUNDAY + DAY)], SUNDAY, SUNDAY + WEEK, 144, id="but for a day"),
        pytest.param(
            OFFICE, [exclusion(SUNDAY, SUNDAY + 2 * DAY)], SUNDAY, SUNDAY + WEEK, 32, id="but for an office day"
        ),
        pytest.param(
            [],
            [exclusion(SUNDAY, SUNDAY + 3 * HOUR), exclusion(SUNDAY + 2 * HOUR, SUNDAY + 5 * HOUR)],
            SUNDAY,
            SUNDAY + DAY,
            19,
            id="overlapping exclusions",
        ),
        pytest.param([], [exclusion(SUNDAY - DAY, SUNDAY + 9 * DAY)], SUNDAY, SUNDAY + WEEK, 0, id="nothing left"),
        pytest.param([], [exclusion(SUNDAY - DAY, SUNDAY)], SUNDAY, SUNDAY + DAY, 24, id="an exclusion before"),
        pytest.param(
            [], [exclusion(SUNDAY + DAY, SUNDAY + 2 * DAY)], SUNDAY, SUNDAY + DAY, 24, id="an exclusion after"
        ),
        pytest.param([], [], SUNDAY, SUNDAY, 0, id="no time at all"),
        pytest.param([], [], SUNDAY, SUNDAY - DAY, 0, id="time that runs backwards"),
    ],
)
def test_the_time_that_counts_is_measured(
    periods: list[OperatingPeriod], exclusions: list[Exclusion], since: datetime, until: datetime, hours: int
) -> None:
    assert operating_time(sla(periods, exclusions), since, until) == hours * HOUR


def test_exclusions_of_one_location_shorten_its_time_only() -> None:
    settings = sla(exclusions=[exclusion(SUNDAY, SUNDAY + HOUR, 10)])
    measured = [operating_time(settings, SUNDAY, SUNDAY + DAY, location_id=each) for each in (10, 20, None)]
    assert measured == [23 * HOUR, 24 * HOUR, 24 * HOUR]


def half_hours(offset: int) -> WeekTime:
    """Half an hour of the week by its number."""
    day, rest = divmod(offset, 48)
    return WeekTime(day=day + 1, time=time(rest // 2, 30 * (rest % 2)))


WEEK_STARTS = st.integers(0, HALF_HOURS_A_WEEK - 1).map(half_hours)
WEEK_ENDS = WEEK_STARTS | st.integers(1, 7).map(lambda day: at(day, "23:59"))
PERIODS = st.builds(
    OperatingPeriod, window=st.builds(WeeklyWindow, start=WEEK_STARTS, end=WEEK_ENDS), is_excluded=st.booleans()
)
MOMENTS = st.integers(-HALF_HOURS_A_WEEK, 2 * HALF_HOURS_A_WEEK).map(lambda number: SUNDAY + number * HALF_HOUR)
EXCLUSIONS = st.builds(
    lambda start, length, location_id: exclusion(start, start + length * HALF_HOUR, location_id),
    MOMENTS,
    st.integers(1, 100),
    st.sampled_from([None, 10, 20]),
)
SLAS = st.builds(sla, st.lists(PERIODS, max_size=4), st.lists(EXCLUSIONS, max_size=4))
LOCATIONS = st.sampled_from([None, 10, 20])


def counts(settings: SLASettings, moment: datetime, location_id: int | None) -> bool:
    """What `is_operating` says, worked out from minutes of the week."""

    def holds(window: WeeklyWindow) -> bool:
        minute = (moment.isoweekday() % 7) * 1440 + moment.hour * 60 + moment.minute
        start = (window.start.day - 1) * 1440 + window.start.time.hour * 60 + window.start.time.minute
        end = (window.end.day - 1) * 1440 + window.end.time.hour * 60 + window.end.time.minute
        end += window.end.time == time(23, 59)
        return start <= minute < end if start < end else minute >= start or minute < end

    included = [each for each in settings.operating_periods if not each.is_excluded]
    excluded = [each for each in settings.operating_periods if each.is_excluded]
    left_out = [each.window for each in settings.exclusions if each.location_id in {None, location_id}]
    return (
        (not included or any(holds(each.window) for each in included))
        and not any(holds(each.window) for each in excluded)
        and not any(window.start <= moment < window.end for window in left_out)
    )


@given(SLAS, MOMENTS, LOCATIONS)
def test_a_moment_counts_as_the_clock_on_the_wall_says(settings: SLASettings, moment: datetime, location: int) -> None:
    assert is_operating(settings, moment, location_id=location) == counts(settings, moment, location)


@given(SLAS, MOMENTS, st.integers(0, HALF_HOURS_A_WEEK), LOCATIONS)
def test_the_time_is_that_of_the_moments_that_count(
    settings: SLASettings, since: datetime, length: int, location: int
) -> None:
    moments = [since + number * HALF_HOUR for number in range(length)]
    expected = sum(counts(settings, moment, location) for moment in moments) * HALF_HOUR
    assert operating_time(settings, since, since + length * HALF_HOUR, location_id=location) == expected


@given(SLAS, MOMENTS, MOMENTS, LOCATIONS)
def test_spans_are_in_order_apart_and_inside(
    settings: SLASettings, since: datetime, until: datetime, location: int
) -> None:
    spans = operating_spans(settings, since, until, location_id=location)
    assert all(since <= start < end <= until for start, end in spans)
    assert all(former[1] < latter[0] for former, latter in pairwise(spans))


@given(SLAS, st.tuples(MOMENTS, MOMENTS, MOMENTS), st.integers(0, 10**9), LOCATIONS)
def test_time_adds_up_wherever_it_is_cut(
    settings: SLASettings, moments: tuple[datetime, ...], odd: int, location: int
) -> None:
    first, second, third = sorted(moments)
    middle = min(second + timedelta(microseconds=odd), third)

    def measured(since: datetime, until: datetime) -> timedelta:
        return operating_time(settings, since, until, location_id=location)

    assert measured(first, middle) + measured(middle, third) == measured(first, third)


@given(st.lists(PERIODS, max_size=4), MOMENTS, st.integers(0, HALF_HOURS_A_WEEK), st.integers(1, 500))
def test_weeks_are_alike(periods: list[OperatingPeriod], since: datetime, length: int, weeks: int) -> None:
    until = since + length * HALF_HOUR
    settings = sla(periods)
    assert operating_time(settings, since, until) == operating_time(
        settings, since + weeks * WEEK, until + weeks * WEEK
    )
