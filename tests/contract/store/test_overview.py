"""How all monitors stand, on every database."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from tests.contract.store.builders import ADMIN, NOW, STRANGER, finished, make_monitor, planned, result

from mailtrip.model import Access, Monitor, MonitorAccess, RunState, StatusCode, Step, Verdict
from mailtrip.service import overview, runs
from mailtrip.service.overview import Glance, MonitorState
from mailtrip.store import Database
from mailtrip.store.outcomes import Outcome

REFUSED = replace(result(StatusCode.MAILBOX_LOGIN, Verdict.UNSENT), step=Step.MAILBOX_LOGIN)
MINUTE = timedelta(minutes=1)


def glances(database: Database) -> list[Glance]:
    return database.read(partial(overview.list_all, actor=ADMIN, now=NOW + MINUTE))


def outcomes(database: Database, found: list[Monitor], limit: int) -> Mapping[int, Sequence[Outcome]]:
    return database.read(lambda connection: overview.outcomes(connection, found, limit=limit))


def test_each_monitor_of_the_account_has_its_state(database: Database) -> None:
    failing, working, new, paused = (
        make_monitor(database, name="Failing"),
        make_monitor(database, name="Working"),
        make_monitor(database, name="New"),
        make_monitor(database, name="Paused", enabled=False),
    )
    finished(database, failing, REFUSED)
    finished(database, working)
    finished(database, paused)

    assert {glance.monitor.id: glance.state for glance in glances(database)} == {
        failing: MonitorState.FAILING,
        working: MonitorState.WORKING,
        new: MonitorState.NO_DATA,
        paused: MonitorState.PAUSED,
    }
    assert database.read(partial(overview.list_all, actor=STRANGER, now=NOW)) == []


def test_whoever_may_not_see_a_monitor_finds_it_nowhere(database: Database) -> None:
    seen, hidden = make_monitor(database), make_monitor(database)
    limited = replace(ADMIN, access=MonitorAccess(default=Access.VIEW, none=frozenset({hidden})))

    found = database.read(partial(overview.list_all, actor=limited, now=NOW))

    assert [glance.monitor.id for glance in found] == [seen]


def test_the_newest_runs_come_oldest_first_with_those_that_were_not_made(database: Database) -> None:
    monitor_id = make_monitor(database)
    finished(database, monitor_id, slot=NOW - 3 * MINUTE)
    finished(database, monitor_id, REFUSED, slot=NOW - 2 * MINUTE)
    skip = partial(runs.skip, note="the program was not running", state=RunState.NOT_MEASURED, now=NOW)
    database.write(lambda connection: skip(connection, [planned(monitor_id, slot=NOW - MINUTE)]))
    [monitor] = [glance.monitor for glance in glances(database)]

    told = outcomes(database, [monitor], 90)[monitor_id]

    assert [outcome.slot for outcome in told] == [NOW - 3 * MINUTE, NOW - 2 * MINUTE, NOW - MINUTE]
    assert [outcome.status for outcome in told] == [StatusCode.OK, StatusCode.MAILBOX_LOGIN, None]
    assert [outcome.slot for outcome in outcomes(database, [monitor], 2)[monitor_id]] == [
        NOW - 2 * MINUTE,
        NOW - MINUTE,
    ]


def test_what_several_failing_monitors_have_in_common_is_found_with_its_beginning(database: Database) -> None:
    together = [make_monitor(database, name=f"Number {number}") for number in range(3)]
    alone = make_monitor(database, name="Alone", mailbox_server="pop3s://other.probe.test")
    for monitor_id in (*together, alone):
        finished(database, monitor_id, REFUSED)
    finished(database, together[0], REFUSED, slot=NOW + MINUTE)

    [finding] = database.read(lambda connection: overview.find_common(connection, ADMIN, glances(database)))

    assert finding == overview.Finding(
        status=StatusCode.MAILBOX_LOGIN,
        servers=("pop3s://mail.probe.test:995",),
        since=NOW,
        monitor_ids=tuple(together),
    )


def test_the_fingerprint_is_another_one_after_each_change_and_run(database: Database) -> None:
    look = partial(overview.fingerprint, actor=ADMIN)
    seen = [database.read(look)]
    monitor_id = make_monitor(database)
    seen.append(database.read(look))
    finished(database, monitor_id)
    seen.append(database.read(look))
    finished(database, monitor_id, REFUSED, slot=NOW + MINUTE)
    seen.append(database.read(look))

    assert len(set(seen)) == 4
    assert database.read(look) == seen[-1]
