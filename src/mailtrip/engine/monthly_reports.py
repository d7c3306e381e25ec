"""Sends monthly reports: takes what is due from their outbox, one at a time, and notes what came of it."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from mailtrip.clock import Clock
from mailtrip.errors import MailtripError, Unavailable
from mailtrip.model import DeliveryAnswer
from mailtrip.service import monthly_reports, report_pdf
from mailtrip.service.monthly_reports import FilledReport
from mailtrip.service.report_mail import ReportMail
from mailtrip.store import Connection, Database
from mailtrip.store.monthly_reports import MonthlyReport

__all__ = ["MonthlyReports", "SendMail"]

_log = structlog.get_logger(__name__)

_EVERY_SECONDS = 60.0

SendMail = Callable[[str, bytes], Awaitable[DeliveryAnswer]]
"""Sends a message, with CRLF line ends, to an address."""


class MonthlyReports:
    """Looks each minute.

    Args:
        database: open.
        mail: makes the messages.
        send: sends one. A far end that fails is an answer; an exception is our own fault.
        clock: tells whose turn it is.
    """

    def __init__(self, database: Database, mail: ReportMail, send: SendMail, *, clock: Clock) -> None:
        self._database = database
        self._mail = mail
        self._send = send
        self._clock = clock

    async def run(self) -> None:
        """Work until cancelled. What is under way then is sent again by the next process, under the same Message-ID."""
        is_released = False
        while True:
            try:
                if not is_released:
                    await self._database.writing(monthly_reports.release)
                    is_released = True
                await self.look()
            except Unavailable as exc:
                _log.warning("monthly reports wait: the database is away", error=str(exc))
            except Exception:  # noqa: BLE001 - reports that can't be made must not end the runs
                _log.exception("monthly reports wait: trouble on our side")
            await self._clock.sleep(_EVERY_SECONDS)

    async def look(self) -> None:
        """Send all that is due."""
        now = self._clock.now()
        await self._database.writing(lambda connection: monthly_reports.plan_due(connection, now=now))
        while report := await self._database.writing(self._claim):
            answer = await self._attempt(report)
            log = _log.info if answer.is_sent else _log.warning
            log("monthly report", recipient=report.recipient_id, month=report.month, answer=answer.text)
            await self._record(report, answer)

    def _claim(self, connection: Connection) -> MonthlyReport | None:
        return monthly_reports.claim(connection, now=self._clock.now())

    async def _attempt(self, report: MonthlyReport) -> DeliveryAnswer:
        try:
            filled = await self._database.reading(lambda connection: monthly_reports.fill(connection, report))
            message = await asyncio.to_thread(self._message, filled)
            return await self._send(filled.address, message)
        except MailtripError as exc:
            return DeliveryAnswer(is_sent=False, text=str(exc), is_temporary=True)
        except Exception as exc:  # noqa: BLE001 - our own fault, whatever it is, must not end the others
            _log.exception("monthly report failed on our side", recipient=report.recipient_id)
            text = f"internal error: {type(exc).__name__} (see the log)"
            return DeliveryAnswer(is_sent=False, text=text, is_temporary=True)

    def _message(self, filled: FilledReport) -> bytes:
        now = self._clock.now()
        return self._mail.compose(filled, report_pdf.draw(filled.document, made_at=now), now=now)

    async def _record(self, report: MonthlyReport, answer: DeliveryAnswer) -> None:
        """Until it is kept: what was sent must not be sent again."""
        while True:
            try:
                await self._database.writing(
                    lambda connection: monthly_reports.record(connection, report, answer, now=self._clock.now())
                )
            except Unavailable:
                await self._clock.sleep(1.0)
            else:
                return
