"""Peak memory of the client with 1,000 trips in flight over TLS, all held by the server at the same moment."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from children import CLIENT_CORE, Child
from servers import ServerProcess
from tables import Findings, Table, Target

__all__ = ["MemoryPlan", "measure"]

_BOUND_MIB = 120.0
_CONTENDERS = {
    "whole run, IMAP, uvloop": ("whole", "uvloop", "imap"),
    "whole run, IMAP, asyncio": ("whole", "asyncio", "imap"),
    "whole run, POP3, uvloop": ("whole", "uvloop", "pop3"),
    "bare exchanges, IMAP, uvloop": ("bare", "uvloop", "imap"),
    "libcurl (pycurl), a thread each": ("curl", None, "imap"),
    "smtplib + imaplib, a thread each": ("stdlib", None, "imap"),
}
_PACE = 100.0
"""Starts a second, as the service has them by default."""
_SECONDS = 240.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryPlan:
    """How many trips are in flight, and for how long the server holds its answer to the message."""

    trips: int = 1000
    hold_seconds: float = 25.0


def measure(plan: MemoryPlan) -> Findings:
    """MiB of resident memory of the client process."""
    measured = {name: _measure_one(plan, *contender) for name, contender in _CONTENDERS.items()}
    return Findings(
        part="memory",
        tables=(
            Table(
                title=f"Memory of the client with {plan.trips} trips in flight over TLS, MiB",
                columns=("", "peak", "before", "growth", "connections open at once"),
                rows=tuple(_row(name, told) for name, told in measured.items()),
            ),
        ),
        targets=tuple(_targets(measured)),
        facts=(
            (
                f"Trips start at {_PACE:.0f} a second. The server holds its answer to each message for "
                f"{plan.hold_seconds:.0f} s, so that all trips are open at once. A whole run over IMAP has two "
                "connections then, the mailbox being open before the message is "
                "sent; all others have one."
            ),
        ),
    )


def _measure_one(plan: MemoryPlan, kind: str, loop: str | None, protocol: str) -> dict[str, float]:
    with ServerProcess(holds=[("dot", plan.hold_seconds, 1)]) as server:
        task: dict[str, Any] = {
            **server.site(protocol, is_tls=True),
            "measure": "memory",
            "kind": kind,
            "loop": loop,
            "count": plan.trips,
            "pace": _PACE,
        }
        with Child("contender.py", task, core=CLIENT_CORE) as client:
            told: dict[str, float] = client.hear(_SECONDS)
        return {**told, **server.report()}


def _row(name: str, told: dict[str, float]) -> tuple[str, ...]:
    peak, base = told["peak"], told["base"]
    return name, f"{peak:.0f}", f"{base:.0f}", f"{peak - base:.0f}", f"{told['most_connections']:,.0f}"


def _targets(measured: dict[str, dict[str, float]]) -> Iterator[Target]:
    for name, told in measured.items():
        if name.startswith("whole"):
            yield Target(text=f"{name}, peak memory", measured=told["peak"], bound=_BOUND_MIB, unit=" MiB")
