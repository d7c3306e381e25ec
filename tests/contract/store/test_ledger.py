"""The ledger: each run ends in exactly one verdict, and each change of mind is kept."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import Connection, func, select
from tests.contract.store.builders import (
    ADMIN,
    NOW,
    claimed,
    finish,
    finished,
    full_facts,
    make_monitor,
    planned,
    result,
)

from mailtrip.model import (
    Copy,
    Result,
    Revision,
    Run,
    RunKind,
    RunState,
    Severity,
    StatusCode,
    Step,
    Stray,
    Verdict,
)
from mailtrip.service import endings, ledger, monitors, retention, runs
from mailtrip.service.endings import Conclusion
from mailtrip.service.ledger import Acceptance
from mailtrip.service.runs import FinishedRun
from mailtrip.store import Database
from mailtrip.store.schema import run_revisions, run_strays

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
LATER = NOW + 15 * MINUTE
MISSING = result(StatusCode.TIMEOUT, Verdict.MISSING)


def read(database: Database, run: Run) -> Run:
    return database.read(lambda connection: runs.get(connection, ADMIN, run.id))


def verdict_of(database: Database, run: Run) -> Verdict | None:
    found = read(database, run).result
    return found.verdict if found else None


def history(database: Database, run: Run) -> list[tuple[datetime, Verdict]]:
    return [(revision.at, revision.verdict) for revision in read(database, run).revisions]


def stray(
    token: str = "t",
    *,
    key: str = "1",
    uidvalidity: int | None = None,
    received_at: datetime | None = None,
    seen_at: datetime = LATER,
) -> Stray:
    return Stray(
        token=token,
        folder="INBOX",
        key=key,
        uidvalidity=uidvalidity,
        received_at=received_at,
        asked_at=seen_at,
        seen_at=seen_at,
    )


def with_copies(*keys: str, deleted_at: datetime | None = NOW, outcome: Result | None = None) -> Result:
    """A run that has found copies of these names, and deleted them at that time."""
    copies = tuple(Copy(folder="INBOX", key=key, not_before=NOW, not_after=NOW, deleted_at=deleted_at) for key in keys)
    left = 0 if deleted_at else len(keys)
    return replace(outcome or result(), copies=len(keys), left_behind=left, found=copies, facts=full_facts())


def settle(
    database: Database, strays: Sequence[Stray], *, now: datetime = LATER, unwritten: Sequence[str] = ()
) -> frozenset[str]:
    return database.write(lambda connection: ledger.settle(connection, strays, now=now, unwritten=unwritten))


def lose(database: Database, *, now: datetime, limit: int = 100) -> int:
    return database.write(lambda connection: ledger.lose(connection, now=now, limit=limit))


def take_over(database: Database, *, now: datetime) -> ledger.TakenOver:
    return database.write(lambda connection: ledger.take_over(connection, now=now, own_since=now, location_id=10))


def last_run(database: Database, monitor_id: int) -> Run:
    return database.read(lambda connection: monitors.last_statuses(connection, ADMIN, [monitor_id]))[monitor_id]


def count(connection: Connection) -> int:
    tables = (run_revisions, run_strays)
    return sum(connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables)


# -- Tokens -------------------------------------------------------------------------------------------------------------


def test_a_token_is_in_the_ledger_from_the_claim_on(database: Database) -> None:
    run = claimed(database, make_monitor(database), token="t")
    assert (run.token, read(database, run).token) == ("t", "t")


def test_the_token_of_the_claim_stays_whatever_the_result_says(database: Database) -> None:
    run = finished(database, make_monitor(database), replace(result(), token=None), token="t")
    assert read(database, run).token == "t"


def test_a_run_that_was_begun_while_the_database_was_away_brings_its_token(database: Database) -> None:
    run = claimed(database, make_monitor(database))
    begun = replace(run, id=-1, slot=NOW + MINUTE, token="t")
    conclusion = Conclusion(run=begun, state=RunState.FINISHED, result=MISSING)
    database.write(lambda connection: endings.conclude(connection, [conclusion], now=NOW))
    settle(database, [stray()])
    found = database.read(lambda connection: runs.page(connection, ADMIN, run.monitor_id, limit=1))
    assert [item.result.verdict for item in found if item.result] == [Verdict.LATE]


# -- Strays -------------------------------------------------------------------------------------------------------------


def test_a_message_of_no_run_may_go(database: Database) -> None:
    assert settle(database, [stray("unheard-of")]) == {"unheard-of"}


def test_a_message_of_a_run_that_is_not_written_yet_stays(database: Database) -> None:
    assert settle(database, [stray("a"), stray("b")], unwritten=["a"]) == {"b"}


@pytest.mark.parametrize("seen_at", [NOW, LATER, NOW + 9 * HOUR])
def test_a_message_of_a_run_that_is_running_stays_and_nothing_is_decided(database: Database, seen_at: datetime) -> None:
    run = claimed(database, make_monitor(database), token="t")
    assert settle(database, [stray(seen_at=seen_at)]) == frozenset()
    finish(database, [FinishedRun(run_id=run.id, result=MISSING)])
    assert history(database, run) == []
    assert settle(database, [stray(seen_at=seen_at)]) == {"t"}
    assert verdict_of(database, run) is Verdict.LATE


def test_a_missing_message_that_shows_up_is_late_and_the_change_is_kept(database: Database) -> None:
    monitor_id = make_monitor(database, timeout=timedelta(seconds=30))
    run = finished(database, monitor_id, replace(MISSING, duration=timedelta(seconds=30)), token="t")
    assert settle(database, [stray(received_at=NOW + 5 * MINUTE)]) == {"t"}
    found = read(database, run)
    assert found.result is not None
    assert (found.result.verdict, found.result.status) == (Verdict.LATE, StatusCode.TIMEOUT)
    assert (found.result.delay, found.result.copies) == (5 * MINUTE, 1)
    assert found.revisions == (
        Revision(
            at=NOW + timedelta(seconds=30),
            verdict=Verdict.MISSING,
            status=StatusCode.TIMEOUT,
            summary=f"{MISSING.summary}; no earlier run is known.",
        ),
        Revision(at=LATER, verdict=Verdict.LATE, status=StatusCode.TIMEOUT, summary=found.result.summary),
    )


def test_the_delay_counts_from_the_acceptance_where_it_is_known(database: Database) -> None:
    run = finished(database, make_monitor(database), MISSING, token="t")
    acceptance = Acceptance(run_id=run.id, at=NOW + timedelta(seconds=20), reply="250 queued")
    database.write(lambda connection: ledger.note_accepted(connection, [acceptance]))
    settle(database, [stray(received_at=NOW + 5 * MINUTE)])
    found = read(database, run).result
    assert found is not None
    assert found.delay == 5 * MINUTE - timedelta(seconds=20)


def test_a_message_that_could_not_be_deleted_is_no_second_copy_when_it_is_seen_again(database: Database) -> None:
    run = finished(database, make_monitor(database), MISSING, token="t")
    for minutes in range(3):
        assert settle(database, [stray(seen_at=LATER + minutes * MINUTE)]) == {"t"}
    assert verdict_of(database, run) is Verdict.LATE
    assert len(history(database, run)) == 2


def test_what_a_run_had_to_leave_behind_is_no_second_copy(database: Database) -> None:
    left = replace(result(StatusCode.DELETE_FAILED), copies=1, left_behind=1)
    run = finished(database, make_monitor(database), left, token="t")
    assert settle(database, [stray(key="1")]) == {"t"}
    assert (verdict_of(database, run), history(database, run)) == (Verdict.DELIVERED, [])
    assert settle(database, [stray(key="2")]) == {"t"}
    assert verdict_of(database, run) is Verdict.DOUBLED


def test_a_second_copy_after_the_run_makes_it_doubled(database: Database) -> None:
    run = finished(database, make_monitor(database), token="t")
    assert settle(database, [stray()]) == {"t"}
    found = read(database, run).result
    assert found is not None
    assert (found.verdict, found.status, found.copies) == (Verdict.DOUBLED, StatusCode.DOUBLED, 2)


def test_another_message_makes_a_run_doubled_and_is_kept_with_the_first(database: Database) -> None:
    run = finished(database, make_monitor(database), with_copies("1"), token="t")
    assert settle(database, [stray(key="2", received_at=NOW + 5 * MINUTE)]) == {"t"}
    found = read(database, run).result
    assert found is not None
    assert (found.verdict, found.status, found.copies) == (Verdict.DOUBLED, StatusCode.DOUBLED, 2)
    assert [(copy.key, copy.not_after, copy.received_at) for copy in found.found] == [
        ("1", NOW, None),
        ("2", LATER, NOW + 5 * MINUTE),
    ]
    assert found.facts == full_facts()


def test_a_message_that_the_server_kept_after_its_deletion_is_left_behind_and_no_second_copy(
    database: Database,
) -> None:
    run = finished(database, make_monitor(database), with_copies("1"), token="t")
    for minutes in range(3):
        assert settle(database, [stray(key="1", seen_at=LATER + minutes * MINUTE)]) == {"t"}
    found = read(database, run).result
    assert found is not None
    assert (found.verdict, found.status, found.step) == (Verdict.DELIVERED, StatusCode.DELETE_FAILED, Step.DELETE)
    assert (found.copies, found.left_behind) == (1, 1)
    assert [copy.deleted_at for copy in found.found] == [None]
    assert len(history(database, run)) == 2


def test_a_message_that_another_run_saw_before_its_deletion_says_nothing_and_stays(database: Database) -> None:
    """Runs that share a mailbox see each other's messages in passing."""
    run = finished(database, make_monitor(database), with_copies("1", deleted_at=NOW + MINUTE), token="t")
    for seen_at in (NOW, NOW + MINUTE, NOW + MINUTE + timedelta(seconds=10)):
        assert settle(database, [stray(key="1", seen_at=seen_at)]) == frozenset()
    assert (verdict_of(database, run), history(database, run)) == (Verdict.DELIVERED, [])
    assert settle(database, [stray(key="1", seen_at=NOW + 2 * MINUTE)]) == {"t"}
    assert len(history(database, run)) == 2


