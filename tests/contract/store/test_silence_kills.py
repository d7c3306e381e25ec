"""The process killed after each statement with which a silent location is noted and told: nothing is half, lost or doubled."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy import event
from tests.contract.store.builders import ADMIN, NOW
from tests.contract.store.test_alerts import make_recipient, told
from tests.contract.store.test_silences import MINUTE, watched

from mailtrip import store
from mailtrip.model import AlertKind
from mailtrip.service import locations, silences
from mailtrip.store import Connection, Database


class Killed(Exception):
    """The process is gone: what it was writing is undone by the database."""


def killed_after(statements: int, work: Callable[[Connection], int]) -> Callable[[Connection], int]:
    """The work, given up when so many statements were executed."""

    def until_then(connection: Connection) -> int:
        executed = 0

        def count(*_: object) -> None:
            nonlocal executed
            executed += 1
            if executed == statements:
                raise Killed

        event.listen(connection, "after_cursor_execute", count)
        try:
            return work(connection)
        finally:
            event.remove(connection, "after_cursor_execute", count)

    return until_then


def settle_though_killed(database: Database, location_id: int, monitor_id: int, since: datetime | None) -> int:
    """Note it again and again, killed one statement later each time; how often it was killed before it got through."""

    def settle(connection: Connection) -> int:
        monitors = {ADMIN.account_id: {monitor_id}}
        return silences.settle(connection, location_id, since=since, monitors=monitors, now=NOW + 10 * MINUTE)

    before = known(database, location_id)
    kills = 0
    while True:
        try:
            assert database.write(killed_after(kills + 1, settle)) == 1
        except Killed:
            kills += 1
            assert known(database, location_id) == before
        else:
            # Killed right after that: the next process looks at the same location.
            assert database.write(settle) == 0
            return kills


def known(database: Database, location_id: int) -> tuple[dict[int, datetime], list[AlertKind], int]:
    """What is kept: silent locations, alerts, and how many were told of them."""
    return (
        dict(database.read(store.silences.silent)),
        [alert.kind for alert in told(database)],
        len(database.read(lambda connection: store.silences.tellings(connection, location_id))),
    )


def test_a_silent_location_and_its_end_are_told_once_wherever_the_process_is_killed(database: Database) -> None:
    make_recipient(database, notify_on_clear=True)
    monitor_id = watched(database)
    location_id = database.read(partial(locations.list_all, actor=ADMIN))[0].id

    assert settle_though_killed(database, location_id, monitor_id, NOW) >= 4
    assert known(database, location_id) == ({location_id: NOW}, [AlertKind.SILENT], 1)

    assert settle_though_killed(database, location_id, monitor_id, None) >= 4
    assert known(database, location_id) == ({}, [AlertKind.SILENT, AlertKind.CLEAR], 0)
