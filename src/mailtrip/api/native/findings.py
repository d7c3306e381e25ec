"""What a run found beside its verdict, as it looks in `/api/v1`: the message's way, its marks, a bounce, the proof."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from mailtrip.model import (
    AuthenticationClaim,
    AuthenticationResult,
    Bounce,
    BouncedRecipient,
    ClockSkew,
    Copy,
    DeliverabilityFacts,
    Hop,
    Leg,
    MessageFacts,
    Proof,
    Result,
    SpamMark,
    spacing_of,
)

__all__ = [
    "BounceObject",
    "CopyObject",
    "FactsObject",
    "ProofObject",
    "SpacingObject",
    "show_bounce",
    "show_copy",
    "show_facts",
    "show_proof",
    "show_spacing",
]


class _Object(BaseModel):
    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class HopObject(_Object):
    """A station on the message's way (RFC 5321, 4.4), and how long the message took to get there."""

    by: str | None = Field(description="The server that wrote it.", examples=["mx.example.com"])
    claimed_name: str | None = Field(description="What the sending side called itself.", examples=["smtp.example.com"])
    seen_name: str | None = Field(
        description="What the server found the sending side's address to be called.", examples=["smtp.example.com"]
    )
    seen_address: str | None = Field(description="The sending side's IP address.", examples=["192.0.2.1"])
    protocol: str | None = Field(description="As it was written.", examples=["ESMTPS"])
    tls_version: str | None = Field(description="TLS version.", examples=["TLSv1.3"])
    tls_cipher: str | None = Field(description="Cipher suite.", examples=["TLS_AES_256_GCM_SHA384"])
    is_encrypted: bool | None = Field(
        description="Whether it came over TLS; null when that was left open.", examples=[True]
    )
    queue_id: str | None = Field(description="The server's own number of the message.", examples=["4F1"])
    recipient: str | None = Field(description="Whom it was for.", examples=["probe@example.com"])
    time: datetime | None = Field(description="By the server's own clock.", examples=["2026-01-31T12:00:00Z"])
    delay_seconds: float | None = Field(
        description="Seconds to get there; null where the clocks can't tell.", examples=[1.0]
    )
    spans: int = Field(description="How many hops the delay covers, this one the last.", examples=[1])
    note: str | None = Field(description="Why there is no delay.", examples=["the hop has no readable time"])


class ClockSkewObject(_Object):
    """How far a server's clock is off, as far as its times show; positive is ahead."""

    host: str | None = Field(
        description="The server; null for the machine that Mailtrip runs on.", examples=["mx.example.com"]
    )
    low_seconds: float = Field(description="At least so much.", examples=[12.0])
    high_seconds: float = Field(description="At most so much.", examples=[14.0])
    text: str = Field(description="The same in a sentence.", examples=["mx.example.com is 12 s to 14 s ahead"])


class AuthenticationResultObject(_Object):
    """What one method found (RFC 8601, 2.7)."""

    result: str = Field(description="In lower case.", examples=["pass"])
    domain: str | None = Field(description="What was authenticated.", examples=["example.com"])
    reason: str | None = Field(description="In the words of the server.", examples=["signature verified"])


class AuthenticationClaimObject(_Object):
    """What a server on the way says it found (RFC 8617); not checked."""

    instance: int | None = Field(description="Its place in the chain.", examples=[1])
    written_by: str | None = Field(description="Who says so.", examples=["relay.example.net"])
    spf: AuthenticationResultObject | None = Field(description="SPF; null when nothing is said of it.")
    dkim: AuthenticationResultObject | None = Field(description="DKIM, likewise.")
    dmarc: AuthenticationResultObject | None = Field(description="DMARC, likewise.")
    arc: AuthenticationResultObject | None = Field(description="ARC, likewise.")


class AuthenticationObject(_Object):
    """What the receiving host found when it checked the message."""

    written_by: str | None = Field(
        description="The name it gave itself; null when it wrote nothing.", examples=["mx.example.com"]
    )
    spf: AuthenticationResultObject | None = Field(description="SPF; null when nothing is said of it.")
    dkim: AuthenticationResultObject | None = Field(description="DKIM, likewise.")
    dmarc: AuthenticationResultObject | None = Field(description="DMARC, likewise.")
    arc: AuthenticationResultObject | None = Field(description="ARC, likewise.")
    claims: tuple[AuthenticationClaimObject, ...] = Field(description="Of servers on the way, the newest first.")


