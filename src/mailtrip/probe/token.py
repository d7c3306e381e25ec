"""The token that makes a test message recognisable as ours: made, signed, and found again in any text."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["MARKER", "RANDOM_BYTES", "MessageKey", "Token", "find_tokens", "may_hold_token", "new_token", "parse_token"]

MARKER = b"mailtrip"
"""What each token begins with: a text without it holds no token."""
RANDOM_BYTES = 16
_SIGNATURE_BYTES = 10
_SHORTEST_KEY = 16
# In base32, five bits a digit.
_RANDOM_DIGITS = 26
_SIGNATURE_DIGITS = 16

# The look-ahead lets candidates overlap, so that a stray marker right before a token can't hide it.
_CANDIDATE = re.compile(rb"(?=%s([a-z2-7]{%d}))" % (MARKER, _RANDOM_DIGITS + _SIGNATURE_DIGITS))
# RFC 2045, 6.7: a soft line break is "=" at the line's end. Mail programs that wrap may indent or quote what follows.
_LINE_BREAK = re.compile(rb"=?\r?\n[ \t>]*")
_SIGNS = (MARKER, b"=\r\n", b"=\n", b"base64", b"BASE64")
_BASE64_LINES = re.compile(rb"^[A-Za-z0-9+/=]++\r?$(?:\n[A-Za-z0-9+/=]++\r?$)*+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class MessageKey:
    """The installation's key for signing tokens: at least 128 bits, kept secret, the same for its whole life.

    Raises:
        ValueError: when the key is too short.
    """

    value: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.value) < _SHORTEST_KEY:
            raise ValueError(f"a message key has at least {_SHORTEST_KEY} bytes, not {len(self.value)}")


@dataclass(frozen=True, slots=True)
class Token:
    """A token of ours, its signature known to be good: made by `new_token` or found by `find_tokens`.

    Attributes:
        text: 50 lower-case letters and digits, without a hyphen: search indexes of mailboxes split words at hyphens.
    """

    text: str

    def __str__(self) -> str:
        return self.text


def new_token(key: MessageKey, random_bytes: bytes) -> Token:
    """Make a token of 128 random bits and a signature of 80 bits.

    Raises:
        ValueError: when `random_bytes` are not 16 bytes.
    """
    if len(random_bytes) != RANDOM_BYTES:
        raise ValueError(f"a token is made of {RANDOM_BYTES} random bytes, not {len(random_bytes)}")
    digits = _digits(random_bytes)
    return Token((MARKER + digits + _signature(key, digits)).decode("ascii"))


def parse_token(text: str, key: MessageKey) -> Token:
    """The token with this text, which `new_token` has made.

    Raises:
        ValueError: when it is none of this installation's.
    """
    token = Token(text)
    if not text.isascii() or find_tokens(text.encode("ascii"), key) != (token,):
        raise ValueError("this is no token of this installation; its key may have been changed")
    return token


def find_tokens(content: bytes, key: MessageKey) -> tuple[Token, ...]:
    """Find the tokens of this installation in a message or any part of one, each once.

    They are seen through wrapped lines, quoting, quoted-printable and base64. Forged tokens, damaged ones and those of
    other installations are left out.
    """
    tokens: dict[Token, None] = {}
    for text in _readings(content):
        for match in _CANDIDATE.finditer(_LINE_BREAK.sub(b"", text)):
            if _is_genuine(match[1], key):
                tokens[Token((MARKER + match[1]).decode("ascii"))] = None
    return tuple(tokens)


def may_hold_token(content: bytes) -> bool:
    """Whether it is worth while to search a message for tokens; a few quick looks rule most messages out."""
    return any(sign in content for sign in _SIGNS)


def _readings(content: bytes) -> Iterator[bytes]:
    """The content as it stands, and what its base64 lines decode to, as far as they can hold a token."""
    yield content
    for match in _BASE64_LINES.finditer(content):
        digits = match[0].translate(None, b"\r\n=")
        # The head of a message may end anywhere: a single last digit holds no byte, two or three do.
        whole = digits[:-1] if len(digits) % 4 == 1 else digits
        decoded = binascii.a2b_base64(whole + b"==")
        if MARKER in decoded:
            yield decoded


def _is_genuine(digits: bytes, key: MessageKey) -> bool:
    random_digits, signature = digits[:_RANDOM_DIGITS], digits[_RANDOM_DIGITS:]
    return hmac.compare_digest(signature, _signature(key, random_digits))


def _signature(key: MessageKey, random_digits: bytes) -> bytes:
    return _digits(hmac.digest(key.value, b"mailtrip-token-1:" + random_digits, hashlib.sha256)[:_SIGNATURE_BYTES])


def _digits(value: bytes) -> bytes:
    return base64.b32encode(value).rstrip(b"=").lower()
