"""`/users`: as a known client of the vendor calls it (alertsite-v3.md, 1.8), and what we add."""

import re
from typing import Any

import pytest
import requests
from tests.api.harness import PASSWORD, Server, email_of, messages

from mailtrip.model import Role

USERS = "/api/v3/users"
CLIENT_BODY = {
    "email": "ada.lovelace@example.com",
    "first_name": "ada",
    "last_name": "lovelace",
    "password": "abcdefghijkl",
    "work_phone": "5551234",
    "role": "READONLY",
}
"""What the client sends."""


def make(server: Server, **fields: object) -> str:
    """Make a user, and give the guid; a None leaves a field of the usual body out."""
    response = server.post(
        USERS, json={name: value for name, value in (CLIENT_BODY | fields).items() if value is not None}
    )
    assert response.status_code == 200, response.text
    return str(response.json()["id"])


def read(server: Server, guid: str) -> Any:  # Any: JSON of any shape
    response = server.get(f"{USERS}/{guid}")
    assert response.status_code == 200, response.text
    return response.json()


def log_in(server: Server, email: str, password: str) -> requests.Response:
    return server.post("/api/v3/access-tokens", role=None, json={"username": email, "password": password})


def guid_of(server: Server, role: Role) -> str:
    found = server.get(USERS).json()["results"]
    return next(str(user["guid"]) for user in found if user["email"] == email_of(role))


def test_a_user_is_created_with_what_the_known_client_sends_and_the_answer_has_an_id(server: Server) -> None:
    response = server.post(USERS, json=CLIENT_BODY)
    assert response.status_code == 200
    assert re.fullmatch("[0-9a-f]{32}", response.json()["id"])
    assert "X-Mailtrip-Ignored-Fields" not in response.headers


def test_the_known_client_finds_the_guid_by_the_address_in_the_list(server: Server) -> None:
    guid = make(server)
    results = server.get(USERS, json={}).json()["results"]
    assert [user["guid"] for user in results if user["email"].casefold() == CLIENT_BODY["email"]] == [guid]


def test_the_known_client_deletes_a_user_by_guid_with_a_body_and_is_answered_204(server: Server) -> None:
    guid = make(server)
    assert server.delete(f"{USERS}/{guid}", json={}).status_code == 204
    assert server.get(f"{USERS}/{guid}").status_code == 404


def test_a_user_is_read_as_made_and_the_password_is_never_shown(server: Server) -> None:
    guid = make(server)
    expected = {name: value for name, value in CLIENT_BODY.items() if name != "password"}
    expected |= {"guid": guid, "date_added": "2026-01-01T00:00:00Z"}
    found = read(server, guid)
    assert found == expected | {
        "monitor_access": {"default": "Edit", "monitors": []},
        "enabled": True,
        "date_added": found["date_added"],
    }
    assert CLIENT_BODY["password"] not in server.get(USERS).text


def test_a_new_user_can_log_in_at_once_with_the_role_given(server: Server) -> None:
    make(server)
    token = log_in(server, "ADA.lovelace@example.com", CLIENT_BODY["password"]).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert server.get("/api/v3/monitors", role=None, headers=headers).status_code == 200
    refused = server.post("/api/v3/monitors/email-round-trip", role=None, headers=headers, json={})
    assert refused.status_code == 403


def test_only_address_and_password_are_required_and_the_role_is_user_unless_given(server: Server) -> None:
    guid = make(server, first_name=None, last_name=None, work_phone=None, role=None)
    found = read(server, guid)
    assert (found["role"], found["first_name"], found["last_name"], found["work_phone"]) == ("User", None, None, None)


def test_all_faults_of_a_user_are_told_at_once(server: Server) -> None:
    response = server.post(USERS, json={"email": "nobody", "password": "short", "role": "King", "monitor_access": []})
    found = messages(response)
    assert response.status_code == 400
    assert [text.split(":")[0] for text in found] == [
        "invalid_request - password",
        "invalid_request - role",
        "invalid_request - monitor_access",
        "invalid_request - email",
    ]
    assert "short" not in response.text


