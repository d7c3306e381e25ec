"""`GET /report-sitestatus` (alertsite-v3.md, 4.6)."""

import pytest
from tests.api.harness import Server, messages
from tests.api.harness_runs import finish_run

from mailtrip.model import Role, StatusCode, Verdict

REPORT = "/api/v3/report-sitestatus"


@pytest.fixture
def three(server: Server) -> Server:
    """A server with a monitor that is fine, one that fails and one without a run."""
    for name in ("good", "bad", "new"):
        server.create(name=name)
    finish_run(server, 100001)
    finish_run(server, 100002, verdict=Verdict.MISSING, status=StatusCode.TIMEOUT, summary="Not seen in 300 s")
    return server


def test_each_monitor_has_its_last_status_as_a_string(three: Server) -> None:
    assert three.get(REPORT).json() == {
        "results": [
            {
                "device_id": 100001,
                "device_name": "good",
                "type": "email-round-trip",
                "last_status": "0",
                "last_status_desc": "OK",
                "dt_last_status": "2026-01-01 11:00:00",
                "info_msg": "Delivered after 1.2 s",
            },
            {
                "device_id": 100002,
                "device_name": "bad",
                "type": "email-round-trip",
                "last_status": "2",
                "last_status_desc": "Round trip not finished within the timeout",
                "dt_last_status": "2026-01-01 11:00:00",
                "info_msg": "Not seen in 300 s; no earlier run is known.",
            },
            {
                "device_id": 100003,
                "device_name": "new",
                "type": "email-round-trip",
                "last_status": None,
                "last_status_desc": None,
                "dt_last_status": None,
                "info_msg": None,
            },
        ]
    }


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("monitors=100001", ["good"]),
        ("monitors=100003,100001", ["good", "new"]),
        ("monitors=100001,999999", ["good"]),
        ("status=ok", ["good"]),
        ("status=error", ["bad"]),
        ("status=error&monitors=100001", []),
        ("type=email-round-trip", ["good", "bad", "new"]),
        ("type=email-smtp", []),
        ("monitor_groups=1", []),
        ("monitors=100001&monitor_groups=1,2", []),
        ("showsubaccounts=true&sub_accounts=C1&summarize=true", ["good", "bad", "new"]),
    ],
)
def test_filters_choose_monitors(three: Server, query: str, names: list[str]) -> None:
    assert [each["device_name"] for each in three.get(f"{REPORT}?{query}").json()["results"]] == names


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("monitors=", 'monitors: must be a whole number from 1 to 999999999999999, not ""'),
        ("monitors=1,x", 'monitors: must be a whole number from 1 to 999999999999999, not "x"'),
        ("monitors=" + ",".join(["1"] * 1001), "monitors: names 1001 numbers; at most 1000 are taken"),
        ("monitor_groups=x", 'monitor_groups: must be a whole number from 1 to 999999999999999, not "x"'),
        ("status=OK", 'status: must be one of ok, error, not "OK"'),
        ("status=ok&status=error", "status: is given more than once; give it once"),
    ],
)
def test_a_wrong_filter_is_a_400(server: Server, query: str, fault: str) -> None:
    assert messages(server.get(f"{REPORT}?{query}")) == [f"invalid_request - {fault}"]


def test_a_reader_may_see_the_report(three: Server) -> None:
    assert len(three.get(REPORT, role=Role.READ_ONLY).json()["results"]) == 3
