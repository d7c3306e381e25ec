"""The facts of a message that a real Postfix took over TLS and handed to a real Dovecot."""

import imaplib
import smtplib
import ssl
import time
from datetime import UTC, datetime, timedelta

import pytest
from tests.mailserver.fixtures import MailAccount
from tests.mailserver.server import RealMailServer

from mailtrip.model import MessageFacts
from mailtrip.probe.facts import read_facts

pytestmark = pytest.mark.mailserver

MESSAGE = (
    b"From: <a@probe.test>\r\nSubject: facts\r\nAuthentication-Results: mail.probe.test; dkim=pass\r\n\r\nhello\r\n"
)


def fetch(mailserver: RealMailServer, account: MailAccount, trust: ssl.SSLContext) -> bytes:
    """The first message of the mailbox, within ten seconds."""
    with imaplib.IMAP4_SSL("localhost", mailserver.port("imaps"), ssl_context=trust, timeout=10) as client:
        client.login(account.address, account.password)
        deadline = time.monotonic() + 10
        while client.select("INBOX") == ("OK", [b"0"]):
            assert time.monotonic() < deadline, mailserver.log()
            time.sleep(0.05)
        part = client.fetch("1", "(BODY.PEEK[])")[1][0]
        assert isinstance(part, tuple)
        content: bytes = part[1]
        return content


@pytest.fixture
def facts(mailserver: RealMailServer, account: MailAccount) -> MessageFacts:
    trust = ssl.create_default_context(cadata=mailserver.authority.ca_pem)
    sent_at = datetime.now(UTC)
    with smtplib.SMTP_SSL("localhost", mailserver.port("submissions"), context=trust, timeout=10) as client:
        client.login(account.address, account.password)
        client.sendmail("a@probe.test", [account.address], MESSAGE)
    content = fetch(mailserver, account, trust)
    return read_facts(content, sent_at=sent_at, seen_at=datetime.now(UTC), receiving_host="localhost", folder="INBOX")


def test_the_hops_of_real_servers_are_read(
    facts: MessageFacts, mailserver: RealMailServer, account: MailAccount
) -> None:
    postfix, dovecot = (leg.hop for leg in facts.route.legs)

    assert (postfix.by, postfix.protocol, postfix.recipient) == ("mail.probe.test", "ESMTPSA", account.address)
    assert (postfix.seen_address, postfix.is_encrypted) == ("127.0.0.1", True)
    assert postfix.queue_id is not None
    assert postfix.queue_id in mailserver.log()
    assert (dovecot.claimed_name, dovecot.protocol, dovecot.recipient) == ("mail.probe.test", "LMTP", account.address)


def test_a_real_way_is_measured_without_doubt_about_a_clock(facts: MessageFacts) -> None:
    assert facts.route.skews == ()
    assert all(leg.delay is not None and leg.delay < timedelta(seconds=10) for leg in facts.route.legs)
    assert facts.route.until_seen is not None


def test_a_result_that_the_author_wrote_is_not_the_receiving_hosts(facts: MessageFacts) -> None:
    assert facts.authentication.dkim is None
    assert facts.tls_on_last_hop is True