def test_the_same_uid_under_another_uidvalidity_is_the_name_of_another_message(database: Database) -> None:
    """Whether it is a second copy or the first one under a new name, nobody can tell."""
    run = finished(database, make_monitor(database), with_copies("1"), token="t")
    assert settle(database, [stray(key="1", uidvalidity=9)]) == {"t"}
    assert settle(database, [stray(key="1", uidvalidity=10)]) == {"t"}
    assert (verdict_of(database, run), history(database, run)) == (Verdict.DELIVERED, [])


def test_two_copies_found_at_once_are_one_late_message_and_one_more(database: Database) -> None:
    run = finished(database, make_monitor(database), MISSING, token="t")
    settle(database, [stray(key="2"), stray(key="1", received_at=NOW + MINUTE)])
    found = read(database, run).result
    assert found is not None
    assert (found.verdict, found.copies, found.delay) == (Verdict.LATE, 2, MINUTE)
    assert [verdict for _, verdict in history(database, run)] == [Verdict.MISSING, Verdict.LATE, Verdict.LATE]


def test_a_run_that_was_not_measured_gets_a_verdict_when_its_message_shows_up(database: Database) -> None:
    monitor_id = make_monitor(database)
    run = claimed(database, monitor_id, token="t")
    cut_short = Conclusion(run=run, state=RunState.NOT_MEASURED, note="cut short by a shutdown")
    database.write(lambda connection: endings.conclude(connection, [cut_short], now=NOW))
    assert settle(database, [stray()]) == {"t"}
    found = read(database, run)
    assert found.result is not None
    assert (found.state, found.result.verdict, found.severity) == (
        RunState.FINISHED,
        Verdict.DELIVERED,
        Severity.UNKNOWN,
    )
    assert (found.revisions, found.note) == ((), "cut short by a shutdown")
    assert last_run(database, monitor_id).id == run.id


