"""`GET /api/v1/reports/...`: availability, response times, SLAs and outages, as JSON and CSV."""

import csv
import io
from datetime import timedelta

import pytest
import requests
from tests.api.harness import Server, messages
from tests.api.harness_runs import START, finish_run

from mailtrip.model import StatusCode, Verdict

REPORTS = ("availability", "response-time", "sla", "outages")
MINUTES = timedelta(minutes=1)
DAY = "from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z"


def report(server: Server, name: str, query: str = DAY) -> requests.Response:
    return server.get(f"/api/v1/reports/{name}?{query}")


def rows(response: requests.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(response.text)))


def fail(server: Server, monitor_id: int, *, after: timedelta) -> None:
    finish_run(
        server,
        monitor_id,
        verdict=Verdict.UNSENT,
        status=StatusCode.SMTP_LOGIN,
        summary="Login refused",
        slot=START + after,
    )


@pytest.fixture
def mixed(server: Server) -> Server:
    """A server with a monitor that failed twice between two good runs, and one without a run."""
    server.create(name="=mixed")
    server.create(name="new")
    finish_run(server, 100001)
    fail(server, 100001, after=15 * MINUTES)
    fail(server, 100001, after=30 * MINUTES)
    finish_run(server, 100001, slot=START + 75 * MINUTES)
    return server


def test_availability_is_told_of_all_of_each_bucket_and_of_each_monitor(mixed: Server) -> None:
    found = report(mixed, "availability", DAY + "&bucket=hour").json()
    assert (found["from"], found["to"], found["is_complete"]) == ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", True)
    assert (found["total"]["availability_percent"], found["total"]["error"], found["total"]["ok"]) == (50.0, 2, 2)
    shares = {each["from"]: each["availability_percent"] for each in found["buckets"]}
    assert len(shares) == 24
    assert shares["2026-01-01T11:00:00Z"] == pytest.approx(100 / 3)
    assert shares["2026-01-01T12:00:00Z"] == 100.0
    assert shares["2026-01-01T13:00:00Z"] is None
    assert [(each["name"], each["availability_percent"]) for each in found["monitors"]] == [
        ("=mixed", 50.0),
        ("new", None),
    ]


def test_days_begin_where_the_zone_says(mixed: Server) -> None:
    found = report(mixed, "availability", "from=2025-12-31T00:00:00Z&to=2026-01-02T00:00:00Z&zone=Pacific/Auckland")
    assert [(each["from"], each["ok"]) for each in found.json()["buckets"]] == [
        ("2025-12-31T00:00:00Z", 0),
        ("2025-12-31T11:00:00Z", 0),
        ("2026-01-01T11:00:00Z", 2),
    ]


def test_a_day_of_a_zone_with_half_hours_begins_with_the_hour(mixed: Server) -> None:
    found = report(mixed, "availability", DAY + "&zone=Asia/Kolkata").json()
    assert [each["from"] for each in found["buckets"]] == ["2026-01-01T00:00:00Z", "2026-01-01T18:00:00Z"]


def test_response_times_have_percentiles_and_histograms(mixed: Server) -> None:
    found = report(mixed, "response-time").json()
    total = found["total"]
    assert (total["count"], total["mean_seconds"]) == (2, 1.25)
    assert total["p50_seconds"] == pytest.approx(1.25, rel=0.01)
    assert [each["count"] for each in total["histogram"] if each["up_to_seconds"] == 3.0] == [2]
    assert sum(each["count"] for each in total["histogram"]) == 2
    assert [(each["step"], each["count"]) for each in found["steps"]] == [("connect", 2), ("submit", 2)]
    assert found["steps"][0]["p99_seconds"] == pytest.approx(0.05, rel=0.01)
    assert [each["p99_seconds"] for each in found["monitors"]] == [pytest.approx(1.25, rel=0.01), None]


def test_an_sla_is_told_with_what_was_reached(mixed: Server) -> None:
    for monitor_id in (100001, 100002):
        body = {"monitor_id": monitor_id, "name": "Gold", "availability": 99, "response_time": 5}
        assert mixed.post("/api/v3/slas", json=body).status_code == 200
    mixed_sla, new = report(mixed, "sla").json()["slas"]
    assert (mixed_sla["availability_percent"], mixed_sla["is_available"], mixed_sla["is_quick"]) == (50.0, False, True)
    assert (new["availability_percent"], new["is_available"], new["is_quick"]) == (None, None, None)


