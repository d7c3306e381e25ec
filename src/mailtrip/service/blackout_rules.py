"""The rules between and within the fields of a blackout (alertsite-v3.md, 4.1 and 9), as pure functions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from mailtrip.errors import Fault, InvalidInput
from mailtrip.model import BlackoutType, OneTimeWindow, WeeklyWindow, WeekTime, Window
from mailtrip.service.text_rules import note_fault

__all__ = ["TIMES", "BlackoutDraft", "note_of", "settle"]

_DATES = ("start", "end")
_TIMES_OF_WEEK = ("start_day", "start_time", "end_day", "end_time")
TIMES = ("is_weekly", *_DATES, *_TIMES_OF_WEEK)
"""The fields that together say when a blackout is; none of them can be judged without the others."""

_LONGEST_NOTE = 255
_LAST_YEAR = 9998


@dataclass(frozen=True, slots=True, kw_only=True)
class BlackoutDraft:
    """A blackout as it is asked for; None is not given.

    Attributes:
        subject_id: the recipient for type `NOTIFIER`, otherwise the monitor.
        is_weekly: None where it follows from the other fields.
        start: of a one-time blackout, as `end`.
        start_day: of a weekly one, as `start_time`, `end_day` and `end_time`; 1 is Sunday.
    """

    type: BlackoutType | None = None
    subject_id: int | None = None
    is_weekly: bool | None = None
    start: datetime | None = None
    end: datetime | None = None
    start_day: int | None = None
    start_time: time | None = None
    end_day: int | None = None
    end_time: time | None = None
    note: str | None = None


def settle(draft: BlackoutDraft, *, now: datetime) -> Window:
    """When the blackout is; its note is checked too. Type and subject are not.

    Raises:
        InvalidInput: with all faults, naming fields of the draft.
    """
    faults = [*_kind_faults(draft), *_note_faults(draft)]
    if not faults:
        window = _one_time(draft) or _weekly(draft)
        faults = [*_order_faults(window, now)]
    if faults:
        raise InvalidInput(faults)
    return window


def note_of(draft: BlackoutDraft) -> str | None:
    """The note as it is kept: longer ones are cut as the vendor does."""
    return None if draft.note is None else draft.note[:_LONGEST_NOTE]


def _is_weekly(draft: BlackoutDraft) -> bool | None:
    """Which kind it is; None where that can't be known."""
    if draft.is_weekly is not None:
        return draft.is_weekly
    has_dates, has_times_of_week = bool(_given(draft, _DATES)), bool(_given(draft, _TIMES_OF_WEEK))
    return None if has_dates is has_times_of_week else has_times_of_week


def _kind_faults(draft: BlackoutDraft) -> Iterator[Fault]:
    is_weekly = _is_weekly(draft)
    if is_weekly is None:
        yield Fault(
            "start",
            "give either dates, for a one-time blackout, or day and time of the start and of the end, for a weekly one",
        )
        return
    own, others = (_TIMES_OF_WEEK, _DATES) if is_weekly else (_DATES, _TIMES_OF_WEEK)
    kind, other_kind = ("weekly", "one-time") if is_weekly else ("one-time", "weekly")
    for name in own:
        if getattr(draft, name) is None:
            yield Fault(name, f"is required for a {kind} blackout")
    for name in _given(draft, others):
        yield Fault(name, f"is for {other_kind} blackouts; leave it out of a {kind} one")
    for name in ("start_day", "end_day"):
        day = getattr(draft, name)
        if is_weekly and day is not None and not 1 <= day <= 7:
            yield Fault(name, f"{day} is no day of the week; use 1 (Sunday) to 7 (Saturday)")


def _note_faults(draft: BlackoutDraft) -> Iterator[Fault]:
    if draft.note is not None and (fault := note_fault(draft.note)) is not None:
        yield Fault("note", fault)


def _order_faults(window: Window, now: datetime) -> Iterator[Fault]:
    if isinstance(window, WeeklyWindow):
        if window.start == window.end:
            yield Fault("end_time", "is the time it starts at; end it at another")
        return
    if window.start <= now:
        yield Fault("start", f"is not in the future; it is {now:%Y-%m-%d %H:%M:%S} now, in UTC")
    if window.end <= window.start:
        yield Fault("end", "is not later than the start")
    elif window.end.year > _LAST_YEAR:
        yield Fault("end", f"lies beyond the year {_LAST_YEAR}")


def _one_time(draft: BlackoutDraft) -> OneTimeWindow | None:
    if draft.start is None or draft.end is None:
        return None
    return OneTimeWindow(start=draft.start, end=draft.end)


def _weekly(draft: BlackoutDraft) -> WeeklyWindow:
    if draft.start_day is None or draft.start_time is None or draft.end_day is None or draft.end_time is None:
        raise ValueError("a draft without faults has dates, or else all four times of the week")
    return WeeklyWindow(
        start=WeekTime(day=draft.start_day, time=draft.start_time),
        end=WeekTime(day=draft.end_day, time=draft.end_time),
    )


def _given(draft: BlackoutDraft, names: Sequence[str]) -> list[str]:
    return [name for name in names if getattr(draft, name) is not None]
