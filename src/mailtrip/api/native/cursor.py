"""Cursors: where a list of runs goes on, opaque to the client."""

import base64
import binascii
from datetime import UTC, datetime, timedelta
from typing import Final

from mailtrip.api.codecs import LARGEST_ID, BadValue

__all__ = ["make_cursor", "parse_cursor"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def make_cursor(slot: datetime, run_id: int) -> str:
    """A cursor that goes on after this run."""
    text = f"{(slot - _EPOCH) // _MICROSECOND}.{run_id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def parse_cursor(text: str) -> tuple[datetime, int]:
    """The slot and id of the run before; raises BadValue for what `make_cursor` did not make."""
    try:
        padded = text + "=" * (-len(text) % 4)
        microseconds, _, number = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii").partition(".")
        slot = _EPOCH + int(microseconds) * _MICROSECOND
        run_id = int(number)
        is_ours = make_cursor(slot, run_id) == text
    except (ValueError, OverflowError, binascii.Error):
        is_ours = False
    if not is_ours or not 1 <= run_id <= LARGEST_ID:
        raise BadValue("is no cursor of ours; use next_cursor of the answer before")
    return slot, run_id
