"""What is told once a day: states that become errors unless somebody acts (certificate, quota, deletions). Pure.

A `Notice` is what the runs of one monitor say of one such state of one server. `take_in` takes the next run's word, and
`say` decides whether a recipient is told. `docs/explanation/alerts.md` has the decision table, which the tests run.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from mailtrip.model import AlertKind, StatusCode

__all__ = ["LOOK_AGAIN", "RUNS_WANTED", "Notice", "NoticeSilence", "NoticeWord", "next_look", "say", "take_in"]

RUNS_WANTED: Final[Mapping[StatusCode, int]] = MappingProxyType(
    {StatusCode.CERTIFICATE: 1, StatusCode.MAILBOX_FILLING: 1, StatusCode.DELETE_FAILED: 3}
)
"""The states, and how many runs in a row have to find each: one message may resist deletion for a reason that passes."""

LOOK_AGAIN: Final = timedelta(minutes=10)
"""After so long it is asked again who is to be told, where a blackout held back."""
_RUNS_WITHOUT = 3
_GATHER = timedelta(minutes=30)
_DAY = timedelta(days=1)
_NOBODY = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What runs of a monitor say of a state.

    Attributes:
        found: runs in a row that found it, no more of them than are wanted.
        without: runs in a row, up to the last one, that did not find it any more.
        since: when it was first found.
        next_at: before this nobody has to be told.
    """

    found: int = 1
    without: int = 0
    since: datetime
    next_at: datetime

    @property
    def is_over(self) -> bool:
        """Whether enough runs did not find it any more."""
        return self.without >= _RUNS_WITHOUT


class NoticeSilence(StrEnum):
    """Why nothing is said."""

    TOO_FEW = "too few runs in a row have found it"
    GATHERING = "others with the same cause are waited for"
    TOLD_TODAY = "it was told within a day"
    HELD_BACK = "a blackout is in force"
    TOO_EARLY = "too few runs in a row have not found it"
    NEVER_TOLD = "it had not been told"
    NO_CLEAR = "the recipient does not want to hear of the end"


NoticeWord = AlertKind | NoticeSilence
"""What is said: `AlertKind.NOTICE` or `AlertKind.CLEAR`, or why nothing is."""


def take_in(notice: Notice | None, status: StatusCode, *, is_there: bool, at: datetime) -> Notice | None:
    """What is known after one more run that could tell; None when there is nothing to remember."""
    wanted = RUNS_WANTED[status]
    if is_there:
        if notice is None:
            return Notice(since=at, next_at=at + _GATHER)
        return replace(notice, found=min(notice.found + 1, wanted), without=0)
    if notice is None or notice.found < wanted:
        return None
    return replace(notice, without=min(notice.without + 1, _RUNS_WITHOUT))


def say(
    notice: Notice,
    status: StatusCode,
    *,
    told_at: datetime | None,
    at: datetime,
    wants_clear: bool,
    is_held_back: bool,
) -> NoticeWord:
    """What one recipient is to be told now.

    Args:
        notice: of the monitor whose run has just been taken in; where it `is_over`, no other monitor has the same cause.
        status: of the state.
        told_at: when the recipient was last told of that cause, whatever the monitor; None for never.
        at: now.
        wants_clear: whether the recipient wants to hear of the end.
        is_held_back: whether a blackout of the monitor or of the recipient is in force.
    """
    if notice.without:
        return _say_end(notice, told_at=told_at, wants_clear=wants_clear, is_held_back=is_held_back)
    if notice.found < RUNS_WANTED[status]:
        return NoticeSilence.TOO_FEW
    if at < notice.since + _GATHER:
        return NoticeSilence.GATHERING
    # A time that is yet to come is that of a clock that was set back since.
    if told_at is not None and at - _DAY < told_at <= at:
        return NoticeSilence.TOLD_TODAY
    return NoticeSilence.HELD_BACK if is_held_back else AlertKind.NOTICE


def _say_end(notice: Notice, *, told_at: datetime | None, wants_clear: bool, is_held_back: bool) -> NoticeWord:
    if not notice.is_over:
        return NoticeSilence.TOO_EARLY
    if told_at is None:
        return NoticeSilence.NEVER_TOLD
    if not wants_clear:
        return NoticeSilence.NO_CLEAR
    return NoticeSilence.HELD_BACK if is_held_back else AlertKind.CLEAR


def next_look(words: Mapping[int, NoticeWord], told: Mapping[int, datetime], *, at: datetime) -> datetime:
    """When it is to be asked again who is to be told of a state that lasts: `Notice.next_at`.

    Args:
        words: what each recipient was told now, or why not.
        told: when each was last told before.
        at: now.
    """

    def look(recipient_id: int, word: NoticeWord) -> datetime:
        match word:
            case AlertKind.NOTICE:
                return at + _DAY
            case NoticeSilence.TOLD_TODAY:
                return told[recipient_id] + _DAY
            case _:
                return at + LOOK_AGAIN

    return min((look(*item) for item in words.items()), default=at + _NOBODY)
