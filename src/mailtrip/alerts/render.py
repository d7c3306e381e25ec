"""What an alert says, in words for people and in the fields of the vendor's JSON alert (alertsite-v3.md, 5.4). Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice

from mailtrip.alerts.causes import SMTP_STEPS
from mailtrip.model import (
    Alert,
    AlertItem,
    AlertKind,
    AlertPackage,
    DeliveryOccasion,
    FailedDelivery,
    MailProtocol,
    Run,
    Step,
)

__all__ = [
    "explanation",
    "fields_of",
    "headline",
    "in_line",
    "is_flapping",
    "listing_of",
    "name_of",
    "notes_of",
    "proof_of",
    "run_url",
    "servers_of",
    "shown_span",
    "state_of",
    "subject_of",
    "text_of",
    "what_of",
]

_MOST_LISTED = 20
_MOST_PROOF = 6
_FLAPS = 3
"""Changes that an error which comes and goes once does not make."""


def subject_of(package: AlertPackage) -> str:
    """One line without control characters."""
    item = package.items[0]
    what = what_of(package)
    if item.alert.kind is AlertKind.TEST:
        return in_line(f"[Mailtrip] {what}")
    return in_line(f"[Mailtrip] {name_of(item) if package.count == 1 else _subjects(package)}: {what}")


def text_of(package: AlertPackage, *, public_url: str | None) -> str:
    """The whole alert as plain text, lines ended by LF.

    Args:
        package: what is told.
        public_url: the service's address, for links; None for none.
    """
    first = package.items[0]
    lines = [f"{what_of(package)}.", ""]
    if first.alert.kind is AlertKind.TEST:
        lines += [f"This is a test of the recipient {package.recipient.shown_name}: nothing is wrong.", ""]
    elif package.count == 1:
        lines += [*_about(first, public_url=public_url), ""]
    else:
        lines += [f"{listing_of(package)}:", ""]
        lines += [f"- {name_of(item)}: {state_of(item)}" for item in package.items[:_MOST_LISTED]]
        if package.count > _MOST_LISTED:
            lines.append(f"- and {package.count - _MOST_LISTED} more")
        lines += ["", *(f"  {line}" for line in proof_of(first.run)), ""]
    lines += [line for note in notes_of(package) for line in (note, "")]
    if package.links is not None:
        lines += [f"Acknowledge, so that nobody is reminded of it: {package.links.acknowledge}"]
        lines += [f"Snooze, and hear of it later: {package.links.snooze}", ""]
    lines.append(f"Account: {package.account_name}. Alert {first.alert.id}, delivery {package.delivery.key}.")
    return "\n".join(lines) + "\n"


def fields_of(package: AlertPackage, item: AlertItem) -> Mapping[str, str | list[str]]:
    """One alert in the vendor's field names, all values strings; those that mail has no value for are empty.

    Two are ours: `alert_id`, the same in all attempts, and `summary`.
    """
    alert = item.alert
    run = item.run
    return {
        "custid": f"C{alert.account_id}",
        "company": package.account_name,
        "device_id": "" if alert.monitor_id is None else str(alert.monitor_id),
        "device_name": name_of(item),
        "device_type": "Mail Server",
        "device_typecode": "p",
        "errcount": "0" if alert.kind.ends_error else str(alert.errors),
        "http_status": "",
        "location": item.location_name or "",
        "location_num": str(alert.location_id or ("" if run is None else run.location_id)),
        "notify_type": _notify_type(alert.kind),
        "timestamp": f"{alert.created_at:%Y-%m-%d %H:%M:%S}",
        "status": "0" if alert.kind.ends_error else str(int(alert.status)),
        "status_text": headline(item),
        "transaction": "",
        "url": "",
        "step_num": "",
        "step_name": "" if run is None or run.result is None or run.result.step is None else str(run.result.step),
        "rotated_locations": [],
        "alert_id": f"{package.delivery.key}-{alert.id}",
        "summary": explanation(item),
    }


def _notify_type(kind: AlertKind) -> str:
    if kind.ends_error:
        return "clear"
    # The vendor has an error of a location, not a type of its own.
    return "error" if kind is AlertKind.SILENT else str(kind)


def headline(item: AlertItem) -> str:
    """What happened, in a few words."""
    alert = item.alert
    match alert.kind:
        case AlertKind.TEST:
            return "Test alert"
        case AlertKind.ERROR | AlertKind.SILENT | AlertKind.NOTICE | AlertKind.SLOW:
            return alert.status.text
        case AlertKind.REMINDER | AlertKind.ESCALATION:
            words = "Still failing" if alert.kind is AlertKind.REMINDER else "Nobody has acknowledged"
            return f"{words} after {shown_span(alert.created_at - alert.since)}: {alert.status.text}"
        case AlertKind.DELAYED:
            delay = item.run.result.delay if item.run is not None and item.run.result is not None else None
            return "Arrived late" if delay is None else f"Delayed by {shown_span(delay)}, and arrived"
        case AlertKind.WITHDRAWN:
            return "Withdrawn: the trouble was our own, not the mail server's"
        case AlertKind.CLEAR:
            return _end_of(alert)


def _end_of(alert: Alert) -> str:
    span = shown_span(alert.created_at - alert.since)
    if alert.location_id is not None:
        return f"In contact again after {span}"
    return f"Well again after {span}" if alert.detail is None else f"Over after {span}: {alert.status.text}"


def listing_of(package: AlertPackage) -> str:
    """What stands above the monitors of a message about several."""
    occasion = package.delivery.occasion
    has_one_cause = occasion is None or not occasion.is_digest
    return f"{_subjects(package)}, which seem to have one cause" if has_one_cause else _subjects(package)


def _subjects(package: AlertPackage) -> str:
    has_locations = any(item.alert.location_id is not None for item in package.items)
    return f"{package.count} monitors and locations" if has_locations else f"{package.count} monitors"


def notes_of(package: AlertPackage) -> list[str]:
    """Sentences that belong to the message in whatever words it is: who is at it, and what is held back."""
    notes = [] if package.instead_of is None else [_failure(package.instead_of)]
    alert = package.items[0].alert
    if package.count == 1 and alert.acknowledged_at is not None:
        notes.append(f"Acknowledged by {alert.acknowledged_by}, {_shown_time(alert.acknowledged_at)}.")
    match package.delivery.occasion:
        case DeliveryOccasion.QUIET_HOURS:
            notes.append("This was held back in your quiet hours, and is told together.")
        case DeliveryOccasion.DAILY_LIMIT:
            notes.append("This was held back, as you had all the messages of a day, and is told together.")
        case DeliveryOccasion.LAST_TODAY:
            notes.append(
                "This is the last message today: what else happens, and is not urgent, is told tomorrow. "
                "Until then, no message does not mean that all is well."
            )
        case None:
            pass
    return notes


def _failure(before: FailedDelivery) -> str:
    name = before.recipient_name or f"recipient {before.recipient_id}"
    how = "failed" if before.is_over else "has not worked so far"
    return in_line(f"This was meant for {name} by {before.method.text}, which {how}: {before.answer}", most=600)


def what_of(package: AlertPackage) -> str:
    """What happened, to all of them."""
    return headline(package.items[0]) + _to_and_fro(package)


def _to_and_fro(package: AlertPackage) -> str:
    """That monitors failed and were well again, more than once perhaps, before anybody was told."""
    if package.alerts == package.count:
        return ""
    flapping = "flapping, " if is_flapping(package) else ""
    number = package.alerts
    return f"; {flapping}it changed {number} times" if package.count == 1 else f"; {flapping}{number} changes in all"


def is_flapping(package: AlertPackage) -> bool:
    """Whether what is told went to and fro before it could be told: more than once, taken over all of them."""
    return package.alerts >= _FLAPS * package.count


def state_of(item: AlertItem) -> str:
    """How one monitor of many is."""
    return headline(item) if item.alert.kind.ends_error else explanation(item)


def _about(item: AlertItem, *, public_url: str | None) -> Iterator[str]:
    alert, run = item.alert, item.run
    if alert.location_id is None:
        yield f"Monitor: {name_of(item)} ({alert.monitor_id})"
    else:
        yield f"Location: {name_of(item)} ({alert.location_id})"
    yield f"Status: {int(alert.status)}, {alert.status.text}"
    yield f"Since: {_shown_time(alert.since)}"
    if alert.detail is not None:
        yield from ("", alert.detail)
    if run is not None and run.result is not None:
        if run.result.step is not None:
            yield f"Step: {run.result.step}"
        if servers := servers_of(run):
            yield f"Server: {' and '.join(servers)}"
        yield ""
        yield run.result.summary
        yield from (f"  {line}" for line in proof_of(run))
        if public_url is not None:
            yield ""
            yield f"The whole run: {run_url(run, public_url)}"


def run_url(run: Run, public_url: str) -> str:
    """Its page in the dashboard."""
    return f"{public_url}/runs/{run.id}"


def servers_of(run: Run | None) -> tuple[str, ...]:
    """The servers that the error may be put down to, as URLs: of a message that got lost on its way, both."""
    if run is None or run.result is None:
        return ()
    step, sessions = run.result.step, run.result.sessions
    is_anywhere = step is None or step is Step.WAIT
    found = [
        session.server
        for session in sessions
        if is_anywhere or (session.protocol is MailProtocol.SMTP) is (step in SMTP_STEPS)
    ]
    return tuple(dict.fromkeys(found or (session.server for session in sessions)))


def proof_of(run: Run | None) -> Iterator[str]:
    """The lines of the conversation that prove the verdict."""
    if run is None or run.result is None:
        return
    for session, line in islice(run.result.proven_by(), _MOST_PROOF):
        yield f"{session.server} {line.direction} {line.text}"


def explanation(item: AlertItem) -> str:
    """Why, in one sentence."""
    if item.alert.detail is not None:
        return item.alert.detail
    if item.run is None or item.run.result is None:
        return item.alert.status.text
    return item.run.result.summary


def name_of(item: AlertItem) -> str:
    """Of the monitor, or the location."""
    if item.alert.kind is AlertKind.TEST:
        return "Test"
    if item.alert.location_id is not None:
        return item.location_name or f"Location {item.alert.location_id}"
    return item.monitor_name or f"Monitor {item.alert.monitor_id}"


def _shown_time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def shown_span(span: timedelta) -> str:
    """A span of time as people say it, in its largest unit that is whole: `4 min`, `1 h 30 min`."""
    seconds = max(0, round(span.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{round(hours / 24)} days"


def in_line(text: str, *, most: int = 200) -> str:
    """The text as one line without control characters, cut."""
    return "".join(character if character.isprintable() else " " for character in text)[:most]
