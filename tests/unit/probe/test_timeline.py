from datetime import timedelta

from mailtrip.model import Step, Timing
from mailtrip.probe.timeline import Timeline

Told = tuple[Step, float, float | None]


def timing(step: Step, offset: float, duration: float) -> Timing:
    return Timing(step=step, offset=timedelta(seconds=offset), duration=timedelta(seconds=duration))


def test_steps_are_told_as_offsets_in_the_order_in_which_they_began() -> None:
    timeline = Timeline(10.0)
    timeline(Step.CONNECT, 12.0, 12.5)
    timeline(Step.RESOLVE, 11.0, 12.0)

    assert timeline.timings == (timing(Step.RESOLVE, 1.0, 1.0), timing(Step.CONNECT, 2.0, 0.5))


def test_the_pieces_of_a_step_add_up() -> None:
    timeline = Timeline(0.0)
    timeline(Step.GREETING, 1.0, 1.5)
    timeline(Step.TLS, 1.5, 2.0)
    timeline(Step.GREETING, 2.0, 2.25)

    assert timeline.timings == (timing(Step.GREETING, 1.0, 0.75), timing(Step.TLS, 1.5, 0.5))


def test_a_step_that_was_not_completed_has_no_time() -> None:
    timeline = Timeline(0.0)
    timeline(Step.CONNECT, 1.0, None)

    assert timeline.timings == ()


def test_a_mailbox_opened_again_does_not_count() -> None:
    timeline = Timeline(0.0)
    timeline(Step.MAILBOX_CONNECT, 1.0, 1.5)
    timeline(Step.MAILBOX_OPEN, 1.5, 1.75)
    timeline(Step.MAILBOX_CONNECT, 7.0, 9.0)
    timeline(Step.MAILBOX_OPEN, 9.0, 9.5)

    assert timeline.timings == (timing(Step.MAILBOX_CONNECT, 1.0, 0.5), timing(Step.MAILBOX_OPEN, 1.5, 0.25))


def test_the_clients_looks_and_waits_are_left_to_the_run() -> None:
    timeline = Timeline(0.0)
    timeline(Step.LOOK, 1.0, 1.5)
    timeline(Step.WAIT, 2.0, 3.0)
    timeline.tell(Step.WAIT, 0.5, 4.0)

    assert timeline.timings == (timing(Step.WAIT, 0.5, 3.5),)


def test_what_counts_is_passed_on_as_it_happens() -> None:
    told: list[Told] = []
    timeline = Timeline(0.0, lambda *step: told.append(step))
    timeline(Step.CONNECT, 1.0, None)
    timeline(Step.CONNECT, 1.0, 1.5)
    timeline(Step.LOOK, 2.0, 2.5)
    timeline.tell(Step.LOOK, 3.0, 3.5)

    assert told == [(Step.CONNECT, 1.0, None), (Step.CONNECT, 1.0, 1.5), (Step.LOOK, 3.0, 3.5)]
