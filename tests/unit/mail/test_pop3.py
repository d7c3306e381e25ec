"""The POP3 grammar: what the server says, what goes out, and what comes of it."""

import base64
from collections.abc import Callable, Sequence

import pytest

from mailtrip.mail import pop3
from mailtrip.mail.pop3 import Capabilities, Greeting, UIDListing
from mailtrip.mail.script import Refusal, Script
from mailtrip.model import Credentials, Mechanism, StatusCode
from mailtrip.testing.scripts import ConnectionLost, play

PLAIN_GREETING = Greeting(text="+OK")


def refusal(status: StatusCode, reason: str, **flags: bool) -> Refusal:
    return Refusal(status=status, reason=reason, **flags)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"+OK POP3 ready\r\n", Greeting(text="+OK POP3 ready")),
        (
            b"+OK POP3 <1896.697@dbc.mtview.ca.us> hi\r\n",
            Greeting(text="+OK POP3 <1896.697@dbc.mtview.ca.us> hi", timestamp="<1896.697@dbc.mtview.ca.us>"),
        ),
        (b"+OK <no-at-sign>\r\n", Greeting(text="+OK <no-at-sign>")),
        (b"+OK <a@b\xff>\r\n", Greeting(text="+OK <a@b\ufffd>")),
        (b"+OK <\x01@b>\r\n", Greeting(text="+OK <?@b>")),
        (
            b"-ERR [SYS/TEMP] busy\r\n",
            refusal(
                StatusCode.MAILBOX_PROTOCOL,
                "the greeting refuses service: -ERR [SYS/TEMP] busy",
                is_temporary=True,
            ),
        ),
        (
            b"+ what\r\n",
            refusal(StatusCode.MAILBOX_PROTOCOL, "the greeting refuses service: + what"),
        ),
    ],
)
def test_the_greeting_is_heard(said: bytes, expected: Greeting | Refusal) -> None:
    assert play(pop3.greeting(), [said]).value == expected


def test_capa_tells_what_the_server_offers() -> None:
    said = b"+OK\r\nTOP\r\nuidl\r\nSASL PLAIN scram-sha-1\r\nLOGIN-DELAY 60 USER\r\nSTLS\r\n.\r\n"
    assert play(pop3.capabilities(), [said]).value == Capabilities(
        names=frozenset({"TOP", "UIDL", "SASL", "LOGIN-DELAY", "STLS"}),
        mechanisms=frozenset({"PLAIN", "SCRAM-SHA-1"}),
        login_delay_seconds=60,
        lines=("TOP", "uidl", "SASL PLAIN scram-sha-1", "LOGIN-DELAY 60 USER", "STLS"),
    )


def test_a_server_without_capa_offers_nothing_in_particular() -> None:
    assert play(pop3.capabilities(), [b"-ERR unknown\r\n"]).value == Capabilities()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"+OK go\r\n", None),
        (b"-ERR no\r\n", refusal(StatusCode.MAILBOX_TLS, "STLS refused: -ERR no")),
    ],
)
def test_stls_is_accepted_or_refused(said: bytes, expected: Refusal | None) -> None:
    played = play(pop3.start_tls(), [said])
    assert (played.sent, played.value) == (b"STLS\r\n", expected)


def offering(*names: str, sasl: Sequence[str] = ()) -> Capabilities:
    return Capabilities(names=frozenset(names), mechanisms=frozenset(sasl))


def login(mechanism: Mechanism = Mechanism.AUTO, password: str = "tanstaaf") -> Credentials:
    return Credentials(username="mrose", password=password, mechanism=mechanism)


APOP_GREETING = Greeting(text="+OK", timestamp="<1896.697170952@dbc.mtview.ca.us>")
USER_PASS = b"USER mrose\r\nPASS tanstaaf\r\n"
APOP = b"APOP mrose c4c9334bac560ecc979e58001b3e22fb\r\n"
PLAIN = b"AUTH PLAIN %s\r\n" % base64.b64encode(b"\0mrose\0tanstaaf")


