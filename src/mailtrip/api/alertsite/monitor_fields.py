"""The fields of a round-trip monitor, one row each (alertsite-v3.md, sections 3.7 to 3.9 and 9)."""

from typing import Final

from mailtrip.api.alertsite.fields import Field, MonitorField, MonitorView, given, shown_only
from mailtrip.api.alertsite.list_codecs import names
from mailtrip.api.alertsite.shared_fields import IDENTITY, KEPT, PLAN
from mailtrip.api.codecs import JSON, Script, boolean, choice, integer, nullable, text
from mailtrip.model import MailProtocol, Mechanism, TLSMode

__all__ = ["FIELDS", "HOSTNAMES", "MAILBOX_FIELDS", "PASSWORDS", "SERVERS", "TOLERATED"]

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


FIELDS: Final = (*IDENTITY, *_SENDING, *_RECEIVING, *_EXPECTATIONS, *PLAN, *KEPT)
