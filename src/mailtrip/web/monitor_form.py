"""The form of a monitor: its entries from settings, settings from its entries, and faults beside their fields. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, TypeVar

from mailtrip.errors import Fault, InvalidInput
from mailtrip.model import MailProtocol, Mechanism, MonitorSettings, MonitorType, TLSMode
from mailtrip.service.monitors import UNCHANGED, Passwords
from mailtrip.store import Connection
from mailtrip.web.monitor_fields import LOGIN, Kind, Login, MonitorField, fields_of

__all__ = [
    "Parsed",
    "PlacedFaults",
    "attempt",
    "entries_of",
    "first_entries",
    "parse_entries",
    "place_faults",
    "read_entries",
]

T = TypeVar("T")
Entries = Mapping[str, str]
"""What stands in the form, by the field's name; of a tick `yes` or nothing."""

_YES: Final = "yes"
_UNITS: Final = {Kind.MINUTES: timedelta(minutes=1), Kind.SECONDS: timedelta(seconds=1)}
_LONGEST_NUMBER: Final = 6
_CHOICES: Final = {
    "mailbox_protocol": MailProtocol,
    "mailbox_tls": TLSMode,
    "smtp_tls": TLSMode,
    "mailbox_mechanism": Mechanism,
    "smtp_mechanism": Mechanism,
}
_FIRST: Final = {"mailbox_protocol": MailProtocol.IMAP.value, "interval": "5", LOGIN: Login.SAME.value}
_SHARED: Final = {"smtp_username": "username", "smtp_password": "password"}
"""Where a fault of the SMTP login belongs when it is that of the mailbox."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What a form asks for.

    Attributes:
        changes: settings by name, None for the default; without those that a fault is about.
        faults: what can't be read.
    """

    changes: Mapping[str, object]
    passwords: Passwords
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedFaults:
    """Faults by the field beside which they are told, and those that belong to none."""

    by_field: Mapping[str, Sequence[str]] = field(default_factory=dict)
    others: Sequence[str] = ()

    @property
    def count(self) -> int:
        return sum(len(each) for each in self.by_field.values()) + len(self.others)


def first_entries(type_: MonitorType) -> dict[str, str]:
    """Of a new monitor, before anybody has written something: the defaults."""
    entries = _entries(MonitorSettings(type=type_, name="", plan_code=""), type_)
    return entries | {name: text for name, text in _FIRST.items() if name in entries}


def entries_of(settings: MonitorSettings) -> dict[str, str]:
    """Of a monitor as it is stored; passwords are empty, which leaves them as they are."""
    return _entries(settings, settings.type)


def read_entries(form: Mapping[str, str], type_: MonitorType) -> dict[str, str]:
    """What was sent, as it was written; what is missing is empty."""
    return {each.name: form.get(each.name, "").replace("\r\n", "\n") for each in fields_of(type_)}


def parse_entries(entries: Entries, type_: MonitorType, *, before: Entries | None = None) -> Parsed:
    """Read all fields; the rules for values are left to `service.monitors`.

    Args:
        entries: of the form.
        type_: of the monitor.
        before: of the monitor as it is stored, which keeps the passwords that are not written; None for a new one.
    """
    changes: dict[str, object] = {}
    faults = []
    for each in fields_of(type_):
        if each.kind is Kind.PASSWORD or each.name == LOGIN:
            continue
        try:
            changes[each.name] = _value(each, entries[each.name])
        except ValueError as error:
            faults.append(Fault(each.name, str(error)))
    mailbox, smtp = entries.get("password", ""), entries.get("smtp_password", "")
    if type_ is MonitorType.ROUND_TRIP:
        if entries[LOGIN] != Login.OWN:
            changes["smtp_username"] = changes.get("username") or changes["email"]
            smtp = mailbox if changes["smtp_username"] else ""
        if entries[LOGIN] == Login.NONE:
            changes["smtp_username"], smtp = None, ""
        if not mailbox and (fault := _password_fault(entries, before)) is not None:
            faults.append(Fault("password", fault))
    return Parsed(
        changes=changes,
        passwords=Passwords(mailbox=mailbox or UNCHANGED, smtp=smtp or UNCHANGED),
        faults=tuple(faults),
    )


