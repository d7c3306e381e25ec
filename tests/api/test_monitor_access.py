"""`access_type` and what stands behind it: who may do what with which monitor (alertsite-v3.md, 1.2)."""

from dataclasses import dataclass
from typing import Any

import pytest
import requests
from tests.api.harness import PASSWORD, Server, email_of, messages
from tests.api.harness_runs import START, finish_run

from mailtrip.model import Role

WEEKLY = {"type": "Monitor", "start_day": 7, "start_time": "20:00", "end_day": 1, "end_time": "06:00"}


@dataclass
class Restricted:
    """A Power User who may edit one monitor, view another one, and not see a third one; each has all that there is."""

    server: Server
    edit: int
    view: int
    none: int
    runs: dict[int, int]
    blackouts: dict[int, int]
    slas: dict[int, int]
    groups: dict[int, int]
    recipient: int

    def call(self, method: str, path: str, **options: object) -> requests.Response:
        return self.server.call(method, path, role=Role.POWER_USER, **options)  # type: ignore[arg-type]  # passed on

    def get(self, path: str) -> Any:  # Any: JSON of any shape
        response = self.call("GET", path)
        assert response.status_code == 200, response.text
        return response.json()


def made(response: requests.Response) -> int:
    assert response.status_code == 200, response.text
    return int(response.json()["id"])


def set_access(server: Server, access: object, role: Role = Role.POWER_USER) -> None:
    users = server.get("/api/v3/users").json()["results"]
    guid = next(user["guid"] for user in users if user["email"] == email_of(role))
    response = server.patch(f"/api/v3/users/{guid}", json={"monitor_access": access})
    assert response.status_code == 200, response.text


@pytest.fixture
def restricted(server: Server) -> Restricted:
    edit, view, none = ids = tuple(server.create(name=name) for name in ("Mine", "Shown", "Hidden"))
    recipient = made(server.post("/api/v3/recipients", json={"method_id": 12, "recipient": "a@example.com"}))
    found = Restricted(
        server=server,
        edit=edit,
        view=view,
        none=none,
        runs={id_: finish_run(server, id_) for id_ in ids},
        blackouts={id_: made(server.post("/api/v3/blackouts", json={**WEEKLY, "assoc_id": id_})) for id_ in ids},
        slas={
            id_: made(
                server.post(
                    "/api/v3/slas", json={"monitor_id": id_, "name": "SLA", "availability": 99, "response_time": 5}
                )
            )
            for id_ in ids
        },
        groups={
            id_: made(
                server.post(
                    "/api/v3/notifier-groups",
                    json={"name": "G", "monitors": [id_, edit][: 1 + (id_ != edit)], "recipients": [recipient]},
                )
            )
            for id_ in ids
        },
        recipient=recipient,
    )
    access = {"default": "None", "monitors": [{"id": edit, "access": "Edit"}, {"id": view, "access": "View"}]}
    set_access(server, access)
    return found


def test_access_type_tells_what_the_asker_may_do(restricted: Restricted) -> None:
    listed = restricted.get("/api/v3/monitors?select=id,access_type")
    assert listed["results"] == [
        {"id": restricted.edit, "access_type": "Edit"},
        {"id": restricted.view, "access_type": "View"},
    ]
    assert listed["metadata"]["resultset"]["count"] == 2
    assert restricted.get(f"/api/v3/monitors/{restricted.view}")["access_type"] == "View"


def test_lists_that_were_written_for_others_are_not_shown_again(restricted: Restricted) -> None:
    path = "/api/v3/monitors?select=id,access_type"
    whole = [{"id": id_, "access_type": "Edit"} for id_ in (restricted.edit, restricted.view, restricted.none)]
    for _ in range(2):
        assert restricted.server.get(path).json()["results"] == whole
        readers = restricted.server.get(path, role=Role.READ_ONLY).json()["results"]
        assert readers == [each | {"access_type": "View"} for each in whole]
        assert restricted.get(path)["results"] == [whole[0], whole[1] | {"access_type": "View"}]


def test_access_type_is_view_for_roles_that_only_read(server: Server) -> None:
    monitor_id = server.create()
    found = server.get(f"/api/v3/monitors/{monitor_id}", role=Role.READ_ONLY).json()
    assert found["access_type"] == "View"
    assert server.get(f"/api/v3/monitors/{monitor_id}").json()["access_type"] == "Edit"


