"""The fields of the form that makes and changes monitors, one row each."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mailtrip.model import MailProtocol, Mechanism, MonitorType, TLSMode

__all__ = ["FIELDS", "LOGIN", "Group", "Kind", "Login", "MonitorField", "fields_of"]


class Kind(StrEnum):
    """What a field holds, and how it is shown."""

    LINE = "line"
    ADDRESS = "address"
    SERVER = "server"
    PASSWORD = "password"  # noqa: S105  # a kind, no password
    MINUTES = "minutes"
    SECONDS = "seconds"
    DAYS = "days"
    CHOICE = "choice"
    YES = "yes"
    LINES = "lines"
    """A text of several lines."""
    NAMES = "names"
    """One name a line."""
    WORDS = "words"
    """Words in one line, with commas between them."""


class Group(StrEnum):
    """Where a field stands."""

    MAILBOX = "mailbox"
    SERVERS = "servers"
    SENDING = "sending"
    PLAN = "plan"
    DETAILS = "details"


class Login(StrEnum):
    """How a round trip logs in to the SMTP server."""

    SAME = "same"
    OWN = "own"
    NONE = "none"


LOGIN: Final = "smtp_login"
"""The field that takes a `Login`; it is none of `MonitorSettings`."""

_ROUND_TRIP: Final = frozenset({MonitorType.ROUND_TRIP})
_ALL: Final = frozenset(MonitorType)
_SENDS: Final = frozenset({MonitorType.ROUND_TRIP, MonitorType.SMTP})
_READS: Final = _ALL - {MonitorType.SMTP}


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorField:
    """A field.

    Attributes:
        name: that of `MonitorSettings`, `password`, `smtp_password`, or `LOGIN`.
        types: the monitors that have it.
        choices: words with what they mean, for `Kind.CHOICE`.
        is_short: whether it shares a line with another.
    """

    name: str
    label: str
    kind: Kind
    group: Group
    types: frozenset[MonitorType] = _ALL
    hint: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    is_short: bool = False


_TLS: Final = (
    (TLSMode.AUTO.value, "automatic: STARTTLS where it is offered"),
    (TLSMode.IMPLICIT.value, "from the start"),
    (TLSMode.STARTTLS.value, "STARTTLS, which must be offered"),
    (TLSMode.NONE.value, "none"),
)


def _mechanisms(but: Iterable[Mechanism] = ()) -> tuple[tuple[str, str], ...]:
    kept = [each for each in Mechanism if each not in {Mechanism.AUTO, *but}]
    return (
        (Mechanism.AUTO.value, "the strongest that both sides know"),
        *((each.value, each.upper()) for each in kept),
    )


FIELDS: Final = (
    MonitorField(
        name="email",
        label="Email address",
        kind=Kind.ADDRESS,
        group=Group.MAILBOX,
        types=_ROUND_TRIP,
        hint="Test messages go there. Best is a mailbox of its own; mail of others in it is left alone.",
    ),
    MonitorField(
        name="password",
        label="Password",
        kind=Kind.PASSWORD,
        group=Group.MAILBOX,
        types=_ROUND_TRIP,
        hint="Of the mailbox. Where the provider asks for a second factor, an app password.",
    ),
    MonitorField(
        name="mailbox_protocol",
        label="Read over",
        kind=Kind.CHOICE,
        group=Group.SERVERS,
        types=_ROUND_TRIP,
        choices=((MailProtocol.IMAP.value, "IMAP"), (MailProtocol.POP3.value, "POP3")),
    ),
    MonitorField(
        name="mailbox_server",
        label="Mailbox server",
        kind=Kind.SERVER,
        group=Group.SERVERS,
        types=_READS,
        hint="Such as imaps://mail.example.com or pop3s://mail.example.com; a port may follow.",
    ),
    MonitorField(
        name="username",
        label="User name",
        kind=Kind.LINE,
        group=Group.SERVERS,
        types=_ROUND_TRIP,
        hint="Of the mailbox, if it is not the address.",
    ),
    MonitorField(
        name="username",
        label="User name",
        kind=Kind.LINE,
        group=Group.SERVERS,
        types=_READS - _ROUND_TRIP,
        hint="Without one, nobody is logged in.",
    ),
    MonitorField(
        name="password",
        label="Password",
        kind=Kind.PASSWORD,
        group=Group.SERVERS,
        types=_READS - _ROUND_TRIP,
        hint="With a user name only.",
    ),
    MonitorField(
        name="smtp_server",
        label="SMTP server",
        kind=Kind.SERVER,
        group=Group.SENDING,
        types=_SENDS,
        hint="It takes the test message. Such as smtps://mail.example.com or smtp://mail.example.com:587.",
    ),
    MonitorField(
        name=LOGIN,
        label="Its login",
        kind=Kind.CHOICE,
        group=Group.SENDING,
        types=_ROUND_TRIP,
        choices=(
            (Login.SAME.value, "the mailbox's user name and password"),
            (Login.OWN.value, "another one"),
            (Login.NONE.value, "none"),
        ),
    ),
    MonitorField(
        name="smtp_username",
        label="SMTP user name",
        kind=Kind.LINE,
        group=Group.SENDING,
        types=_SENDS,
        is_short=True,
    ),
    MonitorField(
        name="smtp_password",
        label="SMTP password",
        kind=Kind.PASSWORD,
        group=Group.SENDING,
        types=_SENDS,
        is_short=True,
    ),
    MonitorField(
        name="sender",
        label="Sender of the test message",
        kind=Kind.ADDRESS,
        group=Group.SENDING,
        types=_ROUND_TRIP,
        hint="The address above, unless you give another.",
    ),
    MonitorField(
        name="name",
        label="Name",
        kind=Kind.LINE,
        group=Group.PLAN,
        hint="What people call the monitor.",
    ),
    MonitorField(
        name="tags",
        label="Tags",
        kind=Kind.WORDS,
        group=Group.PLAN,
        hint="Words to find monitors by in the overview, with commas between them.",
    ),
    MonitorField(name="interval", label="Run every", kind=Kind.MINUTES, group=Group.PLAN, is_short=True),
    MonitorField(
        name="warning_time",
        label="Slow from",
        kind=Kind.SECONDS,
        group=Group.PLAN,
        hint="Empty: never.",
        is_short=True,
    ),
    MonitorField(name="enabled", label="Enabled: runs are made", kind=Kind.YES, group=Group.PLAN),
    MonitorField(
        name="timeout",
        label="Timeout of a run",
        kind=Kind.SECONDS,
        group=Group.DETAILS,
        hint="Below the interval. Empty: as long as possible, 300 seconds at most.",
        is_short=True,
    ),
    MonitorField(
        name="certificate_days",
        label="Warn of certificates that end within",
        kind=Kind.DAYS,
        group=Group.DETAILS,
        hint="0: never.",
        is_short=True,
    ),
    MonitorField(
        name="mailbox_tls",
        label="TLS of the mailbox",
        kind=Kind.CHOICE,
        group=Group.DETAILS,
        types=_READS,
        choices=_TLS,
        is_short=True,
    ),
    MonitorField(
        name="smtp_tls",
        label="TLS of SMTP",
        kind=Kind.CHOICE,
        group=Group.DETAILS,
        types=_SENDS,
        choices=_TLS,
        is_short=True,
    ),
    MonitorField(
        name="mailbox_mechanism",
        label="Login to the mailbox by",
        kind=Kind.CHOICE,
        group=Group.DETAILS,
        types=_READS,
        choices=_mechanisms(),
        is_short=True,
    ),
    MonitorField(
        name="smtp_mechanism",
        label="Login to SMTP by",
        kind=Kind.CHOICE,
        group=Group.DETAILS,
        types=_SENDS,
        choices=_mechanisms({Mechanism.APOP}),
        is_short=True,
    ),
    MonitorField(
        name="folders",
        label="Folders to look into",
        kind=Kind.NAMES,
        group=Group.DETAILS,
        types=_ROUND_TRIP,
        hint="Beside the inbox and the spam folder, one a line. IMAP only.",
    ),
    MonitorField(
        name="tls_verify", label="A certificate that does not verify fails the run", kind=Kind.YES, group=Group.DETAILS
    ),
    MonitorField(
        name="local_retry",
        label="Check an error once more, at once, before it counts",
        kind=Kind.YES,
        group=Group.DETAILS,
    ),
    MonitorField(name="notify_on_error", label="Errors raise alerts", kind=Kind.YES, group=Group.DETAILS),
    MonitorField(
        name="expect_spf", label="Warn unless SPF passes", kind=Kind.YES, group=Group.DETAILS, types=_ROUND_TRIP
    ),
    MonitorField(
        name="expect_dkim", label="Warn unless DKIM passes", kind=Kind.YES, group=Group.DETAILS, types=_ROUND_TRIP
    ),
    MonitorField(
        name="expect_dmarc", label="Warn unless DMARC passes", kind=Kind.YES, group=Group.DETAILS, types=_ROUND_TRIP
    ),
    MonitorField(
        name="note", label="Note", kind=Kind.LINES, group=Group.DETAILS, hint="For people; 255 characters are kept."
    ),
    MonitorField(
        name="alert_note",
        label="Note in alerts",
        kind=Kind.LINES,
        group=Group.DETAILS,
        hint="What to do, for whoever is told; 1,000 characters are kept.",
    ),
)


def fields_of(type_: MonitorType) -> tuple[MonitorField, ...]:
    """Those that a monitor of the type has."""
    return tuple(each for each in FIELDS if type_ in each.types)
