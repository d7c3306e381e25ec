"""What server and clients of a benchmark agree on: addresses, password, message, and where the server is."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mailtrip.model import Credentials, MailProtocol, Mechanism, Server, TLSMode, parse_server
from mailtrip.probe.message import make_message
from mailtrip.probe.token import MessageKey, new_token

__all__ = ["HOST", "KEY", "PASSWORD", "Site", "address", "credentials", "new_message"]

HOST = "127.0.0.1"
PASSWORD = "correct horse 17"
KEY = MessageKey(b"benchmark" * 4)
_TOKEN = new_token(KEY, bytes(16))
_TEMPLATE = make_message(
    sender="bench@mailtrip.test",
    recipient="bench@mailtrip.test",
    token=_TOKEN,
    now=datetime(2026, 1, 1, tzinfo=UTC),
    host="bench.mailtrip.test",
)


def address(number: int) -> str:
    """The address, and login name, of one of the server's users."""
    return f"user{number:05d}@mailtrip.test"


def new_message() -> tuple[bytes, bytes]:
    """A message as long as Mailtrip's own, and the mark that tells it from all others."""
    mark = secrets.token_hex(len(_TOKEN.text) // 2).encode()
    return _TEMPLATE.replace(_TOKEN.text.encode(), mark), mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The benchmark's mail server, as a client is told of it.

    Attributes:
        protocol: of the mailbox.
        ports: by their names, "smtp", "smtps" and so on.
        ca: what clients must trust, PEM.
        ca_path: the same in a file.
    """

    protocol: MailProtocol
    is_tls: bool
    ports: dict[str, int]
    ca: str
    ca_path: str

    @classmethod
    def of_task(cls, task: dict[str, Any]) -> "Site":
        return cls(
            protocol=MailProtocol(task["protocol"]),
            is_tls=task["is_tls"],
            ports=task["ports"],
            ca=task["ca"],
            ca_path=task["ca_path"],
        )

    def url(self, protocol: MailProtocol) -> str:
        scheme = f"{protocol}s" if self.is_tls else str(protocol)
        return f"{scheme}://{HOST}:{self.ports[scheme]}"

    def port(self, protocol: MailProtocol) -> int:
        return self.ports[f"{protocol}s" if self.is_tls else str(protocol)]

    def server(self, protocol: MailProtocol) -> Server:
        """As Mailtrip's clients want it."""
        return parse_server(self.url(protocol), protocol, tls=self.tls_mode, tls_ca=self.ca)

    @property
    def tls_mode(self) -> TLSMode:
        return TLSMode.IMPLICIT if self.is_tls else TLSMode.NONE


def credentials(user: int, mechanism: Mechanism) -> Credentials:
    """The login of one of the server's users."""
    return Credentials(username=address(user), password=PASSWORD, mechanism=mechanism)
