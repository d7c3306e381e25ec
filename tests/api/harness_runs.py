"""Finished runs, put into the database as the engine does."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from tests.api.harness import Server

from mailtrip.model import (
    DEFAULT_LOCATION_ID,
    Direction,
    MailProtocol,
    Result,
    Run,
    RunKind,
    RunState,
    SessionRecord,
    Sighting,
    StatusCode,
    Step,
    Stray,
    Timing,
    TLSFacts,
    TranscriptLine,
    Verdict,
)
from mailtrip.service import endings, ledger, runs
from mailtrip.service.endings import Conclusion
from mailtrip.service.ledger import Acceptance
from mailtrip.service.runs import FinishedRun, PlannedRun

START = datetime(2026, 1, 1, 11, tzinfo=UTC)


def seconds(number: float) -> timedelta:
    """A duration."""
    return timedelta(seconds=number)


SESSIONS = (
    SessionRecord(
        protocol=MailProtocol.SMTP,
        server="smtps://smtp.example.com:465",
        address="192.0.2.1:465",
        tls=TLSFacts(
            version="TLSv1.3",
            cipher="TLS_AES_256_GCM_SHA384",
            subject="CN=smtp.example.com",
            issuer="CN=Example CA",
            not_before=datetime(2025, 1, 1, tzinfo=UTC),
            not_after=datetime(2027, 1, 1, tzinfo=UTC),
            names=("smtp.example.com",),
        ),
        capabilities=("PIPELINING", "SIZE 1000"),
        transcript=(
            TranscriptLine(seconds(0.1), Direction.RECEIVED, "220 smtp.example.com ESMTP"),
            TranscriptLine(seconds(0.2), Direction.SENT, "EHLO monitor"),
            TranscriptLine(seconds(0.3), Direction.NOTE, "connection closed"),
        ),
        lines_dropped=2,
    ),
)


def result(token: str, verdict: Verdict, status: StatusCode, *, summary: str) -> Result:
    """A result with everything in it."""
    return Result(
        verdict=verdict,
        status=status,
        step=None if status is StatusCode.OK else Step.WAIT,
        summary=summary,
        token=token,
        message_id="<t0ken@example.com>",
        queued_as="250 2.0.0 Ok: queued as 4F1",
        started_at=START + seconds(0.05),
        duration=seconds(2.5),
        timings=(
            Timing(step=Step.CONNECT, offset=seconds(0), duration=seconds(0.05)),
            Timing(step=Step.SUBMIT, offset=seconds(0.3), duration=seconds(0.25)),
        ),
        copies=1 if status is StatusCode.OK else 0,
        sighting=Sighting(not_before=seconds(1), not_after=seconds(1.25)) if status is StatusCode.OK else None,
        sessions=SESSIONS,
        lag=seconds(0.002),
    )


def finish_run(
    server: Server,
    monitor_id: int,
    *,
    slot: datetime = START,
    verdict: Verdict = Verdict.DELIVERED,
    status: StatusCode = StatusCode.OK,
    summary: str = "Delivered after 1.2 s",
    account_id: int = 1,
) -> int:
    """Store a run of the monitor that has finished; its id."""
    planned = runs.PlannedRun(
        account_id=account_id,
        monitor_id=monitor_id,
        location_id=DEFAULT_LOCATION_ID,
        slot=slot,
        kind=RunKind.SCHEDULED,
    )
    [run] = server.database.write(lambda connection: runs.claim(connection, [planned], now=slot))
    finished = runs.FinishedRun(run_id=run.id, result=result(f"t0ken{run.id}", verdict, status, summary=summary))
    server.database.write(lambda connection: runs.finish(connection, [finished]))
    return run.id


def finish_runs(server: Server, monitor_id: int, verdicts: Sequence[Verdict]) -> list[int]:
    """One finished run a minute, the oldest first; their ids."""
    status = {Verdict.DELIVERED: StatusCode.OK}
    return [
        finish_run(
            server,
            monitor_id,
            slot=START + timedelta(minutes=number),
            verdict=verdict,
            status=status.get(verdict, StatusCode.TIMEOUT),
        )
        for number, verdict in enumerate(verdicts)
    ]


def fail_run(server: Server, monitor_id: int, *, slot: datetime = START, account_id: int = 1) -> None:
    """Have a planned run of the monitor fail as the engine does it, alerts and all."""
    planned = PlannedRun(
        account_id=account_id,
        monitor_id=monitor_id,
        location_id=DEFAULT_LOCATION_ID,
        slot=slot,
        kind=RunKind.SCHEDULED,
    )
    [run] = server.database.write(lambda connection: runs.claim(connection, [planned], now=slot))
    failed = result(f"t0ken{run.id}", Verdict.MISSING, StatusCode.TIMEOUT, summary="Not there after 60 s")
    ending = Conclusion(run=run, state=RunState.FINISHED, result=failed)
    server.database.write(lambda connection: endings.conclude(connection, [ending], now=server.clock.now()))


def finish_first(server: Server, outcome: Result, *, recheck_of: int | None = None) -> int:
    """A run of the first monitor, or the recheck of one, with this outcome; its id."""
    kind = RunKind.SCHEDULED if recheck_of is None else RunKind.RECHECK
    planned = PlannedRun(
        account_id=1,
        monitor_id=100001,
        location_id=DEFAULT_LOCATION_ID,
        slot=START,
        kind=kind,
        token=f"{kind}token",
        recheck_of=recheck_of,
    )
    [run] = server.database.write(lambda connection: runs.claim(connection, [planned], now=START))
    _accept(server, run)
    server.database.write(lambda connection: runs.finish(connection, [FinishedRun(run_id=run.id, result=outcome)]))
    return run.id


def _accept(server: Server, run: Run) -> None:
    note = Acceptance(run_id=run.id, at=START + seconds(1), reply="250 queued")
    server.database.write(lambda connection: ledger.note_accepted(connection, [note]))


def arrive_late(server: Server) -> None:
    """The message of the scheduled run shows up fifteen minutes later."""
    stray = Stray(
        token="scheduledtoken",
        folder="INBOX",
        key="1",
        received_at=START + timedelta(minutes=12),
        asked_at=START + timedelta(minutes=15),
        seen_at=START + timedelta(minutes=15),
    )
    server.database.write(lambda connection: ledger.settle(connection, [stray], now=stray.seen_at))