class SpamMarkObject(_Object):
    """What one filter thought of the message."""

    source: str = Field(description="The filter, or the header it is known by.", examples=["SpamAssassin"])
    score: float | None = Field(description="In the filter's own scale.", examples=[-0.1])
    threshold: float | None = Field(description="From which score on it acts.", examples=[5.0])
    is_spam: bool | None = Field(
        description="The filter's own judgement; null when it left that open.", examples=[False]
    )


class FactsObject(_Object):
    """What the message that arrived tells."""

    size: int = Field(description="In bytes.", examples=[1834])
    folder: str = Field(description="Where it was found.", examples=["INBOX"])
    tls_on_last_hop: bool | None = Field(
        description="Whether it came to the receiving side over TLS; null if unknown.", examples=[True]
    )
    hops: tuple[HopObject, ...] = Field(description="Its way, oldest hop first.")
    slowest_hop: int | None = Field(
        description="Index of the hop that took longest; null when none stands out.", examples=[0]
    )
    until_seen_seconds: float | None = Field(
        description="From the last hop until it was seen; null if not known.", examples=[0.4]
    )
    clock_skews: tuple[ClockSkewObject, ...] = Field(description="Clocks that are off.")
    authentication: AuthenticationObject = Field(
        description="SPF, DKIM, DMARC and ARC, as the receiving host saw them."
    )
    spam_marks: tuple[SpamMarkObject, ...] = Field(description="What spam filters thought.")


class BouncedRecipientObject(_Object):
    """What became of the message for one recipient (RFC 3464, 2.3)."""

    address: str | None = Field(description="The final recipient.", examples=["probe@example.com"])
    action: str = Field(description="In lower case.", examples=["failed"])
    status: str | None = Field(description="Enhanced status code (RFC 3463).", examples=["5.1.1"])
    diagnostic: str | None = Field(
        description="What the refusing server answered.", examples=["smtp; 550 5.1.1 User unknown"]
    )
    remote_mta: str | None = Field(description="Who that was.", examples=["dns; mx.example.com"])


class BounceObject(_Object):
    """The report that came back in place of the message."""

    reporting_mta: str | None = Field(description="Who wrote it.", examples=["dns; relay.example.com"])
    is_standard: bool = Field(
        description="Whether it follows RFC 3464; else its text was read for its meaning.", examples=[True]
    )
    recipients: tuple[BouncedRecipientObject, ...] = Field(description="Whom it is about.")


class CopyObject(_Object):
    """A message with the run's token, as it was found. It became visible between `not_before` and `not_after` (UTC)."""

    folder: str = Field(description="Where it was found.", examples=["INBOX"])
    not_before: datetime = Field(
        description="When the last look that did not show it was asked; else when the message went out.",
        examples=["2026-01-31T12:00:01Z"],
    )
    not_after: datetime = Field(
        description="When the first look that showed it was answered.", examples=["2026-01-31T12:00:01.250000Z"]
    )
    received_at: datetime | None = Field(
        description="When the mailbox server took it, by its own clock (IMAP); null where it does not tell.",
        examples=["2026-01-31T12:00:01Z"],
    )
    stamped_at: datetime | None = Field(
        description="When the last server that wrote into it took it, by its own clock; null if that can't be read.",
        examples=["2026-01-31T12:00:01Z"],
    )
    deleted_at: datetime | None = Field(
        description="When the server confirmed its deletion to the run; null if it did not, or the message is there again.",
        examples=["2026-01-31T12:00:02Z"],
    )


class SpacingObject(_Object):
    """A span of time that is known within bounds."""

    at_least_seconds: float = Field(description="At least so long.", examples=[2.0])
    at_most_seconds: float = Field(description="At most so long.", examples=[2.5])


class ProofObject(_Object):
    """A line of a transcript that proves the verdict."""

    session: int = Field(description="Index into `sessions`.", examples=[0])
    line: int = Field(description="Index into the `transcript` of that session.", examples=[17])
    text: str | None = Field(
        description="The line; null once the transcript was let go.", examples=["250 2.0.0 Ok: queued as 4F1"]
    )


