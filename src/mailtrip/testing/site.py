"""What all connections of one loopback server share: its mail, its features, its faults, and the log of its sessions."""

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass, field

from mailtrip.clock import Clock
from mailtrip.model import MailProtocol
from mailtrip.testing.faults import Delivery, FaultPlan
from mailtrip.testing.mailstore import MailStore
from mailtrip.testing.sasl_service import MECHANISMS
from mailtrip.testing.wire import Wire

__all__ = ["Features", "SessionLog", "Site"]

_MOST_LINES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What a server can do and demands. The default can do everything and demands nothing.

    Attributes:
        mechanisms: SASL mechanisms in the order they are offered.
        starttls: whether STARTTLS and STLS are offered (where the server has a certificate).
        auth_needs_tls: a login over a connection without TLS is not offered, and refused.
        esmtp: False answers EHLO with 502, so that clients fall back to HELO.
        smtp_auth_required: MAIL is refused before a login.
        size_limit: of a message, in bytes.
        capa: False answers POP3's CAPA with -ERR.
        user_pass: POP3's USER and PASS.
        idle_pushes: False accepts IDLE, but never tells anything in it.
        login: IMAP's LOGIN command; without it LOGINDISABLED is shown.
    """

    mechanisms: tuple[str, ...] = tuple(MECHANISMS)
    starttls: bool = True
    auth_needs_tls: bool = False
    esmtp: bool = True
    smtp_auth_required: bool = False
    pipelining: bool = True
    size_limit: int = 10_240_000
    eight_bit_mime: bool = True
    smtputf8: bool = True
    enhanced_status_codes: bool = True
    capa: bool = True
    user_pass: bool = True
    apop: bool = True
    uidl: bool = True
    top: bool = True
    login: bool = True
    sasl_ir: bool = True
    id: bool = True
    idle: bool = True
    idle_pushes: bool = True
    uidplus: bool = True
    literal_plus: bool = True
    special_use: bool = True


@dataclass(slots=True, kw_only=True)
class SessionLog:
    """What one client said, a line an item, passwords included; message contents and what came after a bound are left out.

    Attributes:
        port_name: "smtp", "smtps", "pop3", "pop3s", "imap" or "imaps".
        username: who logged in, at last.
    """

    protocol: MailProtocol
    port_name: str
    lines: list[str] = field(default_factory=list)
    username: str | None = None
    is_encrypted: bool = False
    is_closed: bool = False

    def add(self, line: bytes) -> None:
        if len(self.lines) < _MOST_LINES:
            self.lines.append(line.decode(errors="replace"))

    @property
    def commands(self) -> list[str]:
        """The first word of each line, in capitals; in IMAP the word after the tag (`UID FETCH` is two words)."""
        return [_command(line, self.protocol) for line in self.lines]


def _command(line: str, protocol: MailProtocol) -> str:
    words = line.upper().split()
    if protocol is MailProtocol.IMAP:
        words = words[1:]
        if words[:1] == ["UID"]:
            return " ".join(words[:2])
    return words[0] if words else ""


@dataclass(slots=True, kw_only=True, eq=False)
class Site:
    """Shared state of one server; connections read it afresh at each command, so a test may change it under way."""

    loop: asyncio.AbstractEventLoop
    clock: Clock
    store: MailStore
    hostname: str
    features: Features
    faults: FaultPlan
    delivery: Delivery
    tls: ssl.SSLContext | None
    reply_delay: float
    sessions: deque[SessionLog]
    connections: set[Wire] = field(default_factory=set)
    all_closed: asyncio.Event = field(default_factory=asyncio.Event)
    deliveries: set[asyncio.TimerHandle] = field(default_factory=set)
    received: int = 0
    buffer: memoryview = field(default_factory=lambda: memoryview(bytearray(65536)))
    """Where all connections receive into: asyncio asks for it and hands it over filled without a turn in between."""
