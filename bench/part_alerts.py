"""How soon one is told when very many monitors fail at once, on SQLite and on PostgreSQL."""

import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from children import Child
from mailtrip.model import AlertMethod, MailProtocol
from mailtrip.service import monitors, recipients
from service_process import OPERATOR, SETTINGS, databases, storage_of
from tables import Findings, Table, Target

__all__ = ["AlertsPlan", "measure"]

_BOUND_SECONDS = 5.0
_BOUND_MESSAGES = 2
_BOUND_MIB = 300.0
_PATIENCE = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsPlan:
    """How many monitors fail, and for how many causes: one measurement for each number."""

    monitors: int = 10_000
    causes: tuple[int, ...] = (1, 5)


def measure(plan: AlertsPlan) -> Findings:
    """Seconds from the end of the runs until each cause was told, and how many messages it took to tell of all monitors."""
    found = {(name, causes): _storm(plan, causes, url) for causes in plan.causes for name, url in databases()}
    return Findings(
        part="alerts",
        tables=(
            Table(
                title=f"{plan.monitors:,} monitors fail at once",
                columns=(
                    "database, causes",
                    "each cause told after, s",
                    "with monitors",
                    "all monitors told after, s",
                    "messages for a cause",
                    "recorded after, s",
                    "memory, MiB",
                ),
                rows=tuple(_row(*key, storm) for key, storm in found.items()),
            ),
        ),
        targets=tuple(target for key, storm in found.items() for target in _targets(*key, storm)),
        facts=(
            (
                "The runs end in one moment, each with a conversation of 12 lines; they are recorded, decided on and "
                "gathered by the parts of the program that do so in the service, in a process of their own, and handed "
                "to a channel that words them as the real ones do. One recipient hears of all monitors. What is not "
                "recorded within four seconds goes into a second message, a minute after the first. Memory is the "
                "growth of the process from before the runs end to its peak."
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
            given: dict[str, object] = {"method": AlertMethod.WEB_JSON, "address": "https://hooks.mailtrip.test/T1"}
            recipients.create(connection, OPERATOR, given, password=None, secrets=storage.key_ring, now=now)
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
        f"{_first(storm):.1f}",
        f"{sum(messages[0][1] for messages in told):,}",
        f"{max(at for messages in told for at, _ in messages):.1f}",
        f"{_messages(storm)}",
        f"{storm['recorded']:.1f}",
        f"{_memory(storm):.0f}",
    )


def _targets(name: str, causes: int, storm: dict[str, Any]) -> tuple[Target, ...]:
    where = f"{name}, {causes} {'cause' if causes == 1 else 'causes'}"
    return (
        Target(text=f"{where}: each is told after", measured=_first(storm), bound=_BOUND_SECONDS, unit=" s"),
        Target(text=f"{where}: messages for one", measured=_messages(storm), bound=_BOUND_MESSAGES),
        Target(text=f"{where}: memory", measured=_memory(storm), bound=_BOUND_MIB, unit=" MiB"),
    )


def _first(storm: dict[str, Any]) -> float:
    """Until somebody knew of the last cause."""
    return float(max(messages[0][0] for messages in storm["told"].values()))


def _messages(storm: dict[str, Any]) -> int:
    """For the cause that took most."""
    return max(len(messages) for messages in storm["told"].values())


def _memory(storm: dict[str, Any]) -> float:
    return float(storm["peak"] - storm["before"])
