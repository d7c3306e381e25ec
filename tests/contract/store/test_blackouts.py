"""Blackouts as they are stored, and what the scheduler is told of them."""

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from tests.contract.store.builders import ADMIN, NOW, STRANGER, make_monitor

from mailtrip.errors import Forbidden, InvalidInput, NotFound
from mailtrip.model import Actor, BlackoutType, OneTimeWindow, Role, RunState, WeeklyWindow, WeekTime, Window
from mailtrip.service import blackouts, monitors, retention, runs, schedules
from mailtrip.service.blackouts import BlackoutDraft, Edition
from mailtrip.store import Database

HOUR = timedelta(hours=1)
WEEKLY = BlackoutDraft(
    type=BlackoutType.MONITOR, start_day=7, start_time=time(22, 30), end_day=1, end_time=time(23, 59), note="weekly"
)
ONCE = BlackoutDraft(type=BlackoutType.MONITOR, start=NOW + HOUR, end=NOW + 2 * HOUR)


def draft(base: BlackoutDraft, monitor_id: int, **changes: object) -> BlackoutDraft:
    values = {name: getattr(base, name) for name in BlackoutDraft.__slots__}
    return BlackoutDraft(**values | {"subject_id": monitor_id} | changes)


def create(database: Database, base: BlackoutDraft, monitor_id: int, **changes: object) -> int:
    new = draft(base, monitor_id, **changes)
    return database.write(lambda connection: blackouts.create(connection, ADMIN, new, now=NOW))


def edit(database: Database, blackout_id: int, **changes: object) -> None:
    database.write(lambda connection: blackouts.edit(connection, ADMIN, blackout_id, changes, now=NOW))


def remove(database: Database, blackout_id: int) -> None:
    database.write(lambda connection: blackouts.remove(connection, ADMIN, blackout_id, now=NOW))


def told(database: Database, mark: int) -> tuple[dict[int, list[int]], int]:
    """Which monitors the scheduler is told of, each with the ids of its blackouts, and the mark reached."""
    live, _, reached = database.read(lambda connection: schedules.changed_since(connection, mark))
    return {monitor.id: [blackout.id for blackout in monitor.blackouts] for monitor in live}, reached


@pytest.mark.parametrize(
    ("base", "window"),
    [
        (ONCE, OneTimeWindow(start=NOW + HOUR, end=NOW + 2 * HOUR)),
        (
            WEEKLY,
            WeeklyWindow(
                start=WeekTime(day=7, time=time(22, 30)),
                end=WeekTime(day=1, time=time(23, 59)),
            ),
        ),
    ],
)
def test_a_blackout_comes_back_as_it_was_stored(database: Database, base: BlackoutDraft, window: Window) -> None:
    monitor_id = make_monitor(database)
    blackout_id = create(database, base, monitor_id)
    found = database.read(lambda connection: blackouts.get(connection, ADMIN, blackout_id))
    assert blackout_id == 100001
    assert (found.type, found.subject_id, found.window) == (BlackoutType.MONITOR, monitor_id, window)
    assert (found.note, found.created_by, found.created_at) == (base.note, None, NOW)


def test_its_maker_is_kept(database: Database) -> None:
    maker = Actor(account_id=1, role=Role.ADMIN, email="admin@example.com")
    new = draft(ONCE, make_monitor(database))
    blackout_id = database.write(lambda connection: blackouts.create(connection, maker, new, now=NOW))
    assert database.read(lambda connection: blackouts.get(connection, ADMIN, blackout_id)).created_by == maker.email


def test_the_scheduler_is_told_of_each_change_of_what_stops_runs_and_of_no_other(database: Database) -> None:
    first, second = make_monitor(database), make_monitor(database)
    _, mark = told(database, 0)

    once = create(database, ONCE, first)
    found, mark = told(database, mark)
    assert found == {first: [once]}

    weekly = create(database, WEEKLY, first)
    found, mark = told(database, mark)
    assert found == {first: [once, weekly]}

    edit(database, weekly, subject_id=second)
    found, mark = told(database, mark)
    assert found == {first: [once], second: [weekly]}

    edit(database, weekly, type=BlackoutType.ALERT)
    found, mark = told(database, mark)
    assert found == {second: []}

    edit(database, weekly, note="x")
    create(database, ONCE, second, type=BlackoutType.ALERT)
    assert told(database, mark) == ({}, mark)

    remove(database, once)
    assert told(database, mark)[0] == {first: []}


def test_a_blackout_changes_no_settings_of_its_monitor(database: Database) -> None:
    monitor_id = make_monitor(database)
    before = database.read(lambda connection: monitors.get(connection, ADMIN, monitor_id))
    create(database, ONCE, monitor_id)
    after = database.read(lambda connection: monitors.get(connection, ADMIN, monitor_id))
    assert replace(after, revision=before.revision) == before


