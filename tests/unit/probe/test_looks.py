from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.model import MailProtocol
from mailtrip.probe.looks import LAST_LOOK_SECONDS, LookPlan, look_plan

IMAP = look_plan(MailProtocol.IMAP)
POP3 = look_plan(MailProtocol.POP3)
FOR_EVER = 1e9

plans = st.builds(look_plan, st.sampled_from([MailProtocol.POP3, MailProtocol.IMAP]), login_gap=st.floats(0, 120))
seconds = st.floats(0, 300)


@pytest.mark.parametrize(
    ("plan", "waited", "gap"),
    [
        (IMAP, 0.0, 0.01),
        (IMAP, 0.01, 0.01),
        (IMAP, 0.04, 0.04),
        (IMAP, 0.2, 0.1),
        (IMAP, 2.9, 0.1),
        (IMAP, 3.0, pytest.approx(0.3)),
        (IMAP, 100.0, 10.0),
        (IMAP, 250.0, 20.0),
        (POP3, 0.0, 0.25),
        (POP3, 5.0, 1.0),
        (POP3, 100.0, 10.0),
    ],
)
def test_looks_are_dense_at_first_and_thin_out(plan: LookPlan, waited: float, gap: float) -> None:
    assert plan.gap(waited, FOR_EVER) == gap


def looks_in(plan: LookPlan, timeout: float) -> list[float]:
    """When there are looks after acceptance, if each takes no time."""
    at = plan.first
    times = []
    while at < timeout:
        times.append(at)
        at += plan.gap(at, timeout - at)
    return times


@pytest.mark.parametrize(("plan", "most"), [(IMAP, 100), (POP3, 65)])
def test_a_message_that_never_comes_costs_a_bounded_number_of_looks(plan: LookPlan, most: int) -> None:
    assert 40 < len(looks_in(plan, 300.0)) <= most


@pytest.mark.parametrize("plan", [IMAP, POP3])
@pytest.mark.parametrize("timeout", [5.0, 60.0, 300.0])
def test_the_last_look_is_right_before_the_deadline(plan: LookPlan, timeout: float) -> None:
    assert looks_in(plan, timeout)[-1] >= timeout - 2 * plan.dense


@given(plans, seconds, seconds)
def test_a_gap_is_never_shorter_than_the_provider_wants(plan: LookPlan, waited: float, remaining: float) -> None:
    assert plan.gap(waited, remaining) >= plan.minimum
    assert plan.retry_gap(1) >= plan.minimum


@given(plans, seconds, seconds)
def test_a_gap_is_bounded(plan: LookPlan, waited: float, remaining: float) -> None:
    assert 0 < plan.gap(waited, remaining) <= max(plan.longest, plan.minimum) + plan.minimum


@pytest.mark.parametrize(("failures", "gap"), [(1, 0.25), (2, 0.5), (6, 8.0), (7, 10.0), (5000, 10.0)])
def test_a_failing_mailbox_is_tried_more_and_more_seldom(failures: int, gap: float) -> None:
    assert POP3.retry_gap(failures) == gap


def test_only_a_cheap_look_is_repeated_after_the_deletion() -> None:
    assert IMAP.looks_again
    assert not POP3.looks_again


def sparing_looks(login_gap: float, timeout: float) -> list[float]:
    """When there are looks after acceptance, over POP3 with a provider that allows few logins."""
    plan = look_plan(MailProtocol.POP3, login_gap=login_gap)
    at = plan.first_gap(timeout)
    times = []
    while at < timeout:
        times.append(at)
        at += plan.gap(at, timeout - at)
    return times


@pytest.mark.parametrize(
    ("login_gap", "timeout", "looks"),
    [
        (10.0, 50.0, [10.0, 20.0, 30.0, 47.0]),
        (30.0, 50.0, [47.0]),
        (60.0, 300.0, [60.0, 120.0, 180.0, 297.0]),
        (60.0, 55.0, []),
    ],
)
def test_where_looks_are_few_the_last_one_is_shortly_before_the_deadline(
    login_gap: float, timeout: float, looks: list[float]
) -> None:
    assert sparing_looks(login_gap, timeout) == looks


@given(st.floats(1, 60), st.floats(5, 300))
def test_a_limit_on_logins_is_kept_and_leaves_no_long_time_unseen_at_the_end(login_gap: float, timeout: float) -> None:
    looks = sparing_looks(login_gap, timeout)

    assert all(later - earlier >= login_gap - 1e-6 for earlier, later in pairwise([0.0, *looks]))
    assert timeout < login_gap + LAST_LOOK_SECONDS or looks[-1] >= timeout - LAST_LOOK_SECONDS - 1e-6


def test_an_imap_look_is_no_login() -> None:
    plan = look_plan(MailProtocol.IMAP, login_gap=60.0)

    assert (plan.minimum, plan.first_gap(300.0), plan.gap(0.0, 300.0)) == (0.0, 0.0, 0.01)
