"""The IMAP grammar: what the server says, what goes out, and what comes of it."""

from collections.abc import Callable, Sequence

import pytest

from mailtrip.mail.imap import FetchedMessage, Folder, IMAPGrammar, Selected
from mailtrip.mail.script import Refusal, Script
from mailtrip.model import StatusCode
from mailtrip.testing.scripts import play

PROTOCOL = StatusCode.MAILBOX_PROTOCOL
Call = Callable[[IMAPGrammar], Script[object]]


def refusal(status: StatusCode, reason: str, **flags: bool) -> Refusal:
    return Refusal(status=status, reason=reason, **flags)


def session(*capabilities: str, exists: int | None = None) -> IMAPGrammar:
    """A session that has been greeted, and has INBOX selected where `exists` is given; its next tag is A1 or A2."""
    grammar = IMAPGrammar()
    play(grammar.greeting(), [b"* OK [CAPABILITY IMAP4rev1 %s] hi\r\n" % " ".join(capabilities).encode()])
    if exists is not None:
        play(
            grammar.select("INBOX"),
            [b"* %d EXISTS\r\n* OK [UIDVALIDITY 9] x\r\n* OK [UIDNEXT 50] x\r\nA1 OK [READ-WRITE] x\r\n" % exists],
        )
    return grammar


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"* OK ready\r\n", "OK ready"),
        (b"* PREAUTH hello tim\r\n", "PREAUTH hello tim"),
        (
            b"* BYE [UNAVAILABLE] full\r\n",
            refusal(PROTOCOL, "the server ended the session: BYE [UNAVAILABLE] full", is_temporary=True),
        ),
        (b"* CAPABILITY IMAP4rev1\r\n", refusal(PROTOCOL, "the server greets with neither OK nor PREAUTH")),
    ],
)
def test_the_greeting_is_heard(said: bytes, expected: str | Refusal) -> None:
    assert play(IMAPGrammar().greeting(), [said]).value == expected


def test_capabilities_are_known_from_the_greeting() -> None:
    assert session("idle", "UIDPLUS").capabilities == {"IMAP4REV1", "IDLE", "UIDPLUS"}


def test_capabilities_can_be_asked_for() -> None:
    grammar = IMAPGrammar()
    played = play(grammar.capability(), [b"* CAPABILITY IMAP4rev1 IDLE\r\nA1 OK\r\n"])
    assert (played.sent, played.value) == (b"A1 CAPABILITY\r\n", frozenset({"IMAP4REV1", "IDLE"}))


def test_capabilities_are_forgotten_behind_starttls() -> None:
    grammar = session("STARTTLS")
    played = play(grammar.start_tls(), [b"A1 OK go\r\n"])
    assert (played.sent, played.value, grammar.capabilities) == (b"A1 STARTTLS\r\n", None, frozenset())


def test_starttls_can_be_refused() -> None:
    assert play(session().start_tls(), [b"A1 NO not now\r\n"]).value == refusal(
        StatusCode.MAILBOX_TLS, "STARTTLS refused: NO not now"
    )


def test_id_is_said_where_it_is_offered() -> None:
    played = play(session("ID").identify("Mailtrip", '0.1 "x"'), [b'* ID ("name" "y")\r\nA1 OK\r\n'])
    assert (played.sent, played.value) == (b'A1 ID ("name" "Mailtrip" "version" "0.1 \\"x\\"")\r\n', None)


@pytest.mark.parametrize(("grammar", "says"), [(session(), []), (session("ID"), [b"A1 BAD what\r\n"])])
def test_a_server_without_id_is_none_the_worse(grammar: IMAPGrammar, says: Sequence[bytes]) -> None:
    assert play(grammar.identify("Mailtrip", "0.1"), says).value is None


