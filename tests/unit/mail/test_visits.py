"""Logins to one mailbox: how far apart they are, and what becomes of those that can't wait."""

import asyncio

import pytest

from mailtrip.mail.visits import Visit, Visits
from mailtrip.model import Failure, MailProtocol, StatusCode, Step, parse_server
from mailtrip.testing.clock import FakeClock

SERVER = parse_server("pop3s://pop.example.com", MailProtocol.POP3)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(autojump=True)


async def log_in(
    visit: Visit, clock: FakeClock, *, deadline: float = 1000.0, needs_another: bool = False
) -> Failure | float:
    """When a login was allowed, or why it was not."""
    failure = await visit.wait_for_login(
        clock, SERVER, Step.MAILBOX_OPEN, deadline=deadline, needs_another=needs_another
    )
    return clock.monotonic() if failure is None else failure


async def test_without_a_limit_nobody_waits(clock: FakeClock) -> None:
    visit = Visit()

    assert [await log_in(visit, clock) for _ in range(3)] == [0.0, 0.0, 0.0]


async def test_logins_that_are_wanted_at_once_are_a_gap_apart(clock: FakeClock) -> None:
    visit = Visit(login_gap=10.0)

    async with asyncio.TaskGroup() as group:
        logins = [group.create_task(log_in(visit, clock)) for _ in range(4)]

    assert [login.result() for login in logins] == [0.0, 10.0, 20.0, 30.0]


async def test_the_gap_counts_from_the_answer_and_a_server_may_ask_for_more(clock: FakeClock) -> None:
    visit = Visit(login_gap=10.0)

    await log_in(visit, clock)
    visit.note_login(2.0)
    second = await log_in(visit, clock)
    visit.note_login(12.5, delay=60.0)
    third = await log_in(visit, clock)

    assert (second, third) == (12.0, 72.5)


async def test_a_login_that_comes_too_late_is_not_waited_for_and_blames_no_server(clock: FakeClock) -> None:
    visit = Visit(login_gap=60.0)
    await log_in(visit, clock)

    refused = await log_in(visit, clock, deadline=60.0)

    assert isinstance(refused, Failure)
    assert refused.status is StatusCode.HELD_BACK
    assert "allowed in 60 s; set a longer timeout" in refused.reason
    assert clock.monotonic() == 0.0


async def test_a_login_that_needs_another_is_not_made_in_vain(clock: FakeClock) -> None:
    visit = Visit(login_gap=30.0)

    assert isinstance(await log_in(visit, clock, deadline=30.0, needs_another=True), Failure)
    assert await log_in(visit, clock, deadline=30.5, needs_another=True) == 0.0


async def test_who_gives_up_waiting_leaves_the_login_to_others(clock: FakeClock) -> None:
    visit = Visit(login_gap=10.0)
    await log_in(visit, clock)
    impatient = asyncio.create_task(log_in(visit, clock))
    patient = asyncio.create_task(log_in(visit, clock))
    await asyncio.sleep(0)
    impatient.cancel()

    assert await patient == 10.0


def test_a_mailbox_is_remembered_by_server_and_login() -> None:
    visits = Visits()

    assert visits.of(SERVER, "a") is visits.of(SERVER, "a")
    assert visits.of(SERVER, "a") is not visits.of(SERVER, "b")
