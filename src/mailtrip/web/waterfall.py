"""All steps of a run on one time axis. Pure: values of the model in, what a page draws out.

Places and widths on the axis are in thousandths of its length.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from mailtrip.model import Result, Severity, Step, Timing
from mailtrip.model.words import STEP_NAMES, format_duration

__all__ = ["Bar", "Lane", "Span", "Tick", "Visible", "Waterfall", "lane_of", "make_waterfall"]

AXIS: Final = 1000
_NARROWEST: Final = 3
"""A step of a moment is still to be seen."""
_SHORTEST_GAP: Final = timedelta(milliseconds=1)
_MOST_TICKS: Final = 6
_ZERO: Final = timedelta(0)
_CHECKS_MESSAGE: Final = frozenset({Step.LOOK, Step.FETCH, Step.DELETE})


class Lane(StrEnum):
    """Which conversation a step belongs to."""

    MAILBOX = "mailbox"
    SMTP = "smtp"
    WAIT = "wait"
    """Neither: the message is under way."""


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of the axis; at least as wide as can be seen, and all of it on the axis."""

    left: int
    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A step.

    Attributes:
        span: None for a step that was begun, and of which nothing tells how long it went on.
        begun: after the run's start, in words.
        took: how long it took, in words.
        is_open: it did not come to its end: a wait that nothing ended, a step that failed.
        severity: of the run's status, where it ended badly at this step.
    """

    step: Step
    name: str
    lane: Lane
    span: Span | None
    begun: str
    took: str
    is_open: bool = False
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    place: int
    text: str


@dataclass(frozen=True, slots=True)
class Visible:
    """When the message became visible; `span` is None where that is not on the axis."""

    span: Span | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waterfall:
    """The picture of a run.

    Attributes:
        gaps: times in which no step was under way.
        between: how long these are together, in words; None where there are none.
    """

    length: str
    bars: tuple[Bar, ...]
    gaps: tuple[Span, ...]
    between: str | None
    ticks: tuple[Tick, ...]
    visible: Visible | None


def lane_of(step: Step) -> Lane:
    """The conversation that a step belongs to."""
    if step is Step.WAIT:
        return Lane.WAIT
    return Lane.MAILBOX if step.startswith("mailbox-") or step in _CHECKS_MESSAGE else Lane.SMTP


def make_waterfall(result: Result, *, accepted_at: datetime | None) -> Waterfall | None:
    """The picture of a run; None where no step has a time.

    Args:
        result: of the run.
        accepted_at: when the SMTP server took the message; None where that was not noted.
    """
    timings = sorted(result.timings, key=lambda timing: timing.offset)
    if not timings:
        return None
    length = max(result.duration, *(timing.offset + timing.duration for timing in timings), _SHORTEST_GAP)
    axis = _Axis(length)
    accepted = _accepted(result, accepted_at)
    bars = _with_failure(result, _bars(result, timings, accepted, axis), axis.failure(result, timings))
    gaps = list(_gaps(timings, until=length if accepted is None else min(accepted, length)))
    return Waterfall(
        length=format_duration(length),
        bars=tuple(bars),
        gaps=tuple(axis.span(begin, end) for begin, end in gaps),
        between=format_duration(sum((end - begin for begin, end in gaps), _ZERO)) if gaps else None,
        ticks=_ticks(length),
        visible=_visible(result, accepted, axis),
    )


@dataclass(frozen=True, slots=True)
class _Axis:
    length: timedelta

    def place(self, at: timedelta) -> int:
        return round(AXIS * min(max(at, _ZERO), self.length) / self.length)

    def span(self, begin: timedelta, end: timedelta) -> Span:
        left, right = self.place(begin), self.place(end)
        width = max(right - left, _NARROWEST)
        return Span(min(left, AXIS - width), width)

    def failure(self, result: Result, timings: Sequence[Timing]) -> Span | None:
        """Of a step without a time: from the end of all others to the line that proves that it failed, or the run's end."""
        begin = max(timing.offset + timing.duration for timing in timings)
        end = max((line.at for _, line in result.proven_by()), default=result.duration)
        return self.span(begin, end) if end > begin else None


