"""The site status report, and the checks of a span of time."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

import pytest
from tests.contract.store.builders import (
    ADMIN,
    NOW,
    STRANGER,
    claimed,
    finish,
    finished,
    full_result,
    make_monitor,
    planned,
    result,
)

from mailtrip.model import Actor, BlackoutType, MonitorType, RunKind, RunState, StatusCode, Verdict
from mailtrip.service import blackouts, monitors, reports, runs
from mailtrip.service.blackouts import BlackoutDraft
from mailtrip.service.reports import Check, StatusFilter
from mailtrip.service.runs import FinishedRun
from mailtrip.store import Database


@pytest.fixture
def monitor_ids(database: Database) -> list[int]:
    """Monitors whose last runs were: ok, warning, error, unknown, none."""
    outcomes = (
        result(),
        result(StatusCode.SLOW, Verdict.SLOW),
        result(StatusCode.RECIPIENT_REFUSED, Verdict.REFUSED),
        result(StatusCode.INTERNAL_ERROR, Verdict.UNKNOWN),
    )
    ids = []
    for outcome in outcomes:
        ids.append(make_monitor(database))
        finished(database, ids[-1], outcome, slot=NOW)
    return [*ids, make_monitor(database)]


def test_each_monitor_comes_with_its_last_run(database: Database, monitor_ids: list[int]) -> None:
    found = database.read(lambda connection: reports.site_status(connection, ADMIN))
    statuses = [item.run and item.run.result and item.run.result.status for item in found]
    assert [item.monitor.id for item in found] == monitor_ids
    assert statuses == [
        StatusCode.OK,
        StatusCode.SLOW,
        StatusCode.RECIPIENT_REFUSED,
        StatusCode.INTERNAL_ERROR,
        None,
    ]


@pytest.mark.parametrize(("status", "positions"), [(StatusFilter.OK, [0, 1]), (StatusFilter.ERROR, [2])])
def test_unknown_and_unmeasured_monitors_are_neither_ok_nor_in_error(
    database: Database, monitor_ids: list[int], status: StatusFilter, positions: list[int]
) -> None:
    found = database.read(lambda connection: reports.site_status(connection, ADMIN, status=status))
    assert [item.monitor.id for item in found] == [monitor_ids[position] for position in positions]


def test_the_report_is_cut_to_monitors_that_are_named(database: Database, monitor_ids: list[int]) -> None:
    wanted = [monitor_ids[3], monitor_ids[1], 5, 2**70]
    found = database.read(lambda connection: reports.site_status(connection, ADMIN, monitor_ids=wanted))
    assert [item.monitor.id for item in found] == [monitor_ids[1], monitor_ids[3]]


def test_the_report_is_cut_to_types(database: Database, monitor_ids: list[int]) -> None:
    def count(wanted: MonitorType) -> int:
        return len(database.read(lambda connection: reports.site_status(connection, ADMIN, types=[wanted])))

    assert [count(MonitorType.ROUND_TRIP), count(MonitorType.SMTP)] == [len(monitor_ids), 0]


def test_another_account_has_a_report_of_its_own(database: Database, monitor_ids: list[int]) -> None:
    assert database.read(lambda connection: reports.site_status(connection, STRANGER)) == []


HOUR = timedelta(hours=1)


def checks(
    database: Database, *, actor: Actor = ADMIN, monitor_ids: list[int] | None = None, **span: Any
) -> list[Check]:
    """Those of the hour from NOW on, unless told otherwise. (Any: times and a number)"""
    wanted: dict[str, Any] = {"since": NOW, "until": NOW + HOUR, "limit": 100} | span
    return database.read(lambda connection: reports.checks(connection, actor, monitor_ids=monitor_ids, **wanted))


def test_checks_are_told_oldest_first_within_their_span_and_limit(database: Database) -> None:
    monitor_id = make_monitor(database, name="mail")
    ids = [finished(database, monitor_id, slot=NOW + minutes * HOUR / 60).id for minutes in (30, 0, 59, 60, -1)]
    found = checks(database)
    assert [check.run.id for check in found] == [ids[1], ids[0], ids[2]]
    assert {check.monitor_name for check in found} == {"mail"}
    assert [check.run.id for check in checks(database, limit=2)] == [ids[1], ids[0]]


def test_a_check_has_its_sessions_without_transcripts(database: Database) -> None:
    finished(database, make_monitor(database), full_result())
    [check] = checks(database)
    assert check.run.result is not None
    assert [session.address for session in check.run.result.sessions] == ["192.0.2.1:465", None]
    assert {session.transcript for session in check.run.result.sessions} == {()}


def test_only_planned_runs_that_found_something_are_checks(database: Database) -> None:
    monitor_id = make_monitor(database)
    claimed(database, monitor_id)
    test = claimed(database, monitor_id, kind=RunKind.TEST)
    finish(database, [FinishedRun(run_id=test.id, result=result())])
    for minute, state in enumerate((RunState.SKIPPED, RunState.NOT_MEASURED, RunState.BLACKOUT), start=1):
        slot = planned(monitor_id, slot=NOW + minute * HOUR / 60)
        database.write(partial(runs.skip, planned=[slot], note="x", state=state, now=NOW))
    assert checks(database) == []


@pytest.mark.parametrize("status", [StatusCode.OK, StatusCode.MAILBOX_LOGIN])
def test_a_check_tells_what_its_recheck_found(database: Database, status: StatusCode) -> None:
    failed = finished(database, make_monitor(database), result(StatusCode.TIMEOUT, Verdict.MISSING))
    again = replace(planned(failed.monitor_id, kind=RunKind.RECHECK), recheck_of=failed.id)
    [recheck] = database.write(lambda connection: runs.claim(connection, [again], now=NOW))
    assert [check.recheck_status for check in checks(database)] == [None]
    finish(database, [FinishedRun(run_id=recheck.id, result=result(status))])
    [check] = checks(database)
    assert (check.run.id, check.recheck_status) == (failed.id, status)


def test_checks_are_those_of_the_monitors_named_and_of_no_removed_one_and_no_other_account(database: Database) -> None:
    first, second, third = (make_monitor(database) for _ in range(3))
    for monitor_id in (first, second, third):
        finished(database, monitor_id)
    database.write(lambda connection: monitors.remove(connection, ADMIN, third, now=NOW))
    assert [check.run.monitor_id for check in checks(database)] == [first, second]
    assert [check.run.monitor_id for check in checks(database, monitor_ids=[second, third, 5, 2**70])] == [second]
    assert checks(database, monitor_ids=[]) == []
    assert checks(database, actor=STRANGER) == []


def test_a_monitor_is_stopped_while_a_blackout_of_its_runs_holds(database: Database) -> None:
    ids = [make_monitor(database) for _ in range(4)]
    # NOW is a Sunday, 12:00. (Any: values of many types)
    times: dict[str, Any] = {"start_day": 1, "start_time": time(11), "end_day": 1, "end_time": time(13)}
    for draft in (
        BlackoutDraft(type=BlackoutType.MONITOR, subject_id=ids[0], **times),
        BlackoutDraft(type=BlackoutType.ALERT, subject_id=ids[1], **times),
        BlackoutDraft(type=BlackoutType.MONITOR, subject_id=ids[2], start=NOW + HOUR, end=NOW + 2 * HOUR),
    ):
        database.write(partial(blackouts.create, actor=ADMIN, draft=draft, now=NOW))

    def stopped(at: datetime, actor: Actor = ADMIN) -> frozenset[int]:
        return database.read(lambda connection: blackouts.stopped_monitors(connection, actor, at=at))

    assert stopped(NOW) == {ids[0]}
    assert stopped(NOW + HOUR) == {ids[2]}
    assert stopped(NOW + 2 * HOUR) == frozenset()
    assert stopped(NOW, STRANGER) == frozenset()
