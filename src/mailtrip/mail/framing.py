"""Framers: where a reply of SMTP, POP3 or IMAP ends in bytes that arrive piece by piece, within bounds.

Nothing here understands a reply beyond its shape. Lines end with CRLF; a bare LF is accepted as well. A framer is
used for one reply; it remembers how far it has looked, so a reply that trickles in costs no more than one in a piece.
"""

import functools
import re
import sys
from dataclasses import dataclass

from mailtrip.mail.quoting import clean
from mailtrip.mail.script import BrokenProtocol

__all__ = [
    "IMAP_LIMITS",
    "POP3_LIMITS",
    "POP3_LISTING_LIMITS",
    "SMTP_LIMITS",
    "IMAPFramer",
    "IMAPUntaggedFramer",
    "Limits",
    "LineFramer",
    "POP3MultilineFramer",
    "SMTPReplyFramer",
    "split_responses",
]

_MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds of one reply.

    Attributes:
        line: bytes of one line, its end included; in IMAP the literals of a line don't count.
        reply: bytes of the whole reply.
        lines: number of lines; in IMAP, of responses.
    """

    line: int = 8192
    reply: int = 2 * _MIB
    lines: int = 100_000

    @functools.cached_property
    def harmless(self) -> int:
        """Bytes of a reply that can't exceed any of these bounds, whatever its lines."""
        return min(self.line, self.reply, self.lines)


