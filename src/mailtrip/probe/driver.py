"""The loop around the state machine of a round trip: performs the actions that `mailtrip.probe.roundtrip` decides on."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import assert_never

from mailtrip.clock import Clock
from mailtrip.model import (
    Accepted,
    Failure,
    Look,
    MessageFacts,
    MessageRef,
    SessionRecord,
    StatusCode,
    Step,
    Stray,
)
from mailtrip.probe.bounce import parse_bounce
from mailtrip.probe.compare import compare
from mailtrip.probe.facts import read_facts
from mailtrip.probe.message import read_token
from mailtrip.probe.moves import (
    Conclusion,
    ConnectSender,
    Delete,
    Done,
    Event,
    Failed,
    Fetch,
    Fetched,
    Finish,
    LookBack,
    Looked,
    LookNow,
    Opened,
    OpenMailbox,
    Pause,
    ReadReport,
    Reported,
    Submit,
    Submitted,
    Task,
    TimeUp,
    Watch,
)
from mailtrip.probe.ports import Mailbox, Sender, StrayDesk
from mailtrip.probe.roundtrip import State, advance, begin, resume
from mailtrip.probe.stamps import ServerTimes, times_of
from mailtrip.probe.timeline import Timeline
from mailtrip.probe.token import find_tokens
from mailtrip.probe.trip import Trip

__all__ = ["Means", "Resumption", "TripDriver"]

_CLOSING_SECONDS = 2.0
# The mail clients know the deadline themselves, and can say where they hung: they are given the chance.
_GRACE_SECONDS = 0.25
_SWEEP_SECONDS = 10.0
_MOST_SWEPT = 50
_HEAD_BYTES = 64 * 1024
_MOST_SESSIONS = 4


@dataclass(frozen=True, slots=True)
class Resumption:
    """A trip that an earlier process began: its message may have been sent, and is only looked for.

    Attributes:
        accepted: what the ledger knows of its acceptance, the time carried over to this process's clock.
    """

    accepted: Accepted | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a trip is made with.

    Attributes:
        make_sender: makes a sender, not yet connected; asked again when the server has put the message off.
        mailbox: not yet open.
        deadline: monotonic seconds at which the trip ends, however far it has got.
        mailbox_host: the mailbox server's name: its word on the message's authentication counts.
        timeline: collects the steps; the mail clients tell it theirs.
        desk: is told of messages with valid tokens of other runs; without it they are left alone.
        on_accepted: told at once when the SMTP server has taken the message; never waits, never fails.
        report: is handed the exception of a bug, for the log.
    """

    make_sender: Callable[[], Sender]
    mailbox: Mailbox
    clock: Clock
    deadline: float
    timeline: Timeline
    mailbox_host: str | None = None
    desk: StrayDesk | None = None
    on_accepted: Callable[[Accepted], None] | None = None
    report: Callable[[Exception], None] | None = None


