import asyncio
import ssl
import time

import pytest
from tests.unit.testing.conversation import converse

from mailtrip.model import MailProtocol
from mailtrip.testing.certificates import Authority
from mailtrip.testing.delivery import alter
from mailtrip.testing.faults import (
    MOMENTS,
    AcceptThenDrop,
    Action,
    Deaf,
    Delay,
    Delivery,
    Drop,
    EndlessLine,
    EndlessReply,
    Fault,
    FaultPlan,
    Garbage,
    Hang,
    HugeLiteral,
    Reply,
    Reset,
    Trickle,
)
from mailtrip.testing.ports import black_hole, free_port
from mailtrip.testing.server import LoopbackServer

SMTP, POP3, IMAP = MailProtocol.SMTP, MailProtocol.POP3, MailProtocol.IMAP
PROBE = "probe@mail.test"
USERS = {PROBE: "secret"}
SUBMISSION = f"EHLO me\nMAIL FROM:<a@b.test>\nRCPT TO:<{PROBE}>\nDATA"

COMMANDS = {
    SMTP: ("NOOP", "250 "),
    POP3: ("CAPA", "+OK "),
    IMAP: ("a NOOP", "a OK "),
}
PROTOCOLS = pytest.mark.parametrize("protocol", list(MailProtocol))


def at_command(protocol: MailProtocol, action: Action, **options: int) -> Fault:
    return Fault(protocol, "capa" if protocol is POP3 else "noop", action, **options)


def test_a_fault_happens_as_often_as_it_says_after_as_many_as_it_skips() -> None:
    plan = FaultPlan([Fault(SMTP, "mail", Drop(), times=2, skip=1)])
    assert [plan.take(SMTP, "mail") for _ in range(5)] == [None, Drop(), Drop(), None, None]


def test_faults_at_one_moment_come_one_after_the_other() -> None:
    plan = FaultPlan([Fault(SMTP, "mail", Drop(), times=1), Fault(SMTP, "mail", Reset())])
    assert [plan.take(SMTP, "mail") for _ in range(3)] == [Drop(), Reset(), Reset()]


def test_a_fault_belongs_to_one_protocol_and_moment() -> None:
    plan = FaultPlan([Fault(POP3, "noop", Drop())])
    assert plan.take(IMAP, "noop") is None
    assert plan.take(POP3, "quit") is None
    plan.clear()
    assert plan.take(POP3, "noop") is None


def test_a_moment_that_a_protocol_does_not_have_is_an_error() -> None:
    with pytest.raises(ValueError, match='pop3 has no moment "ehlo"'):
        Fault(POP3, "ehlo", Drop())


@PROTOCOLS
@pytest.mark.parametrize("moment", ["connect", "greeting"])
async def test_a_dropped_connection_ends_without_a_greeting(protocol: MailProtocol, moment: str) -> None:
    async with (
        LoopbackServer(USERS, faults=[Fault(protocol, moment, Drop())]) as server,
        converse(server, protocol, greeted=False) as client,
    ):
        assert await client.hear_rest() == b""


@PROTOCOLS
async def test_a_reset_breaks_the_connection(protocol: MailProtocol) -> None:
    async with (
        LoopbackServer(USERS, faults=[at_command(protocol, Reset())]) as server,
        converse(server, protocol) as client,
    ):
        client.say(COMMANDS[protocol][0])
        with pytest.raises(ConnectionResetError):
            await client.hear_rest()


@PROTOCOLS
async def test_a_planned_reply_comes_instead_and_only_once(protocol: MailProtocol) -> None:
    text = {SMTP: "450 4.3.2 later", POP3: "-ERR [SYS/TEMP] later", IMAP: "NO [UNAVAILABLE] later"}[protocol]
    command, good = COMMANDS[protocol]
    async with (
        LoopbackServer(USERS, faults=[at_command(protocol, Reply(text), times=1)]) as server,
        converse(server, protocol) as client,
    ):
        assert await client.ask(command) == (f"a {text}" if protocol is IMAP else text)
        assert (await client.ask(command)).startswith(good)


async def test_a_planned_imap_reply_has_its_tag_where_it_belongs() -> None:
    reply = Reply("* BYE going down\nNO not now", then_close=True)
    async with (
        LoopbackServer(
            USERS, faults=[Fault(IMAP, "noop", reply), Fault(IMAP, "greeting", Reply("* BYE no"), skip=1)]
        ) as server,
        converse(server, "imap") as client,
    ):
        client.say("a7 NOOP")
        assert await client.hear_rest() == b"* BYE going down\r\na7 NO not now\r\n"
        async with converse(server, "imap", greeted=False) as other:
            assert await other.hear() == "* BYE no"


