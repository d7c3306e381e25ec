"""Lists as the vendor answers them, and the query parameters that all of them share (alertsite-v3.md, 1.6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Query

from mailtrip.api.codecs import JSON, BadValue, integer
from mailtrip.api.queries import QueryReader, documented
from mailtrip.model import Actor

__all__ = [
    "LimitText",
    "OffsetText",
    "Page",
    "SelectText",
    "envelope",
    "list_schema",
    "metadata",
    "parse_select",
    "read_page",
]

_LIMIT: Final = integer(1, 1000)
_OFFSET: Final = integer(0, 2**31 - 1)
_LONGEST_SELECT: Final = 4000

LimitText = Annotated[
    str | None,
    documented(_LIMIT.returns),
    Query(description="Most results to return; all unless given.", examples=[100]),
]
OffsetText = Annotated[
    str | None,
    documented(_OFFSET.returns),
    Query(description="How many results to leave out at the start; 0 unless given.", examples=[0]),
]
SelectText = Annotated[
    str | None,
    documented({"type": "string", "maxLength": _LONGEST_SELECT}),
    Query(
        description="Names of the fields to return, separated by commas. Absent: all of them; empty: none; unknown "
        "names are ignored.",
        examples=["id,name,last_status"],
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which part of a list is wanted; a None was not given."""

    limit: int | None
    offset: int | None

    @property
    def start(self) -> int:
        return self.offset or 0


def read_page(reader: QueryReader, limit: str | None, offset: str | None) -> Page:
    """Read `limit` (1 to 1000) and `offset` (from 0)."""
    return Page(limit=reader.read("limit", limit, _LIMIT.parse), offset=reader.read("offset", offset, _OFFSET.parse))


def parse_select(text: str | None) -> frozenset[str] | None:
    """The names in `select`; None when it was not given, which means all fields. Raises BadValue for a very long one."""
    if text is not None and len(text) > _LONGEST_SELECT:
        raise BadValue(f"is longer than {_LONGEST_SELECT} characters")
    return None if text is None else frozenset(text.split(","))


def envelope(results: Sequence[JSON], *, count: int, page: Page, actor: Actor) -> dict[str, JSON]:
    """A list with its metadata.

    Args:
        results: those of the page.
        count: how many there are in all.
        page: echoed as strings where given.
        actor: whose rights are told: 7 for those who may edit, 1 for readers.
    """
    return {"metadata": metadata(count=count, page=page, actor=actor), "results": results}


def metadata(*, count: int, page: Page, actor: Actor) -> dict[str, JSON]:
    """The metadata of a list, as `envelope` has it."""
    resultset: dict[str, JSON] = {
        "count": count,
        "limit": None if page.limit is None else str(page.limit),
        "offset": str(page.start),
    }
    permissions: dict[str, JSON] = {"acl": 7 if actor.role.may_edit else 1}
    return {"__permissions": permissions, "resultset": resultset}


def list_schema(item: Mapping[str, JSON]) -> dict[str, JSON]:
    """JSON Schema of a list of such items."""
    resultset: dict[str, JSON] = {
        "type": "object",
        "properties": {
            "count": {"type": "integer", "minimum": 0, "description": "How many match in all.", "examples": [2]},
            "limit": {"type": ["string", "null"], "description": "As it was given.", "examples": ["100"]},
            "offset": {"type": "string", "description": "As it was given, else 0.", "examples": ["0"]},
        },
        "description": "Which part of the list it is.",
        "required": ["count", "limit", "offset"],
    }
    permissions: dict[str, JSON] = {
        "type": "object",
        "properties": {
            "acl": {
                "type": "integer",
                "enum": [1, 7],
                "description": "7 for those who may edit, 1 for readers.",
                "examples": [7],
            }
        },
        "description": "What the caller may do.",
        "required": ["acl"],
    }
    metadata: dict[str, JSON] = {
        "type": "object",
        "description": "About the list.",
        "properties": {"__permissions": permissions, "resultset": resultset},
        "required": ["__permissions", "resultset"],
    }
    return {
        "type": "object",
        "properties": {
            "metadata": metadata,
            "results": {"type": "array", "items": dict(item), "description": "Those of the page, ordered by number."},
        },
        "required": ["metadata", "results"],
    }
