"""Starts runs: one at a time for each monitor, within the caps, at the pace that measurements bear."""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailtrip.clock import Clock
from mailtrip.engine.alarm import Alarm
from mailtrip.engine.limits import EngineLimits
from mailtrip.engine.pacing import Admission, Ticket, TicketState, TokenBucket
from mailtrip.engine.plan import longest_wait
from mailtrip.engine.ports import Conclusion, RunJob
from mailtrip.engine.quotas import Quotas
from mailtrip.engine.worker import Worker
from mailtrip.model import MailProtocol, Providers, Run, RunKind, RunState
from mailtrip.service.quotas import has_sent_nothing

__all__ = ["CUT_SHORT", "NOT_STARTED", "Dispatcher"]

CUT_SHORT = "cut short by a shutdown"
NOT_STARTED = "not started: the program was shutting down"

_MOST_TESTS_BEHIND = 10
_LONGEST_WAIT = timedelta(seconds=60)
_AS = " as "
"""Stands between host and login in the name of what a login may have at a host; neither has blanks."""


@dataclass(slots=True, eq=False)
class _Entry:
    """A monitor's run from its slot to its end, and the tests that wait for this end."""

    job: RunJob
    ticket: Ticket
    is_started: bool = False
    behind: deque[RunJob] = field(default_factory=deque)


