"""A script against a server that says anything: played with its bytes in one piece and cut, and compared."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import SupportsIndex, TypeAlias, overload

from fuzz.inputs import Input
from fuzz.promises import LOGIN, check_said, check_texts

from mailtrip.mail.script import BrokenProtocol, Exchange, Framer, Script

__all__ = ["Make", "Outcome", "check_script", "converse", "frame", "frame_all"]

Make: TypeAlias = Callable[[], Script[object]]
_WORK_PER_BYTE = 16
_WORK_PER_STEP = 64
_MOST_EXCHANGES = 2000


class _Meter(bytearray):
    """What came in, and how many bytes of it were looked at."""

    work = 0

    @overload
    def __getitem__(self, key: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, key: slice) -> bytearray: ...
    def __getitem__(self, key: SupportsIndex | slice) -> int | bytearray:
        if isinstance(key, slice):
            part = super().__getitem__(key)
            self.work += len(part)
            return part
        self.work += 1
        return super().__getitem__(key)

    def find(self, sub: bytes, start: int = 0, end: int | None = None) -> int:  # type: ignore[override]  # what framers use
        last = len(self) if end is None else min(end, len(self))
        found = super().find(sub, start, last)
        self.work += max(0, (last if found < 0 else found) - start)
        return found

    def count(self, sub: bytes, start: int = 0, end: int | None = None) -> int:  # type: ignore[override]  # as above
        last = len(self) if end is None else min(end, len(self))
        self.work += max(0, last - start)
        return super().count(sub, start, last)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a script.

    Attributes:
        end: `done`, `broken` when a framer refused what came in, or `silent` when the script waits for more.
        value: what the script returned.
        shown: what a transcript shows of what was sent.
    """

    end: str
    value: object
    shown: tuple[str, ...]


def check_script(make: Make, given: Input) -> Outcome:
    """Play the script with the content in one piece and in many: the same comes of it, and all promises are kept."""
    whole = converse(make(), [given.content] if given.content else [])
    cut = converse(make(), given.pieces())
    assert whole == cut, f"cut elsewhere, the same bytes give something else:\n{whole}\n{cut}"
    assert LOGIN.password not in "".join(whole.shown), f"the password is shown: {whole.shown}"
    check_texts(whole.value, longest=2**20)
    return whole


def converse(script: Script[object], pieces: Iterable[bytes]) -> Outcome:
    """Play a script whose server says these pieces, and then nothing more."""
    buffer = _Meter()
    arrivals = iter(pieces)
    shown: list[str] = []
    steps = 0
    try:
        exchange = next(script)
        while True:
            shown += _shown(exchange)
            steps += 1
            assert steps <= _MOST_EXCHANGES, "the script does not come to an end"
            try:
                reply = _hear(exchange, buffer, arrivals)
            except BrokenProtocol as broken:
                check_said(str(broken))
                return Outcome(end="broken", value=None, shown=tuple(shown))
            if reply is None:
                script.close()
                return Outcome(end="silent", value=None, shown=tuple(shown))
            exchange = script.send(reply)
    except StopIteration as stop:
        return Outcome(end="done", value=stop.value, shown=tuple(shown))


def _shown(exchange: Exchange) -> list[str]:
    if exchange.shown is not None:
        return list(exchange.shown)
    return exchange.send.decode("utf-8", "replace").splitlines()


def _hear(exchange: Exchange, buffer: _Meter, arrivals: Iterator[bytes]) -> bytes | None:
    """The reply; empty where the script can do without, None where it can't."""
    if exchange.framer is None:
        return b""
    reply = frame(exchange.framer, buffer, arrivals)
    return b"" if reply is None and (exchange.tolerates_loss or exchange.patience is not None) else reply


def frame(framer: Framer, buffer: _Meter, arrivals: Iterator[bytes]) -> bytes | None:
    """One reply, taken out of the buffer; None when the arrivals end before it does."""
    buffer.work = 0
    steps = 0
    while True:
        steps += 1
        end = framer.find_end(buffer) if buffer else None
        allowed = _WORK_PER_BYTE * len(buffer) + _WORK_PER_STEP * (steps + 1)
        assert buffer.work <= allowed, f"{buffer.work} bytes looked at, of {len(buffer)} in {steps} arrivals"
        if end is not None:
            assert 0 < end <= len(buffer)
            reply = bytes(memoryview(buffer)[:end])
            del buffer[:end]
            return reply
        piece = next(arrivals, None)
        if piece is None:
            return None
        buffer += piece


def frame_all(make: Callable[[], Framer], pieces: Iterable[bytes]) -> tuple[list[bytes], str]:
    """All replies in these pieces, each with a framer of its own, and how the last wait ended."""
    buffer = _Meter()
    arrivals = iter(pieces)
    replies: list[bytes] = []
    while True:
        try:
            reply = frame(make(), buffer, arrivals)
        except BrokenProtocol as broken:
            check_said(str(broken))
            return replies, "broken"
        if reply is None:
            return replies, "silent"
        replies.append(reply)
