"""How fast reports over a year are answered, from rollups of 1,000 monitors with a run each five minutes."""

import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from borrowed import postgresql_module
from mailtrip.api.native.report_objects import show_availability, show_outages, show_response_times, show_slas
from mailtrip.clock import SystemClock
from mailtrip.model import (
    MailProtocol,
    Result,
    RunKind,
    Sighting,
    StatusCode,
    Step,
    Timing,
    Verdict,
)
from mailtrip.model.tally import Size
from mailtrip.service import monitors, outages, report_figures, runs, sla_reports, slas
from mailtrip.service.runs import FinishedRun, PlannedRun
from mailtrip.service.secrets import KeyRing
from mailtrip.store import Connection, Database
from service_process import OPERATOR
from tables import Findings, Table, Target
from year_of_rollups import Year, write

__all__ = ["ReportsPlan", "measure"]

_BOUND_MILLISECONDS = 300.0
_BERLIN = ZoneInfo("Europe/Berlin")
_END = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportsPlan:
    """How much is measured.

    Attributes:
        samples: raw runs that are there beside the rollups.
        calls: of each report, after a first one that is told apart.
    """

    monitors: int = 1000
    days: int = 365
    samples: int = 20_000
    calls: int = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class _Timed:
    first: float
    median: float
    longest: float


def measure(plan: ReportsPlan) -> Findings:
    """The part."""
    found: dict[str, dict[str, _Timed]] = {}
    sizes = []
    with tempfile.TemporaryDirectory(prefix="mailtrip-bench-") as folder:
        path = Path(folder) / "mailtrip.db"
        found["SQLite"] = _measure(plan, f"sqlite:///{path}", str(path))
        sizes.append(f"{path.stat().st_size / 2**30:.1f} GiB (SQLite)")
    server = postgresql_module().PostgreSQL(is_safe=True)
    try:
        server.start()
        url = server.make_database()
        found["PostgreSQL"] = _measure(plan, url, url)
    finally:
        server.remove()
    return _findings(plan, found, sizes)


def _measure(plan: ReportsPlan, url: str, target: str) -> dict[str, _Timed]:
    with closing(Database.open(url, clock=SystemClock())) as database:
        ids = database.write(partial(_make_monitors, plan.monitors))
        _add_runs(database, ids, plan.samples)
        database.write(_forget_rollups)
    write(Year(monitor_ids=ids, end=_END, days=plan.days), target)
    begin = _END - timedelta(days=plan.days)
    with closing(Database.open(url, clock=SystemClock())) as database:
        return {name: _time(database, read, plan.calls) for name, read in _reports(ids, begin).items()}


