"""What a row of the fault matrix is: what goes wrong, how it is made to go wrong, and what a run must make of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import pytest
from tests.mailserver.faulty import FaultyMailServer
from tests.mailserver.fixtures import MailAccount
from tests.matrix.names import Names

from mailtrip.model import MailProtocol, StatusCode, Step, TLSMode, Verdict
from mailtrip.testing.faults import Deaf, Delivery, Fault, Hang, Trickle
from mailtrip.testing.mailstore import Account
from mailtrip.testing.server import LoopbackServer
from mailtrip.testing.site import Features

__all__ = ["Change", "Deed", "Each", "LoopbackRow", "Outcome", "Part", "Place", "RealRow", "Row", "cases", "patience"]

_SECONDS = 10.0
_SILENT_SECONDS = 0.6


class Part(StrEnum):
    """Where on its way a trip is hit: the sections of the page."""

    MAILBOX_BEFORE = "The mailbox, before anything is sent"
    SMTP = "The SMTP server, up to its login"
    SUBMIT = "Handing the message over"
    WAY = "On its way"
    MAILBOX_AFTER = "The mailbox, while the message is waited for"
    REMOVAL = "Fetching and removing the message"
    AFTERWARDS = "After the run: the verdict in force when the next run has visited the mailbox"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run must say.

    Attributes:
        may_stay: a message of ours may be left in the mailbox afterwards; otherwise none is.
    """

    verdict: Verdict
    status: StatusCode
    step: Step | None
    may_stay: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Each:
    """Outcomes that differ between the protocols; None where a protocol has no such thing."""

    pop3: Outcome | None = None
    imap: Outcome | None = None


class Place(StrEnum):
    """Where a client is sent."""

    SERVER = "to the server"
    NOBODY = "to a port where nobody listens"
    NOWHERE = "to a port that answers nothing, not even a refusal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A fault and its outcome.

    Attributes:
        name: what goes wrong, as the page says it; there are no two alike.
        seconds: the run's timeout.
        warning_seconds: the monitor's warning time.
        says: what its sentence says, among other things.
    """

    part: Part
    name: str
    expected: Outcome | Each
    seconds: float = _SECONDS
    warning_seconds: float = 8.0
    says: tuple[str, ...] = ()

    @property
    def outcomes(self) -> dict[MailProtocol, Outcome]:
        """By mailbox protocol; one that has no such fault is left out."""
        if isinstance(self.expected, Outcome):
            return dict.fromkeys((MailProtocol.POP3, MailProtocol.IMAP), self.expected)
        both = {MailProtocol.POP3: self.expected.pop3, MailProtocol.IMAP: self.expected.imap}
        return {protocol: outcome for protocol, outcome in both.items() if outcome is not None}

    @property
    def maker(self) -> str:
        """What makes the fault, for the page."""
        raise NotImplementedError


Change: TypeAlias = Callable[[LoopbackServer, Account], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopbackRow(Row):
    """A fault of the loopback server; those of the protocol that the run doesn't use never strike.

    Attributes:
        smtp: where the SMTP client is sent.
        mailbox: where the mailbox client is sent.
        before: changes the server before the run.
        then: changes it at the moment when the message is accepted.
        logs_in: the SMTP client logs in.
        names: what is said of the servers' names; None where they are given by their addresses.
        names_then: what is said of them from the moment when the message is accepted.
    """

    faults: tuple[Fault, ...] = ()
    delivery: Delivery | None = None
    features: Features | None = None
    smtp: Place = Place.SERVER
    smtp_tls: TLSMode = TLSMode.NONE
    mailbox: Place = Place.SERVER
    mailbox_tls: TLSMode = TLSMode.NONE
    logs_in: bool = False
    before: Change | None = None
    then: Change | None = None
    names: Names | None = None
    names_then: Names | None = None

    @property
    def maker(self) -> str:
        return "loopback server" if self.names is None else "loopback server and resolver"


Deed: TypeAlias = Callable[[FaultyMailServer, MailAccount], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RealRow(Row):
    """A fault of a real Postfix or Dovecot.

    Attributes:
        made_by: which of them has it, and by which means.
        domain: first label of the recipient's domain; None for the faultless one.
        smtp_port: as `FaultyMailServer` names its ports.
        mailbox_host: the address to connect to; certificates differ between them.
        before: done before the run, when the foreign messages are there.
        then: done at the moment when the message is accepted.
        later: done so many seconds after that.
        trusts_server: False lets the client trust another authority than the server's.
        smtp_password: None for the right one.
        mailbox_password: likewise.
        mailbox_username: None for the account's.
        takes_more: False when the mailbox can't take the messages of others that come in under way.
    """

    made_by: str
    domain: str | None = None
    smtp_port: str = "smtp"
    smtp_tls: TLSMode = TLSMode.NONE
    mailbox_tls: TLSMode = TLSMode.NONE
    mailbox_host: str = "127.0.0.1"
    before: Deed | None = None
    then: Deed | None = None
    later: tuple[float, Deed] | None = None
    trusts_server: bool = True
    smtp_password: str | None = None
    mailbox_password: str | None = None
    mailbox_username: str | None = None
    takes_more: bool = True

    @property
    def maker(self) -> str:
        return self.made_by


def patience(faults: Sequence[Fault]) -> float:
    """A timeout for a run with these faults: short where the server falls silent, as the run waits for all of it then."""
    is_silent = any(isinstance(fault.action, Hang | Deaf | Trickle) for fault in faults)
    return _SILENT_SECONDS if is_silent else _SECONDS


def cases(rows: Sequence[Row]) -> list[object]:
    """Each row with each protocol that has its fault, as parameters `row`, `protocol`, `outcome` of a test."""
    return [
        pytest.param(row, protocol, outcome, id=f"{row.name}, {protocol}")
        for row in rows
        for protocol, outcome in row.outcomes.items()
    ]
