"""Round trips of Mailtrip as the service makes them."""

import secrets
from collections.abc import Sequence
from datetime import timedelta

from mailtrip.clock import SystemClock
from mailtrip.mail import MailClient
from mailtrip.model import MailProtocol, Mechanism, Result, SessionRecord, Step, Verdict
from mailtrip.probe.ports import Observer
from mailtrip.probe.run import Means, run_round_trip
from mailtrip.probe.timeline import Timeline
from mailtrip.probe.token import RANDOM_BYTES, new_token
from mailtrip.probe.trip import Trip, make_trip
from scenery import KEY, Site, address, credentials

__all__ = ["WholeTrips"]

_TIMEOUT = timedelta(seconds=120)


class WholeTrips:
    """The run of a monitor: mailbox opened before the message is sent, looks, comparison, timings, transcripts."""

    def __init__(self, site: Site) -> None:
        self._clock = SystemClock()
        self._client = MailClient(clock=self._clock)
        self._site = site
        self._smtp = site.server(MailProtocol.SMTP)
        self._mailbox = site.server(site.protocol)

    async def make(self, user: int, *, observe: Observer | None = None) -> Result:
        """One trip to one user's mailbox.

        Raises:
            RuntimeError: when it did not find its message: then nothing was measured.
        """
        started_at = self._clock.monotonic()
        deadline = started_at + _TIMEOUT.total_seconds()
        timeline = Timeline(started_at, observe)
        login = credentials(user, Mechanism.PLAIN)
        mailbox_login = credentials(user, Mechanism.LOGIN)
        means = Means(
            make_sender=lambda: self._client.sender(
                self._smtp, login, deadline=deadline, observe=timeline, started_at=started_at
            ),
            mailbox=self._client.mailbox(
                self._mailbox, mailbox_login, deadline=deadline, observe=timeline, started_at=started_at
            ),
            clock=self._clock,
            deadline=deadline,
            timeline=timeline,
            report=_raise,
        )
        result = await run_round_trip(self._trip(user), means)
        if result.verdict is not Verdict.DELIVERED or result.step is not None:
            raise RuntimeError(f"{result.verdict}: {result.summary}")
        return result

    async def make_timed(self, user: int) -> tuple[Sequence[SessionRecord], float]:
        """A trip's sessions, and the seconds of its submit step."""
        result = await self.make(user)
        submit = result.duration_of(Step.SUBMIT)
        assert submit is not None
        return result.sessions, submit.total_seconds()

    def close(self) -> None:
        self._client.close()

    def _trip(self, user: int) -> Trip:
        return make_trip(
            sender=address(user),
            recipient=address(user),
            mailbox_protocol=self._site.protocol,
            key=KEY,
            token=new_token(KEY, secrets.token_bytes(RANDOM_BYTES)),
            now=self._clock.now(),
            host="bench.mailtrip.test",
        )


def _raise(error: Exception) -> None:
    raise error
