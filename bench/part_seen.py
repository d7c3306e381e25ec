"""How soon a message is seen that has been delivered: runs with their own plan of looks, on a real Dovecot."""

import asyncio
import imaplib
import random
import secrets
import smtplib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import uvloop

from borrowed import mail_server_module
from figures import percentile
from mailtrip.clock import SystemClock
from mailtrip.mail import MailClient
from mailtrip.model import (
    Accepted,
    Credentials,
    Envelope,
    Failure,
    MailProtocol,
    Mechanism,
    Result,
    SessionRecord,
    Step,
    TLSMode,
    parse_server,
)
from mailtrip.probe.run import Means, run_round_trip
from mailtrip.probe.timeline import Timeline
from mailtrip.probe.token import RANDOM_BYTES, new_token
from mailtrip.probe.trip import make_trip
from scenery import KEY, new_message
from tables import Findings, Table, Target

__all__ = ["SeenPlan", "measure"]

_BOUND_MS = 100.0
_POLL_SECONDS = 0.5
_RUN_SECONDS = 60.0
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
    module = mail_server_module()
    reason = module.missing()
    if reason is not None:
        return Findings(part="seen", facts=(f"Not measured: {reason}.",))
    with module.RealMailServer() as server:
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


def _make_deliver(server: Any) -> Deliver:
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


def _watch_with_runs(plan: SeenPlan, server: Any, addresses: Sequence[str], protocol: MailProtocol) -> list[float]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_watch(plan, server, addresses, protocol))


async def _watch(plan: SeenPlan, server: Any, addresses: Sequence[str], protocol: MailProtocol) -> list[float]:
    clock = SystemClock()
    client = MailClient(clock=clock)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(plan.at_once))
    numbers = iter(range(plan.messages))
    delays: list[float] = []

    async def work(address: str) -> None:
        delays.extend([await _run_once(client, clock, server, address, protocol) for _ in numbers])

    async with asyncio.TaskGroup() as group:
        for address in addresses:
            group.create_task(work(address))
    client.close()
    return delays


async def _run_once(client: MailClient, clock: SystemClock, server: Any, address: str, protocol: MailProtocol) -> float:
    started_at = clock.monotonic()
    deadline = started_at + _RUN_SECONDS
    timeline = Timeline(started_at)
    mailbox = parse_server(server.url(f"{protocol}s"), protocol, tls=TLSMode.IMPLICIT, tls_ca=server.authority.ca_pem)
    login = Credentials(username=address, password=server.password, mechanism=Mechanism.PLAIN)
    sender = _LMTPSender(_make_deliver(server), clock)
    means = Means(
        make_sender=lambda: sender,
        mailbox=client.mailbox(mailbox, login, deadline=deadline, observe=timeline, started_at=started_at),
        clock=clock,
        deadline=deadline,
        timeline=timeline,
        report=_raise,
    )
    trip = make_trip(
        sender=address,
        recipient=address,
        mailbox_protocol=protocol,
        key=KEY,
        token=new_token(KEY, secrets.token_bytes(RANDOM_BYTES)),
        now=clock.now(),
        host="bench.mailtrip.test",
    )
    result = await run_round_trip(trip, means)
    return sender.accepted_at + _seen_after(result) - await _saved(sender)


def _seen_after(result: Result) -> float:
    if result.sighting is None or result.duration_of(Step.WAIT) is None:
        raise RuntimeError(f"{result.verdict}: {result.summary}")
    return result.sighting.not_after.total_seconds()


async def _saved(sender: _LMTPSender) -> float:
    if sender.saved is None:
        raise RuntimeError("nothing was sent")
    return await sender.saved


def _raise(error: Exception) -> None:
    raise error


def _watch_with_searches(plan: SeenPlan, server: Any, addresses: Sequence[str]) -> list[float]:
    numbers = iter(range(plan.messages))
    delays: list[float] = []
    deliver = _make_deliver(server)

    def work(address: str) -> None:
        delays.extend([_search_once(server, deliver, address) for _ in numbers])

    with ThreadPoolExecutor(plan.at_once) as pool:
        for done in [pool.submit(work, address) for address in addresses]:
            done.result()
    return delays


def _search_once(server: Any, deliver: Deliver, address: str) -> float:
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
