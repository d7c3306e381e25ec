"""One run as its page shows it. Pure: values of the model in, words out."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from mailtrip.model import Bounce, Monitor, Result, Run, RunKind, RunState, Severity, Verdict, spacing_of
from mailtrip.model.words import STEP_NAMES, format_duration
from mailtrip.web.route_view import Finding, RouteView, Tone, show_authentication, show_route, show_spam_marks
from mailtrip.web.sessions_view import Line, SessionView, proof_lines, received_header, show_sessions
from mailtrip.web.waterfall import Waterfall, make_waterfall

__all__ = ["KIND_NAMES", "STATE_NAMES", "VERDICT_NAMES", "Change", "RunView", "headline_of", "show_run"]

VERDICT_NAMES: Final = {
    Verdict.DELIVERED: "Delivered",
    Verdict.SLOW: "Delivered slowly",
    Verdict.MISSING: "Missing",
    Verdict.LATE: "Arrived late",
    Verdict.LOST: "Lost",
    Verdict.BOUNCED: "Bounced",
    Verdict.REFUSED: "Refused",
    Verdict.DEFERRED: "Deferred",
    Verdict.UNSENT: "Not sent",
    Verdict.MAILBOX_UNREACHABLE: "Mailbox unreachable",
    Verdict.UNDECIDED: "Undecided",
    Verdict.SPAM: "In the spam folder",
    Verdict.ALTERED: "Altered on the way",
    Verdict.DOUBLED: "Delivered more than once",
    Verdict.ANSWERS: "Answers",
    Verdict.FAILS: "Fails",
    Verdict.UNKNOWN: "Unknown",
}

STATE_NAMES: Final = {
    RunState.RUNNING: "Under way",
    RunState.FINISHED: "Finished",
    RunState.SKIPPED: "Skipped",
    RunState.NOT_MEASURED: "Not measured",
    RunState.BLACKOUT: "In a blackout",
}

KIND_NAMES: Final = {
    RunKind.SCHEDULED: "planned",
    RunKind.TEST: "test on demand",
    RunKind.RECHECK: "verifies an error",
}


_SEVERITY_NAMES: Final = {
    Severity.OK: "OK",
    Severity.WARNING: "Warning",
    Severity.ERROR: "Error",
    Severity.UNKNOWN: "Unknown",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A verdict that was or is in force."""

    at: datetime
    name: str
    severity: Severity
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run, ready to be shown; what is not there is empty or None.

    Attributes:
        headline: what became of it, in a few words.
        explanation: the same in a sentence, with what the server said.
        severity: None for a run without a result.
        facts: names and values, in their order.
    """

    id: int
    headline: str
    explanation: str
    severity: Severity | None
    state: RunState
    slot: datetime
    kind: str
    facts: tuple[tuple[str, str], ...]
    proofs: tuple[tuple[str, Line], ...] = ()
    waterfall: Waterfall | None = None
    route: RouteView | None = None
    authentication: tuple[Finding, ...] = ()
    authenticated_by: str | None = None
    spam_marks: tuple[Finding, ...] = ()
    bounced: tuple[Finding, ...] = ()
    sessions: tuple[SessionView, ...] = ()
    header: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def severity_name(self) -> str:
        return "No verdict" if self.severity is None else _SEVERITY_NAMES[self.severity]

    @property
    def is_running(self) -> bool:
        return self.state is RunState.RUNNING


def headline_of(run: Run) -> str:
    """What became of a run in a few words: `Delivered in 0.42 s`, `Not sent: SMTP: TLS failed`, `Skipped`."""
    result = run.result
    if result is None:
        return STATE_NAMES[run.state]
    name = VERDICT_NAMES[result.verdict]
    took = _took(result)
    if took is not None:
        name = f"{name}, after {took}" if result.verdict is Verdict.LATE else f"{name} in {took}"
    if result.status.severity is Severity.OK or result.verdict in _SAY_IT_ALL:
        return name
    return f"{name} – {result.status.text}"


def show_run(run: Run, monitor: Monitor, *, location: str) -> RunView:
    """The run, whole.

    Args:
        run: with its sessions.
        monitor: whose run it is.
        location: its name.
    """
    result = run.result
    if result is None:
        return RunView(
            id=run.id,
            headline=headline_of(run),
            explanation=run.note or _STATE_SENTENCES[run.state],
            severity=None,
            state=run.state,
            slot=run.slot,
            kind=KIND_NAMES[run.kind],
            facts=tuple(_origin_facts(run, location)),
        )
    facts = result.facts
    return RunView(
        id=run.id,
        headline=headline_of(run),
        explanation=result.summary,
        severity=run.severity,
        state=run.state,
        slot=run.slot,
        kind=KIND_NAMES[run.kind],
        facts=(*_origin_facts(run, location), *_result_facts(run, result)),
        proofs=proof_lines(result),
        waterfall=make_waterfall(result, accepted_at=run.accepted_at),
        route=None if facts is None else show_route(facts.route),
        authentication=() if facts is None else show_authentication(facts),
        authenticated_by=None if facts is None else facts.authentication.written_by,
        spam_marks=() if facts is None else show_spam_marks(facts),
        bounced=() if result.bounce is None else tuple(_bounced(result.bounce)),
        sessions=show_sessions(result, certificate_days=monitor.settings.certificate_days),
        header=received_header(result),
        changes=tuple(
            Change(at=each.at, name=VERDICT_NAMES[each.verdict], severity=each.status.severity, summary=each.summary)
            for each in run.revisions
        ),
    )


_SAY_IT_ALL: Final = frozenset(
    {
        Verdict.SLOW,
        Verdict.SPAM,
        Verdict.ALTERED,
        Verdict.DOUBLED,
        Verdict.BOUNCED,
        Verdict.LATE,
        Verdict.LOST,
    }
)
"""Verdicts to which the status adds nothing."""

_STATE_SENTENCES: Final = {
    RunState.RUNNING: "The run is under way.",
    RunState.FINISHED: "",
    RunState.SKIPPED: "Its slot came, and it was not started on purpose.",
    RunState.NOT_MEASURED: "Its slot passed without a run.",
    RunState.BLACKOUT: "Its slot lay in a blackout of the monitor: nothing was to be done.",
}


def _took(result: Result) -> str | None:
    """How long the message, or the answers to a check, took; None where that is not known."""
    if result.verdict is Verdict.LATE:
        return None if result.delay is None else format_duration(result.delay)
    if result.verdict is Verdict.ANSWERS:
        return format_duration(result.duration)
    if result.sighting is None or result.verdict not in _ARRIVED:
        return None
    return format_duration(max(result.sighting.not_after, timedelta(0)))


_ARRIVED: Final = frozenset({Verdict.DELIVERED, Verdict.SLOW, Verdict.ALTERED, Verdict.DOUBLED, Verdict.SPAM})


def _origin_facts(run: Run, location: str) -> Iterator[tuple[str, str]]:
    yield "Location", location
    yield "Kind", KIND_NAMES[run.kind]
    if run.blackout_id is not None:
        yield "Blackout", f"{run.blackout_id}: the run counts for nothing"


def _result_facts(run: Run, result: Result) -> Iterator[tuple[str, str]]:
    yield "Status", f"{int(result.status)}, {result.status.text}"
    if result.step is not None:
        yield "Step", STEP_NAMES[result.step]
    yield "Whole run", format_duration(result.duration)
    if run.verified is not None:
        yield "Verified", "the second trip failed too" if run.verified else "the second trip found no error"
    yield from _message_facts(result)
    yield from _copy_facts(result)
    yield "Own lag", f"{format_duration(result.lag)}, a part of the error of these times"


def _message_facts(result: Result) -> Iterator[tuple[str, str]]:
    if result.queued_as is not None:
        yield "Accepted with", result.queued_as
    if result.deferred_for is not None:
        yield "Put off for", format_duration(result.deferred_for)
    if result.delay is not None:
        yield "From acceptance to arrival", format_duration(result.delay)
    if result.facts is not None:
        yield "Found in", result.facts.folder
        yield "Size", f"{result.facts.size:,} bytes"
    if result.message_id is not None:
        yield "Message-ID", result.message_id
    if result.token is not None:
        yield "Token", result.token


def _copy_facts(result: Result) -> Iterator[tuple[str, str]]:
    if result.copies > 1:
        apart = spacing_of(result.found)
        told = "" if apart is None else f", the last at most {format_duration(apart.at_most)} after the first"
        yield "Copies", f"{result.copies}{told}"
    if result.left_behind:
        yield "Not deleted", str(result.left_behind)


def _bounced(bounce: Bounce) -> Iterator[Finding]:
    for recipient in bounce.recipients:
        by = recipient.remote_mta or bounce.reporting_mta
        said = [each for each in (recipient.status, recipient.diagnostic, by and f"by {by}") if each]
        yield Finding(
            name=recipient.address or "recipient not named",
            result=recipient.action,
            tone=Tone.BAD if recipient.action == "failed" else Tone.OPEN,
            detail=", ".join(said) or None,
        )
