"""`/api/v1/tokens`: what programs show instead of logging in."""

import hashlib
import re
from datetime import timedelta
from typing import Any

import pytest
import requests
from sqlalchemy import select
from tests.api.harness import OPERATOR, PASSWORD, Server, email_of, messages
from tests.api.walk import Walker, make_records, operations, required_query

from mailtrip.api.scopes import scope_of
from mailtrip.model import Role, Scope
from mailtrip.service import api_tokens
from mailtrip.store.user_schema import api_tokens as token_rows

TOKENS = "/api/v1/tokens"
MONITORS = "/api/v3/monitors"


def make(server: Server, *, by: Role = Role.ADMIN, **fields: object) -> dict[str, str]:
    """Make a token: its id and its text."""
    response = server.post(TOKENS, role=by, json={"name": "Script"} | fields)
    assert response.status_code == 201, response.text
    return dict(response.json())


def call(server: Server, token: str, method: str, path: str, **options: object) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return server.call(method, path, role=None, headers=headers, **options)


def listed(server: Server, role: Role = Role.ADMIN) -> list[Any]:  # Any: JSON of any shape
    return list(server.get(TOKENS, role=role).json()["results"])


def test_a_token_has_a_prefix_that_scanners_find_and_is_accepted_as_bearer(server: Server) -> None:
    made = make(server)
    assert re.fullmatch("mt_[0-9a-f]{40}", made["token"])
    assert call(server, made["token"], "GET", MONITORS).status_code == 200


def test_only_the_sha_256_of_a_token_is_kept_and_its_text_is_shown_once(server: Server) -> None:
    made = make(server)
    [row] = server.database.read(lambda connection: connection.execute(select(token_rows)).all())
    assert row.digest == hashlib.sha256(made["token"].encode()).digest()
    assert made["token"] not in str(row)
    assert made["token"] not in server.get(TOKENS).text


def test_tokens_are_listed_with_who_made_them_and_what_they_may(server: Server) -> None:
    made = make(
        server,
        by=Role.POWER_USER,
        role="User",
        scopes=["runs:test", "monitors:read"],
        expires_at="2036-01-01T00:00:00Z",
    )
    [found] = listed(server)
    assert found == {
        "id": int(made["id"]),
        "name": "Script",
        "role": "User",
        "scopes": ["monitors:read", "runs:test"],
        "expires_at": "2036-01-01T00:00:00Z",
        "made_by": email_of(Role.POWER_USER),
        "created_at": found["created_at"],
        "last_used_at": None,
    }


def test_a_token_has_its_makers_role_and_never_ends_unless_told(server: Server) -> None:
    make(server, by=Role.POWER_USER)
    [found] = listed(server)
    assert (found["role"], found["scopes"], found["expires_at"]) == ("Power User", None, None)


@pytest.mark.parametrize("role", Role)
def test_a_tokens_role_is_never_above_its_makers(server: Server, role: Role) -> None:
    for wanted in Role:
        response = server.post(TOKENS, role=role, json={"name": "x", "role": wanted})
        assert response.status_code == (403 if list(Role).index(wanted) < list(Role).index(role) else 201)


def test_a_read_only_token_of_an_admin_changes_nothing(server: Server) -> None:
    token = make(server, role="READONLY")["token"]
    assert call(server, token, "GET", MONITORS).status_code == 200
    assert call(server, token, "POST", f"{MONITORS}/email-round-trip", json={}).status_code == 403
    assert call(server, token, "GET", "/api/v3/users").status_code == 403


def test_a_token_has_no_more_than_its_maker_has_now(server: Server) -> None:
    token = make(server, by=Role.POWER_USER)["token"]
    assert call(server, token, "POST", f"{MONITORS}/email-round-trip", json={}).status_code == 400
    guid = next(user["guid"] for user in server.get("/api/v3/users").json()["results"] if user["role"] == "Power User")
    server.patch(f"/api/v3/users/{guid}", json={"role": "READONLY"})
    assert call(server, token, "POST", f"{MONITORS}/email-round-trip", json={}).status_code == 403