@PROTOCOLS
async def test_a_hanging_server_says_nothing_and_stays_connected(protocol: MailProtocol) -> None:
    async with (
        LoopbackServer(USERS, faults=[at_command(protocol, Hang())]) as server,
        converse(server, protocol) as client,
    ):
        client.say(COMMANDS[protocol][0])
        client.say(COMMANDS[protocol][0])
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await client.reader.read(1)
        assert not client.reader.at_eof()


@PROTOCOLS
async def test_a_delayed_reply_comes_late_but_whole(protocol: MailProtocol) -> None:
    async with (
        LoopbackServer(USERS, faults=[at_command(protocol, Delay(0.1))]) as server,
        converse(server, protocol) as client,
    ):
        began = time.monotonic()
        assert (await client.ask(COMMANDS[protocol][0])).startswith(COMMANDS[protocol][1])
        assert time.monotonic() - began >= 0.1


@PROTOCOLS
async def test_a_trickling_server_sends_byte_by_byte(protocol: MailProtocol) -> None:
    async with (
        LoopbackServer(USERS, faults=[at_command(protocol, Trickle(200))]) as server,
        converse(server, protocol) as client,
    ):
        began = time.monotonic()
        line = await client.ask(COMMANDS[protocol][0])
        assert line.startswith(COMMANDS[protocol][1])
        assert time.monotonic() - began >= len(line) / 200


async def test_a_trickled_farewell_is_complete() -> None:
    async with (
        LoopbackServer(USERS, faults=[Fault(SMTP, "quit", Trickle(500))]) as server,
        converse(server, "smtp") as client,
    ):
        client.say("QUIT")
        assert await client.hear_rest() == b"221 Bye\r\n"


@PROTOCOLS
async def test_garbage_is_of_no_protocol(protocol: MailProtocol) -> None:
    async with (
        LoopbackServer(USERS, faults=[Fault(protocol, "greeting", Garbage())]) as server,
        converse(server, protocol, greeted=False) as client,
    ):
        assert not (await client.reader.readline()).isascii()


@PROTOCOLS
@pytest.mark.parametrize("action", [EndlessLine(), EndlessReply(), HugeLiteral()])
async def test_an_endless_answer_goes_on_as_long_as_the_client_reads(protocol: MailProtocol, action: Action) -> None:
    async with (
        LoopbackServer(USERS, faults=[at_command(protocol, action)]) as server,
        converse(server, protocol) as client,
    ):
        client.say(COMMANDS[protocol][0])
        async with asyncio.timeout(5):
            data = await client.reader.readexactly(3_000_000)
    lines = data.count(b"\n")
    assert lines > 10_000 if isinstance(action, EndlessReply) else lines <= 1


async def test_accept_then_drop_at_the_dot_delivers_but_does_not_say_so() -> None:
    async with (
        LoopbackServer(USERS, faults=[Fault(SMTP, "dot", AcceptThenDrop())]) as server,
        converse(server, "smtp") as client,
    ):
        client.say(SUBMISSION)
        await client.hear_until("354 ")
        client.say("Subject: x\n\nbody\n.")
        assert await client.hear_rest() == b""
        assert len(server.mailbox(PROBE).messages) == 1


@pytest.mark.parametrize("action", [Drop(), Hang(), Deaf()])
async def test_a_fault_in_the_content_comes_after_the_server_has_asked_for_it(action: Action) -> None:
    async with (
        LoopbackServer(USERS, faults=[Fault(SMTP, "content", action)]) as server,
        converse(server, "smtp") as client,
    ):
        client.say(SUBMISSION)
        assert (await client.hear_until("354 "))[-1].startswith("354 ")
        assert server.mailbox(PROBE).messages == []
        if isinstance(action, Drop):
            assert await client.hear_rest() == b""


async def test_a_deaf_server_lets_the_client_write_until_nothing_goes_any_more() -> None:
    async with (
        LoopbackServer(USERS, faults=[Fault(SMTP, "content", Deaf())]) as server,
        converse(server, "smtp") as client,
    ):
        client.say(SUBMISSION)
        await client.hear_until("354 ")
        client.writer.write(b"x" * 20_000_000)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.writer.drain(), 0.3)
        client.writer.transport.abort()


