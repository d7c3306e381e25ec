from datetime import timedelta

import pytest

from mailtrip.errors import Forbidden, NotFound, RateLimited
from mailtrip.model import Actor, Role, RunState
from mailtrip.service.endings import Conclusion
from mailtrip.service.jobs import RunJob
from mailtrip.service.monitors import Passwords
from mailtrip.service.trials import Trial, Trials
from mailtrip.testing.clock import FakeClock
from mailtrip.testing.engine import make_result, make_settings

ONE = Actor(account_id=1, role=Role.ADMIN, user_id=1)
COLLEAGUE = Actor(account_id=1, role=Role.ADMIN, user_id=2)
STRANGER = Actor(account_id=2, role=Role.ADMIN, user_id=1)


class Bench:
    """Trials with the jobs that they had made."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.jobs: list[RunJob] = []
        self.trials = Trials(self.clock, self.jobs.append)

    def start(self, actor: Actor = ONE) -> Trial:
        passwords = Passwords(mailbox="secret")
        return self.trials.start(actor, make_settings(), passwords, token="token", now=self.clock.now())

    def end(self, trial: Trial) -> None:
        result = make_result(self.clock.now())
        self.trials.end(Conclusion(run=trial.run, state=RunState.FINISHED, result=result))


def test_a_trial_is_made_with_its_passwords_and_keeps_none() -> None:
    bench = Bench()
    trial = bench.start()

    [job] = bench.jobs
    assert job.mailbox_credentials is not None
    assert (job.mailbox_credentials.password, job.smtp_credentials) == ("secret", None)
    assert (job.run.token, job.run.id) == ("token", -trial.id)
    assert "secret" not in repr(trial) + repr(job)
    assert not hasattr(trial, "mailbox_credentials")


def test_its_result_is_there_when_it_has_ended() -> None:
    bench = Bench()
    trial = bench.start()
    assert bench.trials.get(ONE, trial.id).run.state is RunState.RUNNING
    bench.end(trial)

    found = bench.trials.get(ONE, trial.id).run
    assert (found.state, found.result) == (RunState.FINISHED, make_result(bench.clock.now()))


@pytest.mark.parametrize("actor", [COLLEAGUE, STRANGER])
def test_nobody_else_sees_it(actor: Actor) -> None:
    bench = Bench()
    trial = bench.start()

    with pytest.raises(NotFound):
        bench.trials.get(actor, trial.id)


def test_it_is_let_go_after_some_minutes_and_what_comes_then_is_left_out() -> None:
    bench = Bench()
    trial = bench.start()
    bench.clock.move(601)

    with pytest.raises(NotFound):
        bench.trials.get(ONE, trial.id)
    bench.end(trial)


def test_an_account_tries_three_at_once_and_others_are_not_held_up_by_it() -> None:
    bench = Bench()
    first = bench.start()
    for _ in range(2):
        bench.start(COLLEAGUE)
    with pytest.raises(RateLimited, match="3 monitors are being tried"):
        bench.start()
    bench.start(STRANGER)
    bench.end(first)
    bench.start()


def test_passwords_can_not_be_guessed_by_many_trials() -> None:
    bench = Bench()
    for _ in range(30):
        bench.end(bench.start())
        bench.clock.move(1)
    with pytest.raises(RateLimited, match="too many monitors were tried") as caught:
        bench.start()
    assert caught.value.retry_after == timedelta(seconds=570)
    bench.clock.move(570)
    bench.start()


def test_who_may_not_make_monitors_tries_none() -> None:
    bench = Bench()
    with pytest.raises(Forbidden):
        bench.start(Actor(account_id=1, role=Role.READ_ONLY, user_id=3))
    assert bench.jobs == []
