"""The mail client of a process: makes senders and mailboxes that share resolver, TLS contexts and receive buffer."""

import socket
from collections.abc import Sequence

from mailtrip.clock import Clock
from mailtrip.mail.imap_mailbox import IMAPMailbox
from mailtrip.mail.line import Line
from mailtrip.mail.pop3_mailbox import POP3Mailbox
from mailtrip.mail.resolve import Resolver
from mailtrip.mail.sender import SMTPSender
from mailtrip.mail.session import Driver, Observe
from mailtrip.mail.tls import CertificateReader, TLSContexts
from mailtrip.mail.visits import Visits
from mailtrip.model import Credentials, MailProtocol, NetworkPolicy, Server

__all__ = ["MailClient"]

_BUFFER_BYTES = 64 * 1024


class MailClient:
    """Opens mail sessions; one per process and event loop.

    Args:
        client_name: what EHLO says; None says the machine's full name, or an address literal where it has none.
        policy: where it may connect; None is anywhere.
    """

    def __init__(self, *, clock: Clock, client_name: str | None = None, policy: NetworkPolicy | None = None) -> None:
        self._driver = Driver(
            clock=clock,
            resolver=Resolver(),
            contexts=TLSContexts(),
            certificates=CertificateReader(),
            buffer=memoryview(bytearray(_BUFFER_BYTES)),
            client_name=client_name or _own_name(),
            policy=policy,
        )
        self._visits = Visits()

    def sender(
        self, server: Server, credentials: Credentials | None, *, deadline: float, observe: Observe, started_at: float
    ) -> SMTPSender:
        """An SMTP sender, not yet connected.

        Args:
            server: where to connect.
            credentials: the login; None sends without one.
            deadline: monotonic seconds at which all of its waiting ends.
            observe: told of each step.
            started_at: monotonic seconds that the transcript's times count from.
        """
        line = Line(self._driver, server, credentials, deadline=deadline, observe=observe, started_at=started_at)
        return SMTPSender(line, credentials)

    def mailbox(
        self,
        server: Server,
        credentials: Credentials | None,
        *,
        deadline: float,
        observe: Observe,
        started_at: float,
        folders: Sequence[str] = (),
        login_gap: float = 0.0,
    ) -> POP3Mailbox | IMAPMailbox:
        """A mailbox over the server's protocol, not yet connected; further arguments as for `sender`.

        Args:
            server: where to connect.
            credentials: the login; None is for a check without one.
            deadline: see `sender`.
            observe: see `sender`.
            started_at: see `sender`.
            folders: looked into as the spam folder is (IMAP).
            login_gap: seconds that the provider wants from one login to a mailbox to the next.
        """
        line = Line(self._driver, server, credentials, deadline=deadline, observe=observe, started_at=started_at)
        visit = self._visits.of(server, credentials.username if credentials else "")
        visit.login_gap = max(visit.login_gap, login_gap)
        if server.protocol is MailProtocol.POP3:
            return POP3Mailbox(line, credentials, visit)
        return IMAPMailbox(line, credentials, visit, folders=folders)

    def close(self) -> None:
        """End the resolver's threads; sessions are closed by those who opened them."""
        self._driver.resolver.close()


def _own_name() -> str:
    """RFC 5321, 4.1.4: the full name, or an address literal where there is none."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"