def test_an_sla_counts_within_its_operating_periods_and_without_its_exclusions(mixed: Server) -> None:
    body = {
        "monitor_id": 100001,
        "name": "Gold",
        "availability": 99,
        "response_time": 5,
        "operating_periods": [{"from_day": 5, "from_time": "11:10", "thru_day": 5, "thru_time": "12:30"}],
        "exclusions": [
            {"from_date": "2026-01-01 11:30:00", "thru_date": "2026-01-01 12:00:00", "location_id": None, "note": ""}
        ],
    }
    response = mixed.post("/api/v3/slas", json=body)
    assert response.status_code == 200, response.text
    (found,) = report(mixed, "sla").json()["slas"]
    assert (found["ok"], found["error"], found["availability_percent"]) == (1, 1, 50.0)


def test_an_outage_goes_from_the_first_failure_to_the_next_good_run(mixed: Server) -> None:
    assert report(mixed, "outages").json()["outages"] == [
        {
            "monitor_id": 100001,
            "name": "=mixed",
            "location_id": 10,
            "begin": "2026-01-01T11:15:00Z",
            "end": "2026-01-01T12:15:00Z",
            "duration_seconds": 3600,
            "status": 104,
            "cause": "SMTP: login refused",
            "failures": 2,
        }
    ]


def test_an_outage_that_goes_on_has_no_end(mixed: Server) -> None:
    fail(mixed, 100002, after=timedelta(0))
    found = report(mixed, "outages", DAY + "&monitors=100002").json()["outages"]
    assert [(each["end"], each["duration_seconds"]) for each in found] == [(None, None)]


def test_an_outage_is_told_whole_where_only_a_part_is_asked_for(mixed: Server) -> None:
    found = report(mixed, "outages", "from=2026-01-01T12:05:00Z&to=2026-01-01T12:10:00Z").json()["outages"]
    assert [(each["begin"], each["end"]) for each in found] == [("2026-01-01T11:15:00Z", "2026-01-01T12:15:00Z")]
    assert report(mixed, "outages", "from=2026-01-01T12:16:00Z&to=2026-01-01T14:10:00Z").json()["outages"] == []


@pytest.mark.parametrize("name", REPORTS)
def test_each_report_is_there_as_csv(mixed: Server, name: str) -> None:
    assert mixed.post("/api/v3/slas", json={"monitor_id": 100001, "name": "-1", "availability": 99, "response_time": 5})
    wished = report(mixed, name, DAY + "&format=csv")
    accepted = mixed.get(f"/api/v1/reports/{name}?{DAY}", headers={"Accept": "text/csv"})
    assert wished.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert wished.text == accepted.text
    assert rows(wished)


def test_csv_has_a_row_for_each_object_and_no_formulas(mixed: Server) -> None:
    found = rows(report(mixed, "availability", DAY + "&format=csv"))
    assert [row["row"] for row in found] == ["total", "bucket", "monitor", "monitor"]
    assert [row["name"] for row in found] == ["", "", "'=mixed", "new"]
    assert [row["availability_percent"] for row in found] == ["50.0", "50.0", "50.0", ""]


@pytest.mark.parametrize("name", REPORTS)
def test_a_monitor_that_is_not_there_is_not_found(mixed: Server, name: str) -> None:
    assert report(mixed, name, DAY + "&monitors=100001,100009").status_code == 404


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "to: must be later than the beginning"),
        ("from=2000-01-01T00:00:00Z&to=2026-01-01T00:00:00Z&bucket=hour", "bucket: more than 10000 of them; ask for "),
        ("zone=Europe/Nowhere", 'zone: is no time zone, "Europe/Nowhere"; use a name like Europe/Berlin'),
        ("zone=../etc/passwd", 'zone: is no time zone, "../etc/passwd"; use a name like Europe/Berlin'),
        ("bucket=week", 'bucket: must be one of hour, day, month, not "week"'),
        ("format=xml", 'format: must be one of json, csv, not "xml"'),
    ],
)
def test_what_can_not_be_reported_is_refused_with_the_reason(mixed: Server, query: str, fault: str) -> None:
    response = report(mixed, "availability", query)
    assert response.status_code == 400
    assert [text.startswith(f"invalid_request - {fault}") for text in messages(response)] == [True]


@pytest.mark.parametrize("name", REPORTS)
def test_times_at_the_ends_of_the_calendar_are_taken(mixed: Server, name: str) -> None:
    query = "from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z&bucket=month"
    assert report(mixed, name, query).status_code == 200
