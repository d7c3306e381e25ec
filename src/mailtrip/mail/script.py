"""How a protocol grammar talks with the driver: scripts that yield exchanges and are handed complete replies.

A grammar does no I/O. A script is a generator: it yields an `Exchange` (bytes to send, and a framer that knows where
the reply ends), is handed the reply's bytes, and returns a value or a `Refusal`. `mailtrip.mail.connection` runs it.
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, TypeVar

from mailtrip.model import StatusCode

__all__ = ["BrokenProtocol", "Exchange", "Framer", "Refusal", "Script"]


class BrokenProtocol(Exception):
    """What the server sent is not of this protocol or exceeds a bound; the text says how, with no secret in it."""


class Framer(Protocol):
    """Finds the end of one reply in bytes that arrive piece by piece."""

    def find_end(self, buffer: bytearray) -> int | None:
        """How many bytes from the buffer's start make up the reply; None while it is not complete.

        Called again after each arrival with the same buffer grown, so a framer remembers how far it has looked.

        Raises:
            BrokenProtocol: when no reply of this protocol begins like this, or a bound is exceeded.
        """
        ...


@dataclass(slots=True, kw_only=True)
class Exchange:
    """One thing said and the reply that is waited for.

    Attributes:
        send: what goes out; empty to only wait (greeting, IDLE).
        framer: finds the end of the reply; None when no reply is waited for: others get their turn, and the script an
            empty reply.
        shown: what the transcript shows instead of `send`, one line an item; None shows `send` itself. Set it
            wherever `send` holds a secret or a message.
        hides_reply: the reply holds a secret (SASL challenges): the transcript shows only its size.
        abridges_reply: the reply holds a message: the transcript shows its first line and its size.
        patience: seconds to wait for the reply; None waits until the run's deadline. After that the script is handed
            an empty reply, which no server can send.
        commits: once `send` is out whole, the far end may have done what was asked even if no reply is heard: a
            connection lost from then on leaves it open what became of the message.
        tolerates_loss: a connection lost before the reply is whole is no failure: the script is handed an empty reply.
    """

    send: bytes = field(repr=False)
    framer: Framer | None
    shown: tuple[str, ...] | None = None
    hides_reply: bool = False
    abridges_reply: bool = False
    patience: float | None = None
    commits: bool = False
    tolerates_loss: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The server said no, or said something that the script can't go on with.

    Attributes:
        reason: one sentence with the server's answer in it, fit for people.
        is_temporary: the server says that the same may work later.
        is_unanswered: the message went out whole, but its acceptance was not heard.
    """

    status: StatusCode
    reason: str
    is_temporary: bool = False
    is_unanswered: bool = False


T = TypeVar("T")
Script: TypeAlias = Generator[Exchange, bytes, T | Refusal]
