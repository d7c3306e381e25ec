"""The installation itself: its database, and how long it keeps what is in there. For those who manage users."""

from dataclasses import dataclass
from datetime import timedelta

from mailtrip.model import Actor
from mailtrip.service.access import require_user_management
from mailtrip.store import Connection, size

__all__ = ["DatabaseFacts", "KeptFor", "database_facts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFor:
    """How long what is kept is kept.

    Attributes:
        runs: with all that belongs to them.
        good_transcripts: of runs with status 0.
        bad_transcripts: of all other runs.
        audit: entries of the audit log.
    """

    runs: timedelta
    good_transcripts: timedelta
    bad_transcripts: timedelta
    audit: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """What the database is.

    Attributes:
        kind: its name and version, like `SQLite 3.46.1`.
        size: in bytes.
    """

    kind: str
    size: int


def database_facts(connection: Connection, actor: Actor) -> DatabaseFacts:
    """What the database is; raises Forbidden for roles that don't manage users."""
    require_user_management(actor)
    return DatabaseFacts(kind=size.kind_of(connection), size=size.size_in_bytes(connection))
