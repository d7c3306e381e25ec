"""What runs add up to: how many came to what, and how their times are spread. Adding and taking back are exact."""

import struct
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import accumulate, pairwise
from math import ceil, exp, log
from operator import add, attrgetter, sub
from typing import Final, Self

from mailtrip.model.run import Run, RunKind, RunState, Step
from mailtrip.model.status import Severity, StatusCode, Verdict

__all__ = [
    "COUNTED",
    "LANE_BITS",
    "RELATIVE_ERROR",
    "Counts",
    "Distribution",
    "Outcome",
    "Share",
    "Size",
    "bin_of",
    "share_of",
]

RELATIVE_ERROR: Final = 0.01
"""How far a percentile is from the time that was measured, at most, for times from 1 ms to 100,000 s."""

LANE_BITS: Final = 32
_GAMMA: Final = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
_LOG_GAMMA: Final = log(_GAMMA)
_LEAST_SECONDS: Final = 0.001
_MOST_SECONDS: Final = 100_000.0


class Size(StrEnum):
    """For how long a time runs are added up."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"

    def begin_of(self, moment: datetime) -> datetime:
        """When the hour, day or month of the moment began, in the zone that the moment is in."""
        hour = moment.replace(minute=0, second=0, microsecond=0)
        if self is Size.HOUR:
            return hour
        return hour.replace(hour=0) if self is Size.DAY else hour.replace(hour=0, day=1)

    def next(self, begin: datetime) -> datetime:
        """When the one after that which begins there begins, in the same zone."""
        if self is Size.HOUR:
            return begin + timedelta(hours=1)
        return self.begin_of(begin + timedelta(days=1 if self is Size.DAY else 31))


class Outcome(StrEnum):
    """What a planned run counts as in reports."""

    OK = "ok"
    WARNING = "warning"
    """The mail path works, but something is not as it should be; also an error that its recheck did not find."""
    ERROR = "error"
    UNKNOWN = "unknown"
    """Trouble of ours: it says nothing about the mail path."""
    NOT_MEASURED = "not-measured"
    SKIPPED = "skipped"
    BLACKOUT = "blackout"
    """Its slot lay in a blackout of its monitor, whether the run was made or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many planned runs came to what.

    Attributes:
        responses: how many of them have a response time.
        response_time: the sum of these times.
    """

    ok: int = 0
    warning: int = 0
    error: int = 0
    unknown: int = 0
    not_measured: int = 0
    skipped: int = 0
    blackout: int = 0
    responses: int = 0
    response_time: timedelta = timedelta(0)

    @property
    def availability(self) -> float | None:
        """Share of the runs that could tell which proved the mail path working, 0..1.

        Warnings count as working. None when no run could tell: no data is never 100 %.
        """
        well = self.ok + self.warning
        told = well + self.error
        return well / told if told else None

    @property
    def mean_response_time(self) -> timedelta | None:
        """None without a response time."""
        return self.response_time / self.responses if self.responses else None

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(**dict(zip(COUNTED, map(add, _numbers(self), _numbers(other)), strict=True)))

    def __sub__(self, other: "Counts") -> "Counts":
        return Counts(**dict(zip(COUNTED, map(sub, _numbers(self), _numbers(other)), strict=True)))


COUNTED: Final = tuple(item.name for item in fields(Counts))
"""The fields of `Counts`, which are also the columns they are kept in."""
_numbers = attrgetter(*COUNTED)


@dataclass(frozen=True, slots=True)
class Distribution:
    """How times are spread: their number by bin, where a bin's middle is within 1 % of each time in it (DDSketch).

    Two of them add up to that of all their times, and what was added can be taken back. Times below 1 ms count as 1 ms,
    times above 100,000 s as 100,000 s.

    Attributes:
        lanes: the numbers of all bins as one number, 32 bits for each: so they are added and taken away all at once.
    """

    lanes: int = 0

    @classmethod
    def of(cls, times: Iterable[timedelta]) -> Self:
        return cls(sum(1 << LANE_BITS * bin_of(time) for time in times))

    def __add__(self, other: "Distribution") -> "Distribution":
        return Distribution(self.lanes + other.lanes)

    @property
    def numbers(self) -> tuple[int, ...]:
        """How many times lie in each bin, up to the last one that has any."""
        size = -(-self.lanes.bit_length() // LANE_BITS)
        return struct.unpack(f"<{size}I", self.lanes.to_bytes(size * LANE_BITS // 8, "little"))

    @property
    def total(self) -> int:
        """How many times there are."""
        return sum(self.numbers)

    def quantiles(self, shares: Iterable[float]) -> list[timedelta | None]:
        """The times below which these shares (0..1) of all lie; None where there are no times."""
        below = [*accumulate(self.numbers)]
        if not below:
            return [None for _ in shares]
        return [_middle(bisect_right(below, share * (below[-1] - 1))) for share in shares]

    def histogram(self, edges: Iterable[timedelta]) -> list[int]:
        """How many times are not above each of these edges (ascending), and above the one before; then those above all."""
        numbers = self.numbers
        limits = [0, *(bin_of(edge) + 1 for edge in edges), len(numbers)]
        return [sum(numbers[first:last]) for first, last in pairwise(limits)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one run adds to reports.

    Attributes:
        status: None where the run has no result.
        response: from the message's acceptance to its arrival; of a check, how long it took. None where it is not known.
        steps: how long each took, of runs that proved the mail path working.
    """

    account_id: int
    monitor_id: int
    location_id: int
    slot: datetime
    outcome: Outcome
    status: StatusCode | None = None
    response: timedelta | None = None
    steps: tuple[tuple[Step, timedelta], ...] = ()


