"""Runs and health in our own API."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.api.harness import Server, messages, telling
from tests.api.harness_runs import finish_run, finish_runs

from mailtrip.model import Verdict

DELIVERED, MISSING, REFUSED = Verdict.DELIVERED, Verdict.MISSING, Verdict.REFUSED


def _ids(server: Server, monitor_id: int, query: str = "") -> list[int]:
    return [each["id"] for each in server.get(f"/api/v1/monitors/{monitor_id}/runs?{query}").json()["results"]]


def test_runs_are_listed_newest_first(server: Server) -> None:
    monitor_id = server.create()
    ids = finish_runs(server, monitor_id, [DELIVERED] * 3)
    assert _ids(server, monitor_id) == ids[::-1]


def test_runs_of_other_monitors_are_not_listed(server: Server) -> None:
    finish_run(server, server.create())
    assert _ids(server, server.create()) == []


def test_a_listed_run_has_its_outcome_and_steps_but_no_sessions(server: Server) -> None:
    monitor_id = server.create()
    run_id = finish_run(server, monitor_id)
    [found] = server.get(f"/api/v1/monitors/{monitor_id}/runs").json()["results"]
    assert found == {
        "id": run_id,
        "monitor_id": monitor_id,
        "location_id": 10,
        "slot": "2026-01-01T11:00:00Z",
        "kind": "scheduled",
        "state": "finished",
        "started_at": "2026-01-01T11:00:00.050000Z",
        "note": None,
        "blackout_id": None,
        "recheck_of": None,
        "recheck_id": None,
        "verified": None,
        "verdict": "delivered",
        "status": 0,
        "severity": "ok",
        "text": "OK",
        "step": None,
        "summary": "Delivered after 1.2 s",
        "duration_seconds": 2.5,
        "sighting": {"not_before_seconds": 1.0, "not_after_seconds": 1.25},
        "delay_seconds": None,
        "deferred_for_seconds": None,
        "copies": 1,
        "steps": [
            {"step": "connect", "offset_seconds": 0.0, "duration_seconds": 0.05},
            {"step": "submit", "offset_seconds": 0.3, "duration_seconds": 0.25},
        ],
    }


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("since=2026-01-01T11:02:00Z", [3, 2]),
        ("until=2026-01-01T11:02:00Z", [1, 0]),
        ("since=2026-01-01T11:01:00Z&until=2026-01-01T11:03:00Z", [2, 1]),
        ("since=2026-01-01T12:02:00%2B01:00", [3, 2]),
        ("since=2026-01-01 11:02:00", [3, 2]),
        ("since=0001-01-01T00:00:00%2B14:00", [3, 2, 1, 0]),
        ("until=9999-12-31T23:59:59-14:00", [3, 2, 1, 0]),
        ("verdict=missing", [2]),
        ("verdict=missing,refused", [3, 2]),
        ("limit=1", [3]),
    ],
)
def test_filters_choose_runs(server: Server, query: str, numbers: list[int]) -> None:
    monitor_id = server.create()
    ids = finish_runs(server, monitor_id, [DELIVERED, DELIVERED, MISSING, REFUSED])
    assert _ids(server, monitor_id, query) == [ids[number] for number in numbers]


def test_following_the_cursor_shows_each_run_once(server: Server) -> None:
    monitor_id = server.create()
    ids = finish_runs(server, monitor_id, [DELIVERED] * 7)
    seen: list[int] = []
    cursor = ""
    pages = 0
    while True:
        query = f"limit=3{cursor}"
        page = server.get(f"/api/v1/monitors/{monitor_id}/runs?{query}").json()
        seen += [each["id"] for each in page["results"]]
        pages += 1
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert (seen, pages) == (ids[::-1], 3)


def test_the_last_page_has_no_cursor_even_when_it_is_full(server: Server) -> None:
    monitor_id = server.create()
    finish_runs(server, monitor_id, [DELIVERED] * 2)
    assert server.get(f"/api/v1/monitors/{monitor_id}/runs?limit=2").json()["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("since=yesterday", "since: must be a time like 2026-01-31T12:00:00Z (write + as %2B)"),
        ("since=2026-01-01", "since: must be a time like 2026-01-31T12:00:00Z (write + as %2B)"),
        ("until=2026-13-01T00:00:00Z", "until: must be a time like 2026-01-31T12:00:00Z (write + as %2B)"),
        ("verdict=good", None),
        ("limit=0", 'limit: must be a whole number from 1 to 1000, not "0"'),
        ("limit=1001", 'limit: must be a whole number from 1 to 1000, not "1001"'),
        ("cursor=", "cursor: is no cursor of ours; use next_cursor of the answer before"),
        ("cursor=abc", "cursor: is no cursor of ours; use next_cursor of the answer before"),
        ("cursor=MS4x%0A", "cursor: is no cursor of ours; use next_cursor of the answer before"),
        ("cursor=" + "9" * 5000, "cursor: is no cursor of ours; use next_cursor of the answer before"),
    ],
)
def test_a_wrong_parameter_is_a_400(server: Server, query: str, fault: str | None) -> None:
    monitor_id = server.create()
    [message] = messages(server.get(f"/api/v1/monitors/{monitor_id}/runs?{query}"))
    assert fault is None or message == f"invalid_request - {fault}"


def test_runs_of_an_unknown_monitor_are_a_404(server: Server) -> None:
    assert messages(server.get("/api/v1/monitors/100001/runs")) == ["Record not found"]


def test_a_run_has_everything_that_is_kept_of_it(server: Server) -> None:
    monitor_id = server.create()
    run_id = finish_run(server, monitor_id)
    found = server.get(f"/api/v1/runs/{run_id}").json()
    [listed] = server.get(f"/api/v1/monitors/{monitor_id}/runs").json()["results"]
    assert found == listed | {
        "revisions": [],
        "proof": [],
        "facts": None,
        "bounce": None,
        "left_behind": 0,
        "found": [],
        "copies_apart": None,
        "accepted_at": None,
        "token": "t0ken100001",
        "message_id": "<t0ken@example.com>",
        "queued_as": "250 2.0.0 Ok: queued as 4F1",
        "lag_seconds": 0.002,
        "sessions": [
            {
                "protocol": "smtp",
                "server": "smtps://smtp.example.com:465",
                "address": "192.0.2.1:465",
                "tls": {
                    "version": "TLSv1.3",
                    "cipher": "TLS_AES_256_GCM_SHA384",
                    "subject": "CN=smtp.example.com",
                    "issuer": "CN=Example CA",
                    "not_before": "2025-01-01T00:00:00Z",
                    "not_after": "2027-01-01T00:00:00Z",
                    "names": ["smtp.example.com"],
                    "verify_error": None,
                },
                "capabilities": ["PIPELINING", "SIZE 1000"],
                "transcript": [
                    {"at_seconds": 0.1, "direction": "<", "text": "220 smtp.example.com ESMTP"},
                    {"at_seconds": 0.2, "direction": ">", "text": "EHLO monitor"},
                    {"at_seconds": 0.3, "direction": "*", "text": "connection closed"},
                ],
                "lines_dropped": 2,
                "quota_percent": None,
            }
        ],
    }


def test_a_run_without_a_result_has_nulls_for_its_outcome(server: Server) -> None:
    monitor_id = server.create()
    run_id = server.post(f"/api/v1/monitors/{monitor_id}/test").json()["id"]
    found = server.get(f"/api/v1/runs/{run_id}").json()
    assert found["state"] == "running"
    assert (found["verdict"], found["status"], found["sighting"], found["sessions"]) == (None, None, None, [])
    assert (found["copies"], found["proof"], found["facts"], found["revisions"]) == (None, [], None, [])


def test_the_token_of_a_run_can_be_read_while_it_is_under_way(server: Server) -> None:
    monitor_id = server.create()
    tokens = set()
    for path in (f"/api/v1/monitors/{monitor_id}/test", None):
        response = server.post(path) if path else server.get(f"/api/v3/tests?monitor_id={monitor_id}")
        tokens.add(server.get(f"/api/v1/runs/{response.json()['id']}").json()["token"])
    assert len(tokens) == 2
    assert None not in tokens


def test_an_unknown_run_is_a_404(server: Server) -> None:
    assert messages(server.get("/api/v1/runs/100001")) == ["Record not found"]


def test_health_is_open_to_anybody(server: Server) -> None:
    response = server.get("/api/v1/health", role=None)
    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "version": "1.2.3",
        "database_ok": True,
        "network_ok": True,
        "runs_in_flight": 2,
        "results_waiting": 0,
        "results_dropped": 0,
        "scheduler_lag_seconds": 0.02,
        "loop_lag_seconds": 0.003,
    }


def test_degraded_health_is_a_503_that_tells_why(make_server: Callable[..., Server], server: Server) -> None:
    worse = replace(server.health, database_ok=False, results_waiting=3, results_dropped=1)
    response = make_server(health=telling(worse)).get("/api/v1/health", role=None)
    assert response.status_code == 503
    assert messages(response) == ["unavailable - the database is away, or results wait for it"]
    found = response.json()
    assert (found["status"], found["results_waiting"], found["results_dropped"]) == ("degraded", 3, 1)


def test_a_location_without_a_network_is_degraded(make_server: Callable[..., Server], server: Server) -> None:
    worse = replace(server.health, network_ok=False)
    response = make_server(health=telling(worse)).get("/api/v1/health", role=None)
    assert response.status_code == 503
    assert messages(response) == ["unavailable - the location has lost its network: no mail server can be reached"]
    assert response.json()["network_ok"] is False
