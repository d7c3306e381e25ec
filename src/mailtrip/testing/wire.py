"""Bytes of one server connection: receiving, sending, TLS over memory BIOs, trickling, closing; nothing about mail."""

import asyncio
import contextlib
import socket
import ssl
import struct
from abc import ABC, abstractmethod

__all__ = ["Wire"]

_CHUNK = 65_536


class Wire(asyncio.BufferedProtocol, ABC):
    """The bytes' end of a connection: fills `input`, and tells the class above what happened.

    TLS is done here over `ssl.MemoryBIO`, which costs a tenth of the memory of asyncio's own, and lets it start at any
    moment without a pause.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, buffer: memoryview) -> None:
        self.loop = loop
        self.input = bytearray()
        self.is_closed = False
        self._buffer = buffer
        self._transport: asyncio.Transport | None = None
        self._ssl: ssl.SSLObject | None = None
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._is_handshaking = False
        self._trickle_rate: float | None = None
        self._trickled = bytearray()
        self._closes_after_trickle = False
        self._is_paused = False
        self._repeated: bytes | None = None

    @abstractmethod
    def opened(self) -> None:
        """The connection is there."""

    @abstractmethod
    def received(self) -> None:
        """`input` has grown."""

    @abstractmethod
    def handshake_done(self) -> None:
        """TLS is in force."""

    @abstractmethod
    def closed(self) -> None:
        """The connection is gone."""

    @property
    def is_encrypted(self) -> bool:
        return self._ssl is not None and not self._is_handshaking

    @property
    def transport(self) -> asyncio.Transport:
        assert self._transport is not None
        return self._transport

    def write(self, data: bytes) -> None:
        """Send, through TLS where it is in force; nothing happens on a connection that is gone."""
        if self.is_closed or self.transport.is_closing():
            return
        if self._ssl is None:
            self._write_raw(data)
            return
        self._ssl.write(data)
        self._write_raw(self._outgoing.read())

    def start_tls(self, context: ssl.SSLContext) -> None:
        self._ssl = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._is_handshaking = True
        self.input.clear()

    def trickle_at(self, bytes_per_second: float) -> None:
        """From here on send one byte at a time, at this rate."""
        self._trickle_rate = bytes_per_second

    def repeat(self, chunk: bytes) -> None:
        """Send `chunk` for ever, as fast as the client reads."""
        if self._repeated is None:
            self._repeated = chunk
            self._repeat()

    def close(self) -> None:
        """Close in an orderly way: what was written goes out, then close_notify and FIN."""
        if self.is_closed or self.transport.is_closing():
            return
        if self.is_encrypted and self._ssl is not None:
            with contextlib.suppress(ssl.SSLError):  # the client's own close_notify isn't waited for
                self._ssl.unwrap()
            self._write_raw(self._outgoing.read())
        if self._trickled:
            self._closes_after_trickle = True
        else:
            self.transport.close()

    def reset(self) -> None:
        """Break the connection: the client sees "connection reset by peer"."""
        connection = self.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    # -- what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio's.
        self._transport = transport  # type: ignore[assignment]  # a stream transport: what create_server makes
        self.opened()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self.is_closed = True
        self._repeated = None
        self.closed()

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._ssl is None:
            self.input += self._buffer[:nbytes]
            self.received()
        else:
            self._incoming.write(self._buffer[:nbytes])
            self._decrypt(self._ssl)

    def resume_writing(self) -> None:
        self._is_paused = False
        if self._repeated is not None:
            self.loop.call_soon(self._repeat)

    def pause_writing(self) -> None:
        self._is_paused = True

    # -- inside

    def _decrypt(self, tls: ssl.SSLObject) -> None:
        has_ended = False
        try:
            if self._is_handshaking:
                tls.do_handshake()
                self._is_handshaking = False
                self._write_raw(self._outgoing.read())
                self.handshake_done()
            while data := tls.read(_CHUNK):
                self.input += data
            has_ended = True  # the client's close_notify
        except ssl.SSLWantReadError:
            self._write_raw(self._outgoing.read())
        except ssl.SSLError:
            self._write_raw(self._outgoing.read())  # the alert, if there is one
            self.transport.close()
            return
        self.received()
        if has_ended:
            self.close()

    def _write_raw(self, data: bytes) -> None:
        if not data:
            return
        if self._trickle_rate is None:
            self.transport.write(data)
            return
        was_idle = not self._trickled
        self._trickled += data
        if was_idle:
            self.loop.call_later(1 / self._trickle_rate, self._trickle)

    def _trickle(self) -> None:
        if self.is_closed or not self._trickled or self._trickle_rate is None:
            return
        self.transport.write(bytes(self._trickled[:1]))
        del self._trickled[:1]
        if self._trickled:
            self.loop.call_later(1 / self._trickle_rate, self._trickle)
        elif self._closes_after_trickle:
            self.transport.close()

    def _repeat(self) -> None:
        if self._repeated is None or self.is_closed or self.transport.is_closing():
            return
        self.write(self._repeated)
        if not self._is_paused:
            self.loop.call_soon(self._repeat)
