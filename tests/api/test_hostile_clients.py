"""Clients that speak no HTTP, too much of it, or not to its end: raw bytes over real sockets."""

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from ipaddress import ip_network

import pytest
from starlette.types import Receive, Scope, Send

from mailtrip.api.edge import Edge
from mailtrip.api.proxies import Proxies
from mailtrip.bootstrap.http_protocol import LARGEST_HEAD, Patience
from mailtrip.bootstrap.web import WebServer

GOOD = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: localhost\r\n"
SHORT = Patience(head=0.3, answer=0.3)
MIB = 1_048_576


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def messages(self) -> list[str]:
        assert self.headers["content-type"] == "application/json"
        errors = json.loads(self.body)["errors"]
        assert {error["code"] for error in errors} == {self.status}
        return [error["message"] for error in errors]


@dataclass
class Raw:
    """A server, and what its application has seen."""

    port: int
    requests: list[str]
    gone: threading.Semaphore
    server: WebServer

    @contextmanager
    def connected(self) -> Iterator[socket.socket]:
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            yield connection

    def exchange(self, *pieces: bytes) -> Answer:
        """What comes back until the server closes."""
        with self.connected() as connection:
            for piece in pieces:
                connection.sendall(piece)
            return parse(rest_of(connection))


def rest_of(connection: socket.socket) -> bytes:
    received = b""
    while data := connection.recv(65_536):
        received += data
    return received


def parse(received: bytes) -> Answer:
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    pairs = [line.split(": ", 1) for line in lines]
    return Answer(int(first.split()[1]), {name.lower(): value for name, value in pairs}, body)


@pytest.fixture
def make_raw() -> Iterator[Callable[..., Raw]]:
    """Makes a server of its own; keyword arguments are those of `WebServer`."""
    with ExitStack() as stack:

        def make(**options: object) -> Raw:
            raw: Raw

            async def app(scope: Scope, receive: Receive, send: Send) -> None:
                raw.requests.append(f"{scope['method']} {scope['path']}")
                content = b"x" * (64 * MIB) if scope["path"] == "/large" else b"{}"
                if scope["method"] == "POST":
                    message = await receive()
                    while message.get("more_body"):
                        message = await receive()
                    if message["type"] == "http.disconnect":
                        raw.gone.release()
                        return
                length = str(len(content)).encode()
                await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
                await send({"type": "http.response.body", "body": content})

            server = WebServer(Edge(app), **options)  # type: ignore[arg-type]  # options of many types
            listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            port = listening.getsockname()[1]
            raw = Raw(port=port, requests=[], gone=threading.Semaphore(0), server=server)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
            thread.start()

            def stop() -> None:
                server.should_exit = True
                thread.join(10)
                assert not thread.is_alive()

            stack.callback(stop)
            return raw

        yield make


@pytest.fixture
def raw(make_raw: Callable[..., Raw]) -> Raw:
    return make_raw()


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200) + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nBroken header\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        POST + b"Content-Length: x\r\n\r\n",
        POST + b"Content-Length: -1\r\n\r\n",
        POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        POST + b"Transfer-Encoding: gzip\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
def test_what_is_no_http_is_a_400_with_errors_and_the_connection_ends(raw: Raw, request_bytes: bytes) -> None:
    answer = raw.exchange(request_bytes)
    assert answer.status == 400
    assert answer.messages == ["invalid_request - request: is not valid HTTP/1.1; see what sends it"]
    assert answer.headers["connection"] == "close"
    assert raw.requests == []


def test_such_an_answer_has_the_headers_of_every_answer(raw: Raw) -> None:
    headers = raw.exchange(b"nonsense\r\n\r\n").headers
    assert re.fullmatch("[0-9a-f]{16}", headers["x-request-id"])
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert "server" not in headers


def test_length_and_chunks_at_once_are_read_as_chunks_and_nothing_is_smuggled(raw: Raw) -> None:
    head = POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
    smuggled = b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    raw.exchange(head + smuggled)
    assert "GET /smuggled" not in raw.requests[:1]


def test_what_the_bytes_were_is_not_repeated(raw: Raw) -> None:
    answer = raw.exchange(b"GET / HTTP/1.1\r\nAuthorization Bearer 0123secret\r\n\r\n")
    assert b"secret" not in answer.body


def head_of(size: int) -> bytes:
    begin = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Filler: "
    return begin + b"x" * (size - len(begin) - 4) + b"\r\n\r\n"


def test_a_head_of_exactly_the_bound_is_taken(raw: Raw) -> None:
    head = head_of(LARGEST_HEAD)
    assert len(head) == LARGEST_HEAD
    assert raw.exchange(head).status == 200
    assert raw.exchange(head[:10_000], head[10_000:]).status == 200


@pytest.mark.parametrize("piece", [100_000, 1000])
def test_a_head_above_the_bound_is_a_431_however_it_is_cut(raw: Raw, piece: int) -> None:
    head = head_of(100_000)[: LARGEST_HEAD + 1]  # what is not read would make the kernel drop the answer
    answer = raw.exchange(*(head[at : at + piece] for at in range(0, len(head), piece)))
    assert answer.status == 431
    assert answer.messages == ["too_large - head: request line and headers are above 65536 bytes; send less"]
    assert raw.requests == []


def test_a_request_line_above_the_bound_is_a_431(raw: Raw) -> None:
    assert raw.exchange(b"GET /" + b"x" * LARGEST_HEAD).status == 431


