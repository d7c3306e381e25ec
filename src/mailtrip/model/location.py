"""A location: a place that runs are made from."""

from dataclasses import dataclass
from datetime import datetime

__all__ = ["DEFAULT_LOCATION_ID", "Location"]

DEFAULT_LOCATION_ID = 10
"""The location of the program itself, made with the account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A stored location.

    Attributes:
        silent_since: since when nothing was heard of it though runs were due; None where that is not so.
    """

    id: int
    name: str
    silent_since: datetime | None = None
