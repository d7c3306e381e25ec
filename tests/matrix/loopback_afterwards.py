"""What becomes of a run's verdict when a later run visits the mailbox: rows of the loopback server."""

from dataclasses import dataclass

from tests.matrix.rows import Each, LoopbackRow, Outcome, Part

from mailtrip.model import MailProtocol, StatusCode, Step, Verdict
from mailtrip.testing.faults import AcceptThenDrop, Delivery, Drop, Fault, Reply

__all__ = ["AFTERWARDS_ROWS", "AfterwardsRow"]

POP3, IMAP = MailProtocol.POP3, MailProtocol.IMAP


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterwardsRow(LoopbackRow):
    """A fault in a run, and the verdict that is in force when the next run has been there; it has no fault, or the same.

    Attributes:
        first: what the run itself says.
        lasts: the next run meets the faults too.
        arrivals: how many messages the mailbox has taken before the next run begins.
    """

    first: Outcome | Each
    lasts: bool = False
    arrivals: int = 1


def afterwards(
    name: str,
    first: Outcome | Each,
    expected: Outcome | Each,
    *faults: Fault,
    delivery: Delivery | None = None,
    lasts: bool = False,
    arrivals: int = 1,
    seconds: float = 10.0,
) -> AfterwardsRow:
    return AfterwardsRow(
        part=Part.AFTERWARDS,
        name=name,
        first=first,
        expected=expected,
        faults=faults,
        delivery=delivery,
        lasts=lasts,
        arrivals=arrivals,
        seconds=seconds,
    )


GOOD = Outcome(Verdict.DELIVERED, StatusCode.OK, None)
MISSING = Outcome(Verdict.MISSING, StatusCode.TIMEOUT, Step.WAIT)
LATE = Outcome(Verdict.LATE, StatusCode.TIMEOUT, Step.WAIT)
DOUBLED = Outcome(Verdict.DOUBLED, StatusCode.DOUBLED, Step.LOOK)
NOT_DELETED = Outcome(Verdict.DELIVERED, StatusCode.DELETE_FAILED, Step.DELETE)
STILL_THERE = Outcome(Verdict.DELIVERED, StatusCode.DELETE_FAILED, Step.DELETE, may_stay=True)
UNDECIDED = Outcome(Verdict.UNDECIDED, StatusCode.SMTP_PROTOCOL, Step.SUBMIT)

AFTERWARDS_ROWS = (
    afterwards(
        "delivered after the run's deadline, found later", MISSING, LATE, delivery=Delivery(delay=1.3), seconds=1
    ),
    afterwards(
        "accepted with its answer lost, and delivered after the run's deadline",
        UNDECIDED,
        LATE,
        Fault(MailProtocol.SMTP, "dot", AcceptThenDrop()),
        delivery=Delivery(delay=1.3),
        seconds=1,
    ),
    afterwards(
        "the mailbox can't be read until the time is up, and can later",
        Each(
            pop3=Outcome(Verdict.MAILBOX_UNREACHABLE, StatusCode.MAILBOX_PROTOCOL, Step.MAILBOX_OPEN),
            imap=Outcome(Verdict.MAILBOX_UNREACHABLE, StatusCode.MAILBOX_PROTOCOL, Step.LOOK),
        ),
        Each(
            pop3=Outcome(Verdict.DELIVERED, StatusCode.MAILBOX_PROTOCOL, Step.MAILBOX_OPEN),
            imap=Outcome(Verdict.DELIVERED, StatusCode.MAILBOX_PROTOCOL, Step.LOOK),
        ),
        Fault(POP3, "uidl", Drop(), skip=1),
        Fault(IMAP, "noop", Drop()),
        seconds=1,
    ),
    afterwards(
        "a second copy comes after the run's end", GOOD, DOUBLED, delivery=Delivery(copies=2, apart=1.5), arrivals=2
    ),
    afterwards(
        "the message can't be deleted, and is found again",
        NOT_DELETED,
        NOT_DELETED,
        Fault(POP3, "dele", Drop()),
        Fault(IMAP, "store", Drop()),
    ),
    afterwards(
        "the server says that the message is deleted, and it is found again",
        Each(pop3=GOOD, imap=NOT_DELETED),
        STILL_THERE,
        Fault(POP3, "dele", Reply("+OK deleted")),
        Fault(IMAP, "expunge", Reply("OK expunged")),
        lasts=True,
    ),
)
