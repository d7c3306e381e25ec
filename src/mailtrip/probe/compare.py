"""What came back against what was sent: the same text, more around it, or something else."""

import codecs
import hashlib
import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from enum import StrEnum

__all__ = ["Change", "Comparison", "compare", "text_digest"]

_LONGEST_EXCERPT = 120
_MOST_CONTENT_TYPES = 50
_MOST_BOUNDARIES = 200
_CONTENT_TYPE = re.compile(rb"content-type", re.IGNORECASE)
_BOUNDARY = re.compile(rb"[\r\n]--")
# The parser takes quadratic time for the parameters of a field, and makes a part of each group of lines in a report.
_TOO_COSTLY = re.compile(
    rb"(?:\A|[\r\n])content-(?:[^\r\n:]{1,40}:(?:[^\r\n]|(?:\r\n|[\r\n])[ \t]){1001}|type[ \t]*:\s*message/delivery-status)",
    re.IGNORECASE,
)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
# Python has these as text codecs; they are no character sets of mail, and some take quadratic time.
_NO_CHARSETS = frozenset({"idna", "punycode", "raw-unicode-escape", "unicode-escape"})


class Change(StrEnum):
    """What became of a message's text on the way."""

    NONE = "none"
    ADDED = "added"
    """All of it is there, with something before or behind it: a banner, a footer."""
    DAMAGED = "damaged"
    """Not all of it is there as it was sent."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a message came back; `added` is the beginning of what was added, on one line."""

    change: Change
    added: str = ""


def compare(sent: bytes, received: bytes) -> Comparison:
    """Compare the text of two messages.

    What is legal on the way makes no difference: other headers, another transfer encoding or character set, other line
    ends, white space at line ends, lines wrapped elsewhere. `received` may be any bytes.
    """
    if _is_untouched(sent, received):
        return Comparison(Change.NONE)
    original, *_ = _texts_of(sent) or [""]
    texts = _texts_of(received)
    if texts == [original]:
        return Comparison(Change.NONE)
    around = " ".join(texts).split(original, 1) if original else []
    if len(around) < 2:
        return Comparison(Change.DAMAGED)
    added = _UNPRINTABLE.sub("", " ".join(part for part in map(str.strip, around) if part))
    return Comparison(Change.ADDED, added[:_LONGEST_EXCERPT])


def text_digest(message: bytes) -> str:
    """SHA-256 of a message's text, in hex; `compare` calls nothing changed that has the same as what was sent."""
    return hashlib.sha256("\n".join(_texts_of(message)).encode("utf-8", "surrogatepass")).hexdigest()


def _is_untouched(sent: bytes, received: bytes) -> bool:
    """Whether the body came back byte for byte, under the same MIME fields: most do, and need no parser."""
    sent_header, _, sent_body = sent.partition(b"\r\n\r\n")
    header, _, body = received.partition(b"\r\n\r\n")
    return body == sent_body and _mime_fields(header) == _mime_fields(sent_header)


def _mime_fields(header: bytes) -> list[bytes]:
    return [line for line in header.split(b"\r\n") if line[:8].lower() == b"content-"]


def _texts_of(message: bytes) -> list[str]:
    """The texts of a message's parts in order, with each run of white space made one blank."""
    if not _is_parsable(message):
        return []
    try:
        # Not policy.default: its header parsers raise on some malformed fields, and are many times slower.
        parts = [part for part in message_from_bytes(message).walk() if not part.is_multipart()]
    except TypeError:
        # The parser can't sort the pieces of a parameter (RFC 2231, 3) of which some are numbered and some are not.
        return []
    return [text for part in parts if (text := " ".join(_decoded(part).split()))]


def _is_parsable(message: bytes) -> bool:
    """Whether the parser can be trusted with a message: no message that came back from a mail server fails here."""
    # The parser recurses into nested parts: a message nested a thousand times would exhaust the stack.
    is_flat = len(_CONTENT_TYPE.findall(message)) <= _MOST_CONTENT_TYPES
    return is_flat and len(_BOUNDARY.findall(message)) <= _MOST_BOUNDARIES and not _TOO_COSTLY.search(message)


def _decoded(part: Message) -> str:
    if part.get_content_maintype() != "text":
        return f"[{part.get_content_type()}]"
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    try:
        charset = codecs.lookup(part.get_content_charset("ascii")).name
        return content.decode("ascii" if charset in _NO_CHARSETS else charset, "replace")
    except (LookupError, TypeError, ValueError):  # for the TypeError see _texts_of
        return content.decode("ascii", "replace")
