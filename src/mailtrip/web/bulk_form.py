"""The form that changes several monitors at once: what it asks for, and what that would change of each. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from mailtrip.errors import Fault
from mailtrip.model import Monitor, MonitorType
from mailtrip.web.monitor_fields import FIELDS, Kind, MonitorField, fields_of
from mailtrip.web.monitor_form import entries_of, first_entries, parse_entries

__all__ = [
    "BULK_FIELDS",
    "CLEARABLE",
    "Change",
    "Outcome",
    "Wanted",
    "applying",
    "chosen_ids",
    "differences",
    "read_wanted",
    "totals",
]

_NAMES: Final[tuple[str, ...]] = (
    "enabled",
    "tags",
    "interval",
    "warning_time",
    "timeout",
    "certificate_days",
    "mailbox_tls",
    "smtp_tls",
    "mailbox_mechanism",
    "smtp_mechanism",
    "tls_verify",
    "local_retry",
    "notify_on_error",
    "expect_spf",
    "expect_dkim",
    "expect_dmarc",
    "note",
    "alert_note",
)
"""Settings that several monitors may well share; a round trip has all of them."""
BULK_FIELDS: Final = tuple(next(each for each in FIELDS if each.name == name) for name in _NAMES)
CLEARABLE: Final = frozenset({"tags", "warning_time", "timeout", "note", "alert_note"})
_PREFIX: Final = "monitor-"
_UNITS: Final = {Kind.MINUTES: "minute", Kind.SECONDS: "second", Kind.DAYS: "day"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a form asks for.

    Attributes:
        entries: of all its fields as they were sent, by the field's name, and ticks to clear by `clear-` and the name.
        changes: settings by name, None for the default.
        faults: what can't be read.
    """

    entries: Mapping[str, str]
    changes: Mapping[str, object]
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A setting that gets another value, in words."""

    name: str
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What becomes of a monitor, or would.

    Attributes:
        left_out: the labels of settings that monitors of its type don't have.
        faults: why it can't be, in sentences.
    """

    monitor: Monitor
    changes: Sequence[Change] = ()
    left_out: Sequence[str] = ()
    faults: Sequence[str] = ()


def chosen_ids(form: Mapping[str, str]) -> dict[int, int]:
    """The revisions of the monitors that were chosen, by id."""
    return {
        int(name.removeprefix(_PREFIX)): int(text)
        for name, text in form.items()
        if name.startswith(_PREFIX) and _is_number(name.removeprefix(_PREFIX)) and _is_number(text)
    }


def read_wanted(form: Mapping[str, str]) -> Wanted:
    """What was sent, read; a field that is empty, and is not to be cleared, leaves the setting as it is."""
    entries = {name: form.get(name, "").replace("\r\n", "\n") for name in _NAMES}
    entries |= {f"clear-{name}": form.get(f"clear-{name}", "") for name in CLEARABLE}
    cleared = {name for name in CLEARABLE if entries[f"clear-{name}"]}
    written = {field.name: entries[field.name] for field in BULK_FIELDS if entries[field.name].strip()}
    ticks = {field.name for field in BULK_FIELDS if field.kind is Kind.YES}
    filled = {name: "" if name in ticks and text == "no" else text for name, text in written.items()}
    type_ = MonitorType.ROUND_TRIP
    parsed = parse_entries(first_entries(type_) | filled | dict.fromkeys(cleared, ""), type_)
    wanted = {*filled, *cleared}
    faults = [fault for fault in parsed.faults if fault.field in wanted]
    faults += [
        Fault(name, "is to be cleared, and has a value; do one of both") for name in sorted(cleared & filled.keys())
    ]
    changes = {name: parsed.changes[name] for name in _NAMES if name in wanted and name in parsed.changes}
    return Wanted(entries=entries, changes=changes, faults=tuple(faults))


def applying(monitor: Monitor, changes: Mapping[str, object]) -> dict[str, object]:
    """Those of the changes that monitors of this type have."""
    known = {field.name for field in fields_of(monitor.settings.type)}
    return {name: value for name, value in changes.items() if name in known}


def differences(monitor: Monitor, changes: Mapping[str, object]) -> Outcome:
    """What the changes would make of a monitor."""
    settings = monitor.settings
    given = applying(monitor, changes)
    before = entries_of(settings)
    after = entries_of(replace(settings, **given))  # type: ignore[arg-type]  # by their names
    return Outcome(
        monitor=monitor,
        changes=tuple(
            Change(
                name=each.name,
                label=each.label,
                before=_told(each, before[each.name]),
                after=_told(each, after[each.name]),
            )
            for each in BULK_FIELDS
            if each.name in given and before[each.name] != after[each.name]
        ),
        left_out=tuple(each.label for each in BULK_FIELDS if each.name in changes and each.name not in given),
    )


def totals(outcomes: Iterable[Outcome]) -> list[tuple[str, str, int]]:
    """Label and new value of each setting that changes, with the number of monitors of which it does."""
    found: dict[tuple[str, str], int] = {}
    for outcome in outcomes:
        for change in outcome.changes:
            key = change.label, change.after
            found[key] = found.get(key, 0) + 1
    return [(label, after, count) for (label, after), count in found.items()]


def _told(field: MonitorField, text: str) -> str:
    if field.kind is Kind.YES:
        return "yes" if text else "no"
    if field.kind in _UNITS and text:
        return f"{text} {_UNITS[field.kind]}{'' if text == '1' else 's'}"  # may be a part of a second
    return dict(field.choices).get(text, text) or "not set"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
