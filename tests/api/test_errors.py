"""What every answer that is no success looks like (alertsite-v3.md, 1.3, 7.5 and 9)."""

import re
from collections.abc import Callable

import pytest
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs
from tests.api.harness import Server, messages

from mailtrip.api.edge import Edge
from mailtrip.errors import Unavailable
from mailtrip.model import Role

MONITORS = "/api/v3/monitors"


@pytest.mark.parametrize(
    "path", ["/", "/nope", "/api", "/api/", "/api/v3", "/api/v3/", "/api/v3/monitor", "/api/v3/monitors/", "/docs"]
)
def test_an_unknown_path_is_a_404_with_record_not_found(server: Server, path: str) -> None:
    response = server.get(path)
    assert response.status_code == 404
    assert messages(response) == ["Record not found"]


@pytest.mark.parametrize("number", ["0", "-1", "abc", "1.0", "1e3", "٣", "9" * 30, "9" * 5000, "100001x", "%20100001"])
def test_an_id_that_is_no_number_is_a_404(server: Server, number: str) -> None:
    response = server.get(f"{MONITORS}/{number}")
    assert response.status_code == 404
    assert messages(response) == ["Record not found"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", f"{MONITORS}/100001", "DELETE, GET"),
        ("PATCH", f"{MONITORS}/100001", "DELETE, GET"),
        ("POST", MONITORS, "GET"),
        ("GET", f"{MONITORS}/email-round-trip", "POST"),
        ("DELETE", f"{MONITORS}/email-round-trip", "POST"),
        ("PUT", f"{MONITORS}/email-round-trip/100001", "PATCH"),
        ("GET", "/api/v3/access-tokens", "DELETE, POST"),
        ("OPTIONS", "/api/v3/access-tokens", "DELETE, POST"),
        ("TRACE", "/api/v3/access-tokens", "DELETE, POST"),
        ("POST", "/api/v3/tests", "GET"),
        ("GET", "/api/v1/monitors/100001/test", "POST"),
        ("POST", "/api/openapi.json", "GET"),
        ("BREW", "/api/v1/health", "GET"),
    ],
)
def test_a_wrong_method_is_a_405_with_allow(server: Server, method: str, path: str, allowed: str) -> None:
    response = server.call(method, path, role=None)
    assert response.status_code == 405
    assert response.headers["Allow"] == allowed
    assert messages(response) == [f"method_not_allowed - {method} is not allowed here; use {allowed}"]


def test_a_head_request_starts_no_test_and_is_a_405_without_body(server: Server) -> None:
    monitor_id = server.create()
    response = server.call("HEAD", f"/api/v3/tests?monitor_id={monitor_id}")
    assert response.status_code == 405
    assert response.content == b""
    assert server.queue.runs == []


def test_each_answer_has_a_request_id_of_its_own(server: Server) -> None:
    responses = [server.get(path) for path in ("/api/v1/health", MONITORS, "/nope", f"{MONITORS}?limit=x")]
    ids = [response.headers["X-Request-Id"] for response in responses]
    assert all(re.fullmatch("[0-9a-f]{16}", each) for each in ids)
    assert len(set(ids)) == len(ids)


def test_a_bug_of_ours_is_a_500_that_names_the_request_and_shows_nothing(make_server: Callable[..., Server]) -> None:
    class Broken:
        async def reading(self, work: object) -> object:
            raise RuntimeError("the inside")

    with capture_logs() as logs:
        response = make_server(database=Broken()).get(MONITORS)
    assert response.status_code == 500
    request_id = response.headers["X-Request-Id"]
    assert messages(response) == [f"server_error - something went wrong on our side. Request id {request_id}"]
    assert "the inside" not in response.text
    assert logs == [
        {
            "event": "request failed",
            "log_level": "error",
            "exc_info": True,
            "request_id": request_id,
            "method": "GET",
            "path": MONITORS,
        }
    ]


def test_a_database_that_is_away_is_a_503_with_retry_after_and_without_its_details(
    make_server: Callable[..., Server],
) -> None:
    class Away:
        async def reading(self, work: object) -> object:
            raise Unavailable("could not connect to 10.1.2.3")

    with capture_logs() as logs:
        response = make_server(database=Away()).get(MONITORS)
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert messages(response) == ["unavailable - the database can't be reached just now; try again"]
    assert [entry["reason"] for entry in logs] == ["could not connect to 10.1.2.3"]


def test_an_answer_that_breaks_off_is_not_followed_by_another(server: Server) -> None:
    async def breaks_off(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10")]})
        await send({"type": "http.response.body", "body": b"12345", "more_body": True})
        raise RuntimeError("broke off")

    server.switch.app = Edge(breaks_off)
    with capture_logs(), pytest.raises(Exception, match=r"IncompleteRead|broken|aborted"):
        server.get("/")


@pytest.mark.parametrize("role", [Role.USER, Role.READ_ONLY])
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_a_role_that_may_not_edit_gets_a_403_that_names_the_roles_that_may(
    server: Server, role: Role, method: str
) -> None:
    monitor_id = server.create()
    path = {
        "POST": f"{MONITORS}/email-round-trip",
        "PATCH": f"{MONITORS}/email-round-trip/{monitor_id}",
        "DELETE": f"{MONITORS}/{monitor_id}",
    }[method]
    response = server.call(method, path, role=role, data=b"{}")
    assert response.status_code == 403
    assert messages(response) == ["access_denied - this needs role Admin, Co-Admin or Power User"]


@pytest.mark.parametrize("role", [Role.ADMIN, Role.CO_ADMIN, Role.POWER_USER])
def test_admin_co_admin_and_power_user_may_edit_monitors(server: Server, role: Role) -> None:
    monitor_id = server.create()
    path = f"{MONITORS}/email-round-trip/{monitor_id}"
    assert server.patch(path, role=role, json={"interval": 5}).status_code == 200


@pytest.mark.parametrize("role", list(Role))
def test_every_role_may_read(server: Server, role: Role) -> None:
    monitor_id = server.create()
    for path in (MONITORS, f"{MONITORS}/{monitor_id}", f"/api/v1/monitors/{monitor_id}/runs"):
        assert server.get(path, role=role).status_code == 200


def test_a_success_never_has_a_key_errors(server: Server) -> None:
    monitor_id = server.create()
    for path in (
        MONITORS,
        f"{MONITORS}/{monitor_id}",
        f"/api/v3/tests?monitor_id={monitor_id}",
        "/api/v3/report-sitestatus",
        f"/api/v1/monitors/{monitor_id}/runs",
        "/api/v1/health",
    ):
        response = server.get(path)
        assert response.status_code == 200
        assert "errors" not in response.json()
