"""How bodies are read (alertsite-v3.md, 7.8, 7.9, 7.11 and 9)."""

import json
import socket
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from tests.api.harness import MONITOR, Server, messages

from mailtrip.model import Role

CREATE = "/api/v3/monitors/email-round-trip"
MIB = 1_048_576


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded", "nonsense", ""])
def test_a_body_is_parsed_as_json_whatever_its_content_type_says(server: Server, content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    assert server.post(CREATE, data=json.dumps(MONITOR), headers=headers).status_code == 200


def test_no_body_on_a_patch_changes_nothing(server: Server) -> None:
    monitor_id = server.create()
    before = server.stored(monitor_id).settings
    response = server.patch(f"{CREATE}/{monitor_id}")
    assert response.status_code == 200
    assert response.json() == {"id": str(monitor_id)}
    assert server.stored(monitor_id).settings == before


@pytest.mark.parametrize("body", [b"{}", b"garbage", b'{"interval": 3}'])
def test_a_body_on_get_and_delete_is_ignored(server: Server, body: bytes) -> None:
    monitor_id = server.create()
    path = f"/api/v3/monitors/{monitor_id}"
    assert server.get(path, data=body).json()["interval"] == 15
    assert server.delete(path, data=body).status_code == 204


def test_unknown_fields_are_ignored_and_named_in_a_header(server: Server) -> None:
    response = server.post(CREATE, json=MONITOR | {"pop_hostname": 1, "url": "http://example.com"})
    assert response.status_code == 200
    assert response.headers["X-Mailtrip-Ignored-Fields"] == "pop_hostname, url"


def test_a_body_without_unknown_fields_has_no_such_header(server: Server) -> None:
    assert "X-Mailtrip-Ignored-Fields" not in server.post(CREATE, json=MONITOR).headers


def test_names_of_ignored_fields_are_fit_for_a_header(server: Server) -> None:
    wild = {"a\r\nSet-Cookie: b": 1, "": 1, "x" * 200: 1, "größe": 1}
    named = server.post(CREATE, json=MONITOR | wild).headers["X-Mailtrip-Ignored-Fields"]
    assert named == 'a%0D%0ASet-Cookie%3A%20b, "", ' + "x" * 64 + ", gr%C3%B6%C3%9Fe"


def test_at_most_twenty_ignored_fields_are_named(server: Server) -> None:
    many = {f"field{number}": 1 for number in range(25)}
    named = server.post(CREATE, json=MONITOR | many).headers["X-Mailtrip-Ignored-Fields"].split(", ")
    assert named == [f"field{number}" for number in range(20)] + ["and 5 more"]


def test_read_only_fields_that_clients_send_are_tolerated_without_a_word(server: Server) -> None:
    monitor_id = server.create()
    sent = server.get(f"/api/v3/monitors/{monitor_id}").json() | {"site_type": "email", "type": "website"}
    response = server.patch(f"{CREATE}/{monitor_id}", json=sent)
    assert response.status_code == 200
    assert "X-Mailtrip-Ignored-Fields" not in response.headers


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"{", "is not valid JSON: Expecting property name enclosed in double quotes (line 1, column 2)"),
        (b"'", "is not valid JSON: Expecting value (line 1, column 1)"),
        (b'{"a": 1,}', None),
        (b"[]", "must be a JSON object, not a list"),
        (b"null", "must be a JSON object, not null"),
        (b"5", "must be a JSON object, not a number"),
        (b'"text"', "must be a JSON object, not text"),
        (b"true", "must be a JSON object, not a boolean"),
        (b'{"interval": NaN}', "holds NaN, which is no JSON"),
        (b'{"interval": -Infinity}', "holds -Infinity, which is no JSON"),
        (b'{"interval": 1, "interval": 2}', 'has the key "interval" twice; give it once'),
        (b'{"locations": [{"id": 1, "id": 2}]}', 'has the key "id" twice; give it once'),
        (b'{"name": "\xff"}', "is not UTF-8 (byte 10)"),
        ('{"name": "x"}'.encode("utf-16"), "is not UTF-8 (byte 0)"),
        (b'{"interval": ' + b"9" * 5000 + b"}", None),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "is nested too deeply"),
        (b"[" * 100_000, "is nested too deeply"),
    ],
)
def test_a_body_that_is_no_json_object_is_a_400(server: Server, body: bytes, fault: str | None) -> None:
    monitor_id = server.create()
    for method, path in [("POST", CREATE), ("PATCH", f"{CREATE}/{monitor_id}")]:
        response = server.call(method, path, data=body)
        assert response.status_code == 400
        [message] = messages(response)
        assert message.startswith("invalid_request - body: ")
        assert fault is None or message == f"invalid_request - body: {fault}"


