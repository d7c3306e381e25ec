"""Targets: the parsers of header fields, bounces and tokens, and the comparison, on messages of any bytes."""

import math
from datetime import UTC, datetime, timedelta

from fuzz.inputs import unpack
from fuzz.promises import check_texts

from mailtrip.model import Bounce, Route
from mailtrip.probe.authentication import read_authentication
from mailtrip.probe.bounce import parse_bounce
from mailtrip.probe.compare import compare
from mailtrip.probe.facts import read_facts
from mailtrip.probe.fields import Field, read_fields
from mailtrip.probe.message import make_message, read_token
from mailtrip.probe.received import MOST_HOPS, parse_hops
from mailtrip.probe.route import measure_hops
from mailtrip.probe.spam_marks import read_spam_marks
from mailtrip.probe.token import MessageKey, find_tokens, new_token, parse_token

__all__ = [
    "KEY",
    "MESSAGE",
    "TOKEN",
    "check_authentication",
    "check_bounce",
    "check_compare",
    "check_facts",
    "check_received",
    "check_spam",
    "check_token",
]

_SENT_AT = datetime(2026, 3, 9, 9, 0, tzinfo=UTC)
_SEEN_AT = _SENT_AT + timedelta(seconds=90)
_HOSTS = (None, "mx.example.net", "mail.example.org", "outlook.com")

KEY = MessageKey(b"fuzz" * 8)
_OTHER_KEY = MessageKey(b"else" * 8)
TOKEN = new_token(KEY, bytes(range(16)))
MESSAGE = make_message(
    sender="probe@example.org", recipient="box@example.net", token=TOKEN, now=_SENT_AT, host="probe.example.org"
)


def check_received(data: bytes) -> None:
    """Received fields give hops, and hops give delays that a message can have had."""
    given = unpack(data)
    fields = read_fields(given.content)
    assert sum(len(field.body) for field in fields) <= 64 * 1024
    check_texts(fields, longest=64 * 1024)
    hops = parse_hops(fields)
    assert len(hops) <= MOST_HOPS
    assert all(hop.time is None or hop.time.utcoffset() == timedelta(0) for hop in hops)
    check_texts(hops, longest=300)
    # A time at which no hop can have been, and one before it was sent: our clock may jump.
    seen_at = (_SEEN_AT, _SENT_AT - timedelta(seconds=5))[given.choice % 2]
    _check_route(measure_hops(hops, sent_at=_SENT_AT, seen_at=seen_at), max(seen_at, _SENT_AT) - _SENT_AT)


def _check_route(route: Route, whole: timedelta) -> None:
    delays = [leg.delay for leg in route.legs if leg.delay is not None]
    if route.until_seen is not None:
        delays.append(route.until_seen)
    assert all(timedelta(0) <= delay <= whole for delay in delays), f"delays no message can have had: {delays}"
    assert all(leg.spans >= 1 and (leg.delay is None) == (leg.note is not None) for leg in route.legs)
    assert all(skew.low <= skew.high for skew in route.skews)
    check_texts(route)


def check_authentication(data: bytes) -> None:
    """What the receiving host found is read, and nothing below the author's own fields changes it."""
    given = unpack(data)
    host = _HOSTS[given.choice % len(_HOSTS)]
    fields = read_fields(given.content)
    hops = parse_hops(fields)
    found = read_authentication(fields, hops, receiving_host=host)
    check_texts(found)
    assert len(found.claims) <= 20
    forged = (
        Field("from", "a@example.com"),
        Field("authentication-results", f"{host or 'mx.example.net'}; spf=pass; dkim=pass; dmarc=pass"),
        Field("received-spf", "pass (forged)"),
    )
    again = read_authentication((*fields, *forged), hops, receiving_host=host)
    words = [(result.written_by, result.spf, result.dkim, result.dmarc, result.arc) for result in (found, again)]
    assert words[0] == words[1], f"a field of the author counts: {words}"


def check_spam(data: bytes) -> None:
    """Spam marks have numbers that are numbers."""
    marks = read_spam_marks(read_fields(unpack(data).content))
    assert len(marks) <= 7
    numbers = [number for mark in marks for number in (mark.score, mark.threshold) if number is not None]
    assert all(math.isfinite(number) for number in numbers)
    check_texts(marks)


def check_bounce(data: bytes) -> None:
    """A report gives a bounce with facts in bounds; its token is ours or there is none."""
    content = unpack(data).content
    bounce = parse_bounce(content, KEY)
    if bounce is None:
        return
    check_texts(bounce)
    assert len(bounce.recipients) <= 50
    assert read_token(content[: 512 * 1024], KEY) is None, "a message of ours passes for a bounce"
    if bounce.token is not None:
        parse_token(bounce.token, KEY)
    elif isinstance(bounce, Bounce):
        assert bounce.is_standard, "a plain text is a bounce without our token"


def check_facts(data: bytes) -> None:
    """All facts of a message, read at once."""
    given = unpack(data)
    host = _HOSTS[given.choice % len(_HOSTS)]
    facts = read_facts(
        given.content,
        sent_at=_SENT_AT,
        seen_at=_SEEN_AT,
        receiving_host=host,
        folder=given.content[:40].decode("latin-1"),
    )
    check_texts(facts)
    _check_route(facts.route, _SEEN_AT - _SENT_AT)


def check_token(data: bytes) -> None:
    """A token that is found is genuine, and none is found with another installation's key."""
    content = unpack(data).content
    found = find_tokens(content, KEY)
    for token in found:
        assert parse_token(token.text, KEY) == token
    own = read_token(content, KEY)
    assert own is None or own in found, "the token of a message is not among those in it"
    assert not find_tokens(content, _OTHER_KEY), "a token without a key"


def check_compare(data: bytes) -> None:
    """Any two messages compare, what is told of them is in bounds, and each message equals itself."""
    content = unpack(data).content
    comparison = compare(MESSAGE, content)
    check_texts((comparison, compare(content, MESSAGE)), longest=120)
    changes = [each.change for each in comparison.alterations]
    assert len(changes) == len(set(changes)), "a change is told twice"
    assert not compare(content, content).is_altered
