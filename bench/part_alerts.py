"""How soon one is told when very many monitors fail at once, on SQLite and on PostgreSQL."""

import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from children import Child
from mailtrip.model import MailProtocol
from mailtrip.service import monitors
from service_process import OPERATOR, SETTINGS, databases, storage_of
from tables import Findings, Table, Target

__all__ = ["AlertsPlan", "measure"]

_BOUND_SECONDS = 5.0
_BOUND_MESSAGES = 1
_BOUND_MIB = 100.0
_PATIENCE = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsPlan:
    """How many monitors fail, and for how many causes: one measurement for each number."""

    monitors: int = 10_000
    causes: tuple[int, ...] = (1, 5)


def measure(plan: AlertsPlan) -> Findings:
    """Seconds from the end of the runs until a real web server was told of each cause, of all monitors, in how many messages."""
    found = {(name, causes): _storm(plan, causes, url) for causes in plan.causes for name, url in databases()}
    return Findings(
        part="alerts",
        tables=(
            Table(
                title=f"{plan.monitors:,} monitors fail at once",
                columns=(
                    "database, causes",
                    "recorded after, s",
                    "the last cause told after, s",
                    "with monitors",
                    "all monitors told after, s",
                    "messages for a cause",
                    "longest message, KiB",
                    "memory, MiB",
                ),
                rows=tuple(_row(*key, storm) for key, storm in found.items()),
            ),
            Table(
                title="Beside it, the shortest program that keeps the results and tells of them",
                columns=("database, causes", "CPU, ms a result", "bare", "ratio", "bare: told after, s"),
                rows=tuple(_bare_row(plan, *key, storm) for key, storm in found.items()),
            ),
        ),
        targets=tuple(target for key, storm in found.items() for target in _targets(*key, storm)),
        facts=(
            (
                "The runs end in one moment, each with a conversation of 12 lines: all times are from then on. They are "
                "recorded, 500 in a transaction, decided on, gathered, and told by signed webhook to a web server, by the parts "
                "of the program that do so in the service, in a process of their own. One recipient hears of all monitors. "
                "What is not recorded within fifteen seconds goes into a second message, a minute after the first. Memory is the "
                "growth of the process from before the results are there to its peak."
            ),
            (
                "The bare program inserts each result with its conversation, and a row that says that the monitor fails, "
                "through SQLAlchemy into the same database, 500 in a transaction as well, and posts how many there are. It "
                "knows no recipients, rules, blackouts, reports or history. CPU is that of the process until all is recorded."
            ),
        ),
    )


def _storm(plan: AlertsPlan, causes: int, url: str | None) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="mailtrip-bench-") as folder:
        values = dict(SETTINGS) | {"data_dir": folder} | ({"database": url} if url else {})
        monitor_ids = _make(plan.monitors, causes, values)
        with Child("alert_storm.py", {"values": values, "monitor_ids": monitor_ids}) as child:
            found: dict[str, Any] = child.hear(_PATIENCE)
    return found


def _make(count: int, causes: int, values: dict[str, str]) -> list[int]:
    now = datetime.now(UTC)
    with storage_of(values) as storage:

        def make(connection: Any) -> list[int]:
            return [
                monitors.create(
                    connection,
                    OPERATOR,
                    _settings(number, number % causes),
                    passwords=monitors.Passwords(),
                    secrets=storage.key_ring,
                    now=now,
                )
                for number in range(count)
            ]

        return storage.database.write(make)


def _settings(number: int, cause: int) -> dict[str, object]:
    return {
        "name": f"Monitor {number}",
        "plan_code": "BENCH",
        "email": f"user{number}@mailtrip.test",
        "smtp_server": f"smtps://smtp{cause}.mailtrip.test",
        "mailbox_protocol": MailProtocol.IMAP,
        "mailbox_server": "imaps://imap.mailtrip.test",
        "local_retry": False,
    }


def _row(name: str, causes: int, storm: dict[str, Any]) -> tuple[str, ...]:
    told = storm["told"].values()
    return (
        f"{name}, {causes}",
        f"{storm['recorded']:.1f}",
        f"{_first(storm):.1f}",
        f"{sum(messages[0][1] for messages in told):,}",
        f"{_all(storm):.1f}",
        f"{_messages(storm)}",
        f"{max(size for messages in told for _, _, size in messages) / 1024:.0f}",
        f"{_memory(storm):.0f}",
    )


def _bare_row(plan: AlertsPlan, name: str, causes: int, storm: dict[str, Any]) -> tuple[str, ...]:
    mine, bare = (storm[key] / plan.monitors * 1000 for key in ("cpu", "bare_cpu"))
    return f"{name}, {causes}", f"{mine:.2f}", f"{bare:.2f}", f"{mine / bare:.1f}", f"{storm['bare_told']:.1f}"


def _targets(name: str, causes: int, storm: dict[str, Any]) -> tuple[Target, ...]:
    where = f"{name}, {causes} {'cause' if causes == 1 else 'causes'}"
    return (
        Target(text=f"{where}: all monitors are told after", measured=_all(storm), bound=_BOUND_SECONDS, unit=" s"),
        Target(text=f"{where}: messages for one", measured=_messages(storm), bound=_BOUND_MESSAGES),
        Target(text=f"{where}: memory", measured=_memory(storm), bound=_BOUND_MIB, unit=" MiB"),
    )


def _first(storm: dict[str, Any]) -> float:
    """Until somebody knew of the last cause."""
    return float(max(messages[0][0] for messages in storm["told"].values()))


def _all(storm: dict[str, Any]) -> float:
    """Until somebody knew of the last monitor."""
    return float(max(at for messages in storm["told"].values() for at, _, _ in messages))


def _messages(storm: dict[str, Any]) -> int:
    """For the cause that took most."""
    return max(len(messages) for messages in storm["told"].values())


def _memory(storm: dict[str, Any]) -> float:
    return float(storm["peak"] - storm["before"])
