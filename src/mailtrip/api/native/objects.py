"""What runs look like in `/api/v1`."""

from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from mailtrip.api.native.findings import (
    BounceObject,
    CopyObject,
    FactsObject,
    ProofObject,
    SpacingObject,
    show_bounce,
    show_copy,
    show_facts,
    show_proof,
    show_spacing,
)
from mailtrip.model import (
    Direction,
    MailProtocol,
    Revision,
    Run,
    RunKind,
    RunState,
    SessionRecord,
    Severity,
    Sighting,
    Step,
    Timing,
    TLSFacts,
    TranscriptLine,
    Verdict,
)

__all__ = ["RunList", "RunObject", "RunSummary", "RunTicket", "show_run", "show_summary"]


class _Object(BaseModel):
    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class StepObject(_Object):
    """A step of a run and its time."""

    step: Step = Field(description="Which step.", examples=["connect"])
    offset_seconds: float = Field(description="Seconds from the run's start until the step began.", examples=[0.012])
    duration_seconds: float = Field(description="Seconds the step took.", examples=[0.034])


class SightingObject(_Object):
    """When the message became visible, in seconds after its acceptance by the SMTP server."""

    not_before_seconds: float = Field(
        description="When the last look that did not show it was asked. Below zero when the first look showed it: the "
        "message went out then, and may have been there before its acceptance was heard.",
        examples=[0.1],
    )
    not_after_seconds: float = Field(description="When the first look that showed it was answered.", examples=[0.2])


class RunSummary(_Object):
    """A run without its sessions."""

    id: int = Field(description="The run's number.", examples=[100001])
    monitor_id: int = Field(description="The monitor's number.", examples=[100001])
    location_id: int = Field(description="The number of the location it was made from.", examples=[10])
    slot: datetime = Field(
        description="The planned time; for a test the time it was asked for (UTC).", examples=["2026-01-31T12:00:00Z"]
    )
    kind: RunKind = Field(description="What it was made for.", examples=["scheduled"])
    state: RunState = Field(description="Where it is; a run leaves `running` exactly once.", examples=["finished"])
    started_at: datetime | None = Field(
        description="When it began (UTC); null if it never did.", examples=["2026-01-31T12:00:00.050000Z"]
    )
    note: str | None = Field(
        description="Why it was not made, or not to its end.", examples=["the monitor was in a blackout"]
    )
    blackout_id: int | None = Field(
        description="The blackout of type `Monitor` that it lies in, as it was in force then; the run counts for nothing.",
        examples=[100001],
    )
    recheck_of: int | None = Field(description="The number of the run whose error it verifies.", examples=[100001])
    recheck_id: int | None = Field(description="The number of the run that verifies its error.", examples=[100002])
    verified: bool | None = Field(
        description="Whether the recheck found an error as well; null when there was none, or none that could tell.",
        examples=[True],
    )
    verdict: Verdict | None = Field(
        description="What became of the message; null until it is finished.", examples=["delivered"]
    )
    status: int | None = Field(description="Status code; 0 is OK.", examples=[0])
    severity: Severity | None = Field(
        description="How bad the status is; an error that the recheck did not find is a `warning`.",
        examples=["ok"],
    )
    text: str | None = Field(description="The status in words.", examples=["OK"])
    step: Step | None = Field(
        description="The step at which it ended badly; null when all went well.", examples=["wait"]
    )
    summary: str | None = Field(description="The outcome in a sentence.", examples=["Delivered after 1.2 s"])
    duration_seconds: float | None = Field(description="Seconds the whole run took.", examples=[1.5])
    sighting: SightingObject | None = Field(description="When the message was seen; null if it was not.")
    delay_seconds: float | None = Field(
        description="Seconds from acceptance to arrival, for a message that was found after its run had ended.",
        examples=[420.5],
    )
    deferred_for_seconds: float | None = Field(
        description="How long the SMTP server put the message off before it took it; null when it never did.",
        examples=[61.5],
    )
    copies: int | None = Field(description="How many messages with the run's token were found.", examples=[1])
    steps: tuple[StepObject, ...] = Field(description="The steps that were reached, with their times.")


