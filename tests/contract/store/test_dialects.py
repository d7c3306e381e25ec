"""What is said in each database's own words gives the same in all of them."""

from collections.abc import Collection

import pytest
from sqlalchemy import select
from tests.contract.store.test_alerts import monitor_of

from mailtrip.store import Database
from mailtrip.store.dialects import among
from mailtrip.store.schema import monitors


@pytest.mark.parametrize("chosen", [(), (1,), (0, 2)], ids=["none", "one", "some"])
def test_those_with_one_of_the_numbers_are_found_and_no_others(database: Database, chosen: Collection[int]) -> None:
    made = [monitor_of(database) for _ in range(3)]
    wanted = [made[index] for index in chosen]

    def find(ids: Collection[int]) -> list[int]:
        query = select(monitors.c.id).order_by(monitors.c.id)
        return database.read(
            lambda connection: list(connection.scalars(query.where(among(connection, monitors.c.id, ids))))
        )

    assert find(wanted) == wanted
    assert find([*wanted, 2**40, 2**70]) == wanted
