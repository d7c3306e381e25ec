"""Reading, listing and deleting monitors (alertsite-v3.md, 1.4 to 1.6, 3.1 to 3.3, 7.10, 7.12 and 9)."""

import pytest
from tests.api.harness import MONITOR, Server, messages
from tests.api.harness_runs import finish_run

from mailtrip.model import Role, StatusCode, Verdict

MONITORS = "/api/v3/monitors"
TYPES = "email-round-trip, email-smtp, email-pop, email-imap"


def test_a_read_answers_with_the_bare_object_and_every_default_filled_in(server: Server) -> None:
    monitor_id = server.create()
    response = server.get(f"{MONITORS}/{monitor_id}")
    assert response.status_code == 200
    assert response.json() == MONITOR | {
        "id": 100001,
        "type": "email-round-trip",
        "note": None,
        "alert_note": None,
        "custom_properties": [],
        "tags": [],
        "email_from": "demo@example.com",
        "smtp_tls": "auto",
        "smtp_auth": "auto",
        "smtp_username": None,
        "has_smtp_password": False,
        "imap_hostname": None,
        "mailbox_tls": "auto",
        "mailbox_auth": "auto",
        "username": "demo@example.com",
        "has_password": False,
        "tls_verify": True,
        "tls_ca": None,
        "folders": [],
        "expect_spf": False,
        "expect_dkim": False,
        "expect_dmarc": False,
        "certificate_warning_days": 14,
        "interval": 15,
        "timeout": 300,
        "warning_time": None,
        "enabled": True,
        "notify_on_error": True,
        "local_retry": True,
        "locations": [{"id": 10, "name": "Local"}],
        "home_location": 10,
        "mode": "Primary",
        "monitor_location_count": None,
        "rotate_locations": False,
        "blackout_ids": [],
        "access_type": "Edit",
        "date_added": "2026-01-01T12:00:00Z",
        "date_modified": "2026-01-01T12:00:00Z",
        "last_status": None,
    }


def test_the_timeout_shown_is_the_one_in_force(server: Server) -> None:
    monitor_id = server.create(interval=2)
    assert server.get(f"{MONITORS}/{monitor_id}").json()["timeout"] == 110


def test_a_password_is_never_read_back(server: Server) -> None:
    monitor_id = server.create(password="hunter2", smtp_username="u", smtp_password="hunter3")
    for path in (f"{MONITORS}/{monitor_id}", MONITORS, f"{MONITORS}/{monitor_id}?select=password,smtp_password"):
        text = server.get(path).text
        assert "hunter" not in text
    found = server.get(f"{MONITORS}/{monitor_id}").json()
    assert (found["has_password"], found["has_smtp_password"]) == (True, True)
    assert not {"password", "smtp_password"} & set(found)


def test_date_modified_moves_with_a_change_and_date_added_does_not(server: Server) -> None:
    monitor_id = server.create()
    server.clock.move(90)
    server.patch(f"{MONITORS}/email-round-trip/{monitor_id}", json={"interval": 5})
    found = server.get(f"{MONITORS}/{monitor_id}").json()
    assert (found["date_added"], found["date_modified"]) == ("2026-01-01T12:00:00Z", "2026-01-01T12:01:30Z")


def test_last_status_is_that_of_the_newest_finished_run(server: Server) -> None:
    monitor_id = server.create()
    run_id = finish_run(server, monitor_id)
    assert server.get(f"{MONITORS}/{monitor_id}").json()["last_status"] == {
        "run_id": run_id,
        "status": 0,
        "text": "OK",
        "severity": "ok",
        "verdict": "delivered",
        "time": "2026-01-01T11:00:00Z",
        "delivery_seconds": 1.25,
        "summary": "Delivered after 1.2 s",
        "location_id": 10,
        "counts": False,
    }


def test_last_status_of_a_message_that_was_not_seen_has_no_delivery_time(server: Server) -> None:
    monitor_id = server.create()
    finish_run(server, monitor_id, verdict=Verdict.MISSING, status=StatusCode.TIMEOUT, summary="Not seen in 300 s")
    found = server.get(f"{MONITORS}/{monitor_id}").json()["last_status"]
    assert (found["status"], found["severity"], found["verdict"], found["counts"]) == (2, "error", "missing", True)
    assert found["delivery_seconds"] is None


@pytest.mark.parametrize("role", [Role.USER, Role.READ_ONLY])
def test_access_type_is_view_for_those_who_may_not_edit(server: Server, role: Role) -> None:
    monitor_id = server.create()
    assert server.get(f"{MONITORS}/{monitor_id}", role=role).json()["access_type"] == "View"


@pytest.mark.parametrize(
    ("select", "fields"),
    [
        ("id,name", {"id", "name"}),
        ("name", {"name"}),
        ("last_status", {"last_status"}),
        ("locations", {"locations"}),
        ("", set()),
        ("nonsense", set()),
        ("Name,id", {"id"}),
        ("id,,nonsense,id", {"id"}),
        ("password", set()),
    ],
)
def test_select_returns_the_fields_named_and_ignores_unknown_names(
    server: Server, select: str, fields: set[str]
) -> None:
    monitor_id = server.create()
    assert set(server.get(f"{MONITORS}/{monitor_id}", params={"select": select}).json()) == fields
    [found] = server.get(MONITORS, params={"select": select}).json()["results"]
    assert set(found) == fields


