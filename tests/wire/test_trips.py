"""Whole round trips against the loopback server: what each fault becomes, over POP3 and over IMAP."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from mailtrip.bootstrap.prober import Prober
from mailtrip.clock import SystemClock
from mailtrip.mail import MailClient
from mailtrip.model import Credentials, MailProtocol, MonitorSettings, Result, StatusCode, Step, Verdict
from mailtrip.probe.token import MessageKey, new_token
from mailtrip.testing.faults import (
    AcceptThenDrop,
    Action,
    Delay,
    Delivery,
    Drop,
    EndlessLine,
    Fault,
    Garbage,
    Hang,
    Reply,
    Reset,
    Trickle,
)
from mailtrip.testing.server import LoopbackServer

SMTP, POP3, IMAP = MailProtocol.SMTP, MailProtocol.POP3, MailProtocol.IMAP
BOTH = pytest.mark.parametrize("protocol", [POP3, IMAP])
USER = "probe@mail.test"
LOGIN = Credentials(username=USER, password="correct horse")
KEY = MessageKey(b"k" * 32)

FORGED = new_token(MessageKey(b"x" * 32), bytes(16)).text.encode()
EARLIER = new_token(KEY, bytes(16)).text.encode()
FOREIGN = (
    b"Subject: hello\r\n\r\nhello\r\n",
    b"Subject: Mail delivery check of 2026-03-01 09:05 UTC\r\nX-Mailtrip-Token: " + FORGED + b"\r\n\r\nours?\r\n",
    b"Subject: another run\r\nX-Mailtrip-Token: " + EARLIER + b"\r\n\r\nnot of this run\r\n",
)


@pytest.fixture
def bugs() -> Iterator[list[Exception]]:
    """Every test ends with the proof that none of its faults was our own."""
    found: list[Exception] = []
    yield found
    assert found == []


@pytest.fixture
def prober(bugs: list[Exception]) -> Iterator[Prober]:
    client = MailClient(clock=SystemClock(), client_name="client.mail.test")
    yield Prober(client=client, key=KEY, clock=SystemClock(), report=bugs.append)
    client.close()


def serve(*faults: Fault, delivery: Delivery | None = None) -> LoopbackServer:
    return LoopbackServer({USER: LOGIN.password}, faults=faults, delivery=delivery)


async def make_trip(prober: Prober, server: LoopbackServer, protocol: MailProtocol, *, seconds: float = 20.0) -> Result:
    settings = MonitorSettings(
        name="trip",
        plan_code="UBM",
        email=USER,
        smtp_server=server.url("smtp"),
        mailbox_protocol=protocol,
        mailbox_server=server.url(protocol.value),
        timeout=timedelta(seconds=seconds),
        warning_time=timedelta(seconds=1),
    )
    return await prober.run(settings, mailbox_credentials=LOGIN, smtp_credentials=None)


def contents(server: LoopbackServer) -> list[bytes]:
    return [message.content for message in server.mailbox(USER).folders["INBOX"].messages]


STEPS = (
    Step.MAILBOX_RESOLVE,
    Step.MAILBOX_CONNECT,
    Step.MAILBOX_GREETING,
    Step.MAILBOX_LOGIN,
    Step.MAILBOX_OPEN,
    Step.RESOLVE,
    Step.CONNECT,
    Step.GREETING,
    Step.SUBMIT,
    Step.WAIT,
    Step.LOOK,
    Step.FETCH,
    Step.DELETE,
)


@BOTH
async def test_a_good_trip_tells_every_step_once(prober: Prober, protocol: MailProtocol) -> None:
    async with serve() as server:
        result = await make_trip(prober, server, protocol)

    assert (result.verdict, result.status, result.step) == (Verdict.DELIVERED, StatusCode.OK, None)
    assert tuple(timing.step for timing in result.timings) == STEPS
    assert all(timing.duration >= timedelta(0) for timing in result.timings)
    assert {session.protocol for session in result.sessions} == {SMTP, protocol}


@BOTH
async def test_the_message_may_be_there_before_its_acceptance_is_heard(prober: Prober, protocol: MailProtocol) -> None:
    """Postfix delivers it within a few milliseconds, and some servers are slow to answer."""
    async with serve(Fault(SMTP, "dot", Delay(0.3))) as server:
        result = await make_trip(prober, server, protocol)

    assert result.sighting is not None
    assert result.sighting.not_before < timedelta(seconds=-0.29)
    assert result.sighting.not_after > timedelta(0)


@BOTH
async def test_the_message_leaves_the_mailbox_and_all_others_stay(prober: Prober, protocol: MailProtocol) -> None:
    async with serve(delivery=Delivery(delay=0.3)) as server:
        for content in FOREIGN:
            server.deliver(USER, content)
        before = contents(server)
        result = await make_trip(prober, server, protocol)
        after = contents(server)

    assert result.verdict is Verdict.DELIVERED
    assert after == before


@dataclass(frozen=True, slots=True)
class Early:
    """A fault of the SMTP server, and what it makes of a trip."""

    at: str
    action: Action
    verdict: Verdict
    status: StatusCode
    step: Step


@BOTH
@pytest.mark.parametrize(
    "case",
    [
        Early("connect", Reset(), Verdict.UNSENT, StatusCode.SMTP_PROTOCOL, Step.GREETING),
        Early("greeting", Reply("554 no service"), Verdict.UNSENT, StatusCode.SMTP_PROTOCOL, Step.GREETING),
        Early("greeting", Reply("421 busy", then_close=True), Verdict.DEFERRED, StatusCode.DEFERRED, Step.GREETING),
        Early("greeting", Garbage(), Verdict.UNSENT, StatusCode.SMTP_PROTOCOL, Step.GREETING),
        Early("greeting", EndlessLine(), Verdict.UNSENT, StatusCode.SMTP_PROTOCOL, Step.GREETING),
        Early("greeting", Hang(), Verdict.UNSENT, StatusCode.TIMEOUT, Step.GREETING),
        Early("ehlo", Trickle(), Verdict.UNSENT, StatusCode.TIMEOUT, Step.GREETING),
        Early("mail", Reply("550 5.7.1 not you"), Verdict.REFUSED, StatusCode.SENDER_REFUSED, Step.SUBMIT),
        Early("rcpt", Reply("550 5.1.1 unknown"), Verdict.REFUSED, StatusCode.RECIPIENT_REFUSED, Step.SUBMIT),
        Early("rcpt", Reply("451 4.7.1 greylisted"), Verdict.DEFERRED, StatusCode.DEFERRED, Step.SUBMIT),
        Early("dot", Reply("554 5.6.0 spam"), Verdict.REFUSED, StatusCode.MESSAGE_REFUSED, Step.SUBMIT),
        Early("dot", Reply("452 4.3.1 full"), Verdict.DEFERRED, StatusCode.DEFERRED, Step.SUBMIT),
        Early("mail", Drop(), Verdict.UNSENT, StatusCode.SMTP_PROTOCOL, Step.SUBMIT),
        Early("dot", Drop(), Verdict.UNDECIDED, StatusCode.SMTP_PROTOCOL, Step.SUBMIT),
        Early("dot", Hang(), Verdict.UNDECIDED, StatusCode.TIMEOUT, Step.SUBMIT),
    ],
    ids=lambda case: f"{case.at}-{type(case.action).__name__}-{case.status.name}",
)
async def test_a_failing_smtp_server_is_told_by_verdict_and_step(
    prober: Prober, protocol: MailProtocol, case: Early
) -> None:
    async with serve(Fault(SMTP, case.at, case.action)) as server:
        result = await make_trip(prober, server, protocol, seconds=0.6)

    assert (result.verdict, result.status, result.step) == (case.verdict, case.status, case.step)


@BOTH
async def test_a_message_accepted_on_a_line_that_broke_is_delivered(prober: Prober, protocol: MailProtocol) -> None:
    async with serve(Fault(SMTP, "dot", AcceptThenDrop())) as server:
        result = await make_trip(prober, server, protocol)
        left = contents(server)

    assert (result.verdict, result.status) == (Verdict.DELIVERED, StatusCode.OK)
    assert left == []


@BOTH
@pytest.mark.parametrize(
    ("delivery", "verdict", "status"),
    [
        pytest.param(Delivery(delay=0.5), Verdict.DELIVERED, StatusCode.OK, id="a little later"),
        pytest.param(Delivery(delay=1.2), Verdict.SLOW, StatusCode.SLOW, id="slow"),
        pytest.param(Delivery(copies=3), Verdict.DOUBLED, StatusCode.DOUBLED, id="more than once"),
        pytest.param(Delivery(footer=b"-- \r\nscanned\r\n"), Verdict.ALTERED, StatusCode.ALTERED, id="with a footer"),
        pytest.param(
            Delivery(without_headers=("message-id", "x-mailtrip-token")),
            Verdict.DELIVERED,
            StatusCode.OK,
            id="without its token's headers",
        ),
    ],
)
async def test_the_way_shows_in_the_verdict_and_nothing_is_left(
    prober: Prober, protocol: MailProtocol, delivery: Delivery, verdict: Verdict, status: StatusCode
) -> None:
    async with serve(delivery=delivery) as server:
        result = await make_trip(prober, server, protocol)
        left = contents(server)

    assert (result.verdict, result.status) == (verdict, status)
    assert left == []


@BOTH
async def test_what_does_not_come_is_missing(prober: Prober, protocol: MailProtocol) -> None:
    async with serve(delivery=Delivery(copies=0)) as server:
        result = await make_trip(prober, server, protocol, seconds=1.0)

    assert (result.verdict, result.status, result.step) == (Verdict.MISSING, StatusCode.TIMEOUT, Step.WAIT)
    first = result.proof[0]
    assert result.sessions[first.session].transcript[first.line].text.startswith("250")


async def test_pop3_does_not_show_the_spam_folder(prober: Prober) -> None:
    async with serve(delivery=Delivery(folder="Junk")) as server:
        result = await make_trip(prober, server, POP3, seconds=1.0)

    assert result.verdict is Verdict.MISSING


async def test_imap_shows_the_spam_folder(prober: Prober) -> None:
    async with serve(delivery=Delivery(folder="Junk")) as server:
        result = await make_trip(prober, server, IMAP, seconds=10.0)
        left = server.mailbox(USER).folders["Junk"].messages

    assert (result.verdict, result.status) == (Verdict.SPAM, StatusCode.SPAM_FOLDER)
    assert not left


@BOTH
async def test_a_report_in_place_of_the_message_is_a_bounce(prober: Prober, protocol: MailProtocol) -> None:
    async with serve(delivery=Delivery(bounce=True)) as server:
        result = await make_trip(prober, server, protocol, seconds=5.0)
        remaining = contents(server)

    assert (result.verdict, result.status) == (Verdict.BOUNCED, StatusCode.BOUNCED)
    assert result.bounce is not None
    assert result.bounce.is_final
    assert not remaining


@BOTH
async def test_a_greylisted_message_is_offered_again_and_delivered(prober: Prober, protocol: MailProtocol) -> None:
    faults = [Fault(SMTP, "rcpt", Reply("450 4.2.0 greylisted, come back"), times=1)]
    async with serve(*faults) as server:
        result = await make_trip(prober, server, protocol, seconds=30.0)
        left = contents(server)

    assert (result.verdict, result.status) == (Verdict.SLOW, StatusCode.SLOW), "the deferral counts for the warning"
    assert result.deferred_for is not None
    assert timedelta(seconds=10) <= result.deferred_for < timedelta(seconds=15)
    assert not left
    assert len(result.sessions) == 3


# -- the mailbox fails --------------------------------------------------------------------------------------------------

LOOK = {POP3: "uidl", IMAP: "noop"}
FETCH = {POP3: "retr", IMAP: "fetch"}
DELETE = {POP3: "dele", IMAP: "store"}


@BOTH
async def test_nothing_is_sent_when_the_mailbox_login_is_refused(prober: Prober, protocol: MailProtocol) -> None:
    async with serve() as server:
        server.mailbox(USER).password = "another"
        result = await make_trip(prober, server, protocol)
        smtp = server.sessions_of(SMTP)

    assert (result.verdict, result.status, result.step) == (
        Verdict.UNSENT,
        StatusCode.MAILBOX_LOGIN,
        Step.MAILBOX_LOGIN,
    )
    assert smtp == []


@BOTH
@pytest.mark.parametrize("action", [Drop(), Reset(), Garbage()], ids=lambda action: type(action).__name__)
@pytest.mark.parametrize("moment", [LOOK, FETCH], ids=["look", "fetch"])
async def test_a_mailbox_that_fails_once_is_opened_again(
    prober: Prober, protocol: MailProtocol, moment: dict[MailProtocol, str], action: Action
) -> None:
    skip = 1 if moment is LOOK and protocol is POP3 else 0
    async with serve(Fault(protocol, moment[protocol], action, times=1, skip=skip)) as server:
        result = await make_trip(prober, server, protocol)
        left = contents(server)

    assert (result.verdict, result.status) == (Verdict.DELIVERED, StatusCode.OK)
    assert left == []


@BOTH
@pytest.mark.parametrize("action", [Drop(), Garbage()], ids=lambda action: type(action).__name__)
async def test_a_mailbox_that_stays_away_leaves_the_delivery_unknown(
    prober: Prober, protocol: MailProtocol, action: Action
) -> None:
    skip = 1 if protocol is POP3 else 0
    async with serve(Fault(protocol, LOOK[protocol], action, skip=skip)) as server:
        result = await make_trip(prober, server, protocol, seconds=1.0)

    assert (result.verdict, result.status) == (Verdict.MAILBOX_UNREACHABLE, StatusCode.MAILBOX_PROTOCOL)


@BOTH
async def test_a_message_that_could_not_be_deleted_is_a_warning(prober: Prober, protocol: MailProtocol) -> None:
    async with serve(Fault(protocol, DELETE[protocol], Drop())) as server:
        result = await make_trip(prober, server, protocol)
        left = contents(server)

    assert (result.verdict, result.status, result.step) == (
        Verdict.DELIVERED,
        StatusCode.DELETE_FAILED,
        Step.DELETE,
    )
    assert len(left) == 1
