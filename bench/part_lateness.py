"""How late runs start: the whole service with 10,000 monitors at 5 minutes, on SQLite and on PostgreSQL."""

import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from figures import cpu_seconds, peak_rss, percentile
from mailtrip.bootstrap.storage import Storage
from mailtrip.model import RunKind, RunState, Verdict
from mailtrip.store.schema import runs
from servers import ServerProcess
from service_process import INTERVAL, SETTINGS, databases, make_monitors, running_service, storage_of
from tables import Findings, Table, Target

__all__ = ["LatenessPlan", "measure"]

_BOUND_MS = 250.0
_LAST_RUNS = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class LatenessPlan:
    """How many monitors there are, and how long the service is watched.

    Attributes:
        settle_seconds: from the service's start until runs count.
    """

    monitors: int = 10_000
    seconds: float = 120.0
    settle_seconds: float = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watched:
    """What was found of one service.

    Attributes:
        lateness: of each start after its slot, seconds.
        expected: slots in the time that counts.
        delivered: runs that found their message.
        cores: used by the service's process.
        peak: its memory, MiB.
    """

    lateness: tuple[float, ...]
    expected: float
    delivered: int
    cores: float
    peak: float


def measure(plan: LatenessPlan) -> Findings:
    """Milliseconds from a run's slot to its start."""
    with ServerProcess(core=None) as server:
        watched = {name: _watch(plan, server, url) for name, url in databases()}
    return Findings(
        part="lateness",
        tables=(
            Table(
                title=f"Start of runs after their slots, ms; {plan.monitors:,} monitors each 5 minutes",
                columns=("database", "p50", "p99", "max", "runs of slots", "delivered", "cores used", "peak memory"),
                rows=tuple(_row(name, found) for name, found in watched.items()),
            ),
        ),
        targets=tuple(
            Target(
                text=f"{name}, p99 of the start's lateness",
                measured=percentile(found.lateness, 0.99) * 1000,
                bound=_BOUND_MS,
                unit=" ms",
            )
            for name, found in watched.items()
        ),
        facts=(
            (
                f"`mailtrip serve` watched for {plan.seconds:.0f} s, {plan.settle_seconds:.0f} s after its start; each "
                "run has two TLS handshakes, every second one uses POP3, the others IMAP. Cores and memory are those of "
                "the service's process; the mail server, and PostgreSQL, which waits for its disk as it does by "
                "default, share the machine with it."
            ),
        ),
    )


def _row(name: str, found: _Watched) -> tuple[str, ...]:
    late = (f"{percentile(found.lateness, share) * 1000:.0f}" for share in (0.5, 0.99, 1.0))
    counts = f"{len(found.lateness):,} of {found.expected:,.0f}", f"{found.delivered:,}"
    return name, *late, *counts, f"{found.cores * 100:.0f} %", f"{found.peak:.0f} MiB"


def _watch(plan: LatenessPlan, server: ServerProcess, url: str | None) -> _Watched:
    with tempfile.TemporaryDirectory(prefix="mailtrip-bench-") as folder:
        values = SETTINGS | {"data_dir": folder} | ({"database": url} if url else {})
        make_monitors(plan.monitors, server, values)
        with running_service(values) as (pid, _):
            time.sleep(plan.settle_seconds)
            began, used = datetime.now(UTC), cpu_seconds(pid)
            time.sleep(plan.seconds)
            cores = (cpu_seconds(pid) - used) / plan.seconds
            peak = peak_rss(pid)
            ended = datetime.now(UTC)
            time.sleep(_LAST_RUNS.total_seconds())
        with storage_of(values) as storage:
            return _read_runs(storage, plan, began, ended, cores=cores, peak=peak)


def _read_runs(
    storage: Storage, plan: LatenessPlan, began: datetime, ended: datetime, *, cores: float, peak: float
) -> _Watched:
    asked = select(runs.c.slot, runs.c.started_at, runs.c.state, runs.c.verdict).where(
        runs.c.kind == RunKind.SCHEDULED, runs.c.slot > began, runs.c.slot <= ended
    )
    rows = storage.database.read(lambda connection: list(connection.execute(asked)))
    started = [row for row in rows if row.state is RunState.FINISHED and row.started_at is not None]
    return _Watched(
        lateness=tuple((row.started_at - row.slot).total_seconds() for row in started),
        expected=plan.monitors * (ended - began) / INTERVAL,
        delivered=sum(row.verdict is Verdict.DELIVERED for row in started),
        cores=cores,
        peak=peak,
    )