def test_a_byte_order_mark_is_tolerated(server: Server) -> None:
    assert server.post(CREATE, data=b"\xef\xbb\xbf" + json.dumps(MONITOR).encode()).status_code == 200


def test_half_a_surrogate_pair_is_refused_and_not_stored(server: Server) -> None:
    response = server.post(CREATE, data=json.dumps(MONITOR | {"name": "\ud800"}))
    assert messages(response) == ["invalid_request - name: has half of a surrogate pair in it; write valid Unicode"]


def test_a_body_of_exactly_one_mib_is_taken(server: Server) -> None:
    body = json.dumps(MONITOR | {"filler": ""})
    body = json.dumps(MONITOR | {"filler": "x" * (MIB - len(body))})
    assert len(body) == MIB
    assert server.post(CREATE, data=body).status_code == 200


@pytest.mark.parametrize("path", [CREATE, "/api/v3/access-tokens"])
def test_a_body_above_one_mib_is_a_413(server: Server, path: str) -> None:
    response = server.post(path, data=b" " * (MIB + 1))
    assert response.status_code == 413
    assert messages(response) == ["too_large - body: is above 1048576 bytes (1 MiB); send less"]


def test_a_body_without_a_length_is_counted_as_it_comes(server: Server) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(17):
            yield b" " * 65_536

    assert server.post(CREATE, data=chunks()).status_code == 413


def test_a_chunked_body_is_read_like_any_other(server: Server) -> None:
    def chunks() -> Iterator[bytes]:
        for byte in json.dumps(MONITOR).encode():
            yield bytes([byte])

    assert server.post(CREATE, data=chunks()).status_code == 200


def test_an_announced_body_above_one_mib_is_refused_before_it_comes(server: Server) -> None:
    head = _head(server, f"POST {CREATE} HTTP/1.1", "Content-Length: 99999999999")
    assert b"413" in _exchange(server, head).split(b"\r\n")[0]


def test_a_body_that_does_not_come_in_time_is_a_408(make_server: Callable[..., Server]) -> None:
    server = make_server(body_seconds=0.3)
    head = _head(server, f"POST {CREATE} HTTP/1.1", "Content-Length: 100")
    answer = _exchange(server, head + b'{"name":')
    assert b" 408 " in answer.split(b"\r\n")[0]
    assert b'"errors"' in answer


def test_a_client_that_goes_away_in_the_middle_of_a_body_harms_nobody(server: Server) -> None:
    with _connected(server) as connection:
        connection.sendall(_head(server, f"POST {CREATE} HTTP/1.1", "Content-Length: 100") + b'{"name":')
    assert server.get("/api/v3/monitors").json()["results"] == []


def test_more_bytes_than_announced_are_no_part_of_the_body(server: Server) -> None:
    monitor_id = server.create()
    head = _head(server, f"PATCH {CREATE}/{monitor_id} HTTP/1.1", "Content-Length: 2")
    assert b" 200 " in _exchange(server, head + b'{}"interval": 1}').split(b"\r\n")[0]
    assert server.get(f"/api/v3/monitors/{monitor_id}").json()["interval"] == 15


def _head(server: Server, *lines: str) -> bytes:
    headers = ("Host: localhost", f"Authorization: Bearer {server.tokens[Role.ADMIN]}")
    return "\r\n".join([lines[0], *headers, *lines[1:], "", ""]).encode()


def _connected(server: Server) -> socket.socket:
    address = urlsplit(server.url)
    return socket.create_connection((address.hostname or "", address.port or 0), timeout=10)


def _exchange(server: Server, request: bytes) -> bytes:
    with _connected(server) as connection:
        connection.sendall(request)
        return connection.recv(65_536)
