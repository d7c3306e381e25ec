"""How alerts get out of a running service: its outbox, its channels, its own relay."""

import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

import structlog

from mailtrip.alerts.channels.apprise import AppriseChannel
from mailtrip.alerts.channels.mail import MailChannel, Submit
from mailtrip.alerts.channels.snmp import TrapChannel
from mailtrip.alerts.channels.web import SignedRequests, Unreachable, WebChannel, form_request, vendor_request
from mailtrip.alerts.deliver import Channel, Courier
from mailtrip.bootstrap.relay import relay_of
from mailtrip.bootstrap.storage import Storage
from mailtrip.bootstrap.web_client import open_web_client
from mailtrip.clock import Clock
from mailtrip.config import Settings
from mailtrip.engine.alert_desk import DatabaseAlertDesk
from mailtrip.engine.outbox import Outbox
from mailtrip.errors import Unavailable
from mailtrip.mail import MailClient
from mailtrip.mail.resolve import Resolver, Unresolved
from mailtrip.model import (
    Accepted,
    AlertMethod,
    Credentials,
    Envelope,
    Failure,
    NetworkPolicy,
    Server,
    Step,
)
from mailtrip.service import relay_watch
from mailtrip.store import Database

__all__ = ["Finder", "open_outbox", "relay_of", "sender_of", "submitting", "watch_relay"]

_log = structlog.get_logger(__name__)

_LOOK_SECONDS = 600.0
_SUBMIT_SECONDS = 60.0
_RESOLVE_SECONDS = 10.0


@asynccontextmanager
async def open_outbox(
    settings: Settings,
    storage: Storage,
    policy: NetworkPolicy,
    *,
    clock: Clock,
    is_behind: Callable[[], bool] = lambda: False,
) -> AsyncIterator[Outbox]:
    """The outbox with all its channels, not yet at work; their connections are closed at the end.

    Args:
        settings: the relay is the operator's own choice, and may be anywhere.
        storage: where alerts are kept.
        policy: where web servers of recipients may be, at any port.
        clock: tells what is due.
        is_behind: whether results wait that are not recorded yet, more than go into one transaction.

    Raises:
        ConfigurationError: the relay's settings are wrong.
    """
    relay = relay_of(settings)
    client = MailClient(clock=clock)
    resolver = Resolver(threads=4)
    try:
        async with open_web_client() as web:
            mail = MailChannel(
                None if relay is None else submitting(client, relay, settings, clock),
                sender=sender_of(settings),
                public_url=settings.public_url,
            )
            channels: dict[AlertMethod, Channel] = dict.fromkeys(
                (AlertMethod.EMAIL_TEXT, AlertMethod.EMAIL_HTML, AlertMethod.EMAIL_WIRELESS), mail
            )
            find = Finder(resolver, policy).find
            signed = SignedRequests(clock.now, public_url=settings.public_url)
            channels[AlertMethod.WEB_POST] = WebChannel(web, find, form_request)
            channels[AlertMethod.WEB_JSON] = WebChannel(web, find, vendor_request)
            channels[AlertMethod.WEB_SIGNED] = WebChannel(web, find, signed.compose)
            traps = TrapChannel(find)
            channels[AlertMethod.SNMP_V1] = channels[AlertMethod.SNMP_V2C] = traps
            channels[AlertMethod.APPRISE] = AppriseChannel(policy, public_url=settings.public_url)
            desk = DatabaseAlertDesk(
                storage.database,
                secrets=storage.key_ring,
                clock=clock,
                public_url=settings.public_url,
                relay=None if relay is None else relay.url,
                is_behind=is_behind,
            )
            yield Outbox(desk, Courier(channels).send, clock=clock)
    finally:
        resolver.close()
        client.close()


async def watch_relay(settings: Settings, database: Database, *, clock: Clock) -> None:
    """Log when alerts go through a server that is watched: the alert that it is down would need it.

    Looks at the start and every ten minutes, until it was said or the task is cancelled.
    """
    relay = relay_of(settings)
    watching: Sequence[int] = ()
    while relay is not None and not watching:
        try:
            watching = await database.reading(partial(relay_watch.watching, host=relay.host))
        except Unavailable:
            _log.warning("the relay of alerts is not compared with the servers that are watched: the database is away")
        if not watching:
            await clock.sleep(_LOOK_SECONDS)
    if relay is not None:
        _log.warning(
            "alerts by mail go through a server that is watched: that it is down could not be told",
            relay=relay.url,
            monitors=len(watching),
            first_ids=watching[:10],
            remedy="set alert_relay to a server elsewhere, or add recipients that are not told by mail",
        )


def sender_of(settings: Settings) -> str:
    """The address that mail of ours comes from."""
    return settings.alert_sender or f"mailtrip@{socket.gethostname()}"


def submitting(client: MailClient, relay: Server, settings: Settings, clock: Clock) -> Submit:
    """A way to hand messages to the relay."""
    credentials = None
    if settings.alert_relay_username is not None and settings.alert_relay_password is not None:
        credentials = Credentials(username=settings.alert_relay_username, password=settings.alert_relay_password)

    async def submit(envelope: Envelope, message: bytes) -> Accepted | Failure:
        now = clock.monotonic()
        sender = client.sender(relay, credentials, deadline=now + _SUBMIT_SECONDS, observe=_ignore, started_at=now)
        try:
            return await sender.connect() or await sender.submit(envelope, message)
        finally:
            await sender.close()

    return submit


def _ignore(step: Step, began: float, ended: float | None) -> None:
    """Nobody watches the steps of an alert."""


class Finder:
    """Finds the addresses that alerts may be posted to."""

    def __init__(self, resolver: Resolver, policy: NetworkPolicy) -> None:
        self._resolver = resolver
        self._policy = policy

    async def find(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a host; raises Unreachable."""
        found = await self._resolver.resolve(host, port, patience=_RESOLVE_SECONDS)
        if isinstance(found, Unresolved):
            raise Unreachable(found.reason, is_temporary=True)
        addresses = [address.sockaddr[0] for address in found.addresses]
        refused = {address: self._policy.refuse_address(address) for address in addresses}
        allowed = [address for address in addresses if refused[address] is None]
        if not allowed:
            raise Unreachable(f"the network policy forbids it: {refused[addresses[0]]}", is_temporary=False)
        return allowed
