"""Idempotency-Key: a create that is sent again makes nothing again (alertsite-v3.md, 9: our own)."""

import socket

import pytest
import requests
from tests.api.harness import MONITOR, Server, messages

from mailtrip.model import Role

KEY = '"8e03978e-40d5-43e8-bc93-6894a57f9324"'
MONITORS = "/api/v3/monitors/email-round-trip"
WEEKLY = {"type": "Monitor", "start_day": 1, "start_time": "01:00", "end_day": 1, "end_time": "02:00"}
SLA = {"monitor_id": 100001, "name": "x", "availability": 99, "response_time": 5}
CHECK = {"billing_plancode": "UBM", "name": "x", "hostname": "mail.example.com"}
APPENDED = {
    "monitors": [100001],
    "update_exclusions": True,
    "update_exclusions_action": "append",
    "exclusions": [{"from_date": "2026-01-31 12:00:00", "thru_date": "2026-01-31 13:30:00"}],
}
EDITION = {
    "monitors": [100001],
    "update_one_time": False,
    "update_persistent": True,
    "update_persistent_action": "append",
    "persistent_blackouts": [WEEKLY],
}


def create(
    server: Server, key: str = KEY, path: str = MONITORS, body: object = MONITOR, **options: object
) -> requests.Response:
    return server.post(path, json=body, headers={"Idempotency-Key": key}, **options)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (MONITORS, MONITOR),
        ("/api/v3/monitors/email-smtp", CHECK),
        ("/api/v3/monitors/email-pop", CHECK),
        ("/api/v3/monitors/email-imap", CHECK),
        ("/api/v3/recipients", {"method_id": 12, "recipient": "devops@example.com", "colour": "red"}),
        ("/api/v3/notifier-groups", {"name": "x", "monitors": [100001], "recipients": [100001]}),
        ("/api/v3/slas", SLA),
        ("/api/v3/blackouts", WEEKLY | {"assoc_id": 100001}),
        ("/api/v3/blackouts/bulk-edit", EDITION),
        ("/api/v3/slas/bulk-edit", APPENDED),
        ("/api/v3/users", {"email": "new@example.com", "password": "long-enough-1", "role": "User"}),
    ],
)
def test_each_create_that_is_sent_again_gets_the_same_answer(server: Server, path: str, body: object) -> None:
    server.create()
    server.post("/api/v3/recipients", json={"method_id": 12, "recipient": "a@example.com"})
    if body is APPENDED:
        server.post("/api/v3/slas", json=SLA)
    first, again = create(server, path=path, body=body), create(server, path=path, body=body)
    assert first.status_code == 200, first.text
    assert (again.status_code, again.content) == (first.status_code, first.content)
    ignored = "X-Mailtrip-Ignored-Fields"
    assert again.headers.get(ignored) == first.headers.get(ignored)
    assert ("Idempotent-Replayed" in first.headers, again.headers["Idempotent-Replayed"]) == (False, "true")
    assert "ETag" not in again.headers


def test_a_key_may_be_quoted_or_bare(server: Server) -> None:
    assert create(server, '"a-1"').json() == create(server, "a-1").json()


def test_without_a_key_each_create_makes_something(server: Server) -> None:
    assert server.create() != server.create()


def test_another_body_with_the_same_key_is_refused(server: Server) -> None:
    create(server)
    response = create(server, body=MONITOR | {"name": "Other"})
    assert response.status_code == 422
    [text] = messages(response)
    assert text.startswith(
        "key_reused - Idempotency-Key: was used for another request; take a new key for this one, or "
    )


def test_a_create_that_was_refused_may_be_mended_under_the_same_key(server: Server) -> None:
    assert create(server, body=MONITOR | {"email": "nonsense"}).status_code == 400
    response = create(server)
    assert (response.status_code, "Idempotent-Replayed" in response.headers) == (200, False)


@pytest.mark.parametrize("key", ["", '""', "a b", "ä", '"a', "a,b", "x" * 129, '"' + "x" * 129 + '"'])
def test_a_key_has_1_to_128_plain_characters(server: Server, key: str) -> None:
    response = create(server, key.encode("latin-1"))  # type: ignore[arg-type]  # requests takes bytes, too
    assert response.status_code == 400
    [text] = messages(response)
    assert text.startswith("invalid_request - Idempotency-Key: must be given once: 1 to 128 letters, digits and ")


def test_two_keys_are_refused(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=10) as connection:
        head = f"POST {MONITORS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.tokens[Role.ADMIN]}\r\n"
        head += "Idempotency-Key: a\r\nIdempotency-Key: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
        connection.sendall(head.encode())
        assert connection.recv(12) == b"HTTP/1.1 400"


def test_who_has_no_token_learns_nothing_of_keys(server: Server) -> None:
    assert create(server, "a b", role=None).status_code == 401
    create(server)
    assert create(server, role=Role.READ_ONLY).status_code == 403


def test_users_do_not_share_keys(server: Server) -> None:
    first = create(server).json()
    assert create(server, role=Role.CO_ADMIN).json() != first


def test_a_key_is_free_again_after_24_hours(server: Server) -> None:
    first = create(server).json()
    server.clock.move(24 * 3600 + 1)
    token = server.post("/api/v3/access-tokens", json={"username": "admin@example.com", "password": "pa55w0rd"}).json()
    server.tokens = server.tokens | {Role.ADMIN: token["access_token"]}
    assert create(server).json() != first
