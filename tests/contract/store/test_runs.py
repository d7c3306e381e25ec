"""Runs: claimed once, finished once, read by page."""

import itertools
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.contract.store.builders import (
    ADMIN,
    KEYS,
    NOW,
    STRANGER,
    actor,
    claimed,
    finish,
    finished,
    full_result,
    make_monitor,
    planned,
    result,
    session,
)

from mailtrip.errors import Forbidden, InvalidInput, NotFound, RateLimited
from mailtrip.model import Role, Run, RunKind, RunState, StatusCode, Verdict
from mailtrip.service import jobs, monitors, runs
from mailtrip.service.monitors import Passwords
from mailtrip.service.runs import FinishedRun
from mailtrip.store import Database

MINUTE = timedelta(minutes=1)
NUMBERS = itertools.count()


def read(database: Database, run_id: int) -> Run:
    return database.read(lambda connection: runs.get(connection, ADMIN, run_id))


def order_test(database: Database, monitor_id: int, now: datetime) -> Run:
    token = f"token of {now.isoformat()} {next(NUMBERS)}"
    return database.write(lambda connection: runs.order_test(connection, ADMIN, monitor_id, token=token, now=now))


def page(  # a test names only what it is about
    database: Database,
    monitor_id: int,
    since: datetime | None = None,
    until: datetime | None = None,
    verdicts: Collection[Verdict] | None = None,
    limit: int = 100,
    before: tuple[datetime, int] | None = None,
) -> list[int]:
    found = database.read(
        lambda connection: runs.page(
            connection, ADMIN, monitor_id, since=since, until=until, verdicts=verdicts, limit=limit, before=before
        )
    )
    return [run.id for run in found]


def test_a_claimed_run_is_running(database: Database) -> None:
    monitor_id = make_monitor(database)
    run = claimed(database, monitor_id)
    assert run == Run(
        id=100001,
        account_id=1,
        monitor_id=monitor_id,
        location_id=10,
        slot=NOW,
        kind=RunKind.SCHEDULED,
        state=RunState.RUNNING,
        started_at=NOW,
    )
    assert read(database, run.id) == run


def test_a_slot_is_claimed_once(database: Database) -> None:
    monitor_id, other = make_monitor(database), make_monitor(database)
    claimed(database, monitor_id)
    wanted = [planned(monitor_id), planned(other), planned(monitor_id, slot=NOW + MINUTE)]
    won = database.write(lambda connection: runs.claim(connection, wanted, now=NOW))
    assert {(run.monitor_id, run.slot) for run in won} == {(other, NOW), (monitor_id, NOW + MINUTE)}


def test_a_slot_that_is_named_twice_is_claimed_once(database: Database) -> None:
    wanted = [planned(make_monitor(database))] * 2
    assert len(database.write(lambda connection: runs.claim(connection, wanted, now=NOW))) == 1


def test_a_recheck_has_the_slot_of_the_run_it_checks(database: Database) -> None:
    monitor_id = make_monitor(database)
    first = claimed(database, monitor_id)
    wanted = replace(planned(monitor_id, kind=RunKind.RECHECK), recheck_of=first.id)
    (recheck,) = database.write(lambda connection: runs.claim(connection, [wanted], now=NOW))
    assert (recheck.recheck_of, recheck.slot) == (first.id, NOW)


def test_nothing_planned_claims_nothing(database: Database) -> None:
    assert database.write(lambda connection: runs.claim(connection, [], now=NOW)) == []
    finish(database, [])


def test_a_thousand_runs_are_claimed_and_finished_in_one_go(database: Database) -> None:
    monitor_id = make_monitor(database)
    wanted = [planned(monitor_id, slot=NOW + number * MINUTE) for number in range(1000)]
    won = database.write(lambda connection: runs.claim(connection, wanted, now=NOW))
    finish(database, [FinishedRun(run_id=run.id, result=result()) for run in won])
    assert len(page(database, monitor_id, verdicts=[Verdict.DELIVERED], limit=2000)) == 1000


def test_a_result_is_read_as_it_was_found(database: Database) -> None:
    run = finished(database, make_monitor(database), full_result())
    found = read(database, run.id)
    assert found == replace(
        run,
        state=RunState.FINISHED,
        started_at=full_result().started_at,
        token=full_result().token,
        result=full_result(),
    )
    assert found.result is not None
    assert found.result.sessions == full_result().sessions


def test_a_result_without_sessions_is_read_as_it_was_found(database: Database) -> None:
    outcome = replace(result(), sessions=())
    assert read(database, finished(database, make_monitor(database), outcome).id).result == outcome


