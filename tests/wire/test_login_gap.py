"""A provider's time between logins, kept by whole trips against the loopback server."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from mailtrip.bootstrap.prober import Prober
from mailtrip.clock import SystemClock
from mailtrip.mail import MailClient
from mailtrip.model import (
    Credentials,
    Direction,
    MailProtocol,
    MonitorSettings,
    Provider,
    Providers,
    Result,
    StatusCode,
    Verdict,
)
from mailtrip.probe.token import MessageKey
from mailtrip.testing.faults import Drop, Fault
from mailtrip.testing.server import LoopbackServer

SMTP, POP3, IMAP = MailProtocol.SMTP, MailProtocol.POP3, MailProtocol.IMAP
USER = "probe@mail.test"
LOGIN = Credentials(username=USER, password="correct horse")
SLACK = timedelta(milliseconds=5)
"""The wall clock, which results are told in, may run a little slower than the monotonic one."""


@pytest.fixture
def client() -> Iterator[MailClient]:
    client = MailClient(clock=SystemClock(), client_name="client.mail.test")
    yield client
    client.close()


def serve(*faults: Fault) -> LoopbackServer:
    return LoopbackServer({USER: LOGIN.password}, faults=faults)


async def make_trip(
    client: MailClient, server: LoopbackServer, protocol: MailProtocol, *, gap: float, seconds: float = 20.0
) -> Result:
    bugs: list[Exception] = []
    provider = Provider(name="loopback", hosts=("127.0.0.1",), login_gap=timedelta(seconds=gap))
    prober = Prober(
        client=client,
        key=MessageKey(b"k" * 32),
        clock=SystemClock(),
        report=bugs.append,
        providers=Providers([provider]),
    )
    settings = MonitorSettings(
        name="trip",
        plan_code="UBM",
        email=USER,
        smtp_server=server.url("smtp"),
        mailbox_protocol=protocol,
        mailbox_server=server.url(protocol.value),
        timeout=timedelta(seconds=seconds),
        # Slower than this was proven by no look.
        warning_time=timedelta(seconds=gap / 2) if protocol is POP3 else None,
    )
    result = await prober.run(settings, mailbox_credentials=LOGIN, smtp_credentials=None)
    assert bugs == []
    return result


def logins(result: Result) -> list[datetime]:
    """When the run tried to log in to the mailbox."""
    lines = [
        line
        for session in result.sessions
        if session.protocol is not SMTP
        for line in session.transcript
        if line.direction is Direction.SENT and "AUTH" in line.text
    ]
    return [result.started_at + line.at for line in lines]


async def test_pop3_logins_of_two_runs_are_the_gap_apart(client: MailClient) -> None:
    gap = 0.6
    async with serve() as server:
        results = [await make_trip(client, server, POP3, gap=gap) for _ in range(2)]

    at = [login for result in results for login in logins(result)]
    assert [(result.verdict, result.status) for result in results] == [(Verdict.DELIVERED, StatusCode.OK)] * 2
    assert len(at) == len(server.sessions_of(POP3)) == 4
    assert all(later - earlier >= timedelta(seconds=gap) - SLACK for earlier, later in pairwise(at))


@pytest.mark.parametrize("protocol", [POP3, IMAP])
async def test_logins_of_runs_at_the_same_time_are_the_gap_apart(client: MailClient, protocol: MailProtocol) -> None:
    gap = 0.4
    async with serve() as server:
        results = await asyncio.gather(*(make_trip(client, server, protocol, gap=gap) for _ in range(3)))

    at = sorted(login for result in results for login in logins(result))
    assert {result.verdict for result in results} == {Verdict.DELIVERED}
    assert len(at) >= (6 if protocol is POP3 else 3)
    assert all(later - earlier >= timedelta(seconds=gap) - SLACK for earlier, later in pairwise(at))


async def test_a_pop3_run_that_could_log_in_only_once_is_not_begun(client: MailClient) -> None:
    async with serve() as server:
        result = await make_trip(client, server, POP3, gap=6.0, seconds=5.0)

    assert (result.verdict, result.status) == (Verdict.UNKNOWN, StatusCode.HELD_BACK)
    assert "a limit on logins leaves this run no time" in result.summary
    assert "set a longer timeout" in result.summary
    assert not server.sessions


@pytest.mark.parametrize("protocol", [POP3, IMAP])
async def test_a_run_that_may_not_log_in_before_its_deadline_sends_nothing_and_blames_no_server(
    client: MailClient, protocol: MailProtocol
) -> None:
    async with serve() as server:
        await make_trip(client, server, protocol, gap=1.5)
        sent = len(server.sessions_of(SMTP))
        result = await make_trip(client, server, protocol, gap=1.5, seconds=0.5)

    assert (result.verdict, result.status) == (Verdict.UNKNOWN, StatusCode.HELD_BACK)
    assert len(server.sessions_of(SMTP)) == sent == 1


async def test_a_mailbox_that_fails_is_blamed_though_there_is_no_time_to_log_in_again(client: MailClient) -> None:
    async with serve(Fault(POP3, "greeting", Drop(), skip=1)) as server:
        result = await make_trip(client, server, POP3, gap=1.6, seconds=4.7)

    assert (result.verdict, result.status) == (Verdict.MAILBOX_UNREACHABLE, StatusCode.MAILBOX_PROTOCOL)
