"""What IMAP responses say: tagged and untagged status, counts, and data of atoms, strings, literals and lists.

Only the shape is known here (RFC 3501, 9; RFC 9051, 9); what a response means for a session is the grammar's matter.
"""

import re
from dataclasses import dataclass, field
from typing import TypeAlias

from mailtrip.mail.framing import split_responses
from mailtrip.mail.quoting import clean
from mailtrip.mail.script import BrokenProtocol

__all__ = ["Response", "Status", "Value", "parse_reply", "parse_status", "parse_values", "to_number"]

Value: TypeAlias = "bytes | tuple[Value, ...] | None"
"""An atom, string or literal; NIL; or a parenthesised list."""

_DEEPEST = 32
_LARGEST_NUMBER = 2**63 - 1
STATUS_NAMES = frozenset({"OK", "NO", "BAD", "BYE", "PREAUTH"})


@dataclass(frozen=True, slots=True)
class Response:
    """One response.

    Attributes:
        tag: of the command, or `*`, or `+`.
        number: in front of the name: `* 23 EXISTS`.
        name: in upper case; empty for a continuation.
        rest: what follows the name, its literals included, without the last line end.
    """

    tag: bytes
    number: int | None
    name: str
    rest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Status:
    """A status response.

    Attributes:
        kind: OK, NO, BAD, BYE or PREAUTH.
        code: name of the response code in upper case; empty where there is none.
        arguments: what follows the code's name within its brackets.
        said: what follows the kind, code and all.
    """

    kind: str
    code: str
    arguments: str
    said: str

    @property
    def text(self) -> str:
        """All of it, as people quote it."""
        return clean(f"{self.kind} {self.said}")


_RESPONSE = re.compile(rb"(\*|[A-Za-z0-9]{1,32}) (?:([0-9]{1,10}) )?([A-Za-z][A-Za-z0-9.=_-]{0,63})(?: |\Z)", re.DOTALL)
_CONTINUATION = re.compile(rb"\+ ?")


def parse_reply(reply: bytes) -> list[Response]:
    """The responses of a reply that a framer has found complete.

    Raises:
        BrokenProtocol: when one of them has no name.
    """
    return [_parse_response(response) for response in split_responses(reply)]


def _parse_response(raw: bytes) -> Response:
    line = raw.removesuffix(b"\n").removesuffix(b"\r")
    match = _RESPONSE.match(line)
    if match is not None:
        number = None if match[2] is None else int(match[2])
        return Response(match[1], number, match[3].decode().upper(), line[match.end() :])
    continuation = _CONTINUATION.match(line)
    if continuation is not None:
        return Response(b"+", None, "", line[continuation.end() :])
    raise BrokenProtocol(f'the server sent "{clean(line, longest=120)}", which is no IMAP response')


_CODE = re.compile(r"\[([^\]\s]{1,64})(?: ([^\]]*))?\]")


def parse_status(response: Response) -> Status:
    """A response named OK, NO, BAD, BYE or PREAUTH, taken apart (RFC 3501, 7.1)."""
    said = response.rest[:4096].decode("utf-8", "replace")
    match = _CODE.match(said) if said.startswith("[") else None
    return Status(
        kind=response.name,
        code=match[1].upper() if match else "",
        arguments=(match[2] or "") if match else "",
        said=said,
    )


def parse_values(data: bytes) -> tuple[Value, ...]:
    """The values in a response's data.

    Raises:
        BrokenProtocol: when they are malformed, or lists are nested deeper than 32.
    """
    reader = _Reader(data)
    values = []
    while not reader.is_at_end():
        values.append(reader.read(0))
    return tuple(values)


def to_number(value: Value) -> int | None:
    """A value as the number it stands for; None where it is none."""
    if not isinstance(value, bytes) or not re.fullmatch(rb"[0-9]{1,19}", value):
        return None
    return min(int(value), _LARGEST_NUMBER)


_BLANKS = re.compile(rb"[ \t]*")
_QUOTED = re.compile(rb'"((?:[^"\\\r\n]|\\[^\r\n])*)"')
_ESCAPED = re.compile(rb"\\(.)")
_LITERAL = re.compile(rb"~?\{([0-9]{1,20})\}\r?\n")
# A section such as BODY[HEADER.FIELDS (DATE)] is part of its atom; a bracket that isn't closed soon is just a character.
_ATOM = re.compile(rb'(?:\[[^\]\r\n]{0,200}\]|[^\x00-\x20\x7f(){"])+')


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def is_at_end(self) -> bool:
        """Whether nothing but blanks is left; skips them."""
        match = _BLANKS.match(self._data, self._position)
        self._position = match.end() if match else self._position
        return self._position >= len(self._data)

    def read(self, depth: int) -> Value:
        if depth > _DEEPEST:
            raise BrokenProtocol(f"the server sent lists nested deeper than {_DEEPEST}")
        match self._data[self._position : self._position + 1]:
            case b"(":
                self._position += 1
                return self._read_list(depth + 1)
            case b'"':
                return _ESCAPED.sub(rb"\1", self._take(_QUOTED, "a quoted string")[1])
            case b"{" | b"~":
                return self._read_literal()
            case _:
                atom = self._take(_ATOM, "an atom")[0]
                return None if atom.upper() == b"NIL" else atom

    def _read_list(self, depth: int) -> tuple[Value, ...]:
        values: list[Value] = []
        while not self.is_at_end():
            if self._data[self._position] == ord(")"):
                self._position += 1
                return tuple(values)
            values.append(self.read(depth))
        raise BrokenProtocol("the server sent a list that is not closed")

    def _read_literal(self) -> bytes:
        size = int(self._take(_LITERAL, "a literal")[1])
        start, self._position = self._position, self._position + size
        if self._position > len(self._data):
            raise BrokenProtocol("the server sent a literal that is cut short")
        return self._data[start : self._position]

    def _take(self, pattern: re.Pattern[bytes], what: str) -> re.Match[bytes]:
        match = pattern.match(self._data, self._position)
        if match is None:
            said = clean(self._data[self._position : self._position + 40])
            raise BrokenProtocol(f'expected {what}, but the server sent "{said}"')
        self._position = match.end()
        return match