def test_missing_address_and_password_are_both_named(server: Server) -> None:
    assert messages(server.post(USERS, json={})) == [
        "invalid_request - email: is required",
        "invalid_request - password: is required",
    ]


def test_an_address_is_taken_in_any_case(server: Server) -> None:
    make(server)
    response = server.post(USERS, json=CLIENT_BODY | {"email": "ADA.LOVELACE@example.com"})
    assert messages(response) == ['invalid_request - email: "ADA.LOVELACE@example.com" is taken; use another address']


def test_a_patch_changes_what_it_names_and_the_address_stays(server: Server) -> None:
    guid = make(server)
    response = server.patch(
        f"{USERS}/{guid}", json={"role": "Power User", "first_name": None, "email": "b@example.com"}
    )
    assert response.json() == {"id": guid}
    assert response.headers["X-Mailtrip-Ignored-Fields"] == "email"
    found = read(server, guid)
    assert (found["role"], found["first_name"], found["last_name"]) == ("Power User", None, "lovelace")
    assert found["email"] == CLIENT_BODY["email"]


def test_a_new_password_ends_the_users_access_tokens(server: Server) -> None:
    guid = guid_of(server, Role.USER)
    assert server.get("/api/v3/monitors", role=Role.USER).status_code == 200
    assert server.patch(f"{USERS}/{guid}", json={"password": "another password"}).status_code == 200
    assert server.get("/api/v3/monitors", role=Role.USER).status_code == 401
    assert log_in(server, email_of(Role.USER), PASSWORD).status_code == 400
    assert log_in(server, email_of(Role.USER), "another password").status_code == 200


def test_another_role_holds_at_once_for_tokens_that_are_there(server: Server) -> None:
    guid = guid_of(server, Role.POWER_USER)
    server.patch(f"{USERS}/{guid}", json={"role": "READONLY"})
    assert server.post("/api/v3/monitors/email-round-trip", role=Role.POWER_USER, json={}).status_code == 403


def test_a_removed_users_tokens_end(server: Server) -> None:
    assert server.delete(f"{USERS}/{guid_of(server, Role.USER)}").status_code == 204
    assert server.get("/api/v3/monitors", role=Role.USER).status_code == 401


def test_a_disabled_user_is_answered_as_one_with_a_wrong_password(server: Server) -> None:
    guid = make(server)
    login = (CLIENT_BODY["email"], CLIENT_BODY["password"])
    headers = {"Authorization": f"Bearer {log_in(server, *login).json()['access_token']}"}

    assert server.patch(f"{USERS}/{guid}", json={"enabled": False}).status_code == 200

    assert read(server, guid)["enabled"] is False
    assert server.get("/api/v3/monitors", role=None, headers=headers).status_code == 401
    refused, wrong = log_in(server, *login), log_in(server, login[0], "wrong wrong")
    assert (refused.status_code, messages(refused)) == (wrong.status_code, messages(wrong))
    server.patch(f"{USERS}/{guid}", json={"enabled": "true"})
    assert log_in(server, *login).status_code == 200


def test_the_last_admin_can_not_be_removed_disabled_or_demoted(server: Server) -> None:
    guid = guid_of(server, Role.ADMIN)
    edits = ({"role": "User"}, {"enabled": False})
    for response in (
        server.delete(f"{USERS}/{guid}"),
        *(server.patch(f"{USERS}/{guid}", json=body) for body in edits),
    ):
        assert response.status_code == 400
        assert "is the last Admin and has to stay; make another Admin first" in response.text
    assert read(server, guid)["role"] == "Admin"


