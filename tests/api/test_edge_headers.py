"""What every answer has in its head (docs/reference/api.md, Headers)."""

import re
from collections.abc import Callable
from ipaddress import ip_network

import pytest
import structlog
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs
from tests.api.harness import Server, messages

from mailtrip.api.edge import Edge
from mailtrip.api.edge_rules import EdgeRules
from mailtrip.api.proxies import Proxies
from mailtrip.errors import Unavailable

MONITORS = "/api/v3/monitors"
BEHIND_A_PROXY = EdgeRules(proxies=Proxies(networks=(ip_network("127.0.0.0/8"),)))


@pytest.mark.parametrize("path", [MONITORS, "/api/v1/health", "/api/openapi.json", "/nope", f"{MONITORS}?limit=x"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Strict-Transport-Security", None),
        ("Server", None),
        ("Access-Control-Allow-Origin", None),
    ],
)
def test_every_answer_tells_browsers_what_they_may_do(server: Server, path: str, name: str, value: str | None) -> None:
    assert server.get(path).headers.get(name) == value


def test_a_route_that_has_a_policy_of_its_own_keeps_it(server: Server) -> None:
    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-security-policy", b"default-src 'self'"), (b"cache-control", b"max-age=60")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"page"})

    server.switch.app = Edge(page)
    headers = server.get("/").headers
    assert headers["Content-Security-Policy"] == "default-src 'self'"
    assert headers["Cache-Control"] == "max-age=60"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_over_a_trusted_proxys_tls_browsers_are_told_to_stay_with_it(make_server: Callable[..., Server]) -> None:
    server = make_server(edge=BEHIND_A_PROXY)
    for scheme, told in [("https", "max-age=31536000"), ("http", None), ("nonsense", None)]:
        response = server.get(MONITORS, headers={"X-Forwarded-Proto": scheme})
        assert response.headers.get("Strict-Transport-Security") == told


def test_a_client_can_not_pretend_to_come_over_tls(server: Server) -> None:
    headers = {"X-Forwarded-Proto": "https", "Forwarded": "for=192.0.2.1;proto=https"}
    assert "Strict-Transport-Security" not in server.get(MONITORS, headers=headers).headers


def test_how_long_browsers_stay_with_tls_can_be_set_to_nothing(make_server: Callable[..., Server]) -> None:
    server = make_server(edge=EdgeRules(proxies=BEHIND_A_PROXY.proxies, hsts_seconds=0))
    response = server.get(MONITORS, headers={"X-Forwarded-Proto": "https"})
    assert "Strict-Transport-Security" not in response.headers


@pytest.mark.parametrize("given", ["0123456789abcdef", "a.b_c-1234", "A" * 64])
def test_a_trusted_proxy_names_the_request(make_server: Callable[..., Server], given: str) -> None:
    server = make_server(edge=BEHIND_A_PROXY)
    assert server.get(MONITORS, headers={"X-Request-Id": given}).headers["X-Request-Id"] == given


@pytest.mark.parametrize("given", ["", "short", "A" * 65, "with blank", "../../etc/passwd", '"quoted-id"', "\xe9" * 16])
def test_a_name_that_is_not_well_formed_is_replaced(make_server: Callable[..., Server], given: str) -> None:
    server = make_server(edge=BEHIND_A_PROXY)
    found = server.get(MONITORS, headers={"X-Request-Id": given}).headers["X-Request-Id"]
    assert re.fullmatch("[0-9a-f]{16}", found)


def test_a_client_can_not_name_its_request(server: Server) -> None:
    given = "0123456789abcdef"
    assert server.get(MONITORS, headers={"X-Request-Id": given}).headers["X-Request-Id"] != given


def test_the_requests_id_is_in_what_is_logged_meanwhile(make_server: Callable[..., Server]) -> None:
    class Away:
        async def reading(self, work: object) -> object:
            raise Unavailable("gone")

    server = make_server(database=Away())
    with capture_logs([structlog.contextvars.merge_contextvars]) as logs:
        response = server.get(MONITORS)
    assert [entry["request_id"] for entry in logs] == [response.headers["X-Request-Id"]]


@pytest.mark.parametrize("host", ["mailtrip.example.com", "MAILTRIP.example.com:8025", "[2001:db8::1]:443"])
def test_the_service_answers_by_its_own_names(make_server: Callable[..., Server], host: str) -> None:
    server = make_server(edge=EdgeRules(allowed_hosts=("mailtrip.example.com", "[2001:db8::1]")))
    assert server.get(MONITORS, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example.com", "mailtrip.example.com.evil.test", "localhost", "[", ""])
def test_a_name_that_is_none_of_its_own_is_a_400(make_server: Callable[..., Server], host: str) -> None:
    server = make_server(edge=EdgeRules(allowed_hosts=("mailtrip.example.com",)))
    response = server.get(MONITORS, headers={"Host": host})
    assert response.status_code == 400
    assert messages(response) == ["invalid_request - Host: is no name of this service; ask it by one of its own"]


def test_health_is_told_under_any_name(make_server: Callable[..., Server]) -> None:
    server = make_server(edge=EdgeRules(allowed_hosts=("mailtrip.example.com",)))
    assert server.get("/api/v1/health", headers={"Host": "10.0.0.5"}).status_code == 200
