"""The fields of a recipient, one row each (alertsite-v3.md, 4.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mailtrip.alerts.performance import LONGEST_WINDOW
from mailtrip.alerts.template import LONGEST_SUBJECT, LONGEST_TEXT
from mailtrip.api.alertsite.fields import Field, FieldMaker
from mailtrip.api.alertsite.records import RecordTable, components_of
from mailtrip.api.alertsite.sla_codecs import weekly_windows
from mailtrip.api.codecs import (
    JSON,
    LARGEST_ID,
    Codec,
    Script,
    boolean,
    choice,
    identifier,
    integer,
    number_choice,
    text,
)
from mailtrip.model import AlertMethod, PerformanceRule, Recipient, RecipientSettings

__all__ = ["COMPONENTS", "METHOD", "RECIPIENTS", "RecipientView"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientView:
    """A recipient and what a read of it shows beside its settings: the ids of its groups and blackouts."""

    recipient: Recipient
    group_ids: Sequence[int]
    blackout_ids: Sequence[int]


METHOD: Final = number_choice(AlertMethod)
_MAKER: Final = FieldMaker[RecipientView](RecipientSettings, lambda view: view.recipient.settings)
_THRESHOLD: Final = integer(1, 1000)
_IDS: Final[dict[str, JSON]] = {"type": ["array", "null"], "items": {"type": "string"}}


def _numeral(high: int) -> Codec[int]:
    """A number up to `high` that reads show as a string."""
    whole = integer(0, high)
    returns: dict[str, JSON] = {"type": "string", "pattern": "^(?:0|[1-9][0-9]*)$"}
    return Codec(parse=whole.parse, write=str, accepts=whole.accepts, returns=returns)


def _flag(name: str, about: str, *, example: bool) -> Field[RecipientView]:
    return _MAKER.given(name, name, boolean(), about, example=example)


def _show_ids(ids: Sequence[int]) -> JSON:
    """The vendor's way: strings, and null for none."""
    return [str(each) for each in ids] or None


