"""The engine in one process: plans, runs and records for one location."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailtrip.clock import Clock
from mailtrip.engine.dispatcher import NOT_STARTED, Dispatcher
from mailtrip.engine.gaps import GapRecorder
from mailtrip.engine.lag import LagMeter, Peak
from mailtrip.engine.limits import EngineLimits
from mailtrip.engine.network import NetworkWatch
from mailtrip.engine.notes import Notes
from mailtrip.engine.plan import Plan
from mailtrip.engine.ports import Acceptance, Conclusion, Ledger, Listener, PlannedRun, Probe, RunJob
from mailtrip.engine.quotas import Quotas
from mailtrip.engine.recorder import Recorder
from mailtrip.engine.scheduler import Scheduler
from mailtrip.engine.upkeep import Upkeep
from mailtrip.engine.verdicts import plan_recheck
from mailtrip.engine.worker import Worker
from mailtrip.model import DEFAULT_LOCATION_ID, Accepted, Providers, Result, Run, RunKind, RunState

__all__ = ["EngineHealth", "EngineLimits", "LocalEngine"]

_FLUSH_SECONDS = 5.0
_RECENT_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineHealth:
    """How the engine is doing.

    Attributes:
        is_running: whether runs are started.
        monitors: planned from here.
        running: runs under way.
        waiting: runs whose slot has come and that wait for room.
        finished: runs with a result since the start.
        unfinished: runs since the start that ended without one (skipped, cut short).
        pending_results: not written yet.
        dropped_results: lost since the start, as the database was away for too long.
        stripped_results: kept without their transcripts since the start, for the same reason.
        pending_gaps: missed slots, or stretches of them, that are not recorded yet.
        database_away_since: None while results can be written.
        lag: greatest lag of the event loop in the last minute.
        lateness: greatest delay of a planned run's start after its slot in the last minute.
        planner_idle: how long ago runs that are due were last looked for; None when they never were.
        is_network_lost: whether the location has no network, as far as its runs can tell.
    """

    is_running: bool
    monitors: int
    running: int
    waiting: int
    finished: int
    unfinished: int
    pending_results: int
    dropped_results: int
    stripped_results: int
    pending_gaps: int
    database_away_since: datetime | None
    lag: timedelta
    lateness: timedelta
    planner_idle: timedelta | None
    is_network_lost: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """A run of a monitor that is not stored: the token of its message, and who waits for its end."""

    token: str | None
    tell: Callable[[Conclusion], None]


class LocalEngine:
    """Plans and makes the runs of one location, and is the `RunQueue` for tests on demand.

    `put` and `poke` may be called from any thread, before `run` too; all else on the event loop.

    Args:
        new_token: makes the token of a run's message, as text; each is another.
        providers: whose limits on sessions and messages are kept; None for nobody's.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        probe: Probe,
        clock: Clock,
        new_token: Callable[[], str],
        limits: EngineLimits | None = None,
        providers: Providers | None = None,
        location_id: int = DEFAULT_LOCATION_ID,
    ) -> None:
        self._clock = clock
        self._limits = limits or EngineLimits()
        self._lag = LagMeter(clock, every=self._limits.lag_interval)
        self._lateness = Peak()
        self._plan = Plan(location_id)
        self._recorder = Recorder(
            ledger, clock=clock, capacity=self._limits.results, lines=self._limits.transcript_lines
        )
        self._notes = Notes(ledger, clock=clock)
        self._network = NetworkWatch()
        self._gaps = GapRecorder(ledger, clock=clock, location_id=location_id, limits=self._limits)
        self._upkeep = Upkeep(ledger, clock=clock)
        providers = providers or Providers()
        quotas = Quotas(providers)
        self._dispatcher = Dispatcher(
            Worker(probe, clock=clock, lag=self._lag),
            clock=clock,
            limits=self._limits,
            providers=providers,
            quotas=quotas,
            conclude=self._conclude_job,
        )
        self._scheduler = Scheduler(
            ledger,
            self._plan,
            self._dispatcher,
            self._gaps,
            quotas,
            clock=clock,
            limits=self._limits,
            conclude=self._conclude,
            new_token=new_token,
        )
        self._listeners: list[Listener] = []
        self._verifiers: dict[int, PlannedRun] = {}
        self._trials: dict[int, _Trial] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._finished = 0
        self._unfinished = 0
        self._grace_seconds = 0.0
        self._stop = asyncio.Event()
        self._stopped = asyncio.Event()

    @property
    def unwritten(self) -> Collection[str]:
        """Tokens of runs under way that the ledger may not have: begun while the database was away, or trials."""
        return [*self._scheduler.unwritten, *(trial.token for trial in self._trials.values() if trial.token)]

    @property
    def is_behind(self) -> bool:
        """Whether results wait that are not recorded yet, more than go into one transaction."""
        return self._recorder.is_behind

    def subscribe(self, listener: Listener) -> None:
        """Tell `listener` of each result from now on."""
        self._listeners.append(listener)

    def put(self, run: Run) -> None:
        """Start a stored `RUNNING` run of kind `TEST` now, before all planned ones (`service.ports.RunQueue`)."""
        self._on_the_loop(lambda: self._scheduler.put(run))

    def try_out(self, job: RunJob, tell: Callable[[Conclusion], None]) -> None:
        """Make a run of a monitor that is not stored, before all planned ones; nothing of it is recorded.

        Args:
            job: its run and its monitor have ids below zero that nothing else has.
            tell: called once with how it ended, on the event loop.
        """
        if self._loop is None:
            tell(Conclusion(run=job.run, state=RunState.NOT_MEASURED, note=NOT_STARTED))
            return
        self._trials[job.run.id] = _Trial(token=job.run.token, tell=tell)
        self._dispatcher.offer(job)

    def note_accepted(self, run: Run, accepted: Accepted) -> None:
        """The SMTP server took a run's message: to be known also when the program ends before the run does."""
        if run.id in self._trials:
            return
        passed = timedelta(seconds=self._clock.monotonic() - accepted.at)
        self._notes.accept(Acceptance(run_id=run.id, at=self._clock.now() - passed, reply=accepted.reply))

    def poke(self) -> None:
        """Monitors were changed: have it in force at once, not within a second only."""
        self._on_the_loop(self._scheduler.poke)

    async def run(self) -> None:
        """Work until `stop` is called. Being cancelled means a stop without grace."""
        self._loop = asyncio.get_running_loop()
        try:
            async with asyncio.TaskGroup() as group:
                await self._work(group)
        finally:
            self._loop = None
            self._dispatcher.close()
            self._scheduler.hand_back()
            await self._recorder.flush(seconds=_FLUSH_SECONDS)
            self._stopped.set()

    async def stop(self, *, grace_seconds: float) -> None:
        """Start nothing more, let runs under way finish for so long, and write what there is.

        Runs that are not done by then are cut short and recorded as not measured. Returns when `run` has ended.
        """
        self._grace_seconds = grace_seconds
        self._stop.set()
        if self._loop is not None:
            await self._stopped.wait()

    def health(self) -> EngineHealth:
        """How the engine is doing; may be called from any thread."""
        recent = self._clock.monotonic() - _RECENT_SECONDS
        return EngineHealth(
            is_running=self._loop is not None and not self._stop.is_set(),
            monitors=len(self._plan),
            running=self._dispatcher.running,
            waiting=self._dispatcher.waiting,
            finished=self._finished,
            unfinished=self._unfinished,
            pending_results=self._recorder.pending,
            dropped_results=self._recorder.dropped,
            stripped_results=self._recorder.stripped,
            pending_gaps=self._gaps.pending,
            database_away_since=self._recorder.away_since,
            lag=self._lag.since(recent),
            lateness=timedelta(seconds=self._lateness.since(recent)),
            planner_idle=self._scheduler.pulse.idle,
            is_network_lost=self._network.is_lost,
        )

    async def _work(self, group: asyncio.TaskGroup) -> None:
        self._dispatcher.open(group)
        services = [
            group.create_task(self._lag.run(), name="lag meter"),
            group.create_task(self._recorder.run(), name="recorder"),
            group.create_task(self._notes.run(), name="notes"),
            group.create_task(self._gaps.run(), name="gap recorder"),
            group.create_task(self._upkeep.run(), name="upkeep"),
        ]
        planning = group.create_task(self._scheduler.run(), name="scheduler")
        try:
            await self._stop.wait()
        finally:
            planning.cancel()
            await self._dispatcher.drain(grace_seconds=self._grace_seconds)
        for service in services:
            service.cancel()

    def _on_the_loop(self, call: Callable[[], None]) -> None:
        loop = self._loop
        if loop is None:
            call()
        else:
            loop.call_soon_threadsafe(call)

    def _conclude_job(self, job: RunJob, conclusion: Conclusion) -> None:
        if (trial := self._trials.pop(job.run.id, None)) is not None:
            self._tell(trial, job, conclusion)
            return
        if conclusion.result is None:
            self._conclude(conclusion)
            return
        result, blamed = self._network.judge(job.run.id, job.settings, conclusion.result, at=self._clock.monotonic())
        self._conclude(replace(conclusion, run=self._tied(conclusion.run), result=result))
        self._notes.excuse(blamed)
        self._recheck(job, result)
        if job.run.kind is RunKind.SCHEDULED:
            lateness = (result.started_at - job.run.slot).total_seconds()
            self._lateness.note(lateness, at=self._clock.monotonic())
        for listener in self._listeners:
            listener(job, result)

    def _tell(self, trial: "_Trial", job: RunJob, conclusion: Conclusion) -> None:
        """How a trial ended; that it found no network counts for what others found as well."""
        if conclusion.result is not None:
            now = self._clock.monotonic()
            result, blamed = self._network.judge(job.run.id, job.settings, conclusion.result, at=now)
            self._notes.excuse(blamed)
            conclusion = replace(conclusion, result=result)
        trial.tell(conclusion)

    def _recheck(self, job: RunJob, result: Result) -> None:
        now = self._clock.now()
        next_slot = self._plan.next_slot(job.run.monitor_id, after=max(now, job.run.slot))
        planned = plan_recheck(job, result, now=now, next_slot=next_slot)
        if planned is None or self._stop.is_set():
            return
        if planned.kind is RunKind.RECHECK:
            self._scheduler.recheck(planned)
        else:
            self._verifiers[planned.monitor_id] = planned

    def _tied(self, run: Run) -> Run:
        """The run; where it was planned and verifies the error of the one before, it refers to that."""
        verifier = self._verifiers.get(run.monitor_id)
        if verifier is None or run.kind is not RunKind.SCHEDULED:
            return run
        del self._verifiers[run.monitor_id]
        # Where its slot went by without a run, the error stays unverified.
        return replace(run, recheck_of=verifier.recheck_of) if run.slot == verifier.slot else run

    def _conclude(self, conclusion: Conclusion) -> None:
        if conclusion.result is None:
            self._unfinished += 1
        else:
            self._finished += 1
        self._recorder.add(conclusion)
