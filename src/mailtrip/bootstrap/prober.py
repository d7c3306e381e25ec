"""The prober: one round trip or check from a monitor's settings, over the real mail clients."""

import secrets
import socket
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from mailtrip.clock import Clock
from mailtrip.mail import MailClient
from mailtrip.model import Accepted, Credentials, MailProtocol, MonitorSettings, Providers, Result, Run
from mailtrip.probe.expectations import Expectations
from mailtrip.probe.ports import Checkable, Observer, StrayDesk
from mailtrip.probe.run import Means, Resumption, run_round_trip
from mailtrip.probe.service_run import CheckMeans, Stopwatch, run_check
from mailtrip.probe.timeline import Timeline
from mailtrip.probe.token import RANDOM_BYTES, MessageKey, Token, new_token, parse_token
from mailtrip.probe.trip import Trip, make_trip

__all__ = ["Prober", "make_token"]


def make_token(key: MessageKey) -> str:
    """A new token, as text."""
    return new_token(key, secrets.token_bytes(RANDOM_BYTES)).text


class Prober:
    """Makes round trips and checks; one for the whole process, for many runs at once.

    Args:
        client: opens the sessions.
        key: signs the messages' tokens.
        clock: times the trips.
        report: told of each exception that is our own bug, inside the run that it spoilt.
        lag: the greatest lag of the event loop since a monotonic time, kept with each result; None when another
            adds it.
        desk: told of messages of other runs; None leaves them alone.
        providers: whose limits on logins are kept; None for nobody's.
    """

    def __init__(
        self,
        *,
        client: MailClient,
        key: MessageKey,
        clock: Clock,
        report: Callable[[Exception], None],
        lag: Callable[[float], timedelta] | None = None,
        desk: StrayDesk | None = None,
        providers: Providers | None = None,
    ) -> None:
        self._client = client
        self._key = key
        self._clock = clock
        self._lag = lag
        self._report = report
        self._desk = desk
        self._providers = providers or Providers()
        self._host = socket.gethostname()

    async def run(
        self,
        settings: MonitorSettings,
        *,
        mailbox_credentials: Credentials,
        smtp_credentials: Credentials | None,
        observe: Observer | None = None,
        run: Run | None = None,
        resumes: bool = False,
        on_accepted: Callable[[Accepted], None] | None = None,
    ) -> Result:
        """Make one trip within the monitor's timeout. A failing mail server is a result.

        Args:
            settings: of the monitor.
            mailbox_credentials: for the mailbox.
            smtp_credentials: None sends without a login.
            observe: told of each step.
            run: as the ledger has it; None makes a trip that is in no ledger.
            resumes: the run was begun by an earlier process: its message is looked for, and never sent.
            on_accepted: told when the SMTP server has taken the message.
        """
        # A resumed trip is timed from its first beginning.
        passed = (self._clock.now() - run.begins_at).total_seconds() if run and resumes else 0.0
        started_at = self._clock.monotonic() - passed
        deadline = started_at + settings.run_timeout.total_seconds()
        timeline = Timeline(started_at, observe)
        means = Means(
            make_sender=lambda: self._client.sender(
                settings.smtp, smtp_credentials, deadline=deadline, observe=timeline, started_at=started_at
            ),
            mailbox=self._client.mailbox(
                settings.mailbox,
                mailbox_credentials,
                deadline=deadline,
                observe=timeline,
                started_at=started_at,
                folders=settings.folders,
                login_gap=self._login_gap(settings),
            ),
            clock=self._clock,
            deadline=deadline,
            timeline=timeline,
            mailbox_host=settings.mailbox.host,
            desk=self._desk,
            on_accepted=on_accepted,
            report=self._report,
        )
        return await run_round_trip(
            self._make_trip(settings, run),
            means,
            resumption=self._resumption(run) if run and resumes else None,
            lag=None if self._lag is None else partial(self._lag, started_at),
        )

    async def check(
        self, settings: MonitorSettings, *, credentials: Credentials | None, observe: Observer | None = None
    ) -> Result:
        """Check the server of a monitor that sends no message, within its timeout. A failing server is a result.

        Args:
            settings: of the monitor.
            credentials: for its server; None checks it without a login.
            observe: told of each step.
        """
        (server,) = settings.servers
        started_at = self._clock.monotonic()
        deadline = started_at + settings.run_timeout.total_seconds()
        stopwatch = Stopwatch(Timeline(started_at, observe))
        client: Checkable
        if server.protocol is MailProtocol.SMTP:
            client = self._client.sender(
                server, credentials, deadline=deadline, observe=stopwatch, started_at=started_at
            )
        else:
            client = self._client.mailbox(
                server,
                credentials,
                deadline=deadline,
                observe=stopwatch,
                started_at=started_at,
                login_gap=self._login_gap(settings),
            )
        means = CheckMeans(
            server=server,
            client=client,
            stopwatch=stopwatch,
            clock=self._clock,
            deadline=deadline,
            warning_time=settings.warning_time,
            expectations=Expectations(certificate_days=settings.certificate_days or None),
            capabilities=settings.capabilities,
            report=self._report,
        )
        return await run_check(means, lag=None if self._lag is None else partial(self._lag, started_at))

    def _make_trip(self, settings: MonitorSettings, run: Run | None) -> Trip:
        """The same run has the same message, to the byte, in whichever process."""
        return make_trip(
            sender=settings.sender or settings.email,
            recipient=settings.email,
            mailbox_protocol=settings.mailbox_protocol,
            warning_time=settings.warning_time,
            key=self._key,
            token=self._token_of(run),
            now=run.begins_at if run else self._clock.now(),
            host=self._host,
            login_gap=self._login_gap(settings),
            expectations=Expectations(
                spf=settings.expect_spf,
                dkim=settings.expect_dkim,
                dmarc=settings.expect_dmarc,
                certificate_days=settings.certificate_days or None,
            ),
        )

    def _login_gap(self, settings: MonitorSettings) -> float:
        return self._providers.of(settings.mailbox.host).login_gap.total_seconds()

    def _token_of(self, run: Run | None) -> Token:
        if run is None or run.token is None:
            return new_token(self._key, secrets.token_bytes(RANDOM_BYTES))
        return parse_token(run.token, self._key)

    def _resumption(self, run: Run) -> Resumption:
        if run.accepted_at is None:
            return Resumption()
        accepted_at = self._clock.monotonic() - (self._clock.now() - run.accepted_at).total_seconds()
        # What is not in the ledger is when the message went out: after the run had begun.
        offered_at = min(accepted_at, accepted_at - (run.accepted_at - run.begins_at).total_seconds())
        reply = run.accepted_reply or "accepted"
        return Resumption(accepted=Accepted(reply=reply, at=accepted_at, offered_at=offered_at))
