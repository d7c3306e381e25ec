"""A Sender and a Mailbox without any network: a scripted mail path on a clock, for tests of the run itself."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from mailtrip.clock import Clock
from mailtrip.model import Failure, SessionRecord
from mailtrip.probe.ports import Accepted, Envelope, Head, Look, MessageRef

__all__ = ["Failures", "FakeMailPath", "FakeMailbox", "FakeSender"]

_HEAD_LENGTH = 16 * 1024

Failures: TypeAlias = Mapping[str, Failure | Sequence[Failure | None]]
"""What fails, by the name of the method: a `Failure` for each call, or a sequence with one item a call (None is a good
one; behind its end all calls are good)."""


@dataclass(slots=True, kw_only=True)
class _Visible:
    ref: MessageRef
    content: bytes = field(repr=False)
    at: float


class FakeMailPath:
    """What lies between a `FakeSender` and a `FakeMailbox`.

    Args:
        clock: the clock of both.
        visible_after: seconds from the sender's acceptance until the message is in the mailbox.
        copies: how many of it come; 0 loses it.
        apart: seconds from one copy to the next.
        folder: where they come.
        alter: what the way does to the message.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        visible_after: float = 1.0,
        copies: int = 1,
        apart: float = 0.0,
        folder: str = "INBOX",
        alter: Callable[[bytes], bytes] | None = None,
    ) -> None:
        self.clock = clock
        self.visible_after = visible_after
        self.copies = copies
        self.apart = apart
        self.folder = folder
        self.sent: list[tuple[Envelope, bytes]] = []
        self.deleted: list[MessageRef] = []
        self._alter = alter
        self._messages: list[_Visible] = []
        self._next_key = 1

    def accept(self, envelope: Envelope, message: bytes) -> None:
        """Take a message over from a sender, as of now."""
        self.sent.append((envelope, message))
        content = self._alter(message) if self._alter is not None else message
        for number in range(self.copies):
            self.put(content, after=self.visible_after + number * self.apart)

    def put(self, content: bytes, *, after: float = 0.0, folder: str | None = None) -> MessageRef:
        """Let a message come into the mailbox by another way."""
        ref = MessageRef(folder or self.folder, str(self._next_key))
        self._next_key += 1
        self._messages.append(_Visible(ref=ref, content=content, at=self.clock.monotonic() + after))
        return ref

    def visible(self) -> dict[MessageRef, bytes]:
        """What is in the mailbox at present."""
        now = self.clock.monotonic()
        return {message.ref: message.content for message in self._messages if message.at <= now}

    def next_arrival(self) -> float | None:
        """When the next message comes, in monotonic seconds; None when nothing is under way."""
        now = self.clock.monotonic()
        return min((message.at for message in self._messages if message.at > now), default=None)

    def remove(self, refs: Iterable[MessageRef]) -> None:
        gone = set(refs)
        self.deleted += [message.ref for message in self._messages if message.ref in gone]
        self._messages = [message for message in self._messages if message.ref not in gone]


class _Script:
    """Counts the calls of a fake, lets them take their time, and says which of them fail."""

    def __init__(self, clock: Clock, takes: Mapping[str, float], failures: Failures) -> None:
        self._clock = clock
        self._takes = takes
        self._failures = failures
        self.calls: list[str] = []

    async def call(self, name: str) -> Failure | None:
        turn = self.calls.count(name)
        self.calls.append(name)
        await self._clock.sleep(self._takes.get(name, 0.0))
        planned = self._failures.get(name)
        if planned is None or isinstance(planned, Failure):
            return planned
        return planned[turn] if turn < len(planned) else None


class FakeSender:
    """A `Sender` that hands messages to a `FakeMailPath`.

    Args:
        takes: seconds a call takes, by name: `connect`, `submit`, `close`.
        failures: which calls fail.
        delivers_unanswered: a submission that fails as unanswered has handed the message over all the same.
    """

    def __init__(
        self,
        path: FakeMailPath,
        *,
        takes: Mapping[str, float] | None = None,
        failures: Failures | None = None,
        reply: str = "250 2.0.0 Ok: queued as 00000001",
        delivers_unanswered: bool = False,
        record: SessionRecord | None = None,
    ) -> None:
        self._path = path
        self._reply = reply
        self._delivers_unanswered = delivers_unanswered
        self._script = _Script(path.clock, takes or {}, failures or {})
        self.record = record

    @property
    def calls(self) -> list[str]:
        """The names of the methods called, in order."""
        return self._script.calls

    async def connect(self) -> Failure | None:
        return await self._script.call("connect")

    async def submit(self, envelope: Envelope, message: bytes) -> Accepted | Failure:
        failure = await self._script.call("submit")
        if failure is not None:
            if failure.is_unanswered and self._delivers_unanswered:
                self._path.accept(envelope, message)
            return failure
        self._path.accept(envelope, message)
        return Accepted(reply=self._reply, at=self._path.clock.monotonic())

    async def close(self) -> None:
        await self._script.call("close")


