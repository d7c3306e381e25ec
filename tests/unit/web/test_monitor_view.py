"""A monitor as its page shows it."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.unit.web.builders import NOW, make_result, make_run, sighting

from mailtrip.model import (
    LatestRun,
    Monitor,
    MonitorSettings,
    MonitorType,
    RunKind,
    RunState,
    StatusCode,
    Verdict,
)
from mailtrip.web.monitor_view import Query, Span, row_of, show_settings, verdict_now


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, Query()),
        ({"span": "week", "only": "trouble"}, Query(span=Span.WEEK, only="trouble")),
        ({"only": "missing"}, Query(only="missing")),
        ({"span": "century", "only": "<script>"}, Query()),
        ({"before": "2026-03-01T12:00:00+00:00~5"}, Query(before=(NOW, 5))),
        ({"before": "2026-03-01T13:00:00+01:00~5"}, Query(before=(NOW, 5))),
        ({"before": "2026-03-01T12:00:00~5"}, Query()),
        ({"before": "2026-03-01T12:00:00+00:00~0"}, Query()),
        ({"before": f"2026-03-01T12:00:00+00:00~{2**63}"}, Query()),
        ({"before": "0001-01-01T00:00:00+14:00~5"}, Query()),
        ({"before": "~"}, Query()),
    ],
)
def test_what_is_wrong_in_an_address_counts_as_not_given(given: dict[str, str], expected: Query) -> None:
    assert Query.parse(given) == expected


def test_the_address_of_earlier_runs_keeps_what_was_asked_for() -> None:
    query = Query(span=Span.WEEK, only="trouble")
    path = query.path(7, after=make_run(id=5))
    assert path == "/monitors/7?span=week&only=trouble&before=2026-03-01T12%3A00%3A00%2B00%3A00~5#runs"


@pytest.mark.parametrize(("only", "count"), [("all", None), ("trouble", len(Verdict) - 2), ("missing", 1)])
def test_runs_are_filtered_by_their_verdicts(only: str, count: int | None) -> None:
    verdicts = Query(only=only).verdicts
    assert (None if verdicts is None else len(verdicts)) == count


def latest(verdict: Verdict, status: StatusCode, seen: timedelta | None = None) -> LatestRun:
    return LatestRun(
        id=1,
        location_id=10,
        slot=NOW,
        status=status,
        verdict=verdict,
        summary="",
        verified=None,
        delay=None,
        seen_after=seen,
    )


@pytest.mark.parametrize(
    ("run", "text"),
    [
        (None, "No run has finished yet"),
        (latest(Verdict.DELIVERED, StatusCode.OK, timedelta(seconds=0.42)), "Delivered in 420 ms"),
        (latest(Verdict.DELIVERED, StatusCode.OK), "Delivered"),
        (latest(Verdict.UNSENT, StatusCode.SMTP_TLS), "Not sent – SMTP: TLS failed"),
    ],
)
def test_the_newest_verdict_is_told_in_a_few_words(run: LatestRun | None, text: str) -> None:
    assert verdict_now(run) == text


@pytest.mark.parametrize(
    ("fields", "headline", "summary"),
    [
        (
            {"state": RunState.SKIPPED, "note": "the run before was under way"},
            "Skipped",
            "the run before was under way",
        ),
        ({}, "Under way", ""),
        ({"state": RunState.BLACKOUT}, "In a blackout", ""),
    ],
)
def test_a_run_without_a_result_is_listed_with_why(fields: dict[str, object], headline: str, summary: str) -> None:
    row = row_of(make_run(None, **fields))
    assert (row.severity, row.headline, row.summary) == (None, headline, summary)


def test_a_run_that_was_asked_for_is_marked() -> None:
    row = row_of(make_run(make_result(sighting=sighting(10, 250)), kind=RunKind.TEST))
    assert (row.kind, row.headline) == ("test on demand", "Delivered in 250 ms")


def monitor(**fields: object) -> Monitor:
    settings = MonitorSettings(name="m", plan_code="p", **fields)  # type: ignore[arg-type]  # fields of many types
    made = datetime(2026, 1, 1, tzinfo=UTC)
    return Monitor(
        id=1,
        account_id=1,
        settings=settings,
        has_password=True,
        has_smtp_password=False,
        created_at=made,
        modified_at=made,
    )


def test_of_passwords_it_is_told_whether_they_are_set() -> None:
    shown = dict(
        show_settings(
            monitor(
                email="me@example.com",
                smtp_server="smtps://a",
                smtp_username="me",
                mailbox_server="imaps://b",
                location_ids=(10, 11),
            ),
            {10: "Local"},
        )
    )
    assert (shown["SMTP login"], shown["Mailbox login"], shown["Locations"]) == (
        "me, password not set",
        "me@example.com, password set",
        "Local, 11",
    )


def test_settings_that_a_type_has_no_use_for_are_left_out() -> None:
    shown = dict(show_settings(monitor(type=MonitorType.SMTP, smtp_server="smtps://a"), {}))
    assert (shown["SMTP login"], "Mailbox server" in shown, "Sender" in shown) == ("none", False, False)
