"""What the machine's resolver says of names: put in the place of `socket.getaddrinfo`, whose errors a row chooses.

That the system's own resolver gives these errors for NXDOMAIN, SERVFAIL, an empty answer and silence, is shown with a real
DNS server in tests/wire/test_names.py.
"""

import socket
import threading
from dataclasses import dataclass
from enum import Enum, auto
from types import TracebackType
from typing import Any, Self

import pytest

__all__ = ["MAILBOX_NAME", "SMTP_NAME", "Names", "NamesService", "Say"]

SMTP_NAME = "smtp.mail.test"
MAILBOX_NAME = "box.mail.test"
_LONGEST_SILENCE = 60.0


class Say(Enum):
    """What is said of a name."""

    ADDRESS = auto()
    """It is 127.0.0.1."""
    FORBIDDEN = auto()
    """It is 127.0.0.66, where the client's network policy lets nobody connect."""
    BOTH = auto()
    """It is 127.0.0.66 first, and then 127.0.0.1."""
    NO_SUCH_NAME = auto()
    """NXDOMAIN."""
    NO_ADDRESS = auto()
    """The name is there, and has no address."""
    FAILURE = auto()
    """SERVFAIL, or nothing within the system's own patience."""
    SILENCE = auto()
    """Nothing at all, while anybody waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What is said of the two names of a run, and of any other."""

    smtp: Say = Say.ADDRESS
    mailbox: Say = Say.ADDRESS
    others: Say = Say.NO_SUCH_NAME


_ADDRESSES = {
    Say.ADDRESS: ("127.0.0.1",),
    Say.FORBIDDEN: ("127.0.0.66",),
    Say.BOTH: ("127.0.0.66", "127.0.0.1"),
}
_UNTOLD = (socket.EAI_AGAIN, "Temporary failure in name resolution")
_ERRORS = {
    Say.NO_SUCH_NAME: (socket.EAI_NONAME, "Name or service not known"),
    Say.NO_ADDRESS: (socket.EAI_NODATA, "No address associated with hostname"),
    Say.FAILURE: _UNTOLD,
    Say.SILENCE: _UNTOLD,
}


class NamesService:
    """A context manager that answers in the system's place; `names` may be changed meanwhile."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self._patch = pytest.MonkeyPatch()
        self._real = socket.getaddrinfo
        self._is_over = threading.Event()

    def __enter__(self) -> Self:
        self._patch.setattr(socket, "getaddrinfo", self._answer)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._patch.undo()

    def _answer(self, host: str, *arguments: Any, **options: Any) -> object:  # Any: as getaddrinfo takes them
        said = {SMTP_NAME: self.names.smtp, MAILBOX_NAME: self.names.mailbox}.get(host, self.names.others)
        if said in _ADDRESSES:
            return [found for each in _ADDRESSES[said] for found in self._real(each, *arguments, **options)]
        if said is Say.SILENCE:
            self._is_over.wait(_LONGEST_SILENCE)
        raise socket.gaierror(*_ERRORS[said])