class FakeMailbox:
    """A `Mailbox` that shows what a `FakeMailPath` has brought.

    Args:
        takes: seconds a call takes, by name: `open`, `look`, `sweep`, `fetch`, `delete`, `close`.
        failures: which calls fail; `wait` may be among them.
        can_push: whether `wait` ends when a message comes.
        junk: the spam folder; it is shown only by looks that go everywhere.
    """

    def __init__(
        self,
        path: FakeMailPath,
        *,
        takes: Mapping[str, float] | None = None,
        failures: Failures | None = None,
        can_push: bool = False,
        junk: str = "Junk",
        record: SessionRecord | None = None,
    ) -> None:
        self._path = path
        self._junk = junk
        self._script = _Script(path.clock, takes or {}, failures or {})
        self._known: set[MessageRef] | None = None
        self.revisited: list[MessageRef] = []
        self.can_push = can_push
        self.record = record

    @property
    def calls(self) -> list[str]:
        """The names of the methods called, in order."""
        return self._script.calls

    async def open(self) -> Failure | None:
        failure = await self._script.call("open")
        if failure is None and self._known is None:
            self._known = set(self._path.visible())
        return failure

    async def look(self, *, everywhere: bool = False) -> Look | Failure:
        known = self._known if self._known is not None else set()
        look = await self._look("look", lambda ref: ref not in known and (everywhere or ref.folder != self._junk))
        if isinstance(look, Look):
            known.update(head.ref for head in look.heads)
        return look

    async def look_back(self, most: int) -> Look | Failure:
        last = list(self._path.visible())[-most:]
        return await self._look("look", lambda ref: ref in last and ref.folder != self._junk)

    async def sweep(self, most: int) -> Look | Failure:
        """All that is there and was not seen yet is old: this fake has no earlier visits."""
        old = [ref for ref in self._path.visible() if ref in (self._known or ())][-most:]
        return await self._look("sweep", lambda ref: ref in old)

    def revisit(self, refs: Sequence[MessageRef]) -> None:
        """This fake has no later visits either, but remembers what they were to see."""
        self.revisited += refs

    def is_junk(self, folder: str) -> bool:
        return folder == self._junk

    async def _look(self, name: str, is_shown: Callable[[MessageRef], bool]) -> Look | Failure:
        asked_at = self._path.clock.monotonic()
        visible = self._path.visible()
        failure = await self._script.call(name)
        if failure is not None:
            return failure
        shown = [ref for ref in visible if is_shown(ref)]
        heads = (Head(ref=ref, content=visible[ref][:_HEAD_LENGTH], size=len(visible[ref])) for ref in shown)
        return Look(asked_at=asked_at, answered_at=self._path.clock.monotonic(), heads=tuple(heads))

    async def wait(self, seconds: float) -> Failure | None:
        failure = await self._script.call("wait")
        if failure is not None:
            return failure
        if self.can_push and not self._has_news():
            arrival = self._path.next_arrival()
            if arrival is not None:
                seconds = min(seconds, arrival - self._path.clock.monotonic())
        if not (self.can_push and self._has_news()):
            await self._path.clock.sleep(seconds)
        return None

    def _has_news(self) -> bool:
        return self._known is not None and not self._known.issuperset(self._path.visible())

    async def fetch(self, ref: MessageRef) -> bytes | Failure:
        failure = await self._script.call("fetch")
        return failure if failure is not None else self._path.visible()[ref]

    async def delete(self, refs: Sequence[MessageRef]) -> Failure | None:
        failure = await self._script.call("delete")
        if failure is None:
            self._path.remove(refs)
        return failure

    async def release(self) -> None:
        """Nobody else wants it."""

    async def close(self) -> None:
        await self._script.call("close")
