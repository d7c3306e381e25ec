"""Nothing of an account is visible to another one, nor can be changed by it: on every route of the description."""

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import requests
from sqlalchemy import Connection, select
from tests.api.harness import PASSWORD, Server, email_of
from tests.api.walk import (
    FIRST,
    Operation,
    Records,
    Walker,
    make_records,
    naming_query,
    operations,
    required_query,
)

from mailtrip import store
from mailtrip.model import Role
from mailtrip.service import accounts, retention, tokens, users
from mailtrip.store.schema import metadata
from mailtrip.testing.clock import FakeClock

SECRET = "zebra"
"""In all texts of the first account, and in nothing that a stranger sends."""
NOBODYS = 999999999
OPEN = {"create_access_token", "read_health"}
"""Operations that anybody may call."""

STARTING = {"start_test", "run_monitor"}
"""Operations that start a run, which stays until it has ended."""


@dataclass(frozen=True)
class Accounts:
    """Two accounts with one record of each kind; all numbers of the first one's are `FIRST`, but those of checks."""

    server: Server
    owner: Walker
    owned: Records
    stranger: Walker
    strangers: Records

    def dump(self) -> dict[str, list[Any]]:  # Any: rows of any shape
        """All rows of the first account."""
        return self.server.database.read(_rows_of_first)


def _rows_of_first(connection: Connection) -> dict[str, list[Any]]:
    found = {}
    for table in metadata.sorted_tables:
        key = "account_id" if "account_id" in table.c else "id"
        rows = connection.execute(select(table).where(table.c[key] == 1)).all()
        if table.name != "installation":  # its marks grow with the changes of all accounts
            found[table.name] = sorted(map(tuple, rows), key=str)
    return found


def _log_in(server: Server, email: str) -> Walker:
    now = FakeClock().now()
    token = server.database.write(lambda connection: tokens.log_in(connection, email=email, password=PASSWORD, now=now))
    return Walker(server, token, email)


@pytest.fixture
def two(server: Server) -> Accounts:
    now = FakeClock().now()
    owner_email, stranger_email = f"{SECRET}@example.com", "stranger@example.com"
    hashed = users.hash_password(PASSWORD)

    def make(connection: Connection) -> None:
        default = accounts.list_all(connection)[0]
        store.accounts.rename(connection, default.id, SECRET)
        users.add(
            connection, accounts.operator_of(default), email=owner_email, password=hashed, role=Role.ADMIN, now=now
        )
        accounts.add(connection, "Stranger", admin=stranger_email, password=hashed, now=now)

    server.database.write(make)
    owner, stranger = _log_in(server, owner_email), _log_in(server, stranger_email)
    owned = make_records(owner, word=SECRET, customer=1)
    assert set(owned.ids.values()) - {owned.ids["guid"]} | {owned.monitors["email-round-trip"]} == {FIRST}
    strangers = make_records(stranger, word="stranger", customer=2)
    return Accounts(server, owner, owned, stranger, strangers)


def test_the_walk_reaches_each_operation(two: Accounts) -> None:
    """Its owner may do all that the walk does: a 404 for others is no slip of the walk."""
    for operation in operations(two.server):
        query = required_query(operation, two.owned)
        response = two.owner.call(operation, two.owned.path(operation), query=query, body=operation.body)
        assert response.status_code < 300, f"{operation.name}: {response.text}; see BODIES in tests/api/walk.py"


def test_a_stranger_finds_no_record_of_the_account(two: Accounts) -> None:
    before = two.dump()
    for operation in operations(two.server):
        if operation.name in OPEN or operation.name == "remove_access_token":
            continue
        query = required_query(operation, two.owned)
        response = two.stranger.call(operation, two.owned.path(operation), query=query, body=operation.body)
        _assert_nothing_shows(operation, response)
        if operation.parameters("path") or query.keys() & two.owned.ids.keys() | {"monitor_id"} & query.keys():
            assert response.status_code == 404, f"{operation.name}: {response.text}"
            assert response.json()["errors"][0]["message"] == "Record not found"
    assert two.dump() == before


def test_a_condition_on_a_record_of_the_account_tells_a_stranger_nothing(two: Accounts) -> None:
    """With `If-Match`, too, it is not found; never that it is not as it was."""
    for operation in operations(two.server):
        if operation.method in {"PATCH", "DELETE"} and operation.parameters("path"):
            response = two.stranger.call(
                operation, two.owned.path(operation), body=operation.body, headers={"If-Match": '"nothing"'}
            )
            assert response.status_code == 404, f"{operation.name}: {response.text}"