def test_a_folder_is_selected() -> None:
    says = [
        (
            b"* FLAGS (\\Seen)\r\n* 3 EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 1699] ok\r\n* OK [UIDNEXT 51] ok\r\n"
            b"A1 OK [READ-WRITE] done\r\n"
        )
    ]
    played = play(session().select("Entw\u00fcrfe"), says)
    assert played.sent == b'A1 SELECT "Entw&APw-rfe"\r\n'
    assert played.value == Selected(uidvalidity=1699, uidnext=51, exists=3)


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        ([b"* 0 EXISTS\r\n* OK [UIDVALIDITY 4]\r\nA1 OK\r\n"], Selected(uidvalidity=4, uidnext=1, exists=0)),
        (
            [b"* 2 EXISTS\r\nA1 OK\r\n", b"* 2 FETCH (UID 40)\r\nA2 OK\r\n"],
            Selected(uidvalidity=0, uidnext=41, exists=2),
        ),
        (
            [b"* 2 EXISTS\r\n* OK [UIDNEXT 3]\r\nA1 OK [READ-ONLY]\r\n"],
            Selected(uidvalidity=0, uidnext=3, exists=2, is_read_only=True),
        ),
    ],
)
def test_what_the_server_does_not_say_is_found_out(says: Sequence[bytes], expected: Selected) -> None:
    assert play(session().select("INBOX"), says).value == expected


def test_what_was_known_of_another_folder_is_forgotten() -> None:
    grammar = session(exists=5)
    assert play(grammar.select("Junk"), [b"A2 OK\r\n"]).value == Selected(uidvalidity=0, uidnext=1, exists=0)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"* QUOTA User (STORAGE 512 1024)\r\n", 50),
        (b"* QUOTA User (STORAGE 10 512 MESSAGE 20 20)\r\n", 100),
        (b"* QUOTA a (MESSAGE 1 1000)\r\n* QUOTA b (storage 1023 1024)\r\n", 99),
        (b"* QUOTA User (MESSAGE 25 20)\r\n", 125),
        # RFC 9208, 5: what no message takes up.
        (b"* QUOTA User (MAILBOX 20 20 ANNOTATION-STORAGE 5 5 STORAGE 1 2)\r\n", 50),
        (b"* QUOTA User (MAILBOX 20 20)\r\n", None),
        (b"* QUOTA User ()\r\n", None),
        (b"", None),
    ],
)
def test_the_resource_with_the_least_room_for_messages_tells_how_full_the_mailbox_is(
    said: bytes, expected: int | None
) -> None:
    assert play(session("QUOTA").quota(), [said + b"A1 OK\r\n"]).value == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"A1 NO [NONEXISTENT] what\r\n", refusal(PROTOCOL, "SELECT Junk refused: NO [NONEXISTENT] what")),
        (
            b"A1 NO [INUSE] held\r\n",
            refusal(StatusCode.MAILBOX_LOCKED, "SELECT Junk refused: NO [INUSE] held", is_temporary=True),
        ),
        (b"A1 NO [OVERQUOTA] full\r\n", refusal(StatusCode.MAILBOX_QUOTA, "SELECT Junk refused: NO [OVERQUOTA] full")),
        (b"A1 NO [LIMIT] slow\r\n", refusal(PROTOCOL, "SELECT Junk refused: NO [LIMIT] slow", is_temporary=True)),
        (b"A1 BAD what\r\n", refusal(PROTOCOL, "SELECT Junk refused: BAD what")),
        (b"A1 WHAT\r\n", refusal(PROTOCOL, "the server ends a command with neither OK, NO nor BAD")),
        (b"* BYE shutting down\r\n", refusal(PROTOCOL, "the server ended the session: BYE shutting down")),
        (b"* ???\r\nA1 OK\r\n", refusal(PROTOCOL, 'the server sent "* ???", which is no IMAP response')),
    ],
)
def test_a_folder_is_not_selected(said: bytes, expected: Refusal) -> None:
    assert play(session().select("Junk"), [said]).value == expected


