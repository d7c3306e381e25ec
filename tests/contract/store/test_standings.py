"""How a monitor stands: by its newest run, and by its mode from what all its locations found."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from tests.contract.store.builders import ADMIN, KEYS, NOW, STRANGER, make_monitor, planned, result

from mailtrip import store
from mailtrip.errors import NotFound
from mailtrip.model import Actor, Mode, MonitorType, StatusCode
from mailtrip.schedule.slots import slot_number
from mailtrip.service import monitors, runs, standings
from mailtrip.service.monitors import Passwords
from mailtrip.service.runs import FinishedRun
from mailtrip.service.standings import Standing
from mailtrip.store import Database
from mailtrip.store.runs import PlannedRun
from mailtrip.store.schema import locations

HOME, FAR = 10, 20
MINUTE = timedelta(minutes=1)
OK, ERROR, UNKNOWN = StatusCode.OK, StatusCode.TIMEOUT, StatusCode.LOCATION_LOST


@pytest.fixture(autouse=True)
def _far(database: Database) -> None:
    database.write(
        lambda connection: connection.execute(locations.insert(), {"id": FAR, "account_id": 1, "name": "Far"})
    )


def make(database: Database, mode: Mode, **rotation: object) -> int:
    settings: dict[str, object] = {"location_ids": (HOME, FAR), "home_location_id": HOME, "interval": 10 * MINUTE}
    return make_monitor(database, None, now=NOW, mode=mode, **(settings | rotation))


def find(database: Database, monitor_id: int, location_id: int, status: StatusCode, *, slot: datetime = NOW) -> int:
    """A finished run of the monitor at the location; its id."""
    usual = planned(monitor_id, slot=slot)
    wanted = PlannedRun(
        account_id=1, monitor_id=monitor_id, location_id=location_id, slot=slot, kind=usual.kind, token=None
    )
    (run,) = database.write(lambda connection: runs.claim(connection, [wanted], now=slot))
    finished = [FinishedRun(run_id=run.id, result=result(status))]
    database.write(lambda connection: runs.finish(connection, finished))
    return run.id


def standing(database: Database, monitor_id: int) -> Standing | None:
    return database.read(lambda connection: standings.get(connection, ADMIN, monitor_id)).standing


@pytest.mark.parametrize(
    ("mode", "home", "far", "counts"),
    [
        (Mode.PRIMARY, ERROR, OK, True),
        (Mode.PRIMARY, OK, ERROR, False),
        (Mode.GLOBAL_NOTIFY, OK, ERROR, True),
        (Mode.GLOBAL_VERIFY, OK, ERROR, False),
        (Mode.GLOBAL_VERIFY, ERROR, ERROR, True),
        (Mode.GLOBAL_VERIFY, ERROR, UNKNOWN, True),
        (Mode.ROUND_ROBIN, ERROR, OK, False),
        (Mode.SLA, OK, ERROR, True),
        (Mode.SLA, UNKNOWN, UNKNOWN, None),
    ],
)
def test_the_mode_decides_from_what_all_locations_found_last(
    database: Database, mode: Mode, home: StatusCode, far: StatusCode, counts: bool | None
) -> None:
    monitor_id = make(database, mode)
    find(database, monitor_id, FAR, far)
    newest = find(database, monitor_id, HOME, home, slot=NOW + MINUTE)
    found = standing(database, monitor_id)

    assert found is not None
    assert (found.run.id, found.counts) == (newest, counts)


def test_a_location_that_has_found_nothing_yet_leaves_it_open(database: Database) -> None:
    monitor_id = make(database, Mode.GLOBAL_VERIFY)
    find(database, monitor_id, HOME, ERROR)
    found = standing(database, monitor_id)

    assert found is not None
    assert found.counts is None


def test_where_locations_rotate_those_whose_turn_it_is_decide(database: Database) -> None:
    monitor_id = make(database, Mode.GLOBAL_NOTIFY, rotate_locations=True, locations_per_run=1)
    number = slot_number(monitor_id, 10 * MINUTE, at=NOW)
    first, second = (HOME, FAR) if number % 2 == 0 else (FAR, HOME)
    find(database, monitor_id, first, ERROR)
    find(database, monitor_id, second, OK, slot=NOW + 10 * MINUTE)
    found = standing(database, monitor_id)

    assert found is not None
    assert (found.run.location_id, found.counts) == (second, False)


def test_a_monitor_without_runs_has_no_standing(database: Database) -> None:
    assert standing(database, make(database, Mode.PRIMARY)) is None


def test_the_runs_of_another_account_are_not_seen(database: Database) -> None:
    monitor_id = make(database, Mode.PRIMARY)
    find(database, monitor_id, HOME, OK)

    with pytest.raises(NotFound):
        database.read(lambda connection: standings.get(connection, STRANGER, monitor_id))
    assert database.read(lambda connection: standings.get_all(connection, STRANGER, [monitor_id])) == []


def test_one_location_alone_decides_whatever_the_monitor_is(database: Database) -> None:
    monitor_id = database.write(
        lambda connection: monitors.create(
            connection,
            ADMIN,
            {"type": MonitorType.SMTP, "name": "Check", "plan_code": "P", "smtp_server": "smtp.probe.test"},
            passwords=Passwords(),
            secrets=KEYS,
            now=NOW,
        )
    )
    find(database, monitor_id, HOME, StatusCode.CONNECTION_FAILED)
    found = standing(database, monitor_id)

    assert found is not None
    assert found.counts is True


def mark(database: Database, monitor_id: int, actor: Actor = ADMIN) -> object:
    span = {"first": monitor_id, "last": monitor_id}
    return database.read(lambda connection: standings.marks(connection, actor, **span)).get(monitor_id)


def test_a_mark_stays_as_long_as_nothing_is_found(database: Database) -> None:
    monitor_id = make(database, Mode.PRIMARY)
    assert mark(database, monitor_id) is None
    find(database, monitor_id, HOME, ERROR)
    first = mark(database, monitor_id)
    find(database, make(database, Mode.PRIMARY), HOME, ERROR)

    assert first is not None
    assert mark(database, monitor_id) == first
    assert mark(database, monitor_id, STRANGER) is None


def test_a_mark_changes_with_each_finding(database: Database) -> None:
    monitor_id = make(database, Mode.PRIMARY)
    run_id = find(database, monitor_id, HOME, ERROR)
    seen = [mark(database, monitor_id)]
    for status in (OK, ERROR):  # of a recheck
        database.write(partial(store.runs.verify, found={run_id: status}))
        seen.append(mark(database, monitor_id))
    find(database, monitor_id, FAR, ERROR)
    seen.append(mark(database, monitor_id))
    find(database, monitor_id, HOME, ERROR, slot=NOW + MINUTE)
    seen.append(mark(database, monitor_id))

    assert len(set(seen)) == 5
