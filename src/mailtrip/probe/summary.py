"""The sentence that tells people how a trip ended."""

from collections.abc import Sequence
from datetime import timedelta

from mailtrip.model import Severity, Spacing, StatusCode, Verdict
from mailtrip.probe.compare import Alteration, Change
from mailtrip.probe.fields import printable
from mailtrip.probe.moves import Conclusion

__all__ = ["summarise", "summarise_bug", "summarise_check"]

_NEARLY_FULL = 90


def summarise(
    conclusion: Conclusion,
    *,
    smtp: str,
    mailbox: str,
    duration: timedelta,
    shortfalls: Sequence[str] = (),
    quota_percent: int | None = None,
    spacing: Spacing | None = None,
) -> str:
    """Say in one sentence what became of the message, where, and what the server said.

    Args:
        conclusion: how the trip ended.
        smtp: the SMTP server, as people know it.
        mailbox: the mailbox server, likewise.
        duration: of the whole trip.
        shortfalls: what else is not as the owner expects it, each in a clause.
        quota_percent: how full the mailbox is; None when that is not known.
        spacing: how far apart several copies came.
    """
    accepted = _accepted(conclusion, smtp)
    full = ", as the mailbox is full" if conclusion.status is StatusCode.MAILBOX_QUOTA else ""
    why = _why(conclusion, duration)
    match conclusion.verdict:
        case Verdict.UNSENT:
            text = f"Nothing was sent: {why}"
        case Verdict.REFUSED:
            text = f"Refused for good{full}: {why}"
        case Verdict.DEFERRED:
            text = f"Not taken {_held(conclusion)}{full}, the server asks to come back later: {why}"
        case Verdict.MISSING:
            text = f"{accepted}, but not seen in {mailbox} when the time was up after {_seconds(duration)}"
            text += _fullness(quota_percent)
        case Verdict.MAILBOX_UNREACHABLE:
            text = f"{accepted}, but whether it arrived is unknown, as the mailbox could not be read: {why}"
        case Verdict.UNDECIDED:
            text = f"Sent, but not seen in {mailbox}, and whether it was accepted is unknown: {why}"
        case Verdict.BOUNCED:
            text = f"{accepted}, but it came back{full}: {_report(conclusion)}"
        case Verdict.UNKNOWN if conclusion.failure is None:
            text = (
                f"The program ended while the run was under way; the message was not seen in {mailbox}, "
                "and whether it was sent at all is not known"
            )
        case Verdict.UNKNOWN:
            text = f"Nothing can be said about the mail path: {why}"
        case _:
            text = _delivered(conclusion, mailbox, why, shortfalls, spacing)
    return text.rstrip(".") + "."


def summarise_check(
    conclusion: Conclusion, *, server: str, answered_in: timedelta, duration: timedelta, shortfalls: Sequence[str] = ()
) -> str:
    """Say in one sentence how the check of a server ended.

    Args:
        conclusion: how it ended.
        server: as people know it.
        answered_in: how long its answers took.
        duration: of the whole check.
        shortfalls: what is not as the owner expects it, each in a clause.
    """
    match conclusion.verdict:
        case Verdict.ANSWERS:
            slow = ["that is slower than the warning time"] * (conclusion.status is StatusCode.SLOW_ANSWER)
            faults = [*slow, *shortfalls]
            text = f"{server} answered in {_seconds(answered_in)}" + (f", but {'; '.join(faults)}" if faults else "")
        case Verdict.UNKNOWN:
            text = f"Nothing can be said about {server}: {_why(conclusion, duration)}"
        case _:
            text = f"The check failed at step {conclusion.step}: {_why(conclusion, duration)}"
    return text.rstrip(".") + "."


def summarise_bug(bug: Exception) -> str:
    """Say that the monitor failed; the exception's own text may hold secrets and is left out."""
    return f"Internal error of the monitor ({type(bug).__name__}): nothing can be said about the mail path."


def _why(conclusion: Conclusion, duration: timedelta) -> str:
    if conclusion.failure is None:
        return f"the time was up after {_seconds(duration)} at step {conclusion.step}"
    return conclusion.failure.reason