def test_noop_hears_of_what_came_and_went() -> None:
    grammar = session(exists=5)
    before = grammar.arrivals
    played = play(grammar.noop(), [b"* 2 EXPUNGE\r\n* 5 EXISTS\r\n* 1 RECENT\r\nA2 OK\r\n"])
    assert (played.sent, played.value) == (b"A2 NOOP\r\n", None)
    assert (grammar.exists, grammar.arrivals - before) == (5, 1)


def test_alerts_are_kept() -> None:
    grammar = session(exists=5)
    play(grammar.noop(), [b"* NO [ALERT] disk nearly full\r\nA2 OK [ALERT] read this\r\n"])
    assert grammar.alerts == ("NO [ALERT] disk nearly full", "OK [ALERT] read this")


def test_a_bye_is_remembered() -> None:
    grammar = session(exists=5)
    play(grammar.noop(), [b"* BYE bye\r\n"])
    assert grammar.is_gone


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        pytest.param([b"+ idling\r\n", b"* 6 EXISTS\r\n* 1 RECENT\r\n", b"A2 OK\r\n"], True, id="mail comes"),
        pytest.param([b"+ idling\r\n", None, b"A2 OK\r\n"], False, id="nothing comes"),
        pytest.param([b"+ idling\r\n", None, b"* 6 EXISTS\r\nA2 OK\r\n"], True, id="mail comes at the last moment"),
        pytest.param([b"+ idling\r\n", b"* OK Still here\r\n", b"A2 OK\r\n"], False, id="a sign of life comes"),
        pytest.param([b"* 6 EXISTS\r\n+ idling\r\n", b"A2 OK\r\n"], True, id="mail was there before"),
    ],
)
def test_idle_hears_of_mail(says: Sequence[bytes | None], expected: bool) -> None:
    played = play(session("IDLE", exists=5).idle(7.5), says)
    assert (played.value, played.sent, played.unread) == (expected, b"A2 IDLE\r\nDONE\r\n", b"")


def test_idle_waits_as_long_as_it_is_told() -> None:
    played = play(session("IDLE", exists=5).idle(7.5), [b"+ idling\r\n", None, b"A2 OK\r\n"])
    assert [exchange.patience for exchange in played.exchanges] == [None, 7.5, None]


def test_a_server_that_refuses_idle_is_not_asked_again() -> None:
    grammar = session("IDLE", exists=5)
    assert play(grammar.idle(1), [b"A2 NO not here\r\n"]).value is False
    assert "IDLE" not in grammar.capabilities


@pytest.mark.parametrize(
    "says", [[b"* BYE x\r\n"], [b"+ idling\r\n", b"* BYE x\r\n"], [b"+ idling\r\n", None, b"* BYE x\r\n"]]
)
def test_a_server_can_leave_while_idling(says: Sequence[bytes | None]) -> None:
    value = play(session("IDLE", exists=5).idle(1), says).value
    assert value == refusal(PROTOCOL, "the server ended the session: BYE x")


def test_the_heads_of_new_messages_are_fetched() -> None:
    says = [
        (
            b"* 4 FETCH (UID 49 RFC822.SIZE 10)\r\n* 6 FETCH (UID 51 RFC822.SIZE 70000)\r\n"
            b"* 5 FETCH (RFC822.SIZE 20 UID 50)\r\n* 5 FETCH (FLAGS (\\Seen))\r\nA2 OK\r\n"
        ),
        (
            b"* 6 FETCH (UID 51 BODY[]<0> {9}\r\nA: b\r\n\r\nx FLAGS ())\r\n* 7 EXISTS\r\n"
            b'* 5 FETCH (BODY[]<0> "" UID 50)\r\nA3 OK\r\n'
        ),
    ]
    grammar = session(exists=5)
    played = play(grammar.fetch_heads(50), says)
    assert (
        played.sent
        == b"A2 UID FETCH 50:* (UID RFC822.SIZE INTERNALDATE)\r\nA3 UID FETCH 50,51 (UID BODY.PEEK[]<0.16384>)\r\n"
    )
    assert played.value == (
        FetchedMessage(uid=50, size=20, content=b""),
        FetchedMessage(uid=51, size=70000, content=b"A: b\r\n\r\nx"),
    )
    assert grammar.exists == 7


