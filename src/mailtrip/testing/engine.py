"""What tests of the engine are made of: a ledger in memory that can be taken away, and a probe that sends nothing."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mailtrip.engine.limits import EngineLimits
from mailtrip.engine.local import LocalEngine
from mailtrip.engine.ports import Changes
from mailtrip.errors import MailtripError, Unavailable
from mailtrip.model import (
    DEFAULT_LOCATION_ID,
    Blackout,
    BlackoutType,
    MailProtocol,
    MonitorSettings,
    Providers,
    Result,
    Run,
    RunKind,
    RunState,
    StatusCode,
    Verdict,
    Window,
)
from mailtrip.service.endings import Conclusion
from mailtrip.service.jobs import RunJob
from mailtrip.service.ledger import Acceptance, TakenOver
from mailtrip.service.quotas import RecentRun, has_sent_nothing
from mailtrip.service.runs import PlannedRun
from mailtrip.service.schedules import ScheduledMonitor, pool_of
from mailtrip.testing.clock import FakeClock

__all__ = ["FakeLedger", "FakeProbe", "make_job", "make_result", "make_settings", "make_tokens", "running_engine"]

_Key = tuple[int, int, datetime, RunKind]


def make_settings(**changes: object) -> MonitorSettings:
    """Settings of a monitor that sends over one host and reads over another, each minute."""
    settings = MonitorSettings(
        name="monitor",
        plan_code="FM",
        email="probe@example.com",
        smtp_server="smtp.example.com",
        mailbox_protocol=MailProtocol.IMAP,
        mailbox_server="imap.example.com",
        interval=timedelta(minutes=1),
        timeout=timedelta(seconds=30),
    )
    return replace(settings, **changes)  # type: ignore[arg-type]  # the caller names fields with their own types


def make_result(started_at: datetime, **changes: object) -> Result:
    """A good result of a second's length."""
    result = Result(
        verdict=Verdict.DELIVERED,
        status=StatusCode.OK,
        step=None,
        summary="Delivered",
        started_at=started_at,
        duration=timedelta(seconds=1),
    )
    return replace(result, **changes)  # type: ignore[arg-type]  # as in `make_settings`


def make_tokens() -> Callable[[], str]:
    """A maker of tokens that are all different."""
    numbers = itertools.count(1)
    return lambda: f"token{next(numbers)}"


def make_job(monitor_id: int, slot: datetime, *, kind: RunKind = RunKind.SCHEDULED, **changes: object) -> RunJob:
    """A job whose run's id is its monitor's; `changes` are those of the settings."""
    run = Run(
        id=monitor_id,
        account_id=1,
        monitor_id=monitor_id,
        location_id=DEFAULT_LOCATION_ID,
        slot=slot,
        kind=kind,
        state=RunState.RUNNING,
    )
    return RunJob(run=run, settings=make_settings(**changes))


class FakeProbe:
    """A probe that takes its time and finds that all is well.

    Attributes:
        seconds: how long a run takes.
        raises: what it raises at the end instead of its result.
        finds: fields of its result that are not as usual, by job.
        begun: the jobs it was given, in order.
        late: how long after its slot each began.
        under_way: how many runs are.
        most_under_way: how many were at once at most.
    """

    def __init__(self, clock: FakeClock, *, seconds: float = 1.0) -> None:
        self._clock = clock
        self.seconds = seconds
        self.raises: Exception | None = None
        self.finds: Callable[[RunJob], Mapping[str, object]] = lambda _job: {}
        self.begun: list[RunJob] = []
        self.late: list[timedelta] = []
        self.under_way = 0
        self.most_under_way = 0

    async def __call__(self, job: RunJob) -> Result:
        started_at = self._clock.now()
        self.begun.append(job)
        self.late.append(started_at - job.run.slot)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await self._clock.sleep(self.seconds)
        finally:
            self.under_way -= 1
        if self.raises:
            raise self.raises
        found = {"duration": self._clock.now() - started_at, **self.finds(job)}
        return make_result(started_at, **found)


@asynccontextmanager
async def running_engine(
    ledger: "FakeLedger",
    probe: FakeProbe,
    clock: FakeClock,
    limits: EngineLimits | None = None,
    *,
    providers: Providers | None = None,
) -> AsyncIterator[LocalEngine]:
    """An engine that runs while the block does, unless it is stopped there; cancelled at the end.

    It measures its lag once a second only, as each measurement costs a fake clock many turns.
    """
    limits = replace(limits or EngineLimits(), lag_interval=timedelta(seconds=1))
    engine = LocalEngine(
        ledger=ledger, probe=probe, clock=clock, limits=limits, new_token=make_tokens(), providers=providers
    )
    async with asyncio.TaskGroup() as group:
        task = group.create_task(engine.run())
        await clock.advance(0)
        yield engine
        task.cancel()


