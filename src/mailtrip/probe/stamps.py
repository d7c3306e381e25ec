"""When servers took a message, by what they tell of it and by what they wrote into it."""

from dataclasses import dataclass
from datetime import datetime

from mailtrip.model import Head
from mailtrip.probe.dates import find_last_time
from mailtrip.probe.fields import bodies_of, read_fields

__all__ = ["ServerTimes", "times_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerTimes:
    """By the servers' own clocks; None where it is not told.

    Attributes:
        received_at: when the mailbox server took the message (IMAP INTERNALDATE).
        stamped_at: when the last server that wrote into it took it (the topmost Received field).
    """

    received_at: datetime | None = None
    stamped_at: datetime | None = None


def times_of(head: Head) -> ServerTimes:
    """The times that a message's head tells."""
    topmost = next(bodies_of(read_fields(head.content), "received"), "")
    return ServerTimes(received_at=head.received_at, stamped_at=find_last_time(topmost))