def test_a_message_from_before_is_not_new() -> None:
    played = play(session(exists=5).fetch_heads(50), [b"* 5 FETCH (UID 49 RFC822.SIZE 1)\r\nA2 OK\r\n"])
    assert played.value == ()


def test_a_message_that_went_meanwhile_is_left_out() -> None:
    says = [b"* 5 FETCH (UID 50 RFC822.SIZE 1)\r\nA2 OK\r\n", b"* 5 EXPUNGE\r\nA3 OK\r\n"]
    assert play(session(exists=5).fetch_heads(50), says).value == ()


def test_many_heads_are_fetched_in_batches_up_to_a_bound() -> None:
    listed = b"".join(b"* 1 FETCH (UID %d RFC822.SIZE 1)\r\n" % uid for uid in range(400, 50, -1)) + b"A2 OK\r\n"
    says = [listed]
    for batch in range(10):
        uids = range(51 + 20 * batch, 71 + 20 * batch)
        says.append(b"".join(b"* 1 FETCH (UID %d BODY[]<0> x)\r\n" % uid for uid in uids) + b"A%d OK\r\n" % (batch + 3))
    value = play(session(exists=5).fetch_heads(50), says).value
    assert isinstance(value, tuple)
    assert [message.uid for message in value] == list(range(51, 251))


def test_a_server_that_ignores_the_limit_gets_its_answer_cut() -> None:
    says = [
        b"* 5 FETCH (UID 50 RFC822.SIZE 1)\r\nA2 OK\r\n",
        b"* 5 FETCH (UID 50 BODY[] {20000}\r\n" + b"x" * 20000 + b")\r\nA3 OK\r\n",
    ]
    assert play(session(exists=5).fetch_heads(50), says).value == (
        FetchedMessage(uid=50, size=1, content=b"x" * 16384),
    )


def test_transcripts_leave_messages_out() -> None:
    played = play(session(exists=5).fetch(50), [b"* 5 FETCH (UID 50 BODY[]<0> x)\r\nA2 OK\r\n"])
    assert [exchange.abridges_reply for exchange in played.exchanges] == [True]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"* 5 FETCH (UID 50 BODY[]<0> {6}\r\nA2 OK\n)\r\nA2 OK\r\n", b"A2 OK\n"),
        (b"* 5 FETCH (UID 50 BODY[]<0> NIL)\r\nA2 OK\r\n", b""),
        (b"* 4 FETCH (UID 49 BODY[]<0> x)\r\nA2 OK\r\n", refusal(PROTOCOL, "the message with UID 50 is gone")),
        (b"A2 NO no\r\n", refusal(PROTOCOL, "UID FETCH refused: NO no")),
        (
            b"* 5 FETCH UID 50\r\nA2 OK\r\n",
            refusal(PROTOCOL, "the server sent a FETCH response that is no list of names and values"),
        ),
        (b"* 5 FETCH (UID 50\r\nA2 OK\r\n", refusal(PROTOCOL, "the server sent a list that is not closed")),
    ],
)
def test_a_message_is_fetched(said: bytes, expected: bytes | Refusal) -> None:
    played = play(session(exists=5).fetch(50, 1000), [said])
    assert (played.sent, played.value) == (b"A2 UID FETCH 50 (UID BODY.PEEK[]<0.1000>)\r\n", expected)


STORE = b"A2 UID STORE 50,52 +FLAGS.SILENT (\\Deleted)\r\n"


