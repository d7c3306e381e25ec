from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.model import Hop, Route
from mailtrip.probe.route import measure_hops

START = datetime(2026, 3, 9, 9, 0, 0, tzinfo=UTC)


def seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


def hop(by: str | None, at: float | None) -> Hop:
    return Hop(by=by, time=None if at is None else START + seconds(at))


def route(*stamps: tuple[str | None, float | None], seen: float) -> Route:
    """A route of hops by their host and the second at which its clock says they were reached."""
    return measure_hops([hop(*stamp) for stamp in stamps], sent_at=START, seen_at=START + seconds(seen))


def delays(measured: Route) -> list[float | None]:
    return [None if leg.delay is None else leg.delay.total_seconds() for leg in measured.legs]


def notes(measured: Route) -> list[str | None]:
    return [leg.note for leg in measured.legs]


def slowest(measured: Route) -> str | None:
    return measured.slowest.hop.by if measured.slowest else None


def test_each_leg_is_measured_and_the_slowest_named() -> None:
    measured = route(("a", 1), ("b", 41), ("c", 42), seen=43.5)

    assert delays(measured) == [1, 40, 1]
    assert notes(measured) == [None, None, None]
    assert measured.until_seen == seconds(1.5)
    assert measured.skews == ()
    assert slowest(measured) == "b"


def test_times_in_whole_seconds_give_no_negative_delay_and_no_skew() -> None:
    sent_at, seen_at = START + seconds(0.9), START + seconds(1.5)
    measured = measure_hops([hop("a", 0), hop("b", 1), hop("c", 0)], sent_at=sent_at, seen_at=seen_at)

    assert delays(measured) == [0, 0.6, 0]
    assert measured.skews == ()


def test_no_leg_is_called_slow_when_times_are_too_coarse_to_tell() -> None:
    assert route(("a", 0), ("b", 1), seen=1.5).slowest is None


def test_a_clock_that_is_behind_is_told_and_measures_no_way() -> None:
    measured = route(("a", 1), ("b", -29), ("c", 3), seen=4)

    assert delays(measured) == [1, None, 2]
    assert measured.legs[1].note == "the clock of b is about 30 s behind"
    assert measured.legs[2].spans == 2
    assert [(skew.host, skew.low, skew.high) for skew in measured.skews] == [("b", seconds(-32), seconds(-29))]


def test_a_clock_that_is_ahead_is_told() -> None:
    measured = route(("a", 1), ("b", 3602), ("c", 3), seen=4)

    assert delays(measured) == [1, None, 2]
    assert measured.legs[1].note == "the clock of b is about 60 min ahead"


def test_a_hop_held_while_a_clock_was_wrong_is_not_pinned_on_one_server() -> None:
    measured = route(("a", 1), ("b", -29), ("c", 121), seen=122)

    assert delays(measured) == [1, None, 120]
    assert (slowest(measured), measured.legs[2].spans) == ("c", 2)
    assert measured.legs[1].note == "the clock of b is between 29 s and 2 min behind"


def test_a_wrong_clock_still_measures_the_time_within_its_own_server() -> None:
    measured = route(("a", 1), ("b", -1000), ("b", -960), ("c", 50), seen=51)

    assert delays(measured) == [1, None, 40, 9]
    assert [leg.spans for leg in measured.legs] == [1, 1, 1, 3]
    assert slowest(measured) == "b"


def test_a_wrong_clock_at_the_end_leaves_the_time_until_it_was_seen_open() -> None:
    measured = route(("a", 1), ("b", 95), seen=5)

    assert measured.until_seen is None
    assert delays(measured) == [1, None]


def test_clocks_that_contradict_each_other_within_the_trip_are_compared_and_none_is_blamed() -> None:
    measured = route(("a", 20), ("b", 5), ("c", 6), seen=30)

    assert delays(measured) == [None, 5, 1]
    assert (
        measured.legs[0].note == "the clock of a is between 15 s and 21 s ahead, compared with other servers on the way"
    )
    assert measured.legs[1].spans == 2


def test_where_all_servers_agree_it_is_our_clock_that_is_off() -> None:
    measured = route(("a", 301), ("b", 331), ("c", 332), seen=33)

    assert delays(measured) == [None, 30, 1]
    assert measured.until_seen is None
    assert [skew.host for skew in measured.skews] == [None]
    assert measured.legs[0].note == (
        "the clock of this machine seems to be about 5 min behind: all servers on the way agree on that"
    )
    assert slowest(measured) == "b"


