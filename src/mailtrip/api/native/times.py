"""Times in query parameters and bodies: RFC 3339; without a zone they are UTC (alertsite-v3.md, section 9)."""

import re
from datetime import UTC, datetime
from typing import Final

from mailtrip.api.alertsite.times import show_time
from mailtrip.api.codecs import JSON, BadValue, Codec, kind_of

__all__ = ["TIME_SCHEMA", "moment", "parse_time"]

TIME_SCHEMA: Final[dict[str, JSON]] = {"type": "string", "format": "date-time", "examples": ["2026-01-31T12:00:00Z"]}

_TIME: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})?\Z", re.ASCII | re.IGNORECASE
)
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)


def parse_time(text: str) -> datetime:
    """Read a time as aware UTC; one beyond the calendar's ends becomes its end.

    Raises:
        BadValue: it is no time of RFC 3339.
    """
    found = _read(text)
    if found is None:
        raise BadValue("must be a time like 2026-01-31T12:00:00Z (write + as %2B)")
    if found.tzinfo is None:
        return found.replace(tzinfo=UTC)
    try:
        return found.astimezone(UTC)
    except OverflowError:
        return _FIRST if found.year == 1 else _LAST


def moment() -> Codec[datetime]:
    """A time in a body."""

    def parse(value: object) -> datetime:
        if not isinstance(value, str):
            raise BadValue(f"must be text, not {kind_of(value)}")
        return parse_time(value)

    schema: dict[str, JSON] = {"type": "string", "format": "date-time"}
    return Codec(parse=parse, write=show_time, accepts=schema, returns=schema)


def _read(text: str) -> datetime | None:
    if not _TIME.match(text):
        return None
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        return None
