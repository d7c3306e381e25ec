"""Alerts of the whole service: a real outage is told by mail over a real relay and to a real web server, and so is its end."""

import imaplib
import ssl
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from tests.e2e.running import Service, body, create, service, until
from tests.mailserver.fixtures import MailAccount
from tests.mailserver.server import RealMailServer
from tests.receiver import Receiver, serving

from mailtrip.testing.ports import free_port

pytestmark = [pytest.mark.mailserver, pytest.mark.timeout(300)]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with serving() as found:
        yield found


@pytest.fixture
def team(mailserver: RealMailServer, unused_addresses: Iterator[str]) -> MailAccount:
    """Who is told by mail."""
    address = next(unused_addresses)
    mailserver.make_mailbox(address)
    return MailAccount(address=address, password=mailserver.password)


def make_recipient(service: Service, **fields: object) -> str:
    answer = service.call("POST", "/api/v3/recipients", {"notify_on_clear": True} | fields)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def inbox(server: RealMailServer, account: MailAccount) -> list[EmailMessage]:
    """All messages in a mailbox."""
    context = ssl.create_default_context(cadata=server.authority.ca_pem)
    with imaplib.IMAP4_SSL("127.0.0.1", server.port("imaps"), ssl_context=context) as mailbox:
        mailbox.login(account.address, account.password)
        mailbox.select("INBOX", readonly=True)
        _, numbers = mailbox.search(None, "ALL")
        found = [mailbox.fetch(number, "(RFC822)")[1][0] for number in numbers[0].decode().split()]
    return [
        message_from_bytes(item[1], _class=EmailMessage, policy=policy.default)
        for item in found
        if isinstance(item, tuple)
    ]


def environment(server: RealMailServer, team: MailAccount, folder: Path) -> dict[str, str]:
    ca = folder / "ca.pem"
    ca.write_text(server.authority.ca_pem)
    return {
        "MAILTRIP_ALERT_RELAY": server.url("submissions"),
        "MAILTRIP_ALERT_RELAY_USERNAME": team.address,
        "MAILTRIP_ALERT_RELAY_PASSWORD": team.password,
        "MAILTRIP_ALERT_SENDER": team.address,
        "SSL_CERT_FILE": str(ca),
    }


def test_an_outage_and_its_end_are_told_by_mail_and_by_webhook(
    mailserver: RealMailServer, account: MailAccount, team: MailAccount, receiver: Receiver, tmp_path: Path
) -> None:
    with service(tmp_path, environment=environment(mailserver, team, tmp_path)) as running:
        make_recipient(running, recipient=team.address, method_id=12)
        make_recipient(running, recipient=f"http://127.0.0.1:{receiver.port}/hook", method_id=16)
        monitor_id = create(running, body(mailserver, account, "imap", password="not the password"))

        (alert,) = until(lambda: receiver.taken, 90)
        _, _, fields = alert
        (message,) = until(lambda: inbox(mailserver, team), 30)
        running.call("PATCH", f"/api/v3/monitors/email-round-trip/{monitor_id}", {"password": account.password})
        until(lambda: receiver.taken[1:], 90)
        until(lambda: inbox(mailserver, team)[1:], 30)
        logged = running.get("/api/v1/alerts")["results"]

    assert (fields["device_id"], fields["status"], fields["errcount"]) == (monitor_id, "204", "1")
    assert message["Subject"] == "[Mailtrip] Over imap: Mailbox: login refused"
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]
    for kind in ("plain", "html"):
        shown = message.get_body((kind,))
        assert shown is not None
        assert "204, Mailbox: login refused" in shown.get_content()
        assert "AUTHENTICATIONFAILED" in shown.get_content()
        assert "not the password" not in shown.get_content()
    assert [taken[2]["status"] for taken in receiver.taken] == ["204", "0"]
    assert len({taken[1]["Idempotency-Key"] for taken in receiver.taken}) == 2
    second = inbox(mailserver, team)[1]
    assert str(second["Subject"]).startswith("[Mailtrip] Over imap: Well again after ")
    assert sorted((each["kind"], each["delivery"]) for each in logged) == [
        ("clear", "sent"),
        ("clear", "sent"),
        ("error", "sent"),
        ("error", "sent"),
    ]


def test_a_test_alert_shows_what_the_far_end_said(
    mailserver: RealMailServer, team: MailAccount, receiver: Receiver, tmp_path: Path
) -> None:
    receiver.status, receiver.answer = 410, b"this hook is gone"
    with service(tmp_path, environment=environment(mailserver, team, tmp_path)) as running:
        by_hook = make_recipient(running, recipient=f"http://127.0.0.1:{receiver.port}/hook-secret", method_id=16)
        by_mail = make_recipient(running, recipient=team.address, method_id=12)
        nobody = make_recipient(running, recipient=f"nobody@{mailserver.domain}", method_id=12)
        ended = {recipient_id: ended_test(running, recipient_id) for recipient_id in (by_hook, by_mail, nobody)}

    assert {recipient_id: alert["delivery"] for recipient_id, alert in ended.items()} == {
        by_hook: "failed",
        by_mail: "sent",
        nobody: "failed",
    }
    assert ended[by_hook]["answer"] == "HTTP 410 this hook is gone"
    assert "hook-secret" not in (tmp_path / "log").read_text()
    assert ended[by_mail]["answer"].startswith("250 2.0.0 Ok: queued as ")
    assert "550 5.1.1" in ended[nobody]["answer"]
    (message,) = inbox(mailserver, team)
    assert message["Subject"] == "[Mailtrip] Test alert"


