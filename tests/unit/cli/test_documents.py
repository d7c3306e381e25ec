"""Results as JSON."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mailtrip.cli.documents import monitor_document, result_document
from mailtrip.model import (
    Copy,
    DeliverabilityFacts,
    Direction,
    Hop,
    Leg,
    MailProtocol,
    MessageFacts,
    Monitor,
    MonitorSettings,
    MonitorType,
    Providers,
    Result,
    Route,
    SessionRecord,
    Sighting,
    StatusCode,
    Step,
    Timing,
    TLSFacts,
    TranscriptLine,
    Verdict,
)

RESULT = Result(
    verdict=Verdict.DELIVERED,
    status=StatusCode.OK,
    step=None,
    summary="seen after 56 ms",
    started_at=datetime(2026, 1, 1, tzinfo=UTC),
    duration=timedelta(milliseconds=123, microseconds=456),
    timings=(Timing(step=Step.CONNECT, offset=timedelta(0), duration=timedelta(microseconds=250)),),
    sighting=Sighting(not_before=timedelta(0), not_after=timedelta(milliseconds=56)),
    sessions=(
        SessionRecord(
            protocol=MailProtocol.SMTP,
            server="smtps://mail.example.com:465",
            address="192.0.2.1:465",
            tls=TLSFacts(
                version="TLSv1.3",
                cipher="X",
                subject="CN=a",
                issuer="CN=b",
                not_before=None,
                not_after=None,
                names=("a",),
            ),
            transcript=(TranscriptLine(timedelta(milliseconds=5), Direction.SENT, "EHLO me"),),
        ),
    ),
)


def test_copies_are_told_with_how_far_apart_they_came() -> None:
    seen = RESULT.started_at
    first = Copy(folder="INBOX", key="7", not_before=seen, not_after=seen + timedelta(seconds=1), deleted_at=seen)
    last = replace(first, key="8", not_before=seen + timedelta(seconds=3), not_after=seen + timedelta(seconds=4))

    document = json.loads(json.dumps(result_document(replace(RESULT, found=(first, last)), with_transcripts=False)))

    assert document["copies_apart"] == {"at_least_ms": 2000.0, "at_most_ms": 4000.0}
    assert [copy["not_after"] for copy in document["found"]] == [
        "2026-01-01T00:00:01+00:00",
        "2026-01-01T00:00:04+00:00",
    ]
    assert document["found"][0]["deleted_at"] == "2026-01-01T00:00:00+00:00"


def test_durations_are_milliseconds_and_times_iso_8601() -> None:
    document = json.loads(json.dumps(result_document(RESULT, with_transcripts=False)))

    assert document["duration_ms"] == 123.456
    assert document["started_at"] == "2026-01-01T00:00:00+00:00"
    assert document["timings"] == [{"step": "connect", "offset_ms": 0.0, "duration_ms": 0.25}]
    assert document["visible"] == {"not_before_ms": 0.0, "not_after_ms": 56.0}
    assert document["status"] == {"code": 0, "text": "OK"}
    assert document["severity"] == "ok"


def test_transcripts_are_there_only_when_they_are_wanted() -> None:
    without = json.loads(json.dumps(result_document(RESULT, with_transcripts=False)))
    complete = json.loads(json.dumps(result_document(RESULT, with_transcripts=True)))

    assert "transcript" not in without["sessions"][0]
    assert complete["sessions"][0]["transcript"] == [{"at_ms": 5.0, "direction": ">", "text": "EHLO me"}]


def test_what_the_message_tells_is_shown_with_durations_in_milliseconds() -> None:
    leg = Leg(hop=Hop(by="mx", time=datetime(2026, 1, 1, tzinfo=UTC)), delay=timedelta(seconds=1.5))
    facts = MessageFacts(size=2000, folder="INBOX", route=Route(legs=(leg,)), authentication=DeliverabilityFacts())
    result = replace(RESULT, facts=facts, deferred_for=timedelta(seconds=10))

    document = result_document(result, with_transcripts=False)

    shown = json.loads(json.dumps(document["facts"]))
    assert shown["route"]["legs"][0]["delay_ms"] == 1500.0
    assert shown["route"]["legs"][0]["hop"]["time"] == "2026-01-01T00:00:00+00:00"
    assert document["deferred_for_ms"] == 10_000.0


def test_a_check_has_one_server_and_no_addresses() -> None:
    settings = MonitorSettings(
        type=MonitorType.SMTP, name="Check", plan_code="P", smtp_server="smtps://mail.example.com"
    )
    monitor = Monitor(
        id=100001,
        account_id=1,
        settings=settings,
        has_password=False,
        has_smtp_password=False,
        created_at=RESULT.started_at,
        modified_at=RESULT.started_at,
    )
    document = monitor_document(monitor, None, Providers())

    assert (document["smtp_server"], document["mailbox_server"]) == ("smtps://mail.example.com:465", None)
    assert [document[name] for name in ("email", "sender", "username", "mailbox_tls")] == [None] * 4
