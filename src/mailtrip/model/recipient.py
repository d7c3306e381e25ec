"""Who is told of an error, and how: recipients, and the groups that route errors to them (alertsite-v3.md, 4.2, 4.3)."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, IntEnum, StrEnum, auto
from typing import Final

from mailtrip.model.blackout import WeeklyWindow

__all__ = [
    "HIDDEN_PATH",
    "AlertMethod",
    "AlertType",
    "ContactKind",
    "PerformanceRule",
    "Recipient",
    "RecipientGroup",
    "RecipientGroupSettings",
    "RecipientSettings",
    "SecretKind",
    "shown_address",
]

HIDDEN_PATH: Final = "/***"
"""What stands for path, query and fragment of a web address where it is shown."""

# RFC 3986, appendix B; user information, which has fields of its own, is left out.
_URL: Final = re.compile(r"(?P<scheme>[^:/?#]+)://(?:[^/?#]*@)?(?P<place>[^/?#]*)(?P<rest>.*)\Z", re.DOTALL)


class AlertType(StrEnum):
    """What an alert is about."""

    AVAILABILITY = "Availability"
    PERFORMANCE = "Performance"


class ContactKind(Enum):
    """What the address of a recipient is."""

    MAIL = auto()
    NUMBER = auto()
    """Of a telephone or a pager."""
    HOST = auto()
    URL = auto()
    SERVICE = auto()
    """The word with which an Apprise URL begins."""


class SecretKind(Enum):
    """What the password of a recipient is."""

    LOGIN = auto()
    """Of Basic authentication, with the user name."""
    COMMUNITY = auto()
    """Of SNMP traps."""
    SIGNING = auto()
    """Signs what is sent: `whsec_` and base64."""
    APPRISE = auto()
    """The Apprise URL, which says where to and with which keys."""


class AlertMethod(IntEnum):
    """How an alert gets to its recipient, with the vendor's numbers; those from 101 on are ours."""

    EMAIL_TEXT = 1
    TEXT_PAGER = 2
    NUMERIC_PAGER_PAUSE = 3
    EMAIL_WIRELESS = 4
    NUMERIC_PAGER_QUIET = 5
    SMS = 6
    SNMP_V1 = 8
    SNMP_V2C = 9
    WEB_POST = 10
    TELEPHONE = 11
    EMAIL_HTML = 12
    PAGERDUTY = 14
    SPLUNK = 15
    WEB_JSON = 16
    SERVICENOW = 17
    WEB_SIGNED = 101
    APPRISE = 102

    @property
    def text(self) -> str:
        """The method in the vendor's words."""
        return _TEXTS[self]

    @property
    def contact(self) -> ContactKind:
        """What its address is."""
        match self:
            case AlertMethod.EMAIL_TEXT | AlertMethod.EMAIL_WIRELESS | AlertMethod.EMAIL_HTML:
                return ContactKind.MAIL
            case AlertMethod.SNMP_V1 | AlertMethod.SNMP_V2C:
                return ContactKind.HOST
            case (
                AlertMethod.WEB_POST
                | AlertMethod.PAGERDUTY
                | AlertMethod.SPLUNK
                | AlertMethod.WEB_JSON
                | AlertMethod.SERVICENOW
                | AlertMethod.WEB_SIGNED
            ):
                return ContactKind.URL
            case AlertMethod.APPRISE:
                return ContactKind.SERVICE
            case _:
                return ContactKind.NUMBER

    @property
    def secret(self) -> SecretKind | None:
        """What its password is; None where it takes none."""
        if self is AlertMethod.WEB_SIGNED:
            return SecretKind.SIGNING
        match self.contact:
            case ContactKind.URL:
                return SecretKind.LOGIN
            case ContactKind.HOST:
                return SecretKind.COMMUNITY
            case ContactKind.SERVICE:
                return SecretKind.APPRISE
            case _:
                return None


_TEXTS = {
    AlertMethod.EMAIL_TEXT: "E-mail (text format)",
    AlertMethod.TEXT_PAGER: "Alphanumeric (text) pager",
    AlertMethod.NUMERIC_PAGER_PAUSE: "Numeric pager (pause after dial method)",
    AlertMethod.EMAIL_WIRELESS: "E-mail to wireless device",
    AlertMethod.NUMERIC_PAGER_QUIET: "Numeric pager (wait for quiet method)",
    AlertMethod.SMS: "SMS message",
    AlertMethod.SNMP_V1: "SNMP trap (snmpv1)",
    AlertMethod.SNMP_V2C: "SNMP trap (snmpv2c)",
    AlertMethod.WEB_POST: "POST request to web server",
    AlertMethod.TELEPHONE: "Telephone message (voip)",
    AlertMethod.EMAIL_HTML: "E-mail (HTML format)",
    AlertMethod.PAGERDUTY: "PagerDuty",
    AlertMethod.SPLUNK: "Splunk",
    AlertMethod.WEB_JSON: "POST JSON request to web server",
    AlertMethod.SERVICENOW: "ServiceNow",
    AlertMethod.WEB_SIGNED: "Signed POST JSON request to web server",
    AlertMethod.APPRISE: "Apprise",
}


