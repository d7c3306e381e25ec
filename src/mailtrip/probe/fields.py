"""The header of a message as fields, from any bytes; what a field means is known elsewhere."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

__all__ = ["LONGEST_FIELD", "Field", "bodies_of", "printable", "read_fields"]

_LONGEST_HEADER = 64 * 1024
LONGEST_FIELD = 4096
"""Characters of a field's body that parsers look at."""

_HEADER_END = re.compile(rb"(?:\A|\r?\n)\r?\n")
# RFC 5322, 2.2: printable characters but the colon. Lines that are neither a field nor belong to one are passed over:
# the "From " line of mailbox files, and what broken gateways leave.
_FIELD = re.compile(rb"^([!-9;-~]{1,100})[ \t]*+:((?:[^\n]++|\n(?=[ \t]))*+)", re.MULTILINE)
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Field:
    """One header field: its name in lower case; its body unfolded, blanks folded, printable."""

    name: str
    body: str


def read_fields(content: bytes) -> tuple[Field, ...]:
    """The header fields of a message, in the order they stand there (the newest trace fields first).

    At most 64 KiB of header are read; a field that ends beyond is left out, as half of it may say the opposite.
    """
    return tuple(Field(match[1].decode("ascii").lower(), printable(match[2])) for match in _fields(content))


def bodies_of(fields: Sequence[Field], name: str) -> Iterator[str]:
    """The bodies of all fields with this name (in lower case), from the top."""
    return (field.body for field in fields if field.name == name)


def printable(text: bytes | str) -> str:
    """Any text on one line: blanks folded, control, format and bidirectional characters replaced by question marks."""
    text = text if isinstance(text, str) else text.decode("utf-8", "replace")
    text = " ".join(text.split())
    if text.isprintable():
        return text
    return "".join("?" if unicodedata.category(character) in _UNPRINTABLE else character for character in text)


def _fields(content: bytes) -> Iterator[re.Match[bytes]]:
    head = content[:_LONGEST_HEADER]
    end = _HEADER_END.search(head)
    header = head[: end.start()] if end else head
    is_cut = end is None and len(content) > len(head)
    return (match for match in _FIELD.finditer(header) if not (is_cut and match.end() >= len(header) - 1))
