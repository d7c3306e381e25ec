"""Runs for tests of pages, each with a sensible default for what a test does not care about."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mailtrip.model import (
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
    Timing,
    TranscriptLine,
    Verdict,
)

__all__ = ["NOW", "make_result", "make_run", "milliseconds", "sighting", "timings", "transcript"]

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def milliseconds(number: float) -> timedelta:
    return timedelta(milliseconds=number)


def timings(*steps: tuple[Step, float, float]) -> tuple[Timing, ...]:
    """Step, begin and length in milliseconds."""
    return tuple(
        Timing(step=step, offset=milliseconds(offset), duration=milliseconds(length)) for step, offset, length in steps
    )


def sighting(first: float, last: float) -> Sighting:
    """Milliseconds after acceptance."""
    return Sighting(not_before=milliseconds(first), not_after=milliseconds(last))


def make_result(**fields: object) -> Result:
    """A message that was delivered within 1000 ms, of which nothing more is known."""
    usual = Result(
        verdict=Verdict.DELIVERED,
        status=StatusCode.OK,
        step=None,
        summary="Delivered to imaps://mail.probe.test within 0.250 s.",
        started_at=NOW,
        duration=milliseconds(1000),
    )
    return replace(usual, **fields)  # type: ignore[arg-type]  # fields of many types


def make_run(result: Result | None = None, **fields: object) -> Run:
    """A planned run that finished with this result; without one it is under way."""
    usual = Run(
        id=100007,
        account_id=1,
        monitor_id=100003,
        location_id=10,
        slot=NOW,
        kind=RunKind.SCHEDULED,
        state=RunState.RUNNING if result is None else RunState.FINISHED,
        result=result,
    )
    return replace(usual, **fields)  # type: ignore[arg-type]  # fields of many types


def transcript(lines: Sequence[str], protocol: MailProtocol = MailProtocol.IMAP, *, dropped: int = 0) -> SessionRecord:
    """A session in which these lines were said, one a second, each with its direction in front: `> NOOP`."""
    said = tuple(TranscriptLine(timedelta(seconds=at), Direction(line[0]), line[2:]) for at, line in enumerate(lines))
    server = "smtps://smtp.probe.test" if protocol is MailProtocol.SMTP else f"{protocol}s://mail.probe.test"
    return SessionRecord(
        protocol=protocol, server=server, address="192.0.2.1:993", tls=None, transcript=said, lines_dropped=dropped
    )
