"""The steps of tests under way, for people who watch."""

from datetime import timedelta

from tests.unit.web.builders import make_run

from mailtrip.model import RunKind, Step
from mailtrip.service.live_runs import LiveRuns, LiveStep
from mailtrip.testing.clock import FakeClock

TEST = make_run(kind=RunKind.TEST)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def test_steps_are_told_while_the_run_is_under_way() -> None:
    clock = FakeClock()
    live = LiveRuns(clock)
    begun = clock.monotonic()
    with live.watched(TEST) as observe:
        assert observe is not None
        observe(Step.CONNECT, begun, None)
        observe(Step.CONNECT, begun, begun + 2)
        observe(Step.TLS, begun + 2, None)
        clock.move(5)
        assert live.steps_of(TEST.id) == (
            LiveStep(step=Step.CONNECT, offset=seconds(0), spent=seconds(2), is_over=True),
            LiveStep(step=Step.TLS, offset=seconds(2), spent=seconds(3), is_over=False),
        )


def test_pieces_of_a_step_add_up() -> None:
    clock = FakeClock()
    live = LiveRuns(clock)
    begun = clock.monotonic()
    with live.watched(TEST) as observe:
        assert observe is not None
        observe(Step.SUBMIT, begun, begun + 2)
        observe(Step.SUBMIT, begun + 10, begun + 13)
        assert live.steps_of(TEST.id) == (
            LiveStep(step=Step.SUBMIT, offset=seconds(0), spent=seconds(5), is_over=True),
        )


def test_a_run_that_has_not_begun_a_step_has_none() -> None:
    live = LiveRuns(FakeClock())
    with live.watched(TEST):
        assert live.steps_of(TEST.id) == ()


def test_a_run_that_is_over_or_unknown_has_no_steps_any_more() -> None:
    live = LiveRuns(FakeClock())
    with live.watched(TEST):
        pass
    assert live.steps_of(TEST.id) is None


def test_planned_runs_are_not_observed() -> None:
    live = LiveRuns(FakeClock())
    with live.watched(make_run()) as observe:
        assert (observe, live.steps_of(100007)) == (None, None)


def test_of_very_many_tests_the_first_ones_are_observed() -> None:
    live = LiveRuns(FakeClock())
    opened = [live.watched(make_run(id=number, kind=RunKind.TEST)) for number in range(201)]
    observers = [each.__enter__() for each in opened]
    assert [observe is None for observe in observers] == [False] * 200 + [True]
