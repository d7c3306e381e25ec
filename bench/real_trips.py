"""Whole runs of Mailtrip against the real mail server, as the service makes them."""

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mailtrip.clock import SystemClock
from mailtrip.mail import MailClient
from mailtrip.model import (
    Accepted,
    Credentials,
    MailProtocol,
    Mechanism,
    Result,
    Server,
    Stray,
    TLSMode,
    Verdict,
    parse_server,
)
from mailtrip.probe.ports import Observer, Sender
from mailtrip.probe.run import Means, run_round_trip
from mailtrip.probe.timeline import Timeline
from mailtrip.probe.token import RANDOM_BYTES, new_token
from mailtrip.probe.trip import make_trip
from scenery import KEY

__all__ = ["RealSite", "RealTrip", "RealTrips"]

_RUN_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RealSite:
    """Where the servers are, as their clients are told of it; TLS from the first byte everywhere.

    Attributes:
        ports: by the names of their services, "submissions", "imaps" and so on.
        ca: what clients must trust, PEM.
    """

    host: str
    ports: dict[str, int]
    ca: str
    password: str

    @classmethod
    def of_task(cls, task: Mapping[str, Any]) -> "RealSite":
        return cls(**task["site"])

    def server(self, protocol: MailProtocol, port: str) -> Server:
        """As Mailtrip's clients want it."""
        url = f"{protocol}s://{self.host}:{self.ports[port]}"
        return parse_server(url, protocol, tls=TLSMode.IMPLICIT, tls_ca=self.ca)

    def credentials(self, address: str) -> Credentials:
        return Credentials(username=address, password=self.password, mechanism=Mechanism.PLAIN)

    @property
    def task(self) -> dict[str, Any]:
        """As a part of a child's task."""
        return {"site": asdict(self)}


@dataclass(frozen=True, slots=True)
class RealTrip:
    """What came of a run, and when it began in monotonic seconds."""

    result: Result
    started_at: float


class RealTrips:
    """For one event loop; safe to use from many tasks.

    Args:
        protocol: of the mailbox.
        submission: the port that messages are handed over at.
    """

    def __init__(self, site: RealSite, protocol: MailProtocol, *, submission: str = "submissions") -> None:
        self.clock = SystemClock()
        self.client = MailClient(clock=self.clock)
        self._site = site
        self._protocol = protocol
        self._smtp = site.server(MailProtocol.SMTP, submission)
        self._mailbox = site.server(protocol, f"{protocol}s")

    async def make(
        self,
        address: str,
        *,
        sender: Sender | None = None,
        observe: Observer | None = None,
        on_accepted: Callable[[Accepted], None] | None = None,
    ) -> RealTrip:
        """One run, from and to one address.

        Args:
            address: the login name as well.
            sender: takes the message in place of an SMTP session with the server.
            observe: told of each step.
            on_accepted: told when the message has been taken.

        Raises:
            RuntimeError: when it did not find its message: then nothing was measured.
        """
        started_at = self.clock.monotonic()
        deadline = started_at + _RUN_SECONDS
        timeline = Timeline(started_at, observe)
        login = self._site.credentials(address)
        means = Means(
            make_sender=lambda: (
                sender
                or self.client.sender(self._smtp, login, deadline=deadline, observe=timeline, started_at=started_at)
            ),
            mailbox=self.client.mailbox(
                self._mailbox, login, deadline=deadline, observe=timeline, started_at=started_at
            ),
            clock=self.clock,
            deadline=deadline,
            timeline=timeline,
            desk=_Desk(),
            on_accepted=on_accepted,
            report=_raise,
        )
        trip = make_trip(
            sender=address,
            recipient=address,
            mailbox_protocol=self._protocol,
            key=KEY,
            token=new_token(KEY, secrets.token_bytes(RANDOM_BYTES)),
            now=self.clock.now(),
            host="bench.mailtrip.test",
        )
        result = await run_round_trip(trip, means)
        if result.verdict is not Verdict.DELIVERED or result.sighting is None:
            raise RuntimeError(f"{result.verdict}: {result.summary}")
        return RealTrip(result, started_at)

    def close(self) -> None:
        self.client.close()


class _Desk:
    """Lets runs look for leftovers, as they do in the service, and knows none of them."""

    async def settle(self, strays: Sequence[Stray]) -> Collection[str]:
        del strays
        return ()


def _raise(error: Exception) -> None:
    raise error
