"""What the scheduler is told of changes, and of slots that were."""

from datetime import timedelta

from tests.contract.store.builders import ADMIN, KEYS, NOW, claimed, make_monitor, planned

from mailtrip.model import MonitorType, RunKind, RunState
from mailtrip.schedule.modes import Pool
from mailtrip.service import monitors, runs, schedules
from mailtrip.service.monitors import Passwords
from mailtrip.service.schedules import ScheduledMonitor
from mailtrip.store import Database

MINUTE = timedelta(minutes=1)


def changes(database: Database, mark: int) -> tuple[list[int], list[int], int]:
    live, gone, reached = database.read(lambda connection: schedules.changed_since(connection, mark))
    return [monitor.id for monitor in live], gone, reached


def edit(database: Database, monitor_id: int, **fields: object) -> None:
    database.write(
        lambda connection: monitors.edit(
            connection,
            ADMIN,
            monitor_id,
            fields,
            type=MonitorType.ROUND_TRIP,
            passwords=Passwords(),
            secrets=KEYS,
            now=NOW + MINUTE,
        )
    )


def test_a_new_monitor_is_told_with_all_that_planning_needs(database: Database) -> None:
    monitor_id = make_monitor(database, interval=5 * MINUTE, local_retry=False)
    (found,), gone, _ = database.read(lambda connection: schedules.changed_since(connection, 0))
    settings = database.read(lambda connection: monitors.get(connection, ADMIN, monitor_id)).settings
    assert gone == []
    assert found == ScheduledMonitor(
        id=monitor_id,
        account_id=1,
        interval=5 * MINUTE,
        timeout=settings.run_timeout,
        pool=Pool(location_ids=(10,), home_id=10, mode=settings.mode),
        local_retry=False,
        modified_at=NOW,
        revision=1,
    )


def test_nothing_is_told_twice(database: Database) -> None:
    make_monitor(database)
    _, _, mark = changes(database, 0)
    assert changes(database, mark) == ([], [], mark)


def test_each_change_is_told_once(database: Database) -> None:
    first, second = make_monitor(database), make_monitor(database)
    _, _, mark = changes(database, 0)
    edit(database, second, interval=5 * MINUTE)
    live, gone, reached = changes(database, mark)
    assert (live, gone) == ([second], [])
    edit(database, first, interval=5 * MINUTE)
    assert changes(database, reached)[:2] == ([first], [])


def test_a_disabled_monitor_is_gone_until_it_is_enabled(database: Database) -> None:
    monitor_id = make_monitor(database)
    _, _, mark = changes(database, 0)
    edit(database, monitor_id, enabled=False)
    live, gone, mark = changes(database, mark)
    assert (live, gone) == ([], [monitor_id])
    edit(database, monitor_id, enabled=True)
    assert changes(database, mark)[:2] == ([monitor_id], [])


def test_a_removed_monitor_is_gone(database: Database) -> None:
    monitor_id = make_monitor(database)
    _, _, mark = changes(database, 0)
    database.write(lambda connection: monitors.remove(connection, ADMIN, monitor_id, now=NOW))
    assert changes(database, mark)[:2] == ([], [monitor_id])


def test_a_new_database_has_nothing_to_plan(database: Database) -> None:
    assert changes(database, 0) == ([], [], 0)


def test_the_last_slot_is_the_newest_scheduled_one_of_an_enabled_monitor(database: Database) -> None:
    monitor_id, disabled, never = make_monitor(database), make_monitor(database), make_monitor(database)
    claimed(database, disabled)
    edit(database, disabled, enabled=False)
    claimed(database, monitor_id, slot=NOW)
    skipped = [planned(monitor_id, slot=NOW + MINUTE)]
    database.write(
        lambda connection: runs.skip(connection, skipped, note="still running", state=RunState.SKIPPED, now=NOW)
    )
    claimed(database, monitor_id, slot=NOW + 2 * MINUTE, kind=RunKind.TEST)
    found = database.read(lambda connection: schedules.last_slots(connection, location_id=10))
    assert found == {monitor_id: NOW + MINUTE}
    assert never not in found
