"""A location: a place that runs are made from."""

from dataclasses import dataclass

__all__ = ["DEFAULT_LOCATION_ID", "Location"]

DEFAULT_LOCATION_ID = 10
"""The location of the program itself, made with the account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    id: int
    name: str
