"""What becomes of a run's verdict when its message shows up after the run has ended. Pure: values in, a ruling out."""

import re
from datetime import datetime, timedelta

from mailtrip.model import Result, Run, Severity, Sighting, StatusCode, Step, Stray, Verdict
from mailtrip.store.ledger import Ruling

__all__ = ["MOST_COPIES", "rule_on", "show_duration"]

MOST_COPIES = 100
"""More copies of one message than these are not counted: a mail loop makes them without end."""

_FOUND = frozenset(
    {
        Verdict.DELIVERED,
        Verdict.SLOW,
        Verdict.ALTERED,
        Verdict.DOUBLED,
        Verdict.SPAM,
        Verdict.LATE,
    }
)
"""Verdicts of runs whose message was found."""
_LOOKED_IN_VAIN = frozenset({Verdict.MISSING, Verdict.UNDECIDED, Verdict.LOST})
"""Verdicts of runs that looked until their time was up."""
_FURTHER = re.compile(r"; \d+ copies came in all, the last was found in .*")


def rule_on(run: Run, stray: Stray, *, timeout: timedelta, known: int) -> Ruling | None:
    """The new verdict of a run that has ended, now that a message of it was found.

        not delivered, though the run looked until its deadline    LATE, status TIMEOUT
        not delivered, arrived after the deadline                  LATE, status TIMEOUT
        not delivered otherwise                                    DELIVERED; the status stays, as it says what failed
        delivered, with no worse finding                           DOUBLED
        delivered, with a worse finding (altered, spam, late)      the same, one more copy

    Args:
        run: it must not be running.
        stray: has the run's token.
        timeout: how long the run could take.
        known: how many strays of the run were found before.

    Returns:
        None where the stray says nothing new: the run itself had to leave it behind, or there are too many copies.
    """
    result = run.result
    if result is None or result.verdict not in _FOUND:
        return _arrival(run, stray, timeout)
    if known < result.left_behind or result.copies >= MOST_COPIES:
        return None
    return _further_copy(result, stray)


def _further_copy(result: Result, stray: Stray) -> Ruling:
    is_worst = result.verdict in {Verdict.DELIVERED, Verdict.SLOW} and result.status.severity in _MILD
    copies = max(result.copies, 1) + 1
    before = _FURTHER.sub("", result.summary).rstrip(".")
    place = f"{stray.folder} at {_show_time(stray.seen_at)}"
    return Ruling(
        verdict=Verdict.DOUBLED if is_worst else result.verdict,
        status=StatusCode.DOUBLED if is_worst else result.status,
        step=Step.LOOK if is_worst else result.step,
        summary=f"{before}; {copies} copies came in all, the last was found in {place}.",
        copies=copies,
        delay=result.delay,
        sighting=result.sighting,
    )


_MILD = frozenset({Severity.OK, Severity.WARNING})


def _arrival(run: Run, stray: Stray, timeout: timedelta) -> Ruling:
    result = run.result
    began = run.accepted_at or run.begins_at
    has_looked = result is not None and result.verdict in _LOOKED_IN_VAIN
    not_after = max(stray.seen_at - began, timedelta(0))
    not_before = _time_looked(result, began, not_after) if has_looked and result else timedelta(0)
    sighting = Sighting(not_before=not_before, not_after=not_after)
    delay = _delay(stray, began, sighting, has_looked=has_looked)
    deadline = run.begins_at + timeout
    is_late = has_looked or (delay is not None and began + delay > deadline)
    since = "it was accepted" if run.accepted_at else "the run began"
    if is_late and delay is not None:
        late_by = max(began + delay - deadline, timedelta(0))
        return Ruling(
            verdict=Verdict.LATE,
            status=StatusCode.TIMEOUT,
            step=Step.WAIT,
            summary=f"Arrived late: in {stray.folder} {show_duration(delay)} after {since}, "
            f"{show_duration(late_by)} after the run's deadline.",
            copies=1,
            delay=delay,
            sighting=sighting,
        )
    arrived = "when it arrived is not known" if delay is None else f"it arrived {show_duration(delay)} after {since}"
    return Ruling(
        verdict=Verdict.DELIVERED,
        status=result.status if result else StatusCode.LOCATION_LOST,
        step=result.step if result else None,
        summary=f"Found in {stray.folder} at {_show_time(stray.seen_at)}, after the run had ended; {arrived}. "
        f"{result.summary if result else _unmeasured(run)}",
        copies=1,
        delay=delay,
        sighting=sighting,
    )


def _time_looked(result: Result, began: datetime, longest: timedelta) -> timedelta:
    """How long after its acceptance the message was surely not there."""
    return min(max(result.started_at + result.duration - began, timedelta(0)), longest)


def _delay(stray: Stray, began: datetime, sighting: Sighting, *, has_looked: bool) -> timedelta | None:
    """By the mailbox server's clock, within what was seen with our own; else, where it was late, when it was seen."""
    if stray.received_at is None:
        return sighting.not_after if has_looked else None
    return min(max(stray.received_at - began, sighting.not_before), sighting.not_after)


def _unmeasured(run: Run) -> str:
    note = run.note or "the run was not measured"
    return f"{note[:1].upper()}{note[1:]}."


def show_duration(duration: timedelta) -> str:
    """A duration for people, in its two largest units: `0.8 s`, `42 s`, `12 min 3 s`, `23 h 59 min`, `3 d 4 h`."""
    seconds = duration.total_seconds()
    if seconds < 10:
        return f"{seconds:.1f} s"
    for large, small, size in (("d", "h", 3600), ("h", "min", 60), ("min", "s", 1)):
        whole, rest = divmod(int(seconds) // size, 24 if large == "d" else 60)
        if whole:
            return f"{whole} {large} {rest} {small}" if rest else f"{whole} {large}"
    return f"{seconds:.0f} s"


def _show_time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
