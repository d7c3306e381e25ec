"""A bare client for the tests of the loopback server: says lines, hears lines."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from mailtrip.testing.server import LoopbackServer

__all__ = ["Conversation", "converse", "scram_messages"]


class Conversation:
    """One connection; every wait for the server has a bound of five seconds."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def say(self, text: str) -> None:
        self.writer.write(text.replace("\n", "\r\n").encode() + b"\r\n")

    async def hear(self) -> str:
        """The next line; empty at the end of the connection."""
        async with asyncio.timeout(5):
            return (await self.reader.readline()).decode().removesuffix("\r\n")

    async def ask(self, text: str) -> str:
        self.say(text)
        return await self.hear()

    async def hear_until(self, start: str) -> list[str]:
        """All lines up to and with the first that begins like this."""
        lines: list[str] = []
        while not lines or not lines[-1].startswith(start):
            lines.append(await self.hear())
            assert lines[-1] or not self.reader.at_eof(), lines
        return lines

    async def hear_list(self) -> list[str]:
        """The lines of a POP3 listing, without the line before and the dot behind."""
        lines: list[str] = []
        while not lines or lines[-1] != ".":
            lines.append(await self.hear())
            assert lines[-1] or not self.reader.at_eof(), lines
        return lines[1:-1]

    async def hear_rest(self) -> bytes:
        async with asyncio.timeout(5):
            return await self.reader.read()


@asynccontextmanager
async def converse(server: LoopbackServer, port_name: str, *, greeted: bool = True) -> AsyncIterator[Conversation]:
    """A connection without TLS, past the greeting."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port(port_name), limit=1 << 20)
    try:
        conversation = Conversation(reader, writer)
        if greeted:
            await conversation.hear()
        yield conversation
    finally:
        writer.close()
        with suppress(ConnectionError):  # the server may have broken it
            await writer.wait_closed()


def scram_messages(password: str, hash_name: str, first_bare: str, server_first: str) -> tuple[str, str]:
    """The client's last message and the signature the server must answer with (RFC 5802, 3)."""
    fields = dict(part.split("=", 1) for part in server_first.split(","))
    key = hashlib.pbkdf2_hmac(hash_name, password.encode(), base64.b64decode(fields["s"]), int(fields["i"]))
    without_proof = f"c=biws,r={fields['r']}"
    said = f"{first_bare},{server_first},{without_proof}".encode()
    client_key = hmac.digest(key, b"Client Key", hash_name)
    signature = hmac.digest(hashlib.new(hash_name, client_key).digest(), said, hash_name)
    proof = base64.b64encode(bytes(a ^ b for a, b in zip(client_key, signature, strict=True))).decode()
    answer = hmac.digest(hmac.digest(key, b"Server Key", hash_name), said, hash_name)
    return f"{without_proof},p={proof}", f"v={base64.b64encode(answer).decode()}"
