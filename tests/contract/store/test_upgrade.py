"""A database of an older program keeps what is in it."""

import re
from dataclasses import fields

from alembic import command
from sqlalchemy import Connection, inspect
from tests.contract.store.builders import ADMIN, FIELDS, NOW, result

from mailtrip.clock import SystemClock
from mailtrip.model import MonitorSettings, Role, RunKind, RunState, StatusCode, Step, Verdict
from mailtrip.service import ledger, runs, users
from mailtrip.store import Database, accounts
from mailtrip.store.migrate import make_config
from mailtrip.store.schema import monitors as monitor_rows
from mailtrip.store.schema import runs as run_rows
from mailtrip.store.user_schema import users as user_rows


def make_older(connection: Connection) -> list[int]:
    """The tables of revision 0001, with a monitor and two finished runs; their ids."""
    config = make_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")
    accounts.ensure_default(connection, now=NOW)
    id_ = connection.execute(
        monitor_rows.insert().returning(monitor_rows.c.id), _older_monitor(connection)
    ).scalar_one()
    statement = run_rows.insert().returning(run_rows.c.id)
    return [
        connection.execute(statement, _older_run(id_, number, status)).scalar_one()
        for number, status in enumerate((StatusCode.OK, StatusCode.DELETE_FAILED))
    ]


def _older_monitor(connection: Connection) -> dict[str, object]:
    """A monitor with the settings that there were."""
    there = {column["name"] for column in inspect(connection).get_columns("monitors")}
    settings = MonitorSettings(**FIELDS)
    values = {item.name: getattr(settings, item.name) for item in fields(settings) if item.name in there}
    return values | {"account_id": 1, "created_at": NOW, "modified_at": NOW, "revision": 1, "change_mark": 1}


def _older_run(monitor_id: int, number: int, status: StatusCode) -> dict[str, object]:
    outcome = result(status)
    return {
        "account_id": 1,
        "monitor_id": monitor_id,
        "location_id": 10,
        "slot": NOW + number * outcome.duration,
        "kind": RunKind.SCHEDULED,
        "state": RunState.FINISHED,
        "changed_at": NOW,
        "started_at": NOW,
        "verdict": Verdict.DELIVERED,
        "status": status,
        "step": Step.DELETE,
        "summary": "Delivered",
        "token": f"token {number}",
        "duration": outcome.duration,
        "timings": (),
        "lag": outcome.lag,
        "sessions": (),
    }


def test_runs_of_the_first_tables_stay_as_they_were(empty_database_url: str) -> None:
    older = Database.open(empty_database_url, clock=SystemClock(), upgrade=False)
    good, left = older.write(make_older)
    older.close()

    database = Database.open(empty_database_url, clock=SystemClock())
    try:
        found = database.read(lambda connection: [runs.get(connection, ADMIN, run_id) for run_id in (good, left)])
        taken = database.write(lambda connection: ledger.take_over(connection, now=NOW, own_since=NOW, location_id=10))
    finally:
        database.close()

    assert taken == ledger.TakenOver(resumed=(), ended=0)
    assert [(run.token, run.result and run.result.left_behind) for run in found] == [("token 0", 0), ("token 1", 1)]
    assert [(run.revisions, run.verified, run.recheck_id) for run in found] == [((), None, None)] * 2


def test_users_that_were_there_get_a_name_to_the_outside_each(empty_database_url: str) -> None:
    older = Database.open(empty_database_url, clock=SystemClock(), upgrade=False)
    older.write(_make_users)
    older.close()

    database = Database.open(empty_database_url, clock=SystemClock())
    try:
        found = database.read(lambda connection: users.list_all(connection, ADMIN))
    finally:
        database.close()

    assert [(user.email, user.role, user.settings.access) for user in found] == [
        ("a@example.com", Role.ADMIN, None),
        ("b@example.com", Role.USER, None),
    ]
    assert len({user.guid for user in found}) == 2
    assert all(re.fullmatch("[0-9a-f]{32}", user.guid) for user in found)


def _make_users(connection: Connection) -> None:
    """The tables of revision 0008 with two users."""
    config = make_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "0008")
    accounts.ensure_default(connection, now=NOW)
    for email, role in (("a@example.com", Role.ADMIN), ("b@example.com", Role.USER)):
        row = {
            "account_id": 1,
            "email": email,
            "email_key": email,
            "role": role,
            "password_hash": "x",
            "created_at": NOW,
        }
        connection.execute(user_rows.insert(), row)
