"""Messages that are not ours: what a mailbox may hold besides test messages, and what must never be touched."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from mailtrip.probe.message import make_message
from mailtrip.probe.token import MessageKey, new_token

__all__ = ["FOREIGN", "KEY", "LATER", "Foreign", "many_foreign"]

KEY = MessageKey(b"the key of this installation....")
_OTHERS_KEY = MessageKey(b"the key of another installation.")


@dataclass(frozen=True, slots=True)
class Foreign:
    """A message of somebody else, with the flags that its owner has given it."""

    content: bytes = field(repr=False)
    flags: tuple[str, ...] = ()


def _token(key: MessageKey, number: int) -> str:
    return new_token(key, number.to_bytes(16)).text


def _message(*fields: str, body: str = "Hello.\r\n") -> bytes:
    return "\r\n".join([*fields, "", body]).encode()


def _made_by(key: MessageKey, number: int) -> bytes:
    """A whole test message, made as ours are."""
    return make_message(
        sender="probe@mail.test",
        recipient="probe@mail.test",
        token=new_token(key, number.to_bytes(16)),
        now=datetime(2026, 3, 1, 9, 5, tzinfo=UTC),
        host="monitor.example.com",
    )


def _forged(token: str) -> str:
    """The token with its last digit changed: the signature is wrong."""
    return token[:-1] + ("a" if token[-1] != "a" else "b")


_SUBJECT = "Subject: Mail delivery check of 2026-03-01 09:05 UTC"
_HELLO = "Subject: Hello"

FOREIGN = (
    Foreign(_message("From: <a@example.com>", _HELLO)),
    Foreign(_message("From: <a@example.com>", _HELLO), ("\\Seen",)),
    Foreign(_message("From: <a@example.com>", _HELLO), ("\\Flagged", "\\Seen")),
    Foreign(_message("From: <a@example.com>", "Subject: deleted by its owner, not yet expunged"), ("\\Deleted",)),
    Foreign(_message("From: <a@example.com>", "Subject: answered"), ("\\Answered", "\\Seen")),
    Foreign(_message("From: <a@example.com>", "Subject: a draft"), ("\\Draft",)),
    Foreign(_message("From: Mailtrip <probe@mail.test>", _SUBJECT)),
    Foreign(_message("From: Mailtrip <probe@mail.test>", _SUBJECT, "X-Mailtrip-Token: mailtrip")),
    Foreign(_message(_SUBJECT, f"X-Mailtrip-Token: {_forged(_token(KEY, 1))}")),
    Foreign(_message(_SUBJECT, f"Message-ID: <{_forged(_token(KEY, 2))}@mail.test>"), ("\\Seen",)),
    Foreign(_message(_SUBJECT, body=f"Token: {_forged(_token(KEY, 3))}\r\n")),
    Foreign(_message(_SUBJECT, f"X-Mailtrip-Token: {_token(_OTHERS_KEY, 4)}")),
    Foreign(_message("Subject: Re: check", body=f"> {_token(_OTHERS_KEY, 5)}\r\n")),
    Foreign(_made_by(_OTHERS_KEY, 6)),
    Foreign(_made_by(_OTHERS_KEY, 7), ("\\Seen",)),
    # Ours, but of another run: without a ledger that knows the run, nobody may take it away.
    Foreign(_made_by(KEY, 8)),
    Foreign(
        _message("Content-Type: text/plain; charset=utf-8", "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=", body="Grüße\r\n")
    ),
    Foreign(_message("Subject: no body", body="")),
    Foreign(_message("Subject: dots", body=".\r\n..\r\n.a line\r\n")),
    Foreign(_message("Subject: large", body="0123456789abcdef 0123456789abcdef\r\n" * 9000)),
)
"""What is in the box before a run."""

LATER = (
    Foreign(_message("From: <b@example.com>", _SUBJECT, f"X-Mailtrip-Token: {_token(_OTHERS_KEY, 9)}")),
    Foreign(_message("From: <b@example.com>", _SUBJECT, f"X-Mailtrip-Token: {_forged(_token(KEY, 10))}")),
    Foreign(_message("From: <b@example.com>", "Subject: arrives while the test message is waited for")),
)
"""What comes in when the SMTP server has accepted the run's message."""


def many_foreign(count: int) -> tuple[Foreign, ...]:
    """So many messages of all these kinds, no two the same."""
    kinds = (*FOREIGN[:-1], *LATER)
    return tuple(
        Foreign(b"X-Number: %d\r\n" % number + kinds[number % len(kinds)].content, kinds[number % len(kinds)].flags)
        for number in range(count)
    )