def test_the_first_result_of_a_run_is_kept(database: Database) -> None:
    run = finished(database, make_monitor(database))
    finish(database, [FinishedRun(run_id=run.id, result=result(StatusCode.SMTP_TLS, Verdict.UNSENT))])
    found = read(database, run.id).result
    assert found is not None
    assert found.status is StatusCode.OK


def test_a_result_of_a_run_that_is_not_there_does_no_harm_to_others(database: Database) -> None:
    run = claimed(database, make_monitor(database))
    finish(database, [FinishedRun(run_id=number, result=result()) for number in (5, run.id, 2**70)])
    assert read(database, run.id).state is RunState.FINISHED


@pytest.mark.parametrize("text", ["nul \0", "half \ud83d", "Grüße 😀", "x" * 100_000])
def test_what_a_mail_server_says_can_always_be_stored(database: Database, text: str) -> None:
    outcome = replace(result(), summary=text, queued_as=text, message_id=text, token=text, sessions=(session(text),))
    run = finished(database, make_monitor(database), outcome)
    found = read(database, run.id).result
    assert found is not None
    assert found.sessions[0].transcript[0].text == text
    assert found.summary[:5] == text[:5].replace("\0", "\ufffd").replace("\ud83d", "\ufffd")


def test_runs_come_newest_first_and_page_by_slot_and_id(database: Database) -> None:
    monitor_id = make_monitor(database)
    early, middle, late = (finished(database, monitor_id, slot=NOW + number * MINUTE) for number in (0, 5, 10))
    recheck = claimed(database, monitor_id, slot=middle.slot, kind=RunKind.RECHECK)
    ids = [late.id, recheck.id, middle.id, early.id]
    assert page(database, monitor_id) == ids
    assert page(database, monitor_id, limit=2) == ids[:2]
    assert page(database, monitor_id, limit=2, before=(recheck.slot, recheck.id)) == ids[2:]
    assert page(database, monitor_id, before=(early.slot, early.id)) == []


def test_a_page_is_cut_to_slots_since_and_until(database: Database) -> None:
    monitor_id = make_monitor(database)
    ids = [claimed(database, monitor_id, slot=NOW + number * MINUTE).id for number in range(4)]
    assert page(database, monitor_id, since=NOW + MINUTE, until=NOW + 3 * MINUTE) == [ids[2], ids[1]]


def test_a_page_is_cut_to_verdicts(database: Database) -> None:
    monitor_id = make_monitor(database)
    good = finished(database, monitor_id)
    slow = finished(database, monitor_id, full_result(), slot=NOW + MINUTE)
    claimed(database, monitor_id, slot=NOW + 2 * MINUTE)
    assert page(database, monitor_id, verdicts=[Verdict.SLOW, Verdict.DELIVERED]) == [slow.id, good.id]
    assert page(database, monitor_id, verdicts=[]) == []
    assert page(database, monitor_id, verdicts=[Verdict.SLOW]) == [slow.id]


def test_a_page_has_no_runs_of_other_monitors(database: Database) -> None:
    finished(database, make_monitor(database))
    assert page(database, make_monitor(database)) == []


def test_runs_in_a_page_have_no_sessions(database: Database) -> None:
    monitor_id = make_monitor(database)
    finished(database, monitor_id, full_result())
    (run,) = database.read(lambda connection: runs.page(connection, ADMIN, monitor_id, limit=1))
    assert run.result == replace(full_result(), sessions=(), proof=(), facts=None, bounce=None, found=())


def test_another_account_finds_no_run(database: Database) -> None:
    monitor_id = make_monitor(database)
    run = finished(database, monitor_id)
    with pytest.raises(NotFound):
        database.read(lambda connection: runs.get(connection, STRANGER, run.id))
    with pytest.raises(NotFound):
        database.read(lambda connection: runs.page(connection, STRANGER, monitor_id, limit=1))
    with pytest.raises(NotFound):
        database.write(lambda connection: runs.order_test(connection, STRANGER, monitor_id, token="t", now=NOW))


@pytest.mark.parametrize("number", [0, -5, 2**64])
def test_a_run_that_is_not_there_is_not_found(database: Database, number: int) -> None:
    with pytest.raises(NotFound):
        read(database, number)


def test_the_runs_of_a_removed_monitor_are_not_found(database: Database) -> None:
    monitor_id = make_monitor(database)
    run = finished(database, monitor_id)
    database.write(lambda connection: monitors.remove(connection, ADMIN, monitor_id, now=NOW))
    with pytest.raises(NotFound):
        read(database, run.id)
    with pytest.raises(NotFound):
        page(database, monitor_id)


