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


NEVER = {
    "last_status": None,
    "last_status_warning": None,
    "last_status_desc": None,
    "dt_last_status": None,
    "resptime_last": None,
    "info_msg": None,
}


def item(number: int, name: str, **outcome: str | None) -> dict[str, object]:
    return {
        "device_id": number,
        "obj_device": str(number),
        "device_name": name,
        "type": "email-round-trip",
        "monitor": "y",
        "notify": "y",
        "monitor_interval": "15",
        "home_location": "10",
        "blackout_flag": "n",
        **NEVER,
        **outcome,
    }


def test_each_monitor_has_its_last_status_as_a_string(three: Server) -> None:
    assert three.get(REPORT).json() == {
        "results": [
            item(
                100001,
                "good",
                last_status="0",
                last_status_warning="0",
                last_status_desc="OK",
                dt_last_status="2026-01-01 11:00:00",
                resptime_last="2.500000",
                info_msg="Delivered after 1.2 s",
            ),
            item(
                100002,
                "bad",
                last_status="2",
                last_status_warning="0",
                last_status_desc="Round trip not finished within the timeout",
                dt_last_status="2026-01-01 11:00:00",
                resptime_last="2.500000",
                info_msg="Not seen in 300 s; no earlier run is known.",
            ),
            item(100003, "new"),
        ]
    }


def test_what_clients_read_of_a_monitor_is_strings(three: Server) -> None:
    """A known client drops what is not monitored, and can't read numbers (alertsite-v3.md, 4.6)."""
    names = ("obj_device", "monitor", "monitor_interval", "resptime_last", "last_status", "dt_last_status")
    found = three.get(f"{REPORT}?showsubaccounts=true&sub_accounts=24333&summarize=true").json()["results"][0]
    assert [found[name] for name in names] == ["100001", "y", "15", "2.500000", "0", "2026-01-01 11:00:00"]


def test_a_monitor_that_is_disabled_or_raises_no_alerts_is_told_with_n(server: Server) -> None:
    server.create(enabled=False, notify_on_error=False, interval=5)
    [found] = server.get(REPORT).json()["results"]
    assert (found["monitor"], found["notify"], found["monitor_interval"]) == ("n", "n", "5")


def test_a_warning_is_told_beside_the_status(server: Server) -> None:
    server.create()
    finish_run(server, 100001, verdict=Verdict.SLOW, status=StatusCode.SLOW)
    [found] = server.get(REPORT).json()["results"]
    assert (found["last_status"], found["last_status_warning"]) == ("304", "304")


@pytest.mark.parametrize(
    ("type_", "end_time", "flag"), [("Monitor", "13:00", "y"), ("Monitor", "12:00", "n"), ("Alert", "13:00", "n")]
)
def test_a_monitor_whose_runs_are_stopped_by_a_blackout_is_flagged(
    server: Server, type_: str, end_time: str, flag: str
) -> None:
    server.create()
    body = {
        "type": type_,
        "assoc_id": 100001,
        "start_day": 5,
        "start_time": "11:00",
        "end_day": 5,
        "end_time": end_time,
    }
    assert server.post("/api/v3/blackouts", json=body).status_code == 200
    assert [each["blackout_flag"] for each in server.get(REPORT).json()["results"]] == [flag]


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
        ("type=email-smtp,email-round-trip", ["good", "bad", "new"]),
        ("monitors=100001,100002&type=email-round-trip&status=ok", ["good"]),
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


def test_a_monitor_has_no_status_route_of_its_own(three: Server) -> None:
    response = three.get("/api/v3/monitors/100001/status")
    assert response.status_code == 404
    assert messages(response) == ["Record not found"]


def test_the_answer_is_an_object_with_results_and_no_envelope(server: Server) -> None:
    assert server.get(REPORT).json() == {"results": []}


def test_a_type_that_is_not_about_mail_is_refused_with_the_reason(server: Server) -> None:
    [message] = messages(server.get(f"{REPORT}?type=email-smtp,website"))
    assert message.startswith('invalid_request - type: "website" is no type for mail')
