"""Checks of a real Postfix and a real Dovecot: they answer, and the mailbox is the same before and after."""

import imaplib
import ssl
from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.mailserver.fixtures import MailAccount
from tests.mailserver.server import RealMailServer

from mailtrip.bootstrap.prober import Prober
from mailtrip.clock import SystemClock
from mailtrip.mail import MailClient
from mailtrip.model import (
    Credentials,
    MailProtocol,
    MonitorSettings,
    MonitorType,
    StatusCode,
    TLSMode,
    Verdict,
)
from mailtrip.probe.token import MessageKey

pytestmark = pytest.mark.mailserver

PORTS = pytest.mark.parametrize(
    ("port", "type_", "wanted"),
    [
        ("submission", MonitorType.SMTP, ("STARTTLS", "AUTH PLAIN", "PIPELINING")),
        ("submissions", MonitorType.SMTP, ("AUTH PLAIN", "8BITMIME")),
        ("pop3", MonitorType.POP3, ("STLS", "SASL PLAIN", "UIDL")),
        ("pop3s", MonitorType.POP3, ("SASL PLAIN", "TOP")),
        ("imap", MonitorType.IMAP, ("STARTTLS", "AUTH=PLAIN", "IDLE", "UIDPLUS")),
        ("imaps", MonitorType.IMAP, ("AUTH=PLAIN", "IDLE")),
    ],
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
    yield Prober(client=client, key=MessageKey(b"k" * 32), clock=SystemClock(), report=bugs.append)
    client.close()


def settings_of(
    mailserver: RealMailServer, port: str, type_: MonitorType, capabilities: tuple[str, ...]
) -> MonitorSettings:
    tls = TLSMode.IMPLICIT if port.endswith("s") else TLSMode.STARTTLS
    server = f"localhost:{mailserver.port(port)}"
    return MonitorSettings(
        type=type_,
        name="check",
        plan_code="P",
        smtp_server=server if type_ is MonitorType.SMTP else "",
        smtp_tls=tls,
        mailbox_server="" if type_ is MonitorType.SMTP else server,
        mailbox_protocol=MailProtocol.IMAP if type_ is MonitorType.IMAP else MailProtocol.POP3,
        mailbox_tls=tls,
        tls_ca=mailserver.authority.ca_pem,
        interval=timedelta(minutes=5),
        timeout=timedelta(seconds=30),
        capabilities=capabilities,
    )


@PORTS
@pytest.mark.parametrize("has_login", [False, True])
async def test_each_port_answers_with_and_without_a_login(
    prober: Prober,
    mailserver: RealMailServer,
    account: MailAccount,
    port: str,
    type_: MonitorType,
    wanted: tuple[str, ...],
    has_login: bool,
) -> None:
    login = Credentials(username=account.address, password=account.password) if has_login else None
    # Before a login Dovecot tells of no more than it takes to log in.
    expected = wanted if has_login else tuple(name for name in wanted if name != "UIDPLUS")
    result = await prober.check(settings_of(mailserver, port, type_, expected), credentials=login)

    assert (result.verdict, result.status) == (Verdict.ANSWERS, StatusCode.OK), result.summary
    assert account.password not in str(result)


@PORTS
async def test_a_wrong_password_is_an_error_of_the_login(
    prober: Prober,
    mailserver: RealMailServer,
    account: MailAccount,
    port: str,
    type_: MonitorType,
    wanted: tuple[str, ...],
) -> None:
    login = Credentials(username=account.address, password="wrong")
    result = await prober.check(settings_of(mailserver, port, type_, wanted), credentials=login)

    status = StatusCode.SMTP_LOGIN if type_ is MonitorType.SMTP else StatusCode.MAILBOX_LOGIN
    assert (result.verdict, result.status) == (Verdict.FAILS, status), result.summary


@pytest.mark.parametrize(
    ("port", "type_", "left"),
    [
        # Dovecot takes the mark of new mail away at any POP3 login; nothing else is changed by one.
        ("pop3s", MonitorType.POP3, b""),
        ("imaps", MonitorType.IMAP, b"\\Recent"),
    ],
)
async def test_a_mailbox_with_mail_is_the_same_afterwards_to_the_last_flag(
    prober: Prober, mailserver: RealMailServer, account: MailAccount, port: str, type_: MonitorType, left: bytes
) -> None:
    login = Credentials(username=account.address, password=account.password)
    trust = ssl.create_default_context(cadata=mailserver.authority.ca_pem)
    with imaplib.IMAP4_SSL("localhost", mailserver.port("imaps"), ssl_context=trust, timeout=10) as client:
        client.login(account.address, account.password)
        for number in range(3):
            client.append("INBOX", "", imaplib.Time2Internaldate(number), b"Subject: mail\r\n\r\nhello\r\n")
    result = await prober.check(settings_of(mailserver, port, type_, ()), credentials=login)
    with imaplib.IMAP4_SSL("localhost", mailserver.port("imaps"), ssl_context=trust, timeout=10) as client:
        client.login(account.address, account.password)
        client.select("INBOX", readonly=True)
        flags = [client.fetch(str(number), "(FLAGS)")[1][0] for number in (1, 2, 3)]

    assert result.status is StatusCode.OK, result.summary
    assert flags == [b"%d (FLAGS (%s))" % (number, left) for number in (1, 2, 3)]
