"""How often the API may be called."""

import threading
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.errors import RateLimited
from mailtrip.model import Actor, Role
from mailtrip.service.call_limits import CallLimits, Rate, TokenBuckets

RATE = Rate(per_second=10, burst=3)


def actor(user_id: int = 1, account_id: int = 1) -> Actor:
    return Actor(account_id=account_id, role=Role.ADMIN, user_id=user_id)


def taken(buckets: TokenBuckets, at: float, times: int) -> int:
    return sum(buckets.take("key", at=at) == 0 for _ in range(times))


def test_a_burst_passes_at_once_and_then_as_many_as_come_back() -> None:
    buckets = TokenBuckets(RATE)
    assert taken(buckets, 100.0, 10) == 3
    assert taken(buckets, 100.1, 10) == 1
    assert taken(buckets, 100.5, 10) == 3
    assert taken(buckets, 1000.0, 10) == 3


def test_the_wait_is_just_long_enough() -> None:
    buckets = TokenBuckets(RATE)
    taken(buckets, 0.0, 3)
    wait = buckets.take("key", at=0.0)
    assert 0 < wait <= 0.1
    assert buckets.take("key", at=wait) == 0


@pytest.mark.parametrize(("per_second", "burst"), [(1, 1), (3, 7), (100, 2000), (7, 9999), (1_000_000, 1_000_000)])
def test_a_burst_is_exact_whatever_the_rounding(per_second: int, burst: int) -> None:
    buckets = TokenBuckets(Rate(per_second=per_second, burst=burst))
    assert taken(buckets, 1e6, min(burst, 10_000)) == min(burst, 10_000)
    if burst <= 10_000:
        assert taken(buckets, 1e6, 3) == 0


@given(
    st.lists(st.floats(0, 20), max_size=200),
    st.integers(1, 20),
    st.integers(1, 20),
)
def test_no_span_of_time_ever_lets_more_through_than_burst_and_rate(
    moments: list[float], per_second: int, burst: int
) -> None:
    buckets = TokenBuckets(Rate(per_second=per_second, burst=burst))
    passed = [at for at in sorted(moments) if buckets.take("key", at=at) == 0]
    for first, begin in enumerate(passed):
        for last in range(first, len(passed)):
            assert last - first + 1 <= burst + (passed[last] - begin) * per_second + 0.51


def test_each_key_has_a_bucket_of_its_own() -> None:
    buckets = TokenBuckets(RATE)
    assert taken(buckets, 0.0, 5) == 3
    assert buckets.take("other", at=0.0) == 0


def test_the_least_recently_used_is_forgotten_when_there_are_too_many() -> None:
    buckets = TokenBuckets(Rate(per_second=1, burst=1), most_kept=2)
    for key in ("a", "b", "c"):
        assert buckets.take(key, at=0.0) == 0
    assert buckets.take("c", at=0.0) > 0
    assert buckets.take("a", at=0.0) == 0


def test_calls_of_many_threads_at_once_can_not_slip_through() -> None:
    buckets = TokenBuckets(Rate(per_second=1, burst=100))
    passed: list[int] = []

    def call() -> None:
        passed.append(taken(buckets, 0.0, 100))

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(passed) == 100


def test_an_address_is_limited_with_its_whole_network_and_told_when_to_come_back() -> None:
    limits = CallLimits(by_address=Rate(per_second=1, burst=2))
    limits.admit_address("2001:db8::1", at=0.0)
    limits.admit_address("2001:db8::2", at=0.0)
    with pytest.raises(RateLimited, match="too many calls of this address; try again in 1 s") as caught:
        limits.admit_address("2001:db8::3", at=0.0)
    assert timedelta(0) < caught.value.retry_after <= timedelta(seconds=1)
    limits.admit_address("2001:db8:0:1::1", at=0.0)


def test_a_user_is_limited_and_another_of_the_account_is_not() -> None:
    limits = CallLimits(by_user=Rate(per_second=1, burst=1))
    limits.admit_actor(actor(), at=0.0)
    with pytest.raises(RateLimited, match="this user"):
        limits.admit_actor(actor(), at=0.0)
    limits.admit_actor(actor(2), at=0.0)


def test_an_account_is_limited_with_all_its_users_and_another_account_is_not() -> None:
    limits = CallLimits(by_account=Rate(per_second=1, burst=2))
    limits.admit_actor(actor(1), at=0.0)
    limits.admit_actor(actor(2), at=0.0)
    with pytest.raises(RateLimited, match="this account"):
        limits.admit_actor(actor(3), at=0.0)
    limits.admit_actor(actor(4, account_id=2), at=0.0)


def test_without_rates_there_are_no_limits() -> None:
    limits = CallLimits()
    for _ in range(1000):
        limits.admit_address("192.0.2.1", at=0.0)
        limits.admit_actor(actor(), at=0.0)
