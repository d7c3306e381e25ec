"""The prober: one round trip from a monitor's settings, over the real mail clients."""

import secrets
import socket
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from mailtrip.clock import Clock
from mailtrip.mail import MailClient
from mailtrip.model import Credentials, MonitorSettings, Result
from mailtrip.probe.ports import Observer
from mailtrip.probe.run import Means, run_round_trip
from mailtrip.probe.timeline import Timeline
from mailtrip.probe.token import RANDOM_BYTES, MessageKey
from mailtrip.probe.trip import make_trip

__all__ = ["Prober"]


class Prober:
    """Makes round trips; one for the whole process, for many runs at once.

    Args:
        client: opens the sessions.
        key: signs the messages' tokens.
        clock: times the trips.
        report: told of each exception that is our own bug, inside the run that it spoilt.
        lag: the greatest lag of the event loop since a monotonic time, kept with each result; None when another
            adds it.
    """

    def __init__(
        self,
        *,
        client: MailClient,
        key: MessageKey,
        clock: Clock,
        report: Callable[[Exception], None],
        lag: Callable[[float], timedelta] | None = None,
    ) -> None:
        self._client = client
        self._key = key
        self._clock = clock
        self._lag = lag
        self._report = report
        self._host = socket.gethostname()

    async def run(
        self,
        settings: MonitorSettings,
        *,
        mailbox_credentials: Credentials,
        smtp_credentials: Credentials | None,
        observe: Observer | None = None,
    ) -> Result:
        """Make one trip within the monitor's timeout. A failing mail server is a result."""
        started_at = self._clock.monotonic()
        deadline = started_at + settings.run_timeout.total_seconds()
        timeline = Timeline(started_at, observe)
        trip = make_trip(
            sender=settings.sender or settings.email,
            recipient=settings.email,
            mailbox_protocol=settings.mailbox_protocol,
            warning_time=settings.warning_time,
            key=self._key,
            random_bytes=secrets.token_bytes(RANDOM_BYTES),
            now=self._clock.now(),
            host=self._host,
        )
        means = Means(
            make_sender=lambda: self._client.sender(
                settings.smtp, smtp_credentials, deadline=deadline, observe=timeline, started_at=started_at
            ),
            mailbox=self._client.mailbox(
                settings.mailbox, mailbox_credentials, deadline=deadline, observe=timeline, started_at=started_at
            ),
            clock=self._clock,
            deadline=deadline,
            timeline=timeline,
            mailbox_host=settings.mailbox.host,
            report=self._report,
        )
        return await run_round_trip(trip, means, lag=None if self._lag is None else partial(self._lag, started_at))
