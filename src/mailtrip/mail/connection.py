"""The driver's connection: a socket in asyncio, TLS over it, one exchange at a time, stamped at the bytes.

Stamps are taken in the protocol's callbacks, not where a coroutine resumes, and the bytes are received into a buffer
that all connections share: `docs/decisions` has the measurements behind both.
"""

import asyncio
import socket
import ssl
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from mailtrip.clock import Clock
from mailtrip.mail.script import BrokenProtocol, Exchange, Framer
from mailtrip.mail.tls import TLSPump

__all__ = ["Connection", "Lost", "LostReason", "Reply"]

_QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)  # Linux only
_MOST_UNASKED = 64 * 1024


class Reply(NamedTuple):
    """One complete reply; `at` is the monotonic time its last byte came in."""

    data: bytes
    at: float


class LostReason(StrEnum):
    """Why an exchange has no reply."""

    DEADLINE = "deadline"
    CLOSED = "closed"
    BROKEN = "broken"
    """What came in is not of this protocol, or exceeds a bound."""
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection can't go on; `text` says why, in words of ours."""

    reason: LostReason
    text: str
    at: float
    error: ssl.SSLError | None = None


class Connection(asyncio.BufferedProtocol):
    """One TCP connection. All methods are for one task at a time.

    Args:
        loop: the one it runs on: asking for it costs a system call each time.
        clock: stamps what is sent and what comes in.
        buffer: where bytes are received; shared by all connections of an event loop, as asyncio hands it out and
            gets it back within one callback.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Clock, buffer: memoryview) -> None:
        self._loop = loop
        self._clock = clock
        self._buffer = buffer
        self._inbox = bytearray()
        self._transport: asyncio.Transport | None = None
        self._tls: TLSPump | None = None
        self._waiter: asyncio.Future[Reply | Lost] | None = None
        self._framer: Framer | None = None
        self._lost: Lost | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self.sent_at = 0.0

    # -- what the session calls ---------------------------------------------------------------------------------------

    @property
    def is_encrypted(self) -> bool:
        return self._tls is not None and self._tls.is_established

    @property
    def tls(self) -> TLSPump | None:
        return self._tls

    @property
    def is_usable(self) -> bool:
        """Whether another exchange makes sense."""
        return self._lost is None and self._transport is not None

    @property
    def unread(self) -> int:
        """How many bytes came in that nobody asked for yet."""
        return len(self._inbox)

    def set_deadline(self, seconds: float) -> None:
        """End whatever is waited for in `seconds`, and everything after it."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self._loop.call_later(max(0.0, seconds), self._on_deadline)

    async def exchange(self, exchange: Exchange) -> Reply | Lost:
        """Send, and wait for the complete reply; an empty one when the exchange's patience ran out first."""
        self.sent_at = self._clock.monotonic()
        if exchange.send and self._lost is None:
            self._send(exchange.send)
        self._framer = exchange.framer
        if exchange.framer is None:
            await asyncio.sleep(0)
            return self._lost or Reply(b"", self.sent_at)
        # A server that closes says why before it does (421, BYE): what it said goes before the loss.
        if self._inbox or self._lost is not None:
            reply = self._take_reply(self.sent_at) or self._lost
            if reply is not None:
                return reply
        return await self._wait(exchange.patience)

    async def start_tls(self, context: ssl.SSLContext, host: str) -> Reply | Lost:
        """Make the handshake; afterwards everything is encrypted. Bytes that came too early are a broken protocol."""
        if self._lost is not None:
            return self._lost
        if self._inbox:
            # RFC 3207, 4.2 and CVE-2011-0411: what was injected before TLS must not count as said within TLS.
            return self._lose(LostReason.BROKEN, "the server sent plain text where TLS was to begin")
        self.sent_at = self._clock.monotonic()
        self._tls = TLSPump(context, host)
        done = self._advance_handshake(self.sent_at)
        return done or await self._wait(None)

    def close(self) -> None:
        """Close, with TLS's good-bye where there is TLS. Safe at any state."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if self._transport is None:
            return
        if self._lost is None and self._tls is not None and self._tls.is_established:
            self._tls.close()
            self._flush_tls()
        self._transport.close()
        if self._transport.get_write_buffer_size():
            # A server that does not read would keep the socket open for ever.
            self._transport.abort()
        self._transport = None

    # -- what asyncio calls -------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # a stream transport: what create_connection makes

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  (asyncio's signature)
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        at = self._clock.monotonic()
        if self._lost is not None:
            return
        unread = len(self._inbox)
        if self._tls is None:
            self._inbox += self._buffer[:nbytes]
        else:
            self._tls.put(self._buffer[:nbytes])
            if not self._read_tls(at):
                return
        if len(self._inbox) == unread:
            self._acknowledge()
        else:
            self._deliver(at)

    def eof_received(self) -> bool:
        if self._tls is not None:
            self._tls.end()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        text = "the connection was closed by the server" if exc is None else f"the connection broke: {_words(exc)}"
        self._lose(LostReason.CLOSED, text)

    # -- inside -------------------------------------------------------------------------------------------------------

    async def _wait(self, patience: float | None) -> Reply | Lost:
        self._waiter = self._loop.create_future()
        timer = None if patience is None else self._loop.call_later(patience, self._on_patience)
        try:
            return await self._waiter
        finally:
            self._waiter = None
            self._framer = None
            if timer is not None:
                timer.cancel()

    def _acknowledge(self) -> None:
        """Acknowledge at once what TLS sends on its own account.

        A server under Nagle's algorithm holds its greeting back until its session tickets are acknowledged: with our
        kernel's delayed acknowledgement that is 40 ms, which would be taken for the server's slowness.
        """
        if self._transport is not None and _QUICK_ACK is not None:
            connection: socket.socket = self._transport.get_extra_info("socket")
            connection.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)

    def _send(self, data: bytes) -> None:
        if self._transport is None:
            return
        if self._tls is None:
            self._transport.write(data)
        else:
            self._tls.write(data)
            self._transport.write(self._tls.pending())

    def _read_tls(self, at: float) -> bool:
        """Decrypt what came in; whether there may be something to deliver."""
        if self._tls is None:
            return True
        handshake = None
        if not self._tls.is_established:
            handshake = self._advance_handshake(at)
            if not isinstance(handshake, Reply):
                return False
        try:
            self._tls.read_into(self._inbox, self._buffer)
        except ssl.SSLError as exc:
            self._lose(LostReason.TLS, f"TLS broke: {(exc.reason or 'unknown reason').replace('_', ' ').lower()}")
            return False
        self._flush_tls()
        if handshake is not None:
            self._settle(handshake)
            return False
        if self._tls.is_ended:
            self._deliver(at)
            self._lose(LostReason.CLOSED, "the connection was closed by the server")
            return False
        return True

    def _advance_handshake(self, at: float) -> Reply | Lost | None:
        if self._tls is None:
            return None
        try:
            done = self._tls.handshake()
        except ssl.SSLError as exc:
            self._flush_tls()
            return self._lose(LostReason.TLS, "TLS handshake failed", error=exc)
        self._flush_tls()
        return Reply(b"", at) if done else None

    def _flush_tls(self) -> None:
        if self._tls is not None and self._transport is not None:
            data = self._tls.pending()
            if data:
                self._transport.write(data)

    def _deliver(self, at: float) -> None:
        if self._waiter is None:
            if len(self._inbox) > _MOST_UNASKED:
                self._lose(LostReason.BROKEN, "the server sends without being asked")
            return
        reply = self._take_reply(at)
        if reply is not None:
            self._settle(reply)

    def _take_reply(self, at: float) -> Reply | Lost | None:
        inbox, framer = self._inbox, self._framer
        if framer is None or not inbox:
            return None
        try:
            end = framer.find_end(inbox)
        except BrokenProtocol as exc:
            return self._lose(LostReason.BROKEN, str(exc))
        if end is None:
            return None
        data = bytes(inbox[:end])
        del inbox[:end]
        self._framer = None
        return Reply(data, at)

    def _settle(self, outcome: Reply | Lost) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(outcome)

    def _lose(self, reason: LostReason, text: str, *, error: ssl.SSLError | None = None) -> Lost:
        if self._lost is None:
            self._lost = Lost(reason, text, self._clock.monotonic(), error)
            if self._transport is not None and reason is not LostReason.TLS:
                self._transport.abort()
            self._settle(self._lost)
        return self._lost

    def _on_deadline(self) -> None:
        self._lose(LostReason.DEADLINE, "the time is up")

    def _on_patience(self) -> None:
        self._settle(Reply(b"", self._clock.monotonic()))


def _words(exc: Exception) -> str:
    if isinstance(exc, ConnectionResetError):
        return "reset by the server"
    return (exc.strerror or type(exc).__name__) if isinstance(exc, OSError) else type(exc).__name__
