"""Drives a round trip: performs the actions that `mailtrip.probe.roundtrip` decides on, and makes the result."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import assert_never

from mailtrip.clock import Clock
from mailtrip.model import Failure, MessageRef, Result, StatusCode, Step, Verdict
from mailtrip.probe.compare import compare
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
    Looked,
    LookNow,
    Opened,
    OpenMailbox,
    Pause,
    Submit,
    Submitted,
    Task,
    TimeUp,
    Watch,
)
from mailtrip.probe.ports import Mailbox, Sender
from mailtrip.probe.roundtrip import State, advance, begin
from mailtrip.probe.summary import summarise, summarise_bug
from mailtrip.probe.timeline import Timeline
from mailtrip.probe.trip import Trip

__all__ = ["run_round_trip"]

_CLOSING_SECONDS = 2.0
# The mail clients know the deadline themselves, and can say where they hung: they are given the chance.
_GRACE_SECONDS = 0.25
_HEAD_BYTES = 64 * 1024

Report = Callable[[Exception], None]


async def run_round_trip(
    trip: Trip,
    *,
    sender: Sender,
    mailbox: Mailbox,
    clock: Clock,
    deadline: float,
    timeline: Timeline,
    lag: Callable[[], timedelta] | None = None,
    report: Report | None = None,
) -> Result:
    """Make one round trip. Both sessions are closed at the end, within 2 s, also when cancelled.

    A failing mail server is a result. So is a bug of ours: verdict `UNKNOWN`, status `INTERNAL_ERROR`.

    Args:
        trip: what to send and how to judge it.
        sender: not yet connected; tells its steps to `timeline`.
        mailbox: not yet open; tells its steps to `timeline`.
        clock: for the time of day, durations and pauses.
        deadline: monotonic seconds at which the trip ends, however far it has got.
        timeline: collects the steps.
        lag: asked at the end for the event loop's lag during the run.
        report: is handed the exception of a bug, for the log.
    """
    driver = _Driver(trip, sender, mailbox, clock, deadline, timeline, report or _ignore)
    began = clock.monotonic()
    started_at = clock.now() - timedelta(seconds=began - timeline.started_at)
    outcome, ended = await driver.run()
    duration = timedelta(seconds=ended - timeline.started_at)
    records = tuple(record for record in (mailbox.record, sender.record) if record is not None)
    if isinstance(outcome, Exception):
        conclusion = Conclusion(verdict=Verdict.UNKNOWN, status=StatusCode.INTERNAL_ERROR)
        summary = summarise_bug(outcome)
    else:
        conclusion = outcome
        summary = summarise(
            conclusion,
            smtp=sender.record.server if sender.record else "the SMTP server",
            mailbox=mailbox.record.server if mailbox.record else "the mailbox",
            duration=duration,
        )
    return Result(
        verdict=conclusion.verdict,
        status=conclusion.status,
        step=conclusion.step,
        summary=summary,
        token=trip.token.text,
        message_id=trip.message_id,
        queued_as=conclusion.accepted.reply if conclusion.accepted else None,
        started_at=started_at,
        duration=duration,
        timings=timeline.timings,
        sighting=conclusion.sighting,
        sessions=records,
        lag=lag() if lag else timedelta(0),
    )


@dataclass(frozen=True, slots=True)
class _Driver:
    """The loop around the state machine, for one trip."""

    trip: Trip
    sender: Sender
    mailbox: Mailbox
    clock: Clock
    deadline: float
    timeline: Timeline
    report: Report
    closed: list[Sender | Mailbox] = field(default_factory=list)

    async def run(self) -> tuple[Conclusion | Exception, float]:
        """The conclusion or our bug, and when it was reached; both sessions are closed by then."""
        try:
            async with asyncio.TaskGroup() as closing:
                outcome = await self._conclude(closing)
                ended = self.clock.monotonic()
                self._begin_closing(closing, self.sender, self.mailbox)
        except asyncio.CancelledError:
            self.closed.clear()
            async with asyncio.TaskGroup() as closing:
                self._begin_closing(closing, self.sender, self.mailbox)
            raise
        return outcome, ended

    async def _conclude(self, closing: asyncio.TaskGroup) -> Conclusion | Exception:
        try:
            return await self._drive(closing)
        except Exception as bug:  # noqa: BLE001 - the one place where a bug of ours becomes a verdict
            self.report(bug)
            return bug

    async def _drive(self, closing: asyncio.TaskGroup) -> Conclusion:
        state = begin(
            deadline=self.deadline,
            warning_time=self.trip.warning_time,
            looks=self.trip.looks,
            now=self.clock.monotonic(),
        )
        while not isinstance(task := state.action, Finish):
            event = await self._within_limits(task, state)
            if isinstance(task, Submit):
                self._begin_closing(closing, self.sender)
            following = advance(state, event, self.clock.monotonic())
            self._tell(state, following)
            state = following
        return task.conclusion

    async def _within_limits(self, task: Task, state: State) -> Event:
        remaining = max(0.0, self.deadline - self.clock.monotonic()) + _GRACE_SECONDS
        patience = remaining if state.sent_at is None else self.trip.looks.patience
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

    async def _perform(self, task: Task) -> Event:
        match task:
            case OpenMailbox():
                event: Event = _event_of(await self.mailbox.open(), Opened(self.mailbox.can_push))
            case ConnectSender():
                event = _event_of(await self.sender.connect())
            case Submit():
                event = await self._submit()
            case LookNow():
                event = await self._look()
            case Pause(seconds=seconds):
                await self.clock.sleep(seconds)
                event = Done()
            case Watch(seconds=seconds):
                event = _event_of(await self.mailbox.wait(seconds))
            case Fetch(ref=ref):
                event = await self._fetch(ref)
            case Delete(refs=refs):
                event = _event_of(await self.mailbox.delete(refs))
            case _:
                assert_never(task)
        return event

    async def _submit(self) -> Event:
        outcome = await self.sender.submit(self.trip.envelope, self.trip.message)
        return Failed(outcome) if isinstance(outcome, Failure) else Submitted(outcome)

    async def _look(self) -> Event:
        look = await self.mailbox.look()
        if isinstance(look, Failure):
            return Failed(look)
        own = tuple(head.ref for head in look.heads if self._is_own(head.content))
        return Looked(asked_at=look.asked_at, answered_at=look.answered_at, own=own)

    async def _fetch(self, ref: MessageRef) -> Event:
        content = await self.mailbox.fetch(ref)
        if isinstance(content, Failure):
            return Failed(content)
        if not self._is_own(content):
            reason = "the mailbox server handed out another message than the one asked for"
            return Failed(Failure(step=Step.FETCH, status=StatusCode.MAILBOX_PROTOCOL, reason=reason))
        return Fetched(compare(self.trip.message, content))

    def _is_own(self, content: bytes) -> bool:
        return read_token(content[:_HEAD_BYTES], self.trip.key) == self.trip.token

    def _tell(self, before: State, after: State) -> None:
        """The wait and the look that ended it; a wait that nothing ended has no end."""
        if after.accepted and not before.accepted:
            self.timeline.tell(Step.WAIT, after.accepted.at, None)
        if after.seen and not before.seen:
            if after.accepted:
                self.timeline.tell(Step.WAIT, after.accepted.at, after.seen.answered_at)
            self.timeline.tell(Step.LOOK, after.seen.asked_at, after.seen.answered_at)

    def _begin_closing(self, closing: asyncio.TaskGroup, *sessions: Sender | Mailbox) -> None:
        """Close sessions beside whatever goes on, each once."""
        for session in sessions:
            if session not in self.closed:
                self.closed.append(session)
                closing.create_task(self._close(session))

    async def _close(self, session: Sender | Mailbox) -> None:
        """A session that can't be closed changes nothing in what was found."""
        try:
            async with asyncio.timeout(_CLOSING_SECONDS):
                await session.close()
        except TimeoutError:
            pass
        except Exception as bug:  # noqa: BLE001 - as in `_conclude`; here the verdict stands already
            self.report(bug)


def _event_of(failure: Failure | None, success: Event = Done()) -> Event:  # noqa: B008 - a frozen value
    return success if failure is None else Failed(failure)


def _ignore(_bug: Exception) -> None:
    pass
