"""What the visits of this process to one mailbox have in common: turns, pauses, and what was looked at already."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

from mailtrip.model import Server

__all__ = ["Visit", "Visits"]

_MOST_MAILBOXES = 10_000
_WIDE_SECONDS = 600.0


@dataclass(slots=True)
class Visit:
    """What is remembered of one mailbox.

    Attributes:
        uidvalidity: of INBOX, over IMAP.
        next_uid: messages of INBOX below it were looked at; 0 when none were.
        keys: of the messages over POP3 that were looked at and are still there.
        wide_at: monotonic seconds when the other folders were looked into last.
        turn: held for each POP3 session: they follow one another, as the server locks the mailbox for one at a time.
        next_login_at: monotonic seconds before which the server wants no further POP3 login (RFC 2449, 6.5).
    """

    uidvalidity: int = 0
    next_uid: int = 0
    keys: frozenset[str] = field(default=frozenset(), repr=False)
    wide_at: float | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)
    next_login_at: float = 0.0

    def is_wide_due(self, now: float) -> bool:
        """Whether it is time to look into the other folders again: each ten minutes."""
        return self.wide_at is None or now - self.wide_at >= _WIDE_SECONDS


class Visits:
    """The memory of a process, by mailbox; bounded, the mailboxes that were not visited for the longest time go first."""

    def __init__(self) -> None:
        self._visits: OrderedDict[tuple[str, str], Visit] = OrderedDict()

    def of(self, server: Server, username: str) -> Visit:
        """The memory of one mailbox; a new one when there is none."""
        key = (server.url, username)
        visit = self._visits.setdefault(key, Visit())
        self._visits.move_to_end(key)
        if len(self._visits) > _MOST_MAILBOXES:
            self._visits.popitem(last=False)
        return visit
