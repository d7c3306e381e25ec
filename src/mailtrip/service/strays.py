"""What becomes of a run's verdict when its message shows up after the run has ended. Pure: values in, a ruling out."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from mailtrip.model import (
    Copy,
    Result,
    Run,
    Severity,
    Sighting,
    StatusCode,
    Step,
    Stray,
    Verdict,
    spacing_of,
)
from mailtrip.probe.fields import printable
from mailtrip.store.ledger import Ruling

__all__ = ["MOST_COPIES", "is_own", "rule_on", "show_duration"]

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
_GRACE = timedelta(seconds=10)
"""For so long after a deletion other sessions may go on showing the message: some servers tell them late."""
_APART = timedelta(minutes=1)


def is_own(run: Run, stray: Stray) -> bool:
    """Whether a stray of a run that has ended is nothing but its message, seen before the run deleted it or just after.

    It tells nothing, and should be gone by now; one that is not is seen again.
    """
    copy = _same(run.result.found, stray) if run.result else None
    return copy is not None and copy.deleted_at is not None and stray.asked_at <= copy.deleted_at + _GRACE


def rule_on(run: Run, stray: Stray, *, timeout: timedelta, known: int) -> Ruling | None:
    """The new verdict of a run that has ended, now that a message of it was found.

        not delivered, though the run looked until its deadline    LATE, status TIMEOUT
        not delivered, arrived after the deadline                  LATE, status TIMEOUT
        not delivered otherwise                                    DELIVERED; the status stays, as it says what failed
        delivered, and the stray is another message:
            with no worse finding                                  DOUBLED
            with a worse finding (altered, spam, late)             the same, one more copy
        delivered, and the stray is the message that the run deleted:
            with no worse finding                                  DELIVERED, status DELETE_FAILED
            with a worse finding (also slow, doubled)              the same, one more left behind

    Args:
        run: it must not be running.
        stray: has the run's token, and is not `is_own`.
        timeout: how long the run could take.
        known: how many strays of the run were found before.

    Returns:
        None where the stray says nothing new: the run itself had to leave it behind, there are too many copies, or nobody
        can tell whether it is another one.
    """
    result = run.result
    if result is None or not (result.found or result.verdict in _FOUND):
        return _arrival(run, stray, timeout)
    same = _same(result.found, stray)
    if same is not None:
        return None if same.deleted_at is None else _left_behind(result, stray, same)
    is_another = _is_another(result.found, stray) if result.found else known >= result.left_behind
    return _further_copy(run, result, stray) if is_another and result.copies < MOST_COPIES else None


def _same(copies: Sequence[Copy], stray: Stray) -> Copy | None:
    """The copy that goes by the same name; a server may give two messages one UIDL (RFC 1939, 7), but not one time."""
    return next((copy for copy in copies if _name(copy) == _name(stray) and not any(_differences(copy, stray))), None)


def _is_another(copies: Sequence[Copy], stray: Stray) -> bool:
    """Whether a message that goes by another name is surely another one.

    Names tell messages apart where they are of one folder, one protocol and one UIDVALIDITY. Elsewhere only their times
    can: the message may have been moved, or got another name.
    """
    place = (stray.folder, stray.uidvalidity)
    if any((copy.folder, copy.uidvalidity) == place for copy in copies):
        return True
    return all(max(_differences(copy, stray), default=timedelta(0)) > _APART for copy in copies)


def _name(message: Copy | Stray) -> tuple[str, int | None, str]:
    return message.folder, message.uidvalidity, message.key


def _differences(copy: Copy, stray: Stray) -> list[timedelta]:
    """By how much the times differ that servers tell of both."""
    pairs = ((copy.received_at, stray.received_at), (copy.stamped_at, stray.stamped_at))
    return [abs(one - other) for one, other in pairs if one is not None and other is not None]


def _further_copy(run: Run, result: Result, stray: Stray) -> Ruling:
    is_worst = result.verdict in {Verdict.DELIVERED, Verdict.SLOW} and result.status.severity in _MILD
    copies = max(result.copies, 1) + 1
    found = (*result.found, _copy(stray, not_before=_began(run))) if result.found else ()
    note = f"{copies} copies came in all, the last was found in {_place(stray)}{_apart(found)}"
    return Ruling(
        verdict=Verdict.DOUBLED if is_worst else result.verdict,
        status=StatusCode.DOUBLED if is_worst else result.status,
        step=Step.LOOK if is_worst else result.step,
        summary=_with_note(result.summary, _COPIES, note),
        copies=copies,
        delay=result.delay,
        sighting=result.sighting,
        left_behind=result.left_behind,
        found=found,
    )


def _left_behind(result: Result, stray: Stray, copy: Copy) -> Ruling:
    """The server said that the message was deleted, and has kept it."""
    is_worst = result.verdict is Verdict.DELIVERED and result.status.severity in _MILD
    found = tuple(replace(each, deleted_at=None) if each is copy else each for each in result.found)
    note = f"the server said that it was deleted, but it was still in {_place(stray)}"
    return Ruling(
        verdict=result.verdict,
        status=StatusCode.DELETE_FAILED if is_worst else result.status,
        step=Step.DELETE if is_worst else result.step,
        summary=_with_note(result.summary, _KEPT, note),
        copies=result.copies,
        delay=result.delay,
        sighting=result.sighting,
        left_behind=result.left_behind + 1,
        found=found,
    )


def _copy(stray: Stray, *, not_before: datetime) -> Copy:
    return Copy(
        folder=stray.folder,
        key=stray.key,
        uidvalidity=stray.uidvalidity,
        not_before=min(not_before, stray.seen_at),
        not_after=stray.seen_at,
        received_at=stray.received_at,
        stamped_at=stray.stamped_at,
    )


def _apart(found: Sequence[Copy]) -> str:
    """How far the last one of these is from the first: when they came, where that is told, else when they were seen."""
    if not found:
        return ""
    spacing = spacing_of((found[0], found[-1]))
    if spacing is not None and spacing.at_least > timedelta(0):
        bounds = f"{show_duration(spacing.at_least)} to {show_duration(spacing.at_most)}"
        return f"; it had come {bounds} apart from the first"
    return f", {show_duration(found[-1].not_after - found[0].not_after)} after the first"


_COPIES = re.compile(r"\d+ copies came in all, ")
_KEPT = re.compile(r"the server said that it was deleted, ")
_NOTE_BEGINS = re.compile(rf"; (?={_COPIES.pattern}|{_KEPT.pattern})")


def _with_note(summary: str, kind: re.Pattern[str], note: str) -> str:
    """The summary with a note of that kind behind it, in place of the one before."""
    told, *notes = _NOTE_BEGINS.split(summary.rstrip("."))
    others = [other for other in notes if not kind.match(other)]
    return f"{'; '.join([told, *others, note])}."


_MILD = frozenset({Severity.OK, Severity.WARNING})


def _arrival(run: Run, stray: Stray, timeout: timedelta) -> Ruling:
    result = run.result
    began = _began(run)
    has_looked = result is not None and result.verdict in _LOOKED_IN_VAIN
    not_after = max(stray.seen_at - began, timedelta(0))
    not_before = _time_looked(result, began, not_after) if has_looked and result else timedelta(0)
    sighting = Sighting(not_before=not_before, not_after=not_after)
    found = (_copy(stray, not_before=began + not_before),)
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
            summary=f"Arrived late: in {printable(stray.folder)} {show_duration(delay)} after {since}, "
            f"{show_duration(late_by)} after the run's deadline.",
            copies=1,
            delay=delay,
            sighting=sighting,
            found=found,
        )
    arrived = "when it arrived is not known" if delay is None else f"it arrived {show_duration(delay)} after {since}"
    return Ruling(
        verdict=Verdict.DELIVERED,
        status=result.status if result else StatusCode.LOCATION_LOST,
        step=result.step if result else None,
        summary=f"Found in {_place(stray)}, after the run had ended; {arrived}. "
        f"{result.summary if result else _unmeasured(run)}",
        copies=1,
        delay=delay,
        sighting=sighting,
        found=found,
    )


def _began(run: Run) -> datetime:
    return run.accepted_at or run.begins_at


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


def _place(stray: Stray) -> str:
    return f"{printable(stray.folder)} at {stray.seen_at:%Y-%m-%d %H:%M:%S} UTC"