class FakeLedger:
    """Implements `mailtrip.engine.ports.Ledger`; the test changes monitors, and reads runs.

    Attributes:
        runs: by id, as they are.
        is_away: whether each call raises Unavailable.
        calls: names of the methods called, in order.
        unloadable: ids of monitors whose passwords can't be unsealed.
        unwritable: ids of monitors whose results raise an exception of no kind of ours.
        largest_batch: of `skip` and `conclude`.
        expirable: rows that `expire` finds.
        losable: rows that `lose` finds.
        addable: hours or runs that `add_up` finds.
        accepted: what `note_accepted` was told, by run id.
        excused: ids of runs that `excuse` was told, in order.
    """

    def __init__(self) -> None:
        self.runs: dict[int, Run] = {}
        self.is_away = False
        self.calls: list[str] = []
        self.unloadable: set[int] = set()
        self.unwritable: set[int] = set()
        self.largest_batch = 0
        self.expirable = 0
        self.losable = 0
        self.addable = 0
        self.accepted: dict[int, Acceptance] = {}
        self.excused: list[int] = []
        self._ids = itertools.count(100_001)
        self._keys: dict[_Key, int] = {}
        self._settings: dict[int, MonitorSettings] = {}
        self._marks: dict[int, int] = {}
        self._revisions: dict[int, int] = {}
        self._modified: dict[int, datetime] = {}
        self._mark = 0
        self._blackouts: dict[int, tuple[Blackout, ...]] = {}

    def put(self, monitor_id: int, settings: MonitorSettings | None = None, *, at: datetime | None = None) -> None:
        """Make or edit a monitor, at that time."""
        self._mark += 1
        self._settings[monitor_id] = settings or make_settings(name=f"monitor {monitor_id}")
        self._marks[monitor_id] = self._revisions[monitor_id] = self._mark
        self._modified[monitor_id] = at or datetime(2025, 1, 1, tzinfo=UTC)

    def black_out(self, monitor_id: int, *windows: Window) -> None:
        """Have a monitor's runs stopped in these windows, numbered from 1, instead of those before."""
        self._mark += 1
        self._marks[monitor_id] = self._mark
        self._blackouts[monitor_id] = tuple(
            Blackout(
                id=number,
                account_id=1,
                type=BlackoutType.MONITOR,
                subject_id=monitor_id,
                window=window,
                note=None,
                created_by=None,
                created_at=datetime(2025, 1, 1, tzinfo=UTC),
            )
            for number, window in enumerate(windows, start=1)
        )

    def remove(self, monitor_id: int) -> None:
        self._mark += 1
        self._marks[monitor_id] = self._mark
        del self._settings[monitor_id]

    def add(self, planned: PlannedRun, *, state: RunState = RunState.RUNNING, note: str | None = None) -> Run | None:
        """Store a run; None when it is there already."""
        key = _key(planned)
        if key in self._keys:
            return None
        run = Run(
            id=next(self._ids),
            account_id=planned.account_id,
            monitor_id=planned.monitor_id,
            location_id=planned.location_id,
            slot=planned.slot,
            kind=planned.kind,
            state=state,
            note=note,
            token=planned.token,
            recheck_of=planned.recheck_of,
            blackout_id=planned.blackout_id,
        )
        self.runs[run.id] = run
        self._keys[key] = run.id
        return run

    def order_test(self, monitor_id: int, *, now: datetime) -> Run:
        """Store a test run."""
        run = self.add(replace(_plan(monitor_id, now, RunKind.TEST), token=f"token of a test at {now.isoformat()}"))
        assert run is not None
        return run

    def of(self, monitor_id: int, *states: RunState) -> list[Run]:
        """Runs of a monitor in these states (all when none is named), by slot."""
        found = (run for run in self.runs.values() if run.monitor_id == monitor_id)
        return sorted((run for run in found if not states or run.state in states), key=lambda run: run.slot)

    async def claim(self, planned: Sequence[PlannedRun]) -> list[Run]:
        self._called("claim")
        return [run for run in map(self.add, planned) if run is not None]

    async def skip(self, planned: Sequence[PlannedRun], *, state: RunState, note: str) -> None:
        self._called("skip", len(planned))
        for run in planned:
            self.add(run, state=state, note=note)

    async def conclude(self, conclusions: Sequence[Conclusion]) -> None:
        self._called("conclude", len(conclusions))
        for item in conclusions:
            summary = item.result.summary if item.result else ""
            if item.run.monitor_id in self.unwritable and not summary.startswith("Internal"):
                raise RuntimeError("this result can't be written")
        for item in conclusions:
            self._conclude(item)

    async def load_jobs(self, runs: Sequence[Run]) -> list[RunJob]:
        self._called("load_jobs")
        if self.unloadable.intersection(run.monitor_id for run in runs):
            raise MailtripError("a password was sealed with another key")
        return [
            RunJob(run=run, settings=self._settings[run.monitor_id]) for run in runs if run.monitor_id in self._settings
        ]

    async def changed_since(self, mark: int) -> Changes:
        self._called("changed_since")
        changed = {id_ for id_, at in self._marks.items() if at > mark}
        enabled = {id_ for id_ in changed if id_ in self._settings and self._settings[id_].enabled}
        return Changes(
            changed=[self._scheduled(id_) for id_ in sorted(enabled)], gone=sorted(changed - enabled), mark=self._mark
        )

    async def last_slots(self) -> Mapping[int, datetime]:
        self._called("last_slots")
        scheduled = (run for run in self.runs.values() if run.kind is RunKind.SCHEDULED)
        return {run.monitor_id: run.slot for run in sorted(scheduled, key=lambda run: run.slot)}

    async def recent_runs(self, is_limited: Callable[[str], bool], *, since: datetime) -> Sequence[RecentRun]:
        self._called("recent_runs")
        runs = [run for run in self.runs.values() if run.slot > since and self._settings[run.monitor_id].sends_message]
        found = [self._recent(run) for run in sorted(runs, key=lambda run: run.slot)]
        return [each for each in found if is_limited(each.smtp_host)]

    async def take_over(self, *, own_since: datetime) -> TakenOver:
        """Runs that began less than their timeout before `own_since` are resumed."""
        self._called("take_over")
        running = (run for run in self.runs.values() if run.state is RunState.RUNNING)
        left = [run for run in running if run.slot < own_since]
        resumed = [run for run in left if own_since < run.slot + self._settings[run.monitor_id].run_timeout]
        over = [run for run in left if run not in resumed]
        for run in over:
            result = make_result(run.slot, verdict=Verdict.UNKNOWN, status=StatusCode.LOCATION_LOST)
            self.runs[run.id] = replace(run, state=RunState.FINISHED, result=result)
        return TakenOver(resumed=tuple(resumed), ended=len(over))

    async def note_accepted(self, acceptances: Sequence[Acceptance]) -> None:
        self._called("note_accepted", len(acceptances))
        self.accepted.update((item.run_id, item) for item in acceptances)

    async def excuse(self, run_ids: Sequence[int]) -> Sequence[int]:
        self._called("excuse", len(run_ids))
        early = [id_ for id_ in run_ids if self.runs[id_].state is RunState.RUNNING]
        self.excused.extend(id_ for id_ in run_ids if id_ not in early)
        return early

    async def lose(self, *, limit: int) -> int:
        self._called("lose")
        gone = min(limit, self.losable)
        self.losable -= gone
        return gone

    async def add_up(self, *, limit: int) -> int:
        self._called("add_up")
        done = min(limit, self.addable)
        self.addable -= done
        return done

    async def expire(self, *, limit: int) -> int:
        self._called("expire")
        gone = min(limit, self.expirable)
        self.expirable -= gone
        return gone

    def _called(self, name: str, size: int = 0) -> None:
        self.calls.append(name)
        self.largest_batch = max(self.largest_batch, size)
        if self.is_away:
            raise Unavailable("the database is away")

    def _conclude(self, item: Conclusion) -> None:
        if item.run.id < 0:
            planned = _plan(item.run.monitor_id, item.run.slot, item.run.kind)
            self.add(replace(planned, token=item.run.token))
        run = self.runs[self._keys[_key(item.run)]]
        if run.state is RunState.RUNNING:
            self.runs[run.id] = replace(
                run, state=item.state, result=item.result, note=item.note, recheck_of=item.run.recheck_of
            )

    def _recent(self, run: Run) -> RecentRun:
        settings = self._settings[run.monitor_id]
        return RecentRun(
            run=run,
            smtp_host=settings.smtp.host,
            sender=settings.sender or settings.email,
            interval=settings.interval,
            may_have_sent=run.state is RunState.RUNNING or bool(run.result and not has_sent_nothing(run.result)),
        )

    def _scheduled(self, monitor_id: int) -> ScheduledMonitor:
        settings = self._settings[monitor_id]
        return ScheduledMonitor(
            id=monitor_id,
            account_id=1,
            sends_message=settings.sends_message,
            interval=settings.interval,
            timeout=settings.run_timeout,
            pool=pool_of(settings),
            local_retry=True,
            modified_at=self._modified[monitor_id],
            revision=self._revisions[monitor_id],
            blackouts=self._blackouts.get(monitor_id, ()),
        )


def _plan(monitor_id: int, slot: datetime, kind: RunKind = RunKind.SCHEDULED) -> PlannedRun:
    return PlannedRun(account_id=1, monitor_id=monitor_id, location_id=DEFAULT_LOCATION_ID, slot=slot, kind=kind)


def _key(run: PlannedRun | Run) -> _Key:
    return run.monitor_id, run.location_id, run.slot, run.kind
