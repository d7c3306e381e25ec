import asyncio
import base64

import pytest
from tests.unit.testing.conversation import Conversation, converse

from mailtrip.testing.certificates import Authority
from mailtrip.testing.server import LoopbackServer
from mailtrip.testing.site import Features

PROBE = "probe@mail.test"
USERS = {PROBE: 'sec"ret\\'}
ONE = b"Subject: one\r\nX-Token: abc\r\n\tfolded\r\n\r\nfirst body\r\n"
TWO = b"Subject: two\r\n\r\nsecond\r\n"


async def run(client: Conversation, command: str) -> list[str]:
    """The lines up to and with the tagged one."""
    client.say(f"t {command}")
    return await client.hear_until("t ")


async def log_in(client: Conversation, *, select: str = "INBOX") -> None:
    assert (await run(client, f'LOGIN {PROBE} "sec\\"ret\\\\"'))[-1].startswith("t OK ")
    if select:
        assert (await run(client, f"SELECT {select}"))[-1].startswith("t OK ")


async def test_capabilities_change_with_the_login() -> None:
    async with LoopbackServer(USERS, authority=Authority()) as server, converse(server, "imap") as client:
        [line, _] = await run(client, "CAPABILITY")
        assert {"IMAP4rev1", "STARTTLS", "SASL-IR", "AUTH=SCRAM-SHA-256", "IDLE", "UIDPLUS"} <= set(line.split())
        await log_in(client, select="")
        [line, _] = await run(client, "CAPABILITY")
        assert not {word for word in line.split() if word.startswith(("AUTH=", "STARTTLS", "SASL-IR"))}


async def test_what_is_taken_away_is_refused() -> None:
    features = Features(idle=False, id=False, uidplus=False, login=False)
    async with LoopbackServer(USERS, features=features) as server, converse(server, "imap") as client:
        assert "LOGINDISABLED" in (await run(client, "CAPABILITY"))[0].split()
        assert (await run(client, f"LOGIN {PROBE} x"))[0].startswith("t NO [PRIVACYREQUIRED]")
        login = base64.b64encode(f'\0{PROBE}\0sec"ret\\'.encode()).decode()
        assert (await run(client, f"AUTHENTICATE PLAIN {login}"))[0].startswith("t OK ")
        await run(client, "SELECT INBOX")
        for command in ("IDLE", "ID NIL", "UID EXPUNGE 1"):
            assert (await run(client, command))[0].startswith("t BAD ")


async def test_a_login_may_come_in_literals_of_both_kinds() -> None:
    async with LoopbackServer(USERS) as server, converse(server, "imap") as client:
        assert (await client.ask("t LOGIN {15}")).startswith("+ ")
        client.say(f'{PROBE} {{8+}}\nsec"ret\\')
        assert (await client.hear()).startswith("t OK ")


async def test_authenticate_asks_when_there_is_no_initial_response() -> None:
    async with (
        LoopbackServer(USERS, features=Features(sasl_ir=False)) as server,
        converse(server, "imap") as client,
    ):
        assert (await run(client, "AUTHENTICATE PLAIN AAAA"))[0].startswith("t BAD ")
        assert await client.ask("t AUTHENTICATE PLAIN") == "+ "
        assert (await client.ask("AAAA")).startswith("t NO [AUTHENTICATIONFAILED]")


async def test_select_tells_the_state_of_the_mailbox() -> None:
    async with LoopbackServer(USERS) as server, converse(server, "imap") as client:
        server.deliver(PROBE, ONE)
        await log_in(client, select="")
        lines = await run(client, "SELECT INBOX")
        validity = server.mailbox(PROBE).inbox.uid_validity
        assert "* 1 EXISTS" in lines
        assert "* OK [UIDNEXT 2] Predicted next UID" in lines
        assert f"* OK [UIDVALIDITY {validity}] UIDs valid" in lines
        assert lines[-1] == "t OK [READ-WRITE] done"
        assert (await run(client, "EXAMINE Junk"))[-1] == "t OK [READ-ONLY] done"
        assert (await run(client, "SELECT Nothing"))[-1].startswith("t NO [NONEXISTENT]")
        assert (await run(client, "UID FETCH 1 FLAGS"))[-1].startswith("t BAD "), "no mailbox is selected any more"


async def test_list_shows_the_special_use_of_the_junk_folder() -> None:
    async with LoopbackServer(USERS) as server, converse(server, "imap") as client:
        await log_in(client, select="")
        inbox, junk = '* LIST (\\HasNoChildren) "/" "INBOX"', '* LIST (\\HasNoChildren \\Junk) "/" "Junk"'
        assert (await run(client, 'LIST "" "*"'))[:-1] == [inbox, junk]
        assert (await run(client, 'LIST (SPECIAL-USE) "" "*"'))[:-1] == [junk]
        assert (await run(client, 'LIST "" INBOX'))[:-1] == [inbox]
        assert (await run(client, 'LIST "" ""'))[:-1] == ['* LIST (\\Noselect) "/" ""']


