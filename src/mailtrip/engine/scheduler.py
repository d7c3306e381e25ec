"""Turns the plan into runs: claims slots shortly before they come, and offers each run at its very moment."""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice

import structlog

from mailtrip.clock import Clock
from mailtrip.engine.alarm import Alarm
from mailtrip.engine.claims import Claims
from mailtrip.engine.dispatcher import NOT_STARTED, Dispatcher
from mailtrip.engine.gaps import GapRecorder
from mailtrip.engine.limits import EngineLimits
from mailtrip.engine.plan import BLACKED_OUT, STALLED, Plan, gaps_of_a_stop, longest_wait
from mailtrip.engine.ports import Changes, Conclusion, Ledger, PlannedRun, RunJob, ScheduledMonitor
from mailtrip.engine.pulse import Pulse
from mailtrip.engine.quotas import WINDOW, Quotas
from mailtrip.errors import Unavailable
from mailtrip.model import Run, RunState
from mailtrip.schedule.blackouts import blackout_at

__all__ = ["Scheduler"]

_log = structlog.get_logger(__name__)

_DISABLED = "the monitor was disabled"
_DEADLINE_SECONDS = 5.0
_AT_ONCE = 500
"""Monitors taken into the plan before other work on the event loop gets its turn: some milliseconds."""