def test_the_second_head_of_a_connection_has_the_same_bound(raw: Raw) -> None:
    with raw.connected() as connection:
        connection.sendall(GOOD)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
        connection.sendall(head_of(LARGEST_HEAD))
        assert parse(rest_of(connection)).status == 200
    with raw.connected() as connection:
        connection.sendall(GOOD)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
        connection.sendall(head_of(LARGEST_HEAD + 2)[: LARGEST_HEAD + 1])
        assert parse(rest_of(connection)).status == 431


def test_a_head_that_does_not_come_to_its_end_is_a_408(make_raw: Callable[..., Raw]) -> None:
    answer = make_raw(patience=SHORT).exchange(GOOD[:-2])
    assert answer.status == 408
    assert answer.messages == ["too_slow - head: did not come in time; send it at once"]


def test_a_head_that_trickles_has_no_more_time_than_one_that_stops(make_raw: Callable[..., Raw]) -> None:
    raw = make_raw(patience=SHORT)
    with raw.connected() as connection:
        connection.settimeout(0.05)
        sent, received = 0, b""
        while b"\r\n\r\n" not in received:
            connection.sendall(b"G" if not sent else b"x")
            sent += 1
            assert sent < 1000
            try:
                received += connection.recv(65_536)
            except TimeoutError:
                continue
    assert parse(received).status == 408
    assert raw.requests == []


def test_a_second_head_that_does_not_come_to_its_end_is_a_408(make_raw: Callable[..., Raw]) -> None:
    raw = make_raw(patience=SHORT)
    with raw.connected() as connection:
        connection.sendall(GOOD)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
        connection.sendall(GOOD[:-2])
        assert parse(rest_of(connection)).status == 408
    assert raw.requests == ["GET /"]


def test_a_connection_without_a_byte_is_closed(make_raw: Callable[..., Raw]) -> None:
    raw = make_raw(patience=SHORT)
    with raw.connected() as connection:
        assert rest_of(connection) == b""


def test_a_body_that_nobody_waits_for_can_not_hold_the_connection(make_raw: Callable[..., Raw]) -> None:
    raw = make_raw(patience=SHORT)
    with raw.connected() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n1")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
        connection.sendall(b"2")
        assert b"HTTP/1.1" not in rest_of(connection)


def test_a_broken_chunk_ends_the_request_and_its_work(raw: Raw) -> None:
    answer = raw.exchange(POST + b"Transfer-Encoding: chunked\r\n\r\n", b"5\r\nhello\r\nnonsense\r\n")
    assert answer.status == 400
    assert raw.gone.acquire(timeout=10)


def test_a_client_that_takes_no_answer_is_cut_off(make_raw: Callable[..., Raw]) -> None:
    raw = make_raw(patience=SHORT)
    with raw.connected() as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        assert connection.recv(1) == b"H"
        deadline = time.monotonic() + 20
        while raw.server.server_state.connections:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert len(rest_of(connection)) < 64 * MIB


def test_connections_above_the_bound_are_a_503_with_retry_after(make_raw: Callable[..., Raw]) -> None:
    raw = make_raw(most_connections=6)
    with ExitStack() as stack:
        for _ in range(3):
            connection = stack.enter_context(raw.connected())
            connection.sendall(GOOD)
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
        with raw.connected() as refused:
            answer = parse(rest_of(refused))
    assert answer.status == 503
    assert answer.messages == ["unavailable - too many connections of this address at once; try again"]
    assert int(answer.headers["retry-after"]) > 0


def test_a_trusted_proxy_may_open_all_connections_there_are(make_raw: Callable[..., Raw]) -> None:
    raw = make_raw(most_connections=6, proxies=Proxies(networks=(ip_network("127.0.0.0/8"),)))
    with ExitStack() as stack:
        for _ in range(6):
            connection = stack.enter_context(raw.connected())
            connection.sendall(GOOD)
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
        with raw.connected() as refused:
            answer = parse(rest_of(refused))
    assert answer.messages == ["unavailable - too many connections at once; try again"]


def test_a_flood_of_half_open_connections_passes(make_raw: Callable[..., Raw]) -> None:
    raw = make_raw(patience=SHORT, most_connections=40)
    with ExitStack() as stack:
        flood = [stack.enter_context(raw.connected()) for _ in range(60)]
        for connection in flood[:20]:
            connection.sendall(b"GET / HTTP/1.1\r\n")
        ends = [rest_of(connection) for connection in flood]
    assert all(end == b"" or parse(end).status in {408, 503} for end in ends)
    assert sum(end.startswith(b"HTTP/1.1 503") for end in ends) == 40
    assert raw.exchange(GOOD.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")).status == 200


def test_an_upgrade_is_not_made(raw: Raw) -> None:
    head = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n"
    assert raw.exchange(head).status == 200


def test_old_clients_that_speak_http_1_0_are_served(raw: Raw) -> None:
    assert raw.exchange(b"GET / HTTP/1.0\r\n\r\n").status == 200


def test_requests_in_one_go_are_answered_in_their_order(raw: Raw) -> None:
    with raw.connected() as connection:
        connection.sendall(
            GOOD.replace(b"/ ", b"/1 ") + GOOD.replace(b"/ ", b"/2 ") + GOOD[:-2] + b"Connection: close\r\n\r\n"
        )
        received = rest_of(connection)
    assert received.count(b"HTTP/1.1 200") == 3
    assert raw.requests == ["GET /1", "GET /2", "GET /"]
