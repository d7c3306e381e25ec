"""The SMTP grammar: what the server says, what goes out, and what comes of it."""

import base64
from collections.abc import Sequence

import pytest

from mailtrip.mail import smtp
from mailtrip.mail.script import Refusal
from mailtrip.mail.smtp import Capabilities
from mailtrip.model import Credentials, Mechanism, StatusCode
from mailtrip.testing.scripts import ConnectionLost, play

MESSAGE = b"From: a@example.org\r\n\r\nhello\r\n"
PIPELINED = Capabilities(names=frozenset({"PIPELINING"}))
STEPWISE = Capabilities()


def refusal(status: StatusCode, reason: str, **flags: bool) -> Refusal:
    return Refusal(status=status, reason=reason, **flags)


def test_the_greeting_is_heard() -> None:
    assert play(smtp.greeting(), [b"220-mx.example\r\n220 ready\r\n"]).value == "220 mx.example ready"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            b"421 4.3.2 too busy\r\n",
            refusal(StatusCode.DEFERRED, "the greeting refuses service: 421 4.3.2 too busy", is_temporary=True),
        ),
        (
            b"554 go away\r\n",
            refusal(StatusCode.SMTP_PROTOCOL, "the greeting refuses service: 554 go away"),
        ),
    ],
)
def test_a_greeting_can_refuse(said: bytes, expected: Refusal) -> None:
    assert play(smtp.greeting(), [said]).value == expected


def test_ehlo_tells_what_the_server_offers() -> None:
    said = (
        b"250-mx.example at your service\r\n250-SIZE 10240000\r\n250-auth PLAIN scram-sha-256\r\n"
        b"250-AUTH=LOGIN\r\n250-PIPELINING\r\n250 STARTTLS\r\n"
    )
    played = play(smtp.hello("me.example"), [said])
    assert played.sent == b"EHLO me.example\r\n"
    assert played.value == Capabilities(
        names=frozenset({"SIZE", "AUTH", "PIPELINING", "STARTTLS"}),
        mechanisms=frozenset({"PLAIN", "SCRAM-SHA-256", "LOGIN"}),
        size_limit=10_240_000,
        lines=("SIZE 10240000", "auth PLAIN scram-sha-256", "AUTH=LOGIN", "PIPELINING", "STARTTLS"),
    )


@pytest.mark.parametrize("size", [b"SIZE", b"SIZE 0", b"SIZE many"])
def test_a_size_that_says_nothing_is_no_limit(size: bytes) -> None:
    value = play(smtp.hello("me"), [b"250-mx\r\n250 %s\r\n" % size]).value
    assert isinstance(value, Capabilities)
    assert value.size_limit is None


def test_helo_is_said_where_ehlo_is_unknown() -> None:
    played = play(smtp.hello("[127.0.0.1]"), [b"502 what?\r\n", b"250 mx\r\n"])
    assert played.sent == b"EHLO [127.0.0.1]\r\nHELO [127.0.0.1]\r\n"
    assert played.value == Capabilities()


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        (
            [b"502 no\r\n", b"550 never\r\n"],
            refusal(StatusCode.SMTP_PROTOCOL, "HELO refused: 550 never"),
        ),
        (
            [b"421 later\r\n"],
            refusal(StatusCode.DEFERRED, "EHLO deferred: 421 later", is_temporary=True),
        ),
        (
            [b"354 go\r\n"],
            refusal(StatusCode.SMTP_PROTOCOL, "EHLO refused with an answer that makes no sense there: 354 go"),
        ),
    ],
)
def test_a_server_can_refuse_to_be_greeted(says: Sequence[bytes], expected: Refusal) -> None:
    assert play(smtp.hello("me"), says).value == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"220 go\r\n", None),
        (b"454 no\r\n", refusal(StatusCode.DEFERRED, "STARTTLS deferred: 454 no", is_temporary=True)),
        (b"502 no\r\n", refusal(StatusCode.SMTP_TLS, "STARTTLS refused: 502 no")),
    ],
)
def test_starttls_is_accepted_or_refused(said: bytes, expected: Refusal | None) -> None:
    played = play(smtp.start_tls(), [said])
    assert (played.sent, played.value) == (b"STARTTLS\r\n", expected)


def login(mechanism: Mechanism = Mechanism.AUTO, password: str = "secret") -> Credentials:
    return Credentials(username="tim", password=password, mechanism=mechanism)


def offering(*mechanisms: str) -> Capabilities:
    return Capabilities(names=frozenset({"AUTH"}), mechanisms=frozenset(mechanisms))


def b64(text: str) -> bytes:
    return base64.b64encode(text.encode())