def _bars(result: Result, timings: Sequence[Timing], accepted: timedelta | None, axis: _Axis) -> list[Bar]:
    """In the order in which they began."""
    bars = [
        Bar(
            step=timing.step,
            name=STEP_NAMES[timing.step],
            lane=lane_of(timing.step),
            span=axis.span(timing.offset, timing.offset + timing.duration),
            begun=_begun(timing.offset),
            took=format_duration(timing.duration),
            severity=_severity(result, timing.step),
        )
        for timing in timings
    ]
    if accepted is not None and result.duration_of(Step.WAIT) is None:
        place = sum(timing.offset <= accepted for timing in timings)
        bars.insert(place, _open_wait(result, accepted, axis))
    return bars


def _open_wait(result: Result, accepted: timedelta, axis: _Axis) -> Bar:
    """The wait that no look ended: the message was not seen as long as the run went on."""
    end = max(result.duration, accepted)
    return Bar(
        step=Step.WAIT,
        name=STEP_NAMES[Step.WAIT],
        lane=Lane.WAIT,
        span=axis.span(accepted, end),
        begun=_begun(accepted),
        took=f"{format_duration(end - accepted)}, not seen",
        is_open=True,
        severity=_severity(result, Step.WAIT),
    )


def _with_failure(result: Result, bars: list[Bar], span: Span | None) -> list[Bar]:
    """The step that failed is among the bars, also where it has no time."""
    step = result.step
    if step is None or any(bar.step is step for bar in bars):
        return bars
    failed = Bar(
        step=step,
        name=STEP_NAMES[step],
        lane=lane_of(step),
        span=span,
        begun="",
        took="not completed",
        is_open=True,
        severity=_severity(result, step),
    )
    return [*bars, failed]


def _severity(result: Result, step: Step) -> Severity | None:
    return result.status.severity if step is result.step and result.status.severity is not Severity.OK else None


def _accepted(result: Result, accepted_at: datetime | None) -> timedelta | None:
    """When the message was accepted, after the run's start; None where that is not known, or it was not."""
    wait = next((timing.offset for timing in result.timings if timing.step is Step.WAIT), None)
    if wait is not None:
        return wait
    if accepted_at is not None:
        return max(accepted_at - result.started_at, _ZERO)
    if result.queued_as is None:
        return None
    submit = next((timing for timing in result.timings if timing.step is Step.SUBMIT), None)
    return None if submit is None else submit.offset + submit.duration


def _gaps(timings: Sequence[Timing], *, until: timedelta) -> Iterator[tuple[timedelta, timedelta]]:
    """The times between the first step's begin and the last one's end, or `until`, in which there was none."""
    reached = _ZERO
    for timing in timings:
        if timing.offset - reached >= _SHORTEST_GAP and reached < until:
            yield reached, timing.offset
        reached = max(reached, timing.offset + timing.duration)


def _visible(result: Result, accepted: timedelta | None, axis: _Axis) -> Visible | None:
    sighting = result.sighting
    if sighting is None:
        return None
    if sighting.not_before < _ZERO:
        text = f"at most {format_duration(max(sighting.not_after, _ZERO))} after the server accepted it"
    else:
        first, last = format_duration(sighting.not_before), format_duration(sighting.not_after)
        text = f"between {first} and {last} after the server accepted it"
    if accepted is None or accepted + sighting.not_before > axis.length:
        return Visible(None, text)
    return Visible(axis.span(accepted + sighting.not_before, accepted + sighting.not_after), text)


def _ticks(length: timedelta) -> tuple[Tick, ...]:
    """Round times on the axis, the first at its begin."""
    seconds = length.total_seconds()
    step = next(each for each in _round_numbers() if seconds / each <= _MOST_TICKS)
    count = int(seconds / step) + 1
    return tuple(
        Tick(round(AXIS * number * step / seconds), _tick_text(number * step, step)) for number in range(count)
    )


def _round_numbers() -> Iterator[float]:
    """Seconds that people count in, from a millisecond on."""
    for power in range(-3, 2):
        yield from (10.0**power * factor for factor in (1, 2, 5))
    yield from (60.0 * factor for factor in (2, 5, 10, 30, 60))
    hour = 3600.0
    while True:
        hour *= 2
        yield hour


def _tick_text(seconds: float, step: float) -> str:
    if seconds == 0:
        return "0"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    return f"{round(seconds, 3):g} s" if step < 120 else f"{seconds / 60:.0f} min"


def _begun(offset: timedelta) -> str:
    return f"{offset.total_seconds():.3f} s"
