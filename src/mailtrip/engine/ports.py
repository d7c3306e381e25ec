"""What the engine needs of others: the ledger that keeps runs, and the probe that makes them. No implementation here."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mailtrip.model import Result, Run, RunState
from mailtrip.service.endings import Conclusion
from mailtrip.service.jobs import RunJob
from mailtrip.service.ledger import Acceptance, TakenOver
from mailtrip.service.quotas import RecentRun
from mailtrip.service.runs import PlannedRun
from mailtrip.service.schedules import ScheduledMonitor

__all__ = [
    "Acceptance",
    "Changes",
    "Conclusion",
    "Ledger",
    "Listener",
    "PlannedRun",
    "Probe",
    "RecentRun",
    "RunJob",
    "ScheduledMonitor",
    "TakenOver",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What happened to the monitors since a mark.

    Attributes:
        changed: enabled monitors that are new or were edited.
        gone: ids of monitors that were disabled or removed.
        mark: to be given at the next call.
    """

    changed: Sequence[ScheduledMonitor] = ()
    gone: Sequence[int] = ()
    mark: int


class Ledger(Protocol):
    """Where monitors are read and runs are kept. Each method is one transaction.

    Every method raises `mailtrip.errors.Unavailable` while the database can't be used; the same call may work later.
    """

    async def claim(self, planned: Sequence[PlannedRun]) -> list[Run]:
        """Make these runs ours, as `RUNNING`; those that exist already are someone else's and are left out."""
        ...

    async def skip(self, planned: Sequence[PlannedRun], *, state: RunState, note: str) -> None:
        """Record slots that were never claimed as `SKIPPED` or `NOT_MEASURED`; those that exist already stay."""
        ...

    async def conclude(self, conclusions: Sequence[Conclusion]) -> None:
        """Record how runs ended, as `mailtrip.service.endings.conclude` does; doing it twice does no harm."""
        ...

    async def load_jobs(self, runs: Sequence[Run]) -> list[RunJob]:
        """What is needed to make these runs, in their order; runs whose monitor is gone are left out.

        Raises:
            MailtripError: a monitor among them can't be loaded (its passwords can't be unsealed).
        """
        ...

    async def changed_since(self, mark: int) -> Changes:
        """What happened to the monitors since `mark`; 0 means since ever."""
        ...

    async def last_slots(self) -> Mapping[int, datetime]:
        """The newest slot of a scheduled run at the engine's location that is known of each monitor that has one."""
        ...

    async def recent_runs(self, is_limited: Callable[[str], bool], *, since: datetime) -> Sequence[RecentRun]:
        """The runs of slots later than `since`, oldest slot first, of monitors whose SMTP host is one of those limited."""
        ...

    async def take_over(self, *, own_since: datetime) -> TakenOver:
        """End the runs that a dead process left `RUNNING` at the engine's location, save those that still have time.

        These are to be resumed.

        Those begun since `own_since` are this process's own.
        """
        ...

    async def note_accepted(self, acceptances: Sequence[Acceptance]) -> None:
        """Keep when messages were accepted; doing it twice does no harm."""
        ...

    async def excuse(self, run_ids: Sequence[int]) -> Sequence[int]:
        """Turn results that blame a server into `UNKNOWN`, as the location had lost its network; twice does no harm.

        Runs whose result is not there yet are given back.
        """
        ...

    async def lose(self, *, limit: int) -> int:
        """Give up messages that have not come for too long, at most `limit`; how many there were."""
        ...

    async def add_up(self, *, limit: int) -> int:
        """Do some of what keeps reports quick, at most `limit` hours or runs; how many there were."""
        ...

    async def expire(self, *, limit: int) -> int:
        """Remove what is older than its retention, at most `limit` rows; how many there were."""
        ...


Probe = Callable[[RunJob], Awaitable[Result]]
"""Makes one run. A failing mail server is a result; an exception is our own fault."""

Listener = Callable[[RunJob, Result], None]
"""Told of each result as it comes, on the event loop. Must be quick and must not raise."""
