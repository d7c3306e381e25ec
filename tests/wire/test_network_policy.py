"""The network policy on the wire: judged is the address that is connected to, and no server is blamed for the policy."""

import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from mailtrip.bootstrap.prober import Prober
from mailtrip.clock import SystemClock
from mailtrip.mail import MailClient
from mailtrip.model import (
    Credentials,
    MailProtocol,
    MonitorSettings,
    MonitorType,
    NetworkPolicy,
    Result,
    Severity,
    StatusCode,
    Step,
    TLSMode,
    Verdict,
)
from mailtrip.probe.token import MessageKey
from mailtrip.testing.ports import free_port
from mailtrip.testing.server import LoopbackServer

NAME = "mail.example.test"
USER = "probe@mail.test"
PASSWORD = "correct horse"
LOGIN = Credentials(username=USER, password=PASSWORD)
EVERY_PORT = (range(1, 65536),)
SERVER_ONLY = NetworkPolicy(allow=(ip_network("127.0.0.1/32"),), ports=EVERY_PORT)
TYPES = {
    MailProtocol.SMTP: MonitorType.SMTP,
    MailProtocol.POP3: MonitorType.POP3,
    MailProtocol.IMAP: MonitorType.IMAP,
}
CONNECTS = {
    MailProtocol.SMTP: Step.CONNECT,
    MailProtocol.POP3: Step.MAILBOX_CONNECT,
    MailProtocol.IMAP: Step.MAILBOX_CONNECT,
}
EACH = pytest.mark.parametrize("protocol", MailProtocol)


