"""A mailbox over IMAP: one session for the whole run, new messages found by UID and not by a search index."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import mailtrip
from mailtrip.mail.imap import IMAPGrammar
from mailtrip.mail.imap_places import INBOX, Places
from mailtrip.mail.line import Line
from mailtrip.mail.quoting import clean
from mailtrip.mail.script import Refusal, Script
from mailtrip.mail.session import Session
from mailtrip.mail.visits import Visit
from mailtrip.model import Credentials, Failure, Head, Look, MessageRef, SessionRecord, StatusCode, Step

__all__ = ["IMAPMailbox"]

_DISTANCE = 0.1
"""Seconds between looks that several runs make: as one run looks when delivery is likely."""
_PATIENCE = 0.5
"""Seconds that another's look may take before it is not waited for: its session may be dead."""
_CATCHING_UP = (0.1, 0.2, 0.4, 0.8)
"""Pauses in which a session may come to know of a message that another session has seen."""


class IMAPMailbox:
    """A `Mailbox` (`mailtrip.probe.ports`) over IMAP (RFC 3501, RFC 9051).

    Where another run of this process has looked into INBOX since a look was asked for, what that run saw is taken.

    Without credentials nobody logs in: that is for `check` only.
    """

    def __init__(
        self, line: Line, credentials: Credentials | None, visit: Visit, *, folders: Sequence[str] = ()
    ) -> None:
        self._line = line
        self._credentials = credentials
        self._grammar = IMAPGrammar()
        self._visit = visit
        self._places = Places(folders)
        self._is_open = False
        self._again: frozenset[str] = frozenset()

    @property
    def can_push(self) -> bool:
        """Whether the server knows IDLE (RFC 2177)."""
        return "IDLE" in self._grammar.capabilities

    @property
    def record(self) -> SessionRecord | None:
        """The session as it was so far; None before `open`."""
        return self._line.record

    @property
    def offered(self) -> frozenset[str]:
        """What the server said it can do, before and after TLS and login; empty before the first session."""
        return self._line.offered

    async def check(self) -> Failure | None:
        """Connect, log in where there is a login, and ask how INBOX is (STATUS, which changes no flag; quota)."""
        await self.close()
        failure = await self._enter()
        if failure is not None or self._credentials is None:
            return failure
        status = await self._line.session.run(self._grammar.status(INBOX), Step.MAILBOX_OPEN)
        return status if isinstance(status, Failure) else await self._read_quota()

    async def open(self) -> Failure | None:
        """Connect, log in, select INBOX; opened again after a failure, what was noted first stays the base line."""
        await self._leave()
        failure = await self._enter()
        if failure is not None:
            return failure
        self._places.reconnected()
        opened = await self._line.session.run(self._places.open(self._grammar), Step.MAILBOX_OPEN)
        failure = opened if isinstance(opened, Failure) else await self._read_quota()
        if failure is None and not self._is_open:
            self._is_open = True
            self._visit.inbox.enter()
            self._again = frozenset(self._visit.again)
        return failure

    async def _enter(self) -> Failure | None:
        line = self._line
        if self._credentials is None:
            return await line.establish(self._introduce)
        return await self._visit.wait_for_login(
            line.driver.clock, line.server, Step.MAILBOX_OPEN, deadline=line.deadline
        ) or await line.establish(self._introduce)

    async def _read_quota(self) -> Failure | None:
        session = self._line.session
        quota = await session.run(self._grammar.quota(), Step.MAILBOX_OPEN, is_told=False)
        if isinstance(quota, Failure):
            return quota
        session.quota_percent = quota
        return None

    async def look(self, *, everywhere: bool = False) -> Look | Failure:
        """NOOP, and the heads of what has come in; with `everywhere` also in the spam folders and those named."""
        if everywhere:
            return await self._look(self._places.look(self._grammar, everywhere=True))
        clock, inbox = self._line.driver.clock, self._visit.inbox
        take = partial(self._take, clock.monotonic())
        shared = await inbox.scouts.answer(take, clock=clock, patience=_PATIENCE, until=self._line.deadline)
        if shared is not None:
            return shared
        async with inbox.scouts.looking(clock, distance=_DISTANCE if inbox.is_shared else 0.0):
            look = await self._look(self._places.look(self._grammar, everywhere=False))
            if isinstance(look, Look):
                places = self._places
                inbox.note(
                    look,
                    uidvalidity=places.uidvalidity or 0,
                    first_uid=places.looked_from,
                    next_uid=places.next_uid,
                )
        return look

    def _take(self, asked_at: float) -> Look | None:
        """What another run has seen since `asked_at`."""
        places = self._places
        taken = self._visit.inbox.take(asked_at, uidvalidity=places.uidvalidity or 0, next_uid=places.next_uid)
        if taken is None:
            return None
        look, places.next_uid = taken
        places.is_behind = places.is_behind or bool(look.heads)
        seen = f"new: {len(look.heads)}, next UID: {places.next_uid}"
        self._line.note(look.answered_at, f"looked together with another run of this mailbox; {seen}")
        return look

    async def look_back(self, most: int) -> Look | Failure:
        """The heads of the last `most` messages of INBOX, new or old."""
        return await self._look(self._places.look_back(self._grammar, most))

    async def sweep(self, most: int) -> Look | Failure:
        """The heads of messages that were there before the mailbox was opened and that no earlier visit has looked at.

        Now and then also those in the spam folders and in the folders that are named.
        """
        if not self._is_open or not self._line.session.is_usable:
            reason = f"{self._line.server.url}: there is no session to sweep the mailbox in"
            return Failure(step=Step.LOOK, status=StatusCode.MAILBOX_PROTOCOL, reason=reason)
        visit = self._visit
        # What other runs have put back since this one began is left to later ones.
        again = self._again & visit.again
        look = await self._look(self._places.sweep(self._grammar, visit, most, again))
        now = self._line.driver.clock.monotonic()
        if isinstance(look, Failure) or not visit.is_wide_due(now):
            return look
        visit.wide_at = now
        wide = await self.look(everywhere=True)
        # What was found in INBOX won't be shown again: it counts even where the rest can't be read.
        return (
            look if isinstance(wide, Failure) else replace(wide, asked_at=look.asked_at, heads=look.heads + wide.heads)
        )

    def revisit(self, refs: Sequence[MessageRef]) -> None:
        """Let the sweep of a later visit show these once more; other folders are looked into anew now and then anyway."""
        self._visit.again.update(ref.key for ref in refs if self._places.is_in_inbox(ref))

    def is_junk(self, folder: str) -> bool:
        """Whether spam goes into this folder."""
        return folder in self._places.junk

    async def wait(self, seconds: float) -> Failure | None:
        """IDLE for `seconds` at most, or until something comes in."""
        if not self.can_push:
            await self._line.driver.clock.sleep(seconds)
            return None
        outcome = await self._line.session.run(self._grammar.idle(seconds), Step.WAIT, is_told=False)
        return outcome if isinstance(outcome, Failure) else None

    async def fetch(self, ref: MessageRef) -> bytes | Failure:
        """The whole message, at most 1 MiB of it, without marking it as read."""
        pauses = _CATCHING_UP if self._places.is_behind else ()
        content = await self._line.session.run(self._fetch(ref), Step.FETCH)
        for seconds in pauses:
            if isinstance(content, bytes) or not self._line.session.is_usable:
                break
            await self._line.driver.clock.sleep(seconds)
            self._places.is_behind = True
            content = await self._line.session.run(self._fetch(ref), Step.FETCH)
        return content

    async def delete(self, refs: Sequence[MessageRef]) -> Failure | None:
        """Delete and expunge these messages and no other."""
        outcome = await self._line.session.run(self._delete(refs), Step.DELETE)
        if isinstance(outcome, Failure):
            return outcome
        self._visit.inbox.lose([int(ref.key) for ref in refs if ref.folder == INBOX])
        return None

    async def release(self) -> None:
        """Other sessions are not in this one's way."""

    async def close(self) -> None:
        """LOGOUT where that still makes sense, and close."""
        if self._is_open:
            self._is_open = False
            self._visit.inbox.leave()
        await self._leave()

    async def _leave(self) -> None:
        await self._line.leave(self._grammar.log_out())

    async def _introduce(self, session: Session) -> Failure | None:
        self._grammar = IMAPGrammar()
        failure = await session.connect()
        if failure is not None:
            return failure
        greeted = await session.run(self._greet(), Step.MAILBOX_GREETING)
        if isinstance(greeted, Failure):
            return greeted
        session.learn(sorted(self._grammar.capabilities))
        offered = "STARTTLS" in self._grammar.capabilities
        secured = await session.secure(self._grammar.start_tls(), is_offered=offered)
        if isinstance(secured, Failure):
            return secured
        if secured:
            # RFC 3501, 6.2.1: what was learned before TLS is forgotten.
            learned = await session.run(self._grammar.capability(), Step.MAILBOX_GREETING)
            if isinstance(learned, Failure):
                return learned
            session.learn(sorted(self._grammar.capabilities))
        return None if self._credentials is None else await self._log_in(session, self._credentials)

    async def _log_in(self, session: Session, credentials: Credentials) -> Failure | None:
        script = self._grammar.log_in(credentials, is_secure=session.may_send_password)
        outcome = await session.run(script, Step.MAILBOX_LOGIN)
        self._visit.note_login(session.replied_at)
        session.learn(sorted(self._grammar.capabilities))
        if isinstance(outcome, Failure):
            return outcome
        # Some providers let nobody in who does not say who they are (RFC 2971).
        identity = self._grammar.identify("Mailtrip", mailtrip.__version__)
        identified = await session.run(identity, Step.MAILBOX_LOGIN, is_told=False)
        return identified if isinstance(identified, Failure) else None

    def _greet(self) -> Script[None]:
        greeting = yield from self._grammar.greeting()
        if isinstance(greeting, Refusal):
            return greeting
        if not self._grammar.capabilities:
            answer = yield from self._grammar.capability()
            if isinstance(answer, Refusal):
                return answer
        return None

    def _go_to(self, folder: str, uidvalidity: int | None) -> Script[None]:
        """Select a folder in which the UIDs are still the names of the messages that they were."""
        refusal = yield from self._places.select(self._grammar, folder)
        if refusal is not None or (self._grammar.uidvalidity or 0) == uidvalidity:
            return refusal
        reason = f"the messages of {clean(folder, longest=80)} have got other names (a new UIDVALIDITY)"
        return Refusal(status=StatusCode.MAILBOX_PROTOCOL, reason=reason)

    async def _look(self, script: Script[tuple[Head, ...]]) -> Look | Failure:
        session = self._line.session
        asked_at = self._line.driver.clock.monotonic()
        heads = await session.run(script, Step.LOOK, is_told=False)
        if isinstance(heads, Failure):
            return heads
        return Look(asked_at=asked_at, answered_at=session.replied_at, heads=heads)

    def _fetch(self, ref: MessageRef) -> Script[bytes]:
        refusal = yield from self._go_to(ref.folder, ref.uidvalidity)
        return refusal or (yield from self._grammar.fetch(int(ref.key)))

    def _delete(self, refs: Sequence[MessageRef]) -> Script[None]:
        for folder, uidvalidity in dict.fromkeys((ref.folder, ref.uidvalidity) for ref in refs):
            refusal = yield from self._go_to(folder, uidvalidity)
            if refusal is None:
                uids = [int(ref.key) for ref in refs if (ref.folder, ref.uidvalidity) == (folder, uidvalidity)]
                refusal = yield from self._grammar.delete(uids)
            if refusal is not None:
                return refusal
        return None