async def test_noop_tells_of_new_and_expunged_messages() -> None:
    async with LoopbackServer(USERS) as server, converse(server, "imap") as client:
        old = server.deliver(PROBE, ONE)
        server.deliver(PROBE, TWO)
        await log_in(client)
        server.mailbox(PROBE).inbox.remove([old])
        server.deliver(PROBE, ONE)
        assert await run(client, "NOOP") == ["* 1 EXPUNGE", "* 2 EXISTS", "t OK done"]
        assert await run(client, "NOOP") == ["t OK done"]


async def test_idle_tells_of_a_message_at_once() -> None:
    async with LoopbackServer(USERS) as server, converse(server, "imap") as client:
        await log_in(client)
        assert (await client.ask("t IDLE")).startswith("+ ")
        server.deliver(PROBE, ONE)
        assert await client.hear() == "* 1 EXISTS"
        assert (await client.ask("DONE")).startswith("t OK ")
        server.deliver(PROBE, ONE)
        assert await run(client, "NOOP") == ["* 2 EXISTS", "t OK done"]


async def test_a_server_may_accept_idle_and_say_nothing_in_it() -> None:
    async with (
        LoopbackServer(USERS, features=Features(idle_pushes=False)) as server,
        converse(server, "imap") as client,
    ):
        await log_in(client)
        await client.ask("t IDLE")
        server.deliver(PROBE, ONE)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await client.reader.readline()
        client.say("DONE")
        assert await client.hear_until("t ") == ["* 1 EXISTS", "t OK done"]


FETCHES = [
    ("1 (UID FLAGS RFC822.SIZE)", f"* 1 FETCH (UID 1 FLAGS () RFC822.SIZE {len(ONE)})"),
    ("1 BODY.PEEK[]", f"* 1 FETCH (UID 1 BODY[] {{{len(ONE)}}}\r\n{ONE.decode()})"),
    ("1 BODY.PEEK[]<4.5>", "* 1 FETCH (UID 1 BODY[]<4> {5}\r\nect: )"),
    ("1 BODY.PEEK[]<9999.5>", "* 1 FETCH (UID 1 BODY[]<9999> {0}\r\n)"),
    ("1 BODY.PEEK[TEXT]", "* 1 FETCH (UID 1 BODY[TEXT] {12}\r\nfirst body\r\n)"),
    (
        "1 (BODY.PEEK[HEADER.FIELDS (x-token)])",
        "* 1 FETCH (UID 1 BODY[HEADER.FIELDS (X-TOKEN)] {25}\r\nX-Token: abc\r\n\tfolded\r\n\r\n)",
    ),
    ("1 (FLAGS BODY[TEXT])", "* 1 FETCH (UID 1 FLAGS (\\Seen) BODY[TEXT] {12}\r\nfirst body\r\n)"),
]


@pytest.mark.parametrize(("arguments", "answer"), FETCHES)
async def test_a_fetch_by_uid_answers_with_what_was_asked(arguments: str, answer: str) -> None:
    async with LoopbackServer(USERS) as server, converse(server, "imap") as client:
        server.deliver(PROBE, ONE)
        server.deliver(PROBE, TWO)
        await log_in(client)
        assert "\r\n".join((await run(client, f"UID FETCH {arguments}"))[:-1]) == answer


async def test_peeking_does_not_mark_as_read() -> None:
    async with LoopbackServer(USERS) as server, converse(server, "imap") as client:
        message = server.deliver(PROBE, ONE)
        await log_in(client)
        await run(client, "UID FETCH 1 (BODY.PEEK[] BODY.PEEK[HEADER])")
        assert message.flags == set()
        await run(client, "UID FETCH 1 BODY[]")
        assert message.flags == {"\\Seen"}


