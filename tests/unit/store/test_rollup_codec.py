"""What rollups keep in bytes comes out as it went in, also when parts of it were taken back."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mailtrip.model import StatusCode, Step
from mailtrip.model.tally import Outcome, Share
from mailtrip.store.rollup_codec import (
    add_lanes,
    add_spread,
    by_step,
    decode_log,
    encode_lanes,
    encode_log,
    encode_spread,
    lanes_of,
    spread_of,
    word_of,
)

HOUR = datetime(2026, 1, 1, 5, tzinfo=UTC)
SHARE = Share(account_id=1, monitor_id=1, location_id=10, slot=HOUR, outcome=Outcome.OK)
SHARES = st.builds(
    lambda second, outcome, status: replace(
        SHARE, slot=HOUR + timedelta(seconds=second), outcome=outcome, status=status
    ),
    st.integers(0, 3599),
    st.sampled_from(Outcome),
    st.sampled_from(StatusCode),
)
SPREADS = st.dictionaries(st.integers(0, 16 * 1024 - 1), st.integers(1, 200_000), max_size=30).map(Counter)


@given(shares=st.lists(SHARES, max_size=20), gone=st.lists(SHARES, max_size=5))
def test_a_log_has_each_run_that_was_not_taken_back(shares: list[Share], gone: list[Share]) -> None:
    parts = [{word_of(share): 1} for share in [*gone, *shares]] + [{word_of(share): -1} for share in gone]
    log = b"".join(map(encode_log, parts))
    assert [tuple(entry) for entry in decode_log(HOUR, log)] == sorted(
        (share.slot, share.outcome, share.status) for share in shares
    )


@given(one=SPREADS, other=SPREADS)
def test_spreads_that_are_put_together_add_up(one: "Counter[int]", other: "Counter[int]") -> None:
    found: Counter[int] = Counter()
    taken_back = {key: -number for key, number in one.items()}
    add_spread(found, encode_spread(one) + encode_spread(other) + encode_spread(taken_back))
    assert +found == other


@given(one=SPREADS, other=SPREADS)
def test_lanes_add_up_and_are_taken_away(one: "Counter[int]", other: "Counter[int]") -> None:
    found = lanes_of(one)
    add_lanes(found, encode_lanes(lanes_of(other)))
    assert {place: number for place, number in found.items() if number} == lanes_of(one + other)
    add_lanes(found, encode_lanes(lanes_of(one)), -1)
    assert {place: number for place, number in found.items() if number} == lanes_of(other)


@given(one=SPREADS, other=SPREADS)
def test_lanes_take_numbers_below_zero(one: "Counter[int]", other: "Counter[int]") -> None:
    both = one + other
    difference = Counter({key: other[key] - both[key] for key in both})
    found = lanes_of(difference)
    add_lanes(found, encode_lanes(lanes_of(both)))
    assert encode_lanes(found) == encode_lanes(lanes_of(other))


def test_each_step_keeps_its_times() -> None:
    times = [(step, timedelta(seconds=1 + number)) for number, step in enumerate(Step)]
    found = by_step(lanes_of(Counter(spread_of(times))))
    assert list(found) == list(Step)
    assert [distribution.total for distribution in found.values()] == [1] * len(Step)
