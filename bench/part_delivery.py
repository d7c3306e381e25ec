"""How true the reported delays are: whole trips through Postfix and Dovecot, against Dovecot's own delivery log."""

import asyncio
import random
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import uvloop

from figures import percentile
from mailtrip.bootstrap.loop import calm_garbage_collector
from mailtrip.model import Accepted, MailProtocol, Sighting, Step
from real_server import BenchMailServer
from real_trips import RealTrips
from tables import Findings, Table, Target

__all__ = ["DeliveryPlan", "measure"]

_BOUND_PERCENT = 1.0
_CLOCK_READINGS = 50
_STEPPED_SECONDS = 0.001
_QUEUED = re.compile(r"queued as ([0-9A-Za-z]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPlan:
    """How many trips there are of each kind, and how many of them start in a second.

    Attributes:
        longest_delay: seconds; a message of the delayed kind is held for anything up to that.
        mailboxes: used in turn, so that no two trips under way share one.
    """

    prompt: int = 600
    prompt_pace: float = 10.0
    delayed: int = 300
    delayed_pace: float = 5.0
    longest_delay: float = 20.0
    mailboxes: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    """One trip; offsets are seconds after acceptance as the client saw it.

    Attributes:
        saved: by Dovecot's log.
        filed: by the time of the message's file, which is as coarse as the kernel's clock tick.
        sighting: as it was reported.
    """

    saved: float
    filed: float
    sighting: Sighting

    @property
    def error(self) -> float:
        """Of the reported delay."""
        return abs(self.sighting.not_after.total_seconds() - self.saved)

    @property
    def width(self) -> float:
        return (self.sighting.not_after - self.sighting.not_before).total_seconds()

    @property
    def outside(self) -> float:
        """How far the message was saved before (negative) or after the reported interval; 0 inside of it."""
        return _outside(self.saved, self.sighting)


def _outside(moment: float, sighting: Sighting) -> float:
    first, last = sighting.not_before.total_seconds(), sighting.not_after.total_seconds()
    return min(0.0, moment - first) + max(0.0, moment - last)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """One row of the tables."""

    name: str
    protocol: MailProtocol
    trips: int
    pace: float
    is_held: bool


def _kinds(plan: DeliveryPlan) -> Iterator[_Kind]:
    for protocol in (MailProtocol.IMAP, MailProtocol.POP3):
        name = f"{protocol.upper()}, prompt"
        yield _Kind(name=name, protocol=protocol, trips=plan.prompt, pace=plan.prompt_pace, is_held=False)
    for protocol in (MailProtocol.IMAP, MailProtocol.POP3):
        name = f"{protocol.upper()}, held"
        yield _Kind(name=name, protocol=protocol, trips=plan.delayed, pace=plan.delayed_pace, is_held=True)


def measure(plan: DeliveryPlan) -> Findings:
    """Milliseconds between reported and true delay, and how often the truth lies inside what is reported."""
    reason = BenchMailServer.missing()
    if reason is not None:
        return Findings(part="delivery", facts=(f"Not measured: {reason}.",))
    calm_garbage_collector()
    with BenchMailServer() as server:
        for address in server.users[: plan.mailboxes]:
            server.make_mailbox(address)
        samples = {kind.name: _make_trips(plan, kind, server) for kind in _kinds(plan)}
    return Findings(
        part="delivery",
        tables=(_errors(samples), _places(samples), _crosscheck(samples)),
        targets=tuple(
            Target(
                text=f"{name}: trips whose message was saved outside of the interval",
                measured=100 * _share([sample.outside != 0.0 for sample in found]),
                bound=_BOUND_PERCENT,
                unit=" %",
            )
            for name, found in samples.items()
        ),
        facts=(
            (
                f"{plan.prompt} prompt trips, {plan.prompt_pace:.0f} begun in a second, and {plan.delayed} of messages "
                f"that Postfix held for a random 0 to {plan.longest_delay:.0f} s, {plan.delayed_pace:.0f} begun in a "
                f"second; {plan.mailboxes} mailboxes in turn."
            ),
        ),
    )


def _errors(samples: dict[str, list[_Sample]]) -> Table:
    return Table(
        title="Reported delay against the log's, p50 / p99 / max, ms",
        columns=("", "true delay", "|reported - true|", "width of the interval"),
        rows=tuple(
            (
                name,
                _three([sample.saved for sample in found]),
                _three([sample.error for sample in found]),
                _three([sample.width for sample in found]),
            )
            for name, found in samples.items()
        ),
    )


def _places(samples: dict[str, list[_Sample]]) -> Table:
    return Table(
        title="Where the log's moment lies",
        columns=("", "trips", "inside the interval", "before it", "after it", "furthest outside, ms"),
        rows=tuple((name, *_place([sample.outside for sample in found])) for name, found in samples.items()),
    )


def _place(outside: Sequence[float]) -> Iterator[str]:
    yield f"{len(outside)}"
    yield f"{100 * _share([place == 0.0 for place in outside]):.1f} %"
    yield f"{sum(place < 0.0 for place in outside)}"
    yield f"{sum(place > 0.0 for place in outside)}"
    yield f"{max(abs(place) for place in outside) * 1000:.1f}"


def _crosscheck(samples: dict[str, list[_Sample]]) -> Table:
    return Table(
        title="The message's file against the log",
        columns=("", "log after file, ms, p50 / p99 / max", "file's time inside the interval"),
        rows=tuple(
            (
                name,
                _three([sample.saved - sample.filed for sample in found]),
                f"{100 * _share([_outside(sample.filed, sample.sighting) == 0.0 for sample in found]):.1f} %",
            )
            for name, found in samples.items()
        ),
    )


def _three(seconds: Sequence[float]) -> str:
    return " / ".join(f"{percentile(seconds, share) * 1000:,.1f}" for share in (0.5, 0.99, 1.0))


def _share(are_true: Sequence[bool]) -> float:
    return sum(are_true) / len(are_true)


# -- The trips ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trip:
    """A trip before the log was read; times in seconds since the epoch."""

    message_id: str
    accepted_at: float
    filed_at: float
    sighting: Sighting


def _make_trips(plan: DeliveryPlan, kind: _Kind, server: BenchMailServer) -> list[_Sample]:
    offset = _wall_offset()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        trips = runner.run(_paced(plan, kind, server, offset))
    if abs(_wall_offset() - offset) > _STEPPED_SECONDS:
        raise RuntimeError("the clock was set meanwhile: nothing was measured")
    saved_at = server.saved_at([trip.message_id for trip in trips])
    return [
        _Sample(
            saved=saved_at[trip.message_id] - trip.accepted_at,
            filed=trip.filed_at - trip.accepted_at,
            sighting=trip.sighting,
        )
        for trip in trips
    ]


def _wall_offset() -> float:
    """What is added to monotonic time for the time of day, from the closest of some pairs of readings.

    Both clocks run at one rate, also while that is adjusted: the offset changes when the clock is set, and only then.
    """
    return min(_read_clocks() for _ in range(_CLOCK_READINGS))[1] / 1e9


def _read_clocks() -> tuple[int, int]:
    """How long the reading took, and the offset that it shows; nanoseconds."""
    before = time.monotonic_ns()
    now = time.time_ns()
    after = time.monotonic_ns()
    return after - before, now - (before + after) // 2


async def _paced(plan: DeliveryPlan, kind: _Kind, server: BenchMailServer, offset: float) -> list[_Trip]:
    """Trips that start at an even pace, however long each takes."""
    trips = RealTrips(server.site, kind.protocol, submission=server.held_port if kind.is_held else "submissions")
    loop = asyncio.get_running_loop()
    begin = loop.time()
    async with asyncio.TaskGroup() as group:
        under_way = []
        for number in range(kind.trips):
            await asyncio.sleep(begin + number / kind.pace - loop.time())
            address = server.users[number % plan.mailboxes]
            under_way.append(group.create_task(_make_trip(plan, kind, server, trips, address, offset)))
    trips.close()
    return [task.result() for task in under_way]


async def _make_trip(
    plan: DeliveryPlan, kind: _Kind, server: BenchMailServer, trips: RealTrips, address: str, offset: float
) -> _Trip:
    accepted: list[Accepted] = []
    filed_at: list[float] = []

    def observe(step: Step, began: float, ended: float | None) -> None:
        del began
        if step is Step.LOOK and ended is not None:
            filed_at.append(_filed_at(server, address))

    async with asyncio.TaskGroup() as group:

        def on_accepted(answer: Accepted) -> None:
            accepted.append(answer)
            if kind.is_held:
                group.create_task(_release(server, answer, random.uniform(0, plan.longest_delay)))

        trip = await trips.make(address, observe=observe, on_accepted=on_accepted)
    result = trip.result
    if result.sighting is None or result.message_id is None:
        raise RuntimeError(result.summary)
    return _Trip(
        message_id=result.message_id,
        accepted_at=accepted[0].at + offset,
        filed_at=filed_at[0],
        sighting=result.sighting,
    )


async def _release(server: BenchMailServer, answer: Accepted, delay: float) -> None:
    """Let a held message go after a while."""
    queued = _QUEUED.search(answer.reply)
    if queued is None:
        raise RuntimeError(f"Postfix has not named the message: {answer.reply}")
    await asyncio.sleep(delay)
    await asyncio.to_thread(server.release, queued[1])


def _filed_at(server: BenchMailServer, address: str) -> float:
    """When the only message of a mailbox got its name in the file system."""
    home: Path = server.folder / "home" / address.partition("@")[0]
    (path,) = (home / "mail/mailboxes/INBOX/dbox-Mails").glob("u.*")
    return path.stat().st_ctime_ns / 1e9
