"""An error tells how the runs before it did, as far as they are known when it is stored."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection
from tests.contract.store.builders import (
    ADMIN,
    NOW,
    claimed,
    finish,
    finished,
    full_result,
    make_monitor,
    planned,
    result,
)

from mailtrip.model import Result, Run, RunKind, RunState, Sighting, StatusCode, Verdict
from mailtrip.service import endings, ledger, reports, runs
from mailtrip.service.endings import Conclusion
from mailtrip.service.runs import FinishedRun
from mailtrip.store import Database
from mailtrip.store.schema import locations

MINUTE = timedelta(minutes=1)
GOOD = replace(result(), sighting=Sighting(not_before=timedelta(seconds=1), not_after=timedelta(seconds=2)))
BAD = replace(result(StatusCode.TIMEOUT, Verdict.MISSING), summary="Not seen.")
FIRST = "Not seen; no earlier run is known."
AFTER_A_GOOD_ONE = "Not seen; the previous run arrived in 2.0 s."


def summary_of(database: Database, run: Run) -> str:
    found = database.read(lambda connection: runs.get(connection, ADMIN, run.id)).result
    assert found is not None
    return found.summary


def finish_each(database: Database, monitor_id: int, *results: Result) -> list[Run]:
    """One run a minute, up to NOW."""
    first = NOW - (len(results) - 1) * MINUTE
    return [finished(database, monitor_id, each, slot=first + number * MINUTE) for number, each in enumerate(results)]


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([BAD], FIRST),
        ([GOOD, BAD], AFTER_A_GOOD_ONE),
        ([BAD, GOOD, BAD], AFTER_A_GOOD_ONE),
        ([GOOD, BAD, BAD], "Not seen; this is the 2nd run in a row that failed, since 11:59 UTC."),
        ([BAD, BAD, BAD, BAD], "Not seen; this is the 4th run in a row that failed, since 11:57 UTC."),
        ([GOOD], "OK"),
        ([BAD, replace(GOOD, status=StatusCode.SLOW, summary="Slow.")], "Slow."),
        ([BAD, replace(BAD, status=StatusCode.LOCATION_LOST, verdict=Verdict.UNKNOWN)], "Not seen."),
    ],
)
def test_the_last_run_tells_of_those_before(database: Database, results: list[Result], expected: str) -> None:
    last = finish_each(database, make_monitor(database), *results)[-1]
    assert summary_of(database, last) == expected


def test_runs_of_other_monitors_and_locations_say_nothing(database: Database) -> None:
    monitor_id, other = make_monitor(database), make_monitor(database)
    finished(database, other, GOOD, slot=NOW - MINUTE)
    database.write(add_location)
    elsewhere = replace(planned(monitor_id, slot=NOW - MINUTE), location_id=20)
    [run] = database.write(lambda connection: runs.claim(connection, [elsewhere], now=NOW))
    finish(database, [FinishedRun(run_id=run.id, result=GOOD)])

    assert summary_of(database, finished(database, monitor_id, BAD)) == FIRST


def add_location(connection: Connection) -> None:
    connection.execute(locations.insert(), {"id": 20, "account_id": 1, "name": "Elsewhere"})


def test_a_later_run_says_nothing_of_an_earlier_one(database: Database) -> None:
    monitor_id = make_monitor(database)
    finished(database, monitor_id, GOOD, slot=NOW + MINUTE)

    assert summary_of(database, finished(database, monitor_id, BAD)) == FIRST


def test_a_test_counts_like_any_run(database: Database) -> None:
    monitor_id = make_monitor(database)
    finished(database, monitor_id, GOOD, slot=NOW - MINUTE)
    test = claimed(database, monitor_id, kind=RunKind.TEST)
    finish(database, [FinishedRun(run_id=test.id, result=BAD)])

    assert summary_of(database, test) == AFTER_A_GOOD_ONE
    following = finished(database, monitor_id, BAD, slot=NOW + MINUTE)
    assert summary_of(database, following) == "Not seen; this is the 2nd run in a row that failed, since 12:00 UTC."


def test_a_recheck_tells_nothing_and_is_not_told_of(database: Database) -> None:
    monitor_id = make_monitor(database)
    finished(database, monitor_id, GOOD, slot=NOW - MINUTE)
    first = finished(database, monitor_id, BAD)
    wanted = replace(planned(monitor_id, kind=RunKind.RECHECK), recheck_of=first.id)
    [recheck] = database.write(lambda connection: runs.claim(connection, [wanted], now=NOW))
    finish(database, [FinishedRun(run_id=recheck.id, result=GOOD)])

    assert summary_of(database, recheck) == "OK"
    following = finished(database, monitor_id, BAD, slot=NOW + MINUTE)
    assert summary_of(database, following) == (
        "Not seen; the previous run failed too, but not when it was tried again at once."
    )


def test_runs_that_are_stored_together_know_of_each_other(database: Database) -> None:
    monitor_id = make_monitor(database)
    begun = [claimed(database, monitor_id, slot=NOW + number * MINUTE) for number in range(3)]
    finish(database, [FinishedRun(run_id=run.id, result=BAD) for run in begun])

    assert [summary_of(database, run) for run in begun] == [
        FIRST,
        "Not seen; this is the 2nd run in a row that failed, since 12:00 UTC.",
        "Not seen; this is the 3rd run in a row that failed, since 12:00 UTC.",
    ]


def test_a_result_that_is_stored_twice_tells_it_once(database: Database) -> None:
    run = finished(database, make_monitor(database), BAD)
    finish(database, [FinishedRun(run_id=run.id, result=BAD)])

    assert summary_of(database, run) == FIRST


def test_the_engine_tells_it_too(database: Database) -> None:
    monitor_id = make_monitor(database)
    finished(database, monitor_id, GOOD, slot=NOW - MINUTE)
    run = claimed(database, monitor_id)
    ended = Conclusion(run=run, state=RunState.FINISHED, result=BAD)
    database.write(lambda connection: endings.conclude(connection, [ended], now=NOW))

    assert summary_of(database, run) == AFTER_A_GOOD_ONE


def test_the_last_status_of_a_monitor_tells_it(database: Database) -> None:
    monitor_id = make_monitor(database)
    finish_each(database, monitor_id, GOOD, BAD)
    [found] = database.read(lambda connection: reports.site_status(connection, ADMIN, monitor_ids=[monitor_id]))

    assert found.run is not None
    assert found.run.result is not None
    assert found.run.result.summary == AFTER_A_GOOD_ONE


def test_a_long_row_of_failures_is_counted_to_its_end(database: Database) -> None:
    monitor_id = make_monitor(database)
    wanted = [planned(monitor_id, slot=NOW - number * MINUTE) for number in range(120)]
    begun = database.write(lambda connection: runs.claim(connection, wanted, now=NOW))
    finish(database, [FinishedRun(run_id=run.id, result=BAD) for run in begun])
    [last] = [run for run in begun if run.slot == NOW]

    assert summary_of(database, last) == "Not seen; this is the 120th run in a row that failed, since 10:01 UTC."


def test_what_says_nothing_neither_counts_nor_breaks_a_row(database: Database) -> None:
    unknown = replace(BAD, status=StatusCode.LOCATION_LOST, verdict=Verdict.UNKNOWN)
    last = finish_each(database, make_monitor(database), GOOD, BAD, BAD, unknown, unknown, BAD)[-1]

    assert summary_of(database, last) == "Not seen; this is the 3rd run in a row that failed, since 11:56 UTC."


def test_a_failure_that_turned_out_to_be_ours_does_not_count(database: Database) -> None:
    monitor_id = make_monitor(database)
    unreached = replace(BAD, status=StatusCode.CONNECTION_FAILED, verdict=Verdict.UNSENT)
    excused = finish_each(database, monitor_id, GOOD, unreached, unreached)[1:]
    database.write(lambda connection: ledger.excuse(connection, [run.id for run in excused], now=NOW))

    following = finished(database, monitor_id, BAD, slot=NOW + MINUTE)
    assert summary_of(database, following) == "Not seen; the last run that could tell, 11:58 UTC, arrived in 2.0 s."


def test_the_rest_of_what_was_found_stays(database: Database) -> None:
    outcome = replace(full_result(), status=StatusCode.BOUNCED, verdict=Verdict.BOUNCED)
    run = finished(database, make_monitor(database), outcome)

    found = database.read(lambda connection: runs.get(connection, ADMIN, run.id)).result
    assert found == replace(outcome, summary=f"{outcome.summary}; no earlier run is known.")