def test_the_latest_status_of_a_monitor_is_the_revised_one(database: Database) -> None:
    monitor_id = make_monitor(database)
    finished(database, monitor_id, MISSING, token="t")
    settle(database, [stray()])
    last = last_run(database, monitor_id).result
    assert last is not None
    assert last.verdict is Verdict.LATE


def test_a_revised_run_does_not_become_the_latest_one(database: Database) -> None:
    monitor_id = make_monitor(database)
    finished(database, monitor_id, MISSING, token="t")
    newer = finished(database, monitor_id, slot=NOW + MINUTE, token="u")
    settle(database, [stray()])
    assert last_run(database, monitor_id).id == newer.id


def test_the_transcript_of_a_run_that_turned_bad_is_kept_as_one(database: Database) -> None:
    run = finished(database, make_monitor(database), token="t")
    settle(database, [stray()])
    database.write(lambda connection: retention.expire(connection, now=NOW + timedelta(days=8), limit=100))
    found = read(database, run).result
    assert found is not None
    assert found.sessions[0].transcript


def test_strays_of_removed_monitors_may_go(database: Database) -> None:
    monitor_id = make_monitor(database)
    finished(database, monitor_id, MISSING, token="t")
    database.write(lambda connection: monitors.remove(connection, ADMIN, monitor_id, now=NOW))
    assert settle(database, [stray()]) == {"t"}


