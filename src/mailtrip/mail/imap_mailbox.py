"""A mailbox over IMAP: one session for the whole run, new messages found by UID and not by a search index."""

from collections.abc import Sequence

from mailtrip.mail.imap import IMAPGrammar, Selected
from mailtrip.mail.line import Line
from mailtrip.mail.script import Refusal, Script
from mailtrip.mail.session import Session
from mailtrip.model import Credentials, Failure, Head, Look, MessageRef, SessionRecord, Step

__all__ = ["IMAPMailbox"]

_INBOX = "INBOX"


class IMAPMailbox:
    """A `Mailbox` (`mailtrip.probe.ports`) over IMAP (RFC 3501, RFC 9051)."""

    def __init__(self, line: Line, credentials: Credentials) -> None:
        self._line = line
        self._credentials = credentials
        self._grammar = IMAPGrammar()
        self._uidvalidity: int | None = None
        self._next_uid: int | None = None
        self._seen_arrivals = -1

    @property
    def can_push(self) -> bool:
        """Whether the server knows IDLE (RFC 2177)."""
        return "IDLE" in self._grammar.capabilities

    @property
    def record(self) -> SessionRecord | None:
        """The session as it was so far; None before `open`."""
        return self._line.record

    async def open(self) -> Failure | None:
        """Connect, log in, select INBOX; opened again after a failure, what was noted first stays the base line."""
        await self.close()
        failure = await self._line.establish(self._introduce)
        if failure is not None:
            return failure
        selected = await self._line.session.run(self._grammar.select(_INBOX), Step.MAILBOX_OPEN)
        if isinstance(selected, Failure):
            return selected
        self._note(selected)
        return None

    async def look(self) -> Look | Failure:
        """NOOP, and the heads of what has come in; a search would lag behind on some servers."""
        session = self._line.session
        asked_at = self._line.driver.clock.monotonic()
        heads = await session.run(self._look(), Step.LOOK, is_told=False)
        if isinstance(heads, Failure):
            return heads
        return Look(asked_at=asked_at, answered_at=session.replied_at, heads=heads)

    async def wait(self, seconds: float) -> Failure | None:
        """IDLE for `seconds` at most, or until something comes in."""
        if not self.can_push:
            await self._line.driver.clock.sleep(seconds)
            return None
        outcome = await self._line.session.run(self._grammar.idle(seconds), Step.WAIT, is_told=False)
        return outcome if isinstance(outcome, Failure) else None

    async def fetch(self, ref: MessageRef) -> bytes | Failure:
        """The whole message, at most 1 MiB of it, without marking it as read."""
        return await self._line.session.run(self._grammar.fetch(int(ref.key)), Step.FETCH)

    async def delete(self, refs: Sequence[MessageRef]) -> Failure | None:
        """Delete and expunge these messages and no other."""
        uids = [int(ref.key) for ref in refs]
        outcome = await self._line.session.run(self._grammar.delete(uids), Step.DELETE)
        return outcome if isinstance(outcome, Failure) else None

    async def close(self) -> None:
        """LOGOUT where that still makes sense, and close."""
        await self._line.leave(self._grammar.log_out())

    async def _introduce(self, session: Session) -> Failure | None:
        self._grammar = IMAPGrammar()
        failure = await session.connect()
        if failure is not None:
            return failure
        greeted = await session.run(self._greet(), Step.MAILBOX_GREETING)
        if isinstance(greeted, Failure):
            return greeted
        offered = "STARTTLS" in self._grammar.capabilities
        secured = await session.secure(self._grammar.start_tls(), is_offered=offered)
        if isinstance(secured, Failure):
            return secured
        if secured:
            # RFC 3501, 6.2.1: what was learned before TLS is forgotten.
            learned = await session.run(self._grammar.capability(), Step.MAILBOX_GREETING)
            if isinstance(learned, Failure):
                return learned
        return await self._log_in(session)

    async def _log_in(self, session: Session) -> Failure | None:
        script = self._grammar.log_in(self._credentials, is_secure=session.may_send_password)
        outcome = await session.run(script, Step.MAILBOX_LOGIN)
        session.capabilities = tuple(sorted(self._grammar.capabilities))
        return outcome if isinstance(outcome, Failure) else None

    def _greet(self) -> Script[None]:
        greeting = yield from self._grammar.greeting()
        if isinstance(greeting, Refusal):
            return greeting
        if not self._grammar.capabilities:
            answer = yield from self._grammar.capability()
            if isinstance(answer, Refusal):
                return answer
        return None

    def _note(self, selected: Selected) -> None:
        """Note where new mail begins; after a reconnect only a changed UIDVALIDITY makes the old mark useless."""
        if self._uidvalidity is None or self._next_uid is None:
            self._uidvalidity, self._next_uid = selected.uidvalidity, selected.uidnext
            self._seen_arrivals = self._grammar.arrivals
        elif self._uidvalidity != selected.uidvalidity:
            # RFC 3501, 2.3.1.1: all UIDs are new, so everything in the box may be ours.
            self._uidvalidity, self._next_uid = selected.uidvalidity, 1
            self._seen_arrivals = -1
        else:
            self._seen_arrivals = -1

    def _look(self) -> Script[tuple[Head, ...]]:
        answer = yield from self._grammar.noop()
        if isinstance(answer, Refusal):
            return answer
        arrivals = self._grammar.arrivals
        if arrivals == self._seen_arrivals:
            return ()
        messages = yield from self._grammar.fetch_heads(self._next_uid or 1)
        if isinstance(messages, Refusal):
            return messages
        self._seen_arrivals = arrivals
        if messages:
            self._next_uid = max(message.uid for message in messages) + 1
        return tuple(
            Head(ref=MessageRef(_INBOX, str(message.uid)), content=message.content, size=message.size)
            for message in messages
        )
