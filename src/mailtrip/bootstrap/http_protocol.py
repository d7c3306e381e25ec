"""HTTP/1.1 as the web server's library speaks it, with bounds on clients and answers in JSON where it has plain text."""

import asyncio
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import h11
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState

from mailtrip.api.errors import error_response
from mailtrip.api.gate import Gate, TooMany
from mailtrip.api.headers import EVERY_ANSWER, with_missing
from mailtrip.api.proxies import Proxies

__all__ = ["LARGEST_HEAD", "BoundedProtocol", "Patience"]

LARGEST_HEAD: Final = 65_536
"""Bytes of a request line with all header fields; a long `select` in other scripts is some 50,000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How many seconds a client has.

    Attributes:
        head: for a request's head, from the connection's or the head's first byte; for what is left of a body that
            nobody waits for.
        answer: to take an answer, or what is left of it.
    """

    head: float = 10.0
    answer: float = 60.0


class BoundedProtocol(H11Protocol):
    """One connection.

    Args:
        config: of the server.
        server_state: of the server.
        app_state: of the server.
        gate: lets connections in.
        proxies: those in trust have many clients behind them.
        patience: with slow clients.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],  # Any: uvicorn's type
        *,
        gate: Gate,
        proxies: Proxies,
        patience: Patience,
    ) -> None:
        super().__init__(config, server_state, app_state)
        self._gate = gate
        self._proxies = proxies
        self._patience = patience
        self._client: str | None = None
        self._head_bytes = 0
        self._slow_client: asyncio.TimerHandle | None = None
        self._slow_reader: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=1)  # whatever is not taken yet has its time
        peer = self.client[0] if self.client else None
        try:
            self._client = self._gate.enter(peer or "local", is_many=self._proxies.trusts(peer))
        except TooMany as error:
            self._answer(503, f"unavailable - {error}", [(b"retry-after", b"5")])
            return
        self._expect_request()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        for timer in (self._slow_client, self._slow_reader):
            if timer is not None:
                timer.cancel()
        if self._client is not None:
            self._gate.leave(self._client)
            self._client = None

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        rest = b""
        if self.conn.their_state is h11.IDLE:
            # The library looks at the size of a head only when it is not whole yet.
            room = LARGEST_HEAD + 1 - self._head_bytes
            data, rest = data[:room], data[room:]
            self._head_bytes += len(data)
        super().data_received(data)
        if rest and not self.transport.is_closing():
            super().data_received(rest)
        self._watch_client()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._slow_reader is None:
            self._slow_reader = self.loop.call_later(self._patience.answer, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._slow_reader is not None:
            self._slow_reader.cancel()
            self._slow_reader = None

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 (the library's words are for people)
        """Answer what is no HTTP; called while the library's exception is being handled, whose text shows the bytes."""
        fault = sys.exception()
        hint = fault.error_status_hint if isinstance(fault, h11.RemoteProtocolError) else 400
        if hint == 431:
            self._answer(431, f"too_large - head: request line and headers are above {LARGEST_HEAD} bytes; send less")
        else:
            self._answer(400, "invalid_request - request: is not valid HTTP/1.1; see what sends it")

    def _watch_client(self) -> None:
        """See that a client comes to an end with what it sends while nobody works for it."""
        if self.conn.their_state is h11.IDLE or self.conn.our_state is h11.DONE:
            self._expect_request()
        else:
            self._head_bytes = 0
            if self._slow_client is not None:
                self._slow_client.cancel()
                self._slow_client = None

    def _expect_request(self) -> None:
        if self._slow_client is None:
            self._slow_client = self.loop.call_later(self._patience.head, self._give_up)

    def _give_up(self) -> None:
        self._slow_client = None
        if self.conn.their_state is h11.IDLE and self._head_bytes:
            self._answer(408, "too_slow - head: did not come in time; send it at once")
        else:
            self.transport.close()

    def _answer(self, status: int, message: str, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        """Answer without the application, where there is no answer yet, and close."""
        # uvicorn's types don't know that there is no cycle before the first request.
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True  # what works for this client has nobody to answer
            cycle.message_event.set()
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            response = error_response(status, [message])
            head = [*response.raw_headers, *headers, *self.server_state.default_headers, (b"connection", b"close")]
            head = with_missing(head, [*EVERY_ANSWER, (b"x-request-id", secrets.token_hex(8).encode())])
            for event in (
                h11.Response(status_code=status, headers=head),
                h11.Data(data=bytes(response.body)),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
