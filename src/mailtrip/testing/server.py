"""A mail server in memory, on loopback: SMTP, POP3 and IMAP with TLS, for tests, the sandbox and benchmarks."""

import asyncio
import contextlib
import itertools
import socket
import ssl
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Self

from mailtrip.clock import Clock, SystemClock
from mailtrip.model import MailProtocol
from mailtrip.testing.certificates import Authority, ServerCertificate
from mailtrip.testing.faults import Delivery, Fault, FaultPlan
from mailtrip.testing.imap_service import IMAPConnection
from mailtrip.testing.mailstore import Account, MailStore, StoredMessage
from mailtrip.testing.pop3_service import POP3Connection
from mailtrip.testing.site import Features, SessionLog, Site
from mailtrip.testing.smtp_service import SMTPConnection

__all__ = ["PORT_NAMES", "LoopbackServer"]

PORT_NAMES = ("smtp", "smtps", "pop3", "pop3s", "imap", "imaps")
"""The ports of a server; those in `s` are there when it has a certificate."""

_SERVICES: dict[str, type[SMTPConnection | POP3Connection | IMAPConnection]] = {
    "smtp": SMTPConnection,
    "pop3": POP3Connection,
    "imap": IMAPConnection,
}
_V6_ATTEMPTS = 20
_BACKLOG = 1024


class LoopbackServer:
    """An asynchronous context manager: the server is there inside of it, and gone, connections too, after it.

    Args:
        users: passwords by address; the address is the login name too.
        authority: signs the server's certificate; without it, `certificate` or `tls_context` there is no TLS.
        certificate: shown instead of one from `authority`: an expired one, a foreign one.
        tls_context: used instead of one made from a certificate: an old TLS version, odd ciphers.
        faults: what goes wrong, and when; `faults.add` and `faults.clear` change it under way.
        features: what it can do; may be replaced under way.
        delivery: what becomes of accepted messages; may be replaced under way.
        reply_delay: seconds before each reply.
        ports: fixed ports by name; the others are free ones.
        ipv6: listen on ::1 too, on the same ports.
        only: the names of the ports to open, if not all.
        clock: stamps messages; delays are of the event loop's own clock.
        keep_sessions: how many of the latest sessions are kept in `sessions`.
    """

    def __init__(
        self,
        users: Mapping[str, str],
        *,
        authority: Authority | None = None,
        certificate: ServerCertificate | None = None,
        tls_context: ssl.SSLContext | None = None,
        faults: Iterable[Fault] = (),
        features: Features | None = None,
        delivery: Delivery | None = None,
        reply_delay: float = 0.0,
        ports: Mapping[str, int] | None = None,
        ipv6: bool = False,
        only: Sequence[str] = PORT_NAMES,
        hostname: str = "mail.mailtrip.test",
        clock: Clock | None = None,
        keep_sessions: int = 1000,
    ) -> None:
        if tls_context is None and authority is not None and certificate is None:
            certificate = authority.issue()
        if tls_context is None and certificate is not None:
            tls_context = certificate.server_context()
        self.sessions: deque[SessionLog] = deque(maxlen=keep_sessions)
        self.store = MailStore(users, uid_validity=int(time.time()))
        self.faults = FaultPlan(faults)
        self._clock = clock or SystemClock()
        self._features = features or Features()
        self._delivery = delivery or Delivery()
        self._reply_delay = reply_delay
        self._hostname = hostname
        self._tls = tls_context
        self._names = [name for name in only if self._tls is not None or not name.endswith("s")]
        self._wanted_ports = dict(ports or {})
        self._hosts = ["127.0.0.1", "::1"] if ipv6 else ["127.0.0.1"]
        self._ports: dict[str, int] = {}
        self._listeners: list[asyncio.Server] = []
        self._site: Site | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Open the ports.

        Raises:
            OSError: when a fixed port is taken.
        """
        loop = asyncio.get_running_loop()
        site = self._make_site(loop)
        self._site = site
        try:
            for name in self._names:
                await self._listen(loop, site, name)
        except OSError:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close ports and connections, forget messages that are under way; safe to call twice."""
        listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener.close()
        if self._site is not None:
            for handle in tuple(self._site.deliveries):
                handle.cancel()
            await _abort_connections(self._site)
        for listener in listeners:
            await listener.wait_closed()

    def port(self, name: str) -> int:
        """The number of a port that is open; `name` is one of `PORT_NAMES`."""
        return self._ports[name]

    def url(self, name: str) -> str:
        """The server as a monitor names it, such as `imaps://127.0.0.1:40993`."""
        return f"{name}://127.0.0.1:{self._ports[name]}"

    def mailbox(self, address: str) -> Account:
        """The account of that address; KeyError when there is none."""
        account = self.store.find(address)
        if account is None:
            raise KeyError(address)
        return account

    def deliver(self, address: str, content: bytes, *, folder: str = "INBOX") -> StoredMessage:
        """Put a message in at once, as it is; it should have CRLF line ends."""
        return self.mailbox(address).folders[folder].append(content, self._clock.now())

    def sessions_of(self, protocol: MailProtocol) -> list[SessionLog]:
        """The latest sessions of one protocol, oldest first."""
        return [session for session in self.sessions if session.protocol is protocol]

    @property
    def site(self) -> Site:
        """The running server's state: `features`, `delivery` and `reply_delay` in it may be changed under way."""
        assert self._site is not None, "the server is not running"
        return self._site

    def _make_site(self, loop: asyncio.AbstractEventLoop) -> Site:
        return Site(
            loop=loop,
            clock=self._clock,
            store=self.store,
            hostname=self._hostname,
            features=self._features,
            faults=self.faults,
            delivery=self._delivery,
            tls=self._tls,
            reply_delay=self._reply_delay,
            sessions=self.sessions,
        )

    async def _listen(self, loop: asyncio.AbstractEventLoop, site: Site, name: str) -> None:
        service = _SERVICES[name.removesuffix("s")]
        for listening in _bind(self._hosts, self._wanted_ports.get(name, 0)):
            self._ports[name] = listening.getsockname()[1]
            server = await loop.create_server(lambda: service(site, name), sock=listening, backlog=_BACKLOG)
            self._listeners.append(server)


async def _abort_connections(site: Site) -> None:
    if site.connections:
        site.all_closed.clear()
        for connection in tuple(site.connections):
            connection.transport.abort()
        await site.all_closed.wait()


def _bind(hosts: Sequence[str], port: int) -> list[socket.socket]:
    """A bound socket for each host, all on the same port; a free one for port 0."""
    for attempt in itertools.count(1):
        with contextlib.ExitStack() as stack:
            bound: list[socket.socket] = []
            try:
                for host in hosts:
                    family = socket.AF_INET6 if ":" in host else socket.AF_INET
                    one = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    one.bind((host, bound[0].getsockname()[1] if bound else port))
                    bound.append(one)
            except OSError:
                # A port that is free on 127.0.0.1 may be taken on ::1.
                if port or not bound or attempt == _V6_ATTEMPTS:
                    raise
                continue
            stack.pop_all()
            return bound
    raise AssertionError("unreachable")
