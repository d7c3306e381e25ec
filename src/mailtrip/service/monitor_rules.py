"""The rules between and within the fields of a monitor (alertsite-v3.md, section 9), as a pure function."""

import ipaddress
from collections.abc import Callable, Iterator
from datetime import timedelta

from cryptography import x509

from mailtrip.errors import Fault
from mailtrip.model import (
    CustomProperty,
    MailProtocol,
    Mechanism,
    Mode,
    MonitorSettings,
    MonitorType,
    TLSMode,
    parse_server,
)
from mailtrip.service.text_rules import address_fault, line_fault, note_fault

__all__ = ["check"]

_LONGEST_SERVER = 300
_LONGEST_CA = 256 * 1024
_MOST_LOCATIONS = 100
_MOST_PROPERTIES = 100
_MOST_TAGS = 20
_LONGEST_TAG = 40
_MOST_FOLDERS = 10
_MOST_CAPABILITIES = 20
_LARGEST_ID = 2**53
_PORTS = range(1, 65536)
_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)
_MECHANISMS = {
    MailProtocol.SMTP: {Mechanism.PLAIN, Mechanism.LOGIN, Mechanism.CRAM_MD5},
    MailProtocol.POP3: {Mechanism.PLAIN, Mechanism.LOGIN, Mechanism.CRAM_MD5, Mechanism.APOP},
    MailProtocol.IMAP: {Mechanism.PLAIN, Mechanism.LOGIN, Mechanism.CRAM_MD5},
}
_EVERYWHERE = {Mechanism.AUTO, Mechanism.SCRAM_SHA_1, Mechanism.SCRAM_SHA_256}


def check(settings: MonitorSettings) -> tuple[Fault, ...]:
    """Everything that is wrong with the settings; empty when nothing is.

    `Fault.field` is the name of a field of `MonitorSettings`. Whether locations exist is not seen here.
    """
    return tuple(fault for rule in _RULES for fault in rule(settings))


def _lines(settings: MonitorSettings) -> Iterator[Fault]:
    texts = (
        ("name", settings.name, 255),
        ("plan_code", settings.plan_code, 64),
        ("smtp_username", settings.smtp_username, 255),
        ("username", settings.username, 255),
    )
    for field, text, most in texts:
        if text is not None and (fault := line_fault(text, most=most)) is not None:
            yield Fault(field, fault)


def _notes(settings: MonitorSettings) -> Iterator[Fault]:
    for field, text in (("note", settings.note), ("alert_note", settings.alert_note)):
        if text is not None and (fault := note_fault(text)) is not None:
            yield Fault(field, fault)


def _tags(settings: MonitorSettings) -> Iterator[Fault]:
    tags = settings.tags
    if len(tags) > _MOST_TAGS:
        yield Fault("tags", f"names {len(tags)} tags; at most {_MOST_TAGS} are taken")
    if len({tag.casefold() for tag in tags}) < len(tags):
        yield Fault("tags", "names a tag twice; name each once, in capital or small letters")
    for tag in tags:
        fault = line_fault(tag, most=_LONGEST_TAG)
        if fault is None and ("," in tag or tag != tag.strip()):
            fault = "has a comma, or a blank at an end; write it without"
        if fault is not None:
            yield Fault("tags", f"a tag {fault}")
            return


def _folders(settings: MonitorSettings) -> Iterator[Fault]:
    folders = settings.folders
    if folders and settings.mailbox_protocol is MailProtocol.POP3:
        yield Fault("folders", "is for IMAP; POP3 shows the inbox only")
    if len(folders) > _MOST_FOLDERS:
        yield Fault("folders", f"names {len(folders)} folders; at most {_MOST_FOLDERS} are taken")
    if len(set(folders)) < len(folders):
        yield Fault("folders", "names a folder twice; name each once")
    for name in folders:
        if (fault := line_fault(name, most=255)) is not None:
            yield Fault("folders", f"a name {fault}")
            return