def test_a_monitor_that_may_only_be_viewed_is_read_and_tested_but_not_changed(restricted: Restricted) -> None:
    id_ = restricted.view
    assert restricted.call("GET", f"/api/v3/monitors/{id_}").status_code == 200
    assert restricted.call("GET", f"/api/v1/monitors/{id_}/runs").status_code == 200
    assert restricted.call("GET", f"/api/v1/runs/{restricted.runs[id_]}").status_code == 200
    assert restricted.call("POST", f"/api/v1/monitors/{id_}/test").status_code == 202
    for method, path, body in changes(restricted, id_):
        response = restricted.call(method, path, json=body)
        assert response.status_code == 403, (method, path, response.text)
        assert messages(response)[0].startswith("access_denied - this needs access Edit to ")


def changes(restricted: Restricted, id_: int) -> list[tuple[str, str, object]]:
    """All that can be changed of a monitor."""
    blackout, sla, group = restricted.blackouts[id_], restricted.slas[id_], restricted.groups[id_]
    return [
        ("PATCH", f"/api/v3/monitors/email-round-trip/{id_}", {"name": "x"}),
        ("PATCH", f"/api/v3/blackouts/{blackout}", {"note": "x"}),
        ("PATCH", f"/api/v3/slas/{sla}", {"name": "x"}),
        ("PATCH", f"/api/v3/notifier-groups/{group}", {"name": "x"}),
        ("DELETE", f"/api/v3/blackouts/{blackout}", None),
        ("DELETE", f"/api/v3/slas/{sla}", None),
        ("DELETE", f"/api/v3/notifier-groups/{group}", None),
        ("DELETE", f"/api/v3/monitors/{id_}", None),
    ]


def test_a_monitor_that_may_be_edited_is_changed_with_all_that_belongs_to_it(restricted: Restricted) -> None:
    for method, path, body in changes(restricted, restricted.edit):
        response = restricted.call(method, path, json=body)
        assert response.status_code in {200, 204}, (method, path, response.text)


def test_a_monitor_that_may_not_be_seen_is_not_found_nor_what_belongs_to_it(restricted: Restricted) -> None:
    id_ = restricted.none
    reads = [
        ("GET", f"/api/v3/monitors/{id_}", None),
        ("GET", f"/api/v3/blackouts/{restricted.blackouts[id_]}", None),
        ("GET", f"/api/v3/slas/{restricted.slas[id_]}", None),
        ("GET", f"/api/v3/slas?monitor_id={id_}", None),
        ("GET", f"/api/v1/monitors/{id_}/runs", None),
        ("GET", f"/api/v1/runs/{restricted.runs[id_]}", None),
        ("GET", f"/api/v3/tests?monitor_id={id_}", None),
        ("POST", f"/api/v1/monitors/{id_}/test", None),
    ]
    written = [change for change in changes(restricted, id_) if "notifier-groups" not in change[1]]
    for method, path, body in reads + written:
        for headers in ({}, {"If-Match": '"nothing"'}):
            response = restricted.call(method, path, json=body, headers=headers)
            assert messages(response) == ["Record not found"], (method, path, headers)


def test_lists_and_reports_leave_out_what_may_not_be_seen(restricted: Restricted) -> None:
    seen = [restricted.edit, restricted.view]
    day = f"{START:%Y-%m-%d}"
    assert [each["assoc_id"] for each in restricted.get("/api/v3/blackouts")["results"]] == seen
    assert restricted.get("/api/v3/blackouts")["metadata"]["resultset"]["count"] == 2
    assert [each["id"] for each in restricted.get("/api/v3/slas")["results"]] == [restricted.slas[id_] for id_ in seen]
    assert restricted.get(f"/api/v3/notifier-groups?monitor_id={restricted.none}")["results"] == []
    assert len(restricted.get("/api/v3/report-sitestatus")["results"]) == 2
    availability = restricted.get("/api/v1/reports/availability")
    assert [each["monitor_id"] for each in availability["monitors"]] == seen
    assert [each["monitor_id"] for each in restricted.get("/api/v1/reports/response-time")["monitors"]] == seen
    assert [each["monitor_id"] for each in restricted.get("/api/v1/reports/sla")["slas"]] == seen
    detail = requests.get(
        f"{restricted.server.url}/report-api/detail/1?api_version=2&format=json&start_date={day} 00:00:00"
        f"&end_date={day} 23:59:59",
        auth=(email_of(Role.POWER_USER), PASSWORD),
        timeout=10,
    )
    assert detail.status_code == 200, detail.text
    assert "Mine" in detail.text
    assert "Hidden" not in detail.text


