"""The two engines of a database, one for reading and one for writing, and what each of its connections is told."""

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from mailtrip.errors import ConfigurationError

__all__ = ["Engines", "make_engines", "parse_url"]

_BUSY_SECONDS = 5
_POOL_SECONDS = 10
_STATEMENT_TIMEOUT = "30s"
_LOCK_TIMEOUT = "10s"
_LOST_AFTER_MILLISECONDS = 15_000
_JOURNAL_LIMIT = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """Where to read and where to write.

    Attributes:
        readers: how many transactions may read at once.
        writers: how many may write at once; SQLite has one writer.
    """

    url: URL
    reader: Engine
    writer: Engine
    readers: int
    writers: int

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    def dispose(self) -> None:
        self.reader.dispose()
        self.writer.dispose()


def parse_url(text: str) -> URL:
    """Read `sqlite:///path` or `postgresql://...`.

    Raises:
        ConfigurationError: with what would be right; never with a password.
    """
    try:
        url = make_url(text)
    except ArgumentError:
        raise ConfigurationError(
            "database: this is no URL; write sqlite:///path/to/file or postgresql://user@host/name"
        ) from None
    match url.get_backend_name():
        case "sqlite":
            if not url.database or url.database == ":memory:":
                raise ConfigurationError("database: SQLite needs a file; write sqlite:///path/to/file")
            return url
        case "postgresql" | "postgres":
            return url.set(drivername="postgresql+psycopg")
        case other:
            raise ConfigurationError(
                f'database: "{other}" is not supported; write sqlite:///path/to/file or postgresql://user@host/name'
            )


def make_engines(url: URL) -> Engines:
    """The engines of a URL that `parse_url` gave; nothing is connected, but a missing SQLite file is made.

    Raises:
        ConfigurationError: when the SQLite file can't be made.
    """
    return _sqlite(url) if url.get_backend_name() == "sqlite" else _postgresql(url)


def _sqlite(url: URL) -> Engines:
    _make_file(Path(url.database or ""))
    arguments = {"check_same_thread": False, "timeout": _BUSY_SECONDS}
    reader = _engine(url, pool_size=4, connect_args=arguments)
    writer = _engine(url, pool_size=1, connect_args=arguments)
    event.listen(reader, "connect", _prepare_sqlite_reader)
    event.listen(writer, "connect", _prepare_sqlite_writer)
    event.listen(reader, "begin", _begin)
    event.listen(writer, "begin", _begin_immediate)
    return Engines(url=url, reader=reader, writer=writer, readers=4, writers=1)


def _postgresql(url: URL) -> Engines:
    arguments = {
        "connect_timeout": _BUSY_SECONDS,
        "tcp_user_timeout": _LOST_AFTER_MILLISECONDS,
        "application_name": "mailtrip",
        **url.query,
    }
    # Whether a connection is still there is asked before a write only: a read that finds it broken is made once more.
    reader = _engine(url, pool_size=4, connect_args=arguments)
    writer = _engine(url, pool_size=4, pool_pre_ping=True, connect_args=arguments)
    event.listen(reader, "connect", _prepare_postgresql_reader)
    event.listen(writer, "connect", _prepare_postgresql)
    return Engines(url=url, reader=reader, writer=writer, readers=4, writers=4)


def _engine(url: URL, **options: Any) -> Engine:  # Any: the options of create_engine
    # hide_parameters: what is written may be secret, and ends in errors otherwise
    return create_engine(url, max_overflow=0, pool_timeout=_POOL_SECONDS, hide_parameters=True, **options)


def _make_file(path: Path) -> None:
    """Make the file readable by its owner only; its journals follow the file's mode."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as exc:
        raise ConfigurationError(
            f'database: "{path}" can\'t be opened ({exc.strerror}); name a file in a folder that is there and writable'
        ) from exc


def _prepare_sqlite_writer(connection: sqlite3.Connection, record: object) -> None:
    del record
    connection.isolation_level = None  # transactions are begun by the "begin" event, not by the driver's own guess
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA journal_size_limit={_JOURNAL_LIMIT}")


def _prepare_sqlite_reader(connection: sqlite3.Connection, record: object) -> None:
    del record
    connection.isolation_level = None
    connection.execute("PRAGMA query_only=ON")


def _prepare_postgresql(connection: "psycopg.Connection[Any]", record: object) -> None:  # Any: rows of any shape
    del record
    connection.autocommit = True
    connection.execute(f"SET statement_timeout = '{_STATEMENT_TIMEOUT}'")
    connection.execute(f"SET lock_timeout = '{_LOCK_TIMEOUT}'")
    connection.execute("SET timezone = 'UTC'")
    connection.autocommit = False


def _prepare_postgresql_reader(connection: "psycopg.Connection[Any]", record: object) -> None:  # Any: as above
    _prepare_postgresql(connection, record)
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _begin_immediate(connection: Connection) -> None:
    # A transaction that reads first and writes later would fail at once when another program writes in between.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
