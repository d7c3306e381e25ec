"""What a user may do with which monitors, on every database: pages leave out what may not be seen, and count without it."""

from datetime import time, timedelta
from functools import partial
from typing import Any

import pytest
from tests.contract.store.builders import ADMIN, NOW, actor, finished, make_monitor

from mailtrip.errors import Forbidden, NotFound
from mailtrip.model import Access, Actor, BlackoutType, MonitorAccess, Role
from mailtrip.service import blackouts, monitors, reports, slas
from mailtrip.service.blackouts import BlackoutDraft
from mailtrip.store import Database

SLOT = timedelta(hours=1)


def restricted(access: MonitorAccess) -> Actor:
    found = actor(Role.POWER_USER)
    return Actor(account_id=found.account_id, role=found.role, access=access)


def make_all(database: Database) -> list[int]:
    """Three monitors, each with a finished run, a blackout and an SLA."""
    ids = [make_monitor(database) for _ in range(3)]
    for id_ in ids:
        finished(database, id_, slot=NOW)
        draft = BlackoutDraft(
            type=BlackoutType.MONITOR,
            subject_id=id_,
            is_weekly=True,
            start_day=1,
            start_time=time(1),
            end_day=1,
            end_time=time(2),
        )
        database.write(partial(blackouts.create, actor=ADMIN, draft=draft, now=NOW))
        sla = {"name": "SLA", "availability_percent": 99.0, "response_time": timedelta(seconds=5)}
        database.write(partial(slas.create, actor=ADMIN, monitor_id=id_, changes=sla, now=NOW))
    return ids


ACCESSES: list[tuple[Any, list[int]]] = [  # Any: makes an access of three ids
    (lambda _: None, [0, 1, 2]),
    (lambda _: MonitorAccess(default=Access.VIEW), [0, 1, 2]),
    (lambda _: MonitorAccess(default=Access.NONE), []),
    (lambda ids: MonitorAccess(none=frozenset(ids[:1])), [1, 2]),
    (lambda ids: MonitorAccess(default=Access.NONE, edit=frozenset(ids[:1]), view=frozenset(ids[2:])), [0, 2]),
]


@pytest.mark.parametrize(("make", "seen"), ACCESSES)
def test_pages_and_reports_have_what_may_be_seen(database: Database, make: Any, seen: list[int]) -> None:
    ids = make_all(database)
    who = restricted(make(ids))
    expected = [ids[number] for number in seen]

    found, count = database.read(lambda connection: monitors.page(connection, who))
    assert ([monitor.id for monitor in found], count) == (expected, len(expected))
    found_blackouts, count = database.read(lambda connection: blackouts.page(connection, who))
    assert ([each.subject_id for each in found_blackouts], count) == (expected, len(expected))
    found_slas, count = database.read(lambda connection: slas.page(connection, who))
    assert ([each.monitor_id for each in found_slas], count) == (expected, len(expected))
    statuses = database.read(lambda connection: reports.site_status(connection, who))
    assert [each.monitor.id for each in statuses] == expected
    checks = database.read(
        lambda connection: reports.checks(connection, who, since=NOW - SLOT, until=NOW + SLOT, limit=10)
    )
    assert [each.run.monitor_id for each in checks] == expected


def test_one_monitor_is_read_or_changed_as_its_access_says(database: Database) -> None:
    edit, view, none = make_all(database)
    who = restricted(MonitorAccess(default=Access.NONE, edit=frozenset({edit}), view=frozenset({view})))
    assert database.read(lambda connection: monitors.get(connection, who, view)).id == view
    with pytest.raises(NotFound):
        database.read(lambda connection: monitors.get(connection, who, none))
    with pytest.raises(NotFound):
        database.write(lambda connection: monitors.remove(connection, who, none, now=NOW))
    with pytest.raises(Forbidden, match="this needs access Edit to monitor"):
        database.write(lambda connection: monitors.remove(connection, who, view, now=NOW))
    database.write(lambda connection: monitors.remove(connection, who, edit, now=NOW))
