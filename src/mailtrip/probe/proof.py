"""Which lines of the transcripts prove a verdict."""

from collections.abc import Iterable, Sequence

from mailtrip.model import Direction, MailProtocol, Proof, SessionRecord, StatusCode, Step, TranscriptLine, Verdict
from mailtrip.probe.moves import Conclusion

__all__ = ["find_proof"]

_MAILBOX_STEPS = frozenset(
    {
        Step.MAILBOX_RESOLVE,
        Step.MAILBOX_CONNECT,
        Step.MAILBOX_TLS,
        Step.MAILBOX_GREETING,
        Step.MAILBOX_LOGIN,
        Step.MAILBOX_OPEN,
        Step.WAIT,
        Step.LOOK,
        Step.FETCH,
        Step.DELETE,
    }
)
_MOST_QUOTAS = 3
_ACCEPTED_ELSEWHERE = frozenset({Verdict.MISSING, Verdict.MAILBOX_UNREACHABLE, Verdict.BOUNCED, Verdict.SPAM})


def find_proof(conclusion: Conclusion, records: Sequence[SessionRecord]) -> tuple[Proof, ...]:
    """The lines that prove a verdict, at most four; none for a good one.

    They are the server's acceptance of the message, where the verdict rests on it, and the last words of the session in
    which the run ended badly: what was asked, and what came of it. Where a message never came as the mailbox is full, it is
    what the server said of that.

    Args:
        conclusion: how the trip ended.
        records: the sessions, as they are kept with the result.
    """
    if conclusion.step is None and conclusion.verdict in {Verdict.DELIVERED, Verdict.ANSWERS}:
        return ()
    proof: list[Proof] = []
    if conclusion.verdict in _ACCEPTED_ELSEWHERE and conclusion.accepted is not None:
        proof += _acceptance(records, conclusion.accepted.reply)
    if conclusion.verdict is Verdict.MISSING and conclusion.status is StatusCode.MAILBOX_QUOTA:
        return (*proof, *_quota_lines(records)[-_MOST_QUOTAS:])
    return tuple(dict.fromkeys([*proof, *_last_words(conclusion.step, records)]))


def _quota_lines(records: Sequence[SessionRecord]) -> list[Proof]:
    """What the IMAP server said of quotas (RFC 9208, 4.1.1)."""
    return [
        Proof(session, line)
        for session, record in enumerate(records)
        for line in range(len(record.transcript))
        if record.transcript[line].text.upper().startswith("* QUOTA ")
    ]


def _acceptance(records: Sequence[SessionRecord], reply: str) -> Iterable[Proof]:
    for session, record in enumerate(records):
        if record.protocol is MailProtocol.SMTP:
            for line in reversed(range(len(record.transcript))):
                if record.transcript[line].text.strip() == reply.strip():
                    return [Proof(session, line)]
    return []


def _last_words(step: Step | None, records: Sequence[SessionRecord]) -> Iterable[Proof]:
    """The last thing said to the server that the step belongs to, and what was heard or noted after it."""
    is_mailbox = step in _MAILBOX_STEPS
    sessions = [
        session
        for session, record in enumerate(records)
        if (record.protocol is not MailProtocol.SMTP) == is_mailbox and record.transcript
    ]
    if not sessions:
        return []
    session = sessions[-1]
    chosen = _last_exchange(records[session].transcript)
    return [Proof(session, line) for line in [*chosen[:1], *chosen[1:][-2:]]]


def _last_exchange(lines: Sequence[TranscriptLine]) -> range:
    """The last thing said and what followed, or what was noted when all was said; the good-bye says nothing."""
    end = len(lines)
    sent = [line for line in range(end) if lines[line].direction is Direction.SENT]
    if sent and _is_farewell(lines[sent[-1]].text.upper()):
        farewell = sent.pop()
        # Behind it and its answer: looks that others made, or a connection that came to nothing.
        noted = [line for line in range(farewell + 2, end) if lines[line].direction is Direction.NOTE]
        if noted:
            return range(noted[0], end)
        end = farewell or end
    return range(sent[-1] if sent else max(0, end - 2), end)


def _is_farewell(said: str) -> bool:
    return said == "QUIT" or said.endswith(" LOGOUT")