def _certificate_days(settings: MonitorSettings) -> Iterator[Fault]:
    if not 0 <= settings.certificate_days <= 365:
        yield Fault("certificate_days", f"{settings.certificate_days} is out of range; use 0 to 365 days, 0 for never")


def _addresses(settings: MonitorSettings) -> Iterator[Fault]:
    email = settings.email if settings.sends_message else settings.email or None
    for field, text in (("email", email), ("sender", settings.sender)):
        if text is not None and (fault := address_fault(text)) is not None:
            yield Fault(field, fault)


def _servers(settings: MonitorSettings) -> Iterator[Fault]:
    servers = {
        "smtp_server": (settings.smtp_server, MailProtocol.SMTP, settings.smtp_tls),
        "mailbox_server": (settings.mailbox_server, settings.mailbox_protocol, settings.mailbox_tls),
    }
    unused = _UNUSED_SERVERS.get(settings.type)
    port = settings.port if unused and settings.port in _PORTS else None
    for field, (text, protocol, tls) in servers.items():
        if field == unused:
            continue
        fault = line_fault(text, most=_LONGEST_SERVER) or _server_fault(text, protocol, tls, port)
        if fault is not None:
            yield Fault(field, fault)


_UNUSED_SERVERS = {
    MonitorType.SMTP: "mailbox_server",
    MonitorType.POP3: "smtp_server",
    MonitorType.IMAP: "smtp_server",
}


def _server_fault(text: str, protocol: MailProtocol, tls: TLSMode, port: int | None) -> str | None:
    try:
        parse_server(text, protocol, tls=tls, port=port)
    except ValueError as exc:
        return str(exc)
    return None


def _one_server(settings: MonitorSettings) -> Iterator[Fault]:
    """What belongs to the check of one server."""
    if settings.sends_message:
        named = {"port": settings.port, "address": settings.address, "capabilities": settings.capabilities or None}
        yield from (Fault(name, "is for the check of one server") for name, value in named.items() if value is not None)
        return
    if settings.port is not None and settings.port not in _PORTS:
        yield Fault("port", f"{settings.port} is out of range; a port is 1 to 65535")
    if settings.address is not None and (fault := _address_fault(settings.address)) is not None:
        yield Fault("address", fault)
    if len(settings.capabilities) > _MOST_CAPABILITIES:
        yield Fault("capabilities", f"names {len(settings.capabilities)}; at most {_MOST_CAPABILITIES} are taken")
    for name in settings.capabilities:
        if (fault := line_fault(name, most=100)) is not None:
            yield Fault("capabilities", f"a name {fault}")
            return


def _address_fault(text: str) -> str | None:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return "is no IPv4 address; write one like 192.0.2.1, and an IPv6 address in brackets as the host's name"
    return None


def _mailbox_protocol(settings: MonitorSettings) -> Iterator[Fault]:
    if settings.mailbox_protocol is MailProtocol.SMTP:
        yield Fault("mailbox_protocol", "a mailbox is read over POP3 or IMAP; use pop3 or imap")


def _mechanisms(settings: MonitorSettings) -> Iterator[Fault]:
    chosen = (
        ("smtp_mechanism", settings.smtp_mechanism, MailProtocol.SMTP),
        ("mailbox_mechanism", settings.mailbox_mechanism, settings.mailbox_protocol),
    )
    for field, mechanism, protocol in chosen:
        known = _MECHANISMS[protocol] | _EVERYWHERE
        if mechanism not in known:
            yield Fault(field, f'{protocol.upper()} has no "{mechanism}"; use one of {", ".join(sorted(known))}')


def _certificates(settings: MonitorSettings) -> Iterator[Fault]:
    bundle = settings.tls_ca
    if bundle is None:
        return
    if len(bundle) > _LONGEST_CA:
        yield Fault("tls_ca", f"has {len(bundle)} characters; at most {_LONGEST_CA} are taken")
    elif "PRIVATE KEY-----" in bundle:
        yield Fault("tls_ca", "has a private key in it, which does not belong here; give certificates only")
    elif not _has_certificates(bundle):
        yield Fault(
            "tls_ca", "is no PEM bundle; give one certificate or more, each from -----BEGIN CERTIFICATE----- on"
        )


