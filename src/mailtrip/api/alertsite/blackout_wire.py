"""Bodies of blackouts read, and of bulk edits of them into drafts, with all faults in wire words."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypeVar

from mailtrip.api.alertsite.blackout_fields import ALIASES, BLACKOUTS
from mailtrip.api.alertsite.records import Changes
from mailtrip.api.codecs import BadValue, Codec, boolean, choice, identifier, kind_of, shown
from mailtrip.errors import Fault, Forbidden, InvalidInput
from mailtrip.service.blackouts import TIMES, BlackoutDraft, Edition
from mailtrip.store import Connection

__all__ = [
    "MOST_ITEMS",
    "MOST_MONITORS",
    "BulkAction",
    "BulkChanges",
    "attempt_bulk",
    "parse_bulk",
    "parse_edit",
]

T = TypeVar("T")

_WIRE_NAMES: Final = {
    **{field.setting: field.name for field in BLACKOUTS.fields if field.setting is not None},
    "one_time": "one_time_blackouts",
    "weekly": "persistent_blackouts",
    "monitor_ids": "monitors",
}
_TIMES: Final = frozenset(_WIRE_NAMES[name] for name in TIMES)
MOST_MONITORS: Final = 1000
MOST_ITEMS: Final = 100


class BulkAction(StrEnum):
    """What becomes of the blackouts that there are."""

    APPEND = "append"
    UPDATE = "update"


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkChanges:
    """What the body of a bulk edit asks for; an edition is None where there is nothing to change."""

    monitor_ids: Sequence[int]
    one_time: Edition | None
    weekly: Edition | None
    faults: tuple[Fault, ...]
    ignored: tuple[str, ...]


def parse_edit(body: Mapping[str, object]) -> Changes:
    """Read the body of an edit; never raises. Two fields have another name in the vendor's own example."""
    twice = [
        Fault(alias, f"is given beside {name}; give one of the two")
        for alias, name in ALIASES.items()
        if {alias, name} <= body.keys()
    ]
    changes = BLACKOUTS.parse({ALIASES.get(name, name): value for name, value in body.items()})
    return replace(changes, faults=(*twice, *changes.faults))


def parse_bulk(body: Mapping[str, object]) -> BulkChanges:
    """Read the body of a bulk edit.

    Raises:
        Forbidden: something among the monitors is no id at all (alertsite-v3.md, 4.1).
    """
    reader = _BulkReader(body)
    monitor_ids = reader.read_monitors()
    one_time = reader.read_edition("update_one_time", "one_time_blackouts")
    weekly = reader.read_edition("update_persistent", "persistent_blackouts")
    return BulkChanges(
        monitor_ids=monitor_ids,
        one_time=one_time,
        weekly=weekly,
        faults=tuple(reader.faults),
        ignored=(*(name for name in body if name not in reader.known), *reader.ignored),
    )


def attempt_bulk(work: Callable[[Connection], T], known: Sequence[Fault], connection: Connection) -> T:
    """As `RecordTable.attempt`, for a bulk edit, whose faults name places in lists."""
    try:
        done = work(connection)
    except InvalidInput as error:
        raise InvalidInput((*known, *_faults_beside(known, error.faults))) from error
    if known:
        raise InvalidInput(known)
    return done


def _faults_beside(known: Sequence[Fault], others: Sequence[Fault]) -> list[Fault]:
    """The other faults in wire names, without those of fields that could not be read or judged."""
    named = [
        Fault(re.sub(r"\w+", lambda word: _WIRE_NAMES.get(word[0], word[0]), each.field), each.text) for each in others
    ]
    blind = {fault.field for fault in known}
    blind |= {place + time for place, name in map(_split, list(blind)) if name in _TIMES for time in _TIMES}
    return [fault for fault in named if not {fault.field, _split(fault.field)[0].rstrip(".")} & blind]


def _split(field: str) -> tuple[str, str]:
    """`one_time_blackouts[0].from_date` into `one_time_blackouts[0].` and `from_date`."""
    place, dot, name = field.rpartition(".")
    return place + dot, name


class _BulkReader:
    """Collects what the body of one bulk edit says."""

    def __init__(self, body: Mapping[str, object]) -> None:
        self._body = body
        self.faults: list[Fault] = []
        self.ignored: list[str] = []
        self.known: set[str] = set()

    def read_monitors(self) -> list[int]:
        items = self._read("monitors", _list_of(MOST_MONITORS), is_required=True) or []
        if not items and not self.faults:
            self.faults.append(Fault("monitors", "names no monitor; name one or more"))
        return [_parse_monitor_id(item) for item in items]

    def read_edition(self, flag: str, list_name: str) -> Edition | None:
        """The edition of one kind; None when it is not to be updated."""
        is_wanted = self._read(flag, boolean(), is_required=True)
        action = self._read(f"{flag}_action", choice(BulkAction), is_required=is_wanted is True)
        items = self._read(list_name, _list_of(MOST_ITEMS), is_required=is_wanted is True)
        if not is_wanted:
            return None
        drafts = [self._read_draft(f"{list_name}[{position}]", item) for position, item in enumerate(items or ())]
        return Edition(replaces=action is BulkAction.UPDATE, drafts=drafts)

    def _read_draft(self, place: str, item: object) -> BlackoutDraft:
        if not isinstance(item, dict):
            self.faults.append(Fault(place, f"must be an object, not {kind_of(item)}"))
            return BlackoutDraft()
        changes = BLACKOUTS.parse(item)
        self.faults += [Fault(f"{place}.{fault.field}", fault.text) for fault in changes.faults]
        self.ignored += [f"{place}.{name}" for name in changes.ignored]
        return BlackoutDraft(**changes.settings)

    def _read(self, name: str, codec: Codec[T], *, is_required: bool) -> T | None:
        self.known.add(name)
        value = self._body.get(name)
        if value is None:
            if is_required:
                self.faults.append(Fault(name, "is required"))
            return None
        try:
            return codec.parse(value)
        except BadValue as error:
            self.faults.append(Fault(name, str(error)))
            return None


def _parse_monitor_id(value: object) -> int:
    try:
        return identifier().parse(value)
    except BadValue:
        raise Forbidden(f"{shown(value)} is no monitor of this account; nothing was changed") from None


def _list_of(most: int) -> Codec[list[object]]:
    """A list of anything, read on by the caller."""

    def parse(value: object) -> list[object]:
        if not isinstance(value, list):
            raise BadValue(f"must be a list, not {kind_of(value)}")
        if len(value) > most:
            raise BadValue(f"has {len(value)} items; at most {most} are allowed")
        return value

    return Codec(parse=parse, write=lambda _: [], accepts={"type": "array", "maxItems": most}, returns={})
