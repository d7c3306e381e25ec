"""The way of a message as a page shows it."""

from datetime import timedelta

import pytest
from tests.unit.web.builders import NOW

from mailtrip.model import (
    AuthenticationResult,
    ClockSkew,
    DeliverabilityFacts,
    Hop,
    Leg,
    MessageFacts,
    Route,
    SpamMark,
)
from mailtrip.web.route_view import Finding, Tone, show_authentication, show_route, show_spam_marks


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def facts(authentication: DeliverabilityFacts | None = None, **fields: object) -> MessageFacts:
    return MessageFacts(
        size=1000,
        folder="INBOX",
        route=Route(),
        authentication=authentication or DeliverabilityFacts(),
        **fields,  # type: ignore[arg-type]  # fields of many types
    )


ROUTE = Route(
    legs=(
        Leg(
            hop=Hop(
                by="smtp.probe.test",
                claimed_name="monitor",
                seen_name="host.probe.test",
                seen_address="192.0.2.9",
                protocol="ESMTPSA",
                tls_version="TLSv1.3",
                is_encrypted=True,
                time=NOW,
            ),
            delay=seconds(0),
        ),
        Leg(hop=Hop(by="relay.probe.test", protocol="ESMTP", is_encrypted=False, time=NOW), delay=seconds(90)),
        Leg(hop=Hop(), note="the hop has no readable time"),
        Leg(hop=Hop(by="mx.probe.test", is_encrypted=True), delay=seconds(45), spans=2),
    ),
    until_seen=seconds(2.5),
    skews=(ClockSkew(host="mx.probe.test", low=seconds(3), high=seconds(4), text="mx.probe.test is 3 s to 4 s ahead"),),
)


def test_each_hop_says_who_took_the_message_and_from_whom() -> None:
    assert [(each.by, each.came_from) for each in show_route(ROUTE).stations] == [
        ("smtp.probe.test", "monitor (host.probe.test, 192.0.2.9)"),
        ("relay.probe.test", None),
        ("not named", None),
        ("mx.probe.test", None),
    ]


def test_a_name_that_is_told_twice_is_shown_once() -> None:
    hop = Hop(claimed_name="a.probe.test", seen_name="a.probe.test", seen_address="192.0.2.9")
    [station] = show_route(Route(legs=(Leg(hop=hop),))).stations
    assert station.came_from == "a.probe.test (192.0.2.9)"


def test_each_hop_says_how_the_message_came() -> None:
    assert [(each.over, each.is_plain) for each in show_route(ROUTE).stations] == [
        ("ESMTPSA, TLSv1.3", False),
        ("ESMTP, not encrypted", True),
        ("not said", False),
        ("encrypted", False),
    ]


def test_delays_are_told_with_what_they_cover_and_why_there_are_none() -> None:
    assert [(each.delay, each.note, each.share, each.is_slowest) for each in show_route(ROUTE).stations] == [
        ("under 1 s", None, 0, False),
        ("90.00 s", None, 1000, True),
        (None, "the hop has no readable time", 0, False),
        ("45.00 s", "for 2 hops together", 500, False),
    ]


def test_the_time_until_it_was_seen_and_clocks_that_are_off_are_told() -> None:
    route = show_route(ROUTE)
    assert (route.until_seen, route.skews) == ("2.50 s", ("mx.probe.test is 3 s to 4 s ahead",))


def test_a_message_without_hops_has_an_empty_route() -> None:
    route = show_route(Route())
    assert (route.stations, route.until_seen, route.skews) == ((), None, ())


@pytest.mark.parametrize(
    ("result", "tone"),
    [
        ("pass", Tone.GOOD),
        ("fail", Tone.BAD),
        ("softfail", Tone.BAD),
        ("permerror", Tone.BAD),
        ("policy", Tone.BAD),
        ("neutral", Tone.OPEN),
        ("none", Tone.OPEN),
        ("temperror", Tone.OPEN),
        ("<script>", Tone.OPEN),
    ],
)
def test_what_a_method_found_is_good_bad_or_open(result: str, tone: Tone) -> None:
    found = DeliverabilityFacts(spf=AuthenticationResult(result=result, domain="probe.test", reason="because"))
    assert show_authentication(facts(found))[0] == Finding(
        name="SPF", result=result, tone=tone, detail="probe.test: because"
    )


def test_a_method_of_which_nothing_was_written_is_not_shown_as_good() -> None:
    shown = show_authentication(facts())
    assert [(each.name, each.result, each.tone) for each in shown] == [
        ("SPF", "nothing written", Tone.OPEN),
        ("DKIM", "nothing written", Tone.OPEN),
        ("DMARC", "nothing written", Tone.OPEN),
        ("ARC", "nothing written", Tone.OPEN),
        ("TLS on the last hop", "not said", Tone.OPEN),
    ]


@pytest.mark.parametrize(("is_encrypted", "result", "tone"), [(True, "yes", Tone.GOOD), (False, "no", Tone.BAD)])
def test_the_last_hop_was_encrypted_or_not(*, is_encrypted: bool, result: str, tone: Tone) -> None:
    last = show_authentication(facts(tls_on_last_hop=is_encrypted))[-1]
    assert (last.result, last.tone) == (result, tone)


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        (SpamMark(source="rspamd"), ("no judgement", Tone.OPEN, None)),
        (SpamMark(source="x", score=-0.1, is_spam=False), ("not spam", Tone.GOOD, "score -0.1")),
        (SpamMark(source="x", score=7, threshold=5.0, is_spam=True), ("spam", Tone.BAD, "score 7, acts from 5 on")),
    ],
)
def test_spam_filters_are_told_with_their_own_judgement(mark: SpamMark, expected: tuple[str, Tone, str | None]) -> None:
    [shown] = show_spam_marks(facts(spam_marks=(mark,)))
    assert (shown.result, shown.tone, shown.detail) == expected