class PerformanceRule(StrEnum):
    """By what a recipient takes deliveries for slow."""

    WARNING_TIME = "warning-time"
    """`start_threshold` deliveries in a row took longer than the monitor's warning time."""
    PERCENTILE = "percentile"
    """A percentile of the last deliveries is above the monitor's warning time."""
    USUAL_LEVEL = "usual-level"
    """The median of the last deliveries is far above what is usual for the monitor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientSettings:
    """What an owner sets; `service.recipient_rules` checks it.

    Attributes:
        name: for people; None means the address.
        address: what the method wants: see `AlertMethod.contact`. Of a URL that is stored it is what `shown_address`
            leaves, as the rest may be a key; the whole of it is sealed, and there while an alert is sent.
        username: for Basic authentication; None for none.
        performance_alert_type: a number of the vendor's without a known meaning; kept as it was given.
        performance_percentile: per cent of the last deliveries that must not be too slow, for rule `PERCENTILE`.
        performance_window: how many deliveries rules `PERCENTILE` and `USUAL_LEVEL` look at.
        start_threshold: errors before the first alert: in a row, or among the last `error_window` runs.
        stop_threshold: most consecutive alerts while an error lasts.
        error_window: of so many runs the errors are counted, in any order; None counts errors in a row.
        notify_on_clear: whether the end of an error is told.
        fallback_id: the recipient that is told where this one can't be; None for none.
        subject_template: of the subject of its alerts; None for the usual one. `alerts.template` says what it may have.
        text_template: likewise, of their text.
        quiet_hours: when only what is urgent is told, by the clocks of `time_zone`; the rest is told afterwards.
        time_zone: an IANA name.
        daily_limit: most messages of a day; what else comes is told the next day. None for any number.
        monthly_report: whether the report of each month comes by mail.
        attach_screen_capture: kept for the vendor's scripts, as are `attach_server_response` and `remote_commands`.
    """

    name: str | None = None
    method: AlertMethod
    address: str = field(repr=False)
    username: str | None = None
    availability_alert: bool = True
    performance_alert: bool = False
    performance_alert_type: int = 20
    repeat_performance_alerts: bool = False
    performance_rule: PerformanceRule = PerformanceRule.WARNING_TIME
    performance_percentile: int = 95
    performance_window: int = 12
    notify_on_clear: bool = False
    start_threshold: int = 1
    stop_threshold: int = 10
    error_window: int | None = None
    fallback_id: int | None = None
    subject_template: str | None = None
    text_template: str | None = None
    quiet_hours: tuple[WeeklyWindow, ...] = ()
    time_zone: str = "UTC"
    daily_limit: int | None = None
    monthly_report: bool = False
    attach_screen_capture: bool = False
    attach_server_response: bool = False
    remote_commands: bool = False


def shown_address(method: AlertMethod, address: str) -> str:
    """The address as everybody may see it: of a URL scheme, host and port, as all else may be a key.

    What is shown already comes out as it is.
    """
    if method.contact is not ContactKind.URL:
        return address
    parts = _URL.match(address)
    if parts is None:
        return HIDDEN_PATH
    rest = parts["rest"] if parts["rest"] in {"", "/"} else HIDDEN_PATH
    return f"{parts['scheme']}://{parts['place']}{rest}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A stored recipient. Its password is not here.

    Attributes:
        revision: grows by one with each change, also of its groups and blackouts.
    """

    id: int
    account_id: int
    settings: RecipientSettings
    has_password: bool
    created_at: datetime
    modified_at: datetime
    revision: int = 1

    @property
    def shown_name(self) -> str:
        return self.settings.name or self.settings.address


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientGroupSettings:
    """Which errors of which monitors go to which recipients.

    A monitor that is in any group alerts the recipients of its groups only; one that is in none alerts those of the
    default group, and all recipients of the account where there is no default group.

    Attributes:
        is_default: at most one group of an account is.
        monitor_ids: in no order, each once; likewise `recipient_ids`.
        status_codes: only errors with these statuses; empty for all errors.
        is_urgent: whether what it tells does not wait for the end of quiet hours, nor for the next day; notices and slow
            deliveries only where `status_codes` name them.
        escalate_after: how long after its message nobody has to have acknowledged it, for others to be told; None for never.
        escalate_to: the recipients that are told then.
        escalate_to_groups: the groups whose recipients are told then, those that are in them by that time.
    """

    name: str
    is_default: bool = False
    monitor_ids: tuple[int, ...]
    recipient_ids: tuple[int, ...]
    status_codes: tuple[int, ...] = ()
    is_urgent: bool = False
    escalate_after: timedelta | None = None
    escalate_to: tuple[int, ...] = ()
    escalate_to_groups: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientGroup:
    """A stored group.

    Once its last monitor or recipient was removed, its list of them is empty, and the group counts for nothing: where
    it has no recipients, its monitors alert as if it were not there.

    Attributes:
        revision: grows by one with each change, also of the names of its monitors and recipients.
    """

    id: int
    account_id: int
    settings: RecipientGroupSettings
    created_at: datetime
    modified_at: datetime
    revision: int = 1