def attempt(connection: Connection, *, work: Callable[[Connection], T], parsed: Parsed) -> T:
    """Create, edit or draft, and tell all faults at once; what can't be read keeps the transaction from being kept."""
    try:
        found = work(connection)
    except InvalidInput as error:
        unread = {fault.field for fault in parsed.faults}
        others = [fault for fault in error.faults if fault.field not in unread]
        raise InvalidInput((*parsed.faults, *others)) from error
    if parsed.faults:
        raise InvalidInput(parsed.faults)
    return found


def place_faults(faults: Iterable[Fault], entries: Entries) -> PlacedFaults:
    """Put each fault beside the field that it is about; of a login that two servers share, what is wrong is told once."""
    by_field: dict[str, list[str]] = {}
    others = []
    shared = _SHARED if entries.get(LOGIN) == Login.SAME else {}
    for fault in faults:
        name = shared.get(fault.field, fault.field)
        if name not in entries:
            others.append(f"{fault.field}: {fault.text}")
        elif fault.field not in shared or name not in by_field:
            by_field.setdefault(name, []).append(fault.text)
    return PlacedFaults(by_field=by_field, others=others)


def _password_fault(entries: Entries, before: Entries | None) -> str | None:
    """Why a round trip can't do with a password that is not written."""
    if before is None:
        return "is required; without it the mailbox can't be read"
    if entries[LOGIN] == Login.SAME != before[LOGIN]:
        return "is needed again, as the SMTP server is to get it too: what is stored is never read back"
    return None


def _entries(settings: MonitorSettings, type_: MonitorType) -> dict[str, str]:
    return {each.name: _text(each, settings) for each in fields_of(type_)}


def _text(row: MonitorField, settings: MonitorSettings) -> str:
    if row.kind is Kind.PASSWORD:
        return ""
    if row.name == LOGIN:
        return _login(settings)
    return _written(getattr(settings, row.name), row.kind)


def _written(value: object, kind: Kind) -> str:
    match value:
        case None | False:
            return ""
        case True:
            return _YES
        case timedelta():
            return f"{value / _UNITS[kind]:g}"
        case tuple():
            return (", " if kind is Kind.WORDS else "\n").join(value)
        case _:
            return str(value)


def _login(settings: MonitorSettings) -> Login:
    if settings.smtp_username is None:
        return Login.NONE
    return Login.SAME if settings.smtp_username == (settings.username or settings.email) else Login.OWN


def _value(row: MonitorField, text: str) -> object:
    """What the text says; raises ValueError with what is wrong."""
    match row.kind:
        case Kind.MINUTES | Kind.SECONDS:
            return _number(text) * _UNITS[row.kind] if text.strip() or row.kind is Kind.MINUTES else None
        case Kind.DAYS:
            return _number(text)
        case Kind.YES:
            return text == _YES
        case Kind.NAMES | Kind.WORDS:
            lines = text.replace(",", "\n") if row.kind is Kind.WORDS else text
            return tuple(line.strip() for line in lines.splitlines() if line.strip())
        case Kind.CHOICE:
            if text not in dict(row.choices):
                raise ValueError("is none of the choices; choose one")
            return _CHOICES[row.name](text)
        case Kind.LINE | Kind.ADDRESS | Kind.SERVER | Kind.LINES:
            return text.strip() or None
        case Kind.PASSWORD:
            raise TypeError("passwords are read elsewhere")


def _number(text: str) -> int:
    digits = text.strip()
    if not digits:
        raise ValueError("is required; write a whole number")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_NUMBER):
        raise ValueError(f'"{digits[:20]}" is no whole number; write one like 5')
    return int(digits)
