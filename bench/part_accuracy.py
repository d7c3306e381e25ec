"""How exact the measured times are: against a server that answers each time after 50 ms, at an even pace of trips."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from children import CLIENT_CORE, Child
from servers import ServerProcess
from tables import Findings, Table, Target

__all__ = ["AccuracyPlan", "measure"]

_BOUND_MS = 5.0
_REPLY_DELAY = 0.05
_CONTENDERS = {
    f"{name}, {protocol.upper()}, {loop}": (kind, loop, protocol)
    for name, kind in (("bare exchanges", "bare"), ("whole run", "whole"))
    for protocol in ("imap", "pop3")
    for loop in ("uvloop", "asyncio")
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyPlan:
    """Trips a second, for how many seconds, how often, and for how long each is held so that enough are in flight.

    Attributes:
        hold_seconds: before the answer to AUTH, a step that is left out of the errors.
        repetitions: interleaved; their medians count, as a shared machine stalls now and then.
    """

    pace: float = 200.0
    seconds: float = 12.0
    hold_seconds: float = 4.0
    repetitions: int = 5


def measure(plan: AccuracyPlan) -> Findings:
    """Errors in milliseconds: measured by the client less what the server waits."""
    repetitions = [
        {name: _measure_one(plan, *contender) for name, contender in _CONTENDERS.items()}
        for _ in range(plan.repetitions)
    ]
    measured = {name: _medians([repetition[name] for repetition in repetitions]) for name in _CONTENDERS}
    return Findings(
        part="accuracy",
        tables=(
            Table(
                title=f"Error of measured times, ms, p50 / p99 / max, paced at {plan.pace:.0f} trips/s plain",
                columns=(
                    "",
                    "one reply",
                    "submit step (4 replies)",
                    "server's lateness",
                    "in flight",
                    "core used",
                ),
                rows=tuple(_row(name, told) for name, told in measured.items()),
            ),
        ),
        targets=tuple(_targets(measured)),
        facts=(
            (
                f"The server answers after {_REPLY_DELAY * 1000:.0f} ms, by an event loop that never sleeps; its "
                "lateness is inside the client's errors. The answer to AUTH is held back for "
                f"{plan.hold_seconds:.0f} s more and not counted. {plan.repetitions} interleaved repetitions of "
                f"{plan.pace * plan.seconds:.0f} trips for each row, of whose figures these are the medians; the replies "
                "are those of the transcripts."
            ),
        ),
    )


def _measure_one(plan: AccuracyPlan, kind: str, loop: str, protocol: str) -> dict[str, float]:
    warm_up = 10
    holds = [("auth", plan.hold_seconds, warm_up)]
    with ServerProcess(holds=holds, reply_delay=_REPLY_DELAY, is_punctual=True) as server:
        task: dict[str, Any] = {
            **server.site(protocol, is_tls=False),
            "measure": "accuracy",
            "kind": kind,
            "loop": loop,
            "warm_up": warm_up,
            "count": int(plan.pace * plan.seconds),
            "pace": plan.pace,
            "reply_delay": _REPLY_DELAY,
        }
        with Child("contender.py", task, core=CLIENT_CORE) as client:
            told: dict[str, float] = client.hear(plan.seconds + 120)
        return {**told, **server.report()}


def _medians(told: Sequence[dict[str, float]]) -> dict[str, float]:
    """Of each figure, over the repetitions."""
    return {key: statistics.median(each[key] for each in told) for key in told[0]}


def _row(name: str, told: dict[str, float]) -> tuple[str, ...]:
    errors = (_three(told, kind) for kind in ("reply", "submit", "late"))
    return name, *errors, f"{told['in_flight']:,.0f}", f"{told['cores'] * 100:.0f} %"


def _three(told: dict[str, float], kind: str) -> str:
    return " / ".join(f"{told[f'{kind}_{share}'] * 1000:.1f}" for share in (0.5, 0.99, 1.0))


def _targets(measured: dict[str, dict[str, float]]) -> Iterator[Target]:
    for name, told in measured.items():
        if not name.startswith("bare"):
            continue
        yield Target(
            text=f"{name}, p99 error of a reply", measured=told["reply_0.99"] * 1000, bound=_BOUND_MS, unit=" ms"
        )
