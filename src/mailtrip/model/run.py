"""A run and what came of it: steps with their times, sessions with their transcripts, one verdict."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from mailtrip.model.bounce import Bounce
from mailtrip.model.copies import Copy
from mailtrip.model.facts import MessageFacts
from mailtrip.model.server import MailProtocol
from mailtrip.model.status import Severity, StatusCode, Verdict

__all__ = [
    "Direction",
    "Failure",
    "LatestRun",
    "Measurement",
    "Proof",
    "Result",
    "Revision",
    "Run",
    "RunKind",
    "RunState",
    "SessionRecord",
    "Sighting",
    "Step",
    "Stray",
    "TLSFacts",
    "Timing",
    "TranscriptLine",
    "severity_of",
]


class Step(StrEnum):
    """The steps of a round trip, in the order of a good run."""

    MAILBOX_RESOLVE = "mailbox-resolve"
    MAILBOX_CONNECT = "mailbox-connect"
    MAILBOX_TLS = "mailbox-tls"
    MAILBOX_GREETING = "mailbox-greeting"
    MAILBOX_LOGIN = "mailbox-login"
    MAILBOX_OPEN = "mailbox-open"
    """What is in the mailbox is noted, before anything is sent."""
    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "tls"
    GREETING = "greeting"
    """The server's greeting and the answer to EHLO."""
    LOGIN = "login"
    SUBMIT = "submit"
    """Envelope and message, until the server has accepted them."""
    WAIT = "wait"
    """From the server's acceptance until the first look that found the message was answered."""
    LOOK = "look"
    """The look that found the message."""
    FETCH = "fetch"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When a step began, as an offset from the run's start, and how long it took."""

    step: Step
    offset: timedelta
    duration: timedelta


class Measurement(NamedTuple):
    """How long something took, and when that was."""

    at: datetime
    took: timedelta


class Direction(StrEnum):
    SENT = ">"
    RECEIVED = "<"
    NOTE = "*"
    """What happened beside the conversation: connected, TLS begun, connection lost."""


class TranscriptLine(NamedTuple):
    """One line of a session, secrets replaced; `at` is the offset from the run's start."""

    at: timedelta
    direction: Direction
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TLSFacts:
    """What was negotiated and which certificate the server showed.

    Attributes:
        verify_error: why the certificate did not verify; None when it did.
    """

    version: str
    cipher: str
    subject: str
    issuer: str
    not_before: datetime | None
    not_after: datetime | None
    names: tuple[str, ...] = ()
    verify_error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecord:
    """One connection of a run, or the last of several alike (POP3 looks), as it is kept.

    Attributes:
        address: IP address and port that were used, or that refused the connection; None when no host answered.
        lines_dropped: how many transcript lines its bound left out.
        quota_percent: how full the mailbox is, by its fullest resource; None where the server does not tell.
    """

    protocol: MailProtocol
    server: str
    address: str | None
    tls: TLSFacts | None
    capabilities: tuple[str, ...] = ()
    transcript: tuple[TranscriptLine, ...] = ()
    lines_dropped: int = 0
    quota_percent: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A mail server that failed: at which step, with which status, and why in one sentence. Never our own fault.

    Attributes:
        reason: names the server's answer where there was one; no secret, no control character.
        is_temporary: the same may work later.
        says_later: it is the server's own word that it may (4yz, [IN-USE], [SYS/TEMP]): then it is asked again.
        is_unanswered: the message went out whole, but its acceptance was not heard.
    """

    step: Step
    status: StatusCode
    reason: str
    is_temporary: bool = False
    says_later: bool = False
    is_unanswered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """When the message became visible, as offsets from its acceptance by the SMTP server.

    Attributes:
        not_before: when the last look that did not show it was asked; when the first look showed it, a time before its
            acceptance was heard, and so below zero: when the message itself began to go out.
        not_after: when the first look that showed it was answered.
    """

    not_before: timedelta
    not_after: timedelta


@dataclass(frozen=True, slots=True)
class Proof:
    """A line of a transcript that proves a verdict: indexes into a result's sessions and into that one's transcript."""

    session: int
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a run found.

    Attributes:
        step: where it ended badly; None when all went well.
        summary: one sentence for people, as an administrator would write it; no secret in it.
        proof: the lines that prove it.
        token: the message's token, as text; None when no message was made.
        queued_as: what the SMTP server answered when it accepted the message.
        delay: from acceptance to arrival, of a message that was found after its run had ended, within what `sighting`
            says; None for all others.
        deferred_for: how long the SMTP server put the message off before it took it; None when it never did.
        copies: how many messages with the run's token were found.
        left_behind: how many of these could not be deleted.
        found: these messages, in the order in which they were found; at most a hundred.
        facts: what the message that was found tells of its way; None when none was read.
        bounce: the report that came back in place of the message.
        lag: the event loop's own lag while the run was under way (its maximum), part of the measurement's error.
    """

    verdict: Verdict
    status: StatusCode
    step: Step | None
    summary: str
    proof: tuple[Proof, ...] = ()
    token: str | None = None
    message_id: str | None = None
    queued_as: str | None = None
    started_at: datetime
    duration: timedelta
    timings: tuple[Timing, ...] = ()
    sighting: Sighting | None = None
    delay: timedelta | None = None
    deferred_for: timedelta | None = None
    copies: int = 0
    left_behind: int = 0
    found: tuple[Copy, ...] = field(default=(), repr=False)
    facts: MessageFacts | None = field(default=None, repr=False)
    bounce: Bounce | None = field(default=None, repr=False)
    sessions: tuple[SessionRecord, ...] = field(default=(), repr=False)
    lag: timedelta = timedelta(0)

    def proven_by(self) -> Iterator[tuple[SessionRecord, TranscriptLine]]:
        """The lines that prove the verdict, with their sessions; those that are not kept any more are left out."""
        for proof in self.proof:
            if proof.session < len(self.sessions) and proof.line < len(self.sessions[proof.session].transcript):
                session = self.sessions[proof.session]
                yield session, session.transcript[proof.line]

    def duration_of(self, step: Step) -> timedelta | None:
        """How long a step took; None when the run did not reach it."""
        return next((timing.duration for timing in self.timings if timing.step is step), None)


