"""Structured field bodies as words, comments and parts (RFC 5322, 3.2.2), from any text and in linear time."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from mailtrip.probe.fields import LONGEST_FIELD

__all__ = ["Kind", "Part", "Piece", "first_value", "pairs_of", "parts_of", "pieces_of"]


class Kind(Enum):
    WORD = auto()
    COMMENT = auto()
    SEMICOLON = auto()


@dataclass(frozen=True, slots=True)
class Piece:
    """A word as it is written, quotes included; what stands in a comment, without its outer brackets; a semicolon."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Part:
    """What stands between two semicolons: the words joined by blanks, and the comments."""

    text: str
    comments: tuple[str, ...] = ()


_QUOTED = r'"(?:[^"\\]|\\.){0,256}+"'
_OUTSIDE = re.compile(rf' +|[();]|(?:[^ ();"\\]++|{_QUOTED}|\\.|["\\])++', re.DOTALL)
_INSIDE = re.compile(r"(?:[^()\\]++|\\.?)++|[()]", re.DOTALL)
_BRACKETS = str.maketrans("()", "  ")


def pieces_of(body: str) -> list[Piece]:
    """Take a field's body apart; of a very long one the beginning and the end.

    A comment that is not closed would hide all that follows it, so brackets count for blanks then.
    """
    text = body if len(body) <= LONGEST_FIELD else f"{body[: LONGEST_FIELD * 3 // 4]} {body[-LONGEST_FIELD // 4 :]}"
    pieces, is_whole = _scan(text)
    return pieces if is_whole else _scan(text.translate(_BRACKETS))[0]


def _scan(text: str) -> tuple[list[Piece], bool]:
    pieces: list[Piece] = []
    position = depth = start = 0
    while match := (_INSIDE if depth else _OUTSIDE).match(text, position):
        position, taken = match.end(), match[0]
        if taken == "(":
            start = start if depth else position
            depth += 1
        elif taken == ")" and depth:
            depth -= 1
            if not depth:
                pieces.append(Piece(Kind.COMMENT, text[start : match.start()].strip()))
        elif not depth and taken[0] not in " )":
            pieces.append(Piece(Kind.SEMICOLON if taken == ";" else Kind.WORD, taken))
    return pieces, not depth


def parts_of(body: str) -> list[Part]:
    """The parts that semicolons divide, empty ones too."""
    parts: list[tuple[list[str], list[str]]] = [([], [])]
    for piece in pieces_of(body):
        if piece.kind is Kind.SEMICOLON:
            parts.append(([], []))
        else:
            parts[-1][piece.kind is Kind.COMMENT].append(piece.text)
    return [Part(" ".join(words), tuple(comments)) for words, comments in parts]


# RFC 8601, 2.2: names have a property type in front, methods may have a version behind; blanks may stand around the sign.
_PAIR = re.compile(rf"(?<![\w.-])([A-Za-z][\w.-]{{0,60}}+)(?: ?/ ?[0-9]{{1,3}})? ?= ?({_QUOTED}|[^\s;]+)")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def pairs_of(text: str) -> Iterator[tuple[str, str]]:
    """All `name=value` in a text, names in lower case, values without their quotes."""
    for match in _PAIR.finditer(text):
        value = match[2]
        if len(value) > 1 and value[0] == value[-1] == '"':
            value = _ESCAPED.sub(r"\1", value[1:-1])
        yield match[1].lower(), value


def first_value(pairs: Sequence[tuple[str, str]], *names: str) -> str | None:
    """The value of the first of these names that is there and not empty."""
    found = dict(reversed(pairs))
    return next((value for name in names if (value := found.get(name))), None)
