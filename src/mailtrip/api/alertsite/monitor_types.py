"""The vendor's words for types of monitors (alertsite-v3.md, 3.1)."""

from typing import Final

from mailtrip.api.codecs import JSON, BadValue, shown
from mailtrip.model import MonitorType

__all__ = ["FOREIGN_PATHS", "TYPES_SCHEMA", "explain_foreign", "parse_types"]

_WORDS: Final = "|".join(MonitorType)
_FOREIGN: Final = frozenset(
    [
        "api",
        "bitbar",
        "dejaclick",
        "ftp",
        "ftp-ssl",
        "name-server",
        "ping",
        "selenium",
        "serveragent",
        "tcp",
        "website",
        "website-api",
        "website-ssl",
        "website-ssl-api",
    ]
)
"""Types of the vendor that have nothing to do with mail."""

_UNMADE: Final = frozenset({"bitbar", "serveragent"})
"""Types that the vendor has no operations for (alertsite-v3.md, 1.8)."""

FOREIGN_PATHS: Final = (
    *(("POST", word, word) for word in sorted(_FOREIGN - _UNMADE - {"selenium"})),
    *(("PATCH", f"{word}/{{monitor_id}}", word) for word in sorted(_FOREIGN - _UNMADE)),
    *(("PATCH", f"{word}/{{monitor_id}}/convert-api", word) for word in ("website-api", "website-ssl-api")),
)
"""The vendor's operations on monitors that are not about mail: method, path below `/monitors`, and the type."""

TYPES_SCHEMA: Final[dict[str, JSON]] = {
    "type": "string",
    "pattern": f"^(?:{_WORDS})(?:,(?:{_WORDS}))*$",
    "examples": ["email-round-trip"],
}


def parse_types(text: str) -> frozenset[MonitorType]:
    """Read one type or several separated by commas; raises BadValue for a word that is none."""
    return frozenset(_parse_type(word) for word in text.split(","))


def _parse_type(word: str) -> MonitorType:
    if word in _FOREIGN:
        raise BadValue(explain_foreign(word))
    try:
        return MonitorType(word)
    except ValueError:
        raise BadValue(f"{shown(word)} is no type of monitor; use {_listed()}") from None


def explain_foreign(word: str) -> str:
    """What is wrong with a type of the vendor that is not about mail, and what would be right."""
    return f'"{word}" is no type for mail, and Mailtrip monitors mail only; use {_listed()}'


def _listed() -> str:
    return ", ".join(MonitorType)