def test_strays_of_many_runs_are_settled_at_once(database: Database) -> None:
    monitor_id = make_monitor(database)
    late = [
        finished(database, monitor_id, MISSING, slot=NOW + number * MINUTE, token=f"t{number}") for number in range(3)
    ]
    assert settle(database, [stray(f"t{number}") for number in range(3)]) == {"t0", "t1", "t2"}
    assert {verdict_of(database, run) for run in late} == {Verdict.LATE}


def test_nothing_found_settles_nothing(database: Database) -> None:
    assert settle(database, []) == frozenset()


def test_a_mail_loop_leaves_a_bounded_trace(database: Database) -> None:
    run = finished(database, make_monitor(database), token="t")
    settle(database, [stray(key=str(number)) for number in range(300)])
    found = read(database, run)
    assert found.result is not None
    assert (found.result.copies, len(found.revisions)) == (100, 100)
    assert database.read(count) < 300


def test_what_belongs_to_a_run_goes_with_it(database: Database) -> None:
    finished(database, make_monitor(database), MISSING, token="t")
    settle(database, [stray()])
    assert database.read(count) == 2
    database.write(lambda connection: retention.expire(connection, now=NOW + timedelta(days=500), limit=100))
    assert database.read(count) == 0


# -- Losses -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (StatusCode.TIMEOUT, Verdict.MISSING),
        (StatusCode.SMTP_PROTOCOL, Verdict.UNDECIDED),
        (StatusCode.MAILBOX_LOGIN, Verdict.MAILBOX_UNREACHABLE),
    ],
)
def test_a_message_that_never_came_is_lost(database: Database, status: StatusCode, verdict: Verdict) -> None:
    monitor_id = make_monitor(database)
    run = finished(database, monitor_id, result(status, verdict), token="t")
    finished(database, monitor_id, slot=NOW + 24 * HOUR)
    assert lose(database, now=NOW + 24 * HOUR + MINUTE) == 1
    found = read(database, run)
    assert found.result is not None
    assert (found.result.verdict, found.result.status) == (Verdict.LOST, StatusCode.TIMEOUT)
    assert [item.verdict for item in found.revisions] == [verdict, Verdict.LOST]
    assert lose(database, now=NOW + 25 * HOUR) == 0


