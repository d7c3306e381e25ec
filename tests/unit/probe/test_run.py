import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mailtrip.clock import Clock, SystemClock
from mailtrip.model import (
    Failure,
    Look,
    MailProtocol,
    MessageRef,
    Result,
    SessionRecord,
    Severity,
    Sighting,
    StatusCode,
    Step,
    Stray,
    Timing,
    Verdict,
)
from mailtrip.probe.message import make_message
from mailtrip.probe.ports import StrayDesk
from mailtrip.probe.run import Means, run_round_trip
from mailtrip.probe.timeline import Timeline
from mailtrip.probe.token import MessageKey, new_token
from mailtrip.probe.trip import Trip, make_trip
from mailtrip.testing.clock import FakeClock
from mailtrip.testing.fakes import FakeMailbox, FakeMailPath, FakeSender

KEY = MessageKey(b"k" * 32)
START = datetime(2026, 1, 1, 12, tzinfo=UTC)
SMTP_RECORD = SessionRecord(protocol=MailProtocol.SMTP, server="smtp://mx:25", address="192.0.2.1:25", tls=None)
MAILBOX_RECORD = SessionRecord(protocol=MailProtocol.POP3, server="pop3://box:110", address="192.0.2.2:110", tls=None)


def made(protocol: MailProtocol = MailProtocol.POP3, warning_time: timedelta | None = None) -> Trip:
    return make_trip(
        sender="probe@example.com",
        recipient="box@example.net",
        mailbox_protocol=protocol,
        warning_time=warning_time,
        key=KEY,
        token=new_token(KEY, bytes(16)),
        now=START,
        host="mon1",
    )


async def run(
    sender: FakeSender,
    mailbox: FakeMailbox,
    clock: Clock,
    *,
    trip: Trip | None = None,
    seconds: float = 60.0,
    timeline: Timeline | None = None,
    report: Callable[[Exception], None] | None = None,
    lag: Callable[[], timedelta] | None = None,
    desk: StrayDesk | None = None,
) -> Result:
    now = clock.monotonic()
    means = Means(
        make_sender=lambda: sender,
        mailbox=mailbox,
        clock=clock,
        deadline=now + seconds,
        timeline=timeline or Timeline(now),
        report=report,
        desk=desk,
    )
    return await run_round_trip(trip or made(), means, lag=lag)


def failure(step: Step, status: StatusCode, *, temporary: bool = False, unanswered: bool = False) -> Failure:
    return Failure(step=step, status=status, reason="mx: it failed", is_temporary=temporary, is_unanswered=unanswered)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START, autojump=True)


# -- what becomes of the message ----------------------------------------------------------------------------------------


async def test_a_delivered_message_is_found_and_deleted(clock: FakeClock) -> None:
    path = FakeMailPath(clock, visible_after=2.0)
    sender, mailbox = FakeSender(path, record=SMTP_RECORD), FakeMailbox(path, record=MAILBOX_RECORD)

    result = await run(sender, mailbox, clock)

    assert (result.verdict, result.status, result.step) == (Verdict.DELIVERED, StatusCode.OK, None)
    assert result.summary.startswith("Delivered to pop3://box:110 within 2.")
    assert result.queued_as == "250 2.0.0 Ok: queued as 00000001"
    assert result.sessions == (MAILBOX_RECORD, SMTP_RECORD)
    assert path.visible() == {}
    assert len(path.sent) == 1


async def test_the_envelope_and_message_of_the_trip_are_sent(clock: FakeClock) -> None:
    path = FakeMailPath(clock)
    trip = made()

    result = await run(FakeSender(path), FakeMailbox(path), clock, trip=trip)

    assert path.sent == [(trip.envelope, trip.message)]
    assert (result.token, result.message_id) == (trip.token.text, trip.message_id)
    assert trip.message_id.encode() in trip.message


@pytest.mark.parametrize("can_push", [True, False])
@pytest.mark.parametrize("visible_after", [0.0, 0.5, 20.0, 55.0])
async def test_the_message_became_visible_within_the_interval_that_is_reported(
    clock: FakeClock, visible_after: float, *, can_push: bool
) -> None:
    path = FakeMailPath(clock, visible_after=visible_after)
    mailbox = FakeMailbox(path, can_push=can_push, takes={"look": 0.02})

    result = await run(FakeSender(path), mailbox, clock, trip=made(MailProtocol.IMAP))

    assert result.sighting is not None
    visible = timedelta(seconds=visible_after)
    assert result.sighting.not_before <= visible <= result.sighting.not_after
    coarseness = 0.13 if can_push else 0.13 + visible_after / 10
    assert result.sighting.not_after - visible < timedelta(seconds=coarseness)