class RunKind(StrEnum):
    SCHEDULED = "scheduled"
    TEST = "test"
    """Asked for by a person or script, now."""
    RECHECK = "recheck"
    """The immediate second trip after an error."""


class RunState(StrEnum):
    """Where a run is. A run leaves `RUNNING` exactly once."""

    RUNNING = "running"
    FINISHED = "finished"
    SKIPPED = "skipped"
    """Its slot came, and it was not started on purpose; `note` says why."""
    NOT_MEASURED = "not-measured"
    """Its slot passed while the program was not running, or the run was cut short by us; `note` says which."""
    BLACKOUT = "blackout"
    """Its slot lay in a blackout of its monitor: nothing was to be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """A message with a valid token of another run than the one that looks: a leftover, or a late arrival.

    Attributes:
        token: as text.
        folder: where it is; POP3 knows one folder, `INBOX`.
        key: the mailbox's own name for it (IMAP UID, POP3 UIDL): seen again under the same name, it is the same message.
        uidvalidity: of the folder, without which a UID names nothing; None over POP3.
        received_at: when the mailbox server took it, by its own clock (IMAP INTERNALDATE); None where that is not told.
        stamped_at: when the last server that wrote into it took it, by its own clock (the topmost Received field).
        asked_at: when the look that showed it was asked.
        seen_at: when that look was answered.
    """

    token: str
    folder: str
    key: str
    uidvalidity: int | None = None
    received_at: datetime | None
    stamped_at: datetime | None = None
    asked_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A verdict of a run, and since when it was the one in force."""

    at: datetime
    verdict: Verdict
    status: StatusCode
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One monitor at one location in one slot.

    Attributes:
        slot: the planned time; for a test the time it was asked for.
        result: there when the state is `FINISHED`; its verdict is the one in force.
        token: of the run's message, as text, in the ledger before the message is made; None for runs that were never
            to be made.
        accepted_at: when the SMTP server took the message, as far as that was noted while the run was under way.
        accepted_reply: what it said then.
        recheck_of: the run whose error this one verifies.
        recheck_id: the run that verifies this one's error.
        blackout_id: the blackout of its monitor that its slot lay in, as far as it was in force when the run was
            planned or, for a test, asked for.
        verified: whether the recheck failed as well; None when there was none, or none that could tell.
        revisions: all verdicts that were ever in force, oldest first; the last is that of `result`. Empty when there
            was one only, and where runs are listed.
    """

    id: int
    account_id: int
    monitor_id: int
    location_id: int
    slot: datetime
    kind: RunKind
    state: RunState
    started_at: datetime | None = None
    result: Result | None = None
    note: str | None = None
    token: str | None = None
    accepted_at: datetime | None = None
    accepted_reply: str | None = None
    recheck_of: int | None = None
    recheck_id: int | None = None
    blackout_id: int | None = None
    verified: bool | None = None
    revisions: tuple[Revision, ...] = ()

    @property
    def begins_at(self) -> datetime:
        """The earliest time it can begin: claimed a little before its slot, it waits for it. Its timeout counts from it."""
        return max(self.started_at or self.slot, self.slot)

    @property
    def severity(self) -> Severity | None:
        """How bad its result is: an error that the recheck did not find is a warning. None without a result."""
        if self.result is None:
            return None
        return severity_of(self.result.status, verified=self.verified)


class LatestRun(NamedTuple):
    """What a monitor's newest finished run at a location came to, as far as lists of monitors show it.

    The fields are those of `Run` and its result; `seen_after` is the end of the sighting's interval.
    """

    id: int
    location_id: int
    slot: datetime
    status: StatusCode
    verdict: Verdict
    summary: str
    verified: bool | None
    delay: timedelta | None
    seen_after: timedelta | None

    @property
    def severity(self) -> Severity:
        """How bad it is: an error that the recheck did not find is a warning."""
        return severity_of(self.status, verified=self.verified)


def severity_of(status: StatusCode, *, verified: bool | None) -> Severity:
    """How bad a run's status is: an error that the recheck did not find is a warning."""
    severity = status.severity
    return Severity.WARNING if severity is Severity.ERROR and verified is False else severity
