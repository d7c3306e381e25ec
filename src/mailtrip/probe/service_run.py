"""One check of a server: performs what `mailtrip.probe.service_check` decides, and makes the result of what it found."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from mailtrip.clock import Clock
from mailtrip.model import Failure, MailProtocol, Result, Server, StatusCode, Step, Verdict
from mailtrip.probe.expectations import Expectations, find_shortfalls, judge
from mailtrip.probe.moves import Conclusion, Finish, Pause
from mailtrip.probe.ports import Checkable
from mailtrip.probe.proof import find_proof
from mailtrip.probe.service_check import Answered, CheckEvent, advance, begin, find_missing
from mailtrip.probe.summary import summarise_bug, summarise_check
from mailtrip.probe.timeline import Timeline

__all__ = ["CheckMeans", "Stopwatch", "run_check"]

_CLOSING_SECONDS = 2.0
# The mail clients know the deadline themselves, and can say where they hung: they are given the chance.
_GRACE_SECONDS = 0.25


class Stopwatch:
    """An observer of steps between the mail client and the timeline: adds up what a server's answers took.

    Args:
        timeline: is told of the same steps.
    """

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.seconds = 0.0
        self.step: Step | None = None

    def __call__(self, step: Step, began: float, ended: float | None) -> None:
        """The observer of the mail client."""
        self.step = step
        self.seconds += 0.0 if ended is None else ended - began
        self.timeline(step, began, ended)

    def reset(self) -> None:
        """Begin anew, with another call."""
        self.seconds = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckMeans:
    """What a check is made with.

    Attributes:
        server: to be checked.
        client: speaks with it, not yet connected; its observer is `stopwatch`.
        deadline: monotonic seconds at which the check ends, however far it has got.
        report: is handed the exception of a bug, for the log.
    """

    server: Server
    client: Checkable
    stopwatch: Stopwatch
    clock: Clock
    deadline: float
    warning_time: timedelta | None = None
    expectations: Expectations = field(default_factory=Expectations)
    capabilities: tuple[str, ...] = ()
    report: Callable[[Exception], None] | None = None


async def run_check(means: CheckMeans, *, lag: Callable[[], timedelta] | None = None) -> Result:
    """Make one check. The session is closed at the end, within 2 s, also when cancelled.

    A failing server is a result. So is a bug of ours: verdict `UNKNOWN`, status `INTERNAL_ERROR`.

    Args:
        means: what to do it with.
        lag: asked at the end for the event loop's lag during the run.
    """
    timeline, clock = means.stopwatch.timeline, means.clock
    started_at = clock.now() - timedelta(seconds=clock.monotonic() - timeline.started_at)
    try:
        outcome = await _conclude(means)
        ended = clock.monotonic()
    finally:
        await _close(means)
    conclusion, summary = _judge(means, outcome, duration := timedelta(seconds=ended - timeline.started_at))
    record = means.client.record
    records = () if record is None else (record,)
    return Result(
        verdict=conclusion.verdict,
        status=conclusion.status,
        step=conclusion.step,
        summary=summary,
        proof=find_proof(conclusion, records),
        started_at=started_at,
        duration=duration,
        timings=timeline.timings,
        sessions=records,
        lag=lag() if lag else timedelta(0),
    )


def _judge(means: CheckMeans, outcome: Conclusion | Exception, duration: timedelta) -> tuple[Conclusion, str]:
    """The conclusion, weighed against what is expected, and its sentence."""
    if isinstance(outcome, Exception):
        return Conclusion(verdict=Verdict.UNKNOWN, status=StatusCode.INTERNAL_ERROR), summarise_bug(outcome)
    record, server = means.client.record, means.server
    records = () if record is None else (record,)
    missing = find_missing(means.capabilities, means.client.offered, server.protocol)
    others = find_shortfalls(means.expectations, None, records, now=means.clock.now())
    shortfalls = (*others, *missing) if outcome.verdict is Verdict.ANSWERS else ()
    conclusion = judge(outcome, shortfalls)
    summary = summarise_check(
        conclusion,
        server=server.url,
        answered_in=timedelta(seconds=means.stopwatch.seconds),
        duration=duration,
        shortfalls=[each.text for each in shortfalls],
    )
    return conclusion, summary


async def _conclude(means: CheckMeans) -> Conclusion | Exception:
    try:
        return await _drive(means)
    except Exception as bug:  # noqa: BLE001 - the one place where a bug of ours becomes a verdict
        _report(means, bug)
        return bug


async def _drive(means: CheckMeans) -> Conclusion:
    state = begin(deadline=means.deadline, warning_time=means.warning_time)
    while not isinstance(action := state.action, Finish):
        event: CheckEvent = None
        if isinstance(action, Pause):
            await means.client.close()
            await means.clock.sleep(action.seconds)
        else:
            event = await _call(means)
        state = advance(state, event, means.clock.monotonic())
    return action.conclusion


async def _call(means: CheckMeans) -> CheckEvent:
    means.stopwatch.reset()
    remaining = max(0.0, means.deadline - means.clock.monotonic()) + _GRACE_SECONDS
    try:
        async with asyncio.timeout(remaining) as limit:
            failure: Failure | None = await means.client.check()
    except TimeoutError:
        if not limit.expired():
            raise
        return means.stopwatch.step or _first_step(means.server)
    return Answered(means.stopwatch.seconds) if failure is None else failure


def _first_step(server: Server) -> Step:
    return Step.RESOLVE if server.protocol is MailProtocol.SMTP else Step.MAILBOX_RESOLVE


async def _close(means: CheckMeans) -> None:
    """A session that can't be closed changes nothing in what was found."""
    try:
        async with asyncio.timeout(_CLOSING_SECONDS):
            await means.client.close()
    except TimeoutError:
        pass
    except Exception as bug:  # noqa: BLE001 - as in `_conclude`; here the verdict stands already
        _report(means, bug)


def _report(means: CheckMeans, bug: Exception) -> None:
    if means.report is not None:
        means.report(bug)
