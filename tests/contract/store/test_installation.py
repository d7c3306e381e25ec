"""What is told of the database itself."""

from dataclasses import replace

import pytest
from tests.contract.store.builders import ADMIN

from mailtrip.errors import Forbidden
from mailtrip.model import Role
from mailtrip.service.installation import database_facts
from mailtrip.store import Database


def test_the_database_tells_its_kind_and_its_size(database: Database, database_kind: str) -> None:
    found = database.read(lambda connection: database_facts(connection, ADMIN))

    name, version = found.kind.split()
    assert name.lower() == database_kind
    assert version[0].isdigit()
    assert found.size > 100_000


def test_it_tells_those_who_manage_users_only(database: Database) -> None:
    with pytest.raises(Forbidden):
        database.read(lambda connection: database_facts(connection, replace(ADMIN, role=Role.POWER_USER)))
