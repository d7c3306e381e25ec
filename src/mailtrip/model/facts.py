"""What a message tells of its way: hops and their delays, authentication, spam marks.

Names and texts come from mail servers: printable characters only, bounded, never to be trusted further than written here.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

__all__ = [
    "AuthenticationClaim",
    "AuthenticationResult",
    "ClockSkew",
    "DeliverabilityFacts",
    "Hop",
    "Leg",
    "MessageFacts",
    "Route",
    "SpamMark",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One station on a message's way: what a server wrote when it took the message over (RFC 5321, 4.4).

    What a server did not write, or nobody can read, is None.

    Attributes:
        by: the server that wrote it.
        claimed_name: what the sending side called itself (HELO, EHLO, LHLO).
        seen_name: what the server found the sending side's address to be called.
        seen_address: the sending side's IP address.
        protocol: as written: `ESMTPS`, `LMTP`, `Microsoft SMTP Server`.
        tls_version: like `TLSv1.3`.
        is_encrypted: False when the server named a protocol without TLS, None when it left that open.
        recipient: the address it was for, or a local name.
        time: by the server's own clock.
    """

    by: str | None = None
    claimed_name: str | None = None
    seen_name: str | None = None
    seen_address: str | None = None
    protocol: str | None = None
    tls_version: str | None = None
    tls_cipher: str | None = None
    is_encrypted: bool | None = None
    queue_id: str | None = None
    recipient: str | None = None
    time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """The way to one hop.

    Attributes:
        delay: how long the message took to get there; None where the clocks can't tell. Most servers write whole
            seconds, so it may be one second off.
        spans: the hops that the delay covers, this one the last: more than one where the hops before have no time that
            can be used. What such a hop is known to have taken by its own clock is not counted again.
        note: why there is no delay, in one sentence.
    """

    hop: Hop
    delay: timedelta | None = None
    spans: int = 1
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSkew:
    """How far a server's clock is off, as far as its times can show; positive is ahead.

    Attributes:
        host: the server; None when it is the clock of the machine that Mailtrip runs on.
        text: the same in one sentence.
    """

    host: str | None
    low: timedelta
    high: timedelta
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The way of a message, oldest hop first.

    Attributes:
        until_seen: from the last hop until the message was seen in the mailbox; None where the clocks can't tell.
    """

    legs: tuple[Leg, ...] = ()
    until_seen: timedelta | None = None
    skews: tuple[ClockSkew, ...] = ()

    @property
    def slowest(self) -> Leg | None:
        """The leg that took longest, the first of equals.

        None when none took longer than a second: most servers write their times no more exactly.
        """
        slow = [leg for leg in self.legs if leg.delay is not None and leg.delay > timedelta(seconds=1)]
        return max(slow, key=lambda leg: leg.delay or timedelta(0), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationResult:
    """What one method found (RFC 8601, 2.7).

    Attributes:
        result: in lower case: `pass`, `fail`, `softfail`, `neutral`, `none`, `temperror`, `permerror`, `policy`, ...
        domain: what was authenticated: of the envelope's sender (SPF), the signature (DKIM), the header's From (DMARC).
        reason: in the words of the server.
    """

    result: str
    domain: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationClaim:
    """What a server on the way says it found (RFC 8617, 4.1.1). Its seal was not checked: shown, not trusted."""

    instance: int | None
    written_by: str | None
    spf: AuthenticationResult | None = None
    dkim: AuthenticationResult | None = None
    dmarc: AuthenticationResult | None = None
    arc: AuthenticationResult | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverabilityFacts:
    """What the receiving side found when it checked the message; None for a method that it wrote nothing about.

    Attributes:
        written_by: the name the receiving host gave itself (authserv-id); None when it wrote none.
        claims: of the servers on the way, the newest first.
    """

    written_by: str | None = None
    spf: AuthenticationResult | None = None
    dkim: AuthenticationResult | None = None
    dmarc: AuthenticationResult | None = None
    arc: AuthenticationResult | None = None
    claims: tuple[AuthenticationClaim, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SpamMark:
    """What one filter thought.

    Attributes:
        source: the filter or the header it is known by: `SpamAssassin`, `rspamd`, `Microsoft SCL`.
        score: in the filter's own scale.
        threshold: from which score on the filter acts; None when it is not written.
        is_spam: the filter's own judgement; None when it left that open.
    """

    source: str
    score: float | None = None
    threshold: float | None = None
    is_spam: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFacts:
    """What a message that arrived tells.

    Attributes:
        size: in bytes.
        folder: where it was found.
        tls_on_last_hop: whether it came to the receiving side over TLS, by what that side wrote; None when it left
            that open.
    """

    size: int
    folder: str
    route: Route
    authentication: DeliverabilityFacts
    spam_marks: tuple[SpamMark, ...] = ()
    tls_on_last_hop: bool | None = None
