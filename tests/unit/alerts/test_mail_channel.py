"""Alerts by mail: one message, the same in all attempts, which answers nobody and starts no loop."""

from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from tests.unit.alerts.builders import KEY, make_item, make_package, make_recipient

from mailtrip.alerts.channels.mail import MailChannel
from mailtrip.model import (
    Accepted,
    AlertKind,
    AlertMethod,
    AlertPackage,
    DeliveryAnswer,
    Envelope,
    Failure,
    StatusCode,
    Step,
)

ACCEPTED = Accepted(reply="250 2.0.0 queued", at=2.0, offered_at=1.0)


class Relay:
    """Takes messages, or fails."""

    def __init__(self, outcome: Accepted | Failure = ACCEPTED) -> None:
        self.taken: list[tuple[Envelope, bytes]] = []
        self._outcome = outcome

    async def __call__(self, envelope: Envelope, message: bytes) -> Accepted | Failure:
        self.taken.append((envelope, message))
        return self._outcome


def channel(relay: Relay | None) -> MailChannel:
    return MailChannel(relay, sender="alerts@probe.test", public_url=None)


async def test_the_message_is_what_its_recipient_needs_and_no_more() -> None:
    relay = Relay()

    answer = await channel(relay).send(make_package())

    assert answer == DeliveryAnswer(is_sent=True, text="250 2.0.0 queued")
    ((envelope, raw),) = relay.taken
    assert envelope == Envelope(sender="alerts@probe.test", recipient="team@probe.test")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    message = message_from_bytes(raw, _class=EmailMessage, policy=policy.default)
    assert message["From"] == "Mailtrip <alerts@probe.test>"
    assert message["To"] == "team@probe.test"
    assert message["Subject"] == "[Mailtrip] Münster mail: SMTP: login refused"
    assert message["Message-ID"] == f"<{KEY}@probe.test>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert "535 5.7.8 Authentication failed" in message.get_content()


@pytest.mark.parametrize("method", [AlertMethod.EMAIL_TEXT, AlertMethod.EMAIL_HTML])
async def test_all_attempts_are_the_same_message(method: AlertMethod) -> None:
    relay = Relay()
    for _ in range(2):
        await channel(relay).send(make_package(recipient=make_recipient(method)))

    assert relay.taken[0] == relay.taken[1]


async def test_an_address_beyond_ascii_makes_a_message_in_utf_8() -> None:
    relay = Relay()

    await channel(relay).send(make_package(recipient=make_recipient(address="büro@probe.test")))

    assert "To: büro@probe.test".encode() in relay.taken[0][1]


def failure(
    status: StatusCode = StatusCode.RECIPIENT_REFUSED, *, is_temporary: bool = False, is_unanswered: bool = False
) -> Failure:
    return Failure(
        step=Step.SUBMIT,
        status=status,
        reason="550 no such user",
        is_temporary=is_temporary,
        is_unanswered=is_unanswered,
    )


@pytest.mark.parametrize(
    ("make", "is_temporary"),
    [
        (failure, False),
        (lambda: failure(is_temporary=True), True),
        (lambda: failure(is_unanswered=True), True),
        (lambda: failure(StatusCode.MESSAGE_REFUSED), False),
        (lambda: failure(StatusCode.SENDER_REFUSED), True),
        (lambda: failure(StatusCode.SMTP_LOGIN), True),
        (lambda: failure(StatusCode.SMTP_TLS), True),
    ],
    ids=[
        "for good",
        "passing",
        "the acceptance was not heard",
        "the message for good",
        "our sender",
        "our login",
        "its certificate",
    ],
)
async def test_what_a_relay_refuses_is_tried_again_where_that_makes_sense(
    make: Callable[[], Failure], is_temporary: bool
) -> None:
    answer = await channel(Relay(make())).send(make_package())

    assert answer == DeliveryAnswer(is_sent=False, text="550 no such user", is_temporary=is_temporary)


async def test_without_a_relay_mail_waits_and_says_what_to_do() -> None:
    answer = await channel(None).send(make_package())

    assert (answer.is_sent, answer.is_temporary) == (False, True)
    assert "alert_relay" in answer.text


async def html_message(package: AlertPackage) -> EmailMessage:
    relay = Relay()
    await channel(relay).send(package)
    ((_, raw),) = relay.taken
    return message_from_bytes(raw, _class=EmailMessage, policy=policy.default)


async def test_html_has_the_text_beside_it_and_the_step_chart_in_it() -> None:
    message = await html_message(make_package(recipient=make_recipient(AlertMethod.EMAIL_HTML)))

    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]
    plain, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    picture = next(part for part in message.walk() if part.get_content_type() == "image/png")
    assert plain is not None
    assert html is not None
    assert "535 5.7.8 Authentication failed" in plain.get_content()
    assert "535 5.7.8 Authentication failed" in html.get_content()
    assert f'src="cid:{picture["Content-ID"].strip("<>")}"' in html.get_content()
    assert 'alt="SMTP: connect 12 ms, SMTP: TLS 40 ms, SMTP: log in failed"' in html.get_content()
    assert picture.get_content_disposition() == "inline"


async def test_html_escapes_what_comes_from_others_and_loads_nothing() -> None:
    item = make_item(name="<img src=http://evil.probe.test/>")
    html = (await html_message(make_package(item, recipient=make_recipient(AlertMethod.EMAIL_HTML)))).get_body(
        ("html",)
    )

    assert html is not None
    assert "&lt;img src=http://evil.probe.test/&gt;" in html.get_content()
    assert "<img src=http" not in html.get_content()
    assert "<script" not in html.get_content()


async def test_what_has_no_steps_has_no_picture() -> None:
    item = make_item(AlertKind.TEST)

    message = await html_message(make_package(item, recipient=make_recipient(AlertMethod.EMAIL_HTML)))

    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
