"""How often a login may fail."""

import threading
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.errors import RateLimited
from mailtrip.service.login_limiter import Limit, LoginLimiter, wait_before

LIMIT = Limit(failures=3, window=60.0)


@pytest.mark.parametrize(
    ("attempts", "at", "wait"),
    [
        ([], 0.0, 0.0),
        ([0.0, 1.0], 2.0, 0.0),
        ([0.0, 1.0, 2.0], 2.0, 58.0),
        ([0.0, 1.0, 2.0], 59.0, 1.0),
        ([0.0, 1.0, 2.0], 60.0, 0.0),
        ([0.0, 30.0, 31.0, 32.0], 61.0, 29.0),
    ],
)
def test_the_wait_ends_when_the_window_has_room(attempts: list[float], at: float, wait: float) -> None:
    assert wait_before(attempts, LIMIT, at=at) == wait


@given(st.lists(st.floats(0, 1000), max_size=200))
def test_no_window_ever_holds_more_attempts_than_the_limit(moments: list[float]) -> None:
    admitted: list[float] = []
    for at in sorted(moments):
        if wait_before(admitted, LIMIT, at=at) == 0:
            admitted.append(at)
    for start in admitted:
        assert sum(start <= at < start + LIMIT.window for at in admitted) <= LIMIT.failures


def fail(limiter: LoginLimiter, times: int, *, address: str = "192.0.2.1", email: str = "a@probe.test") -> None:
    for _ in range(times):
        limiter.admit(address=address, email=email, at=100.0)


def test_an_account_waits_after_ten_failures_from_anywhere() -> None:
    limiter = LoginLimiter()
    for number in range(10):
        fail(limiter, 1, address=f"192.0.2.{number}")
    with pytest.raises(RateLimited) as caught:
        limiter.admit(address="198.51.100.1", email="A@probe.TEST", at=400.0)
    assert caught.value.retry_after == timedelta(seconds=600)
    limiter.admit(address="198.51.100.1", email="b@probe.test", at=400.0)
    limiter.admit(address="198.51.100.1", email="a@probe.test", at=1000.0)


@pytest.mark.parametrize(
    ("used", "again"),
    [
        (["192.0.2.1"], "192.0.2.1"),
        (["192.0.2.1"], "::ffff:192.0.2.1"),
        (["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::"], "2001:db8::3"),
        (["unix:"], "unix:"),
    ],
)
def test_an_address_waits_after_thirty_failures_of_any_accounts(used: list[str], again: str) -> None:
    limiter = LoginLimiter()
    for number in range(30):
        fail(limiter, 1, address=used[number % len(used)], email=f"{number}@probe.test")
    with pytest.raises(RateLimited):
        fail(limiter, 1, address=again, email="new@probe.test")
    fail(limiter, 1, address="2001:db8:0:1::1", email="new@probe.test")


def test_a_refused_attempt_does_not_make_the_wait_longer() -> None:
    limiter = LoginLimiter()
    fail(limiter, 10)
    for _ in range(5):
        with pytest.raises(RateLimited):
            limiter.admit(address="192.0.2.1", email="a@probe.test", at=900.0)
    limiter.admit(address="192.0.2.1", email="a@probe.test", at=1000.0)


def test_a_good_login_clears_the_account() -> None:
    limiter = LoginLimiter()
    fail(limiter, 9)
    limiter.succeeded(address="192.0.2.1", email="A@probe.test")
    fail(limiter, 10)
    with pytest.raises(RateLimited):
        fail(limiter, 1)


def test_good_logins_never_make_an_address_wait() -> None:
    limiter = LoginLimiter()
    for _ in range(100):
        fail(limiter, 1)
        limiter.succeeded(address="192.0.2.1", email="a@probe.test")


def test_a_good_login_does_not_excuse_the_failures_of_its_address() -> None:
    limiter = LoginLimiter()
    for number in range(29):
        fail(limiter, 1, email=f"{number}@probe.test")
    fail(limiter, 1)
    limiter.succeeded(address="192.0.2.1", email="a@probe.test")
    fail(limiter, 1)
    with pytest.raises(RateLimited):
        fail(limiter, 1)


def test_an_attempt_that_could_not_be_decided_does_not_count() -> None:
    limiter = LoginLimiter()
    fail(limiter, 9)
    for _ in range(50):
        fail(limiter, 1)
        limiter.withdraw(address="192.0.2.1", email="a@probe.test")
    fail(limiter, 1)


def test_taking_back_what_was_never_counted_does_no_harm() -> None:
    limiter = LoginLimiter()
    limiter.withdraw(address="192.0.2.1", email="a@probe.test")
    limiter.succeeded(address="192.0.2.1", email="a@probe.test")
    fail(limiter, 10)


def test_the_oldest_are_forgotten_when_there_are_too_many() -> None:
    limiter = LoginLimiter(most_kept=2, by_address=Limit(failures=1000))
    fail(limiter, 10, email="first@probe.test")
    fail(limiter, 1, email="second@probe.test")
    fail(limiter, 1, email="third@probe.test")
    fail(limiter, 1, email="first@probe.test")
    fail(limiter, 9, email="third@probe.test")
    with pytest.raises(RateLimited):
        fail(limiter, 1, email="third@probe.test")


def test_attempts_at_the_same_moment_can_not_slip_through() -> None:
    limiter = LoginLimiter()
    admitted: list[bool] = []

    def attempt() -> None:
        for _ in range(20):
            try:
                fail(limiter, 1)
            except RateLimited:
                continue
            admitted.append(True)

    threads = [threading.Thread(target=attempt) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(admitted) == 10
