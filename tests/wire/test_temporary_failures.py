"""Servers that want to be asked later, on the wire: they are, and nothing else is asked twice."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from mailtrip.clock import SystemClock
from mailtrip.mail import MailClient
from mailtrip.model import Credentials, MailProtocol, Result, StatusCode, Step, TLSMode, Verdict, parse_server
from mailtrip.probe.run import Means, run_round_trip
from mailtrip.probe.timeline import Timeline
from mailtrip.probe.token import MessageKey, new_token
from mailtrip.probe.trip import Trip, make_trip
from mailtrip.testing.certificates import Authority
from mailtrip.testing.faults import Fault, Reply
from mailtrip.testing.server import LoopbackServer

SMTP, POP3, IMAP = MailProtocol.SMTP, MailProtocol.POP3, MailProtocol.IMAP
BOTH = pytest.mark.parametrize("protocol", [POP3, IMAP])
USER = "probe@mail.test"
LOGIN = Credentials(username=USER, password="correct horse")
KEY = MessageKey(b"k" * 32)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def client() -> Iterator[MailClient]:
    client = MailClient(clock=SystemClock(), client_name="client.mail.test")
    yield client
    client.close()


def impatient_trip(protocol: MailProtocol) -> Trip:
    """A trip that asks again after a tenth of a second, then two, then four."""
    trip = make_trip(
        sender=USER,
        recipient=USER,
        mailbox_protocol=protocol,
        key=KEY,
        token=new_token(KEY, bytes(16)),
        now=SystemClock().now(),
        host="client",
    )
    return replace(trip, looks=replace(trip.looks, deferral=0.1))


async def run(
    client: MailClient, server: LoopbackServer, authority: Authority, protocol: MailProtocol, *, seconds: float = 10.0
) -> Result:
    clock = SystemClock()
    started_at = clock.monotonic()
    timeline = Timeline(started_at)
    smtp, box = (
        parse_server(server.url(str(each)), each, tls=TLSMode.STARTTLS, tls_verify=True, tls_ca=authority.ca_pem)
        for each in (SMTP, protocol)
    )
    deadline = started_at + seconds
    means = Means(
        make_sender=lambda: client.sender(smtp, LOGIN, deadline=deadline, observe=timeline, started_at=started_at),
        mailbox=client.mailbox(box, LOGIN, deadline=deadline, observe=timeline, started_at=started_at),
        clock=clock,
        deadline=deadline,
        timeline=timeline,
    )
    return await run_round_trip(impatient_trip(protocol), means)


def serve(authority: Authority, faults: Sequence[Fault]) -> LoopbackServer:
    return LoopbackServer({USER: LOGIN.password}, authority=authority, faults=faults)


SMTP_LATER = {
    "greeting": Reply("421 4.3.2 too busy", then_close=True),
    "ehlo": Reply("421 4.3.2 too busy", then_close=True),
    "starttls": Reply("454 4.7.0 TLS not available"),
    "auth": Reply("454 4.7.0 temporary authentication failure"),
    "rcpt": Reply("450 4.2.0 greylisted"),
    "dot": Reply("452 4.3.1 disk full"),
}


@pytest.mark.parametrize("moment", SMTP_LATER)
async def test_an_smtp_server_that_puts_us_off_twice_gets_the_message_once(
    client: MailClient, authority: Authority, moment: str
) -> None:
    async with serve(authority, [Fault(SMTP, moment, SMTP_LATER[moment], times=2)]) as server:
        result = await run(client, server, authority, IMAP)
        sessions, received = len(server.sessions_of(SMTP)), server.site.received

    assert (result.verdict, result.status) == (Verdict.DELIVERED, StatusCode.OK), result.summary
    assert (sessions, received) == (3, 1)
    assert result.deferred_for is not None
    assert timedelta(seconds=0.3) <= result.deferred_for < timedelta(seconds=5)


STEPS = {"greeting": Step.GREETING, "ehlo": Step.GREETING, "starttls": Step.TLS, "auth": Step.LOGIN}


@pytest.mark.parametrize("moment", STEPS)
async def test_an_smtp_server_that_puts_us_off_all_the_time_has_deferred_the_message(
    client: MailClient, authority: Authority, moment: str
) -> None:
    async with serve(authority, [Fault(SMTP, moment, SMTP_LATER[moment])]) as server:
        result = await run(client, server, authority, IMAP, seconds=1.0)
        sessions = len(server.sessions_of(SMTP))

    assert (result.verdict, result.status, result.step) == (Verdict.DEFERRED, StatusCode.DEFERRED, STEPS[moment])
    assert SMTP_LATER[moment].text in result.summary
    assert result.deferred_for is not None
    assert sessions >= 2


MAILBOX_LATER = [
    (POP3, "greeting", Reply("-ERR [SYS/TEMP] busy", then_close=True), StatusCode.MAILBOX_PROTOCOL),
    (POP3, "auth", Reply("-ERR [SYS/TEMP] directory down"), StatusCode.MAILBOX_PROTOCOL),
    (POP3, "auth", Reply("-ERR [LOGIN-DELAY] slowly"), StatusCode.MAILBOX_LOCKED),
    (POP3, "uidl", Reply("-ERR [SYS/TEMP] index broken"), StatusCode.MAILBOX_PROTOCOL),
    (IMAP, "greeting", Reply("* BYE [UNAVAILABLE] busy", then_close=True), StatusCode.MAILBOX_PROTOCOL),
    (IMAP, "auth", Reply("NO [UNAVAILABLE] directory down"), StatusCode.MAILBOX_PROTOCOL),
    (IMAP, "auth", Reply("NO [LIMIT] too many sessions"), StatusCode.MAILBOX_PROTOCOL),
    (IMAP, "select", Reply("NO [INUSE] held"), StatusCode.MAILBOX_LOCKED),
    (IMAP, "select", Reply("NO [UNAVAILABLE] store down"), StatusCode.MAILBOX_PROTOCOL),
]


@pytest.mark.parametrize(("protocol", "moment", "later", "status"), MAILBOX_LATER)
async def test_a_mailbox_that_is_not_to_be_had_for_the_moment_is_waited_for(
    client: MailClient, authority: Authority, protocol: MailProtocol, moment: str, later: Reply, status: StatusCode
) -> None:
    async with serve(authority, [Fault(protocol, moment, later, times=2)]) as server:
        result = await run(client, server, authority, protocol)
    async with serve(authority, [Fault(protocol, moment, later)]) as server:
        failed = await run(client, server, authority, protocol, seconds=1.0)
        sent = server.sessions_of(SMTP)

    assert (result.verdict, result.status) == (Verdict.DELIVERED, StatusCode.OK), result.summary
    assert (failed.verdict, failed.status) == (Verdict.UNSENT, status)
    assert later.text.removeprefix("* ").removeprefix("-ERR ") in failed.summary
    assert sent == []


@BOTH
async def test_a_login_that_is_refused_is_tried_once(
    client: MailClient, authority: Authority, protocol: MailProtocol
) -> None:
    """Many servers lock an account after a few."""
    async with serve(authority, []) as server:
        server.mailbox(USER).password = "another"
        result = await run(client, server, authority, protocol)
        commands = Counter(word for session in server.sessions_of(protocol) for word in session.commands)

    assert (result.verdict, result.status) == (Verdict.UNSENT, StatusCode.MAILBOX_LOGIN)
    assert commands["AUTH" if protocol is POP3 else "AUTHENTICATE"] == 1


async def test_a_refused_login_for_sending_is_tried_once(client: MailClient, authority: Authority) -> None:
    async with serve(authority, [Fault(SMTP, "auth", Reply("535 5.7.8 no"))]) as server:
        result = await run(client, server, authority, IMAP)
        sessions = len(server.sessions_of(SMTP))

    assert (result.verdict, result.status) == (Verdict.UNSENT, StatusCode.SMTP_LOGIN)
    assert sessions == 1