@pytest.mark.parametrize(
    ("capabilities", "greeting", "mechanism", "is_secure", "sent"),
    [
        (offering("USER"), PLAIN_GREETING, Mechanism.AUTO, True, USER_PASS),
        (offering(), PLAIN_GREETING, Mechanism.AUTO, True, USER_PASS),
        (offering("USER", sasl=["PLAIN"]), PLAIN_GREETING, Mechanism.AUTO, True, PLAIN),
        (offering("USER", sasl=["PLAIN"]), PLAIN_GREETING, Mechanism.LOGIN, True, USER_PASS),
        (offering(sasl=["PLAIN"]), PLAIN_GREETING, Mechanism.LOGIN, True, USER_PASS),
        (offering("USER"), APOP_GREETING, Mechanism.AUTO, True, USER_PASS),
        (offering("USER"), APOP_GREETING, Mechanism.AUTO, False, APOP),
        (offering("USER", sasl=["PLAIN"]), APOP_GREETING, Mechanism.APOP, True, APOP),
        (offering("USER"), PLAIN_GREETING, Mechanism.AUTO, False, b""),
        (offering("USER"), PLAIN_GREETING, Mechanism.APOP, True, b""),
    ],
)
def test_the_best_way_in_is_taken(
    capabilities: Capabilities, greeting: Greeting, mechanism: Mechanism, is_secure: bool, sent: bytes
) -> None:
    script = pop3.log_in(capabilities, greeting, login(mechanism), is_secure=is_secure)
    played = play(script, [b"+OK\r\n", b"+OK\r\n"])
    assert played.sent == sent
    assert isinstance(played.value, Refusal) == (sent == b"")


def test_secrets_are_not_shown() -> None:
    shown = [
        play(pop3.log_in(offering("USER"), PLAIN_GREETING, login(), is_secure=True), [b"+OK\r\n+OK\r\n"]).shown,
        play(pop3.log_in(offering(), APOP_GREETING, login(Mechanism.APOP), is_secure=True), [b"+OK\r\n"]).shown,
        play(pop3.log_in(offering(sasl=["PLAIN"]), PLAIN_GREETING, login(), is_secure=True), [b"+OK\r\n"]).shown,
    ]
    assert shown == [["USER mrose", "PASS (hidden)"], ["APOP mrose (hidden)"], ["AUTH PLAIN (hidden)"]]


def test_a_long_response_waits_until_it_is_asked_for() -> None:
    script = pop3.log_in(offering(sasl=["PLAIN"]), PLAIN_GREETING, login(password="x" * 300), is_secure=True)
    played = play(script, [b"+ \r\n", b"+OK\r\n"])
    assert played.sent == b"AUTH PLAIN\r\n%s\r\n" % base64.b64encode(b"\0mrose\0" + b"x" * 300)
    assert played.value is None


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        ([b"-ERR no\r\n"], refusal(StatusCode.MAILBOX_LOGIN, "USER refused: -ERR no")),
        ([b"+OK\r\n", b"-ERR no\r\n"], refusal(StatusCode.MAILBOX_LOGIN, "PASS refused: -ERR no")),
        (
            [b"+OK\r\n", b"-ERR [AUTH] no\r\n"],
            refusal(StatusCode.MAILBOX_LOGIN, "PASS refused: -ERR [AUTH] no"),
        ),
        (
            [b"+OK\r\n", b"-ERR [in-use] locked\r\n"],
            refusal(StatusCode.MAILBOX_LOCKED, "PASS refused: -ERR [in-use] locked", is_temporary=True),
        ),
        (
            [b"+OK\r\n", b"-ERR [LOGIN-DELAY] slowly\r\n"],
            refusal(StatusCode.MAILBOX_LOCKED, "PASS refused: -ERR [LOGIN-DELAY] slowly", is_temporary=True),
        ),
        (
            [b"+OK\r\n", b"-ERR [SYS/TEMP] ldap\r\n"],
            refusal(StatusCode.MAILBOX_PROTOCOL, "PASS refused: -ERR [SYS/TEMP] ldap", is_temporary=True),
        ),
        (
            [b"+OK\r\n", b"-ERR [SYS/PERM] disk\r\n"],
            refusal(StatusCode.MAILBOX_PROTOCOL, "PASS refused: -ERR [SYS/PERM] disk"),
        ),
        (
            [b"+OK\r\n", b"-ERR bad command PASS tanstaaf\r\n"],
            refusal(StatusCode.MAILBOX_LOGIN, "PASS refused: -ERR bad command PASS (hidden)"),
        ),
        ([b"+ go\r\n"], refusal(StatusCode.MAILBOX_PROTOCOL, "USER refused: + go")),
    ],
)
def test_a_login_is_refused(says: Sequence[bytes], expected: Refusal) -> None:
    assert play(pop3.log_in(offering("USER"), PLAIN_GREETING, login(), is_secure=True), says).value == expected