class TLSObject(_Object):
    """What was negotiated, and the certificate that the server showed."""

    version: str = Field(description="TLS version.", examples=["TLSv1.3"])
    cipher: str = Field(description="Cipher suite.", examples=["TLS_AES_256_GCM_SHA384"])
    subject: str = Field(description="Subject of the certificate.", examples=["CN=smtp.example.com"])
    issuer: str = Field(description="Issuer of the certificate.", examples=["CN=Example CA"])
    not_before: datetime | None = Field(description="From when it holds.", examples=["2025-01-01T00:00:00Z"])
    not_after: datetime | None = Field(description="Until when it holds.", examples=["2027-01-01T00:00:00Z"])
    names: tuple[str, ...] = Field(
        description="Names and addresses it is made out to.", examples=[["smtp.example.com"]]
    )
    verify_error: str | None = Field(
        description="Why it did not verify; null when it did.", examples=["certificate has expired"]
    )


class TranscriptLineObject(_Object):
    """A line of a session; secrets are replaced."""

    at_seconds: float = Field(description="Seconds from the run's start.", examples=[0.2])
    direction: Direction = Field(description="`>` was sent, `<` was received, `*` is a note of ours.", examples=[">"])
    text: str = Field(description="The line.", examples=["EHLO monitor.example.com"])


class SessionObject(_Object):
    """One connection of a run."""

    protocol: MailProtocol = Field(description="Its protocol.", examples=["smtp"])
    server: str = Field(description="The server as a URL.", examples=["smtps://smtp.example.com:465"])
    address: str | None = Field(
        description="IP address and port that were used, or that refused the connection; null if no host answered.",
        examples=["192.0.2.1:465"],
    )
    tls: TLSObject | None = Field(description="TLS facts; null for a connection without TLS.")
    capabilities: tuple[str, ...] = Field(
        description="What the server said it can do.", examples=[["PIPELINING", "SIZE 10240000"]]
    )
    transcript: tuple[TranscriptLineObject, ...] = Field(description="The conversation; empty once it was let go.")
    lines_dropped: int = Field(description="How many lines the transcript's bound left out.", examples=[0])
    quota_percent: int | None = Field(
        description="How full the mailbox is; null where the server does not tell.", examples=[12]
    )


class RevisionObject(_Object):
    """A verdict that was or is in force."""

    at: datetime = Field(description="Since when (UTC).", examples=["2026-01-31T12:07:00Z"])
    verdict: Verdict = Field(description="What was thought to have become of the message.", examples=["late"])
    status: int = Field(description="Status code.", examples=[2])
    summary: str = Field(description="The outcome in a sentence.", examples=["Arrived 420.5 s after it was accepted"])


class RunObject(RunSummary):
    """A run with everything that is kept of it."""

    revisions: tuple[RevisionObject, ...] = Field(
        description="All verdicts that were ever in force, oldest first, the last one in force; empty when there was "
        "never more than one."
    )
    proof: tuple[ProofObject, ...] = Field(description="The lines of the transcripts that prove the verdict.")
    facts: FactsObject | None = Field(description="What the message tells of its way; null when none was read.")
    bounce: BounceObject | None = Field(description="The report that came back in place of the message.")
    left_behind: int | None = Field(
        description="How many messages with the run's token could not be deleted.", examples=[0]
    )
    found: tuple[CopyObject, ...] = Field(
        description="The messages with the run's token, in the order in which they were found; at most a hundred."
    )
    copies_apart: SpacingObject | None = Field(
        description="How long after the first of several copies the last one came; null for fewer than two."
    )
    accepted_at: datetime | None = Field(
        description="When the SMTP server took the message (UTC), as far as that was noted while the run was under way.",
        examples=["2026-01-31T12:00:00.350000Z"],
    )
    token: str | None = Field(
        description="The token in the test message; there before the message is sent.",
        examples=["mt1-4kq0w3f8z7x2c9v5"],
    )
    message_id: str | None = Field(
        description="Message-ID of the test message.", examples=["<4kq0w3f8@monitor.example.com>"]
    )
    queued_as: str | None = Field(
        description="What the SMTP server answered when it accepted the message.",
        examples=["250 2.0.0 Ok: queued as 4F1"],
    )
    lag_seconds: float | None = Field(
        description="How late the monitor's own event loop was during the run, at most: part of the error of its times.",
        examples=[0.002],
    )
    sessions: tuple[SessionObject, ...] = Field(description="The connections of the run.")