def test_a_token_ends_with_the_user_who_made_it_but_not_with_a_new_password(server: Server) -> None:
    token = make(server, by=Role.USER)["token"]
    guid = next(user["guid"] for user in server.get("/api/v3/users").json()["results"] if user["role"] == "User")
    server.patch(f"/api/v3/users/{guid}", json={"password": "another password"})
    assert call(server, token, "GET", MONITORS).status_code == 200
    server.delete(f"/api/v3/users/{guid}")
    assert messages(call(server, token, "GET", MONITORS)) == ["invalid_token - unknown"]
    assert listed(server) == []


def test_a_token_ends_when_it_is_told_to(server: Server) -> None:
    now = server.clock.now()
    token = make(server, expires_at=f"{now + timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}")["token"]
    server.clock.move(timedelta(days=1).total_seconds())
    assert call(server, token, "GET", MONITORS).status_code == 200
    server.clock.move(timedelta(days=1).total_seconds())
    assert messages(call(server, token, "GET", MONITORS)) == ["invalid_token - expired"]


def test_a_revoked_token_ends_at_once(server: Server) -> None:
    made = make(server)
    assert server.delete(f"{TOKENS}/{made['id']}").status_code == 204
    assert messages(call(server, made["token"], "GET", MONITORS)) == ["invalid_token - unknown"]
    assert server.delete(f"{TOKENS}/{made['id']}").status_code == 404


@pytest.mark.parametrize("token", ["mt_", "mt_" + "0" * 40, "mt_" + "g" * 40, "mt_" + "0" * 39, "MT_" + "0" * 40])
def test_what_is_no_token_is_unknown(server: Server, token: str) -> None:
    assert messages(call(server, token, "GET", MONITORS)) == ["invalid_token - unknown"]


def test_users_see_and_revoke_their_own_tokens_and_managers_all_of_the_account(server: Server) -> None:
    own = make(server, by=Role.USER)["id"]
    other = make(server, by=Role.POWER_USER)["id"]
    assert [str(each["id"]) for each in listed(server, Role.USER)] == [own]
    assert [str(each["id"]) for each in listed(server, Role.CO_ADMIN)] == [own, other]
    assert server.delete(f"{TOKENS}/{other}", role=Role.USER).status_code == 404
    assert server.delete(f"{TOKENS}/{own}", role=Role.USER).status_code == 204
    assert server.delete(f"{TOKENS}/{other}", role=Role.CO_ADMIN).status_code == 204


def test_a_token_sees_and_revokes_itself_and_no_other_of_its_makers(server: Server) -> None:
    leaked, other = make(server, role="READONLY"), make(server, role="READONLY")
    found = call(server, leaked["token"], "GET", TOKENS).json()["results"]
    assert [str(each["id"]) for each in found] == [leaked["id"]]
    assert call(server, leaked["token"], "DELETE", f"{TOKENS}/{other['id']}").status_code == 404
    assert call(server, leaked["token"], "DELETE", f"{TOKENS}/{leaked['id']}").status_code == 204
    assert [str(each["id"]) for each in listed(server)] == [other["id"]]


def test_a_co_admin_does_not_revoke_what_has_role_admin(server: Server) -> None:
    made = make(server)
    assert messages(server.delete(f"{TOKENS}/{made['id']}", role=Role.CO_ADMIN)) == [
        "access_denied - this needs role Admin"
    ]


def test_a_token_can_not_make_others_nor_log_out(server: Server) -> None:
    token = make(server)["token"]
    assert call(server, token, "POST", TOKENS, json={"name": "x"}).status_code == 403
    assert call(server, token, "DELETE", "/api/v3/access-tokens").status_code == 403
    assert call(server, token, "GET", MONITORS).status_code == 200


