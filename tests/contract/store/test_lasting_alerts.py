"""Alerts about trouble that lasts, the newest of each trouble to each recipient."""

from dataclasses import replace

from tests.contract.store.builders import ADMIN, NOW, STRANGER
from tests.contract.store.test_alerts import FAILED, GOOD, MINUTE, happen, make_recipient, monitor_of

from mailtrip.model import Access, Actor, MonitorAccess
from mailtrip.service import alert_log
from mailtrip.store import Database


def lasting(database: Database, who: Actor = ADMIN, *, limit: int = 10) -> list[tuple[int | None, int]]:
    found = database.read(lambda connection: alert_log.lasting(connection, who, now=NOW, limit=limit))
    return [(logged.alert.monitor_id, logged.alert.recipient_id) for logged in found]


def test_each_trouble_is_there_once_for_each_recipient_the_newest_first(database: Database) -> None:
    first, second = make_recipient(database), make_recipient(database)
    one, other = monitor_of(database), monitor_of(database)
    happen(database, one, FAILED)
    happen(database, other, FAILED, slot=NOW + MINUTE)
    happen(database, one, FAILED, slot=NOW + 6 * MINUTE)
    assert lasting(database) == [(one, second), (one, first), (other, second), (other, first)]
    assert lasting(database, limit=1) == [(one, second)]


def test_what_is_over_is_gone(database: Database) -> None:
    make_recipient(database)
    monitor_id = monitor_of(database)
    happen(database, monitor_id, FAILED)
    happen(database, monitor_id, GOOD, slot=NOW + MINUTE)
    assert lasting(database) == []


def test_trouble_that_nobody_was_told_of_yet_is_not_there(database: Database) -> None:
    make_recipient(database, start_threshold=2)
    happen(database, monitor_of(database), FAILED)
    assert lasting(database) == []


def test_what_somebody_may_not_see_is_not_there(database: Database) -> None:
    make_recipient(database)
    seen, unseen = monitor_of(database), monitor_of(database)
    happen(database, seen, FAILED)
    happen(database, unseen, FAILED, slot=NOW + MINUTE)
    limited = replace(ADMIN, access=MonitorAccess(default=Access.NONE, view=frozenset({seen})))
    assert [monitor_id for monitor_id, _ in lasting(database, limited)] == [seen]
    assert lasting(database, STRANGER) == []
