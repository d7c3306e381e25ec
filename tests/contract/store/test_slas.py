"""SLAs are kept as they were given, and every rule is held."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection
from tests.contract.store.builders import ADMIN, NOW, STRANGER, actor, make_monitor

from mailtrip.errors import Forbidden, InvalidInput, NotFound
from mailtrip.model import (
    SLA,
    Exclusion,
    Mode,
    OneTimeWindow,
    OperatingPeriod,
    Role,
    SLASettings,
    WeeklyWindow,
    WeekTime,
)
from mailtrip.service import monitors, slas
from mailtrip.service.slas import BulkEdit
from mailtrip.store import Database, schema

LATER = NOW + timedelta(hours=1)
GOALS: dict[str, Any] = {  # Any: of many types
    "name": "Mail",
    "availability_percent": 99.999,
    "response_time": timedelta(seconds=2.35),
}
NIGHT = OperatingPeriod(
    window=WeeklyWindow(start=WeekTime(day=7, time=time(22, 5)), end=WeekTime(day=1, time=time(23, 59))),
    is_excluded=True,
)
OUTAGE = Exclusion(
    window=OneTimeWindow(start=datetime(1, 1, 1, tzinfo=UTC), end=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    location_id=10,
    note="Größe\n😀",
)


def make(database: Database, monitor_id: int, **fields: object) -> int:
    """Store an SLA and give its id."""
    return database.write(lambda c: slas.create(c, ADMIN, monitor_id, GOALS | fields, now=NOW))


def read(database: Database, sla_id: int) -> SLA:
    return database.read(lambda c: slas.get(c, ADMIN, sla_id))


def edit(database: Database, sla_id: int, **fields: object) -> None:
    database.write(lambda c: slas.edit(c, ADMIN, sla_id, fields, now=LATER))


def test_an_sla_is_read_as_it_was_made(database: Database) -> None:
    monitor_id = make_monitor(database, name="Bank")
    fields: dict[str, Any] = {  # Any: of many types
        "description": "All of it",
        "secondary_response_time": timedelta(seconds=300),
        "operating_periods": (NIGHT,),
    }
    sla_id = make(database, monitor_id, **fields, exclusions=(OUTAGE,))
    stored = Exclusion(id=100001, window=OUTAGE.window, location_id=10, note=OUTAGE.note)
    assert read(database, sla_id) == SLA(
        id=100001,
        account_id=1,
        monitor_id=monitor_id,
        monitor_name="Bank",
        monitor_mode=Mode.PRIMARY,
        settings=SLASettings(**(GOALS | fields), exclusions=(stored,)),
        created_at=NOW,
        modified_at=NOW,
    )


def test_an_edit_counts_revisions_and_leaves_exclusions_that_it_does_not_name(database: Database) -> None:
    sla_id = make(database, make_monitor(database), exclusions=(OUTAGE,))
    before = read(database, sla_id)
    edit(database, sla_id, name="New")
    after = read(database, sla_id)
    assert after.settings.exclusions == before.settings.exclusions
    assert (after.settings.name, after.created_at, after.modified_at, after.revision) == ("New", NOW, LATER, 2)


def test_exclusions_that_are_appended_leave_the_others(database: Database) -> None:
    monitor_ids = [make_monitor(database), make_monitor(database)]
    ids = [make(database, each, exclusions=(OUTAGE,)) for each in monitor_ids]
    wanted = BulkEdit(exclusions=(Exclusion(window=OUTAGE.window),), keeps_exclusions=True)
    assert database.write(lambda c: slas.bulk_edit(c, ADMIN, monitor_ids[::-1], wanted, now=LATER)) == ids[::-1]
    found = [[each.id for each in read(database, sla_id).settings.exclusions] for sla_id in ids]
    assert found == [[100001, 100003], [100002, 100004]]


def test_appending_stops_at_the_limit(database: Database) -> None:
    monitor_id = make_monitor(database)
    make(database, monitor_id, exclusions=(OUTAGE,) * 1000)
    wanted = BulkEdit(exclusions=(OUTAGE,), keeps_exclusions=True)
    with pytest.raises(InvalidInput, match="has 1001 items; at most 1000 are allowed"):
        database.write(lambda c: slas.bulk_edit(c, ADMIN, [monitor_id], wanted, now=LATER))


def test_a_removed_monitor_or_sla_leaves_no_rows_behind(database: Database) -> None:
    first, second = make_monitor(database), make_monitor(database)
    make(database, first, exclusions=(OUTAGE,))
    sla_id = make(database, second, exclusions=(OUTAGE,))
    database.write(lambda c: monitors.remove(c, ADMIN, first, now=NOW))
    database.write(lambda c: slas.remove(c, ADMIN, sla_id, now=NOW))
    assert database.read(lambda c: list(c.execute(schema.slas.select()))) == []
    assert database.read(lambda c: list(c.execute(schema.sla_exclusions.select()))) == []


def test_of_slas_that_are_made_at_once_one_is_kept(database: Database) -> None:
    monitor_id = make_monitor(database)
    refused = []

    def run() -> None:
        try:
            make(database, monitor_id)
        except InvalidInput as error:
            refused.append(error.faults[0].field)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["monitor_id"] * 3
    assert database.read(lambda c: slas.page(c, ADMIN))[1] == 1


@pytest.mark.parametrize("role", [Role.USER, Role.READ_ONLY])
def test_who_may_not_edit_may_not_make_change_or_remove(database: Database, role: Role) -> None:
    monitor_id = make_monitor(database)
    sla_id = make(database, monitor_id)
    by = actor(role)
    calls: list[Callable[[Connection], object]] = [
        lambda c: slas.create(c, by, monitor_id, GOALS, now=NOW),
        lambda c: slas.edit(c, by, sla_id, {}, now=NOW),
        lambda c: slas.bulk_edit(c, by, [monitor_id], BulkEdit(), now=NOW),
        lambda c: slas.remove(c, by, sla_id, now=NOW),
    ]
    for call in calls:
        with pytest.raises(Forbidden):
            database.write(call)


def test_a_stranger_finds_nothing(database: Database) -> None:
    monitor_id = make_monitor(database)
    sla_id = make(database, monitor_id)
    calls: list[Callable[[Connection], object]] = [
        lambda c: slas.get(c, STRANGER, sla_id),
        lambda c: slas.get_of_monitor(c, STRANGER, monitor_id),
        lambda c: slas.edit(c, STRANGER, sla_id, {}, now=NOW),
        lambda c: slas.remove(c, STRANGER, sla_id, now=NOW),
    ]
    for call in calls:
        with pytest.raises(NotFound):
            database.write(call)
    assert database.read(lambda c: slas.page(c, STRANGER)) == ([], 0)
    with pytest.raises(InvalidInput, match=f"there is no SLA for monitor {monitor_id}"):
        database.write(lambda c: slas.bulk_edit(c, STRANGER, [monitor_id], BulkEdit(), now=NOW))
    with pytest.raises(InvalidInput, match=f"there is no monitor {monitor_id}"):
        database.write(lambda c: slas.create(c, STRANGER, monitor_id, GOALS, now=NOW))
