"""`GET /locations` (+): a list as the vendor's are (alertsite-v3.md, 1.6 and 5.3)."""

import pytest
from sqlalchemy import Connection
from tests.api.harness import Server, messages
from tests.api.harness_runs import START, fail_run

from mailtrip.model import Role
from mailtrip.store.schema import accounts, locations

LOCATIONS = "/api/v3/locations"


def add_locations(server: Server) -> None:
    """Two more that serve the account, and one that serves a stranger only."""

    def add(connection: Connection) -> None:
        connection.execute(accounts.insert(), {"id": 2, "name": "stranger", "created_at": server.clock.now()})
        connection.execute(
            locations.insert(),
            [
                {"id": 30, "account_id": 2, "name": "Fremont", "is_private": False},
                {"id": 20, "account_id": 1, "name": "Atlanta", "is_private": True},
                {"id": 40, "account_id": 2, "name": "Elsewhere", "is_private": True},
            ],
        )

    server.database.write(add)


def test_the_program_itself_is_a_location(server: Server) -> None:
    response = server.get(LOCATIONS)

    assert response.status_code == 200
    assert response.json() == {
        "metadata": {"__permissions": {"acl": 7}, "resultset": {"count": 1, "limit": None, "offset": "0"}},
        "results": [{"id": 10, "name": "Local", "last_report": None, "silent_since": None}],
    }


def test_when_they_were_heard_of_is_told(server: Server) -> None:
    def fall_silent(connection: Connection) -> None:
        connection.execute(locations.update().where(locations.c.id == 10).values(silent_since=START))

    fail_run(server, server.create(), slot=START)
    server.database.write(fall_silent)
    (found,) = server.get(LOCATIONS).json()["results"]

    assert found["last_report"] == found["silent_since"] == f"{START:%Y-%m-%dT%H:%M:%SZ}"


def test_those_that_serve_the_account_are_listed_by_number_and_no_strangers(server: Server) -> None:
    add_locations(server)

    assert [each["name"] for each in server.get(LOCATIONS).json()["results"]] == ["Local", "Atlanta", "Fremont"]


@pytest.mark.parametrize(
    ("query", "ids", "limit", "offset"),
    [
        ("limit=2", [10, 20], "2", "0"),
        ("limit=2&offset=2", [30], "2", "2"),
        ("offset=5", [], None, "5"),
    ],
)
def test_limit_and_offset_cut_the_list_and_are_echoed_as_strings(
    server: Server, query: str, ids: list[int], limit: str | None, offset: str
) -> None:
    add_locations(server)
    found = server.get(f"{LOCATIONS}?{query}").json()

    assert [each["id"] for each in found["results"]] == ids
    assert found["metadata"]["resultset"] == {"count": 3, "limit": limit, "offset": offset}


@pytest.mark.parametrize(("select", "item"), [("name", {"name": "Local"}), ("", {}), ("Name,region", {})])
def test_select_returns_the_fields_named_and_ignores_unknown_names(
    server: Server, select: str, item: dict[str, str]
) -> None:
    assert server.get(LOCATIONS, params={"select": select}).json()["results"] == [item]


def test_a_wrong_query_value_is_a_400(server: Server) -> None:
    response = server.get(f"{LOCATIONS}?limit=0&offset=x")

    assert response.status_code == 400
    assert len(messages(response)) == 2


@pytest.mark.parametrize("role", Role)
def test_every_role_may_read_them(server: Server, role: Role) -> None:
    assert server.get(LOCATIONS, role=role).status_code == 200


def test_without_a_token_it_is_a_401(server: Server) -> None:
    assert server.get(LOCATIONS, role=None).status_code == 401


def test_a_monitor_can_name_them_and_shows_them_with_their_names(server: Server) -> None:
    add_locations(server)
    monitor_id = server.create(locations=[{"id": 20}, {"id": 10}], home_location=10, mode="Global Notify")
    found = server.get(f"/api/v3/monitors/{monitor_id}").json()

    assert found["locations"] == [{"id": 20, "name": "Atlanta"}, {"id": 10, "name": "Local"}]
    assert (found["home_location"], found["mode"]) == (10, "Global Notify")


def test_a_strangers_location_can_not_be_named(server: Server) -> None:
    add_locations(server)
    response = server.patch(f"/api/v3/monitors/email-round-trip/{server.create()}", json={"locations": [{"id": 40}]})

    assert messages(response) == [
        "invalid_request - locations: there is no location 40; name locations of this account"
    ]
