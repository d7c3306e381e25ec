"""A mailbox over POP3: a session for each look, as a session shows the mailbox as it was at its login."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from mailtrip.mail import pop3
from mailtrip.mail.line import Line
from mailtrip.mail.script import Refusal, Script
from mailtrip.mail.session import Observe, Session
from mailtrip.mail.visits import Visit
from mailtrip.model import Credentials, Failure, Head, Look, MessageRef, SessionRecord, StatusCode, Step

__all__ = ["POP3Mailbox"]

_INBOX = "INBOX"
_HEAD_LINES = 60
_MOST_HEADS = 50
_LARGEST = 256 * 1024
"""Bytes of a message that is still looked at: test messages have some 2 KiB, and gateways add to them."""


class POP3Mailbox:
    """A `Mailbox` (`mailtrip.probe.ports`) over POP3 (RFC 1939).

    Without credentials nobody logs in: that is for `check` only. A look leaves its session open where it found something new, so that `fetch` and `delete` go on in it.
    """

    def __init__(self, line: Line, credentials: Credentials | None, visit: Visit) -> None:
        self._line = line
        self._credentials = credentials
        self._visit = visit
        self._has_turn = False
        self._known: set[str] | None = None
        self._old: frozenset[str] = frozenset()
        self._deleted: set[str] = set()
        self._numbers: dict[str, int] = {}

    @property
    def _baseline(self) -> set[str]:
        """What was there when the mailbox was opened, and what has been looked at since."""
        if self._known is None:
            raise RuntimeError("the mailbox is not open")
        return self._known

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
        await self.close()
        failure = await self._enter(self._line.observe, Step.MAILBOX_OPEN, needs_another=True)
        if failure is not None:
            return failure
        if self._known is None:
            self._known = set(self._numbers)
            self._old = frozenset(self._numbers)
        await self.close()
        return None

    async def look(self, *, everywhere: bool = False) -> Look | Failure:
        """Log in anew, and read the heads of what was not there before; POP3 shows one folder only."""
        del everywhere
        return await self._look_at(lambda keys: [key for key in keys if key not in self._baseline][-_MOST_HEADS:])

    async def look_back(self, most: int) -> Look | Failure:
        """Log in anew, and read the heads of the last `most` messages, new or old."""
        return await self._look_at(lambda keys: keys[-most:])

    async def sweep(self, most: int) -> Look | Failure:
        """The heads of messages that were there before the mailbox was opened and that no earlier visit has looked at.

        Where there are none, nothing is asked of the server.
        """
        visit = self._visit
        left = [key for key in self._numbers if key not in visit.keys or key in visit.again]
        unseen = [key for key in left if key in self._old][-most:]
        now = self._line.driver.clock.monotonic()
        look: Look | Failure = Look(asked_at=now, answered_at=now)
        if unseen:
            wanted = frozenset(unseen)
            look = await self._look_at(lambda keys: [key for key in keys if key in wanted])
        if not isinstance(look, Failure):
            # What this run has deleted is looked at once more: it may be there all the same.
            visit.keys = frozenset(self._numbers) - self._deleted
            visit.again.difference_update(unseen)
            visit.again.intersection_update(self._numbers)
        return look

    def revisit(self, refs: Sequence[MessageRef]) -> None:
        """Let the sweep of a later visit show these once more."""
        self._visit.again.update(ref.key for ref in refs)

    def is_junk(self, folder: str) -> bool:
        """POP3 shows only the inbox."""
        return folder != _INBOX

    async def _look_at(self, choose: Callable[[list[str]], list[str]]) -> Look | Failure:
        await self.close()
        asked_at = self._line.driver.clock.monotonic()
        failure = await self._enter(self._observe_later, Step.LOOK)
        if failure is not None:
            return failure
        chosen = choose(list(self._numbers))
        script = _read_heads({key: self._numbers[key] for key in chosen})
        heads = await self._line.session.run(script, Step.LOOK, is_told=False)
        if isinstance(heads, Failure):
            return heads
        self._baseline.update(chosen)
        answered_at = self._line.session.replied_at
        if not heads:
            await self.close()
        return Look(asked_at=asked_at, answered_at=answered_at, heads=heads)

    async def wait(self, seconds: float) -> Failure | None:
        """Just wait."""
        await self._line.driver.clock.sleep(seconds)
        return None

    async def fetch(self, ref: MessageRef) -> bytes | Failure:
        """The whole message, at most 1 MiB of it."""
        failure = await self._find([ref], Step.FETCH)
        if failure is not None:
            return failure
        return await self._line.session.run(pop3.retrieve(self._numbers[ref.key]), Step.FETCH)

    async def delete(self, refs: Sequence[MessageRef]) -> Failure | None:
        """DELE each, and QUIT, which makes it true (RFC 1939, 6)."""
        failure = await self._find(refs, Step.DELETE)
        if failure is not None:
            return failure
        script = _delete([self._numbers[ref.key] for ref in refs])
        outcome = await self._line.session.run(script, Step.DELETE)
        await self._line.session.close()
        self._end_turn()
        if isinstance(outcome, Failure):
            return outcome
        self._deleted.update(ref.key for ref in refs)
        return None

    async def release(self) -> None:
        """Let others have the mailbox: nothing of the last look is needed."""
        await self.close()

    async def close(self) -> None:
        """QUIT where that still makes sense, and close."""
        try:
            await self._line.leave(pop3.quit_())
        finally:
            self._end_turn()

    async def _find(self, refs: Sequence[MessageRef], step: Step) -> Failure | None:
        """See to a session that knows these messages' numbers: the look's own, or a new one where that has ended."""
        if not self._line.session.is_usable:
            failure = await self._enter(self._observe_later, step)
            if failure is not None:
                return failure
        if all(ref.key in self._numbers for ref in refs):
            return None
        reason = f"{self._line.server.url}: the message is in the mailbox no more"
        return Failure(step=step, status=StatusCode.MAILBOX_PROTOCOL, reason=reason)

    async def _enter(self, observe: Observe, step: Step, *, needs_another: bool = False) -> Failure | None:
        """Log in and list the mailbox into `_numbers`."""
        failure = await self._take_turn(step, needs_another=needs_another) or await self._line.establish(
            self._introduce, observe=observe
        )
        if failure is not None:
            return failure
        listing = await self._line.session.run(pop3.list_uids(), step, is_told=step is Step.MAILBOX_OPEN)
        if isinstance(listing, Failure):
            return listing
        self._numbers = _by_key(listing)
        return None

    async def _take_turn(self, step: Step, *, needs_another: bool) -> Failure | None:
        """Wait until no other run of this process has a session with the mailbox, and until a login is allowed."""
        clock, visit, server, deadline = self._line.driver.clock, self._visit, self._line.server, self._line.deadline
        try:
            async with asyncio.timeout(max(0.0, deadline - clock.monotonic())):
                if not self._has_turn:
                    await visit.turn.acquire()
                    self._has_turn = True
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


def _by_key(listing: Sequence[tuple[int, str]]) -> dict[str, int]:
    """Message numbers by unique id; copies of one message may share an id (RFC 1939, 7), so these are counted."""
    numbers: dict[str, int] = {}
    copies: Counter[str] = Counter()
    for number, uid in listing:
        copies[uid] += 1
        # An id has no blank in it.
        numbers[uid if copies[uid] == 1 else f"{uid} {copies[uid]}"] = number
    return numbers


def _read_heads(numbers: Mapping[str, int]) -> Script[tuple[Head, ...]]:
    """The heads of these messages, but for those that are far too large to be test messages."""
    heads: list[Head] = []
    for key, number in numbers.items():
        size = yield from pop3.size(number)
        if isinstance(size, Refusal):
            return size
        if size > _LARGEST:
            continue
        content = yield from pop3.top(number, _HEAD_LINES)
        if isinstance(content, Refusal):
            return content
        heads.append(Head(ref=MessageRef(_INBOX, key), content=content, size=size))
    return tuple(heads)


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
