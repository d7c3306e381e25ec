"""A mailbox over POP3: a session for each look, as a session shows the mailbox as it was at its login."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from mailtrip.mail import pop3
from mailtrip.mail.line import Line
from mailtrip.mail.script import Refusal, Script
from mailtrip.mail.session import Observe, Session
from mailtrip.mail.shared_looks import Listing, Watch
from mailtrip.mail.visits import Visit
from mailtrip.model import Credentials, Failure, Head, Look, MessageRef, SessionRecord, StatusCode, Step

__all__ = ["POP3Mailbox"]

_INBOX = "INBOX"
_HEAD_LINES = 60
_DISTANCE = 0.25
"""Seconds between looks that several runs make: as one run looks when delivery is likely."""
_LARGEST = 256 * 1024
"""Bytes of a message that is still looked at: test messages have some 2 KiB, and gateways add to them."""


class POP3Mailbox:
    """A `Mailbox` (`mailtrip.probe.ports`) over POP3 (RFC 1939).

    A look leaves its session open where it found something new, so that `fetch` and `delete` go on in it. Where another
    run of this process has looked since a look was asked for, there is no session: what that run saw is taken. Without
    credentials nobody logs in: that is for `check` only.
    """

    def __init__(self, line: Line, credentials: Credentials | None, visit: Visit) -> None:
        self._line = line
        self._credentials = credentials
        self._visit = visit
        self._maildrop = visit.maildrop
        self._has_turn = False
        self._watch: Watch | None = None
        self._again: frozenset[str] = frozenset()
        self._deleted: set[str] = set()
        self._listing = Listing(asked_at=0.0, answered_at=0.0)

    @property
    def _opened(self) -> Watch:
        """What was there when the mailbox was opened, and what has been looked at since."""
        if self._watch is None:
            raise RuntimeError("the mailbox is not open")
        return self._watch

    @property
    def can_push(self) -> bool:
        """POP3 can't."""
        return False

    @property
    def record(self) -> SessionRecord | None:
        """The last session as it was so far, with the transcript of all; None before `open`."""
        return self._line.record

    @property
    def offered(self) -> frozenset[str]:
        """What the server said in its answers to CAPA; empty before the first session."""
        return self._line.offered

    async def check(self) -> Failure | None:
        """Connect, log in where there is a login, and ask how much there is (STAT): nothing is changed by it."""
        await self.close()
        if self._credentials is None:
            return await self._line.establish(self._introduce)
        failure = await self._take_turn(Step.MAILBOX_OPEN, needs_another=False) or await self._line.establish(
            self._introduce
        )
        if failure is not None:
            return failure
        outcome = await self._line.session.run(pop3.status(), Step.MAILBOX_OPEN)
        return outcome if isinstance(outcome, Failure) else None

    async def open(self) -> Failure | None:
        """Log in and note what is there; opened again after a failure, what was noted first stays the base line."""
        await self._leave()
        failure = await self._enter(self._line.observe, Step.MAILBOX_OPEN, needs_another=True)
        if failure is not None:
            return failure
        if self._watch is None:
            self._watch = self._maildrop.watch()
            self._again = frozenset(self._visit.again)
        await self._leave()
        return None

    async def look(self, *, everywhere: bool = False) -> Look | Failure:
        """Log in anew, and read the heads of what was not there before; POP3 shows one folder only."""
        del everywhere
        await self._leave()
        clock, scouts = self._line.driver.clock, self._maildrop.scouts
        take = partial(self._take, clock.monotonic())
        look: Look | Failure | None = await scouts.answer(take, clock=clock, until=self._line.deadline)
        if look is None:
            async with scouts.looking(clock, distance=self._distance()):
                look = await self._scout(take)
        return await self._end_look(look)

    async def look_back(self, most: int) -> Look | Failure:
        """Log in anew, and read the heads of the last `most` messages, new or old."""
        await self._leave()
        return await self._end_look(await self._look_at(lambda: list(self._listing.numbers)[-most:]))

    async def sweep(self, most: int) -> Look | Failure:
        """The heads of messages that were there before the mailbox was opened and that no earlier visit has looked at.

        Where there are none, nothing is asked of the server.
        """
        if self._watch is None:
            reason = f"{self._line.server.url}: the mailbox was never open"
            return Failure(step=Step.LOOK, status=StatusCode.MAILBOX_PROTOCOL, reason=reason)
        look: Look | Failure | None = None
        if self._left(most):
            await self._leave()
            look = await self._take_turn(Step.LOOK, logs_in=False)
            # Those who had the turn before may have swept as well.
            if look is None and self._left(most):
                look = await self._look_at(partial(self._left, most))
        now = self._line.driver.clock.monotonic()
        look = await self._end_look(look or Look(asked_at=now, answered_at=now))
        if isinstance(look, Look):
            visit = self._visit
            # What this run has deleted is looked at once more: it may be there all the same.
            visit.keys = self._maildrop.looked_at(self._opened, visit.keys) - self._deleted
            visit.again -= self._opened.seen
            visit.again &= self._maildrop.uids.numbers.keys()
        return look

    def revisit(self, refs: Sequence[MessageRef]) -> None:
        """Let the sweep of a later visit show these once more."""
        self._visit.again.update(ref.key for ref in refs)

    def is_junk(self, folder: str) -> bool:
        """POP3 shows only the inbox."""
        return folder != _INBOX

    async def wait(self, seconds: float) -> Failure | None:
        """Just wait."""
        await self._line.driver.clock.sleep(seconds)
        return None

    async def fetch(self, ref: MessageRef) -> bytes | Failure:
        """The whole message, at most 1 MiB of it."""
        numbers = await self._find([ref], Step.FETCH)
        if isinstance(numbers, Failure):
            return numbers
        return await self._line.session.run(pop3.retrieve(numbers[0]), Step.FETCH)

    async def delete(self, refs: Sequence[MessageRef]) -> Failure | None:
        """DELE each that is there, and QUIT, which makes it true (RFC 1939, 6)."""
        numbers = await self._find(refs, Step.DELETE)
        if isinstance(numbers, Failure):
            return numbers
        outcome = await self._line.session.run(_delete(numbers), Step.DELETE)
        keys = {ref.key for ref in refs}
        if outcome is None:
            self._deleted |= keys
            self._maildrop.lose(keys)
        await self._line.session.close()
        self._end_turn()
        return outcome if isinstance(outcome, Failure) else None

    async def release(self) -> None:
        """Let others have the mailbox: nothing of the last look is needed."""
        await self._leave()

    async def close(self) -> None:
        """QUIT where that still makes sense, and close."""
        watch, self._watch = self._watch, None
        if watch is not None:
            self._maildrop.unwatch(watch)
        await self._leave()

    async def _leave(self) -> None:
        """End the session, and the turn with it."""
        try:
            await self._line.leave(pop3.quit_())
        finally:
            self._end_turn()

    def _take(self, asked_at: float) -> Look | None:
        """What another run has seen since `asked_at`."""
        look = self._maildrop.take(self._opened, asked_at)
        if look is not None:
            seen = f"messages: {len(self._maildrop.uids.numbers)}, new: {len(look.heads)}"
            self._line.note(look.answered_at, f"looked together with another run of this mailbox; {seen}")
        return look

    def _distance(self) -> float:
        """From the look before; half of the time that is left where that is less."""
        rest = self._line.deadline - self._line.driver.clock.monotonic()
        return min(_DISTANCE, max(0.0, rest / 2)) if self._maildrop.is_shared else 0.0

    async def _scout(self, take: Callable[[], Look | None]) -> Look | Failure:
        """Look, for this run and for those that wait; unless sessions that were waited for have shown it all."""
        failure = await self._take_turn(Step.LOOK, logs_in=False)
        if failure is not None:
            return failure
        return take() or await self._look_at(partial(self._maildrop.news, self._opened))

    async def _look_at(self, choose: Callable[[], list[str]]) -> Look | Failure:
        """Log in and read the heads of messages that are chosen when it is known what is there."""
        failure = await self._enter(self._observe_later, Step.LOOK)
        if failure is not None:
            return failure
        chosen = choose()
        heads = self._maildrop.known(chosen)
        unread = {key: self._listing.numbers[key] for key in chosen if key not in heads}
        read = await self._line.session.run(_read_heads(unread), Step.LOOK, is_told=False)
        if isinstance(read, Failure):
            return read
        answered_at = self._line.session.replied_at
        self._maildrop.keep(read, at=answered_at)
        self._opened.seen.update(chosen)
        found = [(heads | read)[key] for key in chosen]
        return Look(
            asked_at=self._listing.asked_at,
            answered_at=answered_at,
            heads=tuple(head for head in found if head is not None),
        )

    async def _end_look(self, look: Look | Failure) -> Look | Failure:
        """Let others have the mailbox, unless the run needs it for what was found."""
        # Where the server has it locked, others would be refused as well: they wait until this run has tried again.
        goes_on = look.heads if isinstance(look, Look) else look.status is StatusCode.MAILBOX_LOCKED
        if not goes_on:
            await self._leave()
        return look

    def _left(self, most: int) -> list[str]:
        """What there is to sweep; what other runs have put back since this one began is left to later ones."""
        again = self._again & self._visit.again
        return self._maildrop.left(self._opened, most, looked_at=self._visit.keys, again=again)

    async def _find(self, refs: Sequence[MessageRef], step: Step) -> list[int] | Failure:
        """The numbers of those messages that are there, at least one, in the look's own session or in a new one."""
        if not self._line.session.is_usable:
            failure = await self._enter(self._observe_later, step)
            if failure is not None:
                return failure
        known = self._listing.numbers
        numbers = [known[ref.key] for ref in refs if ref.key in known]
        if numbers:
            return numbers
        reason = f"{self._line.server.url}: the message is in the mailbox no more"
        return Failure(step=step, status=StatusCode.MAILBOX_PROTOCOL, reason=reason)

    async def _enter(self, observe: Observe, step: Step, *, needs_another: bool = False) -> Failure | None:
        """Log in and list the mailbox into `_listing`."""
        failure = await self._take_turn(step, needs_another=needs_another)
        if failure is not None:
            return failure
        asked_at = self._line.driver.clock.monotonic()
        failure = await self._line.establish(self._introduce, observe=observe)
        if failure is not None:
            return failure
        script = pop3.list_uids(self._maildrop.uids)
        uids = await self._line.session.run(script, step, is_told=step is Step.MAILBOX_OPEN)
        if isinstance(uids, Failure):
            return uids
        self._listing = Listing(asked_at=asked_at, answered_at=self._line.session.replied_at, uids=uids)
        self._maildrop.note(self._listing)
        return None

    async def _take_turn(self, step: Step, *, logs_in: bool = True, needs_another: bool = False) -> Failure | None:
        """Wait until no other run of this process has a session with the mailbox, and until a login is allowed."""
        clock, visit, server, deadline = self._line.driver.clock, self._visit, self._line.server, self._line.deadline
        try:
            async with asyncio.timeout(max(0.0, deadline - clock.monotonic())):
                if not self._has_turn:
                    await visit.turn.acquire()
                    self._has_turn = True
                failure = None
                if logs_in:
                    failure = await visit.wait_for_login(
                        clock, server, step, deadline=deadline, needs_another=needs_another
                    )
        except TimeoutError:
            if not self._has_turn:
                reason = f"{server.url}: other runs had the mailbox open until the time was up"
                return Failure(step=step, status=StatusCode.HELD_BACK, reason=reason, is_temporary=True)
            failure = None
        if failure is None and clock.monotonic() >= deadline:
            # Nobody was in the way: the time was up before anything was tried.
            reason = f"{server.url} was not asked, as the time was up"
            return Failure(step=step, status=StatusCode.TIMEOUT, reason=reason, is_temporary=True)
        return failure

    def _end_turn(self) -> None:
        if self._has_turn:
            self._has_turn = False
            self._visit.turn.release()

    @property
    def _observe_later(self) -> Observe:
        """The observer of sessions after the first: looks, and the logins they need, are the run's own to time."""
        observe = self._line.observe

        # No method: the session would hold the mailbox that holds it, and its listing would stay until a full collection.
        def observe_deeds(step: Step, began: float, ended: float | None) -> None:
            if step in {Step.FETCH, Step.DELETE}:
                observe(step, began, ended)

        return observe_deeds

    async def _introduce(self, session: Session) -> Failure | None:
        failure = await session.connect()
        if failure is not None:
            return failure
        greeted = await session.run(_greet(), Step.MAILBOX_GREETING)
        if isinstance(greeted, Failure):
            return greeted
        greeting, capabilities = greeted
        session.learn(capabilities.lines)
        secured = await session.secure(pop3.start_tls(), is_offered="STLS" in capabilities.names)
        if isinstance(secured, Failure):
            return secured
        if secured:
            # RFC 2595, 4: what was learned before TLS is forgotten.
            learned = await session.run(pop3.capabilities(), Step.MAILBOX_GREETING)
            if isinstance(learned, Failure):
                return learned
            capabilities = learned
        session.learn(capabilities.lines)
        if self._credentials is None:
            return None
        script = pop3.log_in(capabilities, greeting, self._credentials, is_secure=session.may_send_password)
        outcome = await session.run(script, Step.MAILBOX_LOGIN)
        self._visit.note_login(session.replied_at, delay=capabilities.login_delay_seconds or 0)
        return outcome if isinstance(outcome, Failure) else None


def _read_heads(numbers: Mapping[str, int]) -> Script[dict[str, Head | None]]:
    """The heads of these messages; None for those that are far too large to be test messages."""
    heads: dict[str, Head | None] = {}
    for key, number in numbers.items():
        size = yield from pop3.size(number)
        if isinstance(size, Refusal):
            return size
        if size > _LARGEST:
            heads[key] = None
            continue
        content = yield from pop3.top(number, _HEAD_LINES)
        if isinstance(content, Refusal):
            return content
        heads[key] = Head(ref=MessageRef(_INBOX, key), content=content, size=size)
    return heads


def _greet() -> Script[tuple[pop3.Greeting, pop3.Capabilities]]:
    greeting = yield from pop3.greeting()
    if isinstance(greeting, Refusal):
        return greeting
    capabilities = yield from pop3.capabilities()
    if isinstance(capabilities, Refusal):
        return capabilities
    return greeting, capabilities


def _delete(numbers: Sequence[int]) -> Script[None]:
    for number in numbers:
        answer = yield from pop3.delete(number)
        if isinstance(answer, Refusal):
            return answer
    return (yield from pop3.quit_())
