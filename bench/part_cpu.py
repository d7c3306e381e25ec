"""CPU of the client for one round trip, side by side with libcurl and the standard library, in one interleaved run."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from children import CLIENT_CORE, Child
from figures import Spread, spread
from servers import ServerProcess
from tables import Findings, Table, Target

__all__ = ["CPUPlan", "measure"]

_PEER = "libcurl (pycurl), 50 threads"
_CONTENDERS = {
    "bare exchanges, uvloop": ("bare", "uvloop"),
    "bare exchanges, asyncio": ("bare", "asyncio"),
    "whole run, uvloop": ("whole", "uvloop"),
    "whole run, asyncio": ("whole", "asyncio"),
    _PEER: ("curl", None),
    "libcurl with a transcript, 50 threads": ("curl-transcript", None),
    "smtplib + poplib/imaplib, 50 threads": ("stdlib", None),
}
_BOUNDS = {
    ("bare exchanges, uvloop", False): 0.85,
    ("bare exchanges, uvloop", True): 1.0,
    ("bare exchanges, asyncio", False): 1.0,
    ("bare exchanges, asyncio", True): 1.15,
}
_CONCURRENCY = 50
_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CPUPlan:
    """How much is measured: trips of one repetition, plain and over TLS, and how many repetitions.

    Attributes:
        contenders: keys that a contender's name must hold one of; empty for all.
    """

    plain: int = 800
    tls: int = 350
    repetitions: int = 3
    protocols: tuple[str, ...] = ("pop3", "imap")
    contenders: tuple[str, ...] = ()

    @property
    def cases(self) -> list[tuple[str, bool]]:
        return list(itertools.product(self.protocols, (False, True)))

    @property
    def names(self) -> list[str]:
        return [name for name in _CONTENDERS if not self.contenders or any(key in name for key in self.contenders)]


Samples = dict[tuple[str, str, bool], list[float]]


def measure(plan: CPUPlan) -> Findings:
    """Milliseconds of user and system time of the client process for one trip."""
    samples: Samples = {}
    with ServerProcess() as server:
        for key, milliseconds in _repetitions(plan, server):
            samples.setdefault(key, []).append(milliseconds)
    spreads = {key: spread(values) for key, values in samples.items()}
    return Findings(
        part="cpu",
        tables=tuple(_table(plan, spreads, is_tls=is_tls) for is_tls in (False, True)),
        targets=tuple(_targets(plan, samples)),
        facts=(
            (
                f"{plan.repetitions} interleaved repetitions of {plan.plain} trips plain and {plan.tls} over TLS each, "
                f"{_CONCURRENCY} at once, behind {_CONCURRENCY} trips of warm-up. "
                "Median (least-greatest) of the repetitions; the ratio is the median of the repetitions' own ratios."
            ),
        ),
    )


def _repetitions(plan: CPUPlan, server: ServerProcess) -> Iterator[tuple[tuple[str, str, bool], float]]:
    for _ in range(plan.repetitions):
        for (protocol, is_tls), name in itertools.product(plan.cases, plan.names):
            kind, loop = _CONTENDERS[name]
            count = plan.tls if is_tls else plan.plain
            task: dict[str, Any] = {
                **server.site(protocol, is_tls=is_tls),
                "measure": "cpu",
                "kind": kind,
                "loop": loop,
                "concurrency": _CONCURRENCY,
                "warm_up": _CONCURRENCY,
                "count": count,
            }
            with Child("contender.py", task, core=CLIENT_CORE) as client:
                yield (name, protocol, is_tls), client.hear(_SECONDS)["cpu"] * 1000


def _table(plan: CPUPlan, spreads: dict[tuple[str, str, bool], Spread], *, is_tls: bool) -> Table:
    return Table(
        title=f"CPU of the client, ms a trip, {'two TLS handshakes' if is_tls else 'plain'}",
        columns=("", *(protocol.upper() for protocol in plan.protocols)),
        rows=tuple(
            (name, *(str(spreads[name, protocol, is_tls]) for protocol in plan.protocols)) for name in plan.names
        ),
    )


def _targets(plan: CPUPlan, samples: Samples) -> Iterator[Target]:
    if _PEER not in plan.names:
        return
    for (name, is_tls), bound in _BOUNDS.items():
        for protocol in plan.protocols if name in plan.names else ():
            ratio = _ratio(samples[name, protocol, is_tls], samples[_PEER, protocol, is_tls])
            text = f"{protocol.upper()} {'over TLS' if is_tls else 'plain'}, {name}, CPU against libcurl's"
            yield Target(text=text, measured=ratio, bound=bound, unit=" x")


def _ratio(ours: Sequence[float], peers: Sequence[float]) -> float:
    return spread([one / other for one, other in zip(ours, peers, strict=True)]).median