_FIELDS: tuple[Field[RecipientView], ...] = (
    _MAKER.shown_only(
        "id",
        lambda view: view.recipient.id,
        {"type": "integer", "minimum": 1, "maximum": LARGEST_ID},
        "The recipient's number.",
        example=100001,
    ),
    _MAKER.given(
        "name",
        "name",
        text(longest=255),
        "What people call the recipient; `recipient` unless given.",
        example="Mail team",
        show=lambda view: view.recipient.shown_name,
    ),
    _MAKER.given(
        "method_id",
        "method",
        METHOD,
        "How alerts are sent: "
        + "; ".join(f"{int(method)} {method.text}" for method in AlertMethod)
        + ". 14 can't be made through this API; those from 101 on are ours.",
        example=12,
        required=True,
    ),
    _MAKER.shown_only(
        "method_description",
        lambda view: view.recipient.settings.method.text,
        {"type": "string", "enum": [method.text for method in AlertMethod]},
        "The method in words.",
        example="E-mail (HTML format)",
    ),
    _MAKER.given(
        "recipient",
        "address",
        text(longest=2000, format="contact"),
        "Where alerts go, as the method wants it: a mail address; a telephone or pager number; a host, with a port if "
        "need be, for SNMP traps; a web address; the word with which an Apprise URL begins.",
        example="mail-team@example.com",
        required=True,
    ),
    _MAKER.given(
        "username",
        "username",
        text(shortest=0, longest=255),
        "User name for Basic authentication at a web address; empty or null for none.",
        example=None,
    ),
    Field(
        name="password",
        setting="password",
        codec=text(shortest=0, longest=1024, script=Script.CREDENTIAL),
        about="Password for Basic authentication, the community of SNMP traps, the secret that signs (101), or the Apprise "
        "URL (102). Never shown again; empty or null removes it.",
        example=None,
    ),
    _MAKER.shown_only(
        "has_password",
        lambda view: view.recipient.has_password,
        {"type": "boolean"},
        "Whether a password is kept.",
        example=False,
    ),
    _flag("availability_alert", "Whether errors of monitors are told.", example=True),
    _flag("performance_alert", "Whether slow deliveries are told.", example=False),
    _MAKER.given(
        "performance_alert_type",
        "performance_alert_type",
        _numeral(999),
        "A number of the vendor's; kept as it is given.",
        example="20",
    ),
    _flag("repeat_performance_alerts", "Whether performance alerts are repeated while they hold.", example=False),
    _MAKER.given(
        "performance_rule",
        "performance_rule",
        choice(PerformanceRule),
        "When deliveries are slow. `warning-time`: `start_threshold` in a row took longer than the monitor's "
        "`warning_time`. `percentile`: `performance_percentile` of the last `performance_window` is above it. "
        "`usual-level`: the median of the last `performance_window` is far above what is usual for the monitor.",
        example="warning-time",
    ),
    _MAKER.given(
        "performance_percentile",
        "performance_percentile",
        integer(50, 99),
        "Per cent of the last deliveries that must not be too slow.",
        example=95,
    ),
    _MAKER.given(
        "performance_window",
        "performance_window",
        integer(3, LONGEST_WINDOW),
        "How many of the last deliveries are looked at.",
        example=12,
    ),
    _flag("notify_on_clear", "Whether the end of an error is told.", example=True),
    _MAKER.given(
        "start_threshold",
        "start_threshold",
        _THRESHOLD,
        "Errors before the first alert: in a row, or among the last `error_window` runs.",
        example=1,
    ),
    _MAKER.given(
        "stop_threshold",
        "stop_threshold",
        _THRESHOLD,
        "Most consecutive alerts while an error lasts.",
        example=10,
    ),
    _MAKER.given(
        "error_window",
        "error_window",
        integer(2, 60),
        "Of so many runs, `start_threshold` have to be errors, in any order; null counts errors in a row.",
        example=5,
    ),
    _MAKER.given(
        "fallback",
        "fallback_id",
        identifier(),
        "Number of the recipient that is told where this one can't be; null for none.",
        example=100001,
    ),
    _MAKER.given(
        "subject_template",
        "subject_template",
        text(longest=LONGEST_SUBJECT, script=Script.LINES),
        "A template of the subject of alerts; null for the usual one.",
        example="{{ alert.monitor }}: {{ alert.headline }}",
    ),
    _MAKER.given(
        "text_template",
        "text_template",
        text(longest=LONGEST_TEXT, script=Script.LINES),
        "A template of their text; null for the usual one.",
        example="{{ text }}Call +1 202 555 0100.",
    ),
    _MAKER.given(
        "quiet_hours",
        "quiet_hours",
        weekly_windows(),
        "When only what is urgent is told, by the clocks of `time_zone`; the rest is told at their end, in one message.",
        example=[{"from_day": 2, "from_time": "22:00", "thru_day": 3, "thru_time": "07:00"}],
    ),
    _MAKER.given(
        "time_zone",
        "time_zone",
        text(longest=64, format="time-zone"),
        "The zone of `quiet_hours`, and of the days of `daily_limit`: an IANA name; `UTC` unless given.",
        example="Europe/Berlin",
    ),
    _MAKER.given(
        "daily_limit",
        "daily_limit",
        integer(1, 1000),
        "Most messages of a day. What else comes, and is not urgent, is told when the next day begins, in one message; the "
        "last one of a day says so. Null for any number.",
        example=20,
    ),
    _flag(
        "monthly_report",
        "Whether the report of the month that has ended comes by mail on the first of each month, with its PDF.",
        example=False,
    ),
    _flag("attach_screen_capture", "Kept for the vendor's scripts; mail has no screen.", example=False),
    _flag("attach_server_response", "Whether alerts by mail carry what the servers said.", example=False),
    _flag("remote_commands", "Kept for the vendor's scripts; there are no remote commands.", example=False),
    _MAKER.shown_only(
        "blackout_ids",
        lambda view: _show_ids(view.blackout_ids),
        _IDS,
        "Numbers of the recipient's blackouts; null for none.",
        example=None,
    ),
    _MAKER.shown_only(
        "notifier_groups",
        lambda view: _show_ids(view.group_ids),
        _IDS,
        "Numbers of the recipient groups that it is in; null for none.",
        example=["100001"],
    ),
)

RECIPIENTS: Final = RecordTable(
    _FIELDS, judged_by={"method_id": {"recipient", "username", "password"}, "username": {"password"}}
)

COMPONENTS: Final = components_of("Recipient", "Somebody, or something, that is told of errors.", RECIPIENTS)
