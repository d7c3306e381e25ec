"""Pages of other origins that may call the API (Fetch standard, CORS protocol)."""

from collections.abc import Callable

import pytest
from tests.api.harness import Server, messages

from mailtrip.api.edge_rules import EdgeRules
from mailtrip.errors import Unavailable
from mailtrip.service.call_limits import CallLimits, Rate

MONITORS = "/api/v3/monitors"
APP = "https://app.example.com"
RULES = EdgeRules(cors_origins=(APP, "http://localhost:3000"))
PREFLIGHT = {"Origin": APP, "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization"}
FOREIGN = ["https://evil.example.com", "http://app.example.com", "https://app.example.com:8443", "null", "", APP + "/"]


def tokens(value: str) -> set[str]:
    return {item.strip().lower() for item in value.split(",")}


def test_a_preflight_of_an_origin_that_may_call_is_answered(make_server: Callable[..., Server]) -> None:
    response = make_server(edge=RULES).call("OPTIONS", MONITORS, role=None, headers=PREFLIGHT)
    assert response.status_code == 204
    assert response.content == b""
    assert response.headers["Access-Control-Allow-Origin"] == APP
    assert tokens(response.headers["Access-Control-Allow-Methods"]) == {"get", "post", "patch", "delete"}
    assert {"authorization", "content-type", "if-match"} <= tokens(response.headers["Access-Control-Allow-Headers"])
    assert int(response.headers["Access-Control-Max-Age"]) > 0
    assert "origin" in tokens(response.headers["Vary"])
    assert "Access-Control-Allow-Credentials" not in response.headers
    assert response.headers["X-Request-Id"]


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_preflight_of_another_origin_is_answered_as_if_there_were_none(
    make_server: Callable[..., Server], origin: str
) -> None:
    response = make_server(edge=RULES).call("OPTIONS", MONITORS, role=None, headers=PREFLIGHT | {"Origin": origin})
    assert response.status_code == 405
    assert not [name for name in response.headers if name.lower().startswith("access-control")]
    assert "origin" in tokens(response.headers["Vary"])


def test_options_that_are_no_preflight_are_a_405(make_server: Callable[..., Server]) -> None:
    response = make_server(edge=RULES).call("OPTIONS", MONITORS, role=None, headers={"Origin": APP})
    assert response.status_code == 405
    assert response.headers["Access-Control-Allow-Origin"] == APP


def test_an_answer_can_be_read_by_a_page_that_may_call(make_server: Callable[..., Server]) -> None:
    response = make_server(edge=RULES).get(MONITORS, headers={"Origin": APP})
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == APP
    assert {"x-request-id", "retry-after", "x-mailtrip-ignored-fields", "etag"} <= tokens(
        response.headers["Access-Control-Expose-Headers"]
    )


@pytest.mark.parametrize("origin", FOREIGN)
def test_an_answer_can_not_be_read_by_other_pages(make_server: Callable[..., Server], origin: str) -> None:
    response = make_server(edge=RULES).get(MONITORS, headers={"Origin": origin})
    assert response.status_code == 200
    assert "Access-Control-Allow-Origin" not in response.headers
    assert "origin" in tokens(response.headers["Vary"])


def test_answers_vary_by_origin_also_where_the_request_has_none(make_server: Callable[..., Server]) -> None:
    assert "origin" in tokens(make_server(edge=RULES).get(MONITORS).headers["Vary"])


def test_errors_can_be_read_too(make_server: Callable[..., Server]) -> None:
    class Away:
        async def reading(self, work: object) -> object:
            raise Unavailable("gone")

    def allowed(status: int, server: Server, path: str) -> bool:
        response = server.get(path, headers={"Origin": APP})
        return response.status_code == status and response.headers["Access-Control-Allow-Origin"] == APP

    server = make_server(edge=RULES, call_limits=CallLimits(by_address=Rate(per_second=1, burst=2)))
    assert allowed(404, server, "/nope")
    assert allowed(400, server, f"{MONITORS}?limit=x")
    assert allowed(429, server, MONITORS)
    assert allowed(503, make_server(edge=RULES, database=Away()), MONITORS)


def test_without_origins_there_are_no_such_headers_and_no_preflights(server: Server) -> None:
    response = server.call("OPTIONS", MONITORS, role=None, headers=PREFLIGHT)
    assert response.status_code == 405
    assert messages(response) == ["method_not_allowed - OPTIONS is not allowed here; use GET"]
    for answer in (response, server.get(MONITORS, headers={"Origin": APP})):
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]
        assert "Vary" not in answer.headers