def ended_test(running: Service, recipient_id: str) -> dict[str, str]:
    answer = running.call("POST", f"/api/v1/recipients/{recipient_id}/test")
    assert answer.status_code == 202, answer.text
    path = f"/api/v1/alerts/{answer.json()['id']}"
    alert: dict[str, str] = until(lambda: (found := running.get(path))["ended_at"] and found, 30)
    return alert


def test_every_way_of_ours_answers_a_test_and_tells_no_secret(receiver: Receiver, tmp_path: Path) -> None:
    receiver.status, receiver.answer = 200, b"I got s3cret-topic"
    at = f"127.0.0.1:{receiver.port}"
    signing = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    with service(tmp_path) as running:
        signed = make_recipient(running, recipient=f"http://{at}/s3cret-topic", method_id=101, password=signing)
        apprise = make_recipient(running, recipient="json", method_id=102, password=f"json://{at}/s3cret-topic")
        trap = make_recipient(running, recipient=f"127.0.0.1:{free_port()}", method_id=9, password="s3cret-community")
        texting = make_recipient(running, recipient="+12025550100", method_id=6)
        ended = {each: ended_test(running, each) for each in (signed, apprise, texting)}
        ordered = running.call("POST", f"/api/v1/recipients/{trap}/test").json()["id"]
        unheard = until(lambda: (found := running.get(f"/api/v1/alerts/{ordered}"))["attempts"] and found["answer"], 30)
        everything = running.call("GET", "/api/v3/recipients").text + running.call("GET", "/api/v1/alerts").text

    assert {each: alert["answer"] for each, alert in ended.items()} == {
        signed: "HTTP 200 I got (hidden)",
        apprise: "HTTP 200 I got (hidden)",
        texting: ended[texting]["answer"],
    }
    assert ended[texting]["delivery"] == "failed"
    assert ended[texting]["answer"].startswith("alerts can't be sent by method 6 (SMS message); choose one of 1 (")
    assert unheard == "127.0.0.1: Connection refused"
    log = (tmp_path / "log").read_text()
    assert "s3cret" not in log + everything.replace(f"http://{at}/s3cret-topic", "")
    assert signing not in log + everything


def test_an_alert_that_was_ordered_before_the_program_was_killed_is_sent_by_the_next_one(
    receiver: Receiver, tmp_path: Path
) -> None:
    with service(tmp_path, is_killed=True) as running:
        recipient_id = make_recipient(running, recipient=f"http://127.0.0.1:{receiver.port}/hook", method_id=16)
        running.call("POST", f"/api/v1/recipients/{recipient_id}/test")
        running.process.kill()

    with service(tmp_path):
        until(lambda: receiver.taken, 30)

    assert len({headers["Idempotency-Key"] for _, headers, _ in receiver.taken}) == 1


def test_an_alert_whose_answer_was_not_heard_is_sent_again_under_the_same_key(
    receiver: Receiver, tmp_path: Path
) -> None:
    with service(tmp_path, is_killed=True) as running:
        receiver.before_answer = running.process.kill
        recipient_id = make_recipient(running, recipient=f"http://127.0.0.1:{receiver.port}/hook", method_id=16)
        running.call("POST", f"/api/v1/recipients/{recipient_id}/test")
        until(lambda: receiver.taken, 30)
    receiver.before_answer = lambda: None

    with service(tmp_path) as running:
        until(lambda: receiver.taken[1:], 30)
        (alert,) = until(lambda: running.get("/api/v1/alerts")["results"], 10)
        until(lambda: running.get(f"/api/v1/alerts/{alert['id']}")["delivery"] == "sent", 10)

    first, second = receiver.taken
    assert first[1]["Idempotency-Key"] == second[1]["Idempotency-Key"]
    assert first[2] == second[2]


def test_the_heartbeat_is_heard_while_all_works_and_its_address_is_nowhere_told(
    receiver: Receiver, tmp_path: Path
) -> None:
    url = f"http://127.0.0.1:{receiver.port}/ping/3f9c-secret"
    with service(tmp_path, environment={"MAILTRIP_HEARTBEAT_URL": url}):
        until(lambda: receiver.asked, 30)

    assert receiver.asked[0] == "/ping/3f9c-secret"
    assert "3f9c-secret" not in (tmp_path / "log").read_text()
