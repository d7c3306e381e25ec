"""Answers that are a success, and the headers that go with them."""

import json
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from mailtrip.api.codecs import JSON

__all__ = ["json_response", "no_content", "to_bytes"]

_IGNORED_HEADER: Final = "X-Mailtrip-Ignored-Fields"
_MOST_NAMED = 20
_LONGEST_NAME = 64
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def to_bytes(content: JSON) -> bytes:
    """Compact JSON in UTF-8."""
    return _ENCODER.encode(content).encode(errors="replace")


def json_response(
    content: "JSON | bytes",
    *,
    status: int = 200,
    ignored: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An answer with JSON.

    Args:
        content: JSON, or its bytes where they were made in another thread.
        status: of HTTP.
        ignored: names of fields of the request that meant nothing; told in a header, 20 of them at most.
        headers: further ones.
    """
    body = content if isinstance(content, bytes) else to_bytes(content)
    told = {_IGNORED_HEADER: _named(ignored)} if ignored else {}
    return Response(body, status, headers={**told, **(headers or {})}, media_type="application/json")


def no_content() -> Response:
    """Success, and nothing to say."""
    return Response(status_code=204)


def _named(names: Sequence[str]) -> str:
    """Names as a header can carry them: percent-encoded but for plain ones, bounded."""
    listed = [quote(name[:_LONGEST_NAME], safe="", errors="replace") or '""' for name in names[:_MOST_NAMED]]
    more = len(names) - len(listed)
    return ", ".join([*listed, f"and {more} more"] if more else listed)