@pytest.mark.parametrize(
    ("capability", "says", "sent", "expected"),
    [
        pytest.param(
            "UIDPLUS",
            [b"A2 OK\r\n", b"* 5 EXPUNGE\r\n* 3 EXPUNGE\r\nA3 OK\r\n"],
            b"A3 UID EXPUNGE 50,52\r\n",
            None,
            id="UIDPLUS",
        ),
        pytest.param(
            "UIDPLUS",
            [b"A2 OK\r\n", b"* 5 EXPUNGE\r\nA3 OK\r\n", b"A4 OK\r\n"],
            b"A3 UID EXPUNGE 50,52\r\nA4 UID FETCH 50,52 (UID)\r\n",
            None,
            id="one had gone already",
        ),
        pytest.param(
            "UIDPLUS",
            [b"A2 OK\r\n", b"A3 OK ignored: Permission denied\r\n", b"* 4 FETCH (UID 50)\r\nA4 OK\r\n"],
            b"A3 UID EXPUNGE 50,52\r\nA4 UID FETCH 50,52 (UID)\r\n",
            refusal(
                StatusCode.DELETE_FAILED,
                "the server has kept the message, though it answered the deletion with OK ignored: Permission denied",
            ),
            id="the server says OK and keeps a message",
        ),
        pytest.param(
            "X",
            [b"A2 OK\r\n", b"* SEARCH 50 52\r\nA3 OK\r\n", b"* 5 EXPUNGE\r\n* 5 EXPUNGE\r\nA4 OK\r\n"],
            b"A3 UID SEARCH DELETED\r\nA4 EXPUNGE\r\n",
            None,
            id="nothing else would go",
        ),
        pytest.param(
            "X",
            [b"A2 OK\r\n", b"* SEARCH 7 50\r\n* SEARCH 52\r\nA3 OK\r\n"],
            b"A3 UID SEARCH DELETED\r\n",
            refusal(
                StatusCode.DELETE_FAILED,
                "the server has no UIDPLUS and 1 other messages are marked as deleted: "
                "the test message is marked too, but not expunged",
            ),
            id="another message would go",
        ),
        pytest.param(
            "X",
            [b"A2 OK\r\n", b"* SEARCH what\r\nA3 OK\r\n"],
            b"A3 UID SEARCH DELETED\r\n",
            refusal(PROTOCOL, "the server's answer to SEARCH has something else than numbers"),
            id="nonsense",
        ),
        pytest.param(
            "UIDPLUS",
            [b"A2 NO [INUSE] no\r\n"],
            b"",
            refusal(StatusCode.DELETE_FAILED, "STORE refused: NO [INUSE] no", is_temporary=True),
            id="refused",
        ),
        pytest.param(
            "UIDPLUS",
            [b"A2 OK\r\n", b"A3 BAD no\r\n"],
            b"A3 UID EXPUNGE 50,52\r\n",
            refusal(StatusCode.DELETE_FAILED, "EXPUNGE refused: BAD no"),
            id="expunge refused",
        ),
    ],
)
def test_messages_are_deleted_and_no_others(
    capability: str, says: Sequence[bytes], sent: bytes, expected: Refusal | None
) -> None:
    played = play(session(capability, exists=5).delete([52, 50]), says)
    assert (played.sent, played.value) == (STORE + sent, expected)


def test_deleting_nothing_says_nothing() -> None:
    assert play(session(exists=5).delete([]), []).sent == b""


def test_a_mailbox_that_is_read_only_is_left_alone() -> None:
    grammar = session()
    play(grammar.select("INBOX"), [b"* 1 EXISTS\r\n* OK [UIDNEXT 2]\r\nA1 OK [READ-ONLY]\r\n"])
    played = play(grammar.delete([1]), [])
    assert played.sent == b""
    assert played.value == refusal(StatusCode.DELETE_FAILED, "the server has opened the mailbox read-only")


