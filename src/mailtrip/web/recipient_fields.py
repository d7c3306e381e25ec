"""The fields of the form that makes and changes recipients, one row each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from mailtrip.model import AlertMethod, ContactKind, PerformanceRule, SecretKind
from mailtrip.web.recipient_view import MAIL, SENT_BY

__all__ = ["PASSWORD", "Group", "Kind", "RecipientField", "fields_of"]

PASSWORD: Final = "password"  # noqa: S105  # a name, no password


class Kind(StrEnum):
    """What a field holds, and how it is shown."""

    LINE = "line"
    ADDRESS = "address"
    PASSWORD = "password"  # noqa: S105  # a kind, no password
    NUMBER = "number"
    CHOICE = "choice"
    YES = "yes"
    LINES = "lines"


class Group(StrEnum):
    """Where a field stands: what is usual first, each of the others in a fold of this name."""

    WHERE = "Where to"
    WHAT = "What it is told"
    WHEN = "When it is told of errors"
    SLOW = "When deliveries are slow"
    QUIET = "Quiet hours and daily limit"
    FALLBACK = "When it can't be told"
    WORDING = "Wording"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientField:
    """A field.

    Attributes:
        name: that of `RecipientSettings`, or `PASSWORD`.
        choices: words with what they mean, for `Kind.CHOICE`.
        unit: of a number.
        is_required: whether a number must be there; empty is none otherwise.
        is_short: whether it shares a line with another.
    """

    name: str
    label: str
    kind: Kind
    group: Group
    hint: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    unit: str = ""
    is_required: bool = True
    is_short: bool = False


_ADDRESSES: Final = {
    ContactKind.MAIL: RecipientField(
        name="address",
        label="Email address",
        kind=Kind.ADDRESS,
        group=Group.WHERE,
        hint="Best is one whose mail does not go through a server that is watched.",
    ),
    ContactKind.URL: RecipientField(
        name="address",
        label="Web address",
        kind=Kind.LINE,
        group=Group.WHERE,
        hint="Such as https://hooks.example.com/alerts. Kept encrypted; only its host is shown again, as the rest may be a "
        "key. Left as it is shown, it stays.",
    ),
    ContactKind.HOST: RecipientField(
        name="address", label="Host", kind=Kind.LINE, group=Group.WHERE, hint="A port may follow, as in host:162."
    ),
    ContactKind.NUMBER: RecipientField(name="address", label="Number", kind=Kind.LINE, group=Group.WHERE),
}
"""An Apprise URL says itself where it leads."""
_SECRETS: Final = {
    SecretKind.LOGIN: RecipientField(
        name=PASSWORD, label="Password", kind=Kind.PASSWORD, group=Group.WHERE, is_short=True
    ),
    SecretKind.COMMUNITY: RecipientField(
        name=PASSWORD, label="Community", kind=Kind.PASSWORD, group=Group.WHERE, hint="Without one, public."
    ),
    SecretKind.SIGNING: RecipientField(
        name=PASSWORD,
        label="Secret that signs",
        kind=Kind.PASSWORD,
        group=Group.WHERE,
        hint="whsec_ and 24 to 64 random bytes in base64. The receiver checks the signature with it.",
    ),
    SecretKind.APPRISE: RecipientField(
        name=PASSWORD,
        label="Apprise URL",
        kind=Kind.PASSWORD,
        group=Group.WHERE,
        hint="Such as slack://… or ntfys://…, with the keys in it. It is kept like a password, and never shown again.",
    ),
}
_USERNAME: Final = RecipientField(
    name="username",
    label="User name",
    kind=Kind.LINE,
    group=Group.WHERE,
    hint="If the server asks for one.",
    is_short=True,
)
_COMMON: Final = (
    RecipientField(name="availability_alert", label="Errors of monitors", kind=Kind.YES, group=Group.WHAT),
    RecipientField(name="notify_on_clear", label="That an error is over", kind=Kind.YES, group=Group.WHAT),
    RecipientField(name="performance_alert", label="Slow deliveries", kind=Kind.YES, group=Group.WHAT),
    RecipientField(
        name="start_threshold",
        label="First alert after",
        kind=Kind.NUMBER,
        group=Group.WHEN,
        unit="errors",
        hint="In a row, unless a window is given.",
        is_short=True,
    ),
    RecipientField(
        name="error_window",
        label="Among the last",
        kind=Kind.NUMBER,
        group=Group.WHEN,
        unit="runs",
        hint="Empty: errors in a row count.",
        is_required=False,
        is_short=True,
    ),
    RecipientField(
        name="stop_threshold",
        label="Most alerts while an error lasts",
        kind=Kind.NUMBER,
        group=Group.WHEN,
        unit="alerts",
        hint="Reminders come after 5, 10, 20, 40 ... minutes.",
    ),
    RecipientField(
        name="performance_rule",
        label="Slow is",
        kind=Kind.CHOICE,
        group=Group.SLOW,
        choices=(
            (PerformanceRule.WARNING_TIME.value, "so many in a row above the monitor's warning time"),
            (PerformanceRule.PERCENTILE.value, "a percentile of the last ones above the warning time"),
            (PerformanceRule.USUAL_LEVEL.value, "far above what is usual for the monitor"),
        ),
    ),
    RecipientField(
        name="performance_percentile", label="Percentile", kind=Kind.NUMBER, group=Group.SLOW, unit="%", is_short=True
    ),
    RecipientField(
        name="performance_window",
        label="Of the last",
        kind=Kind.NUMBER,
        group=Group.SLOW,
        unit="deliveries",
        is_short=True,
    ),
    RecipientField(
        name="repeat_performance_alerts", label="Remind while they are slow", kind=Kind.YES, group=Group.SLOW
    ),
    RecipientField(
        name="quiet_hours",
        label="Quiet hours",
        kind=Kind.LINES,
        group=Group.QUIET,
        hint="One window a line: daily 22:00 - 07:00, Mon-Fri 18:00 - 08:00, Fri 18:00 - Mon 08:00. What is not urgent is "
        "told at their end; groups say what is urgent.",
    ),
    RecipientField(
        name="time_zone",
        label="Time zone",
        kind=Kind.LINE,
        group=Group.QUIET,
        hint="Of quiet hours and days: a name like Europe/Berlin.",
        is_short=True,
    ),
    RecipientField(
        name="daily_limit",
        label="Most of a day",
        kind=Kind.NUMBER,
        group=Group.QUIET,
        unit="messages",
        hint="Empty: any number. The rest is told the next day.",
        is_required=False,
        is_short=True,
    ),
    RecipientField(
        name="fallback_id",
        label="Fall-back",
        kind=Kind.CHOICE,
        group=Group.FALLBACK,
        hint="Is told instead where this one can't be, or has not been for ten minutes.",
    ),
)
_OF_MAIL: Final = (
    RecipientField(
        name="monthly_report",
        label="The report of each month, with its PDF",
        kind=Kind.YES,
        group=Group.WHAT,
        hint="On the first, from 6 o'clock in its time zone.",
    ),
    RecipientField(
        name="attach_server_response", label="Attach what the servers said", kind=Kind.YES, group=Group.WORDING
    ),
)
_TEMPLATES: Final = (
    RecipientField(
        name="subject_template",
        label="Template of the subject",
        kind=Kind.LINE,
        group=Group.WORDING,
        hint="Empty: the usual words. Such as {{ alert.monitor }}: {{ alert.headline }}",
    ),
    RecipientField(
        name="text_template",
        label="Template of the text",
        kind=Kind.LINES,
        group=Group.WORDING,
        hint="Empty: the usual words, which are {{ text }}.",
    ),
)
_WORDED: Final = MAIL | {AlertMethod.WEB_SIGNED}


def fields_of(method: AlertMethod, *, others: Sequence[tuple[int, str]] = ()) -> tuple[RecipientField, ...]:
    """Those that a recipient of the method has.

    Args:
        method: how it is told.
        others: numbers and names of those that can be its fall-back.
    """
    nobody_else = (("", "nobody"), *((str(number), name) for number, name in others))
    common = [replace(each, choices=nobody_else) if each.name == "fallback_id" else each for each in _COMMON]
    return (
        *_where(method),
        *common,
        *(_TEMPLATES if method in _WORDED else ()),
        *(_OF_MAIL if method in MAIL else ()),
    )


def _where(method: AlertMethod) -> list[RecipientField]:
    found = [RecipientField(name="name", label="Name", kind=Kind.LINE, group=Group.WHERE, hint="For people.")]
    alike = [each for each in SENT_BY if (each.contact, each.secret) == (method.contact, method.secret)]
    if method in alike and len(alike) > 1:
        choices = tuple((str(int(each)), SENT_BY[each]) for each in alike)
        found.append(
            RecipientField(name="method", label="Sent as", kind=Kind.CHOICE, group=Group.WHERE, choices=choices)
        )
    if method.contact in _ADDRESSES:
        found.append(_ADDRESSES[method.contact])
    if method.secret is SecretKind.LOGIN:
        found.append(_USERNAME)
    if method.secret is not None:
        found.append(_SECRETS[method.secret])
    return found