def test_the_scheduler_is_told_of_all_that_is_stored_at_its_start(database: Database) -> None:
    first, second = make_monitor(database), make_monitor(database)
    ids = [create(database, base, monitor_id) for monitor_id in (second, first) for base in (ONCE, WEEKLY)]
    assert told(database, 0)[0] == {first: ids[2:], second: ids[:2]}


def bulk(database: Database, monitor_ids: list[int], one_time: Edition | None, weekly: Edition | None) -> list[int]:
    return database.write(
        lambda connection: blackouts.bulk_edit(
            connection, ADMIN, monitor_ids, one_time=one_time, weekly=weekly, now=NOW
        )
    )


def test_a_bulk_edit_is_told_of_all_its_monitors(database: Database) -> None:
    first, second, third = (make_monitor(database) for _ in range(3))
    old = create(database, ONCE, first)
    _, mark = told(database, 0)
    added = bulk(database, [first, second], Edition(replaces=False, drafts=[ONCE]), None)
    found, mark = told(database, mark)
    assert found == {first: [old, added[0]], second: [added[1]]}
    replaced = bulk(database, [first], Edition(replaces=True, drafts=[ONCE]), None)
    found, mark = told(database, mark)
    assert found == {first: replaced}
    assert third not in found


def test_a_bulk_edit_that_fails_changes_nothing(database: Database) -> None:
    monitor_id = make_monitor(database)
    old = create(database, ONCE, monitor_id)
    with pytest.raises(Forbidden):
        bulk(database, [monitor_id, 5], Edition(replaces=True, drafts=[ONCE]), None)
    with pytest.raises(InvalidInput):
        bulk(database, [monitor_id], Edition(replaces=True, drafts=[]), Edition(replaces=False, drafts=[ONCE]))
    assert told(database, 0)[0] == {monitor_id: [old]}


def test_another_account_finds_nothing(database: Database) -> None:
    monitor_id = make_monitor(database)
    blackout_id = create(database, WEEKLY, monitor_id)
    with pytest.raises(NotFound):
        database.read(lambda connection: blackouts.get(connection, STRANGER, blackout_id))
    with pytest.raises(NotFound):
        database.write(lambda connection: blackouts.edit(connection, STRANGER, blackout_id, {}, now=NOW))
    with pytest.raises(NotFound):
        database.write(lambda connection: blackouts.remove(connection, STRANGER, blackout_id, now=NOW))
    with pytest.raises(InvalidInput, match="there is no monitor"):
        database.write(lambda connection: blackouts.create(connection, STRANGER, draft(ONCE, monitor_id), now=NOW))
    with pytest.raises(Forbidden):
        database.write(
            lambda connection: blackouts.bulk_edit(
                connection, STRANGER, [monitor_id], one_time=None, weekly=None, now=NOW
            )
        )
    assert database.read(lambda connection: blackouts.page(connection, STRANGER)) == ([], 0)


@pytest.mark.parametrize(
    ("since", "until", "has_one_time"), [(0, 1, False), (0, 2, True), (1.5, 1.5, True), (2, 9, False)]
)
def test_blackouts_are_found_by_the_time_they_lie_in(
    database: Database, since: float, until: float, has_one_time: bool
) -> None:
    monitor_id = make_monitor(database)
    once, weekly = create(database, ONCE, monitor_id), create(database, WEEKLY, monitor_id)
    within = (NOW + since * HOUR, NOW + until * HOUR)

    found, count = database.read(lambda connection: blackouts.page(connection, ADMIN, within=within))

    expected = [once, weekly] if has_one_time else [weekly]
    assert ([blackout.id for blackout in found], count) == (expected, len(expected))


def test_a_removed_monitor_leaves_no_blackout_behind(database: Database) -> None:
    monitor_id = make_monitor(database)
    create(database, ONCE, monitor_id)
    create(database, WEEKLY, monitor_id, type=BlackoutType.ALERT)
    database.write(lambda connection: monitors.remove(connection, ADMIN, monitor_id, now=NOW))
    assert database.read(lambda connection: blackouts.page(connection, ADMIN)) == ([], 0)
    later = NOW + timedelta(days=2)
    assert database.write(lambda connection: retention.expire(connection, now=later, limit=100)) == 1


@pytest.mark.parametrize(("moment", "is_marked"), [(NOW + HOUR, True), (NOW + 2 * HOUR, False), (NOW, False)])
def test_a_test_in_a_blackout_is_marked(database: Database, moment: datetime, is_marked: bool) -> None:
    monitor_id = make_monitor(database)
    create(database, ONCE, monitor_id, type=BlackoutType.ALERT)
    blackout_id = create(database, ONCE, monitor_id)
    run = database.write(lambda connection: runs.order_test(connection, ADMIN, monitor_id, token="t", now=moment))
    found = database.read(lambda connection: runs.get(connection, ADMIN, run.id))
    assert (found.blackout_id, found.state) == (blackout_id if is_marked else None, RunState.RUNNING)
