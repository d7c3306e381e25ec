"""What can be made to go wrong, as plain values: faults in a conversation, and what becomes of a delivered message."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from mailtrip.model import MailProtocol

__all__ = [
    "MOMENTS",
    "AcceptThenDrop",
    "Action",
    "Deaf",
    "Delay",
    "Delivery",
    "Drop",
    "EndlessLine",
    "EndlessReply",
    "Fault",
    "FaultPlan",
    "Garbage",
    "Hang",
    "HugeLiteral",
    "Reply",
    "Reset",
    "Trickle",
]

_ANY = {"connect", "tls", "greeting", "starttls", "auth", "noop"}
MOMENTS: dict[MailProtocol, frozenset[str]] = {
    MailProtocol.SMTP: frozenset(_ANY | {"ehlo", "helo", "mail", "rcpt", "data", "content", "dot", "rset", "quit"}),
    MailProtocol.POP3: frozenset(
        _ANY | {"capa", "user", "pass", "apop", "stat", "list", "uidl", "top", "retr", "dele", "rset", "quit"}
    ),
    MailProtocol.IMAP: frozenset(
        _ANY
        | {"capability", "id", "login", "list", "select", "idle", "fetch", "store", "search", "expunge", "close"}
        | {"logout", "status", "append"}
    ),
}
"""The moments a fault can be put at: `connect` (TCP accepted), `tls` (before the handshake), `greeting`, the commands by
their name (STLS is `starttls`, AUTHENTICATE is `auth`, EXAMINE is `select`, `UID X` is `x`), `content` (told to go on with the message) and `dot` (message received)."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer with this text and don't do what was asked.

    Lines are separated by a line feed. In IMAP the command's tag is put before each line that doesn't begin with
    `*` or `+`; in the greeting nothing is put anywhere.
    """

    text: str
    then_close: bool = False


@dataclass(frozen=True, slots=True)
class Drop:
    """Close the connection in an orderly way (FIN) without an answer."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Break the connection (RST) without an answer."""


@dataclass(frozen=True, slots=True)
class Hang:
    """Throw away what comes in and answer nothing from here on; the connection stays open."""


@dataclass(frozen=True, slots=True)
class Deaf:
    """Stop reading and answering: what the client writes piles up until it can write no more.

    The server doesn't notice either when the client has gone.
    """


@dataclass(frozen=True, slots=True)
class Delay:
    """Do what was asked, and answer this many seconds later."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Trickle:
    """Do what was asked, but from here on send only so many bytes a second."""

    bytes_per_second: float = 1.0


@dataclass(frozen=True, slots=True)
class Garbage:
    """Answer with bytes that are of no protocol."""


@dataclass(frozen=True, slots=True)
class EndlessLine:
    """Answer with a line that never ends."""


@dataclass(frozen=True, slots=True)
class EndlessReply:
    """Answer with well-formed lines of a reply that never ends."""


@dataclass(frozen=True, slots=True)
class HugeLiteral:
    """IMAP: answer with a literal that claims to be 4 GiB long, and send on and on."""


@dataclass(frozen=True, slots=True)
class AcceptThenDrop:
    """Do what was asked (deliver the message, delete the mail), but close the connection instead of answering."""


Action: TypeAlias = (
    Reply
    | Drop
    | Reset
    | Hang
    | Deaf
    | Delay
    | Trickle
    | Garbage
    | EndlessLine
    | EndlessReply
    | HugeLiteral
    | AcceptThenDrop
)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong at a named moment of a protocol.

    Attributes:
        times: how often it happens; None for always.
        skip: how many times the moment passes undisturbed before.

    Raises:
        ValueError: when the protocol has no such moment.
    """

    protocol: MailProtocol
    at: str
    action: Action
    times: int | None = None
    skip: int = 0

    def __post_init__(self) -> None:
        if self.at not in MOMENTS[self.protocol]:
            known = ", ".join(sorted(MOMENTS[self.protocol]))
            raise ValueError(f'{self.protocol} has no moment "{self.at}"; it has {known}')


class _Armed:
    """A fault with its counters."""

    __slots__ = ("fault", "left", "skip")

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.skip = fault.skip
        self.left = fault.times

    def strikes(self) -> bool:
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.left is None:
            return True
        self.left -= 1
        return self.left >= 0


class FaultPlan:
    """The faults of one server, with how often each has happened; several at one moment come one after the other.

    Attributes:
        struck: how many have happened.
    """

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self.struck = 0
        self._armed: dict[tuple[MailProtocol, str], list[_Armed]] = {}
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault) -> None:
        self._armed.setdefault((fault.protocol, fault.at), []).append(_Armed(fault))

    def clear(self) -> None:
        self._armed.clear()

    def take(self, protocol: MailProtocol, moment: str) -> Action | None:
        """What goes wrong at this moment, counted; None when nothing does."""
        if not self._armed:
            return None
        armed = self._armed.get((protocol, moment), ())
        action = next((one.fault.action for one in armed if one.strikes()), None)
        self.struck += action is not None
        return action


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What becomes of a message after SMTP has accepted it.

    Attributes:
        delay: seconds until it is in the mailbox.
        folder: "INBOX" or "Junk".
        copies: how many times it is delivered; 0 loses it.
        apart: seconds from one copy to the next.
        footer: is put behind the body, as a mailing list or a gateway does.
        without_headers: names of header fields that are taken out, in any case.
        bounce: instead of the message, a delivery status notification is delivered to its sender.
    """

    delay: float = 0.0
    folder: str = "INBOX"
    copies: int = 1
    apart: float = 0.0
    footer: bytes = b""
    without_headers: tuple[str, ...] = ()
    bounce: bool = False
