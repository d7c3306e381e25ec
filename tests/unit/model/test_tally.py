"""Counts and distributions: exact sums, and percentiles within their stated error."""

from datetime import timedelta
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.model.tally import RELATIVE_ERROR, Counts, Distribution

TIMES = st.lists(st.floats(0.001, 100_000).map(lambda seconds: timedelta(seconds=seconds)), min_size=1, max_size=60)


@given(times=TIMES, share=st.sampled_from([0.0, 0.5, 0.9, 0.95, 0.99, 1.0]))
def test_a_percentile_is_within_its_error_of_the_time_at_its_rank(times: list[timedelta], share: float) -> None:
    exact = sorted(times)[floor(share * (len(times) - 1))].total_seconds()
    (found,) = Distribution.of(times).quantiles([share])
    assert found is not None
    assert found.total_seconds() == pytest.approx(exact, rel=RELATIVE_ERROR * 1.001, abs=2e-6)


@given(one=TIMES, other=TIMES)
def test_distributions_add_up_to_that_of_all_times(one: list[timedelta], other: list[timedelta]) -> None:
    assert Distribution.of(one) + Distribution.of(other) == Distribution.of(one + other)
    assert (Distribution.of(one) + Distribution.of(other)).total == len(one) + len(other)


def test_times_out_of_range_count_as_its_ends() -> None:
    short, long = Distribution.of([timedelta(0)]), Distribution.of([timedelta(days=3)])
    assert short == Distribution.of([timedelta(milliseconds=1)])
    assert long == Distribution.of([timedelta(seconds=100_000)])


@given(times=TIMES)
def test_each_time_is_in_one_column_of_a_histogram(times: list[timedelta]) -> None:
    edges = [timedelta(seconds=edge) for edge in (0.01, 1, 60, 3600)]
    assert sum(Distribution.of(times).histogram(edges)) == len(times)


def test_a_histogram_tells_how_many_are_not_above_each_edge() -> None:
    times = [timedelta(seconds=number) for number in (0.5, 2, 2.1, 50)]
    assert Distribution.of(times).histogram([timedelta(seconds=1), timedelta(seconds=10)]) == [1, 2, 1]


def test_without_times_there_are_no_percentiles() -> None:
    assert (Distribution().quantiles([0.5, 0.99]), Distribution().total) == ([None, None], 0)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (Counts(), None),
        (Counts(unknown=3, not_measured=2, skipped=1, blackout=1), None),
        (Counts(ok=1, warning=2, error=1, unknown=9), 0.75),
        (Counts(error=2), 0.0),
    ],
)
def test_availability_is_the_share_of_what_could_tell_and_never_made_up(counts: Counts, expected: float | None) -> None:
    assert counts.availability == expected


def test_counts_add_up_and_are_taken_away_again() -> None:
    one = Counts(ok=2, error=1, responses=2, response_time=timedelta(seconds=3))
    assert one + one - one == one
    assert one.mean_response_time == timedelta(seconds=1.5)
