"""Pages of other origins that may call the API from a browser (Fetch standard, CORS protocol).

Ours and not the framework's: that one answers what it refuses in plain text, and stands inside what answers errors.
Credentials (cookies, stored logins) are never allowed: a caller shows its token, which a page has to be given.
"""

from collections.abc import Collection, Iterable
from typing import Final

from mailtrip.api.headers import RawHeaders

__all__ = ["CORS"]

_METHODS: Final = b"DELETE, GET, PATCH, POST"
_REQUEST_HEADERS: Final = b"Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match"
_EXPOSED: Final = b"ETag, Idempotent-Replayed, Location, Retry-After, X-Mailtrip-Ignored-Fields, X-Request-Id"
_MAX_AGE_SECONDS: Final = b"600"
_PREFLIGHT_VARY: Final = b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers"


class CORS:
    """Which origins may read the answers.

    Args:
        origins: as browsers write them: `https://host` or `https://host:port`, exactly.
    """

    def __init__(self, origins: Collection[str]) -> None:
        self._origins = frozenset(origin.encode("ascii") for origin in origins)

    def preflight(self, method: str, headers: Iterable[tuple[bytes, bytes]]) -> RawHeaders | None:
        """What the answer has more when the request is a preflight of an origin that may call; None for any other one."""
        if method != "OPTIONS":
            return None
        found = dict(headers)
        if found.get(b"origin") not in self._origins or b"access-control-request-method" not in found:
            return None
        return [
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", _REQUEST_HEADERS),
            (b"access-control-max-age", _MAX_AGE_SECONDS),
            (b"vary", _PREFLIGHT_VARY),
        ]

    def add_to(self, answer: RawHeaders, request: Iterable[tuple[bytes, bytes]]) -> None:
        """Let the page that asks read the answer, if it may; every answer varies by origin."""
        for at, (name, value) in enumerate(answer):
            if name == b"vary":
                answer[at] = (name, value if b"origin" in value.lower() else value + b", Origin")
                break
        else:
            answer.append((b"vary", b"Origin"))
        origin = next((value for name, value in request if name == b"origin"), None)
        if origin in self._origins and origin is not None:
            answer += [(b"access-control-allow-origin", origin), (b"access-control-expose-headers", _EXPOSED)]