def test_lists_that_are_cut_to_a_record_of_the_account_are_empty_for_a_stranger(two: Accounts) -> None:
    walked = 0
    for operation in operations(two.server):
        for query in naming_query(operation, FIRST):
            walked += 1
            query |= {
                name: value for name, value in required_query(operation, two.strangers).items() if name not in query
            }
            response = two.stranger.call(operation, two.strangers.path(operation), query=query)
            _assert_nothing_shows(operation, response)
            if response.status_code == 200:
                found = response.json()
                assert (found["results"] if isinstance(found, dict) else found) == [], operation.name
            _assert_as_for_nobodys(two, operation, response, query=query)
    assert walked >= 8


def test_a_stranger_can_not_refer_to_a_record_of_the_account(two: Accounts) -> None:
    """In a body that is otherwise good, on a record of the stranger's own."""
    before = two.dump()
    walked = 0
    for operation in operations(two.server):
        for name, example in operation.references.items():
            if name == "exclusions":  # its numbers are of the stranger's own SLA: others are taken for new ones
                continue
            walked += 1
            body = _with_own(operation.body or {}, two.strangers) | {name: example}
            path = two.strangers.path(operation)
            response = two.stranger.call(operation, path, body=body)
            assert response.status_code in {400, 403}, f"{operation.name}: {name}: {response.text}"
            _assert_nothing_shows(operation, response)
            nobodys = two.stranger.call(operation, path, body=_replaced(body, FIRST, NOBODYS))
            assert _normal(nobodys) == _normal(response), operation.name
    assert walked >= 10
    assert two.dump() == before


def test_a_stranger_who_tries_an_address_of_the_account_learns_no_more_than_that_it_is_taken(two: Accounts) -> None:
    body = {"email": email_of(Role.ADMIN), "password": PASSWORD}
    headers = {"Authorization": f"Bearer {two.stranger.token}"}
    response = two.server.post("/api/v3/users", role=None, headers=headers, json=body)
    [message] = [error["message"] for error in response.json()["errors"]]
    assert message == f'invalid_request - email: "{email_of(Role.ADMIN)}" is taken; use another address'


def test_a_stranger_is_refused_without_a_token_on_every_route_but_those_for_anybody(two: Accounts) -> None:
    for operation in operations(two.server):
        response = two.server.call(operation.method, two.owned.path(operation), role=None, json=operation.body)
        if operation.name not in OPEN:
            assert response.status_code == 401, operation.name


def test_an_account_is_removed_with_all_that_it_has_and_nothing_of_others(two: Accounts) -> None:
    for operation in operations(two.server):
        if operation.method != "DELETE" and operation.name not in STARTING:
            query = required_query(operation, two.strangers)
            body = _with_own(operation.body, two.strangers)
            two.stranger.call(operation, two.strangers.path(operation), query=query, body=body)
    before, now = two.dump(), two.server.clock.now()

    def remove(connection: Connection) -> None:
        accounts.remove(connection, accounts.find(connection, "Stranger"), with_everything=True, now=now)

    two.server.database.write(remove)
    headers = {"Authorization": f"Bearer {two.stranger.token}"}
    assert two.server.get("/api/v3/monitors", role=None, headers=headers).status_code == 401
    assert two.dump() == before
    two.server.database.write(partial(retention.expire, now=now + timedelta(days=2), limit=10_000))
    assert two.server.database.read(_tables_with_rows_of_second) == {"audit_entries"}


def _tables_with_rows_of_second(connection: Connection) -> set[str]:
    tables = [table for table in metadata.sorted_tables if "account_id" in table.c]
    return {table.name for table in tables if connection.execute(select(table).where(table.c.account_id == 2)).first()}


def _assert_nothing_shows(operation: Operation, response: requests.Response) -> None:
    assert SECRET not in response.text.lower(), operation.name
    assert SECRET not in str(response.headers).lower(), operation.name


def _assert_as_for_nobodys(
    two: Accounts, operation: Operation, response: requests.Response, *, query: dict[str, object]
) -> None:
    """A record of another account is answered as one that is not there at all."""
    nobodys = two.stranger.call(operation, two.strangers.path(operation), query=_replaced(query, FIRST, NOBODYS))
    assert _normal(nobodys) == _normal(response), operation.name


def _normal(response: requests.Response) -> tuple[int, str]:
    return response.status_code, re.sub(rf"\b(?:{FIRST}|{NOBODYS})\b", "N", response.text)


def _with_own(value: Any, records: Records) -> Any:  # Any: JSON of any shape
    """The body with numbers of the stranger's own records: monitors, or recipients below that name."""
    if isinstance(value, dict):
        return {
            name: _replaced(
                each,
                FIRST,
                records.ids["recipient_id"] if name == "recipients" else records.monitors["email-round-trip"],
            )
            for name, each in value.items()
        }
    return value


def _replaced(value: Any, old: object, new: object) -> Any:  # Any: JSON of any shape
    if isinstance(value, dict):
        return {name: _replaced(each, old, new) for name, each in value.items()}
    if isinstance(value, list):
        return [_replaced(each, old, new) for each in value]
    return new if value == old else value
