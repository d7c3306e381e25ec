"""Plays a grammar's script against a server's words, without any connection."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from mailtrip.mail.script import BrokenProtocol, Exchange, Refusal, Script

__all__ = ["ConnectionLost", "Played", "play"]

T = TypeVar("T")


class ConnectionLost(Exception):
    """The script waits for a reply that does not come or is no reply; `played` is what happened until then."""

    def __init__(self, text: str, played: "Played[None]") -> None:
        super().__init__(text)
        self.played = played


@dataclass(slots=True, kw_only=True)
class Played(Generic[T]):
    """What came of a script.

    Attributes:
        sent: all that went out.
        exchanges: one for each time the script spoke or waited.
        unread: what the server said beyond what the script has heard.
    """

    value: T | Refusal
    sent: bytes
    exchanges: list[Exchange]
    unread: bytes = b""

    @property
    def shown(self) -> list[str]:
        """What a transcript would show of what was sent."""
        return [
            line
            for exchange in self.exchanges
            for line in (
                exchange.send.decode("utf-8", "replace").splitlines() if exchange.shown is None else exchange.shown
            )
        ]


def play(script: Script[T], says: Sequence[bytes | None]) -> Played[T]:
    """Run a script to its end.

    Args:
        script: to run.
        says: what the server says after each exchange began; None for silence. Bytes that a reply does not use are
            there for the next one. When all is said, the server closes the connection.

    Raises:
        ConnectionLost: when the script waits for more and does not tolerate that, or its framer refuses what is said.
    """
    buffer = bytearray()
    played: Played[None] = Played(value=None, sent=b"", exchanges=[])
    words = iter(says)
    try:
        exchange = next(script)
        while True:
            played.exchanges.append(exchange)
            played.sent += exchange.send
            buffer += next(words, None) or b""
            try:
                reply = _hear(exchange, buffer)
            except BrokenProtocol as broken:
                raise ConnectionLost(str(broken), played) from broken
            if reply is None:
                raise ConnectionLost("the script waits for a reply that does not come", played)
            exchange = script.send(reply)
    except StopIteration as stop:
        return Played(
            value=stop.value,
            sent=played.sent,
            exchanges=played.exchanges,
            unread=bytes(buffer),
        )


def _hear(exchange: Exchange, buffer: bytearray) -> bytes | None:
    """The reply, taken out of the buffer; empty where the script can do without, None where it can't."""
    end = exchange.framer.find_end(buffer) if exchange.framer else 0
    if end is None:
        return b"" if exchange.tolerates_loss or exchange.patience is not None else None
    reply = bytes(buffer[:end])
    del buffer[:end]
    return reply