@pytest.mark.parametrize(
    "outcome",
    [
        result(),
        result(StatusCode.MESSAGE_REFUSED, Verdict.REFUSED),
        result(StatusCode.SMTP_TLS, Verdict.UNSENT),
        result(StatusCode.LOCATION_LOST, Verdict.UNKNOWN),
        result(StatusCode.BOUNCED, Verdict.BOUNCED),
    ],
    ids=lambda outcome: outcome.verdict,
)
def test_what_was_not_under_way_is_never_lost(database: Database, outcome: Result) -> None:
    monitor_id = make_monitor(database)
    finished(database, monitor_id, outcome)
    finished(database, monitor_id, slot=NOW + 24 * HOUR)
    assert lose(database, now=NOW + 25 * HOUR) == 0


def test_nothing_is_lost_before_the_horizon(database: Database) -> None:
    monitor_id = make_monitor(database)
    finished(database, monitor_id, MISSING)
    finished(database, monitor_id, slot=NOW + 24 * HOUR - MINUTE)
    assert lose(database, now=NOW + 25 * HOUR) == 0


@pytest.mark.parametrize(
    "outcome",
    [None, result(StatusCode.MAILBOX_LOGIN, Verdict.MAILBOX_UNREACHABLE), result(StatusCode.SMTP_TLS, Verdict.UNSENT)],
    ids=["no run", "unreachable", "unsent"],
)
def test_nothing_is_lost_while_nobody_looks(database: Database, outcome: Result | None) -> None:
    monitor_id = make_monitor(database)
    run = finished(database, monitor_id, MISSING)
    if outcome is not None:
        finished(database, monitor_id, outcome, slot=NOW + 24 * HOUR)
    assert lose(database, now=NOW + 48 * HOUR) == 0
    assert verdict_of(database, run) is Verdict.MISSING


def test_a_few_are_given_up_at_a_time(database: Database) -> None:
    monitor_id = make_monitor(database)
    for number in range(5):
        finished(database, monitor_id, MISSING, slot=NOW + number * MINUTE)
    finished(database, monitor_id, slot=NOW + 30 * HOUR)
    assert [lose(database, now=NOW + 31 * HOUR, limit=2) for _ in range(4)] == [2, 2, 1, 0]


def test_a_lost_message_that_shows_up_after_all_is_late(database: Database) -> None:
    monitor_id = make_monitor(database)
    run = finished(database, monitor_id, MISSING, token="t")
    finished(database, monitor_id, slot=NOW + 24 * HOUR)
    lose(database, now=NOW + 25 * HOUR)
    settle(database, [stray(seen_at=NOW + 26 * HOUR)], now=NOW + 26 * HOUR)
    assert [verdict for _, verdict in history(database, run)] == [Verdict.MISSING, Verdict.LOST, Verdict.LATE]


# -- Acceptances and restarts -------------------------------------------------------------------------------------------


def test_an_acceptance_is_known_before_the_run_ends(database: Database) -> None:
    run = claimed(database, make_monitor(database), token="t")
    for reply in ("250 queued as 1", "250 queued as 2"):
        acceptance = Acceptance(run_id=run.id, at=NOW + MINUTE, reply=reply)
        database.write(partial(ledger.note_accepted, acceptances=[acceptance]))
    found = read(database, run)
    assert (found.accepted_at, found.accepted_reply) == (NOW + MINUTE, "250 queued as 1")


def test_an_acceptance_of_a_run_that_is_not_there_does_no_harm(database: Database) -> None:
    notes = [Acceptance(run_id=number, at=NOW, reply="x") for number in (-1, 5, 2**70)]
    database.write(lambda connection: ledger.note_accepted(connection, notes))


def test_a_result_keeps_what_was_noted_of_the_acceptance(database: Database) -> None:
    run = claimed(database, make_monitor(database), token="t")
    note = Acceptance(run_id=run.id, at=NOW, reply="250 queued as 1")
    database.write(lambda connection: ledger.note_accepted(connection, [note]))
    finish(database, [FinishedRun(run_id=run.id, result=MISSING)])
    found = read(database, run).result
    assert found is not None
    assert found.queued_as == "250 queued as 1"


