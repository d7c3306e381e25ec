"""What a run and the mail clients hand each other: envelope, acceptance, looks. Times are monotonic seconds."""

from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["Accepted", "Envelope", "Head", "Look", "MessageRef"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Sender and recipient as SMTP gets them."""

    sender: str
    recipient: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The server took the message over.

    Attributes:
        at: when its answer came in.
        offered_at: when the message itself began to go out: from then on it can be in the mailbox, also before the answer
            is here. None means `at`.
    """

    reply: str
    at: float
    offered_at: float | None = None


@dataclass(frozen=True, slots=True)
class MessageRef:
    """Names one message in one mailbox for fetch and delete.

    Attributes:
        folder: where it is; POP3 knows one folder, `INBOX`.
        key: an IMAP UID, or a POP3 UIDL.
        uidvalidity: of the folder over IMAP: under another one, the UID is that of another message (RFC 3501, 2.3.1.1).
            None over POP3.
    """

    folder: str
    key: str
    uidvalidity: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A message's head: its header and the first lines of its body, at most 16 KiB; enough to know one's own.

    Attributes:
        size: bytes of the whole message; None when the server does not say.
        received_at: when the mailbox server took it, by its own clock; None when it does not say (POP3).
    """

    ref: MessageRef
    content: bytes = field(repr=False)
    size: int | None = None
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look into the mailbox: what was new since the look before (or since the mailbox was opened)."""

    asked_at: float
    answered_at: float
    heads: tuple[Head, ...] = ()