@pytest.mark.parametrize(
    ("keys", "uids"),
    [
        ("ALL", "1 2 4"),
        ("UID 2:*", "2 4"),
        ("UID 9:*", "4"),
        ("3", "4"),
        ("1,3", "1 4"),
        ("DELETED", "2"),
        ("UNDELETED", "1 4"),
        ("NOT DELETED UID 1:2", "1"),
        ("OR SUBJECT one DELETED", "1 2 4"),
        ('HEADER X-Token "folded"', "1 4"),
        ('HEADER Subject ""', "1 2 4"),
        ("(BODY first)", "1 4"),
        ("CHARSET UTF-8 TEXT two", "2"),
        ("SUBJECT nothing", ""),
    ],
)
async def test_a_search_by_uid_finds_what_matches(keys: str, uids: str) -> None:
    async with LoopbackServer(USERS) as server, converse(server, "imap") as client:
        server.deliver(PROBE, ONE)
        server.deliver(PROBE, TWO).flags.add("\\Deleted")
        gone = server.deliver(PROBE, TWO)
        server.deliver(PROBE, ONE)
        server.mailbox(PROBE).inbox.remove([gone])
        await log_in(client)
        assert (await run(client, f"UID SEARCH {keys}"))[0] == f"* SEARCH {uids}".rstrip()


async def test_uid_expunge_removes_only_the_deleted_ones_named() -> None:
    async with LoopbackServer(USERS) as server, converse(server, "imap") as client:
        kept = [server.deliver(PROBE, ONE), server.deliver(PROBE, TWO)]
        server.deliver(PROBE, ONE)
        await log_in(client)
        assert await run(client, "UID STORE 2:3 +FLAGS (\\Deleted)") == [
            "* 2 FETCH (UID 2 FLAGS (\\Deleted))",
            "* 3 FETCH (UID 3 FLAGS (\\Deleted))",
            "t OK done",
        ]
        assert await run(client, "UID EXPUNGE 1,3") == ["* 3 EXPUNGE", "t OK done"]
        assert server.mailbox(PROBE).messages == kept


async def test_expunge_and_close_remove_every_deleted_message() -> None:
    async with LoopbackServer(USERS) as server, converse(server, "imap") as client:
        for _ in range(3):
            server.deliver(PROBE, ONE)
        await log_in(client)
        await run(client, "STORE 1:2 FLAGS.SILENT (\\Deleted \\Seen)")
        await run(client, "STORE 2 -FLAGS.SILENT \\Deleted")
        assert await run(client, "EXPUNGE") == ["* 1 EXPUNGE", "t OK done"]
        await run(client, "STORE 2 +FLAGS.SILENT \\Deleted")
        assert await run(client, "CLOSE") == ["t OK done"]
        assert [message.uid for message in server.mailbox(PROBE).messages] == [2]


async def test_a_mailbox_that_is_examined_does_not_change() -> None:
    async with LoopbackServer(USERS) as server, converse(server, "imap") as client:
        message = server.deliver(PROBE, ONE)
        await log_in(client, select="")
        await run(client, "EXAMINE INBOX")
        await run(client, "UID FETCH 1 BODY[]")
        assert (await run(client, "UID STORE 1 +FLAGS (\\Deleted)"))[0].startswith("t NO ")
        assert (await run(client, "EXPUNGE"))[0].startswith("t NO ")
        assert message.flags == set()


async def test_append_and_status_work_on_a_folder_that_is_not_selected() -> None:
    async with LoopbackServer(USERS) as server, converse(server, "imap") as client:
        await log_in(client, select="")
        client.say('t APPEND Junk (\\Seen) "01-Jan-2026 00:00:00 +0000" {3+}\nabc')
        validity = server.mailbox(PROBE).inbox.uid_validity
        assert await client.hear() == f"t OK [APPENDUID {validity} 1] done"
        assert (await run(client, "STATUS Junk (MESSAGES UIDNEXT)"))[0] == '* STATUS "Junk" (MESSAGES 1 UIDNEXT 2)'
        [message] = server.mailbox(PROBE).folders["Junk"].messages
        assert (message.content, message.flags) == (b"abc", {"\\Seen"})


@pytest.mark.parametrize(
    "command",
    ["", "FLY", "SELECT", "SELECT (", "SELECT a)", "FETCH 1 FLAGS", "LOGIN a", "UID FETCH x FLAGS", "UID FETCH 1 RED"],
)
async def test_a_command_that_is_not_understood_is_bad(command: str) -> None:
    async with LoopbackServer(USERS) as server, converse(server, "imap") as client:
        if command.startswith(("UID", "SELECT")):
            await log_in(client)
        assert (await run(client, command))[0].startswith("t BAD ")


async def test_logout_says_bye_and_closes() -> None:
    async with LoopbackServer(USERS) as server, converse(server, "imap") as client:
        client.say("t LOGOUT")
        assert await client.hear_rest() == b"* BYE see you\r\nt OK done\r\n"
        assert server.sessions[-1].commands == ["LOGOUT"]


async def test_a_literal_that_is_too_big_ends_the_session() -> None:
    async with LoopbackServer(USERS) as server, converse(server, "imap") as client:
        client.say("t LOGIN {999999999}")
        assert (await client.hear_rest()).startswith(b"* BYE ")
