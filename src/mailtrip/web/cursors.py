"""Where a list goes on, as pages have it in their addresses."""

from datetime import UTC, datetime
from typing import Final

__all__ = ["LARGEST_ID", "Cursor", "parse_cursor", "parse_id", "write_cursor"]

LARGEST_ID: Final = 2**63 - 1

Cursor = tuple[datetime, int]
"""Time and id of the last one that was shown."""


def write_cursor(at: datetime, record_id: int) -> str:
    """A cursor that goes on after this record."""
    return f"{at.astimezone(UTC).isoformat()}~{record_id}"


def parse_cursor(text: str) -> Cursor | None:
    """The cursor, or None for what is none."""
    moment, _, number = text.partition("~")
    try:
        at, record_id = datetime.fromisoformat(moment), int(number)
    except ValueError:
        return None
    is_sound = at.tzinfo is not None and 0 < record_id <= LARGEST_ID and at.year in range(1971, 9999)
    return (at.astimezone(UTC), record_id) if is_sound else None


def parse_id(text: str) -> int | None:
    """The number of a record, or None for what is none."""
    is_number = text.isascii() and text.isdigit() and len(text) < 19
    return int(text) if is_number else None
