"""The prober: one round trip from a monitor's settings, over the real mail clients."""

from mailtrip.clock import Clock
from mailtrip.mail import MailClient
from mailtrip.model import Credentials, MonitorSettings, Result, Step
from mailtrip.probe.token import MessageKey
from mailtrip.probe.ports import Observer
from mailtrip.probe.run import Trip, run_round_trip

__all__ = ["Prober"]


class Prober:
    """Makes round trips; one for the whole process. Safe to use for many runs at once."""

    def __init__(self, *, client: MailClient, key: MessageKey, clock: Clock) -> None:
        self._client = client
        self._key = key
        self._clock = clock

    async def run(
        self,
        settings: MonitorSettings,
        *,
        mailbox_credentials: Credentials | None,
        smtp_credentials: Credentials | None,
        observe: Observer | None = None,
    ) -> Result:
        """Make one trip within the monitor's timeout. A failing mail server is a result; an exception is our own bug."""
        started_at = self._clock.monotonic()
        deadline = started_at + settings.run_timeout.total_seconds()
        tell = observe or _tell_nobody
        sender = self._client.sender(
            settings.smtp, smtp_credentials, deadline=deadline, observe=tell, started_at=started_at
        )
        mailbox = self._client.mailbox(
            settings.mailbox, mailbox_credentials, deadline=deadline, observe=tell, started_at=started_at
        )
        trip = Trip.from_settings(settings, key=self._key)
        return await run_round_trip(
            trip, sender=sender, mailbox=mailbox, clock=self._clock, deadline=deadline, observe=observe
        )


def _tell_nobody(_step: Step, _began: float, _ended: float | None) -> None:
    pass