def test_a_token_of_the_operator_is_listed_without_a_maker_and_stays_with_nobody(server: Server) -> None:
    _, token = server.database.write(
        lambda connection: api_tokens.create(
            connection, OPERATOR, name="cli", role=Role.READ_ONLY, now=server.clock.now()
        )
    )
    assert call(server, token, "GET", MONITORS).status_code == 200
    assert [each["made_by"] for each in listed(server)] == [None]
    assert listed(server, Role.USER) == []
    assert [each["name"] for each in call(server, token, "GET", TOKENS).json()["results"]] == ["cli"]


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"name": None}, "name: "),
        ({"name": " "}, "name: is blank"),
        ({"role": "King"}, "role: must be one of"),
        ({"scopes": []}, "scopes: has 0 items"),
        ({"scopes": ["everything"]}, "scopes: item 0 must be one of monitors:read"),
        ({"expires_at": "2000-01-01T00:00:00Z"}, "expires_at: is not in the future"),
        ({"expires_at": "tomorrow"}, "expires_at: must be a time like"),
    ],
)
def test_what_is_wrong_with_a_token_is_told(server: Server, fields: dict[str, object], fault: str) -> None:
    response = server.post(TOKENS, json={"name": "x"} | fields)
    assert response.status_code == 400
    [message] = messages(response)
    assert message.startswith(f"invalid_request - {fault}")


def test_the_last_use_is_noted_in_memory_and_shown_once_it_is_stored(server: Server) -> None:
    made = make(server)
    call(server, made["token"], "GET", MONITORS)
    assert listed(server)[0]["last_used_at"] is None
    uses = server.services.token_uses.take()
    assert uses == {int(made["id"]): server.clock.now()}
    server.database.write(lambda connection: api_tokens.store_uses(connection, uses))
    assert listed(server)[0]["last_used_at"] == f"{server.clock.now():%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize("scope", Scope)
def test_a_scope_opens_the_operations_that_need_it_and_no_other(server: Server, scope: Scope) -> None:
    owner = Walker(server, server.tokens[Role.ADMIN], email_of(Role.ADMIN))
    records = make_records(owner, word="own", customer=1)
    caller = Walker(server, make(server, scopes=[scope])["token"], email_of(Role.ADMIN), PASSWORD)
    opened = []
    for operation in operations(server):
        if operation.needs_login != "AccessToken":
            continue
        query = required_query(operation, records)
        response = caller.call(operation, records.path(operation), query=query, body=operation.body)
        tag = operation.about["tags"][0]
        is_open = scope_of(operation.name, tag, operation.method) is scope
        assert (response.status_code != 403) == is_open, f"{operation.name}: {response.text}"
        opened += [operation.name] if is_open else []
    assert opened


def test_an_operation_of_an_unknown_area_is_in_no_scope() -> None:
    assert scope_of("read_something", "something new", "GET") is None
    assert scope_of("read_something", None, "GET") is None


def test_a_token_is_refused_by_its_scope_with_the_scopes_name(server: Server) -> None:
    token = make(server, scopes=["monitors:read"])["token"]
    assert messages(call(server, token, "POST", f"{MONITORS}/email-round-trip", json={})) == [
        "access_denied - this needs scope monitors:write"
    ]
    assert messages(call(server, token, "GET", "/api/v3/users")) == [
        "access_denied - a token with scopes can't do this"
    ]


def test_a_token_does_not_open_the_older_report_api(server: Server) -> None:
    token = make(server)["token"]
    path = "/report-api/sitestatus/1?api_version=2&format=json"
    assert call(server, token, "GET", path).status_code == 401


def test_a_thousand_tokens_are_the_most_of_an_account(server: Server) -> None:
    common = {"account_id": 1, "name": "x", "role": Role.USER, "created_at": server.clock.now()}
    rows = [common | {"digest": number.to_bytes(32)} for number in range(1000)]
    server.database.write(lambda connection: connection.execute(token_rows.insert(), rows))
    response = server.post(TOKENS, json={"name": "x"})
    assert messages(response) == ["invalid_request - account: has 1000 API tokens, as many as it may have; revoke some"]
