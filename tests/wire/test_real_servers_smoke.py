"""The test machine's own Postfix and Dovecot, seen with the standard library's clients: each port and each mechanism."""

import hmac
import imaplib
import poplib
import smtplib
import ssl
import time

import pytest
from tests.mailserver.fixtures import MailAccount
from tests.mailserver.server import RealMailServer

pytestmark = pytest.mark.mailserver

MESSAGE = (
    b"From: <a@example.com>\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\nMessage-ID: <smoke@example.com>\r\n"
    b"Subject: smoke\r\n\r\nhello\r\n"
)
SCRAM = ("SCRAM-SHA-1", "SCRAM-SHA-256")


@pytest.fixture(scope="module")
def trust(mailserver: RealMailServer) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=mailserver.authority.ca_pem)


def connect_smtp(mailserver: RealMailServer, name: str, trust: ssl.SSLContext) -> smtplib.SMTP:
    client: smtplib.SMTP
    if name == "submissions":
        client = smtplib.SMTP_SSL("localhost", mailserver.port(name), context=trust, timeout=10)
    else:
        client = smtplib.SMTP("localhost", mailserver.port(name), timeout=10)
    if name == "submission":
        client.starttls(context=trust)
    client.ehlo()
    return client


def connect_imap(mailserver: RealMailServer, mode: str, trust: ssl.SSLContext) -> imaplib.IMAP4:
    if mode == "implicit":
        return imaplib.IMAP4_SSL("localhost", mailserver.port("imaps"), ssl_context=trust, timeout=10)
    client = imaplib.IMAP4("localhost", mailserver.port("imap"), timeout=10)
    if mode == "starttls":
        client.starttls(ssl_context=trust)
    return client


def connect_pop3(mailserver: RealMailServer, mode: str, trust: ssl.SSLContext) -> poplib.POP3:
    if mode == "implicit":
        return poplib.POP3_SSL("localhost", mailserver.port("pop3s"), context=trust, timeout=10)
    client = poplib.POP3("localhost", mailserver.port("pop3"), timeout=10)
    if mode == "starttls":
        client.stls(context=trust)
    return client


def wait_for_message(mailserver: RealMailServer, account: MailAccount, trust: ssl.SSLContext, folder: str) -> bytes:
    """The first message of the folder, within ten seconds."""
    with connect_imap(mailserver, "implicit", trust) as client:
        client.login(account.address, account.password)
        deadline = time.monotonic() + 10
        while (answer := client.select(folder)) == ("OK", [b"0"]):
            assert time.monotonic() < deadline, mailserver.log()
            time.sleep(0.05)
        assert answer == ("OK", [b"1"]), mailserver.log()
        part = client.fetch("1", "(BODY.PEEK[])")[1][0]
        assert isinstance(part, tuple)
        content: bytes = part[1]
        return content


@pytest.mark.parametrize("mechanism", ["plain", "login", "cram_md5"])
@pytest.mark.parametrize("name", ["smtp", "smtp-without-tls", "submission", "submissions"])
def test_a_message_goes_from_each_smtp_port_into_the_mailbox(
    mailserver: RealMailServer, account: MailAccount, trust: ssl.SSLContext, name: str, mechanism: str
) -> None:
    with connect_smtp(mailserver, name, trust) as client:
        client.user, client.password = account.address, account.password
        client.auth(mechanism.upper().replace("_", "-"), getattr(client, f"auth_{mechanism}"))
        client.sendmail("a@example.com", [account.address], MESSAGE)

    assert wait_for_message(mailserver, account, trust, "INBOX").endswith(MESSAGE)


def test_mail_for_the_junk_address_lands_in_the_junk_folder(
    mailserver: RealMailServer, account: MailAccount, trust: ssl.SSLContext
) -> None:
    with connect_smtp(mailserver, "smtp", trust) as client:
        client.login(account.address, account.password)
        client.sendmail("a@example.com", [account.junk_address], MESSAGE)

    assert wait_for_message(mailserver, account, trust, "Junk").endswith(MESSAGE)


@pytest.mark.parametrize("name", ["smtp", "submission", "submissions"])
def test_smtp_offers_every_mechanism(mailserver: RealMailServer, trust: ssl.SSLContext, name: str) -> None:
    with connect_smtp(mailserver, name, trust) as client:
        offered = set(client.esmtp_features["auth"].split())
    assert offered >= {"PLAIN", "LOGIN", "CRAM-MD5", *SCRAM}


def test_submission_wants_tls_first(mailserver: RealMailServer) -> None:
    with smtplib.SMTP("localhost", mailserver.port("submission"), timeout=10) as client:
        client.ehlo()
        assert client.has_extn("starttls")
        assert not client.has_extn("auth")
        assert client.mail("a@example.com")[0] == 530


def test_the_port_without_tls_offers_none(mailserver: RealMailServer) -> None:
    with smtplib.SMTP("localhost", mailserver.port("smtp-without-tls"), timeout=10) as client:
        client.ehlo()
        assert not client.has_extn("starttls")


def test_an_unknown_recipient_is_refused(
    mailserver: RealMailServer, account: MailAccount, trust: ssl.SSLContext
) -> None:
    with connect_smtp(mailserver, "smtp", trust) as client:
        client.login(account.address, account.password)
        client.mail("a@example.com")
        assert client.rcpt("nobody@probe.test")[0] == 550


@pytest.mark.parametrize("mode", ["plain", "starttls", "implicit"])
def test_pop3_logs_in_with_user_and_pass(
    mailserver: RealMailServer, account: MailAccount, trust: ssl.SSLContext, mode: str
) -> None:
    client = connect_pop3(mailserver, mode, trust)
    client.user(account.address)
    client.pass_(account.password)
    assert client.stat() == (0, 0)
    client.quit()


def test_pop3_logs_in_with_apop(mailserver: RealMailServer, account: MailAccount, trust: ssl.SSLContext) -> None:
    client = connect_pop3(mailserver, "plain", trust)
    assert client.apop(account.address, account.password).startswith(b"+OK")
    client.quit()


def test_pop3_offers_every_mechanism(mailserver: RealMailServer, trust: ssl.SSLContext) -> None:
    client = connect_pop3(mailserver, "plain", trust)
    offered = set(client.capa()["SASL"])
    client.quit()
    assert offered >= {"PLAIN", "LOGIN", "CRAM-MD5", *SCRAM}


@pytest.mark.parametrize("mode", ["plain", "starttls", "implicit"])
def test_imap_logs_in_with_the_login_command(
    mailserver: RealMailServer, account: MailAccount, trust: ssl.SSLContext, mode: str
) -> None:
    with connect_imap(mailserver, mode, trust) as client:
        assert client.login(account.address, account.password)[0] == "OK"


def test_imap_logs_in_with_cram_md5(mailserver: RealMailServer, account: MailAccount, trust: ssl.SSLContext) -> None:
    def respond(challenge: bytes) -> bytes:
        digest = hmac.new(account.password.encode(), challenge, "md5").hexdigest()
        return f"{account.address} {digest}".encode()

    with connect_imap(mailserver, "plain", trust) as client:
        assert client.authenticate("CRAM-MD5", respond)[0] == "OK"


def test_imap_offers_every_mechanism_and_extension(mailserver: RealMailServer, trust: ssl.SSLContext) -> None:
    with connect_imap(mailserver, "implicit", trust) as client:
        offered = set(client.capabilities)
    assert offered >= {f"AUTH={name}" for name in ("PLAIN", "LOGIN", "CRAM-MD5", *SCRAM)}
    assert offered >= {"IDLE", "ID", "SASL-IR", "LITERAL+"}