def test_a_group_shows_only_monitors_that_may_be_seen_and_is_not_changed(restricted: Restricted) -> None:
    group = restricted.groups[restricted.none]
    shown = restricted.get(f"/api/v3/notifier-groups/{group}")
    assert [each["name"] for each in shown["monitors"]] == ["Mine"]
    for method, body in (("PATCH", {"name": "x"}), ("DELETE", None)):
        response = restricted.call(method, f"/api/v3/notifier-groups/{group}", json=body)
        assert messages(response) == ["access_denied - this needs access Edit to all monitors of the group"]


def test_nothing_new_is_made_for_monitors_that_may_not_be_edited(restricted: Restricted) -> None:
    monitors = {restricted.view: 403, restricted.none: 400}
    for id_, status in monitors.items():
        group = {"name": "x", "monitors": [id_], "recipients": [restricted.recipient]}
        assert restricted.call("POST", "/api/v3/notifier-groups", json=group).status_code == status
        assert restricted.call("POST", "/api/v3/blackouts", json={**WEEKLY, "assoc_id": id_}).status_code == status
        moved = restricted.call(
            "PATCH", f"/api/v3/blackouts/{restricted.blackouts[restricted.edit]}", json={"assoc_id": id_}
        )
        assert moved.status_code == status
    default = {"name": "x", "monitors": [restricted.edit], "recipients": [restricted.recipient], "is_default": True}
    assert restricted.call("POST", "/api/v3/notifier-groups", json=default).status_code == 403
    response = restricted.call("POST", "/api/v3/monitors/email-round-trip", json={})
    assert messages(response) == ["access_denied - this needs access Edit to all monitors"]


@pytest.mark.parametrize("name", ["view", "none"])
def test_bulk_edits_change_nothing_when_one_monitor_may_not_be_edited(restricted: Restricted, name: str) -> None:
    ids = [restricted.edit, getattr(restricted, name)]
    blackouts = {"monitors": ids, "recurring": {"action": "replace", "schedules": []}}
    response = restricted.call("POST", "/api/v3/blackouts/bulk-edit", json=blackouts)
    assert response.status_code in {400, 403}
    slas = {"monitors": ids, "update_sla_objectives": True, "availability": 1, "response_time": 1}
    response = restricted.call("POST", "/api/v3/slas/bulk-edit", json=slas)
    assert response.status_code in {400, 403}
    assert restricted.server.get("/api/v3/blackouts").json()["metadata"]["resultset"]["count"] == 3
    found = restricted.server.get(f"/api/v3/slas/{restricted.slas[restricted.edit]}").json()
    assert found["availability"] == 99


def test_who_sees_all_but_one_monitor_may_make_new_ones(restricted: Restricted) -> None:
    set_access(restricted.server, {"default": "Edit", "monitors": [{"id": restricted.none, "access": "None"}]})
    new = restricted.server.create()
    listed = restricted.get("/api/v3/monitors?select=id")["results"]
    assert [each["id"] for each in listed] == [restricted.edit, restricted.view, new]


@pytest.mark.parametrize("role", [Role.ADMIN, Role.CO_ADMIN])
def test_who_manages_users_may_edit_all_monitors_whatever_is_set(server: Server, role: Role) -> None:
    monitor_id = server.create()
    set_access(server, {"default": "None"}, role)
    assert server.get(f"/api/v3/monitors/{monitor_id}", role=role).json()["access_type"] == "Edit"


def test_an_api_token_sees_what_its_maker_sees(restricted: Restricted) -> None:
    response = restricted.call("POST", "/api/v1/tokens", json={"name": "script"})
    headers = {"Authorization": f"Bearer {response.json()['token']}"}
    found = restricted.server.get("/api/v3/monitors?select=id", role=None, headers=headers).json()
    assert [each["id"] for each in found["results"]] == [restricted.edit, restricted.view]
