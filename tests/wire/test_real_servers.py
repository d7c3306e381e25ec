"""Whole round trips over a real Postfix and Dovecot: every TLS mode with every mechanism, over POP3 and IMAP."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from tests.mailserver.fixtures import MailAccount
from tests.mailserver.server import RealMailServer

from mailtrip.bootstrap.prober import Prober
from mailtrip.clock import SystemClock
from mailtrip.mail import MailClient
from mailtrip.model import (
    Credentials,
    MailProtocol,
    Mechanism,
    MonitorSettings,
    Result,
    StatusCode,
    Step,
    TLSMode,
    Verdict,
)
from mailtrip.probe.token import MessageKey

pytestmark = pytest.mark.mailserver

POP3, IMAP = MailProtocol.POP3, MailProtocol.IMAP
NONE, STARTTLS, IMPLICIT = TLSMode.NONE, TLSMode.STARTTLS, TLSMode.IMPLICIT
SASL = (Mechanism.PLAIN, Mechanism.LOGIN, Mechanism.CRAM_MD5, Mechanism.SCRAM_SHA_1, Mechanism.SCRAM_SHA_256)
SMTP_PORTS = {NONE: "smtp-without-tls", STARTTLS: "submission", IMPLICIT: "submissions"}


def fail(bug: Exception) -> None:
    raise AssertionError("a bug of ours") from bug


@pytest.fixture
def prober() -> Iterator[Prober]:
    client = MailClient(clock=SystemClock(), client_name="client.probe.test")
    yield Prober(client=client, key=MessageKey(b"k" * 32), clock=SystemClock(), report=fail)
    client.close()


def settings_for(server: RealMailServer, account: MailAccount, protocol: MailProtocol, tls: TLSMode) -> MonitorSettings:
    mailbox_port = f"{protocol}s" if tls is IMPLICIT else str(protocol)
    return MonitorSettings(
        name="real",
        plan_code="UBM-A/A",
        email=account.address,
        smtp_server=f"{server.host}:{server.port(SMTP_PORTS[tls])}",
        smtp_tls=tls,
        mailbox_protocol=protocol,
        mailbox_server=f"{server.host}:{server.port(mailbox_port)}",
        mailbox_tls=tls,
        tls_ca=server.authority.ca_pem,
        interval=timedelta(minutes=5),
        timeout=timedelta(seconds=20),
    )


async def trip(
    prober: Prober,
    account: MailAccount,
    settings: MonitorSettings,
    *,
    smtp: Mechanism = Mechanism.AUTO,
    mailbox: Mechanism = Mechanism.AUTO,
) -> Result:
    return await prober.run(
        settings,
        mailbox_credentials=Credentials(username=account.address, password=account.password, mechanism=mailbox),
        smtp_credentials=Credentials(username=account.address, password=account.password, mechanism=smtp),
    )


def conversation(result: Result) -> str:
    return "\n".join(line.text for session in result.sessions for line in session.transcript)


TRIPS = [
    *[(POP3, tls, mechanism, mechanism) for tls, mechanism in product((NONE, STARTTLS, IMPLICIT), SASL)],
    *[
        (POP3, tls, Mechanism.AUTO, mechanism)
        for tls in (NONE, IMPLICIT)
        for mechanism in (Mechanism.APOP, Mechanism.AUTO)
    ],
    *[
        (IMAP, tls, mechanism, mechanism)
        for tls, mechanism in product((NONE, STARTTLS, IMPLICIT), (*SASL, Mechanism.AUTO))
    ],
]


@pytest.mark.parametrize(("protocol", "tls", "smtp", "mailbox"), TRIPS)
async def test_a_message_makes_the_trip_in_every_tls_mode_with_every_mechanism(
    prober: Prober,
    mailserver: RealMailServer,
    account: MailAccount,
    protocol: MailProtocol,
    tls: TLSMode,
    smtp: Mechanism,
    mailbox: Mechanism,
) -> None:
    settings = settings_for(mailserver, account, protocol, tls)

    result = await trip(prober, account, settings, smtp=smtp, mailbox=mailbox)

    assert (result.verdict, result.status) == (Verdict.DELIVERED, StatusCode.OK), result.summary
    assert account.password not in conversation(result)
    assert [session.tls is not None for session in result.sessions] == [tls is not NONE] * 2
    steps = [timing.step for timing in result.timings]
    assert steps[-3:] == [Step.LOOK, Step.FETCH, Step.DELETE] or steps[-2:] == [Step.FETCH, Step.DELETE]
    assert result.sighting is not None
    submit = result.duration_of(Step.SUBMIT)
    assert submit is not None
    assert -submit <= result.sighting.not_before <= result.sighting.not_after


@pytest.mark.parametrize("protocol", [POP3, IMAP])
async def test_the_mailbox_is_as_it_was_before(
    prober: Prober, mailserver: RealMailServer, account: MailAccount, protocol: MailProtocol
) -> None:
    """Two trips over the same mailbox: the second finds nothing of the first."""
    settings = settings_for(mailserver, account, protocol, IMPLICIT)
    await trip(prober, account, settings)

    result = await trip(prober, account, settings)

    assert result.verdict is Verdict.DELIVERED
    assert "* 0 EXISTS" in conversation(result) or "\n.\n" in conversation(result)


@pytest.mark.parametrize("protocol", [POP3, IMAP])
async def test_a_wrong_mailbox_password_sends_nothing(
    prober: Prober, mailserver: RealMailServer, account: MailAccount, protocol: MailProtocol
) -> None:
    settings = settings_for(mailserver, account, protocol, IMPLICIT)
    wrong = replace(account, password="not the password")

    result = await trip(prober, wrong, settings)

    assert (result.verdict, result.status) == (Verdict.UNSENT, StatusCode.MAILBOX_LOGIN)
    assert result.step is Step.MAILBOX_LOGIN
    assert "not the password" not in conversation(result) + result.summary


async def test_a_wrong_smtp_password_is_a_refused_login(
    prober: Prober, mailserver: RealMailServer, account: MailAccount
) -> None:
    result = await prober.run(
        settings_for(mailserver, account, IMAP, IMPLICIT),
        mailbox_credentials=Credentials(username=account.address, password=account.password),
        smtp_credentials=Credentials(username=account.address, password="not the password"),
    )

    assert (result.verdict, result.status, result.step) == (Verdict.UNSENT, StatusCode.SMTP_LOGIN, Step.LOGIN)


async def test_an_unknown_recipient_is_refused(
    prober: Prober, mailserver: RealMailServer, account: MailAccount
) -> None:
    settings = replace(
        settings_for(mailserver, account, IMAP, IMPLICIT), email=f"nobody@{mailserver.domain}", username=account.address
    )

    result = await trip(prober, account, settings)

    assert (result.verdict, result.status) == (Verdict.REFUSED, StatusCode.RECIPIENT_REFUSED)
    assert "550" in result.summary


async def test_a_certificate_of_an_unknown_authority_fails_unless_it_is_only_to_be_reported(
    prober: Prober, mailserver: RealMailServer, account: MailAccount
) -> None:
    strict = replace(settings_for(mailserver, account, IMAP, IMPLICIT), tls_ca=None)
    lenient = replace(strict, tls_verify=False)

    refused = await trip(prober, account, strict)
    reported = await trip(prober, account, lenient)

    assert (refused.verdict, refused.status) == (Verdict.UNSENT, StatusCode.MAILBOX_TLS)
    assert reported.verdict is Verdict.DELIVERED
    assert all(session.tls is not None and session.tls.verify_error for session in reported.sessions)


async def test_a_server_without_tls_fails_where_starttls_is_demanded(
    prober: Prober, mailserver: RealMailServer, account: MailAccount
) -> None:
    settings = settings_for(mailserver, account, IMAP, STARTTLS)
    plain = replace(settings, smtp_server=f"{mailserver.host}:{mailserver.port('smtp-without-tls')}")

    result = await trip(prober, account, plain)

    assert (result.verdict, result.status, result.step) == (Verdict.UNSENT, StatusCode.SMTP_TLS, Step.TLS)


async def test_the_certificates_are_kept_with_the_run(
    prober: Prober, mailserver: RealMailServer, account: MailAccount
) -> None:
    result = await trip(prober, account, settings_for(mailserver, account, POP3, IMPLICIT))

    for session in result.sessions:
        assert session.tls is not None
        assert session.tls.verify_error is None
        assert session.tls.not_after is not None
        assert session.tls.not_after > datetime.now(UTC)
        assert session.tls.version.startswith("TLSv1.")
        assert session.tls.cipher


async def test_a_message_in_the_spam_folder_is_found_there_and_removed(
    prober: Prober, mailserver: RealMailServer, account: MailAccount
) -> None:
    settings = replace(
        settings_for(mailserver, account, IMAP, IMPLICIT),
        email=account.junk_address,
        username=account.address,
        sender=account.address,
        timeout=timedelta(seconds=10),
    )

    result = await trip(prober, account, settings)

    assert (result.verdict, result.status, result.step) == (Verdict.SPAM, StatusCode.SPAM_FOLDER, Step.LOOK)
    assert result.summary.endswith('but it is in the spam folder "Junk".')
    assert (result.copies, result.left_behind) == (1, 0)
