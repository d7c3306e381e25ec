from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.schedule.slots import next_slot, phase, slots

START = datetime(2026, 3, 1, tzinfo=UTC)
FIVE_MINUTES = timedelta(minutes=5)

monitor_ids = st.integers(min_value=1, max_value=2**40)
intervals = st.integers(min_value=1, max_value=1440).map(lambda minutes: timedelta(minutes=minutes))
times = st.datetimes(datetime(1999, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - with a zone


@given(monitor_ids, intervals)
def test_a_phase_is_whole_milliseconds_within_the_interval(monitor_id: int, interval: timedelta) -> None:
    found = phase(monitor_id, interval)

    assert timedelta(0) <= found < interval
    assert found % timedelta(milliseconds=1) == timedelta(0)


def test_a_phase_is_the_same_on_every_machine() -> None:
    """A changed value would shift the slots of every monitor at an upgrade."""
    found = [phase(monitor_id, FIVE_MINUTES).total_seconds() for monitor_id in (100001, 100002, 100003)]

    assert found == [154.593, 29.342, 203.937]


def test_ten_thousand_monitors_are_spread_evenly_over_the_interval() -> None:
    seconds = Counter(int(phase(100001 + i, FIVE_MINUTES).total_seconds()) for i in range(10_000))
    tens = Counter(second // 10 for second in seconds.elements())

    assert len(seconds) == 300
    assert max(seconds.values()) <= 60
    assert min(tens.values()) >= 0.8 * 10_000 / 30
    assert max(tens.values()) <= 1.2 * 10_000 / 30


def test_neighbouring_monitors_lie_far_apart() -> None:
    gaps = [abs(phase(i, FIVE_MINUTES) - phase(i + 1, FIVE_MINUTES)) for i in range(100001, 101001)]

    assert sum(gap < timedelta(seconds=1) for gap in gaps) < 20


@given(monitor_ids, intervals, times, st.lists(st.integers(0, 10**10), max_size=6))
def test_no_slot_is_lost_or_doubled_however_a_window_is_cut(
    monitor_id: int, interval: timedelta, start: datetime, cuts: list[int]
) -> None:
    end = start + 7 * interval
    inner = sorted(start + timedelta(microseconds=cut) % (end - start) for cut in cuts)
    edges = [start, *inner, end]

    pieces = [
        slot for after, until in pairwise(edges) for slot in slots(monitor_id, interval, after=after, until=until)
    ]

    assert pieces == list(slots(monitor_id, interval, after=start, until=end))
    assert len(pieces) == 7


@given(monitor_ids, intervals, times)
def test_slots_lie_on_one_grid_wherever_one_begins(monitor_id: int, interval: timedelta, after: datetime) -> None:
    slot = next_slot(monitor_id, interval, after=after)

    assert after < slot <= after + interval
    assert (slot - datetime(1970, 1, 1, tzinfo=UTC)) % interval == phase(monitor_id, interval)


@given(monitor_ids, intervals, times)
def test_a_slot_belongs_to_the_window_that_ends_with_it(monitor_id: int, interval: timedelta, after: datetime) -> None:
    slot = next_slot(monitor_id, interval, after=after)

    assert list(slots(monitor_id, interval, after=after, until=slot)) == [slot]
    assert list(slots(monitor_id, interval, after=slot, until=slot)) == []


def test_a_window_of_years_is_not_computed_before_it_is_asked_for() -> None:
    found = slots(100001, timedelta(minutes=1), after=START, until=START + timedelta(days=3650))

    assert len(list(islice(found, 3))) == 3


def test_an_empty_window_has_no_slots() -> None:
    assert list(slots(100001, FIVE_MINUTES, after=START, until=START - timedelta(hours=1))) == []


@pytest.mark.parametrize("interval", [timedelta(0), timedelta(minutes=-1), timedelta(microseconds=999)])
def test_an_interval_below_a_millisecond_is_refused(interval: timedelta) -> None:
    with pytest.raises(ValueError, match="at least a millisecond"):
        phase(100001, interval)
