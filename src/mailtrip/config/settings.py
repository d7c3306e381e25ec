"""The table of settings. It drives the loader, the options of the commands, `config show` and the reference page."""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from mailtrip.config.edge import (
    CallRate,
    Proxy,
    ProxyHeader,
    parse_call_rate,
    parse_hosts,
    parse_origins,
    parse_proxies,
)
from mailtrip.config.networks import Network, PortSpan, parse_networks, parse_ports
from mailtrip.config.providers import ProviderTable, parse_providers
from mailtrip.config.values import (
    ListenAddress,
    LogFormat,
    LogLevel,
    Parser,
    UnixAddress,
    hide_url_password,
    one_of,
    parse_database_url,
    parse_line,
    parse_listen_address,
    parse_path,
    parse_public_url,
    parse_secret,
    parse_web_url,
    whole_number,
)

__all__ = ["SETTINGS", "Secrecy", "Setting", "Settings"]


class Secrecy(Enum):
    """What of a setting is secret. A secret is never taken from the command line, which every local user can read."""

    NONE = "none"
    URL_PASSWORD = "url-password"  # noqa: S105 (no password)
    """The password in a URL."""
    WHOLE = "whole"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The values in force; numbers are in the unit that their name ends with."""

    listen: ListenAddress | UnixAddress
    public_url: str | None
    tls_cert: Path | None
    tls_key: Path | None
    hsts_seconds: int
    trusted_proxies: tuple[Proxy, ...]
    proxy_header: ProxyHeader
    allowed_hosts: tuple[str, ...]
    cors_origins: tuple[str, ...]
    rate_per_address: CallRate | None
    rate_per_user: CallRate | None
    rate_per_account: CallRate | None
    max_connections: int
    max_requests: int
    max_requests_per_client: int
    request_seconds: int
    data_dir: Path
    database: str = field(repr=False)
    secret_key: str | None = field(repr=False)
    log_level: LogLevel
    log_format: LogFormat
    keep_runs_days: int
    keep_good_transcripts_days: int
    keep_bad_transcripts_days: int
    keep_audit_days: int
    lost_after_hours: int
    max_runs: int
    max_sessions_per_host: int
    starts_per_second: int
    stop_grace_seconds: int
    allow_networks: tuple[Network, ...]
    deny_networks: tuple[Network, ...]
    allow_ports: tuple[PortSpan, ...]
    alert_relay: str | None
    alert_relay_username: str | None
    alert_relay_password: str | None = field(repr=False)
    alert_sender: str | None
    heartbeat_url: str | None = field(repr=False)
    providers: tuple[ProviderTable, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting.

    Attributes:
        name: of the field of `Settings`, and the key in the TOML file.
        default: as it would be written; None for no value. `{...}` stands for the value of a setting before it in the
            table, or for `{user_data_dir}`, the platform's place for the program's data.
        metavar: what the value is, for the help text.
    """

    name: str
    parse: Parser
    default: str | None
    help: str
    metavar: str = "TEXT"
    secrecy: Secrecy = Secrecy.NONE

    @property
    def variable(self) -> str:
        return f"MAILTRIP_{self.name.upper()}"

    @property
    def file_variable(self) -> str | None:
        """The variable that names a file with the value; secrets only."""
        return f"{self.variable}_FILE" if self.is_secret else None

    @property
    def file_key(self) -> str | None:
        """The TOML key (and parameter of the option) that names a file with the value; secrets only."""
        return f"{self.name}_file" if self.is_secret else None

    @property
    def option(self) -> str | None:
        """The option that takes the value; None for what is secret as a whole."""
        return None if self.secrecy is Secrecy.WHOLE else f"--{self.name.replace('_', '-')}"

    @property
    def file_option(self) -> str | None:
        return f"--{self.name.replace('_', '-')}-file" if self.is_secret else None

    @property
    def is_secret(self) -> bool:
        return self.secrecy is not Secrecy.NONE

    def show(self, value: object) -> str | int | None:
        """The value for people's eyes: no secret in it."""
        if value is None or isinstance(value, int):
            return value
        if isinstance(value, tuple):
            return ", ".join(map(str, value)) or None
        match self.secrecy:
            case Secrecy.WHOLE:
                return "***"
            case Secrecy.URL_PASSWORD:
                return hide_url_password(str(value))
            case Secrecy.NONE:
                return str(value)


