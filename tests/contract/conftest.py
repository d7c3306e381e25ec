"""Each contract test runs on every database that Mailtrip supports."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailtrip.clock import SystemClock
from mailtrip.store import Database


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database that is not there yet (SQLite) or empty (PostgreSQL)."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'mailtrip.db'}"
    return str(request.getfixturevalue("postgresql_url"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open, new database."""
    opened = Database.open(database_url, clock=SystemClock())
    yield opened
    opened.close()
