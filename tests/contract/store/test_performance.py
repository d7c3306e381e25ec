"""Slow deliveries are told to those who want to hear of them, and only of runs that found no error."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.contract.store.builders import ADMIN, NOW, claimed, result
from tests.contract.store.test_alerts import (
    FAILED,
    LOST,
    conclude,
    deliver,
    make_group,
    make_recipient,
    monitor_of,
    told,
)

from mailtrip.model import (
    AlertKind,
    BlackoutType,
    Measurement,
    PerformanceRule,
    Result,
    RunKind,
    Sighting,
    StatusCode,
    Verdict,
)
from mailtrip.service import blackouts
from mailtrip.service.blackout_rules import BlackoutDraft
from mailtrip.store import Database, performance

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def took(seconds: float, *, status: StatusCode = StatusCode.OK) -> Result:
    """A message that took so long."""
    seen = Sighting(not_before=timedelta(seconds=seconds), not_after=timedelta(seconds=seconds + 0.1))
    return replace(result(status), token="t", sighting=seen)


SLOW = took(12, status=StatusCode.SLOW)
FAST = took(2)


def go(
    database: Database,
    monitor_id: int,
    outcomes: Sequence[Result],
    *,
    since: datetime = NOW,
    kind: RunKind = RunKind.SCHEDULED,
) -> datetime:
    """Runs each minute; when the last one was."""
    for number, outcome in enumerate(outcomes):
        slot = since + number * MINUTE
        run = claimed(database, monitor_id, slot=slot, token=f"{monitor_id} {slot}", kind=kind)
        conclude(database, run, replace(outcome, token=run.token) if outcome.token else outcome)
    return since + (len(outcomes) - 1) * MINUTE


def make_listener(database: Database, **fields: object) -> int:
    return make_recipient(database, **{"availability_alert": False, "performance_alert": True} | fields)


def kinds(database: Database) -> list[AlertKind]:
    return [alert.kind for alert in told(database)]


def test_deliveries_above_the_warning_time_are_told_once_and_so_is_their_end(database: Database) -> None:
    recipient_id = make_listener(database, start_threshold=2)
    monitor_id = monitor_of(database, warning_time=10 * SECOND)

    go(database, monitor_id, [FAST, SLOW, FAST, SLOW, SLOW, SLOW, FAST, FAST, FAST, FAST])

    assert [(alert.kind, alert.status, alert.created_at - NOW, alert.since - NOW) for alert in told(database)] == [
        (AlertKind.SLOW, StatusCode.SLOW, 4 * MINUTE, 4 * MINUTE),
        (AlertKind.CLEAR, StatusCode.SLOW, 8 * MINUTE, 4 * MINUTE),
    ]
    assert {(alert.recipient_id, alert.monitor_id) for alert in told(database)} == {(recipient_id, monitor_id)}
    assert [alert.detail for alert in told(database)] == [
        "The last delivery took 12 s; it should take no more than 10 s.",
        "The last delivery took 2.0 s; it should take no more than 10 s.",
    ]


def test_a_percentile_of_the_last_deliveries_is_watched(database: Database) -> None:
    make_listener(database, performance_rule=PerformanceRule.PERCENTILE, performance_window=4)
    monitor_id = monitor_of(database, warning_time=10 * SECOND)

    go(database, monitor_id, [FAST, FAST, FAST, SLOW, FAST, FAST, FAST, FAST])

    assert [(alert.kind, alert.created_at - NOW) for alert in told(database)] == [
        (AlertKind.SLOW, 3 * MINUTE),
        (AlertKind.CLEAR, 7 * MINUTE),
    ]


def test_what_is_usual_is_learned(database: Database) -> None:
    make_listener(database, performance_rule=PerformanceRule.USUAL_LEVEL, performance_window=3)
    monitor_id = monitor_of(database)
    for hour in range(25):
        go(database, monitor_id, [FAST], since=NOW + timedelta(hours=hour))

    go(database, monitor_id, [took(8)] * 3, since=NOW + timedelta(hours=25))

    assert [alert.detail for alert in told(database)] == [
        "The median of the last 3 deliveries is 8.0 s; usual is 2.0 s, and at most 3.0 s."
    ]


@pytest.mark.parametrize(
    "outcome",
    [
        FAILED,
        LOST,
        replace(SLOW, verdict=Verdict.SPAM, status=StatusCode.SPAM_FOLDER),
        replace(SLOW, lag=2 * SECOND),
        replace(SLOW, sighting=None),
    ],
    ids=["failed", "trouble of ours", "in the spam folder", "we were slow ourselves", "not seen"],
)
def test_a_run_that_says_nothing_of_speed_changes_nothing(database: Database, outcome: Result) -> None:
    make_listener(database, start_threshold=2)
    monitor_id = monitor_of(database, warning_time=10 * SECOND)

    go(database, monitor_id, [SLOW, *[outcome] * 4])
    assert kinds(database) == []
    go(database, monitor_id, [SLOW], since=NOW + 5 * MINUTE)
    assert kinds(database) == [AlertKind.SLOW]


@pytest.mark.parametrize("kind", [RunKind.TEST, RunKind.RECHECK])
def test_tests_and_rechecks_say_nothing(database: Database, kind: RunKind) -> None:
    make_listener(database)

    go(database, monitor_of(database, warning_time=10 * SECOND), [SLOW] * 4, kind=kind)

    assert kinds(database) == []


@pytest.mark.parametrize("type_", BlackoutType)
def test_a_blackout_silences_these_too(database: Database, type_: BlackoutType) -> None:
    recipient_id = make_listener(database)
    monitor_id = monitor_of(database, warning_time=10 * SECOND)
    subject = recipient_id if type_ is BlackoutType.NOTIFIER else monitor_id
    draft = BlackoutDraft(type=type_, subject_id=subject, start=NOW, end=NOW + 10 * MINUTE)
    database.write(lambda connection: blackouts.create(connection, ADMIN, draft, now=NOW - MINUTE))

    go(database, monitor_id, [SLOW] * 12)

    assert [(alert.kind, alert.created_at - NOW) for alert in told(database)] == [(AlertKind.SLOW, 10 * MINUTE)]


def test_only_those_who_want_performance_alerts_hear_of_it(database: Database) -> None:
    make_recipient(database)
    listener = make_listener(database)
    other = make_listener(database)
    monitor_id = monitor_of(database, warning_time=10 * SECOND)
    make_group(database, monitor_ids=(monitor_id,), recipient_ids=(listener,), status_codes=(StatusCode.SLOW,))
    make_group(database, monitor_ids=(monitor_id,), recipient_ids=(other,), status_codes=(StatusCode.TIMEOUT,))

    go(database, monitor_id, [SLOW])

    assert [alert.recipient_id for alert in told(database)] == [listener]


def test_nothing_is_kept_where_nobody_wants_to_hear_of_it(database: Database) -> None:
    make_recipient(database)
    monitor_id = monitor_of(database, warning_time=10 * SECOND)

    go(database, monitor_id, [SLOW])

    assert database.write(lambda connection: performance.paces(connection, [monitor_id])) == {}


def test_what_is_kept_is_what_was_measured(database: Database) -> None:
    make_listener(database)
    monitor_id = monitor_of(database)

    go(database, monitor_id, [took(1.5), took(3_000_000)])

    (row,) = database.write(lambda connection: performance.paces(connection, [monitor_id])).values()
    at = NOW.replace(microsecond=0)
    assert row.recent == (
        Measurement(at, timedelta(seconds=1.5)),
        Measurement(at + MINUTE, timedelta(seconds=3_000_000)),
    )


def test_monitors_that_are_slow_by_the_same_servers_are_told_together(database: Database) -> None:
    make_listener(database)
    for number in range(3):
        go(database, monitor_of(database, name=f"slow {number}", warning_time=10 * SECOND), [SLOW])

    (package,) = deliver(database, at=NOW + 2 * SECOND)

    assert sorted(str(item.monitor_name) for item in package.items) == ["slow 0", "slow 1", "slow 2"]


def test_who_wants_no_more_performance_alerts_hears_of_no_end(database: Database) -> None:
    make_listener(database, name="stays")
    monitor_id = monitor_of(database, warning_time=10 * SECOND)
    go(database, monitor_id, [SLOW])
    make_group(database, monitor_ids=(monitor_id,), recipient_ids=(make_recipient(database),))

    go(database, monitor_id, [FAST] * 4, since=NOW + MINUTE)

    assert kinds(database) == [AlertKind.SLOW]
    assert database.write(lambda connection: performance.standings(connection, [monitor_id])) == []
