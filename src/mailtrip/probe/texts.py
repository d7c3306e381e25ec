"""The texts of a message as people see them, from any bytes: decoded, HTML without its tags, white space left out."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from enum import StrEnum
from html import unescape

from mailtrip.probe.fields import LONGEST_FIELD, bodies_of, read_fields

__all__ = ["Kind", "Part", "read_parts", "read_subjects"]

_MOST_CONTENT_TYPES = 50
_MOST_BOUNDARIES = 200
_CONTENT_TYPE = re.compile(rb"content-type", re.IGNORECASE)
_BOUNDARY = re.compile(rb"[\r\n]--")
# The parser takes quadratic time for the parameters of a field, and makes a part of each group of lines in a report.
_TOO_COSTLY = re.compile(
    rb"(?:\A|[\r\n])content-(?:[^\r\n:]{1,40}:(?:[^\r\n]|(?:\r\n|[\r\n])[ \t]){1001}|type[ \t]*:\s*message/delivery-status)",
    re.IGNORECASE,
)
# Python has these as text codecs; they are no character sets of mail, and some take quadratic time.
_NO_CHARSETS = frozenset({"idna", "punycode", "raw-unicode-escape", "unicode-escape"})
# Not all that Unicode calls white space: a control character in the place of a blank is no layout.
_WHITE = re.compile("[ \t\r\n\u00a0]+")
_TAG = re.compile(r"<(?:!--.*?(?:-->|\Z)|(/?[a-zA-Z][^\s/<>]*)[^<>]*>?|[!?][^<>]*>?)", re.DOTALL)
_UNSEEN = frozenset({"head", "script", "style", "title"})
# Tags that don't part words.
_INLINE = frozenset(
    {"a", "abbr", "b", "big", "code", "em", "font", "i", "mark", "o:p", "s", "small", "span", "strong", "sub", "sup"}
    | {"tt", "u", "wbr"}
)


class Kind(StrEnum):
    """What a part of a message is."""

    PLAIN = "plain"
    HTML = "html"
    OTHER = "other"
    """No text: `words` has its content type."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a message and its words, in order: what stands between white space."""

    kind: Kind
    words: tuple[str, ...]


def read_parts(message: bytes) -> tuple[Part, ...] | None:
    """The parts of a message that hold something, in order; None for one that can't be trusted to the parser.

    No message that was made by a mail program fails there.
    """
    if not _is_parsable(message):
        return None
    try:
        # Not policy.default: its header parsers raise on some malformed fields, and are many times slower.
        leaves = [part for part in message_from_bytes(message).walk() if not part.is_multipart()]
    except TypeError:
        # The parser can't sort the pieces of a parameter (RFC 2231, 3) of which some are numbered and some are not.
        return None
    return tuple(part for part in map(_read_part, leaves) if part.words)


def read_subjects(message: bytes) -> tuple[str, ...]:
    """The subjects of a message, most have one: decoded (RFC 2047), white space folded."""
    return tuple(_decode_words(body[:LONGEST_FIELD]) for body in bodies_of(read_fields(message), "subject"))


def _is_parsable(message: bytes) -> bool:
    # The parser recurses into nested parts: a message nested a thousand times would exhaust the stack.
    is_flat = len(_CONTENT_TYPE.findall(message)) <= _MOST_CONTENT_TYPES
    return is_flat and len(_BOUNDARY.findall(message)) <= _MOST_BOUNDARIES and not _TOO_COSTLY.search(message)


def _read_part(part: Message) -> Part:
    if part.get_content_maintype() != "text":
        return Part(Kind.OTHER, (part.get_content_type(),))
    text = _decode(part).removeprefix("\ufeff")
    if part.get_content_subtype() != "html":
        return Part(Kind.PLAIN, _words(text))
    return Part(Kind.HTML, _words(unescape("".join(_seen(text)))))


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in _WHITE.split(text) if word)


def _decode(part: Message) -> str:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    try:
        charset = codecs.lookup(part.get_content_charset("ascii")).name
        return content.decode("ascii" if charset in _NO_CHARSETS else charset, "replace")
    except (LookupError, TypeError, ValueError):  # for the TypeError see read_parts
        return content.decode("ascii", "replace")


def _seen(html: str) -> Iterator[str]:
    """What a reader sees, character references not yet resolved; tags that part words become blanks."""
    unseen = ""
    at = 0
    for tag in _TAG.finditer(html):
        if not unseen:
            yield html[at : tag.start()]
        at = tag.end()
        name = (tag[1] or "").lower()
        if unseen:
            unseen = "" if name in {f"/{unseen}", "body"} else unseen
        elif name in _UNSEEN:
            unseen = name
        elif name and name.removeprefix("/") not in _INLINE:
            yield " "
    if not unseen:
        yield html[at:]


def _decode_words(text: str) -> str:
    try:
        decoded = str(make_header(decode_header(text)))
    except (LookupError, MessageError, ValueError):
        decoded = text
    return " ".join(word for word in _WHITE.split(decoded) if word)