class Answers:
    """Stands in for the system's resolver: the addresses of `NAME`, another list with each question."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)
        self._real = socket.getaddrinfo
        self.asked = 0

    def __call__(self, host: str, port: int, *arguments: Any, **options: Any) -> list[Any]:  # Any: as getaddrinfo's
        if host != NAME:
            return self._real(host, port, *arguments, **options)
        answer = self._answers[min(self.asked, len(self._answers) - 1)]
        self.asked += 1
        return [found for address in answer for found in self._real(address, port, *arguments, **options)]


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answers]:
    def make(*answers: list[str]) -> Answers:
        resolver = Answers(*answers)
        monkeypatch.setattr(socket, "getaddrinfo", resolver)
        return resolver

    return make


@pytest.fixture
def make_prober() -> Iterator[Callable[[NetworkPolicy | None], Prober]]:
    clients = []

    def make(policy: NetworkPolicy | None) -> Prober:
        client = MailClient(clock=SystemClock(), client_name="client.mail.test", policy=policy)
        clients.append(client)
        return Prober(client=client, key=MessageKey(b"k" * 32), clock=SystemClock(), report=_fail)

    yield make
    for client in clients:
        client.close()


def _fail(exc: Exception) -> None:
    raise AssertionError from exc


def check_of(protocol: MailProtocol, url: str) -> MonitorSettings:
    return MonitorSettings(
        type=TYPES[protocol],
        name="check",
        plan_code="UBM",
        smtp_server=url if protocol is MailProtocol.SMTP else "",
        smtp_tls=TLSMode.NONE,
        mailbox_protocol=protocol,
        mailbox_server="" if protocol is MailProtocol.SMTP else url,
        mailbox_tls=TLSMode.NONE,
        timeout=timedelta(seconds=10),
    )


def told(result: Result) -> tuple[Verdict, StatusCode, Step | None]:
    return result.verdict, result.status, result.step


def notes(result: Result) -> str:
    return "\n".join(line.text for session in result.sessions for line in session.transcript)


@EACH
async def test_an_address_that_is_refused_is_not_connected_to_and_nobody_is_blamed(
    make_prober: Callable[[NetworkPolicy | None], Prober], protocol: MailProtocol
) -> None:
    async with LoopbackServer({USER: PASSWORD}) as server:
        result = await make_prober(NetworkPolicy(ports=EVERY_PORT)).check(
            check_of(protocol, server.url(str(protocol))), credentials=None
        )

        assert told(result) == (Verdict.UNKNOWN, StatusCode.CONNECTION_FORBIDDEN, CONNECTS[protocol])
        assert result.status.severity is Severity.UNKNOWN
        assert "127.0.0.1 is a loopback address (RFC 1122, 3.2.1.3), which is refused" in result.summary
        assert "add 127.0.0.0/8 or a part of it to allow_networks" in result.summary
        assert not server.sessions


@EACH
async def test_a_port_that_is_refused_is_not_connected_to(
    make_prober: Callable[[NetworkPolicy | None], Prober], protocol: MailProtocol
) -> None:
    async with LoopbackServer({USER: PASSWORD}) as server:
        policy = NetworkPolicy(allow=(ip_network("127.0.0.0/8"),))
        result = await make_prober(policy).check(check_of(protocol, server.url(str(protocol))), credentials=None)

        assert told(result) == (Verdict.UNKNOWN, StatusCode.CONNECTION_FORBIDDEN, CONNECTS[protocol])
        assert f"port {server.port(str(protocol))} is none of those that are allowed" in result.summary
        assert not server.sessions


async def test_addresses_that_are_refused_are_left_out_and_the_next_is_tried(
    make_prober: Callable[[NetworkPolicy | None], Prober], answer: Callable[..., Answers]
) -> None:
    answer(["169.254.169.254", "::1", "127.0.0.1"])
    async with LoopbackServer({USER: PASSWORD}) as server:
        url = f"smtp://{NAME}:{server.port('smtp')}"
        result = await make_prober(SERVER_ONLY).check(check_of(MailProtocol.SMTP, url), credentials=None)

        assert told(result) == (Verdict.ANSWERS, StatusCode.OK, None), result.summary
        assert result.sessions[0].address == f"127.0.0.1:{server.port('smtp')}"
    assert "169.254.169.254 is an address of a cloud's own services" in notes(result)
    assert "::1 is a loopback address" in notes(result)


async def test_a_name_with_no_address_that_is_allowed_ends_as_unknown_and_tells_each(
    make_prober: Callable[[NetworkPolicy | None], Prober], answer: Callable[..., Answers]
) -> None:
    answer(["169.254.169.254", "::ffff:127.0.0.1"])

    result = await make_prober(NetworkPolicy()).check(check_of(MailProtocol.SMTP, f"smtp://{NAME}"), credentials=None)

    assert told(result) == (Verdict.UNKNOWN, StatusCode.CONNECTION_FORBIDDEN, Step.CONNECT)
    assert "169.254.169.254 is an address of a cloud's own services" in result.summary
    assert "stands for 127.0.0.1 (IPv4-mapped" in result.summary


async def test_a_server_whose_allowed_address_refuses_is_to_blame_for_that(
    make_prober: Callable[[NetworkPolicy | None], Prober], answer: Callable[..., Answers]
) -> None:
    answer(["169.254.169.254", "127.0.0.1"])

    result = await make_prober(SERVER_ONLY).check(
        check_of(MailProtocol.SMTP, f"smtp://{NAME}:{free_port()}"), credentials=None
    )

    assert told(result) == (Verdict.FAILS, StatusCode.CONNECTION_FAILED, Step.CONNECT)
    assert "169.254.169.254 is an address of a cloud's own services" in result.summary
    assert "refused the connection (nothing listens there)" in result.summary


async def test_what_a_name_becomes_after_it_was_judged_is_never_connected_to(
    make_prober: Callable[[NetworkPolicy | None], Prober], answer: Callable[..., Answers]
) -> None:
    """DNS rebinding: the first answer is allowed, and each one after it would lead to the server."""
    resolver = answer(["127.0.0.66"], ["127.0.0.1"])
    policy = NetworkPolicy(allow=(ip_network("127.0.0.66/32"),), ports=EVERY_PORT)
    async with LoopbackServer({USER: PASSWORD}) as server:
        url = f"smtp://{NAME}:{server.port('smtp')}"
        result = await make_prober(policy).check(check_of(MailProtocol.SMTP, url), credentials=None)

        assert result.status is StatusCode.CONNECTION_FAILED
        assert f"127.0.0.66:{server.port('smtp')} refused" in result.summary
        assert not server.sessions
    assert resolver.asked == 1


async def test_a_name_that_changes_under_way_is_judged_anew_with_each_connection(
    make_prober: Callable[[NetworkPolicy | None], Prober], answer: Callable[..., Answers]
) -> None:
    """A POP3 mailbox is called again for each look; the SMTP server has its address, so that only these ask."""
    answer(["127.0.0.1"], ["127.0.0.66"])
    async with LoopbackServer({USER: PASSWORD}) as server:
        settings = MonitorSettings(
            name="trip",
            plan_code="UBM",
            email=USER,
            smtp_server=server.url("smtp"),
            smtp_tls=TLSMode.NONE,
            mailbox_protocol=MailProtocol.POP3,
            mailbox_server=f"pop3://{NAME}:{server.port('pop3')}",
            mailbox_tls=TLSMode.NONE,
            timeout=timedelta(seconds=1),
        )
        result = await make_prober(SERVER_ONLY).run(settings, mailbox_credentials=LOGIN, smtp_credentials=None)

    assert told(result) == (Verdict.UNKNOWN, StatusCode.CONNECTION_FORBIDDEN, Step.MAILBOX_CONNECT)
    assert "127.0.0.66 is a loopback address" in result.summary
    assert result.queued_as is not None


async def test_a_given_address_is_judged_and_not_the_name_beside_it(
    make_prober: Callable[[NetworkPolicy | None], Prober],
) -> None:
    settings = MonitorSettings(
        type=MonitorType.SMTP, name="check", plan_code="UBM", smtp_server=NAME, address="169.254.169.254"
    )

    result = await make_prober(NetworkPolicy()).check(settings, credentials=None)

    assert told(result) == (Verdict.UNKNOWN, StatusCode.CONNECTION_FORBIDDEN, Step.CONNECT)
    assert "169.254.169.254 is an address of a cloud's own services" in result.summary


async def test_without_a_policy_any_server_is_connected_to(
    make_prober: Callable[[NetworkPolicy | None], Prober],
) -> None:
    async with LoopbackServer({USER: PASSWORD}) as server:
        result = await make_prober(None).check(check_of(MailProtocol.SMTP, server.url("smtp")), credentials=None)

    assert result.verdict is Verdict.ANSWERS
