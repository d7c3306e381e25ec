"""The tables, their migrations, and opening a database."""

import stat
from functools import partial
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from tests.contract.store.builders import ADMIN, make_monitor

from mailtrip.clock import SystemClock
from mailtrip.errors import ConfigurationError
from mailtrip.model import Actor, Role
from mailtrip.service import locations
from mailtrip.store import Database, accounts
from mailtrip.store.schema import locations as location_rows
from mailtrip.store.schema import metadata


def test_the_migrations_make_exactly_the_tables_of_the_schema(empty_database_url: str) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    opened = Database.open(empty_database_url, clock=SystemClock())
    try:
        assert opened.read(differences) == []
    finally:
        opened.close()


def test_a_new_database_has_the_default_account_with_its_location(database: Database) -> None:
    found = database.read(lambda connection: locations.list_all(connection, ADMIN))
    assert [(location.id, location.name) for location in found] == [(10, "Local")]


def test_the_location_of_the_program_serves_every_account_and_a_private_one_its_own(database: Database) -> None:
    private = {"id": 11, "account_id": 1, "name": "Own", "is_private": True}
    database.write(lambda connection: connection.execute(location_rows.insert(), private))
    stranger = Actor(account_id=2, role=Role.ADMIN)
    found = [
        [location.id for location in database.read(partial(locations.list_all, actor=actor))]
        for actor in (ADMIN, stranger)
    ]
    assert found == [[10, 11], [10]]
    known = database.read(lambda connection: accounts.known_locations(connection, 2, {10, 11}))
    assert known == {10}


def test_opening_again_keeps_what_is_there(database: Database, database_url: str) -> None:
    monitor_id = make_monitor(database)
    again = Database.open(database_url, clock=SystemClock())
    try:
        assert make_monitor(again) == monitor_id + 1
    finally:
        again.close()


def test_the_first_id_is_100001(database: Database) -> None:
    assert make_monitor(database) == 100001


@pytest.mark.parametrize("upgrade", [True, False])
def test_a_database_of_a_newer_program_is_refused(empty_database_url: str, *, upgrade: bool) -> None:
    database = Database.open(empty_database_url, clock=SystemClock())
    database.write(lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    database.close()
    with pytest.raises(ConfigurationError, match=r"newer than this program \(revision 9999\); upgrade mailtrip"):
        Database.open(empty_database_url, clock=SystemClock(), upgrade=upgrade)


def test_opening_without_an_upgrade_leaves_an_empty_database_empty(empty_database_url: str) -> None:
    opened = Database.open(empty_database_url, clock=SystemClock(), upgrade=False)
    try:
        with pytest.raises(Exception, match="monitors"):
            opened.read(lambda connection: connection.execute(text("SELECT * FROM monitors")))
    finally:
        opened.close()


def test_tables_of_another_program_are_refused(empty_database_url: str) -> None:
    opened = Database.open(empty_database_url, clock=SystemClock(), upgrade=False)
    opened.write(lambda connection: connection.execute(text("CREATE TABLE monitors (id INTEGER)")))
    opened.close()
    with pytest.raises(ConfigurationError, match="already exists"):
        Database.open(empty_database_url, clock=SystemClock())


def test_a_failed_migration_leaves_nothing_behind(empty_database_url: str) -> None:
    opened = Database.open(empty_database_url, clock=SystemClock(), upgrade=False)
    try:
        opened.write(lambda connection: connection.execute(text("CREATE TABLE monitors (id INTEGER)")))
        with pytest.raises(ConfigurationError):
            Database.open(empty_database_url, clock=SystemClock())
        with pytest.raises(Exception, match="accounts"):
            opened.read(lambda connection: connection.execute(text("SELECT * FROM accounts")))
    finally:
        opened.close()


@pytest.mark.parametrize(
    ("url", "text_"),
    [
        ("nonsense", "this is no URL"),
        ("mysql://root@localhost/x", '"mysql" is not supported'),
        ("sqlite://", "SQLite needs a file"),
        ("sqlite:///:memory:", "SQLite needs a file"),
        ("sqlite:////nowhere/at/all.db", "No such file or directory"),
        ("postgresql://nobody:geheim@127.0.0.1:1/x", "can't be opened"),
    ],
)
def test_a_database_that_cannot_be_opened_is_refused_with_the_reason(url: str, text_: str) -> None:
    with pytest.raises(ConfigurationError, match=text_) as caught:
        Database.open(url, clock=SystemClock())
    assert "geheim" not in str(caught.value)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.db"
    path.write_text("this is not a database, but a text that is long enough to look at it" * 20)
    with pytest.raises(ConfigurationError, match="file is not a database"):
        Database.open(f"sqlite:///{path}", clock=SystemClock())


def test_the_sqlite_file_and_its_journals_are_their_owners_only(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'mailtrip.db'}", clock=SystemClock())
    try:
        make_monitor(database)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    finally:
        database.close()
    assert modes == {"mailtrip.db": 0o600, "mailtrip.db-wal": 0o600, "mailtrip.db-shm": 0o600}