_NOT_MADE: Final = {
    RunState.SKIPPED: Outcome.SKIPPED,
    RunState.NOT_MEASURED: Outcome.NOT_MEASURED,
    RunState.BLACKOUT: Outcome.BLACKOUT,
}


def share_of(run: Run | None) -> Share | None:
    """What a run adds; None for runs that are under way, tests and rechecks, which add nothing."""
    if run is None or run.kind is not RunKind.SCHEDULED or run.state is RunState.RUNNING:
        return None
    outcome = _outcome(run)
    has_times = run.result is not None and outcome in {Outcome.OK, Outcome.WARNING, Outcome.ERROR}
    return Share(
        account_id=run.account_id,
        monitor_id=run.monitor_id,
        location_id=run.location_id,
        slot=run.slot,
        outcome=outcome,
        status=None if run.result is None else run.result.status,
        response=_response(run) if has_times else None,
        steps=_steps(run) if has_times and outcome is not Outcome.ERROR else (),
    )


def _outcome(run: Run) -> Outcome:
    if run.blackout_id is not None:
        return Outcome.BLACKOUT
    if run.severity is not None:
        return _OF_SEVERITY[run.severity]
    return _NOT_MADE[run.state]


_OF_SEVERITY: Final = {
    Severity.OK: Outcome.OK,
    Severity.WARNING: Outcome.WARNING,
    Severity.ERROR: Outcome.ERROR,
    Severity.UNKNOWN: Outcome.UNKNOWN,
}


def _response(run: Run) -> timedelta | None:
    result = run.result
    if result is None:
        return None
    if result.verdict is Verdict.ANSWERS:
        return result.duration
    if result.delay is not None:
        return result.delay
    return None if result.sighting is None else result.sighting.not_after


def _steps(run: Run) -> tuple[tuple[Step, timedelta], ...]:
    return tuple((timing.step, timing.duration) for timing in run.result.timings) if run.result else ()


def bin_of(time: timedelta) -> int:
    """The number of a time's bin, from 0 to 921."""
    seconds = min(max(time.total_seconds(), _LEAST_SECONDS), _MOST_SECONDS)
    return max(0, ceil(log(seconds / _LEAST_SECONDS) / _LOG_GAMMA))


def _middle(bin_: int) -> timedelta:
    """A time that is within `RELATIVE_ERROR` of both ends of a bin."""
    return timedelta(seconds=_LEAST_SECONDS * exp(bin_ * _LOG_GAMMA) * 2 / (1 + _GAMMA))
