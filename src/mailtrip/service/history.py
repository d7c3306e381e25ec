"""What is told with an error about the runs before it. Pure: values in, a clause out."""

from collections.abc import Sequence
from datetime import datetime

from mailtrip.model import Severity
from mailtrip.service.strays import show_duration
from mailtrip.store.history import Earlier, Streak

__all__ = ["MOST_EARLIER", "add_history", "can_tell", "last_failure", "tell_history"]

MOST_EARLIER = 10
"""Runs that are looked at: one tells enough, unless it says nothing of the mail path."""
_LONGEST_SUMMARY = 1000


def last_failure(earlier: Sequence[Earlier]) -> Earlier | None:
    """The run before, where that failed too: one that its recheck did not find failing, did not.

    Runs that say nothing of the mail path neither count nor break a row.
    """
    last = next((run for run in earlier if can_tell(run)), None)
    return last if last is not None and last.status.severity is Severity.ERROR and last.verified is not False else None


def tell_history(earlier: Sequence[Earlier], streak: Streak, *, slot: datetime) -> str:
    """Say in a clause how the runs before one that failed did.

    Args:
        earlier: newest first.
        streak: the failures in a row that it ends.
        slot: of the run that failed.
    """
    if streak.failures > 1:
        return (
            f"this is the {_ordinal(streak.failures)} run in a row that failed, since {_show_time(streak.since, slot)}"
        )
    last = next((run for run in earlier if can_tell(run)), None)
    if last is None:
        return "none of the runs right before it could tell anything" if earlier else "no earlier run is known"
    name = "the previous run" if last is earlier[0] else f"the last run that could tell, {_show_time(last.slot, slot)},"
    if last.status.severity is Severity.ERROR:
        return f"{name} failed too, but not when it was tried again at once"
    if last.arrived_after is None:
        return f"{name} found no error"
    return f"{name} arrived in {show_duration(last.arrived_after)}"


def add_history(summary: str, history: str) -> str:
    """A run's sentence with a clause about the runs before it; room is made for the clause."""
    room = _LONGEST_SUMMARY - len(history) - 3
    return f"{summary.rstrip('.')[:room]}; {history}."


def can_tell(run: Earlier) -> bool:
    """Whether a run says anything of the mail path."""
    return run.status.severity is not Severity.UNKNOWN


def _ordinal(number: int) -> str:
    tens, ones = divmod(number % 100, 10)
    ending = {1: "st", 2: "nd", 3: "rd"}.get(ones, "th") if tens != 1 else "th"
    return f"{number}{ending}"


def _show_time(moment: datetime, today: datetime) -> str:
    return f"{moment:%H:%M} UTC" if moment.date() == today.date() else f"{moment:%Y-%m-%d %H:%M} UTC"
