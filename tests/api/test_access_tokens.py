"""Logging in and out (alertsite-v3.md, 1.3, 2, 7 and 9)."""

import json
import re
import time
from collections.abc import Callable

import pytest
from tests.api.harness import OPERATOR, PASSWORD, Server, email_of, messages

from mailtrip.errors import Unavailable
from mailtrip.model import Role
from mailtrip.service import users

TOKENS = "/api/v3/access-tokens"
LOGIN = {"username": email_of(Role.ADMIN), "password": PASSWORD}
FAILED = ["invalid_request - User authentication failed."]


def test_a_login_answers_200_with_a_token_of_32_hex_characters_and_nothing_else(server: Server) -> None:
    response = server.post(TOKENS, role=None, json=LOGIN)
    assert response.status_code == 200
    assert set(response.json()) == {"access_token"}
    assert re.fullmatch("[0-9a-f]{32}", response.json()["access_token"])


def test_a_login_works_without_a_content_type(server: Server) -> None:
    response = server.post(TOKENS, role=None, data=json.dumps(LOGIN))
    assert "Content-Type" not in response.request.headers
    assert response.status_code == 200


def test_a_token_lets_its_holder_in(server: Server) -> None:
    token = server.post(TOKENS, role=None, json=LOGIN).json()["access_token"]
    headers = {"Authorization": "Bearer " + token}
    assert server.get("/api/v3/monitors", role=None, headers=headers).status_code == 200


def test_the_login_name_is_taken_in_any_case(server: Server) -> None:
    login = LOGIN | {"username": "ADMIN@Example.com"}
    assert server.post(TOKENS, role=None, json=login).status_code == 200


def test_several_tokens_live_at_once(server: Server) -> None:
    first, second = (server.post(TOKENS, role=None, json=LOGIN).json()["access_token"] for _ in range(2))
    assert first != second
    headers = {"Authorization": f"Bearer {first}"}
    assert server.get("/api/v3/monitors", role=None, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "login", [LOGIN | {"password": "wrong"}, LOGIN | {"username": "nobody@example.com"}], ids=["password", "user"]
)
def test_a_wrong_login_is_a_400_with_the_vendors_text(server: Server, login: dict[str, str]) -> None:
    response = server.post(TOKENS, role=None, json=login)
    assert response.status_code == 400
    assert messages(response) == FAILED


def test_a_login_with_missing_and_wrong_fields_names_each(server: Server) -> None:
    response = server.post(TOKENS, role=None, json={"username": 5})
    assert messages(response) == [
        "invalid_request - username: must be text, not a number",
        "invalid_request - password: is missing; give it",
    ]


def test_ten_failed_logins_of_an_account_make_the_next_one_a_429_with_retry_after(server: Server) -> None:
    for _ in range(10):
        assert server.post(TOKENS, role=None, json=LOGIN | {"password": "wrong"}).status_code == 400
    response = server.post(TOKENS, role=None, json=LOGIN)
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "900"
    assert messages(response) == ["rate_limited - too many failed logins; try again in 900 s"]


def test_a_login_that_our_own_trouble_kept_from_being_decided_does_not_count(
    make_server: Callable[..., Server], server: Server
) -> None:
    class Away:
        async def reading(self, work: object) -> object:
            raise Unavailable("disk I/O error on /var/lib/secret-place")

    broken = make_server(database=Away(), limiter=server.services.limiter)
    for _ in range(20):
        assert broken.post(TOKENS, role=None, json=LOGIN).status_code == 503
    again = make_server(limiter=server.services.limiter)
    assert again.post(TOKENS, role=None, json=LOGIN).status_code == 200


def test_a_token_lives_for_one_hour_however_often_it_is_used(server: Server) -> None:
    server.clock.move(3599)
    assert server.get("/api/v3/monitors").status_code == 200
    server.clock.move(1)
    response = server.get("/api/v3/monitors")
    assert response.status_code == 401
    assert messages(response) == ["invalid_token - expired"]


@pytest.mark.parametrize(
    ("authorization", "word"),
    [
        (None, "missing"),
        ("", "missing"),
        ("Bearer", "missing"),
        ("Bearer ", "missing"),
        ("Basic YWRtaW46cGFzcw==", "missing"),
        ("Bearer " + "0" * 32, "unknown"),
        ("Bearer not-a-token", "unknown"),
        ("Bearer " + "A" * 32, "unknown"),
        ("Bearer \xe9", "unknown"),
    ],
)
def test_a_missing_or_unknown_token_is_a_401_with_www_authenticate(
    server: Server, authorization: str | None, word: str
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    response = server.get("/api/v3/monitors", role=None, headers=headers)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert messages(response) == [f"invalid_token - {word}"]


def test_a_token_is_looked_at_before_the_request_is_judged(server: Server) -> None:
    headers = {"Authorization": "Bearer " + "0" * 32}
    for method, path in [("GET", "/api/v3/monitors?limit=0"), ("POST", "/api/v3/monitors/email-round-trip")]:
        assert server.call(method, path, role=None, headers=headers, data=b"{").status_code == 401


def test_a_log_out_ends_the_callers_own_token_only(server: Server) -> None:
    response = server.delete(TOKENS)
    assert response.status_code == 204
    assert response.content == b""
    assert messages(server.get("/api/v3/monitors")) == ["invalid_token - unknown"]
    assert server.get("/api/v3/monitors", role=Role.CO_ADMIN).status_code == 200


def test_a_log_out_needs_a_token(server: Server) -> None:
    assert server.delete(TOKENS, role=None).status_code == 401


def test_a_change_of_the_password_ends_the_tokens(server: Server) -> None:
    found = {user.email: user for user in server.database.read(lambda connection: users.list_all(connection, OPERATOR))}
    user_id = found[email_of(Role.USER)].id
    new = users.hash_password("another password")
    server.database.write(
        lambda connection: users.set_password(connection, OPERATOR, user_id, password=new, now=server.clock.now())
    )
    assert server.get("/api/v3/monitors", role=Role.USER).status_code == 401


def test_the_removal_of_a_user_ends_the_tokens(server: Server) -> None:
    found = {user.email: user for user in server.database.read(lambda connection: users.list_all(connection, OPERATOR))}
    user_id = found[email_of(Role.USER)].id
    server.database.write(lambda connection: users.remove(connection, OPERATOR, user_id, now=server.clock.now()))
    assert server.get("/api/v3/monitors", role=Role.USER).status_code == 401


def test_a_wrong_login_takes_as_long_for_a_user_who_is_not_there(server: Server) -> None:
    def seconds(username: str) -> float:
        begun = time.perf_counter()
        server.post(TOKENS, role=None, json={"username": username, "password": "wrong"})
        return time.perf_counter() - begun

    pairs = [(seconds(email_of(Role.ADMIN)), seconds(f"nobody{number}@example.com")) for number in range(5)]
    known, unknown = (min(times) for times in zip(*pairs, strict=True))
    assert 0.5 < known / unknown < 2