async def test_the_wait_lasts_from_the_acceptance_to_the_look_that_found_the_message(clock: FakeClock) -> None:
    path = FakeMailPath(clock, visible_after=0.0)
    sender = FakeSender(path, takes={"connect": 1.0, "submit": 2.0})
    mailbox = FakeMailbox(path, takes={"open": 0.5, "look": 0.25})

    result = await run(sender, mailbox, clock)

    assert result.timings == (
        Timing(step=Step.WAIT, offset=timedelta(seconds=3.5), duration=timedelta(seconds=0.35)),
        Timing(step=Step.LOOK, offset=timedelta(seconds=3.6), duration=timedelta(seconds=0.25)),
    )
    assert result.sighting == Sighting(not_before=timedelta(0), not_after=timedelta(seconds=0.35))
    assert (result.started_at, result.duration) == (START, timedelta(seconds=3.85))


async def test_a_missing_message_is_waited_for_until_the_deadline(clock: FakeClock) -> None:
    path = FakeMailPath(clock, copies=0)

    result = await run(FakeSender(path), FakeMailbox(path), clock)

    assert (result.verdict, result.status, result.step) == (Verdict.MISSING, StatusCode.TIMEOUT, Step.WAIT)
    assert result.duration == timedelta(seconds=60)
    assert result.sighting is None
    assert result.duration_of(Step.WAIT) is None


async def test_nothing_is_sent_when_the_mailbox_cannot_be_opened(clock: FakeClock) -> None:
    path = FakeMailPath(clock)
    cause = failure(Step.MAILBOX_LOGIN, StatusCode.MAILBOX_LOGIN)

    result = await run(FakeSender(path), FakeMailbox(path, failures={"open": cause}), clock)

    assert (result.verdict, result.status, result.step) == (Verdict.UNSENT, cause.status, cause.step)
    assert path.sent == []


async def test_a_refused_message_is_not_looked_for(clock: FakeClock) -> None:
    path = FakeMailPath(clock)
    mailbox = FakeMailbox(path)
    cause = failure(Step.SUBMIT, StatusCode.RECIPIENT_REFUSED)

    result = await run(FakeSender(path, failures={"submit": cause}), mailbox, clock)

    assert (result.verdict, result.status) == (Verdict.REFUSED, StatusCode.RECIPIENT_REFUSED)
    assert "look" not in mailbox.calls


@pytest.mark.parametrize(("delivers", "verdict"), [(True, Verdict.DELIVERED), (False, Verdict.UNDECIDED)])
async def test_an_unheard_acceptance_is_decided_by_the_message(
    clock: FakeClock, verdict: Verdict, *, delivers: bool
) -> None:
    path = FakeMailPath(clock)
    cause = failure(Step.SUBMIT, StatusCode.SMTP_PROTOCOL, unanswered=True)
    sender = FakeSender(path, failures={"submit": cause}, delivers_unanswered=delivers)

    result = await run(sender, FakeMailbox(path), clock)

    assert result.verdict is verdict
    assert sender.calls.count("submit") == 1


async def test_a_mailbox_that_comes_back_shows_the_message(clock: FakeClock) -> None:
    path = FakeMailPath(clock, visible_after=10.0)
    lost = failure(Step.LOOK, StatusCode.MAILBOX_PROTOCOL, temporary=True)
    mailbox = FakeMailbox(path, failures={"look": [lost, lost]})

    result = await run(FakeSender(path), mailbox, clock)

    assert (result.verdict, result.status) == (Verdict.DELIVERED, StatusCode.OK)
    assert mailbox.calls.count("open") == 3


async def test_a_late_message_is_slow(clock: FakeClock) -> None:
    path = FakeMailPath(clock, visible_after=5.0)

    result = await run(FakeSender(path), FakeMailbox(path), clock, trip=made(warning_time=timedelta(seconds=4)))

    assert (result.verdict, result.status, result.step) == (Verdict.SLOW, StatusCode.SLOW, Step.WAIT)


async def test_a_footer_makes_a_message_altered(clock: FakeClock) -> None:
    path = FakeMailPath(clock, alter=lambda content: content + b"-- \r\nscanned\r\n")

    result = await run(FakeSender(path), FakeMailbox(path), clock)

    assert (result.verdict, result.status) == (Verdict.ALTERED, StatusCode.ALTERED)
    assert '"-- scanned"' in result.summary