class Scheduler:
    """Three loops: one follows the changes of monitors, one claims the slots to come, one serves tests and rechecks.

    Args:
        conclude: takes the conclusions of runs that never start.
        new_token: makes the token of a run's message.

    Attributes:
        pulse: beats whenever due slots have been looked for.
    """

    def __init__(
        self,
        ledger: Ledger,
        plan: Plan,
        dispatcher: Dispatcher,
        gaps: GapRecorder,
        quotas: Quotas,
        *,
        clock: Clock,
        limits: EngineLimits,
        conclude: Callable[[Conclusion], None],
        new_token: Callable[[], str],
    ) -> None:
        self._ledger = ledger
        self._plan = plan
        self._dispatcher = dispatcher
        self._gaps = gaps
        self._quotas = quotas
        self._clock = clock
        self._limits = limits
        self._conclude = conclude
        self._claims = Claims(ledger, clock=clock, conclude=conclude, new_token=self._token_for)
        self._new_token = new_token
        self._made_at = clock.now()
        self._mark = 0
        self._changed = Alarm(clock)
        self._look = Alarm(clock)
        self._asked = Alarm(clock)
        self._tests: deque[Run] = deque()
        self._rechecks: deque[PlannedRun] = deque(maxlen=limits.tests_waiting)
        self.pulse = Pulse(clock)

    @property
    def unwritten(self) -> Collection[str]:
        """Tokens of runs that were begun while the database was away: they may not be in the ledger yet."""
        return self._claims.unwritten

    def poke(self) -> None:
        """Monitors were changed: look at once."""
        self._changed.ring()

    def put(self, run: Run) -> None:
        """Start a run that was asked for and is stored as `RUNNING`, before all planned ones."""
        if run.location_id != self._plan.location_id:
            note = f"not started: nothing runs at location {run.location_id}"
            self._conclude(Conclusion(run=run, state=RunState.NOT_MEASURED, note=note))
            return
        if len(self._tests) >= self._limits.tests_waiting:
            note = f"too many tests were waiting (cap {self._limits.tests_waiting})"
            self._conclude(Conclusion(run=run, state=RunState.SKIPPED, note=note))
            return
        self._tests.append(run)
        self._asked.ring()

    def recheck(self, planned: PlannedRun) -> None:
        """Claim and make the run that verifies an error, at once. The oldest are left out when too many wait.

        None is made when a blackout of the monitor has begun meanwhile: the error stays unverified.
        """
        if not self._is_blacked_out(planned.monitor_id, self._clock.now()):
            self._rechecks.append(planned)
            self._asked.ring()

    def hand_back(self) -> None:
        """Conclude the tests that nobody has looked at; for the end, after `run`."""
        while self._tests:
            self._conclude_unstarted(self._tests.popleft())

    async def run(self) -> None:
        """Work until cancelled."""
        await self._begin()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow_changes())
            group.create_task(self._serve_tests())
            while True:
                await self._claim_due(group)
                self.pulse.beat()
                await self._look.wait(self._limits.turn.total_seconds())

    async def _begin(self) -> None:
        """Find out what a stop left behind. Slots of the stop are recorded, not replayed."""
        while True:
            try:
                taken = await self._ledger.take_over(own_since=self._made_at)
                last_slots = await self._ledger.last_slots()
                changes = await self._ledger.changed_since(0)
                recent = await self._ledger.recent_runs(self._quotas.is_limited, since=self._clock.now() - WINDOW)
            except Unavailable as exc:
                _log.error("database away; nothing can start", error=str(exc))
                await self._look.wait(self._limits.turn.total_seconds())
            else:
                break
        self._quotas.learn(recent)
        await self._apply(changes)
        location_id = self._plan.location_id
        gaps = gaps_of_a_stop(changes.changed, last_slots, location_id=location_id, now=self._clock.now())
        self._gaps.add(gaps)
        for job in await self._claims.load(taken.resumed):
            self._dispatcher.offer(replace(job, resumes=True))
        _log.info(
            "engine started",
            monitors=len(self._plan),
            resumed_runs=len(taken.resumed),
            ended_runs=taken.ended,
            gaps=len(gaps),
        )

    async def _follow_changes(self) -> None:
        while True:
            await self._changed.wait(self._limits.turn.total_seconds())
            try:
                async with asyncio.timeout(_DEADLINE_SECONDS):
                    changes = await self._ledger.changed_since(self._mark)
            except (Unavailable, TimeoutError):
                continue  # The recorder says so; the plan stays as it is.
            if changes.changed or changes.gone:
                await self._apply(changes)
                self._look.ring()

    async def _apply(self, changes: Changes) -> None:
        for monitor_id in changes.gone:
            self._plan.remove(monitor_id)
            self._claims.forget(monitor_id)
        monitors = iter(changes.changed)
        while some := tuple(islice(monitors, _AT_ONCE)):
            self._put_all(some, now=self._clock.now())
            await asyncio.sleep(0)
        self._mark = changes.mark

    def _put_all(self, monitors: Iterable[ScheduledMonitor], *, now: datetime) -> None:
        for monitor in monitors:
            self._plan.put(monitor, now=now)

    async def _claim_due(self, group: asyncio.TaskGroup) -> None:
        self._dispatcher.give_up()
        now = self._clock.now()
        due = self._plan.take_due(now=now, until=now + self._limits.look_ahead)
        self._gaps.add(due.gaps)
        if due.planned:
            revisions = {run.monitor_id: self._revision(run.monitor_id) for run in due.planned}
            jobs = await self._claims.take(due.planned)
            if jobs:
                group.create_task(self._offer_in_time(jobs, revisions, group))

    async def _offer_in_time(
        self, jobs: Sequence[RunJob], revisions: dict[int, int | None], group: asyncio.TaskGroup
    ) -> None:
        left = deque(jobs)
        try:
            while left:
                await self._wait_until(left[0].run.slot)
                job = left.popleft()
                self._offer(job, group, is_current=self._revision(job.run.monitor_id) == revisions[job.run.monitor_id])
        finally:
            for job in left:
                self._conclude_unstarted(job.run)

    async def _wait_until(self, slot: datetime) -> None:
        seconds = (slot - self._clock.now()).total_seconds()
        if seconds > 0:
            await self._clock.sleep(seconds)

    def _offer(self, job: RunJob, group: asyncio.TaskGroup, *, is_current: bool) -> None:
        if self._plan.get(job.run.monitor_id) is None:
            self._conclude(Conclusion(run=job.run, state=RunState.SKIPPED, note=_DISABLED))
        elif self._clock.now() - job.run.slot > longest_wait(job.settings.interval):
            self._conclude(Conclusion(run=job.run, state=RunState.NOT_MEASURED, note=STALLED))
        elif self._is_blacked_out(job.run.monitor_id, job.run.slot):  # since the run was claimed
            self._conclude(Conclusion(run=job.run, state=RunState.BLACKOUT, note=BLACKED_OUT))
        elif is_current:
            self._dispatcher.offer(job)
        else:
            group.create_task(self._load_and_offer([job.run]))

    async def _serve_tests(self) -> None:
        while True:
            await self._asked.wait()
            while self._tests:
                runs = [self._tests.popleft() for _ in range(min(len(self._tests), _AT_ONCE))]
                await self._load_and_offer(runs)
            while self._rechecks:
                planned = [self._rechecks.popleft() for _ in range(min(len(self._rechecks), _AT_ONCE))]
                for job in await self._claims.take(planned):
                    self._dispatcher.offer(job)

    async def _load_and_offer(self, runs: Sequence[Run]) -> None:
        for job in await self._claims.load(runs):
            self._dispatcher.offer(job)

    def _token_for(self, monitor_id: int) -> str | None:
        """A token for a message of the monitor; None where it sends none."""
        monitor = self._plan.get(monitor_id)
        return self._new_token() if monitor is None or monitor.sends_message else None

    def _is_blacked_out(self, monitor_id: int, moment: datetime) -> bool:
        monitor = self._plan.get(monitor_id)
        return monitor is not None and blackout_at(monitor.blackouts, moment) is not None

    def _revision(self, monitor_id: int) -> int | None:
        monitor = self._plan.get(monitor_id)
        return monitor.revision if monitor else None

    def _conclude_unstarted(self, run: Run) -> None:
        self._conclude(Conclusion(run=run, state=RunState.NOT_MEASURED, note=NOT_STARTED))
