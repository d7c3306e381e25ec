"""The audit log as its page shows it: what is asked for, and changes in words. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from mailtrip.model import AuditActorType, AuditEntry, AuditKind
from mailtrip.model.audit import Plain
from mailtrip.web.cursors import LARGEST_ID, Cursor, parse_cursor, write_cursor

__all__ = ["KIND_NAMES", "PER_PAGE", "AuditRow", "ChangeRow", "Query", "parse_day", "row_of"]

PER_PAGE: Final = 50
_LONGEST_NAME: Final = 320
_MOST_OPEN: Final = 5
"""More changes than these are folded."""

KIND_NAMES: Final[Mapping[AuditKind, str]] = {
    AuditKind.MONITOR: "Monitor",
    AuditKind.RECIPIENT: "Recipient",
    AuditKind.RECIPIENT_GROUP: "Recipient group",
    AuditKind.ALERT: "Alert",
    AuditKind.BLACKOUT: "Blackout",
    AuditKind.SLA: "SLA",
    AuditKind.STATUS_PAGE: "Status page",
    AuditKind.INCIDENT: "Incident",
    AuditKind.USER: "User",
    AuditKind.API_TOKEN: "API token",
    AuditKind.ACCOUNT: "Account",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What of the audit log is asked for.

    Attributes:
        actor: the address of a user, or the name of an API token; empty for all.
        first: the first day, in UTC; None from the beginning.
        last: the last day, which is part of it; None until now.
        record_id: of a record of this kind; None for all.
        before: the entry that the page goes on after.
    """

    actor: str = ""
    kind: AuditKind | None = None
    first: date | None = None
    last: date | None = None
    record_id: int | None = None
    before: Cursor | None = None

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> "Query":
        """What a page's address asks for; what is wrong in it counts as not given."""
        kind = next((kind for kind in AuditKind if kind == given.get("kind")), None)
        number = given.get("record", "")
        is_number = number.isascii() and number.isdigit() and len(number) < 20 and 0 < int(number) <= LARGEST_ID
        actor = given.get("who", "").strip()[:_LONGEST_NAME]
        return cls(
            actor=actor if actor.isprintable() else "",
            kind=kind,
            first=parse_day(given.get("from", "")),
            last=parse_day(given.get("to", "")),
            record_id=int(number) if kind is not None and is_number else None,
            before=parse_cursor(given.get("before", "")),
        )

    @property
    def since(self) -> datetime | None:
        return None if self.first is None else _begin_of(self.first)

    @property
    def until(self) -> datetime | None:
        return None if self.last is None else _begin_of(self.last + timedelta(days=1))

    @property
    def is_narrowed(self) -> bool:
        return replace(self, before=None) != Query()

    def path(self, *, after: AuditEntry | None = None) -> str:
        """The address of the same list, going on after an entry."""
        values = {
            "who": self.actor,
            "kind": self.kind or "",
            "from": self.first or "",
            "to": self.last or "",
            "record": self.record_id or "",
            "before": "" if after is None else write_cursor(after.at, after.id),
        }
        query = urlencode({name: value for name, value in values.items() if value})
        return f"/audit?{query}" if query else "/audit"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """A field, and what it was and is; None for nothing."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """A change in the list.

    Attributes:
        what: the kind and what was done, like `Monitor changed`.
        name: of the record; None where it has none.
        path: the list of all that was done to the record; None where there is no record.
        is_folded: whether the changes are so many that they are shown when somebody asks for them only.
    """

    at: datetime
    who: str
    address: str | None
    what: str
    name: str | None
    path: str | None
    changes: tuple[ChangeRow, ...]
    is_folded: bool


def row_of(entry: AuditEntry) -> AuditRow:
    """A change in words."""
    kind, id_ = entry.action.kind, entry.record_id
    done = entry.action.partition(".")[2].replace("-", " ")
    return AuditRow(
        at=entry.at,
        who=_who(entry),
        address=entry.address,
        what=f"{KIND_NAMES[kind]} {done}",
        name=entry.record_name or (None if id_ is None else f"number {id_}"),
        path=None if id_ is None else Query(kind=kind, record_id=id_).path(),
        changes=tuple(
            ChangeRow(field=name.replace("_", " "), before=_text(old), after=_text(new))
            for name, (old, new) in entry.changes.items()
        ),
        is_folded=len(entry.changes) > _MOST_OPEN,
    )


def parse_day(text: str) -> date | None:
    """A day as forms send it, like `2026-03-31`; None for what is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in range(1971, 9999) else None


def _who(entry: AuditEntry) -> str:
    match entry.actor_type:
        case AuditActorType.USER:
            return entry.actor_name or f"user {entry.actor_id}"
        case AuditActorType.TOKEN:
            return f"API token {entry.actor_name or entry.actor_id}"
        case AuditActorType.RECIPIENT:
            return f"recipient {entry.actor_name or entry.actor_id}, by the link in an alert"
        case AuditActorType.OPERATOR:
            return "the operator, at the command line"
        case AuditActorType.NOBODY:
            return "somebody not signed in"


def _text(value: Plain) -> str | None:
    """A value for people; None for nothing."""
    match value:
        case None | "" | []:
            return None
        case bool():
            return "yes" if value else "no"
        case str() | int() | float():
            return str(value)
        case list() | tuple() if all(isinstance(each, str | int | float) for each in value):
            return ", ".join(str(each) for each in value)
        case _:
            return json.dumps(value, ensure_ascii=False)


def _begin_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