@pytest.mark.parametrize("body", [{"role": "Admin"}, {"password": "another password"}])
def test_a_co_admin_has_no_power_over_admins(server: Server, body: dict[str, str]) -> None:
    guid = guid_of(server, Role.ADMIN)
    assert messages(server.patch(f"{USERS}/{guid}", role=Role.CO_ADMIN, json=body)) == [
        "access_denied - this needs role Admin"
    ]
    assert server.delete(f"{USERS}/{guid}", role=Role.CO_ADMIN).status_code == 403
    assert server.post(USERS, role=Role.CO_ADMIN, json=CLIENT_BODY | {"role": "Admin"}).status_code == 403


@pytest.mark.parametrize("guid", ["0" * 32, "100001", "x", "F" * 32])
def test_an_unknown_guid_is_not_found(server: Server, guid: str) -> None:
    for response in (
        server.get(f"{USERS}/{guid}"),
        server.patch(f"{USERS}/{guid}", json={}),
        server.delete(f"{USERS}/{guid}"),
    ):
        assert messages(response) == ["Record not found"]


def test_users_are_listed_by_age_in_pages_with_chosen_fields(server: Server) -> None:
    response = server.get(f"{USERS}?limit=2&offset=1&select=email,role")
    assert response.json()["metadata"]["resultset"] == {"count": 5, "limit": "2", "offset": "1"}
    assert response.json()["results"] == [
        {"email": email_of(Role.CO_ADMIN), "role": "Co-Admin"},
        {"email": email_of(Role.POWER_USER), "role": "Power User"},
    ]


def test_a_method_that_users_do_not_know_is_told_with_those_they_know(server: Server) -> None:
    response = server.call("PUT", f"{USERS}/{'0' * 32}")
    assert response.status_code == 405
    assert response.headers["Allow"] == "DELETE, GET, PATCH"


def test_access_to_monitors_is_read_as_given_and_replaced_as_a_whole(server: Server) -> None:
    guid, monitor_id = make(server), server.create()
    access = {"default": "None", "monitors": [{"id": monitor_id, "access": "View"}]}
    server.patch(f"{USERS}/{guid}", json={"monitor_access": access})
    assert read(server, guid)["monitor_access"] == access
    server.patch(f"{USERS}/{guid}", json={"monitor_access": {"default": "View"}})
    assert read(server, guid)["monitor_access"] == {"default": "View", "monitors": []}
    server.patch(f"{USERS}/{guid}", json={"monitor_access": None})
    assert read(server, guid)["monitor_access"] == {"default": "Edit", "monitors": []}


def test_access_is_taken_as_it_was_read_also_when_a_monitor_is_gone(server: Server) -> None:
    guid, monitor_id = make(server), server.create()
    access = {"default": "View", "monitors": [{"id": monitor_id, "access": "Edit"}]}
    server.patch(f"{USERS}/{guid}", json={"monitor_access": access})
    server.delete(f"/api/v3/monitors/{monitor_id}")
    response = server.patch(f"{USERS}/{guid}", json=read(server, guid) | {"last_name": "byron"})
    assert response.status_code == 200, response.text
    assert (read(server, guid)["monitor_access"], read(server, guid)["last_name"]) == (access, "byron")


@pytest.mark.parametrize(
    ("access", "fault"),
    [
        ({"default": "Maybe"}, 'default must be one of Edit, View, None, not "Maybe"'),
        ({"default": "View", "view": [1]}, 'has "view" in it; it takes "default" and "monitors"'),
        ({"monitors": 1}, "monitors must be a list, not a number"),
        ({"monitors": [1]}, "item 0 of monitors must be an object, not a number"),
        ({"monitors": [{"id": 0, "access": "View"}]}, "item 0 of monitors: id must be a whole number"),
        ({"monitors": [{"id": 1, "access": "View"}] * 2}, "names monitor 1 twice; name each once"),
        ({"monitors": [{"id": 1, "access": "View"}]}, "there is no monitor 1; name monitors of this account"),
    ],
)
def test_access_that_is_none_is_refused(server: Server, access: object, fault: str) -> None:
    response = server.post(USERS, json=CLIENT_BODY | {"monitor_access": access})
    assert len(messages(response)) == 1
    assert messages(response)[0].startswith(f"invalid_request - monitor_access: {fault}")
