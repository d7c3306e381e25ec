"""Monthly reports by mail: whose turn it is, and what came of it."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from mailtrip import store
from mailtrip.model import Actor, DeliveryAnswer, DeliveryState, Recipient, Role
from mailtrip.model.tally import Size
from mailtrip.schedule.quiet_hours import is_quiet, zone_of
from mailtrip.service import report_document
from mailtrip.service.outbox import GIVE_UP, pause_after
from mailtrip.service.report_document import ReportDocument
from mailtrip.store import Connection
from mailtrip.store.monthly_reports import MonthlyReport

__all__ = ["FilledReport", "claim", "fill", "plan_due", "record", "release"]

_FROM_HOUR: Final = 6
"""Of the first day: by then what came late at the end of the month is in."""
_LAST_DAY: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledReport:
    """A report with all that it says, and the mail address that it goes to."""

    report: MonthlyReport
    address: str
    document: ReportDocument


def plan_due(connection: Connection, *, now: datetime) -> int:
    """Put the reports of the month that has ended into the outbox, each once; how many there are.

    A recipient's turn is on the first of the month from 6 o'clock by the clocks of its zone, or when its quiet hours end.
    Where nothing was running then, it is until the seventh; a month that was missed for longer is not told any more.
    """
    due = list(_due(connection, now))
    known = store.monthly_reports.known(connection, {month for _, month in due}) if due else set()
    new = [(recipient, month) for recipient, month in due if (recipient.id, month) not in known]
    for recipient, month in new:
        store.monthly_reports.add(connection, recipient, month, uuid.uuid4().hex, now=now)
    return len(new)


def claim(connection: Connection, *, now: datetime) -> MonthlyReport | None:
    """A report whose time has come; the caller has to `record` what came of it. None where there is none."""
    return store.monthly_reports.claim(connection, now=now)


def fill(connection: Connection, report: MonthlyReport) -> FilledReport:
    """What a report says, and to whom: of all monitors of the account, in the zone of the recipient.

    Raises:
        InvalidInput: it would be too large.
    """
    recipient, _ = store.recipients.with_sealed(connection, report.recipient_id)
    zone = zone_of(recipient.settings.time_zone) or UTC
    first = date.fromisoformat(f"{report.month}-01")
    document = report_document.collect(
        connection,
        Actor(account_id=report.account_id, role=Role.READ_ONLY),
        since=_begin_of(first, zone),
        until=_begin_of(_next(first), zone),
        before=_begin_of(_back(first), zone),
        zone=zone,
    )
    return FilledReport(report=report, address=recipient.settings.address, document=document)


def record(connection: Connection, report: MonthlyReport, answer: DeliveryAnswer, *, now: datetime) -> None:
    """Note what came of an attempt, as of an alert: sent, to be tried again for 24 hours, or failed for good."""
    if answer.is_sent:
        store.monthly_reports.end(connection, report, DeliveryState.SENT, answer=answer.text, now=now)
    elif answer.is_temporary and now < report.created_at + GIVE_UP:
        until = now + pause_after(report.attempts)
        store.monthly_reports.put_off(connection, report, until=until, answer=answer.text)
    else:
        store.monthly_reports.end(connection, report, DeliveryState.FAILED, answer=answer.text, now=now)


def release(connection: Connection) -> int:
    """At start: have sent again what a dead process was sending, under the same Message-ID."""
    return store.monthly_reports.release(connection)


def _due(connection: Connection, now: datetime) -> Iterator[tuple[Recipient, str]]:
    for recipient in store.monthly_reports.wanted(connection):
        settings = recipient.settings
        local = now.astimezone(zone_of(settings.time_zone) or UTC)
        is_turn = local.day <= _LAST_DAY and (local.day > 1 or local.hour >= _FROM_HOUR)
        if is_turn and not is_quiet(settings.quiet_hours, settings.time_zone, now):
            yield recipient, f"{_back(local.date()):%Y-%m}"


def _back(day: date) -> date:
    """The first day of the month before."""
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def _next(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _begin_of(day: date, zone: tzinfo) -> datetime:
    """The whole hour of UTC in which it begins."""
    return Size.HOUR.begin_of(datetime.combine(day, time(), zone).astimezone(UTC))
