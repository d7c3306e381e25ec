"""Times that repeat: counted as they would be walked."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.schedule.cadence import Cadence

ANCHOR = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TWICE = Cadence(anchor=ANCHOR, period=10 * MINUTE, offsets=(timedelta(0), 3 * MINUTE))


@st.composite
def cadences(draw: st.DrawFn) -> Cadence:
    seconds = draw(st.lists(st.integers(0, 599), min_size=1, max_size=5, unique=True))
    return Cadence(
        anchor=ANCHOR,
        period=timedelta(minutes=10),
        offsets=tuple(timedelta(seconds=each) for each in sorted(seconds)),
    )


moments = st.integers(-100_000, 100_000).map(lambda seconds: ANCHOR + timedelta(seconds=seconds))


def test_the_times_are_the_offsets_over_and_over() -> None:
    assert [(TWICE.at(index) - ANCHOR) / MINUTE for index in range(-2, 5)] == [-10, -7, 0, 3, 10, 13, 20]


@pytest.mark.parametrize(("minutes", "rank"), [(-1, 0), (0, 1), (2.9, 1), (3, 2), (9.9, 2), (10, 3), (-7.1, -1)])
def test_a_rank_counts_what_is_not_later(minutes: float, rank: int) -> None:
    assert TWICE.rank(ANCHOR + minutes * MINUTE) == rank


@given(cadences(), moments)
def test_the_next_time_is_later_and_none_lies_between(cadence: Cadence, after: datetime) -> None:
    found = cadence.next(after)
    rank = cadence.rank(after)

    assert cadence.at(rank - 1) <= after < found == cadence.at(rank)
    assert (found - cadence.anchor) % cadence.period in cadence.offsets


@given(cadences(), moments, moments)
def test_what_is_counted_between_two_moments_is_what_a_walk_finds(
    cadence: Cadence, one: datetime, other: datetime
) -> None:
    after, until = sorted([one, other])
    walked, moment = [], cadence.next(after)
    while moment <= until:
        walked.append(moment)
        moment = cadence.next(moment)

    assert [cadence.at(index) for index in range(cadence.rank(after), cadence.rank(until))] == walked


@pytest.mark.parametrize("offsets", [(), (MINUTE, MINUTE), (MINUTE, timedelta(0)), (-MINUTE,), (10 * MINUTE,)])
def test_offsets_that_are_none_are_refused(offsets: tuple[timedelta, ...]) -> None:
    with pytest.raises(ValueError, match="offsets"):
        Cadence(anchor=ANCHOR, period=10 * MINUTE, offsets=offsets)
