"""What the visits of this process to one mailbox have in common: turns, pauses, looks, and what was looked at already."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

from mailtrip.clock import Clock
from mailtrip.mail.shared_looks import SharedInbox, SharedMaildrop
from mailtrip.model import Failure, Server, StatusCode, Step

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
        again: messages that are to be looked at once more, by their UIDs or UIDLs.
        wide_at: monotonic seconds when the other folders were looked into last.
        turn: held for each POP3 session: they follow one another, as the server locks the mailbox for one at a time.
        login_gap: seconds from one login to the next, as the provider wants them.
        next_login_at: monotonic seconds before which the provider, or the POP3 server (RFC 2449, 6.5), wants no login.
        maildrop: what the runs that have the mailbox open over POP3 see together.
        inbox: the same over IMAP.
    """

    uidvalidity: int = 0
    next_uid: int = 0
    keys: frozenset[str] = field(default=frozenset(), repr=False)
    again: set[str] = field(default_factory=set, repr=False)
    wide_at: float | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)
    login_gap: float = 0.0
    next_login_at: float = 0.0
    maildrop: SharedMaildrop = field(default_factory=SharedMaildrop, repr=False)
    inbox: SharedInbox = field(default_factory=SharedInbox, repr=False)

    async def wait_for_login(
        self, clock: Clock, server: Server, step: Step, *, deadline: float, needs_another: bool = False
    ) -> Failure | None:
        """Wait until a login is allowed, and take it: whoever waits too waits for the gap once more.

        Args:
            clock: tells the time.
            server: whose mailbox it is.
            step: what the login is for.
            deadline: monotonic seconds; a login that is not allowed before is not waited for. That is no server's fault.
            needs_another: this login is worth nothing without a second one before the deadline.
        """
        while True:
            now = clock.monotonic()
            allowed_at = max(now, self.next_login_at)
            needed = allowed_at + self.login_gap if needs_another else allowed_at
            if needed >= deadline and needed > now:
                return _held_back(server, step, needed - now)
            if now >= self.next_login_at:
                self.next_login_at = now + self.login_gap
                return None
            await clock.sleep(self.next_login_at - now)

    def note_login(self, at: float, *, delay: float = 0.0) -> None:
        """A login was answered at this time (monotonic seconds), and the server wants none for `delay` seconds."""
        self.next_login_at = max(self.next_login_at, at + max(self.login_gap, delay))

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


def _held_back(server: Server, step: Step, seconds: float) -> Failure:
    reason = (
        f"{server.url}: a limit on logins leaves this run no time for them: the one that it needs is allowed in "
        f"{seconds:.0f} s; set a longer timeout"
    )
    return Failure(step=step, status=StatusCode.HELD_BACK, reason=reason, is_temporary=True)