@pytest.mark.parametrize(
    ("capabilities", "sent"),
    [
        (["SPECIAL-USE", "LIST-EXTENDED"], b'A1 LIST "" "*" RETURN (SPECIAL-USE)\r\n'),
        (["SPECIAL-USE"], b'A1 LIST "" "*"\r\n'),
        ([], b'A1 LIST "" "*"\r\n'),
    ],
)
def test_folders_are_listed(capabilities: Sequence[str], sent: bytes) -> None:
    says = [b'* LIST (\\Junk) "/" Spam\r\n* LIST () "/" {5}\r\nA1 OK\r\n* LIST () "/" "&AP-"\r\nA1 OK\r\n']
    played = play(session(*capabilities).list_folders(), says)
    assert played.sent == sent
    assert played.value == (
        Folder(name="Spam", delimiter="/", attributes=frozenset({"\\junk"})),
        Folder(name="A1 OK", delimiter="/"),
    )


def test_log_out_says_good_bye() -> None:
    played = play(session().log_out(), [b"* BYE see you\r\nA1 OK done\r\n"])
    assert (played.sent, played.value, played.unread) == (b"A1 LOGOUT\r\n", None, b"")


def test_log_out_does_not_mind_a_server_that_is_gone() -> None:
    assert play(session().log_out(), []).value is None


def test_log_out_ends_an_idle_that_was_broken_off() -> None:
    grammar = session("IDLE", exists=5)
    idle = grammar.idle(30)
    next(idle)
    idle.send(b"+ idling\r\n")
    idle.close()
    played = play(grammar.log_out(), [b"A2 OK\r\n", b"* BYE\r\nA3 OK\r\n"])
    assert (played.sent, played.unread) == (b"DONE\r\nA3 LOGOUT\r\n", b"")


@pytest.mark.parametrize(
    "call",
    [
        IMAPGrammar.capability,
        IMAPGrammar.noop,
        IMAPGrammar.list_folders,
        lambda grammar: grammar.select("INBOX"),
        lambda grammar: grammar.fetch_heads(1),
        lambda grammar: grammar.fetch(1),
        lambda grammar: grammar.delete([1]),
        lambda grammar: grammar.idle(1),
        lambda grammar: grammar.identify("a", "b"),
    ],
)
def test_a_server_can_leave_at_any_moment(call: Call) -> None:
    value = play(call(session("ID", "IDLE")), [b"* 1 EXISTS\r\n* BYE I have had enough\r\n"]).value
    assert value == refusal(PROTOCOL, "the server ended the session: BYE I have had enough")


@pytest.mark.parametrize(
    ("call", "says", "reason"),
    [
        (
            lambda grammar: grammar.select("X"),
            [b"* 1 EXISTS\r\nA1 OK\r\n", b"A2 NO no\r\n"],
            "UID FETCH refused: NO no",
        ),
        (lambda grammar: grammar.fetch_heads(1), [b"A1 NO no\r\n"], "UID FETCH refused: NO no"),
        (
            lambda grammar: grammar.fetch_heads(1),
            [b"* 1 FETCH (UID 1)\r\nA1 OK\r\n", b"A2 NO no\r\n"],
            "UID FETCH refused: NO no",
        ),
        (IMAPGrammar.list_folders, [b"A1 NO no\r\n"], "LIST refused: NO no"),
        (IMAPGrammar.capability, [b"A1 BAD no\r\n"], "CAPABILITY refused: BAD no"),
        (IMAPGrammar.noop, [b"A1 NO no\r\n"], "NOOP refused: NO no"),
    ],
)
def test_commands_are_refused(call: Call, says: Sequence[bytes], reason: str) -> None:
    assert play(call(session()), says).value == refusal(PROTOCOL, reason)


def test_a_search_that_is_refused_leaves_the_message() -> None:
    value = play(session("X", exists=5).delete([1]), [b"A2 OK\r\n", b"A3 NO no\r\n"]).value
    assert value == refusal(StatusCode.DELETE_FAILED, "SEARCH refused: NO no")


def test_the_program_names_itself_in_ascii() -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        play(session("ID").identify("Mailtrip\r\n", "1"), [])
