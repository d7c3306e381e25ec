"""The loopback server, talked to by the standard library's clients from threads."""

import asyncio
import imaplib
import poplib
import smtplib
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress

import pytest

from mailtrip.testing.certificates import Authority
from mailtrip.testing.server import LoopbackServer
from mailtrip.testing.site import Features

PROBE = "probe@mail.test"
MESSAGE = b"From: <a@mail.test>\r\nTo: <probe@mail.test>\r\nSubject: one\r\n\r\nfirst\r\n.dot\r\n..two\r\nlast\r\n"
USERS = {PROBE: "secret", "other@mail.test": "pass word "}


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
async def server(authority: Authority) -> AsyncIterator[LoopbackServer]:
    async with LoopbackServer(USERS, authority=authority) as running:
        yield running


@pytest.fixture
def trust(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=authority.ca_pem)


@contextmanager
def smtp(server: LoopbackServer, trust: ssl.SSLContext, mode: str) -> Iterator[smtplib.SMTP]:
    port = server.port("smtps" if mode == "implicit" else "smtp")
    if mode == "implicit":
        client: smtplib.SMTP = smtplib.SMTP_SSL("localhost", port, context=trust, timeout=5)
    else:
        client = smtplib.SMTP("localhost", port, timeout=5)
    with client:
        if mode == "starttls":
            client.starttls(context=trust)
        yield client


@contextmanager
def pop3(server: LoopbackServer, trust: ssl.SSLContext, mode: str) -> Iterator[poplib.POP3]:
    if mode == "implicit":
        client: poplib.POP3 = poplib.POP3_SSL("localhost", server.port("pop3s"), context=trust, timeout=5)
    else:
        client = poplib.POP3("localhost", server.port("pop3"), timeout=5)
    if mode == "starttls":
        client.stls(context=trust)
    try:
        yield client
    finally:
        client.close()


@contextmanager
def imap(server: LoopbackServer, trust: ssl.SSLContext, mode: str) -> Iterator[imaplib.IMAP4]:
    if mode == "implicit":
        client: imaplib.IMAP4 = imaplib.IMAP4_SSL("localhost", server.port("imaps"), ssl_context=trust, timeout=5)
    else:
        client = imaplib.IMAP4("localhost", server.port("imap"), timeout=5)
    if mode == "starttls":
        client.starttls(ssl_context=trust)
    with client:
        yield client


MODES = pytest.mark.parametrize("mode", ["plain", "starttls", "implicit"])


@MODES
async def test_a_message_sent_over_smtp_is_in_the_mailbox(
    server: LoopbackServer, trust: ssl.SSLContext, mode: str
) -> None:
    def send() -> None:
        with smtp(server, trust, mode) as client:
            client.login(PROBE, "secret")
            client.sendmail("a@mail.test", [PROBE], MESSAGE)

    await asyncio.to_thread(send)

    [message] = server.mailbox(PROBE).messages
    assert message.content.endswith(MESSAGE)
    assert message.content.startswith(b"Return-Path: <a@mail.test>\r\nReceived: from ")
    protocol = {"plain": b"ESMTPA", "starttls": b"ESMTPSA", "implicit": b"ESMTPSA"}[mode]
    assert b" with %b id " % protocol in message.content
    assert server.sessions[-1].is_encrypted == (mode != "plain")


@MODES
async def test_pop3_lists_reads_and_deletes_a_message(server: LoopbackServer, trust: ssl.SSLContext, mode: str) -> None:
    server.deliver(PROBE, MESSAGE)

    def collect() -> tuple[list[bytes], bytes, list[bytes]]:
        with pop3(server, trust, mode) as client:
            client.user(PROBE)
            client.pass_("secret")
            ids = client.uidl()[1]
            content = b"".join(line + b"\r\n" for line in client.retr(1)[1])
            top = client.top(1, 1)[1]
            client.dele(1)
            client.quit()
        return ids, content, top

    ids, content, top = await asyncio.to_thread(collect)

    assert len(ids) == 1
    assert content == MESSAGE
    assert top[-2:] == [b"", b"first"]
    assert server.mailbox(PROBE).messages == []


@MODES
async def test_imap_finds_reads_and_deletes_a_message_by_uid(
    server: LoopbackServer, trust: ssl.SSLContext, mode: str
) -> None:
    server.deliver(PROBE, MESSAGE)

    def collect() -> tuple[list[bytes | None], bytes]:
        with imap(server, trust, mode) as client:
            client.login(PROBE, "secret")
            client.select("INBOX")
            found = client.uid("SEARCH", "HEADER", "Subject", "one")[1]
            content = client.uid("FETCH", "1", "(BODY.PEEK[])")[1][0][1]
            client.uid("STORE", "1", "+FLAGS.SILENT", "(\\Deleted)")
            client.uid("EXPUNGE", "1")
        return found, content

    found, content = await asyncio.to_thread(collect)

    assert found == [b"1"]
    assert content == MESSAGE
    assert server.mailbox(PROBE).messages == []


async def test_stopping_closes_ports_and_connections(authority: Authority) -> None:
    async with LoopbackServer(USERS, authority=authority) as server:
        port = server.port("imap")
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.setblocking(False)
            loop = asyncio.get_running_loop()
            assert (await loop.sock_recv(client, 1000)).startswith(b"* OK")
            await server.stop()
            with suppress(ConnectionResetError):
                assert await loop.sock_recv(client, 1000) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port)).close()


async def test_a_fixed_port_is_used_and_a_taken_one_is_an_error() -> None:
    async with LoopbackServer(USERS, only=["smtp"]) as first:
        taken = first.port("smtp")
        with pytest.raises(OSError, match="in use"):
            await LoopbackServer(USERS, ports={"smtp": taken}).start()
    async with LoopbackServer(USERS, ports={"smtp": taken}) as second:
        assert second.port("smtp") == taken


async def test_with_ipv6_both_addresses_answer_on_one_port() -> None:
    async with LoopbackServer(USERS, ipv6=True, only=["pop3"]) as server:
        for host in ("127.0.0.1", "::1"):
            reader, writer = await asyncio.open_connection(host, server.port("pop3"))
            assert (await reader.readline()).startswith(b"+OK ")
            writer.close()
            await writer.wait_closed()


async def test_without_a_certificate_there_is_no_tls() -> None:
    async with LoopbackServer(USERS) as server:
        with pytest.raises(KeyError):
            server.port("imaps")
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port("imap"))
        assert b"STARTTLS" not in await reader.readline()
        writer.close()
        await writer.wait_closed()


async def test_features_can_be_taken_away_under_way(server: LoopbackServer) -> None:
    server.site.features = Features(uidplus=False, idle=False, mechanisms=("PLAIN",))
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port("imap"))
    capabilities = (await reader.readline()).partition(b"]")[0].split()
    writer.close()
    await writer.wait_closed()
    assert b"UIDPLUS" not in capabilities
    assert b"IDLE" not in capabilities
    assert [name for name in capabilities if name.startswith(b"AUTH=")] == [b"AUTH=PLAIN"]


@pytest.mark.parametrize("port_name", ["smtps", "pop3s", "imaps"])
async def test_a_client_that_ends_tls_is_answered_in_kind(
    server: LoopbackServer, trust: ssl.SSLContext, port_name: str
) -> None:
    reader, writer = await asyncio.open_connection("localhost", server.port(port_name), ssl=trust)
    await reader.readline()
    writer.close()
    async with asyncio.timeout(5):
        await writer.wait_closed()
