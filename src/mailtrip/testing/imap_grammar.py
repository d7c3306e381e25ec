"""What IMAP commands are made of, and how messages answer to them: arguments, sets, FETCH items, SEARCH keys. No I/O."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from mailtrip.testing.mailstore import StoredMessage

__all__ = ["FetchItem", "NumberSet", "Token", "atom", "parse_arguments", "parse_fetch_items", "render", "search"]

Token: TypeAlias = "bytes | list[Token]"  # noqa: S105 - a token of the grammar
"""An atom, string or literal as its bytes; a parenthesised list as a list."""

_TOKEN = re.compile(
    rb"""\ *(?: (?P<open>\() | (?P<close>\)) | "(?P<quoted>(?:[^"\\]|\\.)*)" | \{(?P<size>\d+)\+?\}\r\n
    | (?P<atom>(?:\[[^\]]*\]|[^\s()"{\[])+) )""",
    re.VERBOSE | re.DOTALL,
)


def parse_arguments(data: bytes) -> list[Token]:
    """The arguments of a command, literals in place.

    Raises:
        ValueError: when that is no argument list.
    """
    stack: list[list[Token]] = [[]]
    position = 0
    while data[position:].strip():
        match = _TOKEN.match(data, position)
        if match is None:
            raise ValueError("arguments not understood")
        position = match.end()
        if match["open"]:
            stack.append([])
        elif match["close"]:
            closed = stack.pop()
            if not stack:
                raise ValueError("one parenthesis too many")
            stack[-1].append(closed)
        elif match["size"] is not None:
            stack[-1].append(data[position : position + int(match["size"])])
            position += int(match["size"])
        elif match["quoted"] is not None:
            stack[-1].append(re.sub(rb"\\(.)", rb"\1", match["quoted"]))
        else:
            stack[-1].append(match["atom"])
    if len(stack) > 1:
        raise ValueError("a parenthesis is not closed")
    return stack[0]


class NumberSet:
    """A sequence set or UID set, such as `1:4,7,9:*` (RFC 9051, sequence-set).

    Args:
        text: the set as it was written.
        largest: what `*` stands for; 0 in an empty mailbox.

    Raises:
        ValueError: when it is no set.
    """

    def __init__(self, text: bytes, largest: int) -> None:
        self._ranges: list[tuple[int, int]] = []
        for part in text.split(b","):
            first, _, last = part.partition(b":")
            ends = [largest if end == b"*" else int(end) for end in (first, last or first)]
            self._ranges.append((min(ends), max(ends)))

    def __contains__(self, number: int) -> bool:
        return any(first <= number <= last for first, last in self._ranges)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchItem:
    """One thing to fetch: its name in capitals; for BODY[...] the section and the wanted bytes too."""

    name: str
    section: str = ""
    peek: bool = True
    start: int | None = None
    count: int = 0


_BODY = re.compile(
    r"BODY(?P<peek>\.PEEK)?\[(?P<section>[^\]]*)\](?:<(?P<start>\d+)\.(?P<count>\d+)>)?\Z", re.IGNORECASE
)
_PLAIN_ITEMS = {"UID", "FLAGS", "INTERNALDATE", "RFC822.SIZE"}
_OLD_ITEMS = {"RFC822": ("", False), "RFC822.HEADER": ("HEADER", True), "RFC822.TEXT": ("TEXT", False)}
_FAST = ("FLAGS", "INTERNALDATE", "RFC822.SIZE")


def parse_fetch_items(tokens: Token) -> list[FetchItem]:
    """The items of a FETCH.

    Raises:
        ValueError: for one that this server doesn't have.
    """
    names = tokens if isinstance(tokens, list) else [tokens]
    return [item for name in names for item in _parse_fetch_item(name)]


def _parse_fetch_item(token: Token) -> Iterator[FetchItem]:
    text = atom(token).decode("ascii", "replace")
    name = text.upper()
    match = _BODY.match(text)
    if match is not None:
        start = int(match["start"]) if match["start"] else None
        section = match["section"].upper()
        yield FetchItem(
            name="BODY", section=section, peek=match["peek"] is not None, start=start, count=int(match["count"] or 0)
        )
    elif name in _PLAIN_ITEMS:
        yield FetchItem(name=name)
    elif name in _OLD_ITEMS:
        section, peek = _OLD_ITEMS[name]
        yield FetchItem(name=name, section=section, peek=peek)
    elif name == "FAST":
        yield from (FetchItem(name=one) for one in _FAST)
    else:
        raise ValueError(f"FETCH item {name} is not known")


def render(message: StoredMessage, items: Sequence[FetchItem]) -> bytes:
    """The parenthesised answer to a FETCH of one message."""
    return b"(" + b" ".join(_render_item(message, item) for item in items) + b")"


def _render_item(message: StoredMessage, item: FetchItem) -> bytes:
    match item.name:
        case "UID":
            return b"UID %d" % message.uid
        case "FLAGS":
            return b"FLAGS (%b)" % " ".join(sorted(message.flags)).encode()
        case "INTERNALDATE":
            return message.received_at.strftime('INTERNALDATE "%d-%b-%Y %H:%M:%S %z"').encode()
        case "RFC822.SIZE":
            return b"RFC822.SIZE %d" % len(message.content)
        case _:
            return _render_section(message, item)


def _render_section(message: StoredMessage, item: FetchItem) -> bytes:
    data = _section(message.content, item.section)
    name = f"BODY[{item.section}]" if item.name == "BODY" else item.name
    if item.start is not None:
        data = data[item.start : item.start + item.count]
        name += f"<{item.start}>"
    return b"%b {%d}\r\n%b" % (name.encode(), len(data), data)


def _section(content: bytes, section: str) -> bytes:
    if not section:
        return content
    header, separator, body = content.partition(b"\r\n\r\n")
    if section == "HEADER":
        return header + separator
    if section in {"TEXT", "1"}:
        return body
    if section.startswith("HEADER.FIELDS ("):
        wanted = {name.encode() for name in section.removeprefix("HEADER.FIELDS (").rstrip(")").split()}
        return b"".join(line for name, line in _fields(header) if name in wanted) + b"\r\n"
    raise ValueError(f"section {section} is not known")


def _fields(header: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each header field: its name in capitals, and the whole of it with its CRLF."""
    for field in re.split(rb"\r\n(?![ \t])", header):
        yield field.partition(b":")[0].strip().upper(), field + b"\r\n"


Predicate: TypeAlias = Callable[[int, StoredMessage], bool]
"""Whether a message, by its sequence number and itself, matches."""


def search(keys: list[Token], view: Sequence[StoredMessage]) -> list[tuple[int, StoredMessage]]:
    """The messages of a view that match all keys, with their sequence numbers.

    Raises:
        ValueError: for a key that this server doesn't have.
    """
    matches = _all_of(keys[2:] if keys[:1] == [b"CHARSET"] else keys, view)
    return [(number, message) for number, message in enumerate(view, 1) if matches(number, message)]


def _all_of(keys: list[Token], view: Sequence[StoredMessage]) -> Predicate:
    rest = keys
    predicates: list[Predicate] = []
    while rest:
        predicate, rest = _take_key(rest, view)
        predicates.append(predicate)
    return lambda number, message: all(predicate(number, message) for predicate in predicates)


def _take_key(keys: list[Token], view: Sequence[StoredMessage]) -> tuple[Predicate, list[Token]]:
    """What the first key asks for, and the keys behind it."""
    if not keys:
        raise ValueError("a SEARCH key is missing")
    first, rest = keys[0], keys[1:]
    if isinstance(first, list):
        return _all_of(first, view), rest
    name = first.decode("ascii", "replace").upper()
    if name == "NOT":
        inner, rest = _take_key(rest, view)
        return lambda number, message: not inner(number, message), rest
    if name == "OR":
        one, rest = _take_key(rest, view)
        other, rest = _take_key(rest, view)
        return lambda number, message: one(number, message) or other(number, message), rest
    count = _ARGUMENTS.get(name, 0)
    return _simple_key(name, [atom(token) for token in rest[:count]], view), rest[count:]


_FLAG_KEYS = {
    "DELETED": "\\Deleted",
    "SEEN": "\\Seen",
    "FLAGGED": "\\Flagged",
    "ANSWERED": "\\Answered",
    "DRAFT": "\\Draft",
}
_FIELD_KEYS = ("SUBJECT", "FROM", "TO", "CC", "BCC")
_ARGUMENTS = {"HEADER": 2, "UID": 1, "BODY": 1, "TEXT": 1} | dict.fromkeys(_FIELD_KEYS, 1)


def _simple_key(name: str, arguments: list[bytes], view: Sequence[StoredMessage]) -> Predicate:
    if len(arguments) < _ARGUMENTS.get(name, 0):
        raise ValueError(f"{name} lacks an argument")
    if name == "ALL":
        return lambda _number, _message: True
    if name.removeprefix("UN") in _FLAG_KEYS:
        flag, wanted = _FLAG_KEYS[name.removeprefix("UN")], not name.startswith("UN")
        return lambda _, message: (flag in message.flags) == wanted
    if name in {"BODY", "TEXT"}:
        section = "TEXT" if name == "BODY" else ""
        return lambda _, message: arguments[0].lower() in _section(message.content, section).lower()
    if name == "HEADER" or name in _FIELD_KEYS:
        field, part = arguments if name == "HEADER" else [name.encode(), arguments[0]]
        return lambda _, message: _has_field(message, field.upper(), part)
    if name == "UID":
        uids = NumberSet(arguments[0], view[-1].uid if view else 0)
        return lambda _, message: message.uid in uids
    numbers = NumberSet(name.encode(), len(view))
    return lambda number, _: number in numbers


def atom(token: Token) -> bytes:
    """The token, which must not be a list.

    Raises:
        ValueError: when it is one.
    """
    if isinstance(token, list):
        raise ValueError("an atom or string was expected")  # noqa: TRY004 - the client's text is wrong, not a type
    return token


def _has_field(message: StoredMessage, name: bytes, part: bytes) -> bool:
    header = message.content.partition(b"\r\n\r\n")[0]
    fields = (field.partition(b":")[2] for field_name, field in _fields(header) if field_name == name)
    return any(part.lower() in value.lower() for value in fields)