class RunList(_Object):
    """Runs, newest slot first."""

    results: tuple[RunSummary, ...] = Field(description="At most `limit` runs.")
    next_cursor: str | None = Field(
        description="Give it as `cursor` to go on; null at the end.", examples=["MTc2NzI2ODgwMDAwMDAwMC4xMDAwMDE"]
    )


class RunTicket(_Object):
    """A run that was started."""

    id: str = Field(description="The run's number.", examples=["100001"], pattern="^[1-9][0-9]*$")


def show_summary(run: Run) -> RunSummary:
    """A run without its sessions."""
    return RunSummary.model_construct(**_summary(run))


def show_run(run: Run) -> RunObject:
    """A run with everything that is kept of it."""
    result = run.result
    return RunObject.model_construct(
        **_summary(run),
        revisions=tuple(_revision(each) for each in run.revisions),
        proof=show_proof(result) if result else (),
        facts=None if result is None or result.facts is None else show_facts(result.facts),
        bounce=None if result is None or result.bounce is None else show_bounce(result.bounce),
        left_behind=None if result is None else result.left_behind,
        found=tuple(show_copy(each) for each in result.found) if result else (),
        copies_apart=show_spacing(result.found) if result else None,
        accepted_at=run.accepted_at,
        token=run.token,
        message_id=result and result.message_id,
        queued_as=result.queued_as if result else run.accepted_reply,
        lag_seconds=None if result is None else result.lag.total_seconds(),
        sessions=tuple(_session(each) for each in result.sessions) if result else (),
    )


def _summary(run: Run) -> dict[str, Any]:  # Any: values of many types
    result = run.result
    return {
        "id": run.id,
        "monitor_id": run.monitor_id,
        "location_id": run.location_id,
        "slot": run.slot,
        "kind": run.kind,
        "state": run.state,
        "started_at": run.started_at if result is None else result.started_at,
        "note": run.note,
        "blackout_id": run.blackout_id,
        "recheck_of": run.recheck_of,
        "recheck_id": run.recheck_id,
        "verified": run.verified,
        "verdict": result and result.verdict,
        "status": None if result is None else int(result.status),
        "severity": run.severity,
        "text": result and result.status.text,
        "step": result and result.step,
        "summary": result and result.summary,
        "duration_seconds": None if result is None else result.duration.total_seconds(),
        "sighting": None if result is None or result.sighting is None else _sighting(result.sighting),
        "delay_seconds": None if result is None or result.delay is None else _seconds(result.delay),
        "deferred_for_seconds": None
        if result is None or result.deferred_for is None
        else _seconds(result.deferred_for),
        "copies": None if result is None else result.copies,
        "steps": tuple(_step(each) for each in result.timings) if result else (),
    }


def _revision(revision: Revision) -> RevisionObject:
    return RevisionObject.model_construct(
        at=revision.at, verdict=revision.verdict, status=int(revision.status), summary=revision.summary
    )


def _step(timing: Timing) -> StepObject:
    return StepObject.model_construct(
        step=timing.step, offset_seconds=_seconds(timing.offset), duration_seconds=_seconds(timing.duration)
    )


def _sighting(sighting: Sighting) -> SightingObject:
    return SightingObject.model_construct(
        not_before_seconds=_seconds(sighting.not_before), not_after_seconds=_seconds(sighting.not_after)
    )


def _session(session: SessionRecord) -> SessionObject:
    return SessionObject.model_construct(
        protocol=session.protocol,
        server=session.server,
        address=session.address,
        tls=None if session.tls is None else _tls(session.tls),
        capabilities=session.capabilities,
        transcript=tuple(_line(each) for each in session.transcript),
        lines_dropped=session.lines_dropped,
        quota_percent=session.quota_percent,
    )


def _tls(facts: TLSFacts) -> TLSObject:
    return TLSObject.model_construct(
        version=facts.version,
        cipher=facts.cipher,
        subject=facts.subject,
        issuer=facts.issuer,
        not_before=facts.not_before,
        not_after=facts.not_after,
        names=facts.names,
        verify_error=facts.verify_error,
    )


def _line(line: TranscriptLine) -> TranscriptLineObject:
    return TranscriptLineObject.model_construct(at_seconds=_seconds(line.at), direction=line.direction, text=line.text)


def _seconds(length: timedelta) -> float:
    return length.total_seconds()