class Dispatcher:
    """Takes jobs at their slots and sees to it that each ends in exactly one conclusion.

    Args:
        providers: say how many sessions their hosts and logins allow.
        quotas: say how many messages may be sent.
        conclude: takes each conclusion with its job; never waits, never fails.
    """

    def __init__(
        self,
        worker: Worker,
        *,
        clock: Clock,
        limits: EngineLimits,
        providers: Providers,
        quotas: Quotas,
        conclude: Callable[[RunJob, Conclusion], None],
    ) -> None:
        self._worker = worker
        self._group: asyncio.TaskGroup | None = None
        self._clock = clock
        self._limits = limits
        self._providers = providers
        self._quotas = quotas
        self._conclude = conclude
        self._bucket = TokenBucket(per_second=limits.starts_per_second, burst=limits.starts_at_once)
        self._admission = Admission(
            runs=limits.runs,
            sessions_per_host=limits.sessions_per_host,
            patience=limits.host_patience.total_seconds(),
            cap_of=self._cap_of,
        )
        self._monitors: dict[int, _Entry] = {}
        self._entries: dict[Ticket, _Entry] = {}
        self._give_ups: list[tuple[datetime, int, Ticket]] = []
        self._tasks: set[asyncio.Task[Conclusion]] = set()
        self._one_ended = Alarm(clock)
        self._is_closed = False

    @property
    def running(self) -> int:
        """How many runs are under way."""
        return self._admission.running

    @property
    def waiting(self) -> int:
        """How many runs wait for room, their slot having come."""
        return self._admission.waiting

    def open(self, group: asyncio.TaskGroup) -> None:
        """Say where runs live, before the first is offered. A run is cancelled only when the program ends."""
        self._group = group

    def offer(self, job: RunJob) -> None:
        """Start a run whose slot has come, or as soon as there is room, or conclude why not."""
        entry = self._monitors.get(job.run.monitor_id)
        if self._is_closed:
            self._end(job, RunState.NOT_MEASURED, NOT_STARTED)
        elif entry is None:
            self._enter(job)
        elif job.run.kind is not RunKind.SCHEDULED and len(entry.behind) < _MOST_TESTS_BEHIND:
            entry.behind.append(job)
        else:
            self._end(job, RunState.SKIPPED, f"{_described(entry.job.run)} was still under way")

    def give_up(self) -> None:
        """Skip the runs that have waited too long for room; to be called now and then."""
        now = self._clock.now()
        while self._give_ups and self._give_ups[0][0] <= now:
            _, _, ticket = heapq.heappop(self._give_ups)
            if ticket.state is TicketState.WAITING:
                self._leave(self._entries[ticket], self._lack(ticket))

    def close(self) -> None:
        """Start nothing more, and hand back what waits. Safe to call twice."""
        self._is_closed = True
        waiting = [entry for entry in self._entries.values() if not entry.is_started]
        for entry in waiting:
            self._leave(entry, NOT_STARTED)

    async def drain(self, *, grace_seconds: float) -> None:
        """Let the runs under way finish for `grace_seconds`, then cut them short; returns when none is left."""
        self.close()
        give_up_at = self._clock.monotonic() + grace_seconds
        while self._tasks and (left := give_up_at - self._clock.monotonic()) > 0:
            await self._one_ended.wait(left)
        for task in self._tasks:
            task.cancel()
        while self._tasks:
            await self._one_ended.wait()

    def _enter(self, job: RunJob) -> None:
        if self._admission.waiting >= self._limits.waiting:
            self._end(job, RunState.SKIPPED, f"too many runs were waiting (cap {self._limits.waiting})")
            return
        # A run that is resumed sends nothing.
        refusal = None if job.resumes else self._quotas.take(job)
        if refusal is not None:
            self._end(job, RunState.SKIPPED, refusal)
            return
        is_urgent = job.run.kind is not RunKind.SCHEDULED or job.resumes
        ticket = self._admission.ask(self._sessions(job), now=self._clock.monotonic(), is_urgent=is_urgent)
        entry = _Entry(job=job, ticket=ticket)
        self._monitors[job.run.monitor_id] = entry
        self._entries[ticket] = entry
        if ticket.state is TicketState.ADMITTED:
            self._start(entry)
        else:
            heapq.heappush(self._give_ups, (self._waits_until(job, is_urgent=is_urgent), ticket.number, ticket))

    def _sessions(self, job: RunJob) -> Iterator[str]:
        """The names of what a run needs a session of: hosts, and logins at them where their provider limits these."""
        for server in job.settings.servers:
            credentials = job.smtp_credentials if server.protocol is MailProtocol.SMTP else job.mailbox_credentials
            yield server.host
            if credentials is not None and self._providers.of(server.host).connections_per_login is not None:
                yield f"{server.host}{_AS}{credentials.username}"

    def _cap_of(self, name: str) -> int | None:
        host, _, login = name.partition(_AS)
        provider = self._providers.of(host)
        return provider.connections_per_login if login else provider.connections

    def _waits_until(self, job: RunJob, *, is_urgent: bool) -> datetime:
        """When a run that found no room is given up; one that is not bound to its slot waits from now on."""
        if is_urgent:
            return self._clock.now() + _LONGEST_WAIT
        return job.run.slot + longest_wait(job.settings.interval)

    def _start(self, entry: _Entry) -> None:
        if self._group is None:
            raise RuntimeError("a run was offered before the dispatcher was opened")
        entry.is_started = True
        task = self._group.create_task(self._run(entry), name=f"run of monitor {entry.job.run.monitor_id}")
        self._tasks.add(task)
        task.add_done_callback(lambda task: self._ended(entry, task))

    async def _run(self, entry: _Entry) -> Conclusion:
        delay = self._bucket.reserve(self._clock.monotonic())
        if delay and not entry.ticket.is_urgent:
            await self._clock.sleep(delay)
        return await self._worker.work(entry.job)

    def _ended(self, entry: _Entry, task: asyncio.Task[Conclusion]) -> None:
        """A callback, as a task that is cancelled before its first step has no other way to say so."""
        self._tasks.discard(task)
        if task.cancelled() or task.exception():
            self._is_closed = True
            self._end(entry.job, RunState.NOT_MEASURED, CUT_SHORT)
        else:
            self._finish(entry.job, task.result())
        self._forget(entry)
        self._one_ended.ring()

    def _leave(self, entry: _Entry, note: str) -> None:
        """End a run that never started."""
        self._end(entry.job, RunState.NOT_MEASURED if self._is_closed else RunState.SKIPPED, note)
        self._forget(entry)

    def _forget(self, entry: _Entry) -> None:
        """Make room for those that wait for it."""
        del self._entries[entry.ticket]
        del self._monitors[entry.job.run.monitor_id]
        admitted = self._admission.leave(entry.ticket, now=self._clock.monotonic())
        if not self._is_closed:
            for ticket in admitted:
                self._start(self._entries[ticket])
        behind = tuple(entry.behind)
        for job in behind:
            self.offer(job)

    def _lack(self, ticket: Ticket) -> str:
        if ticket.lacking:
            return f"too many sessions with {ticket.lacking} were under way (cap {self._admission.cap(ticket.lacking)})"
        return f"too many runs were under way (cap {self._limits.runs})"

    def _end(self, job: RunJob, state: RunState, note: str) -> None:
        self._finish(job, Conclusion(run=job.run, state=state, note=note))

    def _finish(self, job: RunJob, conclusion: Conclusion) -> None:
        if conclusion.result is None or has_sent_nothing(conclusion.result):
            self._quotas.give_back(job)
        self._conclude(job, conclusion)


def _described(run: Run) -> str:
    slot = run.slot.isoformat(timespec="seconds")
    return f"the run of {slot}" if run.kind is RunKind.SCHEDULED else f"the {run.kind} of {slot}"
