"""Alerts as their page shows them. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from mailtrip.alerts.holding import WaitReason
from mailtrip.model import (
    Access,
    Actor,
    AlertDelivery,
    AlertKind,
    ContactKind,
    DeliveryFailure,
    DeliveryState,
    Recipient,
    RecipientGroup,
)
from mailtrip.service.alert_log import LoggedAlert
from mailtrip.web.route_view import Tone
from mailtrip.web.words import count_of

__all__ = [
    "PER_PAGE",
    "SNOOZES",
    "GroupRow",
    "LogRow",
    "Told",
    "TroubleView",
    "name_of",
    "show_group",
    "show_log",
    "show_troubles",
]

PER_PAGE: Final = 50
SNOOZES: Final = {60: "1 hour", 240: "4 hours", 1440: "a day", 4320: "3 days"}
"""Minutes, and how they are called."""

_MINUTE: Final = timedelta(minutes=1)
KIND_NAMES: Final = {
    AlertKind.ERROR: "fails",
    AlertKind.REMINDER: "still fails",
    AlertKind.ESCALATION: "still fails, and nobody has acknowledged it",
    AlertKind.CLEAR: "is well again",
    AlertKind.DELAYED: "the message has come, late",
    AlertKind.WITHDRAWN: "withdrawn: the fault was ours",
    AlertKind.SLOW: "slow deliveries",
    AlertKind.SILENT: "a location is silent",
    AlertKind.NOTICE: "will fail unless somebody acts",
    AlertKind.TEST: "test alert",
}
_WAITS: Final = {
    WaitReason.GATHERING: "for others of the same cause",
    WaitReason.REPEATED_CAUSE: "as the recipient was told of the same cause just before",
    WaitReason.QUIET_HOURS: "for the end of quiet hours",
    WaitReason.DAILY_LIMIT: "for the next day, as the recipient had all messages of today",
    WaitReason.IN_LINE: "for its turn",
    WaitReason.RETRY: "for the next attempt",
    WaitReason.SENDING: "",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A recipient that was told of a trouble; `snoozed_until` is None for one that hears of it."""

    alert_id: int
    recipient: str
    at: datetime
    snoozed_until: datetime | None
    snoozed_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TroubleView:
    """Trouble of a monitor that lasts.

    Attributes:
        alert_id: any alert about it.
        may_answer: whether it may be acknowledged and snoozed by who looks.
    """

    alert_id: int
    monitor_id: int
    monitor: str
    cause: str
    since: datetime
    run_id: int | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    told: tuple[Told, ...]
    may_answer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """An alert and what became of it.

    Attributes:
        through: what it was handed to, a relay or a host; empty before the first attempt.
        outlook: of what did not get there, whether it still may; empty for all else.
        waits: why it has not gone out yet, and until when, as far as that is known; empty for what has.
    """

    id: int
    at: datetime
    kind: str
    tone: Tone
    monitor_id: int | None
    monitor: str
    text: str
    run_id: int | None
    recipient: str
    delivery: str
    delivery_tone: Tone
    through: str
    outlook: str
    waits: str
    answer: str
    next_at: datetime | None
    is_fallback: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """A recipient group in words."""

    id: int
    name: str
    is_default: bool
    is_urgent: bool
    monitors: str
    recipients: str
    errors: str
    escalation: str


def name_of(recipient: Recipient | None) -> str:
    """What a recipient is called; of an address that may hold a key, where it leads to only."""
    if recipient is None:
        return "a recipient that was removed"
    settings = recipient.settings
    if settings.name:
        return settings.name
    if settings.method.contact is ContactKind.URL:
        return urlsplit(settings.address).hostname or settings.method.text
    return settings.address


def show_troubles(
    found: Sequence[LoggedAlert],
    actor: Actor,
    *,
    monitors: Mapping[int, str],
    recipients: Mapping[int, Recipient],
    now: datetime,
) -> list[TroubleView]:
    """The troubles, by monitor, the newest first.

    Args:
        found: of each trouble and recipient the newest alert, newest first.
        actor: who looks.
        monitors: names by id; likewise `recipients`.
        recipients: those that alerts are about.
        now: a snooze that is over counts no more.
    """
    by_monitor: dict[int, list[LoggedAlert]] = {}
    for logged in found:
        if logged.alert.monitor_id is not None:
            by_monitor.setdefault(logged.alert.monitor_id, []).append(logged)
    shown = []
    for monitor_id, alerts in by_monitor.items():
        alert = alerts[0].alert
        shown.append(
            TroubleView(
                alert_id=alert.id,
                monitor_id=monitor_id,
                monitor=monitors.get(monitor_id, f"Monitor {monitor_id}"),
                cause=alert.status.text,
                since=min(each.alert.since for each in alerts),
                run_id=alert.run_id,
                acknowledged_by=alert.acknowledged_by,
                acknowledged_at=alert.acknowledged_at,
                told=tuple(_told(each, recipients, now) for each in alerts),
                may_answer=_may_answer(actor, monitor_id),
            )
        )
    return shown


