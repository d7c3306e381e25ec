"""Starting a test (alertsite-v3.md, 4.5), by the vendor's way and by ours."""

import pytest
from tests.api.harness import Server, messages

from mailtrip.model import Role, RunKind, RunState
from mailtrip.store.schema import locations


def test_get_tests_starts_a_test_and_answers_200_with_a_link_to_the_result(server: Server) -> None:
    monitor_id = server.create()
    response = server.get(f"/api/v3/tests?monitor_id={monitor_id}")
    assert response.status_code == 200
    assert response.json() == {"id": "100001", "link": f"{server.url}/api/v1/runs/100001"}
    found = server.get(response.json()["link"].removeprefix(server.url)).json()
    assert (found["monitor_id"], found["kind"], found["state"]) == (monitor_id, "test", "running")


def test_post_test_starts_a_test_and_answers_202_with_the_runs_id(server: Server) -> None:
    monitor_id = server.create()
    response = server.post(f"/api/v1/monitors/{monitor_id}/test")
    assert response.status_code == 202
    assert response.json() == {"id": "100001"}


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/api/v3/tests?monitor_id={}"), ("POST", "/api/v1/monitors/{}/test")]
)
def test_the_engine_is_told_of_the_run_once_it_is_stored(server: Server, method: str, path: str) -> None:
    monitor_id = server.create()
    server.call(method, path.format(monitor_id))
    [run] = server.queue.runs
    assert (run.id, run.monitor_id, run.kind, run.state) == (100001, monitor_id, RunKind.TEST, RunState.RUNNING)
    assert server.get(f"/api/v1/runs/{run.id}").status_code == 200


def test_a_disabled_monitor_can_be_tested(server: Server) -> None:
    monitor_id = server.create(enabled=False)
    assert server.get(f"/api/v3/tests?monitor_id={monitor_id}").status_code == 200


def test_the_location_may_be_named(server: Server) -> None:
    monitor_id = server.create()
    assert server.get(f"/api/v3/tests?monitor_id={monitor_id}&location_id=10").status_code == 200
    assert server.queue.runs[0].location_id == 10


def test_without_a_location_the_test_is_made_from_the_primary_one(server: Server) -> None:
    other = {"id": 20, "account_id": 1, "name": "Elsewhere"}
    server.database.write(lambda connection: connection.execute(locations.insert(), other))
    monitor_id = server.create(locations=[10, 20], home_location=20)
    assert server.get(f"/api/v3/tests?monitor_id={monitor_id}").status_code == 200
    assert server.get(f"/api/v3/tests?monitor_id={monitor_id}&location_id=10").status_code == 200
    assert [run.location_id for run in server.queue.runs] == [20, 10]


@pytest.mark.parametrize("type_", ["email-smtp", "email-pop", "email-imap"])
def test_a_monitor_of_any_type_can_be_tested(server: Server, type_: str) -> None:
    body = {"billing_plancode": "UBM", "name": "check", "hostname": "mail.example.com"}
    monitor_id = server.post(f"/api/v3/monitors/{type_}", json=body).json()["id"]
    assert server.get(f"/api/v3/tests?monitor_id={monitor_id}").status_code == 200


@pytest.mark.parametrize("test_type", ["Fullpage", "Non-Fullpage"])
def test_a_test_type_is_for_websites_and_changes_nothing(server: Server, test_type: str) -> None:
    monitor_id = server.create()
    assert server.get(f"/api/v3/tests?monitor_id={monitor_id}&test_type={test_type}").status_code == 200


def test_the_other_uses_of_the_path_are_refused(server: Server) -> None:
    """The vendor also tests any URL, traces routes and pings over this path."""
    response = server.get("/api/v3/tests?url=https://example.com")
    assert messages(response) == ["invalid_request - monitor_id: is missing; name the monitor to test"]
    assert server.queue.runs == []


def test_parameters_for_other_kinds_of_monitors_change_nothing(server: Server) -> None:
    monitor_id = server.create()
    query = f"monitor_id={monitor_id}&test_type=Fullpage&monitor_agent=x"
    assert server.get(f"/api/v3/tests?{query}").status_code == 200


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("", "monitor_id: is missing; name the monitor to test"),
        ("monitor_id=x", 'monitor_id: must be a whole number from 1 to 999999999999999, not "x"'),
        ("monitor_id=100001&location_id=20", "location_id: 20 is none of the monitor's locations; use one of 10"),
        ("monitor_id=100001&location_id=x", 'location_id: must be a whole number from 1 to 999999999999999, not "x"'),
    ],
)
def test_a_wrong_parameter_is_a_400_and_starts_nothing(server: Server, query: str, fault: str) -> None:
    server.create()
    assert messages(server.get(f"/api/v3/tests?{query}")) == [f"invalid_request - {fault}"]
    assert server.queue.runs == []


def test_a_test_of_an_unknown_monitor_is_a_404(server: Server) -> None:
    assert messages(server.get("/api/v3/tests?monitor_id=100001")) == ["Record not found"]


def test_a_user_may_test_and_a_reader_may_not(server: Server) -> None:
    monitor_id = server.create()
    path = f"/api/v3/tests?monitor_id={monitor_id}"
    assert server.get(path, role=Role.USER).status_code == 200
    response = server.get(path, role=Role.READ_ONLY)
    assert response.status_code == 403
    assert messages(response) == ["access_denied - this needs role Admin, Co-Admin, Power User or User"]


def test_a_sixth_test_of_a_monitor_while_five_are_under_way_is_a_429(server: Server) -> None:
    monitor_id = server.create()
    for _ in range(5):
        assert server.post(f"/api/v1/monitors/{monitor_id}/test").status_code == 202
    response = server.post(f"/api/v1/monitors/{monitor_id}/test")
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "300"


def test_a_full_engine_is_a_429_and_leaves_no_run_running(server: Server) -> None:
    monitor_id = server.create()
    server.queue.is_full = True
    response = server.post(f"/api/v1/monitors/{monitor_id}/test")
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "7"
    [run] = server.get(f"/api/v1/monitors/{monitor_id}/runs").json()["results"]
    assert (run["state"], run["note"]) == ("not-measured", "too many runs wait")
