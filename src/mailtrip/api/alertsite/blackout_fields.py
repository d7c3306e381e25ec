"""The fields of a blackout, one row each (alertsite-v3.md, 4.1)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from mailtrip.api.alertsite.fields import Field
from mailtrip.api.alertsite.records import RecordTable
from mailtrip.api.alertsite.times import plain_time, show_time, time_of_day
from mailtrip.api.codecs import JSON, LARGEST_ID, Codec, Script, boolean, choice, identifier, integer, nullable, text
from mailtrip.model import Blackout, BlackoutType, OneTimeWindow, WeeklyWindow
from mailtrip.schedule.blackouts import is_within, next_change
from mailtrip.service.blackouts import TIMES

__all__ = ["ALIASES", "BLACKOUTS", "BlackoutView"]

ALIASES: Final = {"from_time": "start_time", "thru_time": "end_time"}
"""What the vendor's own example of an edit calls these fields."""

_TIME: Final = plain_time()
_TIME_OF_DAY: Final = time_of_day()
_DAY: Final = integer(1, 7)
_UTC_TIME: Final[dict[str, JSON]] = {"type": "string", "format": "date-time"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BlackoutView:
    """A blackout, and when it is looked at."""

    blackout: Blackout
    now: datetime


def _given(
    name: str,
    setting: str,
    codec: Codec[Any],  # Any: each field has its own type
    about: str,
    show: Callable[[BlackoutView], JSON],
    *,
    example: JSON,
    required: bool = False,
    is_always_there: bool = False,
) -> Field[BlackoutView]:
    return Field(
        name=name,
        about=about,
        example=example,
        codec=codec,
        setting=setting,
        required=required,
        show=show,
        returns=codec.returns if required or is_always_there else nullable(codec.returns),
    )


def _shown(
    name: str, show: Callable[[BlackoutView], JSON], returns: Mapping[str, JSON], about: str, *, example: JSON
) -> Field[BlackoutView]:
    return Field(name=name, about=about, example=example, show=show, returns=returns)


def _once(show: Callable[[OneTimeWindow], JSON]) -> Callable[[BlackoutView], JSON]:
    """Shows a part of a one-time blackout, and null for a weekly one."""
    return lambda view: show(view.blackout.window) if isinstance(view.blackout.window, OneTimeWindow) else None


def _weekly(show: Callable[[WeeklyWindow], JSON]) -> Callable[[BlackoutView], JSON]:
    """Shows a part of a weekly blackout, and null for a one-time one."""
    return lambda view: show(view.blackout.window) if isinstance(view.blackout.window, WeeklyWindow) else None


def _show_next_change(view: BlackoutView) -> JSON:
    change = next_change([view.blackout.window], after=view.now)
    return None if change is None else show_time(change)


_FIELDS: Final = (
    _shown(
        "id",
        lambda view: view.blackout.id,
        {"type": "integer", "minimum": 1, "maximum": LARGEST_ID},
        "The blackout's number.",
        example=100001,
    ),
    _given(
        "type",
        "type",
        choice(BlackoutType),
        "What is held back: `Monitor` the runs of a monitor, and with them its alerts; `Alert` the alerts of a monitor; "
        "`Notifier` the alerts to a recipient.",
        lambda view: str(view.blackout.type),
        example="Monitor",
        required=True,
    ),
    _given(
        "assoc_id",
        "subject_id",
        identifier(),
        "The number of the monitor, or of the recipient for type `Notifier`.",
        lambda view: view.blackout.subject_id,
        example=100001,
        required=True,
    ),
    _given(
        "persistent",
        "is_weekly",
        boolean(),
        "Whether it recurs each week; follows from the other fields unless given.",
        lambda view: isinstance(view.blackout.window, WeeklyWindow),
        example=True,
        is_always_there=True,
    ),
    _given(
        "from_date",
        "start",
        _TIME,
        "One-time only: when it begins, `YYYY-MM-DD HH:MM:SS` in UTC; in the future.",
        _once(lambda window: _TIME.write(window.start)),
        example=None,
    ),
    _given(
        "thru_date",
        "end",
        _TIME,
        "One-time only: when it ends, `YYYY-MM-DD HH:MM:SS` in UTC; later than it begins.",
        _once(lambda window: _TIME.write(window.end)),
        example=None,
    ),
    _given(
        "start_day",
        "start_day",
        _DAY,
        "Weekly only: the day it begins, 1 (Sunday) to 7 (Saturday).",
        _weekly(lambda window: window.start.day),
        example=7,
    ),
    _given(
        "start_time",
        "start_time",
        _TIME_OF_DAY,
        "Weekly only: the time it begins, `hh:mm` in UTC.",
        _weekly(lambda window: _TIME_OF_DAY.write(window.start.time)),
        example="20:00",
    ),
    _given(
        "end_day",
        "end_day",
        _DAY,
        "Weekly only: the day it ends, 1 (Sunday) to 7 (Saturday); may lie in the week after.",
        _weekly(lambda window: window.end.day),
        example=1,
    ),
    _given(
        "end_time",
        "end_time",
        _TIME_OF_DAY,
        "Weekly only: the time it ends, `hh:mm` in UTC; 23:59 is the end of the day.",
        _weekly(lambda window: _TIME_OF_DAY.write(window.end.time)),
        example="06:00",
    ),
    _given(
        "note",
        "note",
        text(shortest=0, longest=255, script=Script.LINES, cut=True),
        "A note for people. Longer than 255 characters: cut.",
        lambda view: view.blackout.note,
        example="Scheduled maintenance",
    ),
    _shown(
        "login",
        lambda view: view.blackout.created_by,
        {"type": ["string", "null"]},
        "Email address of the user who made it.",
        example="admin@example.com",
    ),
    _shown(
        "date_added",
        lambda view: show_time(view.blackout.created_at),
        _UTC_TIME,
        "When it was made (UTC).",
        example="2026-01-31T12:00:00Z",
    ),
    _shown(
        "active",
        lambda view: is_within(view.blackout.window, view.now),
        {"type": "boolean"},
        "(+) Whether it is in force.",
        example=False,
    ),
    _shown(
        "next_change",
        _show_next_change,
        nullable(_UTC_TIME),
        "(+) When it begins or ends next (UTC); null when it never does any more.",
        example="2026-01-31T20:00:00Z",
    ),
)

_TIMES: Final = tuple(field.name for field in _FIELDS if field.setting in TIMES)

BLACKOUTS: Final = RecordTable(_FIELDS, judged_by=dict.fromkeys(_TIMES, _TIMES))
