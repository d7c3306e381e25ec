"""Logging in over IMAP."""

import base64
from collections.abc import Sequence

import pytest

from mailtrip.mail.imap import IMAPGrammar
from mailtrip.mail.script import Refusal
from mailtrip.model import Credentials, Mechanism, StatusCode
from mailtrip.testing.scripts import play

LOGIN = StatusCode.MAILBOX_LOGIN
PROTOCOL = StatusCode.MAILBOX_PROTOCOL
NONCE = "rOprNGfwEbeRWgbNEkqO"
DONE = b"A1 OK [CAPABILITY IMAP4rev1 IDLE] in\r\n"
PLAIN = base64.b64encode(b"\0user\0pencil")


def greeted(*capabilities: str) -> IMAPGrammar:
    grammar = IMAPGrammar(nonce=lambda: NONCE)
    play(grammar.greeting(), [b"* OK [CAPABILITY IMAP4rev1 %s] hi\r\n" % " ".join(capabilities).encode()])
    return grammar


def login(username: str = "user", password: str = "pencil", mechanism: Mechanism = Mechanism.AUTO) -> Credentials:
    return Credentials(username=username, password=password, mechanism=mechanism)


@pytest.mark.parametrize(
    ("capabilities", "mechanism", "says", "sent", "shown"),
    [
        (
            ["AUTH=PLAIN", "SASL-IR"],
            Mechanism.AUTO,
            [DONE],
            b"A1 AUTHENTICATE PLAIN %s\r\n" % PLAIN,
            ["A1 AUTHENTICATE PLAIN (hidden)"],
        ),
        (
            ["AUTH=PLAIN"],
            Mechanism.AUTO,
            [b"+ \r\n", DONE],
            b"A1 AUTHENTICATE PLAIN\r\n%s\r\n" % PLAIN,
            ["A1 AUTHENTICATE PLAIN", "(hidden)"],
        ),
        ([], Mechanism.AUTO, [DONE], b'A1 LOGIN "user" "pencil"\r\n', ["A1 LOGIN user (hidden)"]),
        (
            ["AUTH=PLAIN", "AUTH=LOGIN"],
            Mechanism.LOGIN,
            [DONE],
            b'A1 LOGIN "user" "pencil"\r\n',
            ["A1 LOGIN user (hidden)"],
        ),
        (
            ["AUTH=PLAIN", "AUTH=SCRAM-SHA-256"],
            Mechanism.AUTO,
            [
                b"+ \r\n",
                b"+ %s\r\n"
                % base64.b64encode(
                    b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
                ),
                b"+ %s\r\n" % base64.b64encode(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="),
                DONE,
            ],
            b"A1 AUTHENTICATE SCRAM-SHA-256\r\n%s\r\n%s\r\n\r\n"
            % (
                base64.b64encode(b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"),
                base64.b64encode(
                    b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                    b"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
                ),
            ),
            ["A1 AUTHENTICATE SCRAM-SHA-256", "(hidden)", "(hidden)", "(hidden)"],
        ),
    ],
)
def test_a_login_goes_through(
    capabilities: Sequence[str], mechanism: Mechanism, says: Sequence[bytes], sent: bytes, shown: list[str]
) -> None:
    grammar = greeted(*capabilities)
    played = play(grammar.log_in(login(mechanism=mechanism), is_secure=True), says)
    assert (played.value, played.sent, played.shown) == (None, sent, shown)
    assert grammar.capabilities == {"IMAP4REV1", "IDLE"}


@pytest.mark.parametrize(
    ("says", "tail"),
    [
        ([b"* CAPABILITY IMAP4rev1 IDLE\r\nA1 OK in\r\n"], b""),
        ([b"A1 OK in\r\n", b"* CAPABILITY IMAP4rev1 IDLE\r\nA2 OK\r\n"], b"A2 CAPABILITY\r\n"),
    ],
)
def test_capabilities_are_learned_anew(says: Sequence[bytes], tail: bytes) -> None:
    grammar = greeted("STARTTLS")
    played = play(grammar.log_in(login(), is_secure=True), says)
    assert played.sent == b'A1 LOGIN "user" "pencil"\r\n' + tail
    assert grammar.capabilities == {"IMAP4REV1", "IDLE"}


def test_capabilities_are_asked_for_where_the_greeting_had_none() -> None:
    grammar = IMAPGrammar()
    play(grammar.greeting(), [b"* OK hi\r\n"])
    says = [b"* CAPABILITY IMAP4rev1\r\nA1 OK\r\n", b"A2 OK [CAPABILITY IMAP4rev1] in\r\n"]
    played = play(grammar.log_in(login(), is_secure=True), says)
    assert played.sent == b'A1 CAPABILITY\r\nA2 LOGIN "user" "pencil"\r\n'


def test_a_session_that_is_logged_in_needs_no_login() -> None:
    grammar = IMAPGrammar()
    play(grammar.greeting(), [b"* PREAUTH [CAPABILITY IMAP4rev1] hi\r\n"])
    played = play(grammar.log_in(login(), is_secure=False), [])
    assert (played.value, played.sent) == (None, b"")


@pytest.mark.parametrize(
    ("capability", "says", "sent", "shown"),
    [
        (
            "X",
            [b"+ go\r\n", b"+ go\r\n", DONE],
            b"A1 LOGIN {5}\r\nus\xc3\xa9r {7}\r\np\xc3\xa4ncil\r\n",
            ["A1 LOGIN us\u00e9r (hidden)", "(hidden)", "(hidden)"],
        ),
        (
            "LITERAL+",
            [DONE],
            b"A1 LOGIN {5+}\r\nus\xc3\xa9r {7+}\r\np\xc3\xa4ncil\r\n",
            ["A1 LOGIN us\u00e9r (hidden)"],
        ),
        (
            "LITERAL-",
            [DONE],
            b"A1 LOGIN {5+}\r\nus\xc3\xa9r {7+}\r\np\xc3\xa4ncil\r\n",
            ["A1 LOGIN us\u00e9r (hidden)"],
        ),
    ],
)
def test_what_is_not_ascii_goes_in_literals(
    capability: str, says: Sequence[bytes], sent: bytes, shown: list[str]
) -> None:
    played = play(greeted(capability).log_in(login("us\u00e9r", "p\u00e4ncil"), is_secure=True), says)
    assert (played.value, played.sent, played.shown) == (None, sent, shown)


def test_quotes_and_backslashes_are_escaped() -> None:
    played = play(greeted().log_in(login('a"b', "c\\d e"), is_secure=True), [DONE])
    assert played.sent == b'A1 LOGIN "a\\"b" "c\\\\d e"\r\n'


@pytest.mark.parametrize(
    ("capabilities", "says", "expected"),
    [
        ([], [b"A1 NO no\r\n"], Refusal(status=LOGIN, reason="LOGIN refused: NO no")),
        (
            [],
            [b"A1 NO [AUTHENTICATIONFAILED] bad pencil\r\n"],
            Refusal(status=LOGIN, reason="LOGIN refused: NO [AUTHENTICATIONFAILED] bad (hidden)"),
        ),
        (
            [],
            [b"A1 NO [UNAVAILABLE] ldap\r\n"],
            Refusal(status=PROTOCOL, reason="LOGIN refused: NO [UNAVAILABLE] ldap", is_temporary=True),
        ),
        ([], [b"A1 NO [EXPIRED] old\r\n"], Refusal(status=LOGIN, reason="LOGIN refused: NO [EXPIRED] old")),
        ([], [b"A1 BAD what\r\n"], Refusal(status=PROTOCOL, reason="LOGIN refused: BAD what")),
        ([], [b"* BYE no\r\n"], Refusal(status=PROTOCOL, reason="the server ended the session: BYE no")),
        (
            ["AUTH=PLAIN", "SASL-IR"],
            [b"A1 NO [AUTHENTICATIONFAILED] no\r\n"],
            Refusal(status=LOGIN, reason="AUTHENTICATE PLAIN refused: NO [AUTHENTICATIONFAILED] no"),
        ),
        (
            ["AUTH=PLAIN", "SASL-IR"],
            [b"+ more\r\n", b"A1 BAD cancelled\r\n"],
            Refusal(
                status=LOGIN,
                reason="AUTHENTICATE PLAIN failed: the server goes on asking after PLAIN is complete",
            ),
        ),
        (
            ["AUTH=SCRAM-SHA-1", "SASL-IR"],
            [DONE],
            Refusal(
                status=LOGIN,
                reason="AUTHENTICATE SCRAM-SHA-1 failed: "
                "the server accepts the login without proving that it knows the password",
            ),
        ),
        (
            ["LOGINDISABLED"],
            [],
            Refusal(
                status=LOGIN,
                reason="login not possible: the server does not offer a way to log in that is known here",
            ),
        ),
    ],
)
def test_a_login_is_refused(capabilities: Sequence[str], says: Sequence[bytes], expected: Refusal) -> None:
    assert play(greeted(*capabilities).log_in(login(), is_secure=True), says).value == expected


def test_an_exchange_that_fails_is_cancelled() -> None:
    played = play(greeted("AUTH=CRAM-MD5").log_in(login(), is_secure=False), [b"+ ???\r\n", b"A1 BAD\r\n"])
    assert played.sent == b"A1 AUTHENTICATE CRAM-MD5\r\n*\r\n"
    assert isinstance(played.value, Refusal)


def test_nothing_is_sent_where_the_password_would_be_seen() -> None:
    played = play(greeted("AUTH=PLAIN").log_in(login(), is_secure=False), [])
    assert played.sent == b""
    assert isinstance(played.value, Refusal)


def test_a_literal_that_is_refused_ends_the_login() -> None:
    played = play(greeted().log_in(login("us\u00e9r"), is_secure=True), [b"A1 NO too long\r\n"])
    assert played.sent == b"A1 LOGIN {5}\r\n"
    assert played.value == Refusal(status=LOGIN, reason="LOGIN refused: NO too long")


def test_challenges_are_hidden() -> None:
    played = play(
        greeted("AUTH=CRAM-MD5").log_in(login(), is_secure=True), [b"+ PDFAeD4=\r\n", b"A1 OK [CAPABILITY X] in\r\n"]
    )
    assert [exchange.hides_reply for exchange in played.exchanges] == [True, False]


def test_a_server_that_does_not_tell_its_capabilities_is_refused() -> None:
    grammar = IMAPGrammar()
    play(grammar.greeting(), [b"* OK hi\r\n"])
    value = play(grammar.log_in(login(), is_secure=True), [b"A1 BAD what\r\n"]).value
    assert value == Refusal(status=PROTOCOL, reason="CAPABILITY refused: BAD what")


def test_a_password_that_the_mechanism_does_not_allow_is_not_sent() -> None:
    played = play(greeted("AUTH=SCRAM-SHA-1").log_in(login(password="a\x07"), is_secure=True), [])
    assert played.sent == b""
    assert isinstance(played.value, Refusal)


def test_capabilities_are_still_known_after_a_refusal() -> None:
    grammar = greeted("IDLE")
    play(grammar.log_in(login(), is_secure=True), [b"A1 NO no\r\n"])
    assert grammar.capabilities == {"IMAP4REV1", "IDLE"}