SMTP_LIMITS = Limits(reply=_MIB // 4, lines=1000)
POP3_LIMITS = Limits()
POP3_LISTING_LIMITS = Limits(reply=16 * _MIB, lines=100_002)
"""A listing of 100,000 messages with UIDs of 70 characters has 8 MB (RFC 1939, 7)."""
IMAP_LIMITS = Limits(line=65536)


def _refuse_garbage(buffer: bytearray, start: int, expected: str) -> BrokenProtocol:
    if buffer.startswith((b"\x15\x03", b"\x16\x03"), start):
        return BrokenProtocol(f"the server speaks TLS where {expected} was expected")
    end = buffer.find(b"\n", start, start + 1000)
    line = bytes(buffer[start:end]) if end >= 0 else bytes(buffer[start : start + 1000]) + "…".encode()
    said = clean(line, longest=120)
    return BrokenProtocol(f'expected {expected}, but the server sent "{said}"')


def _check_line(length: int, limits: Limits) -> None:
    if length > limits.line:
        raise BrokenProtocol(f"the server sent a line of more than {limits.line} bytes")


def _check_reply(length: int, limits: Limits) -> None:
    if length > limits.reply:
        raise BrokenProtocol(f"the server's reply has more than {limits.reply} bytes")


def _check_lines(count: int, limits: Limits) -> None:
    if count > limits.lines:
        raise BrokenProtocol(f"the server's reply has more than {limits.lines} lines")


class LineFramer:
    """One line.

    Args:
        limits: of the line.
        first: bytes one of which the line must begin with; empty for any. Others are refused before the line ends.
    """

    def __init__(self, limits: Limits = POP3_LIMITS, *, first: bytes = b"") -> None:
        self._limits = limits
        self._first = first
        self._seen = 0

    def find_end(self, buffer: bytearray) -> int | None:
        if self._first and buffer and buffer[0] not in self._first:
            raise _refuse_garbage(buffer, 0, "a POP3 reply")
        newline = buffer.find(b"\n", self._seen)
        self._seen = len(buffer)
        _check_line(len(buffer) if newline < 0 else newline + 1, self._limits)
        return None if newline < 0 else newline + 1


_SMTP_LINE = re.compile(rb"[2-5][0-9]{2}(?:([ -])|\r?\Z)")
_SMTP_REPLY = re.compile(rb"(?:[2-5][0-9]{2}-[^\n]*+\n)*+[2-5][0-9]{2} [^\n]*+\n")


class SMTPReplyFramer:
    """One SMTP reply, or several pipelined ones as one (RFC 5321, 4.2; RFC 2920).

    The first refusal (4yz, 5yz) ends the wait for further replies: a server may close the connection behind it.
    """

    def __init__(self, replies: int = 1, *, limits: Limits = SMTP_LIMITS) -> None:
        self._limits = limits
        self._missing = replies
        self._line = 0
        self._seen = 0
        self._lines = 0

    def find_end(self, buffer: bytearray) -> int | None:
        if self._missing == 1 and self._seen == 0 and len(buffer) <= self._limits.harmless:
            # As most replies are: one, small and whole at once.
            match = _SMTP_REPLY.match(buffer)
            if match is not None:
                return match.end()
        return self._find_end(buffer)

    def _find_end(self, buffer: bytearray) -> int | None:
        while (newline := buffer.find(b"\n", self._seen)) >= 0:
            start, self._line = self._line, newline + 1
            self._seen = newline + 1
            if self._ends_wait(buffer, start, newline):
                return newline + 1
        self._seen = len(buffer)
        self._check_rest(buffer)
        return None

    def _ends_wait(self, buffer: bytearray, start: int, newline: int) -> bool:
        """Count one whole line in; whether the last reply ends with it."""
        self._lines += 1
        _check_line(newline + 1 - start, self._limits)
        _check_reply(newline + 1, self._limits)
        _check_lines(self._lines, self._limits)
        match = _SMTP_LINE.match(bytes(buffer[start : min(newline, start + 5)]))
        if match is None:
            raise _refuse_garbage(buffer, start, "an SMTP reply")
        if match[1] == b"-":
            return False
        self._missing -= 1
        return self._missing == 0 or buffer[start] in b"45"

    def _check_rest(self, buffer: bytearray) -> None:
        """Check the line that has not ended; what can't become a reply is refused at once."""
        rest = len(buffer) - self._line
        if rest and buffer[self._line] not in b"2345":
            raise _refuse_garbage(buffer, self._line, "an SMTP reply")
        _check_line(rest, self._limits)
        _check_reply(len(buffer), self._limits)


_POP3_END = re.compile(rb"\n\.\r?\n")


class POP3MultilineFramer:
    r"""A multi-line POP3 reply: `+OK` and lines up to a lone dot, or the one line of an `-ERR` (RFC 1939, 3).

    The lines of a message may be of any length within the reply's bound: mail breaks the 998 of RFC 5322.
    """

    def __init__(self, limits: Limits = POP3_LIMITS) -> None:
        self._limits = limits
        self._first = LineFramer(limits, first=b"+-")
        self._body: int | None = None
        self._seen = 0
        self._lines = 0

    def find_end(self, buffer: bytearray) -> int | None:
        if self._body is None:
            self._body = self._first.find_end(buffer)
            if self._body is None or buffer[0] == ord("-"):
                return self._body
            self._seen = self._body - 1
        return self._find_dot(buffer)

    def _find_dot(self, buffer: bytearray) -> int | None:
        match = _POP3_END.search(buffer, self._seen)
        # The end may be cut anywhere within its four bytes: the next search begins a little before this one's end.
        looked = match.end() if match else max(self._seen, len(buffer) - 3)
        self._lines += buffer.count(b"\n", self._seen, looked)
        self._seen = looked
        _check_reply(match.end() if match else len(buffer), self._limits)
        _check_lines(self._lines, self._limits)
        return match.end() if match else None


_BRACE = ord("}")
_LITERAL = re.compile(rb"\{([0-9]{1,20})\}\r?\Z")
_TEXT_RESPONSE = re.compile(rb"(?!\* )|\* (?:OK|NO|BAD|BYE|PREAUTH)(?:[ \r\n]|\Z)", re.IGNORECASE)
_BYE = re.compile(rb"\* BYE(?:[ \r\n]|\Z)", re.IGNORECASE)
_IMAP_REPLY = re.compile(rb"(?:\* (?!BYE[ \r\n])[^\n{]*+\n)*+([A-Za-z0-9]++ )[^\n{]*+\n", re.IGNORECASE)
"""Untagged responses without literals, and the tagged one behind them."""


class _ResponseScanner:
    """Finds one IMAP response after the other: a line, continued behind each literal at its end (RFC 3501, 4.3).

    Status responses hold text for people and no literals, whatever that text ends with.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.start = 0
        self._line = 0
        self._seen = 0
        self._count = 0

    def next_end(self, buffer: bytes | bytearray) -> int | None:
        """Where the response ends that begins at `start`; `start` then is the next one's. None while incomplete."""
        while (newline := buffer.find(b"\n", self._seen)) >= 0:
            literal = self._literal_at(buffer, newline)
            self._line = self._seen = newline + 1 + (literal or 0)
            _check_reply(self._line, self._limits)
            if literal is None:
                self.start = newline + 1
                self._count += 1
                _check_lines(self._count, self._limits)
                return self.start
        _check_line(len(buffer) - self._line, self._limits)
        _check_reply(len(buffer), self._limits)
        self._seen = max(self._seen, len(buffer))
        return None

    def _literal_at(self, buffer: bytes | bytearray, newline: int) -> int | None:
        """The size of the literal that the line ending at `newline` announces."""
        _check_line(newline + 1 - self._line, self._limits)
        if buffer[newline - 1] != _BRACE and buffer[newline - 2] != _BRACE:
            return None
        match = _LITERAL.search(bytes(buffer[max(self._line, newline - 24) : newline]))
        if match is None or _TEXT_RESPONSE.match(bytes(buffer[self.start : self.start + 12])):
            return None
        size = int(match[1])
        if newline + 1 + size > self._limits.reply:
            raise BrokenProtocol(f"the server announced a literal of {size} bytes, more than the reply may have")
        return size


class IMAPFramer:
    """Responses up to and with the one that has the command's tag (RFC 3501, 2.2.2).

    Args:
        tag: of the command that was sent.
        continuation_ok: a `+` line ends the reply too; otherwise it breaks the protocol.
        ends_at_bye: an untagged BYE ends the reply, as the server closes the connection behind it.
        limits: of the whole reply.
    """

    def __init__(
        self, tag: bytes, *, continuation_ok: bool = False, ends_at_bye: bool = True, limits: Limits = IMAP_LIMITS
    ) -> None:
        self._tag = tag + b" "
        self._continuation_ok = continuation_ok
        self._ends_at_bye = ends_at_bye
        self._scanner = _ResponseScanner(limits)
        self._limits = limits

    def find_end(self, buffer: bytearray) -> int | None:
        if self._scanner.start == 0 and len(buffer) <= self._limits.harmless:
            # As most replies are: small, whole at once, and without a brace.
            match = _IMAP_REPLY.match(buffer)
            if match is not None and match[1] == self._tag:
                return match.end()
        return self._find_end(buffer)

    def _find_end(self, buffer: bytearray) -> int | None:
        while True:
            start = self._scanner.start
            self._check_start(buffer, start)
            end = self._scanner.next_end(buffer)
            if end is None or self._is_last(buffer, start):
                return end

    def _is_last(self, buffer: bytearray, start: int) -> bool:
        if not buffer.startswith(b"* ", start):
            return True
        return self._ends_at_bye and _BYE.match(bytes(buffer[start : start + 6])) is not None

    def _check_start(self, buffer: bytearray, start: int) -> None:
        """Refuse what begins like no response that may come here, as soon as its first bytes are there."""
        begun = bytes(buffer[start : start + len(self._tag)])
        if self._tag.startswith(begun) or begun[:2] in {b"*", b"* "}:
            return
        if begun[:1] != b"+":
            raise _refuse_garbage(buffer, start, "an IMAP response")
        if not self._continuation_ok:
            raise BrokenProtocol("the server asks for more of a command that is complete")


class IMAPUntaggedFramer:
    """One complete untagged response: the greeting, or what comes while IDLE is under way."""

    def __init__(self, *, limits: Limits = IMAP_LIMITS) -> None:
        self._scanner = _ResponseScanner(limits)

    def find_end(self, buffer: bytearray) -> int | None:
        if buffer and not b"* ".startswith(buffer[:2]):
            raise _refuse_garbage(buffer, 0, "an IMAP response")
        return self._scanner.next_end(buffer)


_UNBOUNDED = Limits(line=sys.maxsize, reply=sys.maxsize, lines=sys.maxsize)


def split_responses(reply: bytes) -> list[bytes]:
    """The responses of a reply that a framer has found complete, each with its literals and line ends.

    Raises:
        BrokenProtocol: when the last one is not complete.
    """
    if b"{" not in reply:
        # Without literals each line is a response: that is most of what servers say.
        *lines, rest = reply.split(b"\n")
        if rest:
            raise BrokenProtocol("the server's reply ends within a response")
        return [line + b"\n" for line in lines]
    scanner = _ResponseScanner(_UNBOUNDED)
    responses = []
    while (start := scanner.start) < len(reply):
        end = scanner.next_end(reply)
        if end is None:
            raise BrokenProtocol("the server's reply ends within a response")
        responses.append(reply[start:end])
    return responses