@dataclass(slots=True)
class TripDriver:
    """Drives one trip.

    Attributes:
        facts: what the message that was found tells; None before it was fetched.
        times: what servers told of the times of the trip's messages.
    """

    trip: Trip
    means: Means
    resumption: Resumption | None = None
    facts: MessageFacts | None = None
    times: dict[MessageRef, ServerTimes] = field(default_factory=dict)
    _senders: list[Sender] = field(default_factory=list)
    _left_behind: Sequence[MessageRef] = ()
    _strays: dict[MessageRef, Stray] = field(default_factory=dict)
    _closed: list[Sender | Mailbox] = field(default_factory=list)

    @property
    def records(self) -> tuple[SessionRecord, ...]:
        """The mailbox's sessions as one record, and the last SMTP sessions, oldest first."""
        records = [self.means.mailbox.record, *(sender.record for sender in self._senders[-_MOST_SESSIONS:])]
        return tuple(record for record in records if record is not None)

    def moment_of(self, at: float) -> datetime:
        """The time of day of a monotonic time."""
        clock = self.means.clock
        return clock.now() - timedelta(seconds=clock.monotonic() - at)

    async def run(self) -> tuple[Conclusion | Exception, float]:
        """The conclusion or our bug, and when it was reached (monotonic); all sessions are closed by then."""
        try:
            async with asyncio.TaskGroup() as closing:
                outcome = await self._conclude(closing)
                ended = self.means.clock.monotonic()
                await self._sweep()
                self._begin_closing(closing, *self._senders, self.means.mailbox)
        except asyncio.CancelledError:
            self._closed.clear()
            async with asyncio.TaskGroup() as closing:
                self._begin_closing(closing, *self._senders, self.means.mailbox)
            raise
        return outcome, ended

    # -- The loop -----------------------------------------------------------------------------------------------------

    async def _conclude(self, closing: asyncio.TaskGroup) -> Conclusion | Exception:
        try:
            return await self._drive(closing)
        except Exception as bug:  # noqa: BLE001 - the one place where a bug of ours becomes a verdict
            self._report(bug)
            return bug

    async def _drive(self, closing: asyncio.TaskGroup) -> Conclusion:
        state = self._begin()
        while not isinstance(task := state.action, Finish):
            event = await self._within_limits(task, state)
            if isinstance(task, ConnectSender | Submit) and not (isinstance(task, ConnectSender) and event == Done()):
                self._begin_closing(closing, *self._senders)
            following = advance(state, event, self.means.clock.monotonic())
            self._tell(state, following)
            state = following
        self._left_behind = [seen.ref for seen in task.conclusion.found if seen.deleted_at is None]
        return task.conclusion

    def _begin(self) -> State:
        trip, means = self.trip, self.means
        now = means.clock.monotonic()
        if self.resumption is None:
            return begin(deadline=means.deadline, warning_time=trip.warning_time, looks=trip.looks, now=now)
        return resume(
            deadline=means.deadline,
            warning_time=trip.warning_time,
            looks=trip.looks,
            now=now,
            accepted=self.resumption.accepted,
        )

    async def _within_limits(self, task: Task, state: State) -> Event:
        remaining = max(0.0, self.means.deadline - self.means.clock.monotonic()) + _GRACE_SECONDS
        patience = remaining if state.sent_at is None or self._may_wait(task) else self.trip.looks.patience
        if isinstance(task, Pause | Watch):
            patience += task.seconds
        try:
            async with asyncio.timeout(min(remaining, patience)) as limit:
                return await self._perform(task)
        except TimeoutError:
            if not limit.expired():
                raise
        if patience >= remaining:
            return TimeUp()
        reason = f"no answer within {patience:.0f} s"
        return Failed(Failure(step=task.step, status=StatusCode.TIMEOUT, reason=reason, is_temporary=True))

    def _may_wait(self, task: Task) -> bool:
        """Whether a login has to be waited for, perhaps for long: other runs of the mailbox need theirs."""
        looks = self.trip.looks
        return looks.login_gap > 0 and (looks.minimum > 0 or isinstance(task, OpenMailbox))

    async def _perform(self, task: Task) -> Event:
        mailbox = self.means.mailbox
        match task:
            case OpenMailbox():
                event: Event = _event_of(await mailbox.open(), Opened(mailbox.can_push))
            case ConnectSender():
                event = await self._connect()
            case Submit():
                event = await self._submit()
            case LookNow() | LookBack():
                event = await self._look(task)
            case Pause(seconds=seconds):
                await self.means.clock.sleep(seconds)
                event = Done()
            case Watch(seconds=seconds):
                event = _event_of(await mailbox.wait(seconds))
            case Fetch() | ReadReport():
                event = await self._fetch(task)
            case Delete(refs=refs):
                event = _event_of(await mailbox.delete(refs))
            case _:
                assert_never(task)
        return event

    async def _connect(self) -> Event:
        sender = self.means.make_sender()
        self._senders.append(sender)
        return _event_of(await sender.connect())

    async def _submit(self) -> Event:
        outcome = await self._senders[-1].submit(self.trip.envelope, self.trip.message)
        if isinstance(outcome, Failure):
            return Failed(outcome)
        if self.means.on_accepted is not None:
            self.means.on_accepted(outcome)
        return Submitted(outcome)

    # -- What the mailbox shows ---------------------------------------------------------------------------------------

    async def _look(self, task: LookNow | LookBack) -> Event:
        mailbox = self.means.mailbox
        match task:
            case LookNow(everywhere=everywhere):
                look = await mailbox.look(everywhere=everywhere)
            case LookBack():
                look = await mailbox.look_back(_MOST_SWEPT)
        if isinstance(look, Failure):
            return Failed(look)
        own = tuple(head.ref for head in look.heads if self._is_own(head.content))
        spam = frozenset(ref for ref in own if self.means.mailbox.is_junk(ref.folder))
        about = tuple(head.ref for head in look.heads if head.ref not in own and self._is_about(head.content))
        self.times.update((head.ref, times_of(head)) for head in look.heads if head.ref in own)
        self._note_strays(look)
        if not own and not about:
            await mailbox.release()
        return Looked(asked_at=look.asked_at, answered_at=look.answered_at, own=own, spam=spam, about=about)

    async def _fetch(self, task: Fetch | ReadReport) -> Event:
        content = await self.means.mailbox.fetch(task.ref)
        if isinstance(content, Failure):
            return Failed(content)
        if isinstance(task, ReadReport):
            bounce = parse_bounce(content, self.trip.key)
            return Reported(bounce if bounce is not None and bounce.token == self.trip.token.text else None)
        if not self._is_own(content):
            reason = "the mailbox server handed out another message than the one asked for"
            return Failed(Failure(step=Step.FETCH, status=StatusCode.MAILBOX_PROTOCOL, reason=reason))
        self.facts = self._read_facts(content, task.ref.folder)
        return Fetched(compare(self.trip.message, content))

    def _is_own(self, content: bytes) -> bool:
        return read_token(content[:_HEAD_BYTES], self.trip.key) == self.trip.token

    def _is_about(self, content: bytes) -> bool:
        return self.trip.token in find_tokens(content[:_HEAD_BYTES], self.trip.key)

    def _read_facts(self, content: bytes, folder: str) -> MessageFacts:
        return read_facts(
            content,
            sent_at=self.moment_of(self.means.timeline.started_at),
            seen_at=self.means.clock.now(),
            receiving_host=self.means.mailbox_host,
            folder=folder,
        )

    # -- Messages of other runs ---------------------------------------------------------------------------------------

    def _note_strays(self, look: Look) -> None:
        for head in look.heads:
            token = read_token(head.content[:_HEAD_BYTES], self.trip.key)
            if token is not None and token != self.trip.token:
                times = times_of(head)
                self._strays[head.ref] = Stray(
                    token=token.text,
                    folder=head.ref.folder,
                    key=head.ref.key,
                    uidvalidity=head.ref.uidvalidity,
                    received_at=times.received_at,
                    stamped_at=times.stamped_at,
                    asked_at=self.moment_of(look.asked_at),
                    seen_at=self.moment_of(look.answered_at),
                )

    async def _sweep(self) -> None:
        """Look for leftovers of other runs and delete those that nobody waits for; whatever happens, the verdict stands."""
        if self.means.desk is None:
            return
        seconds = min(_SWEEP_SECONDS + self.trip.looks.minimum, self.means.deadline - self.means.clock.monotonic())
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._sweep_with(self.means.desk)
        except TimeoutError:
            pass
        except Exception as bug:  # noqa: BLE001 - as in `_conclude`; here the verdict stands already
            self._report(bug)

    async def _sweep_with(self, desk: StrayDesk) -> None:
        mailbox = self.means.mailbox
        look = await mailbox.sweep(_MOST_SWEPT)
        if isinstance(look, Failure):
            return
        self._note_strays(look)
        mailbox.revisit(self._left_behind)
        if not self._strays:
            return
        free: Collection[str] = ()
        try:
            free = await desk.settle(tuple(self._strays.values()))
        finally:
            mailbox.revisit([ref for ref, stray in self._strays.items() if stray.token not in free])
        refs = [ref for ref, stray in self._strays.items() if stray.token in free]
        if refs:
            await mailbox.delete(refs)

    # -- Beside the way -----------------------------------------------------------------------------------------------

    def _tell(self, before: State, after: State) -> None:
        """The wait and the look that ended it; a wait that nothing ended has no end."""
        timeline = self.means.timeline
        if after.accepted and not before.accepted:
            timeline.tell(Step.WAIT, after.accepted.at, None)
        if after.seen and not before.seen:
            if after.accepted:
                timeline.tell(Step.WAIT, after.accepted.at, after.seen.answered_at)
            timeline.tell(Step.LOOK, after.seen.asked_at, after.seen.answered_at)

    def _begin_closing(self, closing: asyncio.TaskGroup, *sessions: Sender | Mailbox) -> None:
        """Close sessions beside whatever goes on, each once."""
        for session in sessions:
            if session not in self._closed:
                self._closed.append(session)
                closing.create_task(self._close(session))

    async def _close(self, session: Sender | Mailbox) -> None:
        """A session that can't be closed changes nothing in what was found."""
        try:
            async with asyncio.timeout(_CLOSING_SECONDS):
                await session.close()
        except TimeoutError:
            pass
        except Exception as bug:  # noqa: BLE001 - as in `_conclude`; here the verdict stands already
            self._report(bug)

    def _report(self, bug: Exception) -> None:
        if self.means.report is not None:
            self.means.report(bug)


def _event_of(failure: Failure | None, success: Event = Done()) -> Event:  # noqa: B008 - a frozen value
    return success if failure is None else Failed(failure)