@pytest.mark.parametrize(
    ("offered", "says", "sent", "shown"),
    [
        (
            "PLAIN",
            [b"235 ok\r\n"],
            b"AUTH PLAIN %s\r\n" % b64("\0tim\0tanstaaftanstaaf"),
            ["AUTH PLAIN (hidden)"],
        ),
        (
            "LOGIN",
            [b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n", b"235 ok\r\n"],
            b"AUTH LOGIN\r\n%s\r\n%s\r\n" % (b64("tim"), b64("tanstaaftanstaaf")),
            ["AUTH LOGIN", "(hidden)", "(hidden)"],
        ),
        (
            "CRAM-MD5",
            [b"334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\r\n", b"235 ok\r\n"],
            b"AUTH CRAM-MD5\r\ndGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\r\n",  # RFC 2195, 2
            ["AUTH CRAM-MD5", "(hidden)"],
        ),
    ],
)
def test_a_login_goes_through(offered: str, says: Sequence[bytes], sent: bytes, shown: list[str]) -> None:
    played = play(smtp.log_in(offering(offered), login(password="tanstaaftanstaaf"), is_secure=True), says)
    assert (played.value, played.sent, played.shown) == (None, sent, shown)


def test_a_challenge_that_helps_to_guess_the_password_is_hidden() -> None:
    says = [b"334 %s\r\n" % b64("<1@x>"), b"235 ok\r\n"]
    played = play(smtp.log_in(offering("CRAM-MD5"), login(), is_secure=True), says)
    assert [exchange.hides_reply for exchange in played.exchanges] == [True, False]


def test_a_long_response_waits_until_it_is_asked_for() -> None:
    password = "x" * 600
    played = play(
        smtp.log_in(offering("PLAIN"), login(password=password), is_secure=True), [b"334 \r\n", b"235 ok\r\n"]
    )
    assert played.sent == b"AUTH PLAIN\r\n%s\r\n" % b64(f"\0tim\0{password}")
    assert played.value is None


@pytest.mark.parametrize(
    ("offered", "says", "expected"),
    [
        (
            "PLAIN",
            [b"535-5.7.8 no\r\n535 5.7.8 way\r\n"],
            refusal(StatusCode.SMTP_LOGIN, "AUTH PLAIN refused: 535 5.7.8 no way"),
        ),
        (
            "PLAIN",
            [b"454 4.7.0 later\r\n"],
            refusal(StatusCode.DEFERRED, "AUTH PLAIN deferred: 454 4.7.0 later", is_temporary=True),
        ),
        (
            # RFC 4954, 6: the password is to be given by another mechanism once; the same never works later.
            "CRAM-MD5",
            [b"432 4.7.12 A password transition is needed\r\n"],
            refusal(StatusCode.SMTP_LOGIN, "AUTH CRAM-MD5 refused: 432 4.7.12 A password transition is needed"),
        ),
        (
            "PLAIN",
            [b"500 unknown: AUTH PLAIN %s secret\r\n" % b64("\0tim\0secret")],
            refusal(StatusCode.SMTP_LOGIN, "AUTH PLAIN refused: 500 unknown: AUTH PLAIN (hidden) (hidden)"),
        ),
        (
            "PLAIN",
            [b"250 sure\r\n"],
            refusal(StatusCode.SMTP_PROTOCOL, "AUTH PLAIN refused with an answer that makes no sense there: 250 sure"),
        ),
        (
            "PLAIN",
            [b"334 more\r\n", b"501 cancelled\r\n"],
            refusal(StatusCode.SMTP_LOGIN, "AUTH PLAIN failed: the server goes on asking after PLAIN is complete"),
        ),
        (
            "CRAM-MD5",
            [b"334 ???\r\n", b"501 cancelled\r\n"],
            refusal(StatusCode.SMTP_LOGIN, "AUTH CRAM-MD5 failed: the server sent a challenge that is not Base64"),
        ),
        (
            "CRAM-MD5",
            [b"235 come in\r\n"],
            refusal(
                StatusCode.SMTP_LOGIN,
                "AUTH CRAM-MD5 failed: the server accepts a login without having asked for the password",
            ),
        ),
        (
            "SCRAM-SHA-256",
            [b"235 come in\r\n"],
            refusal(
                StatusCode.SMTP_LOGIN,
                "AUTH SCRAM-SHA-256 failed: the server accepts the login without proving that it knows the password",
            ),
        ),
        (
            "GSSAPI",
            [],
            refusal(
                StatusCode.SMTP_LOGIN,
                "login not possible: the server does not offer a way to log in that is known here; it offers GSSAPI",
            ),
        ),
    ],
)
def test_a_login_is_refused(offered: str, says: Sequence[bytes], expected: Refusal) -> None:
    assert play(smtp.log_in(offering(offered), login(), is_secure=True), says).value == expected


def test_an_exchange_that_fails_is_cancelled() -> None:
    played = play(smtp.log_in(offering("CRAM-MD5"), login(), is_secure=True), [b"334 ???\r\n", b"501 ok\r\n"])
    assert played.sent == b"AUTH CRAM-MD5\r\n*\r\n"


def test_nothing_is_sent_where_the_password_would_be_seen() -> None:
    played = play(smtp.log_in(offering("PLAIN", "LOGIN"), login(), is_secure=False), [])
    assert played.sent == b""
    assert isinstance(played.value, Refusal)
    assert played.value.status is StatusCode.SMTP_LOGIN


@pytest.mark.parametrize(
    ("capabilities", "says", "shown"),
    [
        (
            STEPWISE,
            [b"250 a\r\n", b"251 b\r\n", b"354 go\r\n", b"250 2.0.0 queued as 42\r\n"],
            ["MAIL FROM:<a@x>", "RCPT TO:<b@y>", "DATA", "(message, 30 bytes)"],
        ),
        (
            PIPELINED,
            [b"250 a\r\n250 b\r\n354 go\r\n", b"250 2.0.0 queued as 42\r\n"],
            ["MAIL FROM:<a@x>", "RCPT TO:<b@y>", "DATA", "(message, 30 bytes)"],
        ),
    ],
)
def test_a_message_is_handed_over(capabilities: Capabilities, says: Sequence[bytes], shown: list[str]) -> None:
    played = play(smtp.submit(capabilities, "a@x", "b@y", MESSAGE), says)
    assert played.value == "250 2.0.0 queued as 42"
    assert played.sent == b"MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n" + MESSAGE + b".\r\n"
    assert played.shown == shown


@pytest.mark.parametrize(
    ("names", "sender", "message", "expected"),
    [
        (set(), "a@x", MESSAGE, b"MAIL FROM:<a@x>\r\n"),
        (set(), "", MESSAGE, b"MAIL FROM:<>\r\n"),
        ({"SIZE"}, "a@x", MESSAGE, b"MAIL FROM:<a@x> SIZE=30\r\n"),
        ({"SMTPUTF8", "8BITMIME"}, "a@x", MESSAGE, b"MAIL FROM:<a@x>\r\n"),
        ({"8BITMIME"}, "a@x", b"A: b\r\n\r\n\xc3\xbc\r\n", b"MAIL FROM:<a@x> BODY=8BITMIME\r\n"),
        ({"SMTPUTF8"}, "\u00fc@x", MESSAGE, "MAIL FROM:<\u00fc@x> SMTPUTF8\r\n".encode()),
        (
            {"SMTPUTF8", "8BITMIME", "SIZE"},
            "a@x",
            b"A: \xc3\xbc\r\n\r\n",
            b"MAIL FROM:<a@x> SIZE=9 BODY=8BITMIME SMTPUTF8\r\n",
        ),
    ],
)
def test_the_sender_comes_with_what_the_message_needs(
    names: set[str], sender: str, message: bytes, expected: bytes
) -> None:
    capabilities = Capabilities(names=frozenset(names))
    with pytest.raises(ConnectionLost) as lost:
        play(smtp.submit(capabilities, sender, "b@y", message), [])
    assert lost.value.played.sent == expected


def deferred(reason: str) -> Refusal:
    return refusal(StatusCode.DEFERRED, reason, is_temporary=True)


REFUSED = [
    ([b"550 5.1.8 no\r\n"], refusal(StatusCode.SENDER_REFUSED, "MAIL FROM refused: 550 5.1.8 no")),
    ([b"450 no\r\n"], deferred("MAIL FROM deferred: 450 no")),
    ([b"421 bye\r\n"], deferred("MAIL FROM deferred: 421 bye")),
    (
        [b"250 ok\r\n", b"550 5.1.1 no such user\r\n"],
        refusal(StatusCode.RECIPIENT_REFUSED, "RCPT TO refused: 550 5.1.1 no such user"),
    ),
    ([b"250 ok\r\n", b"451 4.7.1 greylisted\r\n"], deferred("RCPT TO deferred: 451 4.7.1 greylisted")),
    (
        [b"250 ok\r\n", b"250 ok\r\n", b"554 no\r\n"],
        refusal(StatusCode.MESSAGE_REFUSED, "DATA refused: 554 no"),
    ),
    (
        [b"250 ok\r\n", b"250 ok\r\n", b"250 what\r\n"],
        refusal(StatusCode.SMTP_PROTOCOL, "DATA refused with an answer that makes no sense there: 250 what"),
    ),
    ([b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n", b"452 full\r\n"], deferred("message deferred: 452 full")),
    (
        [b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n", b"554-5.7.1 spam\r\n554 5.7.1 indeed\r\n"],
        refusal(StatusCode.MESSAGE_REFUSED, "message refused: 554 5.7.1 spam indeed"),
    ),
    (
        [b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n", b"354 go on\r\n"],
        refusal(StatusCode.SMTP_PROTOCOL, "the message was answered with nonsense: 354 go on", is_unanswered=True),
    ),
    # RFC 3463, 3.3: X.2.2 is a mailbox that is full; behind MAIL it is the sender's.
    (
        [b"250 ok\r\n", b"552 5.2.2 mailbox full\r\n"],
        refusal(StatusCode.MAILBOX_QUOTA, "RCPT TO refused: 552 5.2.2 mailbox full"),
    ),
    (
        [b"250 ok\r\n", b"452-4.2.2 over\r\n452 4.2.2 quota\r\n"],
        refusal(StatusCode.MAILBOX_QUOTA, "RCPT TO deferred: 452 4.2.2 over quota", is_temporary=True),
    ),
    (
        [b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n", b"552 5.2.2\r\n"],
        refusal(StatusCode.MAILBOX_QUOTA, "message refused: 552 5.2.2"),
    ),
    ([b"552 5.2.2 no\r\n"], refusal(StatusCode.SENDER_REFUSED, "MAIL FROM refused: 552 5.2.2 no")),
    (
        [b"250 ok\r\n", b"552 5.2.20 what\r\n"],
        refusal(StatusCode.RECIPIENT_REFUSED, "RCPT TO refused: 552 5.2.20 what"),
    ),
    (
        [b"250 ok\r\n", b"552 mailbox full\r\n"],
        refusal(StatusCode.RECIPIENT_REFUSED, "RCPT TO refused: 552 mailbox full"),
    ),
    (
        [b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n", b"552 5.3.4 too big\r\n"],
        refusal(StatusCode.MESSAGE_REFUSED, "message refused: 552 5.3.4 too big"),
    ),
]


@pytest.mark.parametrize(("says", "expected"), REFUSED)
def test_each_step_can_be_refused(says: Sequence[bytes], expected: Refusal) -> None:
    assert play(smtp.submit(STEPWISE, "a@x", "b@y", MESSAGE), says).value == expected


@pytest.mark.parametrize(("says", "expected"), REFUSED)
def test_each_step_can_be_refused_when_pipelined(says: Sequence[bytes], expected: Refusal) -> None:
    replies = [b"".join(says[:3]), *says[3:]]
    assert play(smtp.submit(PIPELINED, "a@x", "b@y", MESSAGE), replies).value == expected


@pytest.mark.parametrize(
    ("says", "tail"),
    [
        pytest.param([b"250 a\r\n550 no\r\n554 no valid recipients\r\n"], b"DATA\r\n", id="DATA refused too"),
        pytest.param([b"250 a\r\n550 no\r\n354 go\r\n", b"554 nothing\r\n"], b"DATA\r\n.\r\n", id="DATA accepted"),
        pytest.param([b"250 a\r\n550 no\r\n", b"354 go\r\n", b"554 no\r\n"], b"DATA\r\n.\r\n", id="DATA accepted late"),
        pytest.param([b"550 a\r\n503 b\r\n503 c\r\n"], b"DATA\r\n", id="all refused"),
        pytest.param([b"550 a\r\n250 b\r\n354 c\r\n", b"554 x\r\n"], b"DATA\r\n.\r\n", id="only MAIL refused"),
        pytest.param([b"250 a\r\n550 no\r\n"], b"DATA\r\n", id="connection closed behind the refusal"),
        pytest.param([b"250 a\r\n550 no\r\n354 go\r\n"], b"DATA\r\n.\r\n", id="connection closed behind the dot"),
    ],
)
def test_a_pipelined_refusal_is_backed_out_of(says: Sequence[bytes], tail: bytes) -> None:
    played = play(smtp.submit(PIPELINED, "a@x", "b@y", MESSAGE), says)
    assert isinstance(played.value, Refusal)
    assert played.value.status in {StatusCode.RECIPIENT_REFUSED, StatusCode.SENDER_REFUSED}
    assert played.sent.endswith(b"\r\n" + tail)
    assert MESSAGE not in played.sent


def test_only_the_message_commits() -> None:
    says = [b"250 a\r\n", b"250 b\r\n", b"354 go\r\n", b"250 ok\r\n"]
    played = play(smtp.submit(STEPWISE, "a@x", "b@y", MESSAGE), says)
    assert [exchange.commits for exchange in played.exchanges] == [False, False, False, True]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (b"A: b\r\n\r\n.\r\n..x\r\n", b"A: b\r\n\r\n..\r\n...x\r\n.\r\n"),
        (b".A: b\r\n", b"..A: b\r\n.\r\n"),
        (b"A: b\r\n\r\nno end", b"A: b\r\n\r\nno end\r\n.\r\n"),
    ],
)
def test_dots_are_stuffed(message: bytes, expected: bytes) -> None:
    says = [b"250 a\r\n250 b\r\n354 go\r\n", b"250 ok\r\n"]
    assert play(smtp.submit(PIPELINED, "a@x", "b@y", message), says).sent.endswith(b"DATA\r\n" + expected)


@pytest.mark.parametrize(
    ("capabilities", "sender", "recipient", "message", "expected"),
    [
        (
            Capabilities(size_limit=29),
            "a@x",
            "b@y",
            MESSAGE,
            refusal(StatusCode.MESSAGE_REFUSED, "the message has 30 bytes, the server accepts 29"),
        ),
        (
            STEPWISE,
            "\u00fc@x",
            "b@y",
            MESSAGE,
            refusal(StatusCode.SENDER_REFUSED, "the sender's address needs SMTPUTF8, which the server does not offer"),
        ),
        (
            STEPWISE,
            "a@x",
            "\u00fc@y",
            MESSAGE,
            refusal(
                StatusCode.RECIPIENT_REFUSED,
                "the recipient's address needs SMTPUTF8, which the server does not offer",
            ),
        ),
        (
            STEPWISE,
            "a@x",
            "b@y",
            b"A: \xc3\xbc\r\n\r\n",
            refusal(StatusCode.MESSAGE_REFUSED, "the message's header needs SMTPUTF8, which the server does not offer"),
        ),
    ],
)
def test_what_the_server_does_not_offer_is_not_tried(
    capabilities: Capabilities, sender: str, recipient: str, message: bytes, expected: Refusal
) -> None:
    played = play(smtp.submit(capabilities, sender, recipient, message), [])
    assert (played.value, played.sent) == (expected, b"")


@pytest.mark.parametrize(
    ("sender", "recipient", "message"),
    [
        ("a@x\r\nRCPT TO:<c@z>", "b@y", MESSAGE),
        ("a@x", "b@y>\nDATA", MESSAGE),
        ("a@x", "b@y> NOTIFY=NEVER", MESSAGE),
        ("a@x", "b\x00@y", MESSAGE),
        ("a@x", "b\x85@y", MESSAGE),
        ("a@x", '"b\r\n"@y', MESSAGE),
        ("a@x", "", MESSAGE),
        ("a@x", "b@y", b"A: b\n\nx\n"),
        ("a@x", "b@y", b"A: b\r\n\r\nx\r.\r\n"),
    ],
)
def test_input_that_would_break_the_conversation_is_our_bug(sender: str, recipient: str, message: bytes) -> None:
    with pytest.raises(ValueError, match=r"an address|a recipient|a message"):
        play(smtp.submit(STEPWISE, sender, recipient, message), [])


def test_a_quoted_local_part_may_have_blanks() -> None:
    with pytest.raises(ConnectionLost) as lost:
        play(smtp.submit(STEPWISE, '"a b"@x', "b@y", MESSAGE), [])
    assert lost.value.played.sent == b'MAIL FROM:<"a b"@x>\r\n'


@pytest.mark.parametrize("says", [[b"221 bye\r\n"], [b"500 what\r\n"], []])
def test_whatever_the_answer_to_quit_the_session_is_over(says: Sequence[bytes]) -> None:
    played = play(smtp.quit_(), says)
    assert (played.value, played.sent) == (None, b"QUIT\r\n")


def test_a_password_that_the_mechanism_does_not_allow_is_not_sent() -> None:
    played = play(smtp.log_in(offering("SCRAM-SHA-256"), login(password="a\x07"), is_secure=True), [])
    assert played.sent == b""
    assert played.value == refusal(
        StatusCode.SMTP_LOGIN,
        "login not possible: the user name or password has characters that SCRAM does not allow",
    )


def test_a_client_name_with_a_line_end_is_our_bug() -> None:
    with pytest.raises(ValueError, match="no control characters"):
        play(smtp.hello("me\r\nMAIL FROM:<>"), [])