def test_a_sasl_exchange_that_fails_is_cancelled() -> None:
    script = pop3.log_in(offering(sasl=["CRAM-MD5"]), PLAIN_GREETING, login(), is_secure=False)
    played = play(script, [b"+ ???\r\n", b"-ERR cancelled\r\n"])
    assert played.sent == b"AUTH CRAM-MD5\r\n*\r\n"
    assert played.value == refusal(
        StatusCode.MAILBOX_LOGIN, "AUTH CRAM-MD5 failed: the server sent a challenge that is not Base64"
    )


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            b"+OK\r\n1 whqtswO00WBw418f9t5JxYwZ\r\n2 QhdPYR:00WBw1Ph7x7\r\n.\r\n",
            {"whqtswO00WBw418f9t5JxYwZ": 1, "QhdPYR:00WBw1Ph7x7": 2},
        ),
        (b"+OK\r\n.\r\n", {}),
        (b"+OK\n1\ta \n.\n", {"a": 1}),
        (b"+OK\r\n\r\n3 b\r\n1 a\r\n.\r\n", {"b": 3, "a": 1}),
        (b"+OK\r\n1 " + b"x" * 255 + b"\r\n.\r\n", {"x" * 255: 1}),
        (b"+OK\r\n1 ..a\r\n.\r\n", {"..a": 1}),
        (b"+OK\r\n1 .\r\n.\r\n", {".": 1}),
        (b"+OK\r\n1 a\r\n2 a\r\n3 b\r\n4 a\r\n.\r\n", {"a": 1, "a 2": 2, "b": 3, "a 3": 4}),
    ],
)
def test_uids_are_listed(said: bytes, expected: dict[str, int]) -> None:
    played = play(pop3.list_uids(), [said])
    assert isinstance(played.value, UIDListing)
    assert (played.sent, played.value.numbers) == (b"UIDL\r\n", expected)
    assert list(played.value.numbers) == list(expected)


LISTED = [f"{number} uid{number % 4000}".encode() for number in range(1, 12_000)]


@pytest.mark.parametrize("known", [0, 1, 3999, 4000, 8001, 11_999])
def test_a_listing_is_read_in_pieces_and_from_where_it_differs_from_an_earlier_one(known: int) -> None:
    earlier, whole = (listed(*LISTED[:count]) for count in (known, len(LISTED)))
    assert listed(*LISTED, known=earlier) == whole
    assert list(whole.numbers.values()) == list(range(1, 12_000))
    assert [whole.numbers[key] for key in ("uid1", "uid1 2", "uid1 3", "uid0 2")] == [1, 4001, 8001, 8000]


def test_a_listing_that_is_as_it_was_is_not_read_again() -> None:
    earlier = listed(*LISTED)
    assert listed(*LISTED, known=earlier) is earlier


def test_a_listing_that_goes_on_in_another_way_is_read_anew() -> None:
    assert listed(b"1 b", b"2 c", known=listed(b"1 a", b"2 b")).numbers == {"b": 1, "c": 2}
    assert listed(b"1 a", known=listed(b"1 a", b"2 b")).numbers == {"a": 1}


def test_others_have_their_turn_while_a_long_listing_is_read() -> None:
    exchanges = play(pop3.list_uids(), [b"+OK\r\n" + b"\r\n".join([*LISTED, b".", b""])]).exchanges
    assert [exchange.framer is None for exchange in exchanges] == [False, True, True]


def listed(*lines: bytes, known: UIDListing | None = None) -> UIDListing:
    value = play(pop3.list_uids(known), [b"+OK\r\n" + b"\r\n".join([*lines, b".", b""])]).value
    assert isinstance(value, UIDListing)
    return value


@pytest.mark.parametrize(
    "line",
    [b"1", b"x y", b"1 a b", b"1 " + b"x" * 256, b"1 \xff", b"-1 a", b"9999999999 a", b"1 a\x00", b"1 a\r\n2", b" 1 a"],
)
def test_lines_that_name_no_message_break_the_protocol(line: bytes) -> None:
    value = play(pop3.list_uids(), [b"+OK\r\n%s\r\n.\r\n" % line]).value
    assert value == refusal(StatusCode.MAILBOX_PROTOCOL, "the server's answer to UIDL has lines that name no message")


@pytest.mark.parametrize("answer", [b"+OK 2 200\r\n", b"+OK 2 200 octets\r\n"])
def test_the_size_of_a_message_is_listed(answer: bytes) -> None:
    played = play(pop3.size(2), [answer])
    assert (played.sent, played.value) == (b"LIST 2\r\n", 200)


CONTENTS = [
    (b"+OK\r\nA: b\r\n\r\nhi\r\n.\r\n", b"A: b\r\n\r\nhi\r\n"),
    (b"+OK\r\n..\r\n...x\r\n.y\r\n.\r\n", b".\r\n..x\r\ny\r\n"),
    (b"+OK\nA: b\n\nhi\n.\n", b"A: b\r\n\r\nhi\r\n"),
    (b"+OK\r\n.\r\n", b""),
    (b"+OK\r\n\r\n.\r\n", b"\r\n"),
]


