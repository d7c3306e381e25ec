"""How late runs start: the whole service with 10,000 monitors at 5 minutes, on SQLite and on PostgreSQL."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from borrowed import postgresql_module
from figures import cpu_seconds, peak_rss, percentile
from mailtrip.bootstrap.storage import Storage, open_storage
from mailtrip.clock import SystemClock
from mailtrip.config import load
from mailtrip.model import Actor, MailProtocol, Mechanism, Role, RunKind, RunState, Verdict
from mailtrip.service import monitors
from mailtrip.store.schema import runs
from scenery import PASSWORD, Site, address
from servers import ServerProcess
from tables import Findings, Table, Target

__all__ = ["LatenessPlan", "measure"]

_BOUND_MS = 250.0
_INTERVAL = timedelta(minutes=5)
_OPERATOR = Actor(account_id=1, role=Role.ADMIN)
_START_SECONDS = 120.0
_STOP_SECONDS = 90.0
_LAST_RUNS = timedelta(seconds=10)
_SETTINGS = {
    "listen": "127.0.0.1:0",
    "max_sessions_per_host": "2000",
    "log_level": "warning",
}


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
        watched = {name: _watch(plan, server, url) for name, url in _databases()}
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


def _databases() -> Iterator[tuple[str, str | None]]:
    """Names and URLs; None for SQLite in the data directory. What was started ends with the iteration."""
    yield "SQLite", None
    server = postgresql_module().PostgreSQL(is_safe=True)
    try:
        server.start()
        yield "PostgreSQL", server.make_database()
    finally:
        server.remove()


def _watch(plan: LatenessPlan, server: ServerProcess, url: str | None) -> _Watched:
    with tempfile.TemporaryDirectory(prefix="mailtrip-bench-") as folder:
        values = _SETTINGS | {"data_dir": folder} | ({"database": url} if url else {})
        _make_monitors(plan, server, values)
        with _service(values) as process:
            time.sleep(plan.settle_seconds)
            began, used = datetime.now(UTC), cpu_seconds(process.pid)
            time.sleep(plan.seconds)
            cores = (cpu_seconds(process.pid) - used) / plan.seconds
            peak = peak_rss(process.pid)
            ended = datetime.now(UTC)
            time.sleep(_LAST_RUNS.total_seconds())
        with _storage(values) as storage:
            return _read_runs(storage, plan, began, ended, cores=cores, peak=peak)


@contextmanager
def _storage(values: Mapping[str, str]) -> Iterator[Storage]:
    settings = load(options=values, environ={}).settings
    with open_storage(settings, clock=SystemClock()) as storage:
        yield storage


def _make_monitors(plan: LatenessPlan, server: ServerProcess, values: Mapping[str, str]) -> None:
    passwords = monitors.Passwords(mailbox=PASSWORD, smtp=PASSWORD)

    with _storage(values) as storage:

        def make(connection: Any) -> None:
            for number in range(plan.monitors):
                changes = _changes(server, number)
                now = datetime.now(UTC)
                monitors.create(connection, _OPERATOR, changes, passwords=passwords, secrets=storage.key_ring, now=now)

        storage.database.write(make)


def _changes(server: ServerProcess, number: int) -> dict[str, object]:
    protocol = MailProtocol.IMAP if number % 2 else MailProtocol.POP3
    site = Site.of_task(server.site(protocol, is_tls=True))
    return {
        "name": f"Monitor {number}",
        "plan_code": "BENCH",
        "email": address(number),
        "smtp_server": site.url(MailProtocol.SMTP),
        "smtp_username": address(number),
        "smtp_mechanism": Mechanism.PLAIN,
        "mailbox_protocol": protocol,
        "mailbox_server": site.url(protocol),
        "mailbox_mechanism": Mechanism.LOGIN,
        "tls_ca": site.ca,
        "interval": _INTERVAL,
    }


@contextmanager
def _service(values: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """`mailtrip serve`, from the moment it says where it is; stopped as an administrator stops it."""
    variables = {f"MAILTRIP_{name.upper()}": value for name, value in values.items()}
    command = [sys.executable, "-m", "mailtrip", "serve"]
    process = subprocess.Popen(command, env=os.environ | variables, stdout=subprocess.PIPE, text=True)
    try:
        _await_address(process)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _await_address(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    deadline = time.monotonic() + _START_SECONDS
    for line in process.stdout:
        if "Mailtrip is at" in line:
            return
        if time.monotonic() > deadline:
            break
    raise RuntimeError("the service did not start")


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
        expected=plan.monitors * (ended - began) / _INTERVAL,
        delivered=sum(row.verdict is Verdict.DELIVERED for row in started),
        cores=cores,
        peak=peak,
    )
