"""The fields of the monitors that check one server, and which fields each type has (alertsite-v3.md, 3.6, 3.8 and 9)."""

from collections.abc import Mapping
from typing import Final

from mailtrip.api.alertsite.fields import MonitorField, given
from mailtrip.api.alertsite.list_codecs import names
from mailtrip.api.alertsite.monitor_fields import FIELDS, SERVERS
from mailtrip.api.alertsite.shared_fields import IDENTITY, KEPT, PLAN
from mailtrip.api.codecs import integer, text
from mailtrip.model import MailProtocol, MonitorType

__all__ = ["ALL_FIELDS", "CHECKS", "FIELDS_OF"]

CHECKS: Final = {
    MonitorType.SMTP: MailProtocol.SMTP,
    MonitorType.POP3: MailProtocol.POP3,
    MonitorType.IMAP: MailProtocol.IMAP,
}
"""The types that check one server, and its protocol."""

_ROUND_TRIP: Final = {field.name: field for field in FIELDS}
_SMTP_LOGIN: Final = ("smtp_tls", "smtp_auth", "smtp_username", "smtp_password", "has_smtp_password")
_CERTIFICATES: Final = ("tls_verify", "tls_ca", "certificate_warning_days")


def _hostname(protocol: MailProtocol) -> MonitorField:
    return given(
        "hostname",
        "smtp_server" if protocol is MailProtocol.SMTP else "mailbox_server",
        SERVERS[protocol],
        "The server that is checked: `host`, `host:port`, or a URL with the protocol as its scheme (an `s` behind it means "
        "implicit TLS), IPv6 in brackets.",
        example="mail.example.com",
        required=True,
    )


_PLACE: Final = (
    given(
        "port",
        "port",
        integer(1, 65535),
        "The server's port, where `hostname` does not name one; the protocol's own unless given.",
        example=2525,
        show=lambda view: view.monitor.settings.servers[0].port,
    ),
    given(
        "ipv4",
        "address",
        text(longest=15, format="ipv4"),
        "IPv4 address to connect to, so that the name is not looked up; certificates are still compared with the name.",
        example="192.0.2.25",
    ),
)
_USERNAME: Final = given(
    "username",
    "username",
    text(longest=255),
    _ROUND_TRIP["username"].about,
    example="monitor@example.com",
)
_EXPECTED: Final = given(
    "expect_capabilities",
    "capabilities",
    names(longest=100, most=20),
    "What the server is to offer, in its own words: a word, or a word with arguments. What is missing is a warning.",
    example=["STARTTLS"],
)


def _shared(*chosen: str) -> tuple[MonitorField, ...]:
    return tuple(_ROUND_TRIP[name] for name in chosen)


def _fields(protocol: MailProtocol) -> tuple[MonitorField, ...]:
    if protocol is MailProtocol.SMTP:
        login = _shared(*_SMTP_LOGIN)
    else:
        login = (*_shared("mailbox_tls", "mailbox_auth"), _USERNAME, *_shared("password", "has_password"))
    return (*IDENTITY, _hostname(protocol), *_PLACE, *login, *_shared(*_CERTIFICATES), _EXPECTED, *PLAN, *KEPT)


FIELDS_OF: Final[Mapping[MonitorType, tuple[MonitorField, ...]]] = {
    MonitorType.ROUND_TRIP: FIELDS,
    **{type_: _fields(protocol) for type_, protocol in CHECKS.items()},
}
"""The fields of each type of monitor."""

ALL_FIELDS: Final = tuple({field.name: field for fields in FIELDS_OF.values() for field in fields}.values())
"""The fields of all types, each name once."""
