"""The form of a recipient group: its entries from settings, and settings from its entries. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from mailtrip.alerts.notices import RUNS_WANTED
from mailtrip.errors import Fault
from mailtrip.model import RecipientGroupSettings, Severity, StatusCode

__all__ = ["LABELS", "ParsedGroup", "code_choices", "differing", "entries_of", "parse_entries", "read_entries"]

Entries = Mapping[str, str]
"""What stands in the form, by the field's name; of a tick `yes` or nothing, as `monitor-100001`."""

_YES: Final = "yes"
_TICKS: Final = {
    "monitor_ids": "monitor",
    "recipient_ids": "recipient",
    "status_codes": "code",
    "escalate_to": "escalate",
    "escalate_to_groups": "group",
}
"""The lists of a group, and how the ticks of each are called."""
_TICK: Final = re.compile(r"(monitor|recipient|code|escalate|group)-([1-9][0-9]{0,17})\Z")
_LONGEST_NUMBER: Final = 6
_WARNINGS: Final = frozenset({*RUNS_WANTED, StatusCode.SLOW, StatusCode.SLOW_ANSWER})
"""Those that alerts tell of."""
LABELS: Final = {
    "name": "Name",
    "is_default": "Default group",
    "monitor_ids": "Monitors",
    "recipient_ids": "Recipients",
    "status_codes": "Errors",
    "is_urgent": "Urgent",
    "escalate_after": "Minutes until others are told",
    "escalate_to": "Who is told then",
    "escalate_to_groups": "Groups that are told then",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedGroup:
    """What a form asks for: settings by name, without those that a fault is about; and what can't be read."""

    changes: Mapping[str, object]
    faults: tuple[Fault, ...]


def entries_of(settings: RecipientGroupSettings) -> dict[str, str]:
    """Of a group as it is stored, or to begin with."""
    after = settings.escalate_after
    entries = {
        "name": settings.name,
        "is_default": _YES if settings.is_default else "",
        "is_urgent": _YES if settings.is_urgent else "",
        "escalate_after": "" if after is None else f"{after / timedelta(minutes=1):g}",
    }
    return entries | {f"{tick}-{number}": _YES for name, tick in _TICKS.items() for number in getattr(settings, name)}


def read_entries(form: Mapping[str, str]) -> dict[str, str]:
    """What was sent, as it was written; what is missing is empty."""
    lines = {name: form.get(name, "") for name in ("name", "is_default", "is_urgent", "escalate_after")}
    return lines | {name: _YES for name, text in form.items() if text == _YES and _TICK.match(name)}


def parse_entries(entries: Entries) -> ParsedGroup:
    """Read all fields; the rules for values are left to `service.groups`."""
    changes: dict[str, object] = {
        "name": entries["name"].strip() or None,
        "is_default": entries["is_default"] == _YES,
        "is_urgent": entries["is_urgent"] == _YES,
        **{name: tuple(_ticked(entries, tick)) for name, tick in _TICKS.items()},
    }
    minutes = entries["escalate_after"].strip()
    if minutes and not (minutes.isascii() and minutes.isdigit() and len(minutes) <= _LONGEST_NUMBER):
        text = f'"{minutes[:20]}" is no whole number; write one like 30, or leave it empty'
        return ParsedGroup(changes=changes, faults=(Fault("escalate_after", text),))
    changes["escalate_after"] = timedelta(minutes=int(minutes)) if minutes else None
    return ParsedGroup(changes=changes, faults=())


def differing(entries: Entries, stored: Entries) -> list[str]:
    """The labels of the fields in which the form differs from what is stored."""
    found = {key for key in (*entries, *stored) if entries.get(key, "").strip() != stored.get(key, "").strip()}
    lists = {tick: name for name, tick in _TICKS.items()}
    names = {lists.get(key.partition("-")[0], key) for key in found}
    return [label for name, label in LABELS.items() if name in names]


def code_choices(stored: tuple[int, ...]) -> list[tuple[int, str]]:
    """Statuses that a group can be for, with what they mean; and those that it is for already, whatever they are."""
    known = {
        int(status): status.text for status in StatusCode if status.severity is Severity.ERROR or status in _WARNINGS
    }
    texts = known | {code: "no status of mail monitors" for code in stored if code not in known}
    return sorted(texts.items())


def _ticked(entries: Entries, tick: str) -> Iterator[int]:
    for name in entries:
        match = _TICK.match(name)
        if match is not None and match[1] == tick:
            yield int(match[2])
