"""When a recipient is told that a monitor's deliveries are slow, and when not. Pure.

A `Pace` is how long deliveries of one monitor took of late, and usually. `level_of` compares it with what a recipient wants
to hear of, and `advance` decides what is said. `docs/explanation/alerts.md` has the rules as tables, which the tests run.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from mailtrip.model import AlertKind, Measurement, PerformanceRule, RecipientSettings

__all__ = [
    "LONGEST_WINDOW",
    "Level",
    "Pace",
    "PerformanceSilence",
    "PerformanceStanding",
    "PerformanceWord",
    "advance",
    "level_of",
    "measured",
]

LONGEST_WINDOW: Final = 100
"""Measurements that are kept one by one."""
_WEEK = timedelta(days=7)
_MOST_HOURS = 168
_FEWEST_HOURS = 24
_HOUR = timedelta(hours=1)
_SECOND = timedelta(seconds=1)
_FEWEST_FAST = 3
_CLEARLY_LESS = 0.8
_DEVIATIONS = 5
_DEVIATION_OF_MAD = 1.4826
"""The standard deviation of normally distributed values whose median absolute deviation is 1."""
_FIRST_GAP = timedelta(minutes=5)
_LONGEST_GAP = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long a monitor's deliveries took; oldest first, nothing that is older than a week.

    Attributes:
        recent: the last ones, at most a hundred.
        hours: the median of each hour that had any, at most 168; the hour that goes on is not among them.
    """

    recent: tuple[Measurement, ...] = ()
    hours: tuple[Measurement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What a recipient's rule looks at, and its bounds.

    Attributes:
        took: what is measured by the rule.
        slow_above: it is slow when that took longer.
        fast_until: it is fast again when that took no longer; between the two, nothing changes.
        text: the figures, in a sentence.
    """

    took: timedelta
    slow_above: timedelta
    fast_until: timedelta
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceStanding:
    """What a recipient was told of a monitor that is slow."""

    alerts: int
    since: datetime
    told_at: datetime


class PerformanceSilence(StrEnum):
    """Why nothing is said."""

    UNKNOWN = "too little is known"
    FAST = "it is not slow"
    NO_REPEAT = "the recipient does not want to hear of it again"
    ENOUGH = "as many alerts as the recipient wants were sent"
    TOO_SOON = "it is too soon for the next reminder"
    NOT_YET = "it is not clearly faster yet"
    NO_CLEAR = "the recipient does not want to hear of the end"
    HELD_BACK = "a blackout is in force"


PerformanceWord = AlertKind | PerformanceSilence
"""What is said: `AlertKind.SLOW` or `AlertKind.CLEAR`, or why nothing is."""


def measured(pace: Pace, new: Measurement) -> Pace:
    """The pace after one more delivery; one from before the last one changes nothing."""
    last = pace.recent[-1] if pace.recent else None
    if last is not None and new.at <= last.at:
        return pace
    hours = pace.hours
    if last is not None and _hour(new.at) > _hour(last.at):
        ended = [each.took for each in pace.recent if _hour(each.at) == _hour(last.at)]
        hours = (*hours, Measurement(_hour(last.at), _median(ended)))
    return Pace(
        recent=_since((*pace.recent, new)[-LONGEST_WINDOW:], new.at - _WEEK),
        hours=_since(hours[-_MOST_HOURS:], new.at - _WEEK),
    )


def level_of(pace: Pace, settings: RecipientSettings, *, warning_time: timedelta | None) -> Level | None:
    """How a monitor stands by a recipient's rule; None where too little is known, or there is no bound.

    Args:
        pace: the monitor's.
        settings: the recipient's.
        warning_time: the monitor's.
    """
    took = [each.took for each in pace.recent]
    match settings.performance_rule:
        case PerformanceRule.USUAL_LEVEL:
            return _unusual(took, pace.hours, settings.performance_window)
        case PerformanceRule.PERCENTILE:
            window = took[-settings.performance_window :]
            if warning_time is None or len(window) < settings.performance_window:
                return None
            return _percentile(window, settings.performance_percentile, warning_time)
        case PerformanceRule.WARNING_TIME:
            return None if warning_time is None else _in_a_row(took, settings.start_threshold, warning_time)


def advance(
    standing: PerformanceStanding | None,
    level: Level | None,
    settings: RecipientSettings,
    *,
    at: datetime,
    is_held_back: bool,
) -> tuple[PerformanceStanding | None, PerformanceWord]:
    """What is said after a delivery, and what the recipient knows then.

    Args:
        standing: what the recipient was told before; None where it knows of nothing.
        level: by the recipient's rule, this delivery included.
        settings: the recipient's.
        at: now.
        is_held_back: whether a blackout of the monitor or of the recipient is in force.
    """
    if level is None:
        return standing, PerformanceSilence.UNKNOWN
    if level.took > level.slow_above:
        return _slow(standing, settings, at=at, is_held_back=is_held_back)
    if standing is None:
        return None, PerformanceSilence.FAST
    if level.took > level.fast_until:
        return standing, PerformanceSilence.NOT_YET
    if not settings.notify_on_clear:
        return None, PerformanceSilence.NO_CLEAR
    return (standing, PerformanceSilence.HELD_BACK) if is_held_back else (None, AlertKind.CLEAR)


def _slow(
    standing: PerformanceStanding | None, settings: RecipientSettings, *, at: datetime, is_held_back: bool
) -> tuple[PerformanceStanding | None, PerformanceWord]:
    if standing is not None:
        if not settings.repeat_performance_alerts:
            return standing, PerformanceSilence.NO_REPEAT
        if standing.alerts >= settings.stop_threshold:
            return standing, PerformanceSilence.ENOUGH
        if at < standing.told_at + min(_FIRST_GAP * (1 << min(standing.alerts - 1, 16)), _LONGEST_GAP):
            return standing, PerformanceSilence.TOO_SOON
    if is_held_back:
        return standing, PerformanceSilence.HELD_BACK
    if standing is None:
        return PerformanceStanding(alerts=1, since=at, told_at=at), AlertKind.SLOW
    return replace(standing, alerts=standing.alerts + 1, told_at=at), AlertKind.SLOW


def _in_a_row(took: Sequence[timedelta], wanted: int, bound: timedelta) -> Level | None:
    """Slow where as many in a row as are wanted took too long; fast where as many, but three at least, did not."""
    wanted = min(wanted, LONGEST_WINDOW)
    if len(took) < wanted:
        return None
    fewest, most = min(took[-wanted:]), max(took[-max(wanted, _FEWEST_FAST) :])
    text = f"The last delivery took {_shown(took[-1])}; it should take no more than {_shown(bound)}."
    # Where neither holds, some took too long and some did not: that is between slow and fast.
    is_fast = most <= bound and len(took) >= _FEWEST_FAST
    level = max(bound, fewest)
    return Level(took=level, slow_above=bound, fast_until=bound if is_fast else bound - _SECOND, text=text)


def _percentile(window: Sequence[timedelta], percent: int, bound: timedelta) -> Level:
    ranked = sorted(window)
    took = ranked[-(-len(ranked) * percent // 100) - 1]
    text = (
        f"Of the last {len(window)} deliveries, {percent} % took no more than {_shown(took)}; "
        f"they should take no more than {_shown(bound)}."
    )
    return Level(took=took, slow_above=bound, fast_until=bound * _CLEARLY_LESS, text=text)


def _unusual(took: Sequence[timedelta], hours: Sequence[Measurement], window: int) -> Level | None:
    """The median of the window beside the median and the median absolute deviation of the hours."""
    if len(hours) < _FEWEST_HOURS or len(took) < window:
        return None
    usual = _median(each.took for each in hours)
    spread = _median(abs(each.took - usual) for each in hours) * _DEVIATION_OF_MAD
    margin = max(spread * _DEVIATIONS, usual / 2, _SECOND)
    now = _median(took[-window:])
    text = (
        f"The median of the last {window} deliveries is {_shown(now)}; usual is {_shown(usual)}, "
        f"and at most {_shown(usual + margin)}."
    )
    return Level(took=now, slow_above=usual + margin, fast_until=usual + margin / 2, text=text)


def _median(spans: Iterable[timedelta]) -> timedelta:
    ranked = sorted(spans)
    middle = len(ranked) // 2
    return ranked[middle] if len(ranked) % 2 else (ranked[middle - 1] + ranked[middle]) / 2


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _since(found: tuple[Measurement, ...], start: datetime) -> tuple[Measurement, ...]:
    return tuple(each for each in found if each.at >= start)


def _shown(span: timedelta) -> str:
    """In seconds, as exactly as matters."""
    seconds = span.total_seconds()
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s" if seconds >= 1 else f"{seconds:.2f} s"
