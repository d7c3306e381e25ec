"""The headers that every answer has, whoever gives it: what browsers may do with it, and that nobody keeps it."""

from collections.abc import Iterable
from typing import Final

__all__ = ["EVERY_ANSWER", "RawHeaders", "hsts", "with_missing"]

RawHeaders = list[tuple[bytes, bytes]]
"""Names in lower case, as ASGI has them."""

EVERY_ANSWER: Final[tuple[tuple[bytes, bytes], ...]] = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
"""A route that gives one of these itself, as a page needs a policy of its own, keeps it."""


def hsts(seconds: int) -> tuple[bytes, bytes]:
    """Tell browsers to use this host over TLS only, for so long (RFC 6797); for answers over TLS."""
    return b"strict-transport-security", b"max-age=%d" % seconds


def with_missing(headers: Iterable[tuple[bytes, bytes]], more: Iterable[tuple[bytes, bytes]]) -> RawHeaders:
    """The headers, and of the others those whose names are not among them."""
    found = list(headers)
    names = {name for name, _ in found}
    found += [header for header in more if header[0] not in names]
    return found
