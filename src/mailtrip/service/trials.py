"""Monitors that are tried before they are saved: kept in memory for some minutes, and nowhere else."""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from mailtrip.clock import Clock
from mailtrip.errors import NotFound, RateLimited
from mailtrip.model import DEFAULT_LOCATION_ID, Actor, MonitorSettings, Run, RunKind, RunState
from mailtrip.service import jobs
from mailtrip.service.access import require_edit
from mailtrip.service.endings import Conclusion
from mailtrip.service.jobs import RunJob
from mailtrip.service.monitors import Passwords

__all__ = ["Trial", "Trials"]

_KEPT: Final = timedelta(minutes=10)
_MOST_AT_ONCE: Final = 3
"""Trials of one account that may be under way."""
_MOST_OF_ACCOUNT: Final = 30
"""Trials of one account within the time that they are kept: passwords must not be guessed this way."""
_MOST: Final = 200
_FIRST_ID: Final = 2**40
"""Ids count from here, downwards from zero: the engine gives small ones below zero to runs that are not stored yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A monitor that somebody tries; its passwords are not kept.

    Attributes:
        run: with its result as soon as there is one; its id is below zero, and nobody can guess it.
        user_id: who tries it.
        begun: in monotonic seconds.
    """

    run: Run
    settings: MonitorSettings = field(repr=False)
    user_id: int | None
    begun: float

    @property
    def id(self) -> int:
        """Its number for addresses of pages."""
        return -self.run.id


class Trials:
    """Those of the last minutes.

    Args:
        clock: tells when a trial is let go.
        run: has a job made; `end` is called with how it ended.
    """

    def __init__(self, clock: Clock, run: Callable[[RunJob], None]) -> None:
        self._clock = clock
        self._run = run
        self._trials: dict[int, Trial] = {}

    def start(
        self, actor: Actor, settings: MonitorSettings, passwords: Passwords, *, token: str, now: datetime
    ) -> Trial:
        """Have a monitor tried that is not stored.

        Args:
            actor: who asks.
            settings: found to be valid (`monitors.draft`).
            passwords: for its servers; UNCHANGED and None both mean: none.
            token: of the message, new, as text; not used where none is sent.
            now: the time of asking.

        Raises:
            Forbidden: the role may not edit.
            RateLimited: too many are under way, or were started within some minutes.
        """
        require_edit(actor)
        self._admit(actor.account_id)
        number = -_FIRST_ID - secrets.randbelow(2**62)
        run = Run(
            id=number,
            account_id=actor.account_id,
            monitor_id=number,
            location_id=DEFAULT_LOCATION_ID,
            slot=now,
            kind=RunKind.TEST,
            state=RunState.RUNNING,
            token=token if settings.sends_message else None,
        )
        trial = Trial(run=run, settings=settings, user_id=actor.user_id, begun=self._clock.monotonic())
        mailbox, smtp = (text if isinstance(text, str) else None for text in (passwords.mailbox, passwords.smtp))
        self._run(jobs.make(run, settings, password=mailbox, smtp_password=smtp))
        self._trials[number] = trial
        return trial

    def get(self, actor: Actor, trial_id: int) -> Trial:
        """A trial of one's own; raises NotFound."""
        self._forget()
        trial = self._trials.get(-trial_id)
        if trial is None or (trial.run.account_id, trial.user_id) != (actor.account_id, actor.user_id):
            raise NotFound(f"there is no trial {trial_id}")
        return trial

    def end(self, conclusion: Conclusion) -> None:
        """Take note of how a trial ended; one that is not known any more is left out."""
        trial = self._trials.get(conclusion.run.id)
        if trial is not None:
            run = replace(trial.run, state=conclusion.state, result=conclusion.result, note=conclusion.note)
            self._trials[run.id] = replace(trial, run=run)

    def _admit(self, account_id: int) -> None:
        self._forget()
        own = [trial for trial in self._trials.values() if trial.run.account_id == account_id]
        under_way = [trial for trial in own if trial.run.state is RunState.RUNNING]
        if len(under_way) >= _MOST_AT_ONCE:
            raise RateLimited(
                f"{_MOST_AT_ONCE} monitors are being tried; wait until one has ended", retry_after=timedelta(seconds=10)
            )
        for trials, most in ((own, _MOST_OF_ACCOUNT), (self._trials.values(), _MOST)):
            if len(trials) >= most:
                raise RateLimited(
                    "too many monitors were tried within some minutes; wait a little", retry_after=self._pause(trials)
                )

    def _pause(self, trials: Iterable[Trial]) -> timedelta:
        """Until the first of them is let go."""
        passed = self._clock.monotonic() - min(trial.begun for trial in trials)
        return max(_KEPT - timedelta(seconds=passed), timedelta(seconds=1))

    def _forget(self) -> None:
        """Trials that are under way stay: their timeout is shorter than the time that they are kept."""
        oldest = self._clock.monotonic() - _KEPT.total_seconds()
        self._trials = {number: trial for number, trial in self._trials.items() if trial.begun > oldest}