@pytest.mark.parametrize("protocol", [MailProtocol.POP3, MailProtocol.IMAP])
async def test_each_copy_is_kept_with_its_name_and_its_times(clock: FakeClock, protocol: MailProtocol) -> None:
    path = FakeMailPath(clock, visible_after=0.0, copies=2, apart=0.3)
    mailbox = FakeMailbox(path, takes={"look": 0.1, "fetch": 0.2, "delete": 0.2, "open": 0.5})

    result = await run(FakeSender(path), mailbox, clock, trip=made(protocol))

    # Over POP3 there is no look after the deletion, which would have shown the second one.
    copies = 1 if protocol is MailProtocol.POP3 else 2
    accepted = START + timedelta(seconds=0.5)
    assert [copy.key for copy in result.found] == ["1", "2"][:copies]
    for number, copy in enumerate(result.found):
        assert copy.not_before <= accepted + number * timedelta(seconds=0.3) <= copy.not_after
        assert copy.deleted_at is not None
        assert copy.deleted_at > copy.not_after
    assert result.found[0].not_before == accepted
    assert ("2 copies came in, the last " in result.summary) is (copies == 2)


async def test_what_the_last_server_wrote_into_a_copy_tells_when_it_took_it(clock: FakeClock) -> None:
    trace = b"Received: from a by b; Thu, 1 Jan 2026 12:00:07 +0000\r\nReceived: from c by a; Thu, 1 Jan 2026 11:00:00 +0000\r\n"
    path = FakeMailPath(clock, alter=lambda content: trace + content)

    result = await run(FakeSender(path), FakeMailbox(path), clock)

    assert [copy.stamped_at for copy in result.found] == [START + timedelta(seconds=7)]
    assert [copy.received_at for copy in result.found] == [None]


async def test_all_copies_are_counted_and_deleted(clock: FakeClock) -> None:
    path = FakeMailPath(clock, copies=3)

    result = await run(FakeSender(path), FakeMailbox(path), clock)

    assert result.verdict is Verdict.DOUBLED
    assert "3 copies" in result.summary
    assert path.visible() == {}


# -- the messages of others ---------------------------------------------------------------------------------------------


def foreign_messages() -> list[bytes]:
    ours = made().message
    return [
        b"Subject: hello\r\n\r\nhello\r\n",
        ours.replace(made().token.text.encode(), new_token(MessageKey(b"x" * 32), bytes(16)).text.encode()),
        make_message(
            sender="probe@example.com",
            recipient="b@example.net",
            token=new_token(KEY, b"1" * 16),
            now=START,
            host="mon1",
        ),
        b"Content-Type: multipart/report\r\n\r\nundeliverable:\r\n" + ours,
        b"",
    ]


async def test_the_messages_of_others_are_left_alone(clock: FakeClock) -> None:
    path = FakeMailPath(clock, visible_after=3.0)
    refs = {path.put(content, after=after) for content in foreign_messages() for after in (0.0, 1.0, 3.0)}

    result = await run(FakeSender(path), FakeMailbox(path), clock)

    assert result.verdict is Verdict.DELIVERED
    assert set(path.visible()) == refs


async def test_a_report_about_the_message_is_no_delivery(clock: FakeClock) -> None:
    path = FakeMailPath(clock, alter=lambda content: b"Content-Type: multipart/report\r\n\r\nfailed:\r\n" + content)

    result = await run(FakeSender(path), FakeMailbox(path), clock)

    assert result.verdict is Verdict.MISSING
    assert path.deleted == []


class Desk:
    """Lets go of the messages of some tokens, and remembers what it is told of."""

    def __init__(self, *free: str) -> None:
        self.free = free
        self.strays: list[Stray] = []

    async def settle(self, strays: Sequence[Stray]) -> Collection[str]:
        self.strays += strays
        return self.free


def message_of(number: int) -> tuple[str, bytes]:
    """The token and the message of another run."""
    token = new_token(KEY, number.to_bytes(16))
    content = make_message(sender="p@example.com", recipient="b@example.net", token=token, now=START, host="mon1")
    return token.text, content


async def test_what_the_ledger_lets_go_is_deleted_and_what_it_does_not_is_to_be_seen_again(clock: FakeClock) -> None:
    path = FakeMailPath(clock, visible_after=1.0)
    (gone, first), (stays, second) = message_of(1), message_of(2)
    old, new = path.put(first), path.put(second, after=0.5)
    mailbox, desk = FakeMailbox(path, takes={"look": 0.25, "sweep": 0.25}), Desk(gone)

    result = await run(FakeSender(path), mailbox, clock, desk=desk)

    assert result.verdict is Verdict.DELIVERED
    assert set(path.visible()) == {new}
    assert old in path.deleted
    assert mailbox.revisited == [new]
    found = {stray.token: stray for stray in desk.strays}
    assert set(found) == {gone, stays}
    assert all(stray.seen_at - stray.asked_at == timedelta(seconds=0.25) for stray in desk.strays)


