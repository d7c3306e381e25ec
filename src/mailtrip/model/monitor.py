"""A monitor: what is to be sent where, how often, and how it is judged."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from mailtrip.model.server import MailProtocol, Mechanism, Server, TLSMode, parse_server

__all__ = ["CustomProperty", "Mode", "Monitor", "MonitorSettings", "MonitorType"]


class MonitorType(StrEnum):
    """A round trip, or a check of one server, which sends nothing and touches no message."""

    ROUND_TRIP = "email-round-trip"
    SMTP = "email-smtp"
    POP3 = "email-pop"
    IMAP = "email-imap"


class Mode(StrEnum):
    """Monitoring mode: which locations run, and when an error of one counts (alertsite-v3.md, 5.3)."""

    PRIMARY = "Primary"
    GLOBAL_NOTIFY = "Global Notify"
    GLOBAL_VERIFY = "Global Verify"
    ROUND_ROBIN = "Round Robin"
    SLA = "SLA (MultiPOP)"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomProperty:
    id: int
    name: str | None = None
    value: str | None = None
    value_id: int | None = None


_LONGEST_TIMEOUT = timedelta(seconds=300)
_TIMEOUT_MARGIN = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorSettings:
    """What an owner sets. Field rules are those of alertsite-v3.md, section 9; `service.monitors` checks them.

    Which of them are there depends on the type: a check has one server, `smtp_server` or `mailbox_server`, with what
    belongs to it, and no message; the texts that it has no use for are empty.

    Attributes:
        plan_code: the vendor's billing code, kept as it was sent.
        smtp_server: as it was written; `smtp` has it parsed.
        mailbox_server: as it was written; `mailbox` has it parsed.
        port: of a check's server, where its text leaves the port open; None for the protocol's.
        address: IPv4 address of a check's server, so that its name is not looked up.
        username: mailbox login; None means `email`, and no login at all for a check.
        sender: envelope and header sender; None means `email`.
        timeout: of the whole run; None means the default that follows from the interval.
        warning_time: a delivery, or an answer, slower than this is a warning; None for never.
        folders: looked into beside the inbox and the spam folder (IMAP), by their names.
        expect_spf: that the receiving side finds SPF to pass is expected, otherwise there is a warning; likewise
            `expect_dkim` and `expect_dmarc`.
        certificate_days: a certificate that ends sooner is a warning; 0 for never.
        capabilities: what a check expects the server to offer, in its own words (`STARTTLS`, `AUTH PLAIN`, `IDLE`),
            otherwise there is a warning.
        tags: words that people sort monitors by, each once whatever its case.
        location_ids: empty means the account's default location.
    """

    type: MonitorType = MonitorType.ROUND_TRIP
    name: str
    plan_code: str
    email: str = ""
    smtp_server: str = ""
    smtp_tls: TLSMode = TLSMode.AUTO
    smtp_username: str | None = None
    smtp_mechanism: Mechanism = Mechanism.AUTO
    mailbox_protocol: MailProtocol = MailProtocol.POP3
    mailbox_server: str = ""
    mailbox_tls: TLSMode = TLSMode.AUTO
    username: str | None = None
    mailbox_mechanism: Mechanism = Mechanism.AUTO
    port: int | None = None
    address: str | None = None
    sender: str | None = None
    tls_verify: bool = True
    tls_ca: str | None = field(default=None, repr=False)
    interval: timedelta = timedelta(minutes=15)
    timeout: timedelta | None = None
    warning_time: timedelta | None = None
    enabled: bool = True
    notify_on_error: bool = True
    local_retry: bool = True
    location_ids: tuple[int, ...] = ()
    home_location_id: int | None = None
    mode: Mode = Mode.PRIMARY
    locations_per_run: int | None = None
    rotate_locations: bool = False
    folders: tuple[str, ...] = ()
    expect_spf: bool = False
    expect_dkim: bool = False
    expect_dmarc: bool = False
    certificate_days: int = 14
    capabilities: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    note: str | None = None
    alert_note: str | None = None
    custom_properties: tuple[CustomProperty, ...] = ()

    @property
    def run_timeout(self) -> timedelta:
        """The timeout in force: the one set, else the smaller of 300 s and the interval less 10 s."""
        return self.timeout or min(_LONGEST_TIMEOUT, self.interval - _TIMEOUT_MARGIN)

    @property
    def sends_message(self) -> bool:
        """Whether a run sends a message; a check never does."""
        return self.type is MonitorType.ROUND_TRIP

    @property
    def servers(self) -> tuple[Server, ...]:
        """The servers that a run connects to."""
        match self.type:
            case MonitorType.ROUND_TRIP:
                return (self.smtp, self.mailbox)
            case MonitorType.SMTP:
                return (self.smtp,)
            case MonitorType.POP3 | MonitorType.IMAP:
                return (self.mailbox,)

    @property
    def smtp(self) -> Server:
        """The SMTP server; raises ValueError where there is none, or a malformed one, which a stored one never is."""
        return self._parse(self.smtp_server, MailProtocol.SMTP, self.smtp_tls)

    @property
    def mailbox(self) -> Server:
        """The mailbox server; raises ValueError as `smtp` does."""
        return self._parse(self.mailbox_server, self.mailbox_protocol, self.mailbox_tls)

    def _parse(self, text: str, protocol: MailProtocol, tls: TLSMode) -> Server:
        return parse_server(
            text,
            protocol,
            tls=tls,
            tls_verify=self.tls_verify,
            tls_ca=self.tls_ca,
            port=self.port,
            address=self.address,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """A stored monitor. Its passwords are not here: only `service` unseals them, for a run.

    Attributes:
        revision: grows by one with each change, also of the list of its blackouts; not with its runs.
    """

    id: int
    account_id: int
    settings: MonitorSettings
    has_password: bool
    has_smtp_password: bool
    created_at: datetime
    modified_at: datetime
    revision: int = 1
