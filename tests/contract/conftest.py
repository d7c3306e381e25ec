"""Each contract test runs on every database that Mailtrip supports."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import psycopg
import pytest
from tests.postgresql import PostgreSQL

from mailtrip.clock import SystemClock
from mailtrip.store import Database
from mailtrip.store.schema import metadata


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Which database the test runs on."""
    return str(request.param)


@pytest.fixture
def empty_database_url(request: pytest.FixtureRequest, database_kind: str, tmp_path: Path) -> str:
    """The URL of a database without tables; with SQLite, the file is not there."""
    if database_kind == "sqlite":
        return f"sqlite:///{tmp_path / 'mailtrip.db'}"
    return _server(request).make_database()


@pytest.fixture
def database_url(request: pytest.FixtureRequest, database_kind: str, tmp_path: Path) -> str:
    """The URL of a database without rows; with SQLite, the file is not there, with PostgreSQL, the tables are."""
    if database_kind == "sqlite":
        return f"sqlite:///{tmp_path / 'mailtrip.db'}"
    url: str = request.getfixturevalue("postgresql_used_url")
    _empty(url)
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open, new database."""
    opened = Database.open(database_url, clock=SystemClock())
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def postgresql_used_url(postgresql: PostgreSQL) -> str:
    """The URL of a PostgreSQL database that has its tables: emptying it is quicker than making one for each test."""
    url = postgresql.make_database()
    Database.open(url, clock=SystemClock()).close()
    return url


def _empty(url: str) -> None:
    tables = ", ".join(metadata.tables)
    with psycopg.connect(url) as connection:
        connection.execute(f"TRUNCATE {tables} RESTART IDENTITY".encode())


def _server(request: pytest.FixtureRequest) -> PostgreSQL:
    """Asked for late, so that tests on SQLite don't start it."""
    return cast("PostgreSQL", request.getfixturevalue("postgresql"))  # cast: pytest does not know the type
