"""Locations that fall silent: when one has, and who is told of it. Pure.

`docs/explanation/alerts.md` has the decision tables, which the tests run.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from mailtrip.model import AlertKind

__all__ = ["RUNS_WANTED", "SPAN", "Contact", "LocationState", "SilenceWord", "Unsaid", "say", "state_of"]

SPAN: Final = timedelta(minutes=10)
"""A location that was heard of within so long is not silent."""
RUNS_WANTED: Final = 3
"""So many runs have to be overdue."""


class LocationState(StrEnum):
    """What is known of a location."""

    REPORTS = "it reports"
    UNUSED = "no run is wanted from it"
    TOO_EARLY = "it is too early to tell"
    TOO_FEW = "too few runs are overdue"
    SILENT = "silent"


class Unsaid(StrEnum):
    """Why nothing is said."""

    TOLD = "it was told"
    HELD_BACK = "a blackout is in force"
    NEVER_TOLD = "it had not been told"
    NO_CLEAR = "the recipient does not want to hear of the end"


SilenceWord = AlertKind | Unsaid
"""What is said: `AlertKind.SILENT` or `AlertKind.CLEAR`, or why nothing is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """What is heard of a location.

    Attributes:
        heard_at: the slot of the newest run that it has reported; None for none ever.
        listening_since: since when somebody has listened without a break: nobody hears what is said meanwhile.
        is_used: whether the plan wants runs from it at all.
        overdue: how many runs were due there since it was heard of, and since somebody has listened, that have had all
            the time that they may take. More than `RUNS_WANTED` need not be counted.
    """

    heard_at: datetime | None
    listening_since: datetime
    is_used: bool
    overdue: int

    @property
    def quiet_since(self) -> datetime:
        """From when on it could have been heard, and was not."""
        return self.listening_since if self.heard_at is None else max(self.heard_at, self.listening_since)


def state_of(contact: Contact, *, silent_since: datetime | None, at: datetime) -> LocationState:
    """What is known of a location.

    Args:
        contact: what is heard of it.
        silent_since: since when it was known to be silent before; None when it was not.
        at: now.
    """
    if not contact.is_used:
        return LocationState.UNUSED
    if silent_since is not None:
        is_heard = contact.heard_at is not None and contact.heard_at > silent_since
        return LocationState.REPORTS if is_heard else LocationState.SILENT
    if contact.heard_at is not None and at < contact.heard_at + SPAN:
        return LocationState.REPORTS
    if at < contact.listening_since + SPAN:
        return LocationState.TOO_EARLY
    return LocationState.TOO_FEW if contact.overdue < RUNS_WANTED else LocationState.SILENT


def say(*, is_silent: bool, is_told: bool, is_waiting: bool, wants_clear: bool, is_held_back: bool) -> SilenceWord:
    """What one recipient is to be told now.

    Args:
        is_silent: whether the location is; else it reports again.
        is_told: whether the recipient was told that it was silent.
        is_waiting: whether that waits in the outbox.
        wants_clear: whether the recipient wants to hear of the end.
        is_held_back: whether a blackout of the recipient is in force, or of all monitors for which it would be told.
    """
    if is_silent:
        if is_told:
            return Unsaid.TOLD
        return Unsaid.HELD_BACK if is_held_back else AlertKind.SILENT
    if not is_told:
        return Unsaid.NEVER_TOLD
    if is_waiting:
        return AlertKind.CLEAR
    if not wants_clear:
        return Unsaid.NO_CLEAR
    return Unsaid.HELD_BACK if is_held_back else AlertKind.CLEAR
