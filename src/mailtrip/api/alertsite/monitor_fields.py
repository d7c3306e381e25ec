"""The fields of a round-trip monitor, one row each (alertsite-v3.md, sections 3.7 to 3.9 and 9)."""

from datetime import timedelta
from typing import Final

from mailtrip.api.alertsite.fields import Field, MonitorField, MonitorView, given, shown_only
from mailtrip.api.alertsite.list_codecs import custom_properties, locations, names
from mailtrip.api.alertsite.statuses import LAST_STATUS, show_last_status
from mailtrip.api.alertsite.times import show_time
from mailtrip.api.codecs import (
    JSON,
    LARGEST_ID,
    Script,
    boolean,
    choice,
    duration,
    identifier,
    integer,
    nullable,
    text,
)
from mailtrip.model import DEFAULT_LOCATION_ID, MailProtocol, Mechanism, Mode, MonitorType, TLSMode

__all__ = ["FIELDS", "HOSTNAMES", "IDENTITY", "KEPT", "MAILBOX_FIELDS", "PASSWORDS", "PLAN", "SERVERS", "TOLERATED"]

HOSTNAMES: Final = {MailProtocol.POP3: "pop3_hostname", MailProtocol.IMAP: "imap_hostname"}
"""The field that names the mailbox server, by its protocol. Exactly one of them has a value."""

PASSWORDS: Final = {"password": "mailbox", "smtp_password": "smtp"}
"""The write-only fields, and which of `service.monitors.Passwords` each sets."""

TOLERATED: Final = frozenset({"site_type"})
"""Foreign fields that the vendor's clients are known to send with a create (alertsite-v3.md, 3.7 and 7.11)."""

