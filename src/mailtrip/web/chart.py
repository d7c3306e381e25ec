"""Delivery times of a monitor as a chart: stacked by what took the time, failures and blackouts told apart. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from mailtrip.model import Step
from mailtrip.model.tally import Outcome
from mailtrip.model.words import format_duration
from mailtrip.service.report_figures import Bucket, Sample
from mailtrip.web.waterfall import Tick

__all__ = ["PHASE_NAMES", "Chart", "Phase", "Point", "Strip", "bucket_points", "make_chart", "sample_points", "top_of"]

_WIDTH: Final = 1000
_HEIGHT: Final = 240
_HEADROOM: Final = 4
"""The scale goes up to so many times what 95 % of the values are below, at most."""
_ZERO: Final = timedelta(0)


class Phase(StrEnum):
    """What takes the time, in the order in which it is stacked."""

    MAILBOX = "mailbox"
    """The mailbox is opened, before anything is sent."""
    CONNECTION = "connection"
    """To the SMTP server, up to the login."""
    SUBMIT = "submit"
    WAIT = "wait"
    """The message is under way."""
    CLEANUP = "cleanup"
    """It is fetched and deleted."""
    USUAL = "usual"
    """Where many runs are one point: the median of their delivery times."""
    SLOW = "slow"
    """What the slowest 5 % of them took longer than that."""


_PHASES: Final = {
    Step.RESOLVE: Phase.CONNECTION,
    Step.CONNECT: Phase.CONNECTION,
    Step.TLS: Phase.CONNECTION,
    Step.GREETING: Phase.CONNECTION,
    Step.LOGIN: Phase.CONNECTION,
    Step.SUBMIT: Phase.SUBMIT,
    Step.WAIT: Phase.WAIT,
    Step.FETCH: Phase.CLEANUP,
    Step.DELETE: Phase.CLEANUP,
}
PHASE_NAMES: Final = {
    Phase.MAILBOX: "open the mailbox",
    Phase.CONNECTION: "connect and log in over SMTP",
    Phase.SUBMIT: "submit",
    Phase.WAIT: "under way",
    Phase.CLEANUP: "fetch and delete",
    Phase.USUAL: "median delivery",
    Phase.SLOW: "up to the 95th percentile",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A run, or many runs together.

    Attributes:
        length: up to the next one.
        outcome: the worst of what was found; None where nothing was.
        run_id: None for many runs.
    """

    at: datetime
    length: timedelta
    parts: tuple[tuple[Phase, timedelta], ...]
    outcome: Outcome | None
    run_id: int | None = None

    @property
    def total(self) -> timedelta:
        return sum((time for _, time in self.parts), _ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """A stretch of the time axis on which something holds."""

    kind: str
    left: int
    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """The picture: a rectangle of `width` by `height`, zero at the bottom left.

    Attributes:
        paths: for each phase that occurs, its name and the path of an SVG.
        strips: failures, blackouts, and where nothing was measured.
        scale: round values and their places from the bottom.
        cut: how many points are higher than the scale.
    """

    paths: tuple[tuple[Phase, str, str], ...]
    strips: tuple[Strip, ...]
    scale: tuple[Tick, ...]
    hours: tuple[Tick, ...]
    cut: int
    width: int = _WIDTH
    height: int = _HEIGHT


def sample_points(samples: Sequence[Sample], *, interval: timedelta) -> list[Point]:
    """A point for each run, oldest first."""
    return [
        Point(
            at=sample.slot,
            length=interval,
            parts=tuple(_parts(sample)),
            outcome=sample.outcome,
            run_id=sample.run_id,
        )
        for sample in samples
    ]


def bucket_points(buckets: Sequence[Bucket]) -> list[Point]:
    """A point for each hour or day, oldest first."""
    return [
        Point(
            at=bucket.since,
            length=bucket.until - bucket.since,
            parts=_usual(bucket),
            outcome=_worst(bucket),
        )
        for bucket in buckets
    ]


def make_chart(points: Sequence[Point], *, since: datetime, until: datetime) -> Chart | None:
    """The picture of these points; None where none of them has a time or an outcome."""
    if not any(point.outcome for point in points):
        return None
    top = top_of(points)
    frame = _Frame(since, until, top)
    return Chart(
        paths=tuple(_paths(points, frame)),
        strips=tuple(_strips(points, frame)),
        scale=tuple(_scale(top)),
        hours=tuple(_hours(since, until)),
        cut=sum(point.total > top for point in points),
    )


@dataclass(frozen=True, slots=True)
class _Frame:
    since: datetime
    until: datetime
    top: timedelta

    def x(self, moment: datetime) -> int:
        share = (moment - self.since) / (self.until - self.since)
        return round(_WIDTH * min(max(share, 0.0), 1.0))

    def y(self, time: timedelta) -> int:
        return round(_HEIGHT * min(time / self.top, 1.0))


def _parts(sample: Sample) -> Iterator[tuple[Phase, timedelta]]:
    """How long each phase took; without steps, the delivery alone."""
    if sample.response is None:
        return
    times: dict[Phase, timedelta] = {}
    for step, time in sample.steps:
        phase = Phase.MAILBOX if step.startswith("mailbox-") else _PHASES.get(step)
        if phase is not None:
            times[phase] = times.get(phase, _ZERO) + time
    if not times:
        yield Phase.WAIT, sample.response
        return
    yield from ((phase, times[phase]) for phase in Phase if phase in times)


def _usual(bucket: Bucket) -> tuple[tuple[Phase, timedelta], ...]:
    times = bucket.times
    if times is None or times.p50 is None or times.p95 is None:
        return ()
    return (Phase.USUAL, times.p50), (Phase.SLOW, max(times.p95 - times.p50, _ZERO))


def _worst(bucket: Bucket) -> Outcome | None:
    counts = bucket.counts
    found = (
        (counts.error, Outcome.ERROR),
        (counts.warning, Outcome.WARNING),
        (counts.ok, Outcome.OK),
        (counts.unknown, Outcome.UNKNOWN),
        (counts.not_measured, Outcome.NOT_MEASURED),
        (counts.blackout, Outcome.BLACKOUT),
        (counts.skipped, Outcome.SKIPPED),
    )
    return next((outcome for number, outcome in found if number), None)


def top_of(points: Sequence[Point]) -> timedelta:
    """Where the scale ends: at the highest value, unless that dwarfs all others."""
    ordered = sorted(point.total for point in points if point.parts)
    if not ordered:
        return timedelta(seconds=1)
    most = ordered[-1]
    usual = ordered[int(0.95 * (len(ordered) - 1))]
    return max(min(most, _HEADROOM * usual), timedelta(milliseconds=1))


def _paths(points: Sequence[Point], frame: _Frame) -> Iterator[tuple[Phase, str, str]]:
    drawn: dict[Phase, list[str]] = {}
    for point in points:
        left = frame.x(point.at)
        width = max(frame.x(point.at + point.length) - left, 1)
        low = _ZERO
        for phase, time in point.parts:
            bottom, high = frame.y(low), frame.y(low + time)
            if high > bottom:
                drawn.setdefault(phase, []).append(
                    f"M{left} {_HEIGHT - bottom}v-{high - bottom}h{width}v{high - bottom}z"
                )
            low += time
    for phase in Phase:
        if phase in drawn:
            yield phase, PHASE_NAMES[phase], "".join(drawn[phase])


_STRIPS: Final = {
    Outcome.ERROR: "error",
    Outcome.BLACKOUT: "blackout",
    Outcome.UNKNOWN: "unknown",
    Outcome.NOT_MEASURED: "unknown",
}


def _strips(points: Sequence[Point], frame: _Frame) -> Iterator[Strip]:
    """Neighbours of one kind are one strip."""
    kind, left, right = "", 0, 0
    for point in points:
        here = _STRIPS.get(point.outcome, "") if point.outcome else ""
        begin, end = frame.x(point.at), max(frame.x(point.at + point.length), frame.x(point.at) + 1)
        if here == kind and begin <= right + 1:
            right = end
            continue
        if kind:
            yield Strip(kind=kind, left=left, width=right - left)
        kind, left, right = here, begin, end
    if kind:
        yield Strip(kind=kind, left=left, width=right - left)


def _scale(top: timedelta) -> Iterator[Tick]:
    """Two to five round values below the top."""
    seconds = top.total_seconds()
    power = 0.001
    while seconds / power >= 50:
        power *= 10
    step = next(power * factor for factor in (1, 2, 5, 10, 20) if seconds / (power * factor) <= 5)
    for number in range(1, int(seconds / step) + 1):
        value = timedelta(seconds=number * step)
        yield Tick(round(_HEIGHT * value / top), format_duration(value))


def _hours(since: datetime, until: datetime) -> Iterator[Tick]:
    """Round times of the axis, in UTC."""
    length = until - since
    steps = (1, 2, 4, 6, 12, 24, 48, 168, 730, 2190)
    hours = next((step for step in steps if length / timedelta(hours=step) <= 8), steps[-1])
    step = timedelta(hours=hours)
    midnight = since.replace(hour=0, minute=0, second=0, microsecond=0)
    moment = midnight + step * -((midnight - since) // step)
    while moment <= until:
        text = f"{moment:%H:%M}" if hours < 24 else f"{moment.day} {moment:%b}"
        yield Tick(round(_WIDTH * ((moment - since) / length)), text)
        moment += step
