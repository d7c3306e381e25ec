"""Recipients as their pages show them. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from mailtrip.model import (
    AlertDelivery,
    AlertMethod,
    ContactKind,
    DeliveryState,
    PerformanceRule,
    Recipient,
    RecipientSettings,
)
from mailtrip.service.alert_log import LoggedAlert
from mailtrip.web.alert_view import LogRow, name_of, show_log
from mailtrip.web.quiet_hours import write_windows
from mailtrip.web.words import count_of

__all__ = ["MAIL", "SENT_BY", "RecipientRow", "TestView", "facts_of", "method_name", "show_recipient"]

SENT_BY: Final[Mapping[AlertMethod, str]] = {
    AlertMethod.EMAIL_HTML: "Email",
    AlertMethod.EMAIL_TEXT: "Email, text only",
    AlertMethod.EMAIL_WIRELESS: "Email, short",
    AlertMethod.WEB_SIGNED: "Webhook, signed",
    AlertMethod.WEB_JSON: "Webhook with AlertSite's fields",
    AlertMethod.WEB_POST: "Web form",
    AlertMethod.APPRISE: "Chat, push or SMS, through Apprise",
    AlertMethod.SNMP_V2C: "SNMP trap, v2c",
    AlertMethod.SNMP_V1: "SNMP trap, v1",
}
"""The methods by which alerts can be sent, and what they are called."""
MAIL: Final = frozenset(method for method in SENT_BY if method.contact is ContactKind.MAIL)
_SLOW: Final = {
    PerformanceRule.WARNING_TIME: "when they take longer than the monitor's warning time",
    PerformanceRule.PERCENTILE: "by a percentile of the last ones",
    PerformanceRule.USUAL_LEVEL: "by what is usual for the monitor",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientRow:
    """A recipient in the list; `last` is None where nothing was ever sent."""

    id: int
    name: str
    method: str
    address: str
    told_of: str
    groups: str
    last: LogRow | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TestView:
    """What became of a test alert.

    Attributes:
        is_open: whether there is more to come within moments.
        row: how it ended so far.
    """

    __test__ = False  # no test of pytest's

    is_open: bool
    row: LogRow

    @classmethod
    def of(cls, logged: LoggedAlert, recipient: Recipient, *, age: timedelta) -> "TestView":
        """The test; after a minute nobody waits for its first answer any more."""
        return cls(
            is_open=_is_first_attempt(logged.delivery) and age < timedelta(minutes=1),
            row=show_log(logged, monitors={}, recipients={recipient.id: recipient}),
        )


def method_name(method: AlertMethod) -> str:
    """How alerts get there; of what can't be sent, in the vendor's words."""
    return SENT_BY.get(method, method.text)


def show_recipient(recipient: Recipient, *, groups: Sequence[str], last: LoggedAlert | None) -> RecipientRow:
    """A line of the list; `groups` are names, `last` is the newest alert to it."""
    settings = recipient.settings
    return RecipientRow(
        id=recipient.id,
        name=name_of(recipient),
        method=method_name(settings.method),
        address=settings.address,
        told_of=_told_of(settings),
        groups=", ".join(groups),
        last=None if last is None else show_log(last, monitors={}, recipients={recipient.id: recipient}),
    )


def facts_of(recipient: Recipient, *, fallback: Recipient | None) -> list[tuple[str, str]]:
    """Names and values of what is set, without what is as usual."""
    return [(name, text) for name, text in _facts(recipient, fallback) if text]


def _facts(recipient: Recipient, fallback: Recipient | None) -> Iterable[tuple[str, str]]:
    settings = recipient.settings
    yield "By", method_name(settings.method)
    yield "To", settings.address
    yield "User name", settings.username or ""
    yield "Secret", "is stored" if recipient.has_password else ""
    yield "Is told of", _told_of(settings)
    yield "First alert", _first_alert(settings)
    yield "Most alerts", f"{settings.stop_threshold:,} while an error lasts"
    yield "Slow deliveries", _SLOW[settings.performance_rule] if settings.performance_alert else ""
    yield "Quiet hours", _quiet_hours(settings)
    yield "Daily limit", "" if settings.daily_limit is None else count_of(settings.daily_limit, "message")
    yield "Fall-back", "" if fallback is None else name_of(fallback)
    yield "Wording", "its own" if settings.subject_template or settings.text_template else ""


def _told_of(settings: RecipientSettings) -> str:
    kinds = [
        *(["errors"] if settings.availability_alert else []),
        *(["slow deliveries"] if settings.performance_alert else []),
    ]
    told = f"{' and '.join(kinds)}{', and their end' if settings.notify_on_clear else ''}" if kinds else ""
    report = "the report of each month" if settings.monthly_report else ""
    return "; ".join(part for part in (told, report) if part) or "nothing: switched off"


def _first_alert(settings: RecipientSettings) -> str:
    if settings.error_window is not None:
        return f"after {settings.start_threshold:,} of the last {settings.error_window} runs failed"
    return "at once" if settings.start_threshold == 1 else f"after {settings.start_threshold:,} errors in a row"


def _quiet_hours(settings: RecipientSettings) -> str:
    if not settings.quiet_hours:
        return ""
    return f"{'; '.join(write_windows(settings.quiet_hours).splitlines())} ({settings.time_zone})"


def _is_first_attempt(delivery: AlertDelivery | None) -> bool:
    if delivery is None or delivery.state is DeliveryState.SENDING:
        return True
    return delivery.state is DeliveryState.WAITING and delivery.attempts == 0