def _accepted(conclusion: Conclusion, smtp: str) -> str:
    if conclusion.accepted is None:
        return f"Sent to {smtp}"
    text = f'Accepted by {smtp} ("{conclusion.accepted.reply}")'
    if conclusion.deferred_for is None:
        return text
    return f"{text} after it had put the message off for {_seconds(conclusion.deferred_for)}"


def _held(conclusion: Conclusion) -> str:
    """For how long the server has put the message off."""
    return f"for {_seconds(conclusion.deferred_for)}" if conclusion.deferred_for else "now"


def _fullness(percent: int | None) -> str:
    """What may be, or surely is, the reason why nothing came."""
    return f"; the mailbox is {percent} % full" if percent is not None and percent >= _NEARLY_FULL else ""


def _report(conclusion: Conclusion) -> str:
    """What the report of the failed delivery says of the first recipient that it names."""
    if conclusion.bounce is None or not conclusion.bounce.recipients:
        return "the report names no recipient"
    recipient = conclusion.bounce.recipients[0]
    by = recipient.remote_mta or conclusion.bounce.reporting_mta
    said = recipient.diagnostic or recipient.status or "no reason is given"
    return f"{by} says: {said}" if by else said


def _delivered(
    conclusion: Conclusion, mailbox: str, why: str, shortfalls: Sequence[str], spacing: Spacing | None
) -> str:
    if conclusion.sighting:
        text = f"Delivered to {mailbox} within {_seconds(conclusion.sighting.not_after)}"
    else:
        text = f"Delivered to {mailbox}, though its acceptance was never heard"
    if conclusion.deferred_for is not None:
        text += f", after the server had put it off for {_seconds(conclusion.deferred_for)}"
    faults = []
    if conclusion.verdict is Verdict.SPAM:
        faults.append(f'it is in the spam folder "{printable(conclusion.folder or "")}"')
    elif conclusion.status.severity is Severity.ERROR:
        faults.append(f"the mailbox failed at step {conclusion.step}: {why}" if conclusion.failure else why)
    if conclusion.comparison:
        faults += [_alteration(each) for each in conclusion.comparison.alterations]
    if conclusion.copies > 1:
        faults.append(f"{conclusion.copies} copies came in{_apart(spacing)}")
    if conclusion.verdict is Verdict.SLOW:
        faults.append("that is slower than the warning time")
    if conclusion.not_deleted:
        faults.append(f"it could not be deleted: {conclusion.not_deleted.reason}")
    faults += shortfalls
    return f"{text}, but {'; '.join(faults)}" if faults else text


def _apart(spacing: Spacing | None) -> str:
    """How long after the first copy the last one came."""
    if spacing is None:
        return ""
    bounds = f"at most {_seconds(spacing.at_most)}"
    if spacing.at_least > timedelta(0):
        bounds = f"{_seconds(spacing.at_least)} to {_seconds(spacing.at_most)}"
    return f", the last {bounds} after the first"


def _alteration(alteration: Alteration) -> str:
    quote = f'"{alteration.quote}"' if alteration.quote else None
    match alteration.change:
        case Change.TRUNCATED:
            return f"its text was cut off after {quote}"
        case Change.DAMAGED if quote is None:
            return f'its text was damaged: "{alteration.own}" is missing'
        case Change.DAMAGED:
            return f'its text was damaged: "{alteration.own}" came as {quote}'
        case Change.SUBJECT if quote is None:
            return "its subject was taken out"
        case Change.REPLACED if quote is None:
            return "nothing of its text is left"
        case change:
            return _ALTERATIONS[change] + (f": {quote}" if quote else "")


_ALTERATIONS = {
    Change.BANNER: "a banner was put in front of its text",
    Change.FOOTER: "a footer was put behind its text",
    Change.INSERTED: "something was put into its text",
    Change.ATTACHED: "a part was added to it",
    Change.HTML: "its plain text was made HTML",
    Change.HTML_ADDED: "its plain text was added once more as HTML",
    Change.LINKS: "a link was put in place of a name",
    Change.TAGGED: "its subject was tagged",
    Change.SUBJECT: "its subject was replaced",
    Change.REPLACED: "its text was replaced",
    Change.UNREADABLE: "it came back in a form that can't be read",
}


def _seconds(duration: timedelta) -> str:
    seconds = duration.total_seconds()
    return f"{seconds:.3f} s" if seconds < 10 else f"{seconds:.1f} s"
