"""Round trips of Mailtrip: whole runs as the service makes them, and the bare exchanges that other clients make too."""

import secrets
from datetime import timedelta

from mailtrip.clock import SystemClock
from mailtrip.mail import MailClient
from mailtrip.mail.imap_mailbox import IMAPMailbox
from mailtrip.mail.pop3_mailbox import POP3Mailbox
from mailtrip.model import Envelope, Failure, MailProtocol, Mechanism, Result, Step, Verdict
from mailtrip.probe.ports import Observer
from mailtrip.probe.run import run_round_trip
from mailtrip.probe.timeline import Timeline
from mailtrip.probe.token import RANDOM_BYTES
from mailtrip.probe.trip import Trip, make_trip
from scenery import KEY, Site, address, credentials, new_message

__all__ = ["BareTrips", "WholeTrips"]

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
        sender = self._client.sender(self._smtp, login, deadline=deadline, observe=timeline, started_at=started_at)
        login = credentials(user, Mechanism.LOGIN)
        mailbox = self._client.mailbox(self._mailbox, login, deadline=deadline, observe=timeline, started_at=started_at)
        result = await run_round_trip(
            self._trip(user),
            sender=sender,
            mailbox=mailbox,
            clock=self._clock,
            deadline=deadline,
            timeline=timeline,
            report=_raise,
        )
        if result.verdict is not Verdict.DELIVERED or result.step is not None:
            raise RuntimeError(f"{result.verdict}: {result.summary}")
        return result

    def close(self) -> None:
        self._client.close()

    def _trip(self, user: int) -> Trip:
        return make_trip(
            sender=address(user),
            recipient=address(user),
            mailbox_protocol=self._site.protocol,
            key=KEY,
            random_bytes=secrets.token_bytes(RANDOM_BYTES),
            now=self._clock.now(),
            host="bench.mailtrip.test",
        )


class BareTrips:
    """The exchanges of the other contenders, one for one, over Mailtrip's sessions with their timings and transcripts."""

    def __init__(self, site: Site) -> None:
        self._clock = SystemClock()
        self._client = MailClient(clock=self._clock)
        self._site = site
        self._smtp = site.server(MailProtocol.SMTP)
        self._mailbox = site.server(site.protocol)

    async def make(self, user: int) -> None:
        """One trip to one user's mailbox, which holds nothing else."""
        started_at = self._clock.monotonic()
        deadline = started_at + _TIMEOUT.total_seconds()
        message, mark = new_message()
        login = credentials(user, Mechanism.PLAIN)
        sender = self._client.sender(self._smtp, login, deadline=deadline, observe=_ignore, started_at=started_at)
        _check(await sender.connect())
        _check(await sender.submit(Envelope(sender=address(user), recipient=address(user)), message))
        await sender.close()
        login = credentials(user, Mechanism.LOGIN)
        mailbox = self._client.mailbox(self._mailbox, login, deadline=deadline, observe=_ignore, started_at=started_at)
        await _take_message(mailbox, mark)

    def close(self) -> None:
        self._client.close()


async def _take_message(mailbox: POP3Mailbox | IMAPMailbox, mark: bytes) -> None:
    """Find the message in one session, fetch it and delete it."""
    if isinstance(mailbox, IMAPMailbox):
        mailbox._uidvalidity, mailbox._next_uid = 0, 1  # noqa: SLF001 (so that all that is there counts as new)
        _check(await mailbox.open())
    else:
        mailbox._known = set()  # noqa: SLF001 (likewise)
    look = await mailbox.look()
    if isinstance(look, Failure):
        raise RuntimeError(look.reason)  # noqa: TRY004 (a failure of the server, not of types)
    (ref,) = [head.ref for head in look.heads if mark in head.content]
    content = await mailbox.fetch(ref)
    if isinstance(content, Failure) or mark not in content:
        raise RuntimeError("the message was not fetched")
    _check(await mailbox.delete([ref]))
    await mailbox.close()


def _check(outcome: object) -> None:
    if isinstance(outcome, Failure):
        raise RuntimeError(outcome.reason)  # noqa: TRY004 (a failure of the server, not of types)


def _ignore(step: Step, began: float, ended: float | None) -> None:
    """Nobody watches."""


def _raise(error: Exception) -> None:
    raise error