async def test_a_refusal_at_the_dot_does_not_deliver() -> None:
    async with (
        LoopbackServer(USERS, faults=[Fault(SMTP, "dot", Reply("554 5.7.1 spam"))]) as server,
        converse(server, "smtp") as client,
    ):
        client.say(SUBMISSION)
        await client.hear_until("354 ")
        assert await client.ask("Subject: x\n\nbody\n.") == "554 5.7.1 spam"
        assert await client.ask("MAIL FROM:<a@b.test>") == "250 2.1.0 Ok", "the transaction is over"
        assert server.mailbox(PROBE).messages == []


@pytest.mark.parametrize(
    ("action", "error"),
    [(Drop(), (ConnectionError, ssl.SSLError)), (Garbage(), ssl.SSLError), (Reply("220 plain"), ssl.SSLError)],
)
@pytest.mark.parametrize("port_name", ["smtps", "pop3s", "imaps"])
async def test_a_fault_at_the_handshake_spoils_tls(
    port_name: str, action: Action, error: type[Exception] | tuple[type[Exception], ...]
) -> None:
    authority = Authority()
    fault = Fault(MailProtocol(port_name.removesuffix("s")), "tls", action)
    trust = ssl.create_default_context(cadata=authority.ca_pem)
    async with LoopbackServer(USERS, authority=authority, faults=[fault]) as server:
        with pytest.raises(error):
            await asyncio.open_connection("localhost", server.port(port_name), ssl=trust)


async def deliver_with(plan: Delivery) -> LoopbackServer:
    """A stopped server that has had one message from probe@mail.test to itself."""
    server = LoopbackServer(USERS, delivery=plan)
    async with server, converse(server, "smtp") as client:
        client.say(SUBMISSION.replace("a@b.test", PROBE))
        await client.hear_until("354 ")
        assert (await client.ask("Subject: x\nX-Gone: 1\n\nbody\n.")).startswith("250 ")
    return server


@pytest.mark.parametrize(
    ("plan", "inbox", "junk"),
    [
        (Delivery(), 1, 0),
        (Delivery(copies=0), 0, 0),
        (Delivery(copies=2), 2, 0),
        (Delivery(copies=2, apart=60), 1, 0),
        (Delivery(folder="Junk"), 0, 1),
        (Delivery(delay=60), 0, 0),
    ],
)
async def test_a_message_comes_as_often_and_where_the_delivery_says(plan: Delivery, inbox: int, junk: int) -> None:
    account = (await deliver_with(plan)).mailbox(PROBE)
    assert (len(account.messages), len(account.folders["Junk"].messages)) == (inbox, junk)


async def test_a_bounce_comes_back_instead_of_the_message() -> None:
    [message] = (await deliver_with(Delivery(bounce=True))).mailbox(PROBE).messages
    assert message.content.startswith(b"Return-Path: <>\r\n")
    assert b"report-type=delivery-status" in message.content
    assert b"Subject: x" in message.content


async def test_a_delayed_message_comes_later() -> None:
    async with (
        LoopbackServer(USERS, delivery=Delivery(delay=0.05)) as server,
        converse(server, "smtp") as client,
    ):
        arrived = asyncio.Event()
        server.mailbox(PROBE).inbox.watch(arrived.set)
        client.say(SUBMISSION)
        await client.hear_until("354 ")
        assert (await client.ask("Subject: x\n\nbody\n.")).startswith("250 ")
        assert server.mailbox(PROBE).messages == []
        async with asyncio.timeout(5):
            await arrived.wait()
        assert len(server.mailbox(PROBE).messages) == 1


def test_a_gateway_adds_a_footer_and_takes_headers_out_with_their_folded_lines() -> None:
    plan = Delivery(footer=b"-- ad\r\n", without_headers=("x-gone",))
    message = b"A: 1\r\nX-Gone: 2\r\n\tfolded\r\nB: 3\r\n\r\nX-Gone: body\r\n"
    assert alter(message, plan) == b"A: 1\r\nB: 3\r\n\r\nX-Gone: body\r\n-- ad\r\n"


async def test_each_reply_is_late_by_the_reply_delay_even_when_pipelined() -> None:
    async with (
        LoopbackServer(USERS, reply_delay=0.03) as server,
        converse(server, "smtp", greeted=False) as client,
    ):
        began = time.monotonic()
        await client.hear()
        client.say("NOOP\nNOOP\nNOOP")
        for _ in range(3):
            await client.hear()
        assert time.monotonic() - began >= 4 * 0.03


async def test_nobody_listens_on_a_free_port_and_nobody_answers_in_a_black_hole() -> None:
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", free_port())
    with black_hole() as port, pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await asyncio.open_connection("127.0.0.1", port)


def test_each_protocol_has_the_moments_of_every_connection() -> None:
    for moments in MOMENTS.values():
        assert moments >= {"connect", "tls", "greeting", "starttls", "auth"}
