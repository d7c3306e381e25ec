"""The public status page of an account, and the incidents that it tells of."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

__all__ = [
    "Incident",
    "IncidentState",
    "IncidentUpdate",
    "Logo",
    "StatusEntry",
    "StatusPage",
    "StatusPageSettings",
]


class IncidentState(StrEnum):
    """How far people have come with an incident."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    """It is mended, and watched."""
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusEntry:
    """A monitor as the public sees it.

    Attributes:
        name: what the public calls it; the monitor's own name is not shown.
        group: entries with the same one stand together; None stands with those that have none.
    """

    monitor_id: int
    name: str
    group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Logo:
    """A picture, as it is served."""

    content: bytes = field(repr=False)
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPageSettings:
    """What can be set of a status page.

    Attributes:
        text: below the title; lines are kept.
        is_published: whether the public sees it.
        entries: in their order, a monitor once at most.
    """

    title: str = "Status of our mail"
    text: str | None = None
    is_published: bool = False
    entries: tuple[StatusEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPage:
    """A status page as stored.

    Attributes:
        slug: the last part of its address: random, so that only those find it who were told.
        key: a UUID for life, which names the page in its feed.
        entry_keys: likewise of the entries, by the monitor's id.
    """

    account_id: int
    slug: str
    key: str
    settings: StatusPageSettings = StatusPageSettings()
    logo: Logo | None = None
    entry_keys: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentUpdate:
    """A note about an incident; `key` is a UUID that names it in the feed."""

    key: str
    at: datetime
    state: IncidentState
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What people tell the public of.

    Attributes:
        key: a UUID that names it in the feed.
        monitor_ids: what it affects.
        resolved_at: None while it is open.
        updates: oldest first, at least one.
    """

    id: int
    account_id: int
    key: str
    title: str
    began_at: datetime
    resolved_at: datetime | None
    monitor_ids: tuple[int, ...]
    updates: tuple[IncidentUpdate, ...]

    @property
    def state(self) -> IncidentState:
        return self.updates[-1].state