def test_an_unknown_id_is_a_404(server: Server) -> None:
    assert messages(server.get(f"{MONITORS}/100001")) == ["Record not found"]


def test_a_list_has_metadata_and_results(server: Server) -> None:
    ids = [server.create(), server.create()]
    found = server.get(MONITORS).json()
    assert set(found) == {"metadata", "results"}
    assert found["metadata"] == {
        "__permissions": {"acl": 7},
        "resultset": {"count": 2, "limit": None, "offset": "0"},
    }
    assert [each["id"] for each in found["results"]] == ids


def test_a_list_of_nothing_is_empty(server: Server) -> None:
    found = server.get(MONITORS).json()
    assert (found["results"], found["metadata"]["resultset"]["count"]) == ([], 0)


@pytest.mark.parametrize(
    ("role", "acl"),
    [(Role.ADMIN, 7), (Role.CO_ADMIN, 7), (Role.POWER_USER, 7), (Role.USER, 1), (Role.READ_ONLY, 1)],
)
def test_acl_is_7_for_those_who_may_edit_and_1_for_readers(server: Server, role: Role, acl: int) -> None:
    assert server.get(MONITORS, role=role).json()["metadata"]["__permissions"] == {"acl": acl}


@pytest.mark.parametrize(
    ("query", "ids", "limit", "offset"),
    [
        ("", [1, 2, 3, 4, 5], None, "0"),
        ("limit=2", [1, 2], "2", "0"),
        ("limit=2&offset=2", [3, 4], "2", "2"),
        ("offset=3", [4, 5], None, "3"),
        ("limit=1000&offset=5", [], "1000", "5"),
        ("limit=1&offset=2147483647", [], "1", "2147483647"),
    ],
)
def test_limit_and_offset_cut_the_list_and_are_echoed_as_strings(
    server: Server, query: str, ids: list[int], limit: str | None, offset: str
) -> None:
    for _ in range(5):
        server.create()
    found = server.get(f"{MONITORS}?{query}").json()
    assert [each["id"] - 100000 for each in found["results"]] == ids
    assert found["metadata"]["resultset"] == {"count": 5, "limit": limit, "offset": offset}


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("limit=0", 'limit: must be a whole number from 1 to 1000, not "0"'),
        ("limit=1001", 'limit: must be a whole number from 1 to 1000, not "1001"'),
        ("limit=", 'limit: must be a whole number from 1 to 1000, not ""'),
        ("limit=ten", 'limit: must be a whole number from 1 to 1000, not "ten"'),
        ("limit=1&limit=2", "limit: is given more than once; give it once"),
        ("offset=-1", 'offset: must be a whole number from 0 to 2147483647, not "-1"'),
        ("type=email", f'type: "email" is no type of monitor; use {TYPES}'),
        ("type=", f'type: "" is no type of monitor; use {TYPES}'),
        ("type=website", f'type: "website" is no type for mail, and Mailtrip monitors mail only; use {TYPES}'),
    ],
)
def test_a_wrong_query_value_is_a_400(server: Server, query: str, fault: str) -> None:
    response = server.get(f"{MONITORS}?{query}")
    assert response.status_code == 400
    assert messages(response) == [f"invalid_request - {fault}"]


def test_all_wrong_query_values_are_told_at_once(server: Server) -> None:
    assert len(messages(server.get(f"{MONITORS}?limit=0&offset=x&type=y"))) == 3


@pytest.mark.parametrize(
    ("types", "count"),
    [
        ("email-round-trip", 1),
        ("email-smtp", 0),
        ("email-smtp,email-round-trip", 1),
        ("email-round-trip,email-round-trip", 1),
    ],
)
def test_type_takes_one_type_or_several(server: Server, types: str, count: int) -> None:
    server.create()
    found = server.get(MONITORS, params={"type": types}).json()
    assert (len(found["results"]), found["metadata"]["resultset"]["count"]) == (count, count)


@pytest.mark.parametrize("value", ["true", "false", "whatever"])
def test_show_scripts_changes_nothing(server: Server, value: str) -> None:
    server.create()
    assert server.get(f"{MONITORS}?show_scripts={value}").json() == server.get(MONITORS).json()


def test_a_delete_answers_204_without_a_body(server: Server) -> None:
    monitor_id = server.create()
    response = server.delete(f"{MONITORS}/{monitor_id}")
    assert (response.status_code, response.content) == (204, b"")


def test_a_deleted_monitor_is_gone_everywhere(server: Server) -> None:
    monitor_id = server.create()
    run_id = finish_run(server, monitor_id)
    server.delete(f"{MONITORS}/{monitor_id}")
    assert server.get(MONITORS).json()["results"] == []
    assert server.get("/api/v3/report-sitestatus").json()["results"] == []
    for method, path in [
        ("GET", f"{MONITORS}/{monitor_id}"),
        ("PATCH", f"{MONITORS}/email-round-trip/{monitor_id}"),
        ("DELETE", f"{MONITORS}/{monitor_id}"),
        ("GET", f"/api/v3/tests?monitor_id={monitor_id}"),
        ("GET", f"/api/v1/monitors/{monitor_id}/runs"),
        ("GET", f"/api/v1/runs/{run_id}"),
        ("POST", f"/api/v1/monitors/{monitor_id}/test"),
    ]:
        response = server.call(method, path)
        assert messages(response) == ["Record not found"]
