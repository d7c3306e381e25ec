"""Trouble with the database: it comes out as Unavailable, keeps nothing by half, and passes."""

import asyncio
import signal
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from tests.contract.store.builders import ADMIN, KEYS, NOW, claimed, finish, finished, make_monitor, planned, result
from tests.postgresql import PostgreSQL

from mailtrip.clock import SystemClock
from mailtrip.errors import ConfigurationError, Unavailable
from mailtrip.model import Run, StatusCode
from mailtrip.service import monitors, runs
from mailtrip.service.runs import FinishedRun
from mailtrip.service.secrets import KeyRing, ensure_key
from mailtrip.store import Database


@pytest.fixture
def sqlite_path(tmp_path: Path) -> Path:
    return tmp_path / "mailtrip.db"


@pytest.fixture
def sqlite_database(sqlite_path: Path) -> Iterator[Database]:
    """An open SQLite database."""
    opened = Database.open(f"sqlite:///{sqlite_path}", clock=SystemClock())
    yield opened
    opened.close()


@pytest.fixture
def own_postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL that a test may stop."""
    server = PostgreSQL(is_safe=True)
    try:
        server.start()
        yield server
    finally:
        server.remove()


def count(database: Database) -> int:
    return database.read(lambda connection: monitors.page(connection, ADMIN))[1]


def test_work_that_raises_keeps_nothing(database: Database) -> None:
    def work(connection: Connection) -> None:
        connection.execute(text("DELETE FROM locations"))
        raise LookupError

    with pytest.raises(LookupError):
        database.write(work)
    assert make_monitor(database, location_ids=(10,)) == 100001


def test_a_wrong_statement_is_our_own_bug_and_not_unavailable(database: Database) -> None:
    with pytest.raises(Exception, match="locations") as caught:
        database.write(
            lambda connection: connection.execute(
                text("INSERT INTO locations (id, account_id, name) VALUES (10, 1, 'again')")
            )
        )
    assert not isinstance(caught.value, Unavailable)


def test_reading_work_can_not_write(database: Database) -> None:
    with pytest.raises(Exception, match=r"read-?only"):
        database.read(lambda connection: connection.execute(text("DELETE FROM locations")))


def test_a_read_sees_one_state_however_long_it_takes(database: Database) -> None:
    make_monitor(database)

    def twice(connection: Connection) -> list[int]:
        before = monitors.page(connection, ADMIN)[1]
        writer = threading.Thread(target=make_monitor, args=(database,))
        writer.start()
        writer.join()
        return [before, monitors.page(connection, ADMIN)[1]]

    assert database.read(twice) == [1, 1]
    assert count(database) == 2


def test_a_run_is_claimed_once_by_many_at_a_time(database: Database) -> None:
    wanted = [planned(make_monitor(database)) for _ in range(20)]
    won: list[Run] = []

    def claim() -> None:
        won.extend(database.write(lambda connection: runs.claim(connection, wanted, now=NOW)))

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(run.monitor_id for run in won) == [item.monitor_id for item in wanted]


async def test_work_from_the_event_loop_runs_in_other_threads(database: Database) -> None:
    here = threading.get_ident()
    reader = await database.reading(lambda _: threading.get_ident())
    writer = await database.writing(lambda _: threading.get_ident())
    assert here not in {reader, writer}


async def test_a_hundred_writes_at_once_are_all_kept(database: Database) -> None:
    monitor_id = make_monitor(database)
    claims = [claimed(database, monitor_id, slot=NOW.replace(microsecond=number)) for number in range(100)]

    async def store(run: Run) -> None:
        await database.writing(
            lambda connection: runs.finish(connection, [FinishedRun(run_id=run.id, result=result())])
        )

    await asyncio.gather(*(store(run) for run in claims))
    found = database.read(lambda connection: runs.page(connection, ADMIN, monitor_id, limit=1000))
    assert {run.result and run.result.status for run in found} == {StatusCode.OK}


async def test_too_much_waiting_work_is_refused(database: Database) -> None:
    free = threading.Event()
    jobs = [asyncio.ensure_future(database.writing(lambda _: free.wait(30))) for _ in range(2000)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="too much is waiting"):
        await database.writing(lambda _: None)
    free.set()
    assert all(await asyncio.gather(*jobs))


def test_closing_twice_does_no_harm(database: Database) -> None:
    database.close()
    database.close()


def test_a_database_belongs_to_its_key(database: Database) -> None:
    database.write(lambda connection: ensure_key(connection, KEYS))
    database.write(lambda connection: ensure_key(connection, KEYS))
    with pytest.raises(ConfigurationError, match="made with another secret key"):
        database.write(lambda connection: ensure_key(connection, KeyRing(b"x" * 32)))


def test_a_full_disk_is_unavailable_until_there_is_room(sqlite_database: Database) -> None:
    monitor_id = make_monitor(sqlite_database)
    claims = [claimed(sqlite_database, monitor_id, slot=NOW.replace(microsecond=number)) for number in range(200)]
    items = [FinishedRun(run_id=run.id, result=result()) for run in claims]

    def limit(pages: int) -> None:
        sqlite_database.write(lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count={pages}"))

    limit(1)  # SQLite takes the size that the file has already
    with pytest.raises(Unavailable, match="full"):
        finish(sqlite_database, items)
    assert sqlite_database.read(lambda connection: monitors.last_statuses(connection, ADMIN, [monitor_id])) == {}
    limit(1_000_000)
    finish(sqlite_database, items)
    assert sqlite_database.read(lambda connection: monitors.last_statuses(connection, ADMIN, [monitor_id])) != {}


def test_a_locked_database_is_unavailable_until_it_is_free(sqlite_database: Database, sqlite_path: Path) -> None:
    with closing(sqlite3.connect(sqlite_path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert count(sqlite_database) == 0  # reading goes on
        with pytest.raises(Unavailable, match="locked"):
            make_monitor(sqlite_database)
        other.execute("ROLLBACK")
    assert make_monitor(sqlite_database) == 100001


def test_a_backup_is_a_whole_database_of_its_own(sqlite_database: Database, tmp_path: Path) -> None:
    monitor_id = make_monitor(sqlite_database)
    target = tmp_path / "backup.db"
    sqlite_database.backup(target)
    make_monitor(sqlite_database)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.glob("backup*")) == ["backup.db"]
    restored = Database.open(f"sqlite:///{target}", clock=SystemClock())
    try:
        found, total = restored.read(lambda connection: monitors.page(connection, ADMIN))
    finally:
        restored.close()
    assert ([monitor.id for monitor in found], total) == ([monitor_id], 1)


def test_a_backup_is_taken_while_others_write(sqlite_database: Database, tmp_path: Path) -> None:
    monitor_id = make_monitor(sqlite_database)

    def backup(connection: Connection) -> None:
        runs.claim(connection, [planned(monitor_id)], now=NOW)
        sqlite_database.backup(tmp_path / "backup.db")

    sqlite_database.write(backup)
    with closing(sqlite3.connect(tmp_path / "backup.db")) as copy:
        assert copy.execute("SELECT count(*) FROM runs").fetchone() == (0,)


def test_a_backup_never_writes_over_a_file(sqlite_database: Database, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("keep me")
    with pytest.raises(ConfigurationError, match="File exists"):
        sqlite_database.backup(target)
    assert target.read_text() == "keep me"


def test_a_backup_into_a_folder_that_is_not_there_is_refused(sqlite_database: Database, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        sqlite_database.backup(tmp_path / "nowhere" / "backup.db")


@pytest.mark.postgresql
def test_a_backup_of_postgresql_is_made_with_its_own_tool(postgresql_url: str, tmp_path: Path) -> None:
    database = Database.open(postgresql_url, clock=SystemClock())
    try:
        with pytest.raises(ConfigurationError, match="pg_dump"):
            database.backup(tmp_path / "backup.db")
    finally:
        database.close()


@pytest.mark.postgresql
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_a_stopped_postgresql_is_unavailable_until_it_is_back(own_postgresql: PostgreSQL, how: signal.Signals) -> None:
    database = Database.open(own_postgresql.make_database(), clock=SystemClock())
    try:
        monitor_id = make_monitor(database)
        finished(database, monitor_id)
        own_postgresql.stop(how)
        with pytest.raises(Unavailable):
            make_monitor(database)
        with pytest.raises(Unavailable):
            count(database)
        own_postgresql.start()
        assert count(database) == 1
        assert make_monitor(database) > monitor_id
    finally:
        database.close()


@pytest.mark.postgresql
def test_a_read_whose_connection_breaks_is_made_again(postgresql_url: str) -> None:
    database = Database.open(postgresql_url, clock=SystemClock())
    tries: list[int] = []

    def work(connection: Connection) -> int:
        tries.append(connection.scalar(text("SELECT pg_backend_pid()")) or 0)
        if len(tries) == 1:
            kill(postgresql_url, tries[0])
        return monitors.page(connection, ADMIN)[1]

    try:
        assert database.read(work) == 0
    finally:
        database.close()
    assert len(set(tries)) == 2


@pytest.mark.postgresql
def test_a_write_whose_connection_breaks_is_unavailable_and_not_made_again(postgresql_url: str) -> None:
    database = Database.open(postgresql_url, clock=SystemClock())
    tries: list[int] = []

    def work(connection: Connection) -> None:
        tries.append(connection.scalar(text("SELECT pg_backend_pid()")) or 0)
        kill(postgresql_url, tries[0])
        monitors.page(connection, ADMIN)

    try:
        with pytest.raises(Unavailable):
            database.write(work)
    finally:
        database.close()
    assert len(tries) == 1


def kill(url: str, process_id: int) -> None:
    """End another connection of the database as its administrator would."""
    other = Database.open(url, clock=SystemClock())
    try:
        other.write(lambda connection: connection.execute(text(f"SELECT pg_terminate_backend({process_id}, 5000)")))
    finally:
        other.close()
