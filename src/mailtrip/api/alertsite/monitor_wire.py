"""Bodies of monitors read into settings, monitors written as the vendor's object, faults named in wire words."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mailtrip.api.alertsite.check_fields import CHECKS, FIELDS_OF
from mailtrip.api.alertsite.fields import MonitorField, MonitorView, default_of
from mailtrip.api.alertsite.monitor_fields import HOSTNAMES, MAILBOX_FIELDS, PASSWORDS, TOLERATED
from mailtrip.api.codecs import JSON, BadValue
from mailtrip.errors import Fault
from mailtrip.model import MailProtocol, MonitorType
from mailtrip.service.monitors import Passwords

__all__ = ["MonitorChanges", "faults_beside", "parse_monitor", "show_monitor", "wire_faults"]

_BY_NAME: Final = {type_: {field.name: field for field in fields} for type_, fields in FIELDS_OF.items()}
_MAILBOX_NAMES: Final = frozenset(field.name for field in MAILBOX_FIELDS)
_WIRE_NAMES: Final = {
    type_: {field.setting: field.name for field in fields if field.setting is not None}
    for type_, fields in FIELDS_OF.items()
}
_JUDGED_BY: Final = {
    "interval": frozenset({"timeout", "warning_time"}),
    "timeout": frozenset({"warning_time"}),
    "locations": frozenset({"home_location", "mode", "monitor_location_count"}),
    "smtp_username": frozenset({"smtp_password"}),
    "smtp_password": frozenset({"smtp_username"}),
    "smtp_tls": frozenset({"smtp_hostname", "hostname"}),
    "mailbox_tls": _MAILBOX_NAMES | {"hostname"},
    "port": frozenset({"hostname"}),
    "username": frozenset({"password"}),
    "password": frozenset({"username"}),
}
"""Which fields can't be judged when the one named could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorChanges:
    """What a body asks for.

    Attributes:
        settings: by name in `MonitorSettings`, typed; null has become the default.
        passwords: those that are to change.
        faults: in wire names; each of these fields is left out of `settings`.
        ignored: names of fields that mean nothing here.
    """

    settings: Mapping[str, Any]  # Any: settings have many types
    passwords: Passwords
    faults: tuple[Fault, ...]
    ignored: tuple[str, ...]


def parse_monitor(body: Mapping[str, object], type_: MonitorType, *, create: bool) -> MonitorChanges:
    """Read the body of a create or edit of a monitor of this type; never raises.

    Whether anything required is missing is for `service` to say, but for the two fields of which one is required.
    """
    fields = _BY_NAME[type_]
    reader = _Reader(fields)
    for name, value in body.items():
        field = fields.get(name)
        if field is not None and field.codec is not None and name not in _MAILBOX_NAMES:
            reader.read(field, value)
        elif field is None and name not in TOLERATED:
            reader.ignored.append(name)
    if type_ not in CHECKS:
        reader.read_mailbox(body, create=create)
    if create:
        reader.settings["type"] = type_
    return MonitorChanges(
        settings=reader.settings,
        passwords=Passwords(**reader.passwords),
        faults=tuple(reader.faults),
        ignored=tuple(reader.ignored),
    )


def show_monitor(view: MonitorView, select: Collection[str] | None = None) -> dict[str, JSON]:
    """The monitor as the vendor's object; with `select` only those fields, names of no field being ignored."""
    return {
        field.name: field.show(view)
        for field in FIELDS_OF[view.monitor.settings.type]
        if field.show is not None and (select is None or field.name in select)
    }


def wire_faults(faults: Sequence[Fault], type_: MonitorType, protocol: MailProtocol) -> tuple[Fault, ...]:
    """Faults of settings, named as the client knows the fields.

    Args:
        faults: as `service.monitors` names them.
        type_: of the monitor.
        protocol: how a round trip's mailbox is read, as its server has a field for each protocol.
    """
    names = dict(_WIRE_NAMES[type_])
    if type_ not in CHECKS:
        names |= dict.fromkeys(("mailbox_server", "mailbox_protocol"), HOSTNAMES[protocol])
    return tuple(Fault(names.get(fault.field, fault.field), fault.text) for fault in faults)


def faults_beside(known: Sequence[Fault], others: Sequence[Fault]) -> list[Fault]:
    """Those of the other faults that say something new.

    Left out is what is said of a field that could not be read, or of one that is judged by such a field.
    """
    blind = {fault.field for fault in known}
    for name in tuple(blind):
        blind |= _JUDGED_BY.get(name, frozenset())
    return [fault for fault in others if fault.field not in blind]


class _Reader:
    """Collects what the fields of one body say."""

    def __init__(self, fields: Mapping[str, MonitorField]) -> None:
        self._fields = fields
        self.settings: dict[str, Any] = {}  # Any: settings have many types
        self.passwords: dict[str, str | None] = {}
        self.faults: list[Fault] = []
        self.ignored: list[str] = []

    def read(self, field: MonitorField, value: object) -> None:
        if value is None and field.required:
            self.faults.append(Fault(field.name, "must not be null; leave it out to keep it"))
            return
        parsed, is_good = self._parse(field, value)
        if not is_good:
            return
        if field.setting is not None:
            self.settings[field.setting] = default_of(field.setting) if value is None else parsed
        else:
            self.passwords[PASSWORDS[field.name]] = parsed

    def read_mailbox(self, body: Mapping[str, object], *, create: bool) -> None:
        """Read `pop3_hostname` and `imap_hostname`, of which exactly one may have a value."""
        named = [protocol for protocol, name in HOSTNAMES.items() if body.get(name) is not None]
        if len(named) > 1:
            self.faults.append(Fault("imap_hostname", "is given beside pop3_hostname; give exactly one of the two"))
        for protocol in named:
            server, is_good = self._parse(self._fields[HOSTNAMES[protocol]], body[HOSTNAMES[protocol]])
            if is_good:
                self.settings |= {"mailbox_protocol": protocol, "mailbox_server": server}
        if named:
            return
        nulls = [name for name in HOSTNAMES.values() if name in body]
        if nulls and not create:
            self.faults.append(Fault(nulls[0], "must not be null unless the other of the two has a value"))
        elif create:
            self.faults.append(Fault("pop3_hostname", "is required, unless imap_hostname is given"))

    def _parse(self, field: MonitorField, value: object) -> tuple[str | None, bool]:
        if value is None:
            return None, True
        if field.codec is None:
            raise ValueError(f"{field.name} is read-only")
        try:
            return field.codec.parse(value), True
        except BadValue as error:
            self.faults.append(Fault(field.name, str(error)))
            return None, False