def _reports(ids: tuple[int, ...], begin: datetime) -> Mapping[str, Callable[[Connection], object]]:
    year: dict[str, Any] = {"actor": OPERATOR, "since": begin, "until": _END}  # Any: arguments of several types
    most = {**year, "monitor_ids": ids[: len(ids) * 9 // 10]}
    one = {**year, "monitor_ids": ids[:1]}
    day, month, hour = Size.DAY, Size.MONTH, Size.HOUR

    def availability(connection: Connection, bucket: Size, **options: Any) -> bytes:  # Any: as above
        return show_availability(report_figures.availability(connection, bucket=bucket, **options), bucket)

    def times(connection: Connection, bucket: Size, **options: Any) -> bytes:  # Any: as above
        return show_response_times(report_figures.response_times(connection, bucket=bucket, **options), bucket)

    return {
        "availability by month": partial(availability, bucket=month, **year),
        "availability by day, Berlin": partial(availability, bucket=day, zone=_BERLIN, **year),
        "availability by hour": partial(availability, bucket=hour, **year),
        "availability by month, 9 of 10 monitors": partial(availability, bucket=month, **most),
        "response times by month": partial(times, bucket=month, **year),
        "response times by day, Berlin": partial(times, bucket=day, zone=_BERLIN, **year),
        "response times by month, 9 of 10 monitors": partial(times, bucket=month, **most),
        "SLAs": lambda connection: show_slas(sla_reports.report(connection, **year)),
        "outages": lambda connection: show_outages(outages.find(connection, **year)),
        "one monitor, availability by day": partial(availability, bucket=day, zone=_BERLIN, **one),
        "one monitor, response times by day": partial(times, bucket=day, zone=_BERLIN, **one),
        "the last 24 hours, 7 and 30 days": lambda connection: report_figures.recent_availability(
            connection, OPERATOR, ids, now=_END - timedelta(hours=9)
        ),
        "usual times": lambda connection: report_figures.usual_times(
            connection, OPERATOR, ids, now=_END - timedelta(hours=9)
        ),
    }


def _time(database: Database, read: Callable[[Connection], object], calls: int) -> _Timed:
    taken = []
    for _ in range(calls + 1):
        begun = time.perf_counter()
        database.read(read)
        taken.append((time.perf_counter() - begun) * 1000)
    return _Timed(first=taken[0], median=statistics.median(taken[1:]), longest=max(taken))


def _make_monitors(count: int, connection: Connection) -> tuple[int, ...]:
    secrets = KeyRing(b"k" * 32)
    found = []
    for number in range(count):
        changes: dict[str, object] = {
            "name": f"Monitor {number}",
            "plan_code": "BENCH",
            "email": f"box{number}@example.com",
            "smtp_server": "smtps://smtp.example.com:465",
            "mailbox_protocol": MailProtocol.IMAP,
            "mailbox_server": "imaps://mail.example.com:993",
            "interval": timedelta(minutes=5),
        }
        found.append(
            monitors.create(connection, OPERATOR, changes, passwords=monitors.Passwords(), secrets=secrets, now=_END)
        )
        goals = {"name": "SLA", "availability_percent": 99.5, "response_time": timedelta(seconds=5)}
        slas.create(connection, OPERATOR, found[-1], goals, now=_END)
    return tuple(found)


def _add_runs(database: Database, ids: tuple[int, ...], count: int) -> None:
    """The last ones before the end, as the service records them."""
    batch = 500
    for start in range(0, count, batch):
        planned = [
            PlannedRun(
                account_id=OPERATOR.account_id,
                monitor_id=ids[number % len(ids)],
                location_id=10,
                slot=_END - timedelta(minutes=5 * (1 + number // len(ids))),
                kind=RunKind.SCHEDULED,
            )
            for number in range(start, min(start + batch, count))
        ]
        database.write(partial(_record, planned))


def _record(planned: list[PlannedRun], connection: Connection) -> None:
    claimed = runs.claim(connection, planned, now=_END)
    runs.finish(
        connection, [FinishedRun(run_id=run.id, result=replace(RESULT, started_at=run.slot)) for run in claimed]
    )


def _forget_rollups(connection: Connection) -> None:
    for size in Size:
        for kind in ("rollups", "times"):
            connection.exec_driver_sql(f"DELETE FROM {size}_{kind}")


RESULT = Result(
    verdict=Verdict.DELIVERED,
    status=StatusCode.OK,
    step=None,
    summary="Delivered after 1.4 s",
    started_at=_END,
    duration=timedelta(seconds=2),
    timings=tuple(
        Timing(step=step, offset=timedelta(0), duration=timedelta(milliseconds=20 + number))
        for number, step in enumerate(Step)
    ),
    sighting=Sighting(not_before=timedelta(seconds=1.3), not_after=timedelta(seconds=1.4)),
    copies=1,
)


def _findings(plan: ReportsPlan, found: Mapping[str, Mapping[str, _Timed]], sizes: list[str]) -> Findings:
    rows = tuple(
        (f"{name}, {database}", *(f"{value:.0f}" for value in (timed.first, timed.median, timed.longest)))
        for database, timings in found.items()
        for name, timed in timings.items()
    )
    runs_made = plan.monitors * plan.days * 288
    return Findings(
        part="reports",
        tables=(
            Table(
                title=f"Reports over {plan.days} days of {plan.monitors:,} monitors, ms",
                columns=("report", "first", "median", "longest"),
                rows=rows,
            ),
        ),
        targets=tuple(
            Target(text=f"{name}, {database}", measured=timed.median, bound=_BOUND_MILLISECONDS, unit=" ms")
            for database, timings in found.items()
            for name, timed in timings.items()
        ),
        facts=(
            (
                f"Rollups of {runs_made / 1e6:.0f} million runs, one each 5 minutes, with 15 steps, and {plan.samples:,} raw "
                f"runs; {', '.join(sizes)}. Each report is read {plan.calls} times after the first, with its JSON, in the "
                "process that asks."
            ),
        ),
    )