async def test_a_message_that_could_not_be_deleted_is_to_be_seen_again(clock: FakeClock) -> None:
    path = FakeMailPath(clock)
    refused = failure(Step.DELETE, StatusCode.DELETE_FAILED)
    mailbox = FakeMailbox(path, failures={"delete": refused})

    result = await run(FakeSender(path), mailbox, clock, desk=Desk())

    assert result.left_behind == 1
    assert mailbox.revisited == list(path.visible())


class WrongFetch(FakeMailbox):
    """A mailbox that hands out another message than the one that was asked for."""

    async def fetch(self, ref: MessageRef) -> bytes | Failure:
        return await super().fetch(ref) and b"Subject: hello\r\n\r\nhello\r\n"


async def test_a_message_that_turns_out_to_be_another_is_not_deleted(clock: FakeClock) -> None:
    path = FakeMailPath(clock)

    result = await run(FakeSender(path), WrongFetch(path), clock)

    assert (result.status, result.step) == (StatusCode.MAILBOX_PROTOCOL, Step.FETCH)
    assert path.deleted == []


# -- time ---------------------------------------------------------------------------------------------------------------


class Hanging(FakeMailbox):
    """A mailbox one of whose methods never returns."""

    def __init__(self, path: FakeMailPath, *, hangs: str) -> None:
        super().__init__(path)
        self.hangs = hangs

    async def _hang(self, name: str) -> None:
        if name == self.hangs:
            await asyncio.Event().wait()

    async def open(self) -> Failure | None:
        await self._hang("open")
        return await super().open()

    async def look(self, *, everywhere: bool = False) -> Look | Failure:
        await self._hang("look")
        return await super().look(everywhere=everywhere)

    async def delete(self, refs: Sequence[MessageRef]) -> Failure | None:
        await self._hang("delete")
        return await super().delete(refs)

    async def close(self) -> None:
        await self._hang("close")
        await super().close()


@pytest.mark.parametrize(
    ("hangs", "verdict", "step"),
    [
        ("open", Verdict.UNSENT, Step.MAILBOX_OPEN),
        ("look", Verdict.MISSING, Step.WAIT),
        ("delete", Verdict.DELIVERED, Step.DELETE),
    ],
)
async def test_a_client_that_ignores_the_deadline_is_cut_off(hangs: str, verdict: Verdict, step: Step) -> None:
    clock = SystemClock()
    path = FakeMailPath(clock, visible_after=0.0)
    mailbox = Hanging(path, hangs=hangs)
    began = time.monotonic()

    result = await run(FakeSender(path), mailbox, clock, seconds=0.3)

    assert (result.verdict, result.status, result.step) == (verdict, StatusCode.TIMEOUT, step)
    assert time.monotonic() - began < 20


async def test_a_session_that_cannot_be_closed_holds_the_result_up_for_two_seconds_at_most() -> None:
    clock = SystemClock()
    path = FakeMailPath(clock, visible_after=0.0)
    mailbox = Hanging(path, hangs="close")
    began = time.monotonic()

    result = await run(FakeSender(path), mailbox, clock)

    assert result.verdict is Verdict.DELIVERED
    assert result.duration < timedelta(seconds=1)
    assert time.monotonic() - began < 20


async def test_the_sender_is_closed_while_the_message_is_waited_for(clock: FakeClock) -> None:
    path = FakeMailPath(clock, visible_after=3.0)
    sender = FakeSender(path, takes={"close": 2.0})

    result = await run(sender, FakeMailbox(path), clock)

    assert sender.calls == ["connect", "submit", "close"]
    assert result.duration < timedelta(seconds=4)


@pytest.mark.parametrize(
    "failures",
    [
        {"open": failure(Step.MAILBOX_CONNECT, StatusCode.CONNECTION_FAILED)},
        {"delete": failure(Step.DELETE, StatusCode.MAILBOX_PROTOCOL)},
    ],
)
async def test_both_sessions_are_closed_once_however_the_trip_ends(
    clock: FakeClock, failures: dict[str, Failure]
) -> None:
    path = FakeMailPath(clock)
    sender, mailbox = FakeSender(path), FakeMailbox(path, failures=failures)

    await run(sender, mailbox, clock)

    assert sender.calls.count("close") == sender.calls.count("connect")
    assert mailbox.calls.count("close") == 1