def test_a_run_that_a_dead_process_left_is_resumed_while_it_has_time(database: Database) -> None:
    monitor_id = make_monitor(database, timeout=timedelta(seconds=30))
    run = claimed(database, monitor_id, token="t")
    taken = take_over(database, now=NOW + timedelta(seconds=29))
    assert (taken.resumed, taken.ended) == ((run,), 0)
    assert read(database, run).state is RunState.RUNNING


@pytest.mark.parametrize("seconds", [30.0, 3600.0, -10.0])
def test_a_run_that_a_dead_process_left_without_time_ends_as_unknown(database: Database, seconds: float) -> None:
    monitor_id = make_monitor(database, timeout=timedelta(seconds=30))
    run = claimed(database, monitor_id, token="t")
    taken = take_over(database, now=NOW + timedelta(seconds=seconds))
    assert (taken.resumed, taken.ended) == ((), 1)
    found = read(database, run)
    assert found.result is not None
    assert (found.state, found.result.verdict, found.result.status) == (
        RunState.FINISHED,
        Verdict.UNKNOWN,
        StatusCode.LOCATION_LOST,
    )


def test_a_run_without_a_token_can_t_be_resumed(database: Database) -> None:
    claimed(database, make_monitor(database))
    assert take_over(database, now=NOW + timedelta(seconds=1)).ended == 1


def test_runs_of_the_caller_and_runs_that_ended_are_not_taken_over(database: Database) -> None:
    monitor_id = make_monitor(database)
    done = finished(database, monitor_id, token="t")
    own = claimed(database, monitor_id, slot=NOW + MINUTE, token="u")
    taken = database.write(
        lambda connection: ledger.take_over(connection, now=NOW + 2 * MINUTE, own_since=NOW + MINUTE, location_id=10)
    )
    assert taken == ledger.TakenOver(resumed=(), ended=0)
    assert [read(database, run).state for run in (done, own)] == [RunState.FINISHED, RunState.RUNNING]


def test_a_result_for_a_run_that_was_taken_over_comes_too_late(database: Database) -> None:
    run = claimed(database, make_monitor(database), token="t")
    take_over(database, now=NOW + HOUR)
    finish(database, [FinishedRun(run_id=run.id, result=result())])
    assert verdict_of(database, run) is Verdict.UNKNOWN


# -- Rechecks -----------------------------------------------------------------------------------------------------------


def recheck(database: Database, run: Run, outcome: Result | None, token: str = "u") -> Run:
    """Claim the recheck of a run, and finish it where there is an outcome."""
    wanted = replace(planned(run.monitor_id, kind=RunKind.RECHECK, token=token), recheck_of=run.id)
    (checking,) = database.write(lambda connection: runs.claim(connection, [wanted], now=NOW))
    if outcome is not None:
        finish(database, [FinishedRun(run_id=checking.id, result=outcome)])
    return checking


def test_a_run_and_its_recheck_know_each_other(database: Database) -> None:
    run = finished(database, make_monitor(database), MISSING, token="t")
    checking = recheck(database, run, None)
    assert read(database, run).recheck_id == checking.id
    assert read(database, checking).recheck_of == run.id
    assert read(database, run).verified is None


@pytest.mark.parametrize(
    ("outcome", "verified", "severity"),
    [
        (MISSING, True, Severity.ERROR),
        (result(), False, Severity.WARNING),
        (result(StatusCode.SLOW, Verdict.SLOW), False, Severity.WARNING),
        (result(StatusCode.LOCATION_LOST, Verdict.UNKNOWN), None, Severity.ERROR),
    ],
)
def test_an_error_is_verified_by_its_recheck(
    database: Database, outcome: Result, verified: bool | None, severity: Severity
) -> None:
    run = finished(database, make_monitor(database), MISSING, token="t")
    recheck(database, run, outcome)
    found = read(database, run)
    assert (found.verified, found.severity) == (verified, severity)


