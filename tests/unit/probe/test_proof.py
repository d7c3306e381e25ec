"""Which lines of a mailbox's transcript prove a verdict."""

from datetime import timedelta

import pytest

from mailtrip.model import Direction, MailProtocol, SessionRecord, StatusCode, Step, TranscriptLine, Verdict
from mailtrip.probe.moves import Conclusion
from mailtrip.probe.proof import find_proof

MISSING = Conclusion(verdict=Verdict.MISSING, status=StatusCode.TIMEOUT, step=Step.WAIT)
OPENED = ["> UIDL", "< +OK", "< 1 a", "< .", "> QUIT", "< +OK bye"]
SHARED = "* looked together with another run of this mailbox; messages: 1, new: 0"


def proven(lines: list[str]) -> list[str]:
    transcript = tuple(
        TranscriptLine(timedelta(seconds=at), Direction(line[0]), line[2:]) for at, line in enumerate(lines)
    )
    record = SessionRecord(
        protocol=MailProtocol.POP3, server="pop3://box", address=None, tls=None, transcript=transcript
    )
    return [lines[proof.line] for proof in find_proof(MISSING, [record])]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(OPENED, ["> UIDL", "< 1 a", "< ."], id="the last look and not the good-bye"),
        pytest.param(
            [*OPENED, "* connected", "< +OK", "> UIDL", "< +OK", "< .", "> QUIT", "< +OK bye"],
            ["> UIDL", "< +OK", "< ."],
            id="the last of several sessions",
        ),
        pytest.param([*OPENED, SHARED], [SHARED], id="a look that another run made behind the good-bye"),
        pytest.param([*OPENED, *[SHARED] * 5], [SHARED] * 3, id="several of them"),
        pytest.param(
            ["> A1 NOOP", "< A1 OK", SHARED, "> A2 LOGOUT", "< * BYE", "< A2 OK"], ["> A1 NOOP", "< A1 OK", SHARED]
        ),
        pytest.param([*OPENED, "* no answer"], ["* no answer"], id="a connection that came to nothing"),
        pytest.param([*OPENED[:-1], "* the connection broke"], ["> UIDL", "< 1 a", "< ."], id="a good-bye unheard"),
        pytest.param([*OPENED, SHARED, "* connected", "> USER x", "< -ERR"], ["> USER x", "< -ERR"]),
    ],
)
def test_the_last_thing_said_or_noted_proves_it(lines: list[str], expected: list[str]) -> None:
    assert proven(lines) == expected