def _has_certificates(bundle: str) -> bool:
    try:
        return bool(x509.load_pem_x509_certificates(bundle.encode("ascii")))
    except ValueError:
        return False


def _times(settings: MonitorSettings) -> Iterator[Fault]:
    interval, timeout, warning = settings.interval, settings.timeout, settings.warning_time
    if interval % _MINUTE or not _MINUTE <= interval <= 1440 * _MINUTE:
        yield Fault(
            "interval", f"{_number(interval / _MINUTE)} minutes is out of range; use whole minutes from 1 to 1440"
        )
        return
    if timeout is not None:
        if timeout % _SECOND or not 5 * _SECOND <= timeout <= 300 * _SECOND:
            yield Fault("timeout", f"{_number(timeout / _SECOND)} s is out of range; use whole seconds from 5 to 300")
            return
        if timeout >= interval:
            most = min(300, interval // _SECOND - 1)
            yield Fault(
                "timeout",
                f"{_number(timeout / _SECOND)} s is not below the interval of {interval // _MINUTE} min; "
                f"use at most {most} s or a longer interval",
            )
            return
    if warning is not None and not timedelta(0) < warning < settings.run_timeout:
        yield Fault(
            "warning_time",
            f"{_number(warning / _SECOND)} s is out of range; "
            f"use more than 0 and less than the timeout of {_number(settings.run_timeout / _SECOND)} s",
        )


def _locations(settings: MonitorSettings) -> Iterator[Fault]:
    ids = settings.location_ids
    if len(ids) > _MOST_LOCATIONS:
        yield Fault("location_ids", f"names {len(ids)} locations; at most {_MOST_LOCATIONS} are taken")
    if len(set(ids)) < len(ids):
        yield Fault("location_ids", "names a location twice; name each once")
    if settings.home_location_id is not None and ids and settings.home_location_id not in ids:
        yield Fault(
            "home_location_id", f"{settings.home_location_id} is not one of the monitor's locations; name one of them"
        )
    count = max(1, len(set(ids)))
    if settings.mode in {Mode.ROUND_ROBIN, Mode.SLA} and count < 2:
        yield Fault("mode", f'"{settings.mode}" needs two locations or more; name them, or use {Mode.PRIMARY}')
    if settings.locations_per_run is not None and not 1 <= settings.locations_per_run <= count:
        yield Fault(
            "locations_per_run",
            f"{settings.locations_per_run} is out of range; the monitor has {count} location{'s' * (count > 1)}",
        )


def _properties(settings: MonitorSettings) -> Iterator[Fault]:
    items = settings.custom_properties
    if len(items) > _MOST_PROPERTIES:
        yield Fault("custom_properties", f"has {len(items)} items; at most {_MOST_PROPERTIES} are taken")
        return
    for item in items:
        if (fault := _property_fault(item)) is not None:
            yield Fault("custom_properties", f"the one with id {item.id}: {fault}")


def _property_fault(item: CustomProperty) -> str | None:
    if any(number is not None and not 0 <= number <= _LARGEST_ID for number in (item.id, item.value_id)):
        return f"an id is out of range; use 0 to {_LARGEST_ID}"
    for text in (item.name, item.value):
        if text is not None and (fault := line_fault(text, most=255, least=0)) is not None:
            return f"a text {fault}"
    return None


def _number(value: float) -> str:
    return f"{value:.6g}"


_RULES: tuple[Callable[[MonitorSettings], Iterator[Fault]], ...] = (
    _lines,
    _addresses,
    _servers,
    _one_server,
    _mailbox_protocol,
    _mechanisms,
    _certificates,
    _certificate_days,
    _folders,
    _times,
    _locations,
    _properties,
    _notes,
    _tags,
)
