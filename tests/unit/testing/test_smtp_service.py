import base64

import pytest
from tests.unit.testing.conversation import Conversation, converse, scram_messages

from mailtrip.testing.certificates import Authority
from mailtrip.testing.server import LoopbackServer
from mailtrip.testing.site import Features

PROBE = "probe@mail.test"
USERS = {PROBE: "secret", "other@mail.test": "secret"}


async def ehlo(client: Conversation) -> list[str]:
    client.say("EHLO me.test")
    return [line[4:] for line in await client.hear_until("250 ")][1:]


async def test_ehlo_announces_what_is_there() -> None:
    async with LoopbackServer(USERS) as server, converse(server, "smtp") as client:
        assert await ehlo(client) == [
            "PIPELINING",
            "SIZE 10240000",
            "AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256",
            "ENHANCEDSTATUSCODES",
            "8BITMIME",
            "SMTPUTF8",
        ]


async def test_ehlo_leaves_out_what_is_taken_away() -> None:
    features = Features(
        pipelining=False,
        auth_needs_tls=True,
        enhanced_status_codes=False,
        eight_bit_mime=False,
        smtputf8=False,
        size_limit=1000,
    )
    async with (
        LoopbackServer(USERS, authority=Authority(), features=features) as server,
        converse(server, "smtp") as client,
    ):
        assert await ehlo(client) == ["SIZE 1000", "STARTTLS"]
        assert await client.ask("AUTH PLAIN") == "538 Encryption required for authentication"


async def test_an_old_server_knows_helo_only() -> None:
    async with LoopbackServer(USERS, features=Features(esmtp=False)) as server, converse(server, "smtp") as client:
        assert (await client.ask("EHLO me.test")).startswith("502 ")
        assert await client.ask("HELO me.test") == "250 mail.mailtrip.test"
        client.say(f"MAIL FROM:<>\nRCPT TO:<{PROBE}>\nDATA")
        await client.hear_until("354 ")
        assert (await client.ask("\nx\n.")).startswith("250 Ok: queued as ")
        assert b" with SMTP id " in server.mailbox(PROBE).messages[0].content


async def test_a_pipelined_message_is_delivered_to_each_recipient_unstuffed() -> None:
    async with LoopbackServer(USERS) as server, converse(server, "smtp") as client:
        await ehlo(client)
        client.say(f"MAIL FROM:<a@b.test> SIZE=20 BODY=8BITMIME\nRCPT TO:<{PROBE}>\nRCPT TO:<other@mail.test>\nDATA")
        assert [line[:3] for line in await client.hear_until("354 ")] == ["250", "250", "250", "354"]
        assert await client.ask("Subject: x\n\n..one\n...\n.") == "250 2.0.0 Ok: queued as 00000001"
        for address in USERS:
            [message] = server.mailbox(address).messages
            assert message.content.endswith(b"\r\nSubject: x\r\n\r\n.one\r\n..\r\n")
            assert b"\tfor <%b>; " % address.encode() in message.content


async def test_an_empty_message_is_a_message() -> None:
    async with LoopbackServer(USERS) as server, converse(server, "smtp") as client:
        client.say(f"HELO me\nMAIL FROM:<>\nRCPT TO:<{PROBE}>\nDATA")
        await client.hear_until("354 ")
        assert (await client.ask(".")).startswith("250 ")
        assert len(server.mailbox(PROBE).messages) == 1


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("MAIL FROM:<a@b.test> SIZE=99999999", "552 5.3.4 Message size exceeds the limit"),
        ("MAIL FROM:<a@b.test> COLOUR=red", "555 5.5.4 Parameter COLOUR not known"),
        ("MAIL FROM:<a@b.test> BODY=9BIT", "555 5.5.4 Parameter BODY not known"),
        ("MAIL FROM:<ä@b.test>", "553 5.6.7 Address not ASCII, and no SMTPUTF8"),
        ("MAIL FROM:<ä@b.test> SMTPUTF8", "250 2.1.0 Ok"),
        ("MAIL a@b.test", "501 5.5.4 Write MAIL FROM:<address>"),
        (f"RCPT TO:<{PROBE}>", "503 5.5.1 Say MAIL first"),
        ("RCPT TO", "501 5.5.4 Write RCPT TO:<address>"),
        ("DATA", "554 5.5.1 No valid recipients"),
        ("STARTTLS", "502 5.5.1 STARTTLS is not offered"),
        ("AUTH GSSAPI", "504 5.5.4 Mechanism not known"),
        ("AUTH PLAIN !!!", "535 5.7.8 Authentication failed"),
        ("AUTH PLAIN =", "535 5.7.8 Authentication failed"),
        ("FLY", "500 5.5.2 Command not known"),
        ("", "500 5.5.2 Command not known"),
        ("noop", "250 2.0.0 Ok"),
        ("RSET", "250 2.0.0 Ok"),
    ],
)
async def test_a_command_has_its_reply(command: str, reply: str) -> None:
    async with LoopbackServer(USERS) as server, converse(server, "smtp") as client:
        await ehlo(client)
        assert await client.ask(command) == reply


