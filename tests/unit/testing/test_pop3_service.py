import base64
import hashlib

import pytest
from tests.unit.testing.conversation import Conversation, converse

from mailtrip.testing.certificates import Authority
from mailtrip.testing.mailstore import Account
from mailtrip.testing.server import LoopbackServer
from mailtrip.testing.site import Features

PROBE = "probe@mail.test"
USERS = {PROBE: "secret "}
ONE = b"Subject: one\r\n\r\nfirst\r\n.second\r\n"
TWO = b"Subject: two\r\n\r\n"


async def log_in(client: Conversation) -> str:
    await client.ask(f"USER {PROBE}")
    return await client.ask("PASS secret ")


async def listing(client: Conversation, command: str) -> list[str]:
    client.say(command)
    return await client.hear_list()


async def test_capa_lists_what_is_there() -> None:
    async with LoopbackServer(USERS, authority=Authority()) as server, converse(server, "pop3") as client:
        assert await listing(client, "CAPA") == [
            "TOP",
            "UIDL",
            "USER",
            "STLS",
            "SASL PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256",
            "RESP-CODES",
            "AUTH-RESP-CODE",
            "PIPELINING",
        ]


async def test_what_is_taken_away_is_refused() -> None:
    features = Features(capa=False, user_pass=False, apop=False, uidl=False, top=False)
    async with LoopbackServer(USERS, features=features) as server, converse(server, "pop3", greeted=False) as client:
        assert await client.hear() == "+OK mail.mailtrip.test ready"
        assert (await client.ask("CAPA")).startswith("-ERR ")
        assert (await client.ask(f"USER {PROBE}")).startswith("-ERR ")
        login = base64.b64encode(f"\0{PROBE}\0secret ".encode()).decode()
        assert (await client.ask(f"AUTH PLAIN {login}")).startswith("+OK ")
        assert (await client.ask("UIDL")).startswith("-ERR ")
        assert (await client.ask("TOP 1 0")).startswith("-ERR ")


async def test_apop_wants_the_digest_of_the_timestamp() -> None:
    async with LoopbackServer(USERS) as server:
        for password, start in (("secret ", "+OK"), ("wrong", "-ERR [AUTH]")):
            async with converse(server, "pop3", greeted=False) as client:
                timestamp = (await client.hear()).split()[-1]
                digest = hashlib.md5((timestamp + password).encode()).hexdigest()
                assert (await client.ask(f"APOP {PROBE} {digest}")).startswith(start)


async def test_sizes_ids_and_contents_of_messages() -> None:
    async with LoopbackServer(USERS) as server:
        server.deliver(PROBE, ONE)
        server.deliver(PROBE, TWO)
        async with converse(server, "pop3") as client:
            assert await log_in(client) == "+OK logged in, 2 messages"
            assert await client.ask("STAT") == f"+OK 2 {len(ONE) + len(TWO)}"
            assert await listing(client, "LIST") == [f"1 {len(ONE)}", f"2 {len(TWO)}"]
            assert await client.ask("LIST 2") == f"+OK 2 {len(TWO)}"
            ids = await listing(client, "UIDL")
            assert await client.ask("UIDL 2") == f"+OK {ids[1]}"
            assert len({line.split()[1] for line in ids}) == 2
            assert await listing(client, "TOP 1 1") == ["Subject: one", "", "first"]
            assert await listing(client, "TOP 2 10") == ["Subject: two", ""]
            assert await listing(client, "RETR 1") == ["Subject: one", "", "first", "..second"]


async def test_deletions_count_at_quit_only() -> None:
    async with LoopbackServer(USERS) as server:
        server.deliver(PROBE, ONE)
        kept = server.deliver(PROBE, TWO)
        async with converse(server, "pop3") as client:
            await log_in(client)
            await client.ask("DELE 1")
            assert (await client.ask("RETR 1")).startswith("-ERR ")
            assert await listing(client, "LIST") == [f"2 {len(TWO)}"]
        await closed(server)
        assert len(server.mailbox(PROBE).messages) == 2, "the connection was lost before QUIT"
        async with converse(server, "pop3") as client:
            await log_in(client)
            await client.ask("DELE 2")
            await client.ask("RSET")
            await client.ask("DELE 1")
            await client.ask("QUIT")
        assert server.mailbox(PROBE).messages == [kept]


async def closed(server: LoopbackServer) -> None:
    """Wait until the server has noticed that all clients have gone."""
    if server.site.connections:
        server.site.all_closed.clear()
        await server.site.all_closed.wait()


async def test_a_session_shows_the_mailbox_as_it_was_at_its_login() -> None:
    async with LoopbackServer(USERS) as server, converse(server, "pop3") as client:
        await log_in(client)
        server.deliver(PROBE, ONE)
        assert await client.ask("STAT") == "+OK 0 0"


async def test_a_second_session_is_told_that_the_mailbox_is_in_use() -> None:
    async with LoopbackServer(USERS) as server:
        account: Account = server.mailbox(PROBE)
        async with converse(server, "pop3") as first, converse(server, "pop3") as second:
            await log_in(first)
            assert (await log_in(second)).startswith("-ERR [IN-USE] ")
            assert account.pop3_session is not None
            await first.ask("QUIT")
            assert (await log_in(second)).startswith("+OK ")
        await closed(server)
        assert account.pop3_session is None


@pytest.mark.parametrize(
    ("command", "start"),
    [
        ("STAT", "-ERR not in this state"),
        ("PASS secret", "-ERR say USER first"),
        ("AUTH GSSAPI", "-ERR mechanism"),
        ("STLS", "-ERR STLS is not offered"),
        ("FLY", "-ERR command"),
    ],
)
async def test_a_command_before_the_login_is_refused(command: str, start: str) -> None:
    async with LoopbackServer(USERS) as server, converse(server, "pop3") as client:
        assert (await client.ask(command)).startswith(start)


@pytest.mark.parametrize(
    "command", ["RETR 2", "RETR 0", "RETR x", "DELE", "TOP 1", "TOP 9 1", "LIST 5", "UIDL 5", "USER x"]
)
async def test_a_command_that_asks_for_what_is_not_there_is_refused(command: str) -> None:
    async with LoopbackServer(USERS) as server, converse(server, "pop3") as client:
        server.deliver(PROBE, ONE)
        await log_in(client)
        assert (await client.ask(command)).startswith("-ERR ")


async def test_a_wrong_password_is_refused_with_its_response_code() -> None:
    async with LoopbackServer(USERS) as server, converse(server, "pop3") as client:
        await client.ask(f"USER {PROBE}")
        assert (await client.ask("PASS secret")).startswith("-ERR [AUTH] ")
