"""The form of a recipient: its entries from settings, and settings from its entries. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from mailtrip.errors import Fault
from mailtrip.model import AlertMethod, PerformanceRule, RecipientSettings, SecretKind
from mailtrip.service.monitors import UNCHANGED
from mailtrip.service.recipients import Password
from mailtrip.web.monitor_form import PlacedFaults
from mailtrip.web.quiet_hours import read_windows, write_windows
from mailtrip.web.recipient_fields import PASSWORD, Kind, RecipientField

__all__ = ["Parsed", "differences", "entries_of", "first_entries", "parse_entries", "place_faults", "read_entries"]

Entries = Mapping[str, str]
Fields = Sequence[RecipientField]

_YES: Final = "yes"
_LONGEST_NUMBER: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What a form asks for: settings by name, without those that a fault is about; and what can't be read."""

    changes: Mapping[str, object] = field(repr=False)
    password: Password = field(repr=False)
    faults: tuple[Fault, ...]


def first_entries(method: AlertMethod, fields: Fields) -> dict[str, str]:
    """Of a new recipient: the defaults, and that it hears of the end of an error."""
    settings = RecipientSettings(method=method, address="", notify_on_clear=True)
    return entries_of(settings, fields)


def entries_of(settings: RecipientSettings, fields: Fields) -> dict[str, str]:
    """Of a recipient as it is stored; its password is empty, which leaves it as it is."""
    return {each.name: "" if each.kind is Kind.PASSWORD else _written(settings, each.name) for each in fields}


def read_entries(form: Mapping[str, str], fields: Fields) -> dict[str, str]:
    """What was sent, as it was written; what is missing is empty."""
    return {each.name: form.get(each.name, "").replace("\r\n", "\n") for each in fields}


def parse_entries(entries: Entries, fields: Fields, method: AlertMethod) -> Parsed:
    """Read all fields; the rules for values are left to `service.recipients`."""
    changes: dict[str, object] = {"method": method}
    faults = []
    for each in fields:
        if each.kind is Kind.PASSWORD:
            continue
        try:
            changes[each.name] = _value(each, entries[each.name])
        except ValueError as error:
            faults.append(Fault(each.name, str(error)))
    password = entries.get(PASSWORD, "")
    if method.secret is SecretKind.APPRISE:
        password = password.strip()
        if password:
            changes["address"] = password.partition("://")[0].lower()
            password = f"{changes['address']}{password[len(str(changes['address'])) :]}"
    return Parsed(changes=changes, password=password or UNCHANGED, faults=tuple(faults))


def place_faults(faults: Sequence[Fault], fields: Fields) -> PlacedFaults:
    """Put each fault beside the field that it is about; an Apprise URL has its service in it, and no field for that."""
    names = {each.name for each in fields}
    is_in_secret = "address" not in names
    by_field: dict[str, list[str]] = {}
    others = []
    for fault in faults:
        name = PASSWORD if fault.field == "address" and is_in_secret else fault.field
        if name not in names:
            others.append(f"{fault.field}: {fault.text}")
        elif not (is_in_secret and name == PASSWORD and name in by_field):
            by_field.setdefault(name, []).append(fault.text)
    return PlacedFaults(by_field=by_field, others=others)


def differences(entries: Entries, stored: Entries, fields: Fields) -> dict[str, str]:
    """What is stored, beside each field that says something else."""
    return {
        each.name: f"Stored now: {_in_words(each, stored[each.name])}"
        for each in fields
        if each.kind is not Kind.PASSWORD and entries[each.name].strip() != stored[each.name].strip()
    }


def _in_words(row: RecipientField, text: str) -> str:
    if row.kind is Kind.YES:
        return "yes" if text else "no"
    return dict(row.choices).get(text, text) or "nothing"


def _written(settings: RecipientSettings, name: str) -> str:
    match getattr(settings, name):
        case None | False:
            return ""
        case True:
            return _YES
        case AlertMethod() as method:
            return str(int(method))
        case tuple() as windows:
            return write_windows(windows)
        case value:
            return str(value)


def _value(row: RecipientField, text: str) -> object:
    """What the text says; raises ValueError with what is wrong."""
    match row.kind:
        case Kind.YES:
            return text == _YES
        case Kind.NUMBER:
            return _number(text) if text.strip() or row.is_required else None
        case Kind.CHOICE:
            return _choice(row, text)
        case Kind.LINES if row.name == "quiet_hours":
            return read_windows(text)
        case Kind.LINES:
            return text if text.strip() else None
        case Kind.LINE | Kind.ADDRESS:
            return text.strip() or None
        case Kind.PASSWORD:
            raise TypeError("passwords are read elsewhere")


def _choice(row: RecipientField, text: str) -> object:
    if text not in dict(row.choices):
        raise ValueError("is none of the choices; choose one")
    match row.name:
        case "method":
            return AlertMethod(int(text))
        case "performance_rule":
            return PerformanceRule(text)
        case _:
            return int(text) if text else None


def _number(text: str) -> int:
    digits = text.strip()
    if not digits:
        raise ValueError("is required; write a whole number")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_NUMBER):
        raise ValueError(f'"{digits[:20]}" is no whole number; write one like 5')
    return int(digits)