async def test_both_sessions_are_closed_when_the_run_is_cancelled() -> None:
    clock = FakeClock(START)
    path = FakeMailPath(clock, copies=0)
    sender, mailbox = FakeSender(path), FakeMailbox(path)
    task = asyncio.create_task(run(sender, mailbox, clock))
    await clock.advance(10)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert (sender.calls[-1], mailbox.calls[-1]) == ("close", "close")


class Silent(Hanging):
    """A mailbox whose first look never returns: the connection is dead without a sign."""

    async def look(self, *, everywhere: bool = False) -> Look | Failure:
        hangs, self.hangs = self.hangs, ""
        if hangs:
            await asyncio.Event().wait()
        return await super().look(everywhere=everywhere)


async def test_a_dead_connection_is_given_up_long_before_the_deadline() -> None:
    clock = SystemClock()
    path = FakeMailPath(clock, visible_after=0.5)
    mailbox = Silent(path, hangs="look")

    trip = made(MailProtocol.IMAP)

    result = await run(FakeSender(path), mailbox, clock, trip=replace(trip, looks=replace(trip.looks, patience=0.2)))

    assert (result.verdict, result.status) == (Verdict.DELIVERED, StatusCode.OK)
    assert mailbox.calls.count("open") == 2


@pytest.mark.parametrize(("login_gap", "opened"), [(0.01, 1), (0.0, 2)])
async def test_a_login_that_has_to_be_waited_for_is_no_dead_connection(login_gap: float, opened: int) -> None:
    clock = SystemClock()
    path = FakeMailPath(clock)
    mailbox = FakeMailbox(path, takes={"look": 0.5})
    trip = made()
    looks = replace(trip.looks, patience=0.2, minimum=login_gap, login_gap=login_gap)

    await run(FakeSender(path), mailbox, clock, trip=replace(trip, looks=looks), seconds=1.0)

    assert min(mailbox.calls.count("open"), 2) == opened


async def test_the_lag_during_the_run_is_kept_with_the_result(clock: FakeClock) -> None:
    path = FakeMailPath(clock)

    result = await run(FakeSender(path), FakeMailbox(path), clock, lag=lambda: timedelta(milliseconds=7))

    assert result.lag == timedelta(milliseconds=7)


async def test_the_run_counts_from_the_start_of_its_timeline(clock: FakeClock) -> None:
    timeline = Timeline(clock.monotonic())
    await clock.sleep(1.5)
    path = FakeMailPath(clock, visible_after=0.0)

    result = await run(FakeSender(path), FakeMailbox(path), clock, timeline=timeline)

    assert result.started_at == START
    assert result.duration == timedelta(seconds=1.6)


# -- bugs of our own ----------------------------------------------------------------------------------------------------


class Broken(FakeMailbox):
    """A mailbox with a bug in one of its methods."""

    def __init__(self, path: FakeMailPath, *, breaks: str, bug: Exception) -> None:
        super().__init__(path)
        self._breaks = breaks
        self._bug = bug

    def _break(self, name: str) -> None:
        if name == self._breaks:
            raise self._bug

    async def open(self) -> Failure | None:
        self._break("open")
        return await super().open()

    async def look(self, *, everywhere: bool = False) -> Look | Failure:
        self._break("look")
        return await super().look(everywhere=everywhere)

    async def close(self) -> None:
        self._break("close")
        await super().close()


@pytest.mark.parametrize("breaks", ["open", "look"])
@pytest.mark.parametrize("bug", [KeyError("hunter2"), TimeoutError("hunter2"), OSError("hunter2")])
async def test_a_bug_of_ours_is_never_held_against_the_mail_server(
    clock: FakeClock, breaks: str, bug: Exception
) -> None:
    path = FakeMailPath(clock)
    sender = FakeSender(path)
    reported: list[Exception] = []

    result = await run(sender, Broken(path, breaks=breaks, bug=bug), clock, report=reported.append)

    assert (result.verdict, result.status, result.step) == (Verdict.UNKNOWN, StatusCode.INTERNAL_ERROR, None)
    assert result.status.severity is Severity.UNKNOWN
    assert type(bug).__name__ in result.summary
    assert "hunter2" not in result.summary
    assert reported == [bug]
    assert sender.calls[-1:] == ([] if breaks == "open" else ["close"])


async def test_a_bug_while_closing_is_reported_and_leaves_the_verdict_alone(clock: FakeClock) -> None:
    path = FakeMailPath(clock)
    bug = KeyError("x")
    reported: list[Exception] = []

    result = await run(FakeSender(path), Broken(path, breaks="close", bug=bug), clock, report=reported.append)

    assert result.verdict is Verdict.DELIVERED
    assert reported == [bug]
