"""Whatever a server says, a script gives a value or a refusal: never an exception, never a secret."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.mail import pop3, smtp
from mailtrip.mail.imap import IMAPGrammar
from mailtrip.mail.script import Refusal, Script
from mailtrip.model import Credentials, Mechanism
from mailtrip.testing.scripts import ConnectionLost, Played, play

PASSWORD = "xyzzy-s3cret"
MECHANISMS = frozenset({"SCRAM-SHA-256", "CRAM-MD5", "PLAIN", "LOGIN"})
SMTP = smtp.Capabilities(names=frozenset({"PIPELINING", "SIZE"}), mechanisms=MECHANISMS)
POP3 = pop3.Capabilities(names=frozenset({"USER"}), mechanisms=MECHANISMS)
APOP = pop3.Greeting(text="+OK", timestamp="<1@x>")


def login(mechanism: Mechanism) -> Credentials:
    return Credentials(username="tim", password=PASSWORD, mechanism=mechanism)


def imap(*capabilities: str) -> IMAPGrammar:
    grammar = IMAPGrammar()
    play(grammar.greeting(), [b"* OK [CAPABILITY %s] hi\r\n" % " ".join(capabilities).encode()])
    return grammar


SMTP_SCRIPTS: list[Callable[[], Script[object]]] = [
    smtp.greeting,
    lambda: smtp.hello("me"),
    smtp.start_tls,
    lambda: smtp.submit(SMTP, "a@x", "b@y", b"A: b\r\n"),
    lambda: smtp.submit(smtp.Capabilities(), "a@x", "b@y", b"A: b\r\n"),
    smtp.quit_,
]
POP3_SCRIPTS: list[Callable[[], Script[object]]] = [
    pop3.greeting,
    pop3.capabilities,
    pop3.start_tls,
    pop3.list_uids,
    lambda: pop3.size(1),
    lambda: pop3.top(1, 2),
    lambda: pop3.retrieve(1),
    lambda: pop3.delete(1),
    pop3.quit_,
]
AUTH = [f"AUTH={name}" for name in MECHANISMS]
IMAP_SCRIPTS: list[Callable[[], Script[object]]] = [
    lambda: IMAPGrammar().greeting(),
    lambda: imap().capability(),
    lambda: imap().start_tls(),
    lambda: imap("ID").identify("a", "b"),
    lambda: imap().select("INBOX"),
    lambda: imap().noop(),
    lambda: imap("IDLE").idle(1),
    lambda: imap().fetch_heads(1),
    lambda: imap().fetch(1),
    lambda: imap("UIDPLUS").delete([1]),
    lambda: imap("X").delete([1]),
    lambda: imap().list_folders(),
    lambda: imap().log_out(),
]

SMTP_WORDS = [
    b"220 hi\r\n",
    b"250-SIZE 9\r\n",
    b"250 AUTH PLAIN\r\n",
    b"235 ok\r\n",
    b"334 ",
    b"354 go\r\n",
    b"421 bye\r\n",
    b"550 no\r\n",
]
POP3_WORDS = [
    b"+OK\r\n",
    b"-ERR [IN-USE] no\r\n",
    b"+ ",
    b"1 a\r\n",
    b"SASL PLAIN\r\n",
    b"LOGIN-DELAY 5\r\n",
    b".\r\n",
    b"..x\r\n",
]
IMAP_WORDS = [
    *(b"A%d %s\r\n" % (tag, word) for tag in (1, 2, 3) for word in (b"OK", b"NO [INUSE] x", b"BAD", b"OK [UIDNEXT x]")),
    *(
        b"* %s\r\n" % word
        for word in (b"1 EXISTS", b"1 EXPUNGE", b"BYE", b"OK [UIDNEXT 7]", b"SEARCH 1 2", b"CAPABILITY X")
    ),
    b"* 1 FETCH (",
    b"UID 1 ",
    b"RFC822.SIZE 3 ",
    b"BODY[]<0> ",
    b"{3}\r\n",
    b")\r\n",
    b'* LIST (\\Junk) "/" ',
    b"NIL",
    b"(",
    b"+ ",
    b"* OK hi\r\n",
]
ANY_WORDS = [b"\r\n", b"\n", b"\x00", b"\xff", b"PDFAeD4=", b"x", b" ", b'"', b"\x1b["]


Words = st.SearchStrategy[list[bytes]]


def pieces(words: Sequence[bytes]) -> Words:
    word = st.one_of(st.sampled_from(words), st.sampled_from(words), st.sampled_from(ANY_WORDS), st.binary(max_size=8))
    return st.lists(st.lists(word, max_size=6).map(b"".join), max_size=5)


def outcome(script: Script[object], says: Sequence[bytes]) -> Played[object] | Played[None]:
    try:
        return play(script, says)
    except ConnectionLost as lost:
        return lost.played


def check(script: Script[object], says: Sequence[bytes]) -> None:
    played = outcome(script, says)
    assert PASSWORD not in "".join(played.shown)
    if isinstance(played.value, Refusal):
        assert played.value.reason.isprintable()
        assert len(played.value.reason) < 500
        assert PASSWORD not in played.value.reason


@pytest.mark.parametrize("make", SMTP_SCRIPTS)
@given(says=pieces(SMTP_WORDS))
def test_no_smtp_server_can_break_a_script(make: Callable[[], Script[object]], says: list[bytes]) -> None:
    check(make(), says)


@pytest.mark.parametrize("make", POP3_SCRIPTS)
@given(says=pieces(POP3_WORDS))
def test_no_pop3_server_can_break_a_script(make: Callable[[], Script[object]], says: list[bytes]) -> None:
    check(make(), says)


@pytest.mark.parametrize("make", IMAP_SCRIPTS)
@given(says=pieces(IMAP_WORDS))
def test_no_imap_server_can_break_a_script(make: Callable[[], Script[object]], says: list[bytes]) -> None:
    check(make(), says)


@given(mechanism=st.sampled_from(Mechanism), says=pieces([*SMTP_WORDS, PASSWORD.encode()]))
def test_no_smtp_server_can_break_a_login(mechanism: Mechanism, says: list[bytes]) -> None:
    check(smtp.log_in(SMTP, login(mechanism), is_secure=True), says)


@given(mechanism=st.sampled_from(Mechanism), says=pieces([*POP3_WORDS, PASSWORD.encode()]))
def test_no_pop3_server_can_break_a_login(mechanism: Mechanism, says: list[bytes]) -> None:
    check(pop3.log_in(POP3, APOP, login(mechanism), is_secure=True), says)


@given(mechanism=st.sampled_from(Mechanism), says=pieces([*IMAP_WORDS, PASSWORD.encode()]))
def test_no_imap_server_can_break_a_login(mechanism: Mechanism, says: list[bytes]) -> None:
    check(imap(*AUTH, "SASL-IR").log_in(login(mechanism), is_secure=True), says)