SERVERS: Final = {protocol: text(longest=300, format=f"{protocol}-server") for protocol in MailProtocol}
_ADDRESS = text(longest=254, format="email")
_LOGIN = text(longest=255)
_PASSWORD = text(longest=1024, script=Script.CREDENTIAL)
_CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBizCCATGgAwIBAgIUKgkr6VtYwJUMtp2C8SB2ORlxyhQwCgYIKoZIzj0EAwIw
GjEYMBYGA1UEAwwPRXhhbXBsZSBNYWlsIENBMCAXDTI2MTEyMzA5MzUzMFoYDzIx
MjYxMDMwMDkzNTMwWjAaMRgwFgYDVQQDDA9FeGFtcGxlIE1haWwgQ0EwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAAQMuKPnRjNKPWjvtDmncPQA2aV2jvTrq8DwYbFP
leFs8ippOkOZHxSxF3HaLVazmpb8JC4ifmf5AAtw5Xy0dkRUo1MwUTAdBgNVHQ4E
FgQUX9L50Gx8ZhTW6En5XWfNk0YknEYwHwYDVR0jBBgwFoAUX9L50Gx8ZhTW6En5
XWfNk0YknEYwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEA1vq/
4wZaFTD4XjkkfSl54+EtKcgEXZiIkcqDtgZaKuQCIEjKi6jzta93i9gxJVwpqlNY
UMV9m7QHLhYom1NGHwKD
-----END CERTIFICATE-----
"""
_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)


def _hostname(protocol: MailProtocol, about: str, example: str) -> MonitorField:
    def show(view: MonitorView) -> JSON:
        settings = view.monitor.settings
        return settings.mailbox_server if settings.mailbox_protocol is protocol else None

    return Field(
        name=HOSTNAMES[protocol],
        about=about,
        example=example,
        codec=SERVERS[protocol],
        show=show,
        returns=nullable(SERVERS[protocol].returns),
    )


def _shown_locations(view: MonitorView) -> tuple[int, ...]:
    return view.monitor.settings.location_ids or (DEFAULT_LOCATION_ID,)


def _show_locations(view: MonitorView) -> JSON:
    return [{"id": each, "name": view.location_names.get(each)} for each in _shown_locations(view)]


IDENTITY = (
    shown_only(
        "id",
        lambda view: view.monitor.id,
        {"type": "integer", "minimum": 1, "maximum": LARGEST_ID},
        "The monitor's number.",
        example=100001,
    ),
    shown_only(
        "type",
        lambda view: str(view.monitor.settings.type),
        {"type": "string", "enum": [str(word) for word in MonitorType]},
        "What kind of monitor it is.",
        example="email-round-trip",
    ),
    given(
        "name",
        "name",
        text(longest=255),
        "What people call the monitor; need not be unique.",
        example="Round-Trip Email Monitor",
        required=True,
    ),
    given(
        "billing_plancode",
        "plan_code",
        text(longest=64),
        "The vendor's plan code. Any code is taken and kept as it was sent.",
        example="UBM - A/A",
        required=True,
    ),
    given(
        "note",
        "note",
        text(shortest=0, longest=255, script=Script.LINES, cut=True),
        "A note for people. Longer than 255 characters: cut.",
        example="Owned by the mail team.",
    ),
    given(
        "alert_note",
        "alert_note",
        text(shortest=0, longest=1000, script=Script.LINES, cut=True),
        "A note that alerts carry. Longer than 1000 characters: cut.",
        example="Call the mail team.",
    ),
    given(
        "custom_properties",
        "custom_properties",
        custom_properties(),
        "Properties that have a value, replaced as a whole.",
        example=[{"id": 228, "name": "Environment", "value": "Development", "value_id": 550}],
    ),
)

_SENDING: tuple[MonitorField, ...] = (
    given(
        "email",
        "email",
        _ADDRESS,
        "One address (RFC 5321, also UTF-8): where the test message goes.",
        example="roundtrip@example.com",
        required=True,
    ),
    given(
        "email_from",
        "sender",
        _ADDRESS,
        "The test message's sender; `email` unless given.",
        example="monitor@example.com",
        show=lambda view: view.monitor.settings.sender or view.monitor.settings.email,
    ),
    given(
        "smtp_hostname",
        "smtp_server",
        SERVERS[MailProtocol.SMTP],
        "The server that takes the message: `host`, `host:port`, `smtp://host[:port]` or `smtps://host[:port]`, IPv6 "
        "in brackets; ports 25 and 465 unless given.",
        example="smtps://smtp.example.com:465",
        required=True,
    ),
    given(
        "smtp_tls",
        "smtp_tls",
        choice(TLSMode),
        "How the SMTP connection becomes encrypted. `auto`: `smtps` is implicit TLS, else STARTTLS when offered.",
        example="auto",
    ),
    given(
        "smtp_auth",
        "smtp_mechanism",
        choice(Mechanism, but={Mechanism.APOP}),
        "How to log in to the SMTP server. `auto`: the strongest mechanism both sides know.",
        example="auto",
    ),
    given(
        "smtp_username",
        "smtp_username",
        _LOGIN,
        "Login name for the SMTP server; no login unless given.",
        example="monitor",
    ),
    Field(
        name="smtp_password",
        codec=_PASSWORD,
        about="Password for the SMTP server. Never shown again; null removes it.",
        example="correct horse",
    ),
    shown_only(
        "has_smtp_password",
        lambda view: view.monitor.has_smtp_password,
        {"type": "boolean"},
        "Whether a password for the SMTP server is kept.",
        example=False,
    ),
)

MAILBOX_FIELDS: Final = (
    _hostname(
        MailProtocol.POP3,
        "The mailbox's POP3 server: `host`, `host:port`, `pop3://` or `pop3s://`; ports 110 and 995 unless given. "
        "Exactly one of `pop3_hostname` and `imap_hostname` has a value; setting one clears the other.",
        "pop3s://mail.example.com:995",
    ),
    _hostname(
        MailProtocol.IMAP,
        "The mailbox's IMAP server: `host`, `host:port`, `imap://` or `imaps://`; ports 143 and 993 unless given. "
        "Exactly one of `pop3_hostname` and `imap_hostname` has a value; setting one clears the other.",
        "imaps://mail.example.com:993",
    ),
)

_RECEIVING: tuple[MonitorField, ...] = (
    *MAILBOX_FIELDS,
    given(
        "mailbox_tls",
        "mailbox_tls",
        choice(TLSMode),
        "How the mailbox connection becomes encrypted. `auto`: `pop3s` and `imaps` are implicit TLS, else STARTTLS "
        "when offered.",
        example="auto",
    ),
    given(
        "mailbox_auth",
        "mailbox_mechanism",
        choice(Mechanism),
        "How to log in to the mailbox; `apop` is for POP3 only. `auto`: the strongest mechanism both sides know.",
        example="auto",
    ),
    given(
        "username",
        "username",
        _LOGIN,
        "Login name of the mailbox. Unless given, a round trip takes `email`, and a check logs nobody in.",
        example="roundtrip@example.com",
        show=lambda view: view.monitor.settings.username or view.monitor.settings.email,
    ),
    Field(
        name="password",
        codec=_PASSWORD,
        about="Password of the mailbox. Never shown again; null removes it.",
        example="correct horse",
    ),
    shown_only(
        "has_password",
        lambda view: view.monitor.has_password,
        {"type": "boolean"},
        "Whether a password of the mailbox is kept.",
        example=True,
    ),
    given(
        "tls_verify",
        "tls_verify",
        boolean(),
        "Whether a certificate that does not verify fails the run. It is reported in both cases.",
        example=True,
    ),
    given(
        "tls_ca",
        "tls_ca",
        text(longest=262_144, script=Script.LINES, format="pem-bundle"),
        "PEM bundle of your own CA, used instead of the system's.",
        example=_CERTIFICATE,
    ),
)

_EXPECTATIONS = (
    given(
        "folders",
        "folders",
        names(longest=255),
        "Folders that are looked into beside the inbox and the spam folder, by name (IMAP only).",
        example=[],
    ),
    given(
        "expect_spf",
        "expect_spf",
        boolean(),
        "Whether it is a warning when the receiving side does not find SPF to pass.",
        example=False,
    ),
    given(
        "expect_dkim",
        "expect_dkim",
        boolean(),
        "Whether it is a warning when the receiving side does not find DKIM to pass.",
        example=False,
    ),
    given(
        "expect_dmarc",
        "expect_dmarc",
        boolean(),
        "Whether it is a warning when the receiving side does not find DMARC to pass.",
        example=False,
    ),
    given(
        "certificate_warning_days",
        "certificate_days",
        integer(0, 365),
        "Days; a certificate that ends sooner is a warning. 0 for never.",
        example=14,
    ),
)

PLAN = (
    given(
        "interval",
        "interval",
        duration(1, 1440, unit=_MINUTE),
        "Minutes from one run to the next.",
        example=15,
    ),
    given(
        "timeout",
        "timeout",
        duration(5, 300, unit=_SECOND),
        "Seconds a whole run may take; must be below the interval. The smaller of 300 and the interval less 10 s "
        "unless given.",
        example=300,
        show=lambda view: int(view.monitor.settings.run_timeout.total_seconds()),
    ),
    given(
        "warning_time",
        "warning_time",
        duration(1, 300, unit=_SECOND),
        "Seconds; a delivery, or an answer to a check, slower than this is a warning. Never unless given.",
        example=60,
    ),
    given("enabled", "enabled", boolean(), "Whether runs are made.", example=True),
    given("notify_on_error", "notify_on_error", boolean(), "Whether errors raise alerts.", example=True),
    given(
        "local_retry",
        "local_retry",
        boolean(),
        "Whether an error is checked once more, at once, before it counts; a good second run makes it a warning.",
        example=True,
    ),
    given(
        "locations",
        "location_ids",
        locations(),
        "Where runs are made from, replaced as a whole; the default location unless given.",
        example=[{"id": 10, "name": "Local"}],
        show=_show_locations,
    ),
    given(
        "home_location",
        "home_location_id",
        identifier(),
        "The primary location's number; the first of `locations` unless given.",
        example=10,
        show=lambda view: view.monitor.settings.home_location_id or _shown_locations(view)[0],
    ),
    given(
        "mode",
        "mode",
        choice(Mode),
        "Monitoring mode: which locations run, and when an error of one counts.",
        example="Primary",
    ),
    given(
        "monitor_location_count",
        "locations_per_run",
        integer(1, 1000),
        "How many of the locations take part in each run where they rotate; all unless given.",
        example=1,
    ),
    given(
        "rotate_locations",
        "rotate_locations",
        boolean(),
        "Whether each run uses the next locations of the pool instead of all. In mode `Primary` all take part in any case.",
        example=False,
    ),
)

KEPT = (
    shown_only(
        "blackout_ids",
        lambda view: [str(each) for each in view.blackout_ids],
        {"type": "array", "items": {"type": "string"}},
        "Numbers of the monitor's blackouts, of types `Monitor` and `Alert`, past ones too.",
        example=["100001"],
    ),
    shown_only(
        "access_type",
        lambda view: "Edit" if view.may_edit else "View",
        {"type": "string", "enum": ["View", "Edit"]},
        "What you may do with the monitor.",
        example="Edit",
    ),
    shown_only(
        "date_added",
        lambda view: show_time(view.monitor.created_at),
        {"type": "string", "format": "date-time"},
        "When the monitor was made (UTC).",
        example="2026-01-31T12:00:00Z",
    ),
    shown_only(
        "date_modified",
        lambda view: show_time(view.monitor.modified_at),
        {"type": "string", "format": "date-time"},
        "When the monitor was last changed (UTC).",
        example="2026-01-31T12:00:00Z",
    ),
    shown_only(
        "last_status",
        lambda view: show_last_status(view.standing),
        LAST_STATUS,
        "The last run that finished; null before the first.",
        example=None,
    ),
)

FIELDS: Final = (*IDENTITY, *_SENDING, *_RECEIVING, *_EXPECTATIONS, *PLAN, *KEPT)
