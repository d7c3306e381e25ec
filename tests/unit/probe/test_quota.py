"""When a full mailbox is why a message never came, and what proves it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mailtrip.model import (
    Accepted,
    Direction,
    MailProtocol,
    Proof,
    SessionRecord,
    StatusCode,
    Step,
    TranscriptLine,
    Verdict,
)
from mailtrip.probe.moves import Conclusion
from mailtrip.probe.proof import find_proof
from mailtrip.probe.quota import blame_quota, quota_of

MISSING = Conclusion(
    verdict=Verdict.MISSING,
    status=StatusCode.TIMEOUT,
    step=Step.WAIT,
    accepted=Accepted(reply="250 2.0.0 Ok: queued as 4F2", at=2.0),
)


def session(percent: int | None, *said: str, protocol: MailProtocol = MailProtocol.IMAP) -> SessionRecord:
    lines = tuple(TranscriptLine(timedelta(0), Direction.RECEIVED, text) for text in said)
    return SessionRecord(protocol=protocol, server="x", address=None, tls=None, transcript=lines, quota_percent=percent)


@pytest.mark.parametrize(
    ("percents", "expected"), [((), None), ((None,), None), ((None, 40), 40), ((40, 100), 100), ((0,), 0)]
)
def test_the_fullest_that_any_session_was_told_counts(percents: tuple[int | None, ...], expected: int | None) -> None:
    assert quota_of([session(percent) for percent in percents]) == expected


@pytest.mark.parametrize(
    ("percent", "status"),
    [
        (None, StatusCode.TIMEOUT),
        (99, StatusCode.TIMEOUT),
        (100, StatusCode.MAILBOX_QUOTA),
        (107, StatusCode.MAILBOX_QUOTA),
    ],
)
def test_a_mailbox_without_any_room_is_why_a_message_is_missing(percent: int | None, status: StatusCode) -> None:
    assert blame_quota(MISSING, percent) == replace(MISSING, status=status)


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict is not Verdict.MISSING])
def test_it_is_the_reason_for_no_other_verdict(verdict: Verdict) -> None:
    conclusion = replace(MISSING, verdict=verdict)

    assert blame_quota(conclusion, 100) == conclusion


def test_the_proof_is_the_acceptance_and_what_the_server_said_of_the_quota() -> None:
    smtp = session(None, "220 hi", "250 2.0.0 Ok: queued as 4F2", protocol=MailProtocol.SMTP)
    mailbox = session(100, "* QUOTAROOT INBOX User", "* QUOTA User (MESSAGE 20 20)", "A3 OK", "A9 OK NOOP")

    proof = find_proof(replace(MISSING, status=StatusCode.MAILBOX_QUOTA), [mailbox, smtp])

    assert proof == (Proof(session=1, line=1), Proof(session=0, line=1))