@pytest.mark.parametrize(("said", "expected"), CONTENTS)
def test_messages_come_out_as_they_were_put_in(said: bytes, expected: bytes) -> None:
    top, retrieved = play(pop3.top(7, 20), [said]), play(pop3.retrieve(7), [said])
    assert (top.sent, top.value) == (b"TOP 7 20\r\n", expected)
    assert (retrieved.sent, retrieved.value) == (b"RETR 7\r\n", expected)


def test_transcripts_leave_messages_out() -> None:
    said = [b"+OK\r\nbody\r\n.\r\n"]
    played = [play(pop3.top(7, 20), said), play(pop3.retrieve(7), said)]
    assert all(exchange.abridges_reply for one in played for exchange in one.exchanges)


@pytest.mark.parametrize(
    ("script", "said", "expected"),
    [
        (
            pop3.list_uids,
            b"-ERR what\r\n",
            refusal(StatusCode.MAILBOX_PROTOCOL, "UIDL refused: -ERR what"),
        ),
        (
            lambda: pop3.size(1),
            b"-ERR [SYS/TEMP] what\r\n",
            refusal(StatusCode.MAILBOX_PROTOCOL, "LIST refused: -ERR [SYS/TEMP] what", is_temporary=True),
        ),
        (
            lambda: pop3.top(1, 0),
            b"-ERR gone\r\n",
            refusal(StatusCode.MAILBOX_PROTOCOL, "TOP refused: -ERR gone"),
        ),
        (
            lambda: pop3.retrieve(1),
            b"-ERR gone\r\n",
            refusal(StatusCode.MAILBOX_PROTOCOL, "RETR refused: -ERR gone"),
        ),
        (
            lambda: pop3.delete(1),
            b"-ERR gone\r\n",
            refusal(StatusCode.DELETE_FAILED, "DELE refused: -ERR gone"),
        ),
        (
            pop3.quit_,
            b"-ERR [SYS/TEMP] some messages not deleted\r\n",
            refusal(
                StatusCode.DELETE_FAILED,
                "QUIT refused: -ERR [SYS/TEMP] some messages not deleted",
                is_temporary=True,
            ),
        ),
    ],
)
def test_commands_are_refused(script: Callable[[], Script[object]], said: bytes, expected: Refusal) -> None:
    assert play(script(), [said]).value == expected


def test_a_message_is_deleted() -> None:
    marked, left = play(pop3.delete(3), [b"+OK marked\r\n"]), play(pop3.quit_(), [b"+OK bye\r\n"])
    assert (marked.sent, marked.value, left.sent, left.value) == (b"DELE 3\r\n", None, b"QUIT\r\n", None)


def test_a_password_that_would_break_the_line_is_our_bug() -> None:
    script = pop3.log_in(offering("USER"), PLAIN_GREETING, login(password="a\r\nDELE 1"), is_secure=True)
    with pytest.raises(ValueError, match="no control characters"):
        play(script, [b"+OK\r\n", b"+OK\r\n"])


def test_a_digest_is_refused() -> None:
    script = pop3.log_in(offering(), APOP_GREETING, login(Mechanism.APOP), is_secure=False)
    value = play(script, [b"-ERR c4c9334bac560ecc979e58001b3e22fb is wrong\r\n"]).value
    assert value == refusal(StatusCode.MAILBOX_LOGIN, "APOP refused: -ERR (hidden) is wrong")


def test_a_password_that_the_mechanism_does_not_allow_is_not_sent() -> None:
    script = pop3.log_in(offering(sasl=["PLAIN"]), PLAIN_GREETING, login(password="a\x00"), is_secure=True)
    played = play(script, [])
    assert played.sent == b""
    assert played.value == refusal(
        StatusCode.MAILBOX_LOGIN, "login not possible: PLAIN allows no NUL in user name or password"
    )


@pytest.mark.parametrize("answer", [b"1", b"1 x", b"x 1", b"2 200", b""])
def test_a_size_that_is_none_of_the_message_asked_for_breaks_the_protocol(answer: bytes) -> None:
    value = play(pop3.size(1), [b"+OK %s\r\n" % answer]).value
    assert value == refusal(StatusCode.MAILBOX_PROTOCOL, "the server's answer to LIST 1 does not name that message")


@pytest.mark.parametrize(("messages", "is_heard"), [(100_000, True), (100_001, False)])
def test_a_listing_has_a_hundred_thousand_messages_at_most(messages: int, is_heard: bool) -> None:
    said = b"+OK\r\n" + b"".join(b"%d a\r\n" % number for number in range(messages)) + b".\r\n"
    if is_heard:
        value = play(pop3.list_uids(), [said]).value
        assert isinstance(value, UIDListing)
        assert len(value.numbers) == messages
        return
    with pytest.raises(ConnectionLost, match="more than 100002 lines"):
        play(pop3.list_uids(), [said])
