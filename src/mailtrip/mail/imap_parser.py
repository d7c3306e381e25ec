"""What IMAP responses say: tagged and untagged status, counts, and data of atoms, strings, literals and lists.

Only the shape is known here (RFC 3501, 9; RFC 9051, 9); what a response means for a session is the grammar's matter.
"""

import re
from typing import NamedTuple, TypeAlias

from mailtrip.mail.framing import split_responses
from mailtrip.mail.quoting import clean
from mailtrip.mail.script import BrokenProtocol

__all__ = ["Response", "Status", "Value", "parse_reply", "parse_status", "parse_values", "to_number"]

Value: TypeAlias = "bytes | tuple[Value, ...] | None"
"""An atom, string or literal; NIL; or a parenthesised list."""

_DEEPEST = 32
_NIL = b"NIL"
# A section such as BODY[HEADER.FIELDS (DATE)] is part of its atom; a bracket that isn't closed soon is just a character.
_TOKEN = re.compile(
    rb"""[ \t]*+(?:
        ~?\{(?P<size>[0-9]{1,20})\}\r?\n
        |(?P<atom>(?!~)(?:\[[^\]\r\n]{0,200}\]|[^\x00-\x20\x7f(){"])++)
        |(?P<open>\()
        |(?P<close>\))
        |"(?P<quoted>(?:[^"\\\r\n]|\\[^\r\n])*+)"
        |\Z
    )""",
    re.VERBOSE,
)
_ESCAPED = re.compile(rb"\\(.)")
_LARGEST_NUMBER = 2**63 - 1
STATUS_NAMES = frozenset({"OK", "NO", "BAD", "BYE", "PREAUTH"})


class Response(NamedTuple):
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
    rest: bytes


class Status(NamedTuple):
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
    line = raw[:-2] if raw.endswith(b"\r\n") else raw[:-1]
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
    outer: list[list[Value]] = []
    values: list[Value] = []
    position = 0
    while (match := _TOKEN.match(data, position)) is not None:
        position = match.end()
        kind = match.lastgroup
        if kind == "open":
            outer.append(values)
            values = []
            if len(outer) > _DEEPEST:
                raise BrokenProtocol(f"the server sent lists nested deeper than {_DEEPEST}")
        elif kind == "close":
            if not outer:
                raise BrokenProtocol("the server closes a list that it has not opened")
            values, inner = outer.pop(), tuple(values)
            values.append(inner)
        elif kind is None:
            if outer:
                raise BrokenProtocol("the server sent a list that is not closed")
            return tuple(values)
        else:
            position += int(match["size"] or 0)
            values.append(_read_value(match, data, position))
    said = clean(data[position : position + 40])
    raise BrokenProtocol(f'expected a value, but the server sent "{said}"')


def _read_value(match: re.Match[bytes], data: bytes, end: int) -> bytes | None:
    """A string, a literal that ends at `end`, or an atom."""
    value = match[match.lastgroup or 0]
    if match.lastgroup == "atom":
        return None if len(value) == len(_NIL) and value.upper() == _NIL else value
    if match.lastgroup == "quoted":
        return _ESCAPED.sub(rb"\1", value) if b"\\" in value else value
    if end > len(data):
        raise BrokenProtocol("the server sent a literal that is cut short")
    return data[match.end() : end]


def to_number(value: Value) -> int | None:
    """A value as the number it stands for; None where it is none."""
    if not isinstance(value, bytes) or not re.fullmatch(rb"[0-9]{1,19}", value):
        return None
    return min(int(value), _LARGEST_NUMBER)