async def test_mail_before_ehlo_and_twice_is_out_of_order() -> None:
    async with LoopbackServer(USERS) as server, converse(server, "smtp") as client:
        assert (await client.ask("MAIL FROM:<>")).startswith("503 ")
        await ehlo(client)
        assert (await client.ask("MAIL FROM:<>")).startswith("250 ")
        assert (await client.ask("MAIL FROM:<>")).startswith("503 ")


async def test_an_unknown_recipient_is_refused() -> None:
    async with LoopbackServer(USERS) as server, converse(server, "smtp") as client:
        await ehlo(client)
        await client.ask("MAIL FROM:<>")
        assert await client.ask("RCPT TO:<nobody@mail.test>") == "550 5.1.1 No such user here"


async def test_a_server_may_demand_a_login_before_mail() -> None:
    async with (
        LoopbackServer(USERS, features=Features(smtp_auth_required=True)) as server,
        converse(server, "smtp") as client,
    ):
        await ehlo(client)
        assert (await client.ask("MAIL FROM:<>")).startswith("530 ")
        secret = base64.b64encode(f"\0{PROBE}\0secret".encode()).decode()
        assert await client.ask(f"AUTH PLAIN {secret}") == "235 2.7.0 Authentication successful"
        assert (await client.ask("AUTH PLAIN")).startswith("503 ")
        assert (await client.ask("MAIL FROM:<>")).startswith("250 ")
        assert server.sessions[-1].username == PROBE


async def test_scram_ends_with_the_servers_signature_and_an_empty_response() -> None:
    async with LoopbackServer(USERS) as server, converse(server, "smtp") as client:
        await ehlo(client)
        bare = f"n={PROBE},r=abc"
        challenge = await client.ask(f"AUTH SCRAM-SHA-256 {base64.b64encode(f'n,,{bare}'.encode()).decode()}")
        server_first = base64.b64decode(challenge.removeprefix("334 ")).decode()
        final, signature = scram_messages("secret", "sha256", bare, server_first)
        answer = await client.ask(base64.b64encode(final.encode()).decode())
        assert base64.b64decode(answer.removeprefix("334 ")).decode() == signature
        assert (await client.ask("")).startswith("235 ")


async def test_a_cancelled_login_is_refused_and_the_session_goes_on() -> None:
    async with LoopbackServer(USERS) as server, converse(server, "smtp") as client:
        await ehlo(client)
        assert await client.ask("AUTH LOGIN") == "334 VXNlcm5hbWU6"
        assert (await client.ask("*")).startswith("535 ")
        assert (await client.ask("NOOP")).startswith("250 ")


async def test_a_message_over_the_limit_is_refused() -> None:
    async with LoopbackServer(USERS, features=Features(size_limit=100)) as server, converse(server, "smtp") as client:
        client.say(f"EHLO me\nMAIL FROM:<>\nRCPT TO:<{PROBE}>\nDATA")
        await client.hear_until("354 ")
        assert (await client.ask("x" * 200 + "\n.")).startswith("552 ")
        assert server.mailbox(PROBE).messages == []


async def test_what_was_said_is_kept_for_the_test_but_not_the_message() -> None:
    async with LoopbackServer(USERS) as server, converse(server, "smtp") as client:
        client.say(f"EHLO me\nMAIL FROM:<>\nRCPT TO:<{PROBE}>\nDATA")
        await client.hear_until("354 ")
        await client.ask("Subject: x\n\n\n.")
        await client.ask("QUIT")
        [session] = server.sessions
        assert session.commands == ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]
        assert session.lines[2] == f"RCPT TO:<{PROBE}>"
