"""All that a message of ours tells once it has arrived."""

from collections.abc import Sequence
from datetime import datetime

from mailtrip.model import Hop, MessageFacts
from mailtrip.probe.authentication import read_authentication
from mailtrip.probe.boundary import receiving_hops
from mailtrip.probe.fields import printable, read_fields
from mailtrip.probe.received import parse_hops
from mailtrip.probe.route import measure_hops
from mailtrip.probe.spam_marks import read_spam_marks

__all__ = ["read_facts"]


def read_facts(
    content: bytes,
    *,
    sent_at: datetime,
    seen_at: datetime,
    receiving_host: str | None,
    folder: str,
    size: int | None = None,
) -> MessageFacts:
    """Read the facts of a message, which may be any bytes: what can't be read is not there.

    Args:
        content: the message, or at least its header. 64 KiB of header and 100 hops are looked at.
        sent_at: when the conversation with the SMTP server began, by our clock, aware.
        seen_at: when the message was first seen, by our clock, aware.
        receiving_host: a name of the host whose word on authentication counts: the mailbox server's, or its
            authserv-id; the server of the last hop counts in any case.
        folder: where the message was found.
        size: of the whole message in bytes, when `content` is only a part.
    """
    fields = read_fields(content)
    hops = parse_hops(fields)
    return MessageFacts(
        size=len(content) if size is None else size,
        folder=printable(folder),
        route=measure_hops(hops, sent_at=sent_at, seen_at=seen_at),
        authentication=read_authentication(fields, hops, receiving_host=receiving_host),
        spam_marks=read_spam_marks(fields),
        tls_on_last_hop=_is_last_hop_encrypted(hops, receiving_host),
    )


def _is_last_hop_encrypted(hops: Sequence[Hop], receiving_host: str | None) -> bool | None:
    """Of the hop over which the message came to the receiving side; deliveries within a host need no TLS."""
    receiving = receiving_hops(hops, receiving_host)
    return receiving[0].is_encrypted if receiving else None