def show_log(logged: LoggedAlert, *, monitors: Mapping[int, str], recipients: Mapping[int, Recipient]) -> LogRow:
    """An alert in a line."""
    alert, delivery = logged.alert, logged.delivery
    is_error = alert.kind in {AlertKind.ERROR, AlertKind.REMINDER, AlertKind.ESCALATION, AlertKind.SILENT}
    word, tone = _delivery(delivery)
    return LogRow(
        id=alert.id,
        at=alert.created_at,
        kind=KIND_NAMES[alert.kind],
        tone=Tone.BAD if is_error else Tone.GOOD if alert.kind.ends_error else Tone.OPEN,
        monitor_id=alert.monitor_id,
        monitor="" if alert.monitor_id is None else monitors.get(alert.monitor_id, f"Monitor {alert.monitor_id}"),
        text=alert.detail or ("" if alert.kind is AlertKind.TEST or alert.kind.ends_error else alert.status.text),
        run_id=alert.run_id,
        recipient=name_of(recipients.get(alert.recipient_id)),
        delivery=word,
        delivery_tone=tone,
        through="" if delivery is None else delivery.through or "",
        outlook="" if delivery is None else _outlook(delivery),
        waits="" if logged.wait is None else _WAITS[logged.wait.reason],
        answer="" if delivery is None else delivery.answer or "",
        next_at=None if logged.wait is None else logged.wait.until,
        is_fallback=delivery is not None and delivery.fallback_for is not None,
    )


def show_group(
    group: RecipientGroup,
    *,
    monitors: Mapping[int, str],
    recipients: Mapping[int, Recipient],
    groups: Mapping[int, str],
) -> GroupRow:
    """A group in words; monitors that may not be seen are counted, not named. `groups` are the names of all."""
    settings = group.settings
    named = [monitors[each] for each in settings.monitor_ids if each in monitors]
    others = len(settings.monitor_ids) - len(named)
    after = settings.escalate_after
    escalate_to = [name_of(recipients.get(each)) for each in settings.escalate_to]
    escalate_to += [f"the group {groups.get(each, each)}" for each in settings.escalate_to_groups]
    return GroupRow(
        id=group.id,
        name=settings.name,
        is_default=settings.is_default,
        is_urgent=settings.is_urgent,
        monitors=_listed([*named, *([f"{others} more"] if others else [])]) or "none",
        recipients=_names(settings.recipient_ids, recipients) or "none",
        errors=", ".join(str(code) for code in settings.status_codes) or "all",
        escalation="" if after is None else f"after {count_of(after // _MINUTE, 'minute')} to {_listed(escalate_to)}",
    )


def _told(logged: LoggedAlert, recipients: Mapping[int, Recipient], now: datetime) -> Told:
    alert = logged.alert
    is_snoozed = alert.snoozed_until is not None and alert.snoozed_until > now
    return Told(
        alert_id=alert.id,
        recipient=name_of(recipients.get(alert.recipient_id)),
        at=alert.created_at,
        snoozed_until=alert.snoozed_until if is_snoozed else None,
        snoozed_by=alert.snoozed_by if is_snoozed else None,
    )


def _may_answer(actor: Actor, monitor_id: int) -> bool:
    return actor.role.may_test and (actor.access is None or actor.access.of(monitor_id) is Access.EDIT)


def _delivery(delivery: AlertDelivery | None) -> tuple[str, Tone]:
    if delivery is None:
        return "waits", Tone.OPEN
    tries = f" after {count_of(delivery.attempts, 'attempt')}" if delivery.attempts > 1 else ""
    match delivery.state:
        case DeliveryState.SENT:
            return f"sent{tries}", Tone.GOOD
        case DeliveryState.FAILED:
            return f"not sent{tries}", Tone.BAD
        case DeliveryState.SENDING:
            return "is being sent", Tone.OPEN
        case DeliveryState.WAITING:
            return (f"is tried again{tries}" if delivery.attempts else "waits"), Tone.OPEN


def _outlook(delivery: AlertDelivery) -> str:
    """Passing errors are tried again for a day."""
    match delivery.failure:
        case DeliveryFailure.PASSING:
            return "given up after a day" if delivery.state is DeliveryState.FAILED else "the error may pass"
        case DeliveryFailure.PERMANENT:
            return "the error is permanent"
        case None:
            return ""


def _names(ids: Iterable[int], recipients: Mapping[int, Recipient]) -> str:
    return _listed([name_of(recipients.get(each)) for each in ids])


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
