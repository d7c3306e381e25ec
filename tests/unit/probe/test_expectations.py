"""What an owner may expect beyond arrival, and what becomes of a trip that falls short of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mailtrip.model import (
    AuthenticationResult,
    DeliverabilityFacts,
    MailProtocol,
    MessageFacts,
    Route,
    SessionRecord,
    StatusCode,
    Step,
    TLSFacts,
    Verdict,
)
from mailtrip.probe.expectations import Expectations, find_shortfalls, judge
from mailtrip.probe.moves import Conclusion

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOTHING = Expectations(certificate_days=None, quota_percent=None)
FACTS = MessageFacts(size=2000, folder="INBOX", route=Route(), authentication=DeliverabilityFacts())
PASSES = replace(FACTS, authentication=DeliverabilityFacts(spf=AuthenticationResult(result="pass")))
FAILS = replace(
    FACTS, authentication=DeliverabilityFacts(spf=AuthenticationResult(result="softfail", reason="no such host"))
)
GREEN = Conclusion(verdict=Verdict.DELIVERED, status=StatusCode.OK)


def session(*, days: float | None = None, quota: int | None = None) -> SessionRecord:
    tls = None
    if days is not None:
        tls = TLSFacts(
            version="TLSv1.3",
            cipher="c",
            subject="s",
            issuer="i",
            not_before=None,
            not_after=NOW + timedelta(days=days),
        )
    return SessionRecord(
        protocol=MailProtocol.IMAP, server="imaps://box:993", address="x", tls=tls, quota_percent=quota
    )


@pytest.mark.parametrize(
    ("expectations", "facts", "texts"),
    [
        (NOTHING, FAILS, []),
        (replace(NOTHING, spf=True), PASSES, []),
        (replace(NOTHING, spf=True), FAILS, ['SPF did not pass: "softfail" (no such host)']),
        (replace(NOTHING, spf=True), FACTS, ["SPF was not reported by the receiving server"]),
        (
            replace(NOTHING, dkim=True, dmarc=True),
            PASSES,
            ["DKIM was not reported by the receiving server", "DMARC was not reported by the receiving server"],
        ),
    ],
)
def test_authentication_falls_short_only_where_it_is_expected(
    expectations: Expectations, facts: MessageFacts, texts: list[str]
) -> None:
    found = find_shortfalls(expectations, facts, (), now=NOW)

    assert [each.text for each in found] == texts
    assert {each.status for each in found} <= {StatusCode.AUTHENTICATION}


@pytest.mark.parametrize(("days", "is_short"), [(15, False), (13.9, True), (0.5, True), (None, False)])
def test_a_certificate_that_ends_within_the_margin_falls_short(days: float | None, is_short: bool) -> None:
    found = find_shortfalls(Expectations(), FACTS, (session(days=days),), now=NOW)

    assert [each.status for each in found] == ([StatusCode.CERTIFICATE] if is_short else [])


def test_a_server_is_named_once_however_many_sessions_it_had() -> None:
    found = find_shortfalls(Expectations(), FACTS, (session(days=3), session(days=3)), now=NOW)

    assert [each.text for each in found] == ["the certificate of imaps://box:993 expires in 3 days, on 2026-03-04"]


@pytest.mark.parametrize(("percent", "is_short"), [(89, False), (90, True), (120, True), (None, False)])
def test_a_mailbox_that_is_nearly_full_falls_short(percent: int | None, is_short: bool) -> None:
    found = find_shortfalls(Expectations(), FACTS, (session(quota=percent),), now=NOW)

    assert [each.status for each in found] == ([StatusCode.MAILBOX_FILLING] if is_short else [])


def test_a_green_trip_that_falls_short_is_a_warning_with_the_first_status() -> None:
    short = find_shortfalls(Expectations(spf=True), FAILS, (session(days=3),), now=NOW)

    judged = judge(GREEN, short)

    assert (judged.verdict, judged.status, judged.step) == (Verdict.DELIVERED, StatusCode.AUTHENTICATION, Step.FETCH)


def test_what_is_worse_already_stays_as_it_is() -> None:
    slow = replace(GREEN, verdict=Verdict.SLOW, status=StatusCode.SLOW, step=Step.WAIT)

    assert judge(slow, find_shortfalls(Expectations(spf=True), FAILS, (), now=NOW)) == slow