_DAYS = whole_number(1, 36500)

SETTINGS: tuple[Setting, ...] = (
    Setting(
        name="listen",
        parse=parse_listen_address,
        default="127.0.0.1:8025",
        metavar="HOST:PORT",
        help="Where the service listens; port 0 takes a free one; unix:/path is a Unix socket.",
    ),
    Setting(
        name="public_url",
        parse=parse_public_url,
        default=None,
        metavar="URL",
        help="The service's address as people reach it, for links; without it, the listening address.",
    ),
    Setting(
        name="tls_cert",
        parse=parse_path,
        default=None,
        metavar="FILE",
        help="The certificate (PEM, with those between it and the root) to speak TLS with; without it, plain HTTP.",
    ),
    Setting(
        name="tls_key",
        parse=parse_path,
        default=None,
        metavar="FILE",
        help="The certificate's private key (PEM, not encrypted).",
    ),
    Setting(
        name="hsts_seconds",
        parse=whole_number(0, 100_000_000),
        default="31536000",
        metavar="SECONDS",
        help="For how long browsers that come over TLS are told to use nothing else for this host (HSTS); 0 tells nothing.",
    ),
    Setting(
        name="trusted_proxies",
        parse=parse_proxies,
        default="none",
        metavar="NETWORKS",
        help="Proxies whose word on the client's address counts: networks, the words loopback and private, or unix.",
    ),
    Setting(
        name="proxy_header",
        parse=one_of(ProxyHeader),
        default="x-forwarded-for",
        metavar="NAME",
        help="What these proxies write: x-forwarded-for (also -proto and -host), or forwarded (RFC 7239).",
    ),
    Setting(
        name="allowed_hosts",
        parse=parse_hosts,
        default="any",
        metavar="NAMES",
        help="Names and addresses the service may be asked by (the Host header, without port), or any.",
    ),
    Setting(
        name="cors_origins",
        parse=parse_origins,
        default="none",
        metavar="ORIGINS",
        help="Origins like https://app.example.com whose pages may call the API from a browser.",
    ),
    Setting(
        name="rate_per_address",
        parse=parse_call_rate,
        default="200:4000",
        metavar="RATE:BURST",
        help="How many calls a second an address may make, and how many at once; or none for no limit.",
    ),
    Setting(
        name="rate_per_user",
        parse=parse_call_rate,
        default="100:2000",
        metavar="RATE:BURST",
        help="How many calls a second a user may make, and how many at once; or none for no limit.",
    ),
    Setting(
        name="rate_per_account",
        parse=parse_call_rate,
        default="200:4000",
        metavar="RATE:BURST",
        help="How many calls a second an account's users may make together, and how many at once; or none for no limit.",
    ),
    Setting(
        name="max_connections",
        parse=whole_number(2, 100_000),
        default="1000",
        metavar="N",
        help="How many connections may be open to the service; an address that is no trusted proxy gets half of them at most.",
    ),
    Setting(
        name="max_requests",
        parse=whole_number(1, 100_000),
        default="500",
        metavar="N",
        help="How many requests may be under way at once.",
    ),
    Setting(
        name="max_requests_per_client",
        parse=whole_number(1, 100_000),
        default="100",
        metavar="N",
        help="How many requests of one address may be under way at once.",
    ),
    Setting(
        name="request_seconds",
        parse=whole_number(1, 3600),
        default="60",
        metavar="SECONDS",
        help="How long a request may take, until its answer has been taken.",
    ),
    Setting(
        name="data_dir",
        parse=parse_path,
        default="{user_data_dir}",
        metavar="DIR",
        help="Where the program keeps its data, by default the platform's place for it; made when it is not there.",
    ),
    Setting(
        name="database",
        parse=parse_database_url,
        default="sqlite:///{data_dir}/mailtrip.db",
        metavar="URL",
        help="sqlite:///FILE (by default mailtrip.db in the data directory) or postgresql://USER@HOST/NAME.",
        secrecy=Secrecy.URL_PASSWORD,
    ),
    Setting(
        name="secret_key",
        parse=parse_secret,
        default=None,
        metavar="KEY",
        help="The key that encrypts the stored passwords; without it, secret.key in the data directory, made at need.",
        secrecy=Secrecy.WHOLE,
    ),
    Setting(
        name="log_level",
        parse=one_of(LogLevel),
        default="info",
        metavar="LEVEL",
        help="The least important messages that are logged: debug, info, warning or error.",
    ),
    Setting(
        name="log_format",
        parse=one_of(LogFormat),
        default="auto",
        metavar="FORMAT",
        help="console, json, or auto: console on a terminal, json elsewhere.",
    ),
    Setting(
        name="keep_runs_days",
        parse=_DAYS,
        default="400",
        metavar="DAYS",
        help="How long runs are kept.",
    ),
    Setting(
        name="keep_good_transcripts_days",
        parse=_DAYS,
        default="7",
        metavar="DAYS",
        help="How long the transcripts of good runs are kept.",
    ),
    Setting(
        name="keep_bad_transcripts_days",
        parse=_DAYS,
        default="90",
        metavar="DAYS",
        help="How long the transcripts of warnings and errors are kept.",
    ),
    Setting(
        name="keep_audit_days",
        parse=_DAYS,
        default="400",
        metavar="DAYS",
        help="How long the audit log is kept.",
    ),
    Setting(
        name="lost_after_hours",
        parse=whole_number(1, 1000),
        default="24",
        metavar="HOURS",
        help="After how long a message that was not seen is given up as lost.",
    ),
    Setting(
        name="max_runs",
        parse=whole_number(1, 100_000),
        default="1000",
        metavar="N",
        help="How many runs may be under way at once.",
    ),
    Setting(
        name="max_sessions_per_host",
        parse=whole_number(1, 100_000),
        default="40",
        metavar="N",
        help="How many sessions may be open at once to one mail host; a run holds one with each of its servers.",
    ),
    Setting(
        name="starts_per_second",
        parse=whole_number(1, 100_000),
        default="100",
        metavar="N",
        help="How many runs may start in one second.",
    ),
    Setting(
        name="stop_grace_seconds",
        parse=whole_number(0, 3600),
        default="20",
        metavar="SECONDS",
        help="How long runs under way may take to finish when the service stops.",
    ),
    Setting(
        name="allow_networks",
        parse=parse_networks,
        default="none",
        metavar="NETWORKS",
        help="Where monitors may connect though it is refused by default; the words loopback, link-local, private too.",
    ),
    Setting(
        name="deny_networks",
        parse=parse_networks,
        default="none",
        metavar="NETWORKS",
        help="Where monitors may not connect; a narrower network in allow_networks is an exception.",
    ),
    Setting(
        name="allow_ports",
        parse=parse_ports,
        default="none",
        metavar="PORTS",
        help="Where monitors may connect beside the mail ports: numbers, spans like 2500-2599, or any.",
    ),
    Setting(
        name="alert_relay",
        parse=parse_line,
        default=None,
        metavar="URL",
        help="The SMTP server that takes alerts sent by mail, as smtps://host[:port] or host[:port]. It should be none of "
        "those that are watched.",
    ),
    Setting(
        name="alert_relay_username",
        parse=parse_line,
        default=None,
        metavar="NAME",
        help="The login at that server; none unless set.",
    ),
    Setting(
        name="alert_relay_password",
        parse=parse_secret,
        default=None,
        metavar="PASSWORD",
        help="The password of that login.",
        secrecy=Secrecy.WHOLE,
    ),
    Setting(
        name="alert_sender",
        parse=parse_line,
        default=None,
        metavar="ADDRESS",
        help="The address that alerts come from; by default mailtrip@ and the name of this machine.",
    ),
    Setting(
        name="heartbeat_url",
        parse=parse_web_url,
        default=None,
        metavar="URL",
        help="Asked for each minute while runs are made and alerts are sent: a dead man's switch elsewhere notices silence.",
        secrecy=Secrecy.WHOLE,
    ),
    Setting(
        name="providers",
        parse=parse_providers,
        default="[]",
        metavar="TABLES",
        help="Limits of mail providers, beside or in place of those that are known; in TOML, [[providers]] tables.",
    ),
)
