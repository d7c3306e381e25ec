"""What a run needs of the mail clients: a Sender and a Mailbox, whatever the protocol.

`mailtrip.mail` has the real ones, `mailtrip.testing` has fakes. No method raises for a failing server: it
returns a `Failure`. All times are seconds of the `Clock`'s monotonic time.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from mailtrip.model import Accepted, Envelope, Failure, Head, Look, MessageRef, SessionRecord, Step, Stray

__all__ = [
    "Accepted",
    "Checkable",
    "Envelope",
    "Head",
    "Look",
    "Mailbox",
    "MessageRef",
    "Observer",
    "Sender",
    "StrayDesk",
]


class Sender(Protocol):
    """One SMTP session, used once."""

    async def connect(self) -> Failure | None:
        """Resolve, connect, TLS, greeting, EHLO, login."""
        ...

    async def submit(self, envelope: Envelope, message: bytes) -> Accepted | Failure:
        """Hand the message over. `message` has CRLF line ends and is not dot-stuffed."""
        ...

    async def close(self) -> None:
        """End the session properly where it can be, within a short bound; safe to call at any state, twice too."""
        ...

    @property
    def record(self) -> SessionRecord | None:
        """The session as it was so far; None before `connect`."""
        ...


class Mailbox(Protocol):
    """One mailbox over POP3 or IMAP. Nothing in it is marked as read, and only `delete` changes anything."""

    async def open(self) -> Failure | None:
        """Connect, log in and note what is there: later looks show what is new since now.

        May be called again after a failure, or after a call that was cancelled: the session is made anew, and new is
        still what came since the first opening.
        """
        ...

    async def look(self, *, everywhere: bool = False) -> Look | Failure:
        """See what is new in the inbox; with `everywhere` also in the spam folder and in folders that the owner names.

        POP3 opens a session for it, as a session shows the mailbox as it was at its login; it has one folder only.
        """
        ...

    async def look_back(self, most: int) -> Look | Failure:
        """See the last `most` messages of the inbox, new or old."""
        ...

    async def sweep(self, most: int) -> Look | Failure:
        """See messages that were there before the mailbox was opened and that no earlier visit has looked at.

        Shown again are those that an earlier visit was told to `revisit`, and over POP3 what an earlier run has deleted
        and is still there.
        """
        ...

    def revisit(self, refs: Sequence[MessageRef]) -> None:
        """These messages stay for now: the sweep of a later visit is to show them again."""
        ...

    def is_junk(self, folder: str) -> bool:
        """Whether spam goes into this folder; known of folders that a look has shown."""
        ...

    async def wait(self, seconds: float) -> Failure | None:
        """Wait until the server says that something is new (IMAP IDLE), at most `seconds`; without IDLE just wait."""
        ...

    async def fetch(self, ref: MessageRef) -> bytes | Failure:
        """The whole message, at most 1 MiB of it; also one that was seen in an earlier session."""
        ...

    async def delete(self, refs: Sequence[MessageRef]) -> Failure | None:
        """Delete these messages and no other, for good."""
        ...

    async def release(self) -> None:
        """Nothing of the last look is needed: let others have the mailbox, where only one may have it at a time."""
        ...

    async def close(self) -> None:
        """End the session properly where it can be, within a short bound; safe to call at any state, twice too."""
        ...

    @property
    def can_push(self) -> bool:
        """Whether `wait` ends early when mail comes in."""
        ...

    @property
    def record(self) -> SessionRecord | None:
        """The session as it was so far; None before `open`."""
        ...


class Checkable(Protocol):
    """A server that can be checked, whatever its protocol: nothing is sent, and nothing in a mailbox is changed."""

    async def check(self) -> Failure | None:
        """Resolve, connect, TLS, greeting; with credentials also login and a look. May be called again after a failure."""
        ...

    async def close(self) -> None:
        """End the session properly where it can be, within a short bound; safe to call at any state, twice too."""
        ...

    @property
    def offered(self) -> Collection[str]:
        """The lines in which the server said what it can do, before and after TLS and login."""
        ...

    @property
    def record(self) -> SessionRecord | None:
        """The session as it was so far, with the transcript of all; None before `check`."""
        ...


class StrayDesk(Protocol):
    """Where messages with valid tokens of other runs are reported: leftovers and late arrivals."""

    async def settle(self, strays: Sequence[Stray]) -> Collection[str]:
        """Take note of them; the tokens whose messages may be deleted, as nobody waits for them any more.

        The others stay, and are to be reported again by a later visit that sees them.
        """
        ...


Observer = Callable[[Step, float, float | None], None]
"""Told of each step: (step, began at, ended at or None when it begins). Never raises.

A step may be told in several pieces (greeting and EHLO before and after STARTTLS): their durations add up."""
