"""Values for the tests of everything that is stored: each with a sensible default for what a test does not care about."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from mailtrip.model import (
    Actor,
    AuthenticationClaim,
    AuthenticationResult,
    Bounce,
    BouncedRecipient,
    ClockSkew,
    Copy,
    DeliverabilityFacts,
    Direction,
    Hop,
    Leg,
    MailProtocol,
    MessageFacts,
    Proof,
    Result,
    Role,
    Route,
    Run,
    RunKind,
    SessionRecord,
    Sighting,
    SpamMark,
    StatusCode,
    Step,
    Timing,
    TLSFacts,
    TranscriptLine,
    Verdict,
)
from mailtrip.service import monitors, runs
from mailtrip.service.monitors import Passwords
from mailtrip.service.runs import FinishedRun, PlannedRun
from mailtrip.service.secrets import KeyRing
from mailtrip.store import Database
from mailtrip.store.accounts import DEFAULT_ACCOUNT_ID

__all__ = [
    "ADMIN",
    "FIELDS",
    "KEYS",
    "NOW",
    "STRANGER",
    "actor",
    "claimed",
    "finish",
    "finished",
    "full_facts",
    "full_result",
    "make_monitor",
    "planned",
    "result",
    "session",
]

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
ADMIN = Actor(account_id=DEFAULT_ACCOUNT_ID, role=Role.ADMIN)
STRANGER = Actor(account_id=2, role=Role.ADMIN)
KEYS = KeyRing(b"k" * 32)
FIELDS: dict[str, Any] = {  # Any: values of many types
    "name": "Round trip",
    "plan_code": "UBM - A/A",
    "email": "probe@probe.test",
    "smtp_server": "smtps://smtp.probe.test:465",
    "mailbox_protocol": MailProtocol.POP3,
    "mailbox_server": "pop3s://mail.probe.test:995",
}


def actor(role: Role) -> Actor:
    return Actor(account_id=DEFAULT_ACCOUNT_ID, role=role)


def make_monitor(
    database: Database, passwords: Passwords | None = None, *, now: datetime = NOW, **fields: object
) -> int:
    """Store a monitor and give its id."""
    return database.write(
        lambda connection: monitors.create(
            connection, ADMIN, FIELDS | fields, passwords=passwords or Passwords(), secrets=KEYS, now=now
        )
    )


def planned(
    monitor_id: int, *, slot: datetime = NOW, kind: RunKind = RunKind.SCHEDULED, token: str | None = None
) -> PlannedRun:
    return PlannedRun(
        account_id=DEFAULT_ACCOUNT_ID, monitor_id=monitor_id, location_id=10, slot=slot, kind=kind, token=token
    )


def claimed(
    database: Database,
    monitor_id: int,
    *,
    slot: datetime = NOW,
    kind: RunKind = RunKind.SCHEDULED,
    token: str | None = None,
) -> Run:
    """Claim a run that nobody has claimed."""
    wanted = planned(monitor_id, slot=slot, kind=kind, token=token)
    (run,) = database.write(lambda connection: runs.claim(connection, [wanted], now=slot))
    return run


def finished(
    database: Database,
    monitor_id: int,
    outcome: Result | None = None,
    *,
    slot: datetime = NOW,
    token: str | None = None,
) -> Run:
    """Claim and finish a run; what is given is the run as it was claimed."""
    run = claimed(database, monitor_id, slot=slot, token=token)
    finish(database, [FinishedRun(run_id=run.id, result=outcome or result())])
    return run


def finish(database: Database, items: Sequence[FinishedRun]) -> None:
    database.write(lambda connection: runs.finish(connection, items))


def result(status: StatusCode = StatusCode.OK, verdict: Verdict = Verdict.DELIVERED) -> Result:
    """A short result."""
    return Result(
        verdict=verdict,
        status=status,
        step=None if status is StatusCode.OK else Step.SUBMIT,
        summary=status.text,
        started_at=NOW,
        duration=timedelta(seconds=1),
        sessions=(session(),),
    )


def session(text: str = "220 ready") -> SessionRecord:
    return SessionRecord(
        protocol=MailProtocol.SMTP,
        server="smtps://smtp.probe.test:465",
        address="192.0.2.1:465",
        tls=None,
        transcript=(TranscriptLine(timedelta(milliseconds=3), Direction.RECEIVED, text),),
    )


def full_facts() -> MessageFacts:
    """Facts with something in every field."""
    passed = AuthenticationResult(result="pass", domain="probe.test", reason="good Grüße")
    claim = AuthenticationClaim(instance=1, written_by="relay.test", spf=passed)
    hop = Hop(by="mx.probe.test", tls_version="TLSv1.3", is_encrypted=True, time=NOW)
    return MessageFacts(
        size=1234,
        folder="INBOX",
        route=Route(
            legs=(Leg(hop=Hop()), Leg(hop=hop, delay=timedelta(seconds=2), spans=2, note="x")),
            until_seen=timedelta(microseconds=7),
            skews=(ClockSkew(host=None, low=timedelta(seconds=-3), high=timedelta(seconds=1), text="behind"),),
        ),
        authentication=DeliverabilityFacts(written_by="mx.probe.test", dkim=passed, claims=(claim,)),
        spam_marks=(SpamMark(source="rspamd", score=-1.5, threshold=15.0, is_spam=False),),
        tls_on_last_hop=False,
    )


def full_result() -> Result:
    """A result with something in every field."""
    facts = TLSFacts(
        version="TLSv1.3",
        cipher="TLS_AES_256_GCM_SHA384",
        subject="CN=smtp.probe.test",
        issuer="CN=Probe CA",
        not_before=NOW - timedelta(days=1),
        not_after=NOW + timedelta(days=90),
        names=("smtp.probe.test", "192.0.2.1"),
        verify_error="self-signed certificate",
    )
    first = SessionRecord(
        protocol=MailProtocol.SMTP,
        server="smtps://smtp.probe.test:465",
        address="192.0.2.1:465",
        tls=facts,
        capabilities=("PIPELINING", "SIZE 10240000"),
        transcript=(
            TranscriptLine(timedelta(microseconds=1500), Direction.NOTE, "connected"),
            TranscriptLine(timedelta(milliseconds=2), Direction.RECEIVED, "220 Grüße"),
        ),
        lines_dropped=3,
        quota_percent=87,
    )
    silent = SessionRecord(protocol=MailProtocol.IMAP, server="imap://x:143", address=None, tls=None)
    return Result(
        verdict=Verdict.SLOW,
        status=StatusCode.SLOW,
        step=Step.WAIT,
        summary="Delivered after 31 s",
        token="0123456789abcdef",
        message_id="<0123@probe.test>",
        queued_as="250 2.0.0 queued as 4ABC",
        started_at=NOW + timedelta(milliseconds=7),
        duration=timedelta(seconds=31, microseconds=5),
        timings=(
            Timing(step=Step.CONNECT, offset=timedelta(0), duration=timedelta(microseconds=812)),
            Timing(step=Step.WAIT, offset=timedelta(seconds=1), duration=timedelta(seconds=30)),
        ),
        sighting=Sighting(not_before=timedelta(seconds=29), not_after=timedelta(seconds=30)),
        delay=timedelta(seconds=29, microseconds=1),
        deferred_for=timedelta(seconds=12),
        copies=2,
        left_behind=1,
        found=(
            Copy(
                folder="INBOX",
                key="7",
                uidvalidity=1234567890,
                not_before=NOW + timedelta(seconds=29),
                not_after=NOW + timedelta(seconds=30),
                received_at=NOW.replace(microsecond=0),
                stamped_at=NOW.replace(microsecond=0),
                deleted_at=NOW + timedelta(seconds=30, microseconds=9),
            ),
            Copy(folder="Entwürfe", key="7 2", not_before=NOW, not_after=NOW + timedelta(seconds=31)),
        ),
        proof=(Proof(session=0, line=1),),
        facts=full_facts(),
        bounce=Bounce(
            reporting_mta="mx.probe.test",
            recipients=(BouncedRecipient(address="x@probe.test", status="5.1.1"), BouncedRecipient(action="delayed")),
            token=None,
        ),
        sessions=(first, silent),
        lag=timedelta(microseconds=250),
    )