@pytest.mark.parametrize("state", [RunState.SKIPPED, RunState.NOT_MEASURED])
def test_a_slot_without_a_run_is_kept_with_its_reason(database: Database, state: RunState) -> None:
    monitor_id = make_monitor(database)
    wanted = [planned(monitor_id)]
    database.write(lambda connection: runs.skip(connection, wanted, note="the program was off", state=state, now=NOW))
    (run,) = database.read(lambda connection: runs.page(connection, ADMIN, monitor_id, limit=9))
    assert (run.state, run.note, run.started_at, run.result) == (state, "the program was off", None, None)
    assert database.write(lambda connection: runs.claim(connection, wanted, now=NOW)) == []


def test_a_claimed_run_is_not_skipped(database: Database) -> None:
    monitor_id = make_monitor(database)
    run = claimed(database, monitor_id)
    wanted = [planned(monitor_id)]
    database.write(lambda connection: runs.skip(connection, wanted, note="late", state=RunState.SKIPPED, now=NOW))
    assert read(database, run.id) == run


@pytest.mark.parametrize("state", [RunState.RUNNING, RunState.FINISHED])
def test_a_skipped_run_is_in_no_state_of_runs_that_were_made(database: Database, state: RunState) -> None:
    with pytest.raises(ValueError, match="skipped, not measured or in a blackout"):
        database.write(lambda connection: runs.skip(connection, [], note="x", state=state, now=NOW))


def test_a_test_is_a_running_run_of_its_own_kind(database: Database) -> None:
    monitor_id = make_monitor(database, enabled=False)
    run = database.write(
        lambda connection: runs.order_test(connection, actor(Role.USER), monitor_id, token="t", now=NOW)
    )
    assert (run.kind, run.state, run.slot, run.location_id) == (RunKind.TEST, RunState.RUNNING, NOW, 10)
    assert read(database, run.id) == run


def test_tests_of_the_same_moment_are_runs_of_their_own(database: Database) -> None:
    monitor_id = make_monitor(database)
    first, second = (order_test(database, monitor_id, NOW) for _ in range(2))
    assert first.id != second.id


def test_the_sixth_test_under_way_has_to_wait(database: Database) -> None:
    monitor_id = make_monitor(database, timeout=timedelta(seconds=60))
    ordered = [order_test(database, monitor_id, NOW + timedelta(seconds=number)) for number in range(5)]
    with pytest.raises(RateLimited) as caught:
        order_test(database, monitor_id, NOW + timedelta(seconds=10))
    assert caught.value.retry_after == timedelta(seconds=50)
    finish(database, [FinishedRun(run_id=ordered[0].id, result=result())])
    assert order_test(database, monitor_id, NOW + MINUTE).state is RunState.RUNNING


def test_who_only_reads_orders_no_test(database: Database) -> None:
    monitor_id = make_monitor(database)
    with pytest.raises(Forbidden, match="or User"):
        database.write(
            lambda connection: runs.order_test(connection, actor(Role.READ_ONLY), monitor_id, token="t", now=NOW)
        )


def test_a_test_at_a_location_that_the_monitor_does_not_have_is_refused(database: Database) -> None:
    monitor_id = make_monitor(database)
    with pytest.raises(InvalidInput, match="use one of 10"):
        database.write(
            lambda connection: runs.order_test(connection, ADMIN, monitor_id, token="t", now=NOW, location_id=20)
        )


def test_a_job_has_the_credentials_in_the_clear_but_not_in_its_repr(database: Database) -> None:
    monitor_id = make_monitor(database, Passwords(mailbox="geheim-1", smtp="geheim-2"), smtp_username="relay")
    run = claimed(database, monitor_id)
    (job,) = database.read(lambda connection: jobs.load(connection, KEYS, [run]))
    assert job.mailbox_credentials is not None
    assert job.smtp_credentials is not None
    assert (job.mailbox_credentials.username, job.mailbox_credentials.password) == ("probe@probe.test", "geheim-1")
    assert (job.smtp_credentials.username, job.smtp_credentials.password) == ("relay", "geheim-2")
    assert "geheim" not in repr(job)


def test_a_monitor_without_passwords_gives_a_job_without_credentials(database: Database) -> None:
    run = claimed(database, make_monitor(database))
    (job,) = database.read(lambda connection: jobs.load(connection, KEYS, [run]))
    assert (job.run, job.mailbox_credentials, job.smtp_credentials) == (run, None, None)


def test_the_job_of_a_removed_monitor_is_left_out(database: Database) -> None:
    first, second = make_monitor(database), make_monitor(database)
    claims = [claimed(database, first), claimed(database, second)]
    database.write(lambda connection: monitors.remove(connection, ADMIN, first, now=NOW))
    found = database.read(lambda connection: jobs.load(connection, KEYS, claims))
    assert [job.run.monitor_id for job in found] == [second]
