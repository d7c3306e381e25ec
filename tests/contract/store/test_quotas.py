"""What counts against a provider's limit on messages."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.contract.store.builders import ADMIN, NOW, claimed, finish, finished, make_monitor, planned, result

from mailtrip.model import Result, RunKind, RunState, StatusCode, Verdict
from mailtrip.service import ledger, monitors, runs
from mailtrip.service.ledger import Acceptance
from mailtrip.service.quotas import RecentRun, recent_runs
from mailtrip.service.runs import FinishedRun
from mailtrip.store import Database

MINUTE = timedelta(minutes=1)


def recent(database: Database, *, host: str = "smtp.probe.test", since: datetime = NOW - MINUTE) -> list[RecentRun]:
    return database.read(lambda connection: recent_runs(connection, lambda name: name == host, since=since))


def test_runs_of_the_hosts_that_matter_are_given_by_slot(database: Database) -> None:
    here = make_monitor(database, sender="me@probe.test", interval=5 * MINUTE)
    elsewhere = make_monitor(database, smtp_server="smtp.other.test")
    late = claimed(database, here, slot=NOW + MINUTE, token="2")
    early = claimed(database, here, slot=NOW, token="1")
    claimed(database, here, slot=NOW - MINUTE, token="0")
    claimed(database, elsewhere, slot=NOW, token="3")

    found = recent(database)

    assert [each.run for each in found] == [early, late]
    assert {(each.smtp_host, each.sender, each.interval) for each in found} == {
        ("smtp.probe.test", "me@probe.test", 5 * MINUTE)
    }
    assert recent(database, host="nobody.test") == []


def test_without_a_sender_of_its_own_a_monitor_sends_as_its_mailbox(database: Database) -> None:
    claimed(database, make_monitor(database, email="box@probe.test"), token="1")

    assert [each.sender for each in recent(database)] == ["box@probe.test"]


def test_a_monitor_that_was_removed_has_sent_what_it_has_sent(database: Database) -> None:
    monitor_id = make_monitor(database)
    finished(database, monitor_id, token="1")
    database.write(lambda connection: monitors.remove(connection, ADMIN, monitor_id, now=NOW))

    assert [each.may_have_sent for each in recent(database)] == [True]


@pytest.mark.parametrize(
    ("outcome", "may_have_sent"),
    [
        (result(), True),
        (result(StatusCode.TIMEOUT, Verdict.MISSING), True),
        (result(StatusCode.LOCATION_LOST, Verdict.UNKNOWN), True),
        (result(StatusCode.SMTP_PROTOCOL, Verdict.UNDECIDED), True),
        (result(StatusCode.CONNECTION_FAILED, Verdict.UNSENT), False),
        (result(StatusCode.RECIPIENT_REFUSED, Verdict.REFUSED), False),
        (result(StatusCode.DEFERRED, Verdict.DEFERRED), False),
        (result(StatusCode.HELD_BACK, Verdict.UNKNOWN), False),
        (replace(result(StatusCode.HELD_BACK, Verdict.UNKNOWN), queued_as="250 ok"), True),
    ],
)
def test_what_may_have_been_sent_counts(database: Database, outcome: Result, may_have_sent: bool) -> None:
    finished(database, make_monitor(database), outcome, token="1")

    assert [each.may_have_sent for each in recent(database)] == [may_have_sent]


def test_a_run_under_way_may_have_sent_its_message(database: Database) -> None:
    claimed(database, make_monitor(database), token="1")

    assert [each.may_have_sent for each in recent(database)] == [True]


def test_what_the_server_took_counts_whatever_became_of_the_run(database: Database) -> None:
    run = claimed(database, make_monitor(database), token="1")
    accepted = Acceptance(run_id=run.id, at=NOW, reply="250 ok")
    database.write(lambda connection: ledger.note_accepted(connection, [accepted]))
    finish(database, [FinishedRun(run_id=run.id, result=result(StatusCode.INTERNAL_ERROR, Verdict.UNKNOWN))])

    assert [each.may_have_sent for each in recent(database)] == [True]


@pytest.mark.parametrize("state", [RunState.SKIPPED, RunState.NOT_MEASURED])
def test_a_slot_without_a_run_sent_nothing(database: Database, state: RunState) -> None:
    slot = planned(make_monitor(database), kind=RunKind.SCHEDULED)
    database.write(lambda connection: runs.skip(connection, [slot], note="x", state=state, now=NOW))

    assert [each.may_have_sent for each in recent(database)] == [False]