def test_a_single_server_is_not_believed_against_our_clock() -> None:
    measured = route(("a", 300), ("a", 301), seen=3)

    assert delays(measured) == [None, 1]
    assert [skew.text for skew in measured.skews] == ["the clock of a is about 5 min ahead"]


def test_a_hop_without_a_time_is_spanned_by_the_next() -> None:
    measured = route(("a", 1), ("b", None), ("c", 9), seen=10)

    assert delays(measured) == [1, None, 8]
    assert notes(measured) == [None, "it wrote no time", None]
    assert measured.legs[2].spans == 2


def test_hops_without_a_name_have_a_clock_each() -> None:
    measured = route((None, 1), (None, -500), ("c", 9), seen=10)

    assert notes(measured) == [None, "the clock of an unnamed server is about 8 min behind", None]


def test_a_clock_that_jumped_contradicts_itself() -> None:
    measured = route(("a", 1), ("b", 1000), ("b", -1000), ("c", 4), seen=5)

    assert delays(measured) == [1, None, None, 3]
    assert measured.legs[2].note == "the times of b contradict each other"
    assert measured.skews[0].text == "the times of b do not agree with those of other servers"


def test_a_message_without_hops_has_a_route_without_legs() -> None:
    assert route(seen=5) == Route()


def test_a_trip_that_ended_before_it_began_is_no_fault() -> None:
    assert delays(route(("a", 0), seen=-100)) == [0]


@pytest.mark.parametrize("offset", [-86400 * 365 * 50, -86400, -3600, -100, 100, 3600, 86400, 86400 * 365 * 50])
def test_a_clock_that_is_off_by_any_amount_is_told_with_the_truth_within_its_bounds(offset: int) -> None:
    measured = route(("a", 1), ("b", 2 + offset), ("c", 3), seen=4)

    assert measured.skews[0].host == "b"
    assert measured.skews[0].low <= seconds(offset) <= measured.skews[0].high


stamps = st.tuples(st.sampled_from(["a", "b", "c", "d", None]), st.one_of(st.none(), st.floats(-10_000, 10_000)))


@given(st.lists(stamps, max_size=12), st.floats(0, 2000))
def test_no_delay_is_ever_negative_or_longer_than_the_trip(
    route_stamps: list[tuple[str | None, float | None]], seen: float
) -> None:
    measured = route(*route_stamps, seen=seen)

    assert len(measured.legs) == len(route_stamps)
    for leg in measured.legs:
        assert (leg.delay is None) == (leg.note is not None)
        assert leg.delay is None or timedelta(0) <= leg.delay <= seconds(seen)
    assert measured.until_seen is None or timedelta(0) <= measured.until_seen <= seconds(seen)
    assert all(skew.low <= skew.high for skew in measured.skews)


@given(st.lists(st.integers(0, 300), min_size=1, max_size=8))
def test_with_good_clocks_the_delays_make_up_the_whole_trip(steps: list[int]) -> None:
    times = [sum(steps[: index + 1]) for index in range(len(steps))]
    measured = route(*[(f"mx{index}", at) for index, at in enumerate(times)], seen=times[-1] + 2)

    assert delays(measured) == steps
    assert measured.until_seen == seconds(2)


@given(st.lists(st.integers(0, 300), min_size=3, max_size=8), st.data())
def test_one_wrong_clock_among_good_ones_is_found(steps: list[int], data: st.DataObject) -> None:
    times = [sum(steps[: index + 1]) for index in range(len(steps))]
    wrong = data.draw(st.integers(0, len(steps) - 1))
    offset = data.draw(st.sampled_from([-5000, 5000]))
    stamped = [(f"mx{index}", at + (offset if index == wrong else 0)) for index, at in enumerate(times)]
    measured = route(*stamped, seen=times[-1] + 2)

    assert [skew.host for skew in measured.skews] == [f"mx{wrong}"]
    assert measured.skews[0].low <= seconds(offset) <= measured.skews[0].high
    assert [index for index, delay in enumerate(delays(measured)) if delay is None] == [wrong]
