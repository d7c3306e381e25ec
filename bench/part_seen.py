"""How soon a message is seen that has been delivered: runs with their own plan of looks, on a real Dovecot."""

import asyncio
import imaplib
import random
import smtplib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import uvloop

from figures import percentile
from mailtrip.clock import SystemClock
from mailtrip.model import Accepted, Envelope, Failure, MailProtocol, SessionRecord
from real_server import BenchMailServer
from real_trips import RealTrips
from scenery import new_message
from tables import Findings, Table, Target

__all__ = ["SeenPlan", "measure"]

_BOUND_MS = 100.0
_POLL_SECONDS = 0.5
_DELIVERY_SECONDS = (0.2, 2.2)
_IMAP, _POP3, _PEER = "IMAP, Mailtrip's looks", "POP3, Mailtrip's looks", "IMAP, imaplib: SEARCH each 0.5 s"

Deliver = Callable[[str, bytes], float]
"""Puts a message into a user's mailbox over LMTP; when Dovecot said "saved", monotonic seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPlan:
    """Messages of each kind of look, and how many mailboxes are watched at once."""

    messages: int = 120
    at_once: int = 8


def measure(plan: SeenPlan) -> Findings:
    """Milliseconds from "saved" to the answer of the look that showed the message."""
    reason = BenchMailServer.missing()
    if reason is not None:
        return Findings(part="seen", facts=(f"Not measured: {reason}.",))
    with BenchMailServer() as server:
        addresses = server.users[: plan.at_once]
        for address in addresses:
            server.make_mailbox(address)
        delays = {
            _IMAP: _watch_with_runs(plan, server, addresses, MailProtocol.IMAP),
            _POP3: _watch_with_runs(plan, server, addresses, MailProtocol.POP3),
            _PEER: _watch_with_searches(plan, server, addresses),
        }
    rows = tuple((name, *_figures(samples)) for name, samples in delays.items())
    median = percentile(delays[_IMAP], 0.5) * 1000
    return Findings(
        part="seen",
        tables=(Table(title="From delivery until seen, ms", columns=("", "p50", "p99", "max"), rows=rows),),
        targets=(Target(text="IMAP, p50 from delivery until seen", measured=median, bound=_BOUND_MS, unit=" ms"),),
        facts=(
            (
                f"{plan.messages} messages each, {plan.at_once} mailboxes at once; each is delivered at random "
                f"{_DELIVERY_SECONDS[0]} to {_DELIVERY_SECONDS[1]} s after the run began to look. Delivered is what "
                'Dovecot has answered with "saved" over LMTP.'
            ),
        ),
    )


def _figures(delays: Sequence[float]) -> Iterator[str]:
    for share in (0.5, 0.99, 1.0):
        yield f"{percentile(delays, share) * 1000:.0f}"


def _make_deliver(server: BenchMailServer) -> Deliver:
    def deliver(address: str, message: bytes) -> float:
        time.sleep(random.uniform(*_DELIVERY_SECONDS))
        with smtplib.LMTP(str(server.folder / "run" / "lmtp")) as lmtp:
            lmtp.sendmail("bench@mailtrip.test", [address], message)
            return time.monotonic()

    return deliver


class _LMTPSender:
    """A `Sender` that accepts at once, and lets the message arrive some time later."""

    record: SessionRecord | None = None

    def __init__(self, deliver: Deliver, clock: SystemClock) -> None:
        self._deliver = deliver
        self._clock = clock
        self.accepted_at = 0.0
        self.saved: asyncio.Future[float] | None = None

    async def connect(self) -> Failure | None:
        return None

    async def submit(self, envelope: Envelope, message: bytes) -> Accepted | Failure:
        loop = asyncio.get_running_loop()
        self.saved = loop.run_in_executor(None, self._deliver, envelope.recipient, message)
        self.accepted_at = self._clock.monotonic()
        return Accepted(reply="250 2.0.0 Ok", at=self.accepted_at)

    async def close(self) -> None:
        """There is no session."""


def _watch_with_runs(
    plan: SeenPlan, server: BenchMailServer, addresses: Sequence[str], protocol: MailProtocol
) -> list[float]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_watch(plan, server, addresses, protocol))


async def _watch(
    plan: SeenPlan, server: BenchMailServer, addresses: Sequence[str], protocol: MailProtocol
) -> list[float]:
    trips = RealTrips(server.site, protocol)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(plan.at_once))
    numbers = iter(range(plan.messages))
    delays: list[float] = []

    async def work(address: str) -> None:
        delays.extend([await _run_once(trips, server, address) for _ in numbers])

    async with asyncio.TaskGroup() as group:
        for address in addresses:
            group.create_task(work(address))
    trips.close()
    return delays


async def _run_once(trips: RealTrips, server: BenchMailServer, address: str) -> float:
    sender = _LMTPSender(_make_deliver(server), trips.clock)
    result = (await trips.make(address, sender=sender)).result
    assert result.sighting is not None
    return sender.accepted_at + result.sighting.not_after.total_seconds() - await _saved(sender)


async def _saved(sender: _LMTPSender) -> float:
    if sender.saved is None:
        raise RuntimeError("nothing was sent")
    return await sender.saved


def _watch_with_searches(plan: SeenPlan, server: BenchMailServer, addresses: Sequence[str]) -> list[float]:
    numbers = iter(range(plan.messages))
    delays: list[float] = []
    deliver = _make_deliver(server)

    def work(address: str) -> None:
        delays.extend([_search_once(server, deliver, address) for _ in numbers])

    with ThreadPoolExecutor(plan.at_once) as pool:
        for done in [pool.submit(work, address) for address in addresses]:
            done.result()
    return delays


def _search_once(server: BenchMailServer, deliver: Deliver, address: str) -> float:
    message, mark = new_message()
    saved: list[float] = []
    with imaplib.IMAP4(server.host, server.port("imap"), timeout=30) as imap:
        imap.login(address, server.password)
        imap.select("INBOX")
        delivery = threading.Thread(target=lambda: saved.append(deliver(address, message)))
        delivery.start()
        while True:
            _, found = imap.uid("SEARCH", "HEADER", "X-Mailtrip-Token", mark.decode())
            if found[0]:
                break
            time.sleep(_POLL_SECONDS)
        seen = time.monotonic()
        delivery.join()
        uid = found[0].decode()
        imap.uid("STORE", uid, "+FLAGS.SILENT", "(\\Deleted)")
        imap.uid("EXPUNGE", uid)
    return seen - saved[0]