def show_facts(facts: MessageFacts) -> FactsObject:
    """The facts; each leg of the route is shown as one with its hop."""
    route = facts.route
    slowest = route.slowest
    return FactsObject.model_construct(
        size=facts.size,
        folder=facts.folder,
        tls_on_last_hop=facts.tls_on_last_hop,
        hops=tuple(_hop(leg, leg.hop) for leg in route.legs),
        slowest_hop=None if slowest is None else route.legs.index(slowest),
        until_seen_seconds=_seconds(route.until_seen),
        clock_skews=tuple(_skew(each) for each in route.skews),
        authentication=_authentication(facts.authentication),
        spam_marks=tuple(_mark(each) for each in facts.spam_marks),
    )


def show_bounce(bounce: Bounce) -> BounceObject:
    """The report, without the token that the run itself shows."""
    return BounceObject.model_construct(
        reporting_mta=bounce.reporting_mta,
        is_standard=bounce.is_standard,
        recipients=tuple(_recipient(each) for each in bounce.recipients),
    )


def show_copy(copy: Copy) -> CopyObject:
    """The copy, without the mailbox's own name for it."""
    return CopyObject.model_construct(
        folder=copy.folder,
        not_before=copy.not_before,
        not_after=copy.not_after,
        received_at=copy.received_at,
        stamped_at=copy.stamped_at,
        deleted_at=copy.deleted_at,
    )


def show_spacing(copies: Sequence[Copy]) -> SpacingObject | None:
    """How far apart they came."""
    spacing = spacing_of(copies)
    if spacing is None:
        return None
    return SpacingObject.model_construct(
        at_least_seconds=spacing.at_least.total_seconds(), at_most_seconds=spacing.at_most.total_seconds()
    )


def show_proof(result: Result) -> tuple[ProofObject, ...]:
    """The lines that prove the verdict, with their text where it is still there."""
    return tuple(
        ProofObject.model_construct(session=each.session, line=each.line, text=_line(result, each))
        for each in result.proof
    )


def _line(result: Result, proof: Proof) -> str | None:
    lines = result.sessions[proof.session].transcript if proof.session < len(result.sessions) else ()
    return lines[proof.line].text if proof.line < len(lines) else None


def _hop(leg: Leg, hop: Hop) -> HopObject:
    return HopObject.model_construct(
        by=hop.by,
        claimed_name=hop.claimed_name,
        seen_name=hop.seen_name,
        seen_address=hop.seen_address,
        protocol=hop.protocol,
        tls_version=hop.tls_version,
        tls_cipher=hop.tls_cipher,
        is_encrypted=hop.is_encrypted,
        queue_id=hop.queue_id,
        recipient=hop.recipient,
        time=hop.time,
        delay_seconds=_seconds(leg.delay),
        spans=leg.spans,
        note=leg.note,
    )


def _skew(skew: ClockSkew) -> ClockSkewObject:
    return ClockSkewObject.model_construct(
        host=skew.host,
        low_seconds=skew.low.total_seconds(),
        high_seconds=skew.high.total_seconds(),
        text=skew.text,
    )


def _authentication(facts: DeliverabilityFacts) -> AuthenticationObject:
    return AuthenticationObject.model_construct(
        written_by=facts.written_by,
        spf=_found(facts.spf),
        dkim=_found(facts.dkim),
        dmarc=_found(facts.dmarc),
        arc=_found(facts.arc),
        claims=tuple(_claim(each) for each in facts.claims),
    )


def _claim(claim: AuthenticationClaim) -> AuthenticationClaimObject:
    return AuthenticationClaimObject.model_construct(
        instance=claim.instance,
        written_by=claim.written_by,
        spf=_found(claim.spf),
        dkim=_found(claim.dkim),
        dmarc=_found(claim.dmarc),
        arc=_found(claim.arc),
    )


def _found(found: AuthenticationResult | None) -> AuthenticationResultObject | None:
    if found is None:
        return None
    return AuthenticationResultObject.model_construct(result=found.result, domain=found.domain, reason=found.reason)


def _mark(mark: SpamMark) -> SpamMarkObject:
    return SpamMarkObject.model_construct(
        source=mark.source, score=mark.score, threshold=mark.threshold, is_spam=mark.is_spam
    )


def _recipient(recipient: BouncedRecipient) -> BouncedRecipientObject:
    return BouncedRecipientObject.model_construct(
        address=recipient.address,
        action=recipient.action,
        status=recipient.status,
        diagnostic=recipient.diagnostic,
        remote_mta=recipient.remote_mta,
    )


def _seconds(length: timedelta | None) -> float | None:
    return None if length is None else length.total_seconds()
