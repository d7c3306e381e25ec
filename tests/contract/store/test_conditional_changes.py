"""Of two changes at a time that are both for the same revision, one is made."""

import threading
from functools import partial

import pytest
from sqlalchemy import Connection
from tests.contract.store.builders import ADMIN, KEYS, NOW, STRANGER, make_monitor

from mailtrip.errors import NotFound, PreconditionFailed
from mailtrip.model import MonitorType
from mailtrip.service import monitors, revisions
from mailtrip.service.monitors import Passwords
from mailtrip.service.revisions import RecordType
from mailtrip.store import Database

MANY = 6


def rename(connection: Connection, monitor_id: int, name: str, known: set[int]) -> int:
    revisions.require(connection, ADMIN, RecordType.MONITOR, monitor_id, known)
    return monitors.edit(
        connection,
        ADMIN,
        monitor_id,
        {"name": name},
        type=MonitorType.ROUND_TRIP,
        passwords=Passwords(),
        secrets=KEYS,
        now=NOW,
    )


def test_of_many_changes_for_the_same_revision_one_is_made(database: Database) -> None:
    monitor_id = make_monitor(database)
    ready = threading.Barrier(MANY)
    made: list[str] = []
    refused: list[PreconditionFailed] = []

    def change(name: str) -> None:
        ready.wait(10)
        try:
            database.write(partial(rename, monitor_id=monitor_id, name=name, known={1}))
        except PreconditionFailed as error:
            refused.append(error)
        else:
            made.append(name)

    threads = [threading.Thread(target=change, args=(f"By {number}",)) for number in range(MANY)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stored = database.read(lambda connection: monitors.get(connection, ADMIN, monitor_id))
    assert (made, len(refused), stored.revision) == ([stored.settings.name], MANY - 1, 2)


def test_the_record_of_another_account_or_one_that_is_gone_is_not_found(database: Database) -> None:
    monitor_id = make_monitor(database)
    with pytest.raises(NotFound):
        database.write(lambda c: revisions.require(c, STRANGER, RecordType.MONITOR, monitor_id, {1}))
    with pytest.raises(NotFound):
        database.read(lambda c: revisions.current(c, STRANGER, RecordType.MONITOR, monitor_id))
    database.write(lambda c: monitors.remove(c, ADMIN, monitor_id, now=NOW))
    with pytest.raises(NotFound):
        database.write(lambda c: revisions.require(c, ADMIN, RecordType.MONITOR, monitor_id, {1}))