def test_a_recheck_that_ends_before_its_run_is_written_counts_all_the_same(database: Database) -> None:
    run = claimed(database, make_monitor(database), token="t")
    recheck(database, run, MISSING)
    finish(database, [FinishedRun(run_id=run.id, result=MISSING)])
    assert read(database, run).verified is True


def test_a_run_and_its_recheck_may_be_written_at_once(database: Database) -> None:
    run = claimed(database, make_monitor(database), token="t")
    checking = recheck(database, run, None)
    finish(database, [FinishedRun(run_id=id_, result=MISSING) for id_ in (checking.id, run.id)])
    assert read(database, run).verified is True


@pytest.mark.parametrize(("outcome", "verified"), [(MISSING, True), (result(), False)])
def test_the_run_of_the_next_slot_may_be_the_one_that_verifies_an_error(
    database: Database, outcome: Result, *, verified: bool
) -> None:
    monitor_id = make_monitor(database)
    run = finished(database, monitor_id, MISSING, token="t")
    following = claimed(database, monitor_id, slot=NOW + MINUTE, token="u")
    ended = Conclusion(run=replace(following, recheck_of=run.id), state=RunState.FINISHED, result=outcome)
    for _ in range(2):
        database.write(lambda connection: endings.conclude(connection, [ended], now=NOW + 2 * MINUTE))
    assert (read(database, run).verified, read(database, run).recheck_id) == (verified, following.id)
    assert (read(database, following).recheck_of, read(database, following).kind) == (run.id, RunKind.SCHEDULED)
    assert last_run(database, monitor_id).id == following.id


def test_a_run_that_verifies_one_that_is_gone_is_stored_all_the_same(database: Database) -> None:
    run = claimed(database, make_monitor(database), token="t")
    finish(database, [FinishedRun(run_id=run.id, result=result(), recheck_of=5)])
    assert (verdict_of(database, run), read(database, run).recheck_of) == (Verdict.DELIVERED, 5)


def test_a_recheck_whose_verdict_is_revised_verifies_anew(database: Database) -> None:
    run = finished(database, make_monitor(database), MISSING, token="t")
    recheck(database, run, result(StatusCode.LOCATION_LOST, Verdict.UNKNOWN))
    settle(database, [stray("u", received_at=NOW + HOUR, seen_at=NOW + HOUR)])
    assert read(database, run).verified is True


def test_the_latest_status_is_that_of_the_run_not_of_its_recheck(database: Database) -> None:
    monitor_id = make_monitor(database)
    run = finished(database, monitor_id, MISSING, token="t")
    recheck(database, run, result())
    last = last_run(database, monitor_id)
    assert (last.id, last.verified, last.severity) == (run.id, False, Severity.WARNING)


# -- A lost network -----------------------------------------------------------------------------------------------------


def test_failures_of_a_lost_network_are_excused(database: Database) -> None:
    monitor_id = make_monitor(database)
    outcomes = (
        result(StatusCode.CONNECTION_FAILED, Verdict.UNSENT),
        result(StatusCode.SMTP_NAME, Verdict.UNSENT),
        result(StatusCode.SMTP_LOGIN, Verdict.UNSENT),
        result(),
    )
    made = [
        finished(database, monitor_id, outcome, slot=NOW + number * MINUTE) for number, outcome in enumerate(outcomes)
    ]
    running = claimed(database, monitor_id, slot=NOW + 9 * MINUTE)
    ids = [run.id for run in made] + [running.id, 5]
    for _ in range(2):
        early = database.write(lambda connection: ledger.excuse(connection, ids, now=LATER))
        assert early == [running.id]
    assert [verdict_of(database, run) for run in made] == [
        Verdict.UNKNOWN,
        Verdict.UNKNOWN,
        Verdict.UNSENT,
        Verdict.DELIVERED,
    ]
    assert len(history(database, made[0])) == 2
