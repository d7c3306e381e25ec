"""What a message tells of its way, as a page shows it: hops, clocks, authentication, spam marks. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mailtrip.model import (
    AuthenticationResult,
    DeliverabilityFacts,
    Hop,
    Leg,
    MessageFacts,
    Route,
    SpamMark,
)
from mailtrip.model.words import format_duration

__all__ = ["Finding", "RouteView", "Station", "Tone", "show_authentication", "show_route", "show_spam_marks"]

_WHOLE = 1000
_SECOND = timedelta(seconds=1)


class Tone(StrEnum):
    """How a fact is to be taken."""

    GOOD = "good"
    BAD = "bad"
    OPEN = "open"
    """It says neither."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """One hop.

    Attributes:
        by: who took the message over.
        came_from: who handed it over, as the server wrote it; None where it did not.
        over: protocol and encryption, in words.
        time: by the server's own clock.
        delay: in words; None where the clocks can't tell.
        note: why there is no delay, or what it covers.
        share: of the slowest hop's delay, in thousandths; zero without a delay.
    """

    number: int
    by: str
    came_from: str | None
    over: str
    is_plain: bool
    time: datetime | None
    delay: str | None
    note: str | None
    share: int
    is_slowest: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteView:
    """The way of a message, oldest hop first.

    Attributes:
        until_seen: from the last hop until it was seen in the mailbox, in words; None where the clocks can't tell.
        skews: a sentence for each clock that is off.
    """

    stations: tuple[Station, ...]
    until_seen: str | None
    skews: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What somebody found: a method of authentication, or a spam filter."""

    name: str
    result: str
    tone: Tone
    detail: str | None = None


def show_route(route: Route) -> RouteView:
    """The hops, with their delays in words."""
    slowest = route.slowest
    longest = max((leg.delay for leg in route.legs if leg.delay is not None), default=timedelta(0))
    return RouteView(
        stations=tuple(
            _station(number, leg, longest=longest, is_slowest=leg is slowest)
            for number, leg in enumerate(route.legs, start=1)
        ),
        until_seen=None if route.until_seen is None else _delay(route.until_seen),
        skews=tuple(skew.text for skew in route.skews),
    )


def show_authentication(facts: MessageFacts) -> tuple[Finding, ...]:
    """What the receiving side found of SPF, DKIM, DMARC and ARC, and whether the last hop was encrypted."""
    found: DeliverabilityFacts = facts.authentication
    methods = (("SPF", found.spf), ("DKIM", found.dkim), ("DMARC", found.dmarc), ("ARC", found.arc))
    return (*(_method(name, result) for name, result in methods), _last_hop(facts.tls_on_last_hop))


def show_spam_marks(facts: MessageFacts) -> tuple[Finding, ...]:
    """What spam filters wrote into the message."""
    return tuple(_mark(mark) for mark in facts.spam_marks)


def _station(number: int, leg: Leg, *, longest: timedelta, is_slowest: bool) -> Station:
    hop = leg.hop
    share = 0 if leg.delay is None or longest <= timedelta(0) else round(_WHOLE * leg.delay / longest)
    note = leg.note
    if note is None and leg.spans > 1:
        note = f"for {leg.spans} hops together"
    return Station(
        number=number,
        by=hop.by or "not named",
        came_from=_came_from(hop),
        over=", ".join(_over(hop)) or "not said",
        is_plain=hop.is_encrypted is False,
        time=hop.time,
        delay=None if leg.delay is None else _delay(leg.delay),
        note=note,
        share=max(share, 0),
        is_slowest=is_slowest,
    )


def _delay(delay: timedelta) -> str:
    """Most servers write whole seconds: less than one says no more than that."""
    return "under 1 s" if delay < _SECOND else format_duration(delay)


def _came_from(hop: Hop) -> str | None:
    names = [name for name in (hop.claimed_name, hop.seen_name, hop.seen_address) if name]
    if not names:
        return None
    first, *others = dict.fromkeys(names)
    return f"{first} ({', '.join(others)})" if others else first


def _over(hop: Hop) -> Iterator[str]:
    if hop.protocol:
        yield hop.protocol
    if hop.tls_version:
        yield hop.tls_version
    elif hop.is_encrypted is not None:
        yield "encrypted" if hop.is_encrypted else "not encrypted"


_GOOD = frozenset({"pass"})
_BAD = frozenset({"fail", "softfail", "permerror", "policy"})


def _method(name: str, found: AuthenticationResult | None) -> Finding:
    if found is None:
        return Finding(name=name, result="nothing written", tone=Tone.OPEN)
    tone = Tone.GOOD if found.result in _GOOD else Tone.BAD if found.result in _BAD else Tone.OPEN
    details = [detail for detail in (found.domain, found.reason) if detail]
    return Finding(name=name, result=found.result, tone=tone, detail=": ".join(details) or None)


def _last_hop(is_encrypted: bool | None) -> Finding:
    name = "TLS on the last hop"
    if is_encrypted is None:
        return Finding(name=name, result="not said", tone=Tone.OPEN)
    if is_encrypted:
        return Finding(name=name, result="yes", tone=Tone.GOOD)
    return Finding(name=name, result="no", tone=Tone.BAD)


def _mark(mark: SpamMark) -> Finding:
    words = {None: "no judgement", True: "spam", False: "not spam"}
    tones = {None: Tone.OPEN, True: Tone.BAD, False: Tone.GOOD}
    detail = None
    if mark.score is not None:
        limit = "" if mark.threshold is None else f", acts from {mark.threshold:g} on"
        detail = f"score {mark.score:g}{limit}"
    return Finding(name=mark.source, result=words[mark.is_spam], tone=tones[mark.is_spam], detail=detail)
