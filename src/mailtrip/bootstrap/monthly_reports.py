"""How monthly reports get out of a running service: through the relay of alerts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mailtrip.alerts.channels.mail import answer_of
from mailtrip.bootstrap.alerts import relay_of, sender_of, submitting
from mailtrip.bootstrap.storage import Storage
from mailtrip.clock import Clock
from mailtrip.config import Settings
from mailtrip.engine.monthly_reports import MonthlyReports
from mailtrip.mail import MailClient
from mailtrip.model import DeliveryAnswer, Envelope
from mailtrip.service.report_mail import ReportMail

__all__ = ["open_monthly_reports"]


@asynccontextmanager
async def open_monthly_reports(
    settings: Settings, storage: Storage, *, clock: Clock
) -> AsyncIterator[MonthlyReports | None]:
    """What sends monthly reports, not yet at work; None where no relay is set.

    Raises:
        ConfigurationError: the relay's settings are wrong.
    """
    relay = relay_of(settings)
    if relay is None:
        yield None
        return
    sender = sender_of(settings)
    client = MailClient(clock=clock)
    submit = submitting(client, relay, settings, clock)

    async def send(address: str, message: bytes) -> DeliveryAnswer:
        return answer_of(await submit(Envelope(sender=sender, recipient=address), message))

    try:
        mail = ReportMail(sender=sender, public_url=settings.public_url)
        yield MonthlyReports(storage.database, mail, send, clock=clock)
    finally:
        client.close()
