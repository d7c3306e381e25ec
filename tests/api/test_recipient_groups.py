"""Recipient groups (alertsite-v3.md, 1.4 to 1.7, 4.3 and 9)."""

from collections.abc import Mapping, Sequence

import pytest
from tests.api.harness import Server, messages

from mailtrip.model import Role

GROUPS = "/api/v3/notifier-groups"
RECIPIENTS = "/api/v3/recipients"


def recipient(server: Server, address: str = "devops@example.com", **fields: object) -> int:
    body = {"method_id": 12, "recipient": address} | fields
    return int(server.post(RECIPIENTS, json=body).json()["id"])


def create(server: Server, monitors: Sequence[object], recipients: Sequence[object], **fields: object) -> int:
    """Make a group through the API and give its id."""
    body = {"name": "Bank", "monitors": monitors, "recipients": recipients}
    response = server.post(GROUPS, json=body | fields)
    assert response.status_code == 200, response.text
    return int(response.json()["id"])


def read(server: Server, group_id: int) -> dict[str, object]:
    response = server.get(f"{GROUPS}/{group_id}")
    assert response.status_code == 200
    found: dict[str, object] = response.json()
    return found


def faults(server: Server, body: Mapping[str, object]) -> list[str]:
    """What a create says is wrong."""
    response = server.post(GROUPS, json=body)
    assert response.status_code == 400
    return [text.removeprefix("invalid_request - ") for text in messages(response)]


def test_a_create_answers_200_with_the_id_as_a_string(server: Server) -> None:
    body = {"name": "x", "monitors": [{"id": server.create()}], "recipients": [{"id": recipient(server)}]}
    response = server.post(GROUPS, json=body)
    assert (response.status_code, response.json()) == (200, {"id": "100001"})


def test_a_read_names_monitors_recipients_and_errors(server: Server) -> None:
    monitor_id, recipient_id = server.create(name="Bank mail"), recipient(server, name="DevOps")
    group_id = create(server, [monitor_id], [recipient_id], errortypes=[{"id": 1}, {"id": 2}])
    assert read(server, group_id) == {
        "id": group_id,
        "name": "Bank",
        "is_default": False,
        "monitors": [{"id": monitor_id, "name": "Bank mail", "step_name": None, "step_number": 0}],
        "recipients": [{"id": recipient_id, "name": "DevOps", "recipient": "devops@example.com"}],
        "errortypes": [
            {"id": 1, "description": "TCP connection failed"},
            {"id": 2, "description": "Round trip not finished within the timeout"},
        ],
        "urgent": False,
        "escalate_after_minutes": None,
        "escalate_to": [],
        "escalate_to_groups": [],
        "templates": [],
    }


def test_no_error_types_means_all_errors(server: Server) -> None:
    assert read(server, create(server, [server.create()], [recipient(server)]))["errortypes"] == []


def test_an_error_that_mail_monitors_do_not_have_is_kept(server: Server) -> None:
    group_id = create(server, [server.create()], [recipient(server)], errortypes=[{"id": 5}, "7"])
    assert read(server, group_id)["errortypes"] == [
        {"id": 5, "description": "No status of mail monitors"},
        {"id": 7, "description": "No status of mail monitors"},
    ]


@pytest.mark.parametrize("code", [0, 1000, 4051, -1, "x", None])
def test_an_error_code_has_up_to_three_digits(server: Server, code: object) -> None:
    body = {"name": "x", "monitors": [server.create()], "recipients": [recipient(server)], "errortypes": [{"id": code}]}
    [told] = faults(server, body)
    assert told.startswith("errortypes: item 0 must be a whole number from 1 to 999, not ")


def test_the_status_of_silent_locations_can_be_named(server: Server) -> None:
    group_id = create(server, [server.create()], [recipient(server)], errortypes=[{"id": 4050}, "2"])
    assert read(server, group_id)["errortypes"] == [
        {"id": 4050, "description": "Location lost contact"},
        {"id": 2, "description": "Round trip not finished within the timeout"},
    ]


def test_name_monitors_and_recipients_are_required(server: Server) -> None:
    assert faults(server, {}) == ["name: is required", "monitors: is required", "recipients: is required"]


@pytest.mark.parametrize("field", ["monitors", "recipients"])
def test_monitors_and_recipients_have_at_least_one_item(server: Server, field: str) -> None:
    body = {"name": "x", "monitors": [server.create()], "recipients": [recipient(server)]}
    assert faults(server, body | {field: []}) == [f"{field}: has 0 items; 1 to 10000 are allowed"]
    group_id = create(server, [100001], [100001])
    response = server.patch(f"{GROUPS}/{group_id}", json={field: []})
    assert messages(response) == [f"invalid_request - {field}: has 0 items; 1 to 10000 are allowed"]


def test_a_name_has_at_most_128_characters(server: Server) -> None:
    body = {"name": "x" * 129, "monitors": [server.create()], "recipients": [recipient(server)]}
    assert faults(server, body) == ["name: has 129 characters; at most 128 are taken"]
    assert server.post(GROUPS, json=body | {"name": "x" * 128}).status_code == 200


def test_what_is_not_there_can_not_be_named(server: Server) -> None:
    body = {"name": "x", "monitors": [100001, {"id": 8}], "recipients": [{"id": 9}]}
    assert faults(server, body) == [
        "monitors: there is no monitor 100001, 8; name monitors of this account",
        "recipients: there is no recipient 9; name recipients of this account",
    ]


def test_nothing_is_named_twice(server: Server) -> None:
    monitor_id, recipient_id = server.create(), recipient(server)
    body = {
        "name": "x",
        "monitors": [monitor_id, {"id": str(monitor_id)}],
        "recipients": [recipient_id, recipient_id],
        "errortypes": [1, 1],
    }
    assert faults(server, body) == [
        "monitors: names 100001 twice; name each once",
        "recipients: names 100001 twice; name each once",
        "errortypes: names 1 twice; name each once",
    ]


@pytest.mark.parametrize("step", [0, "0", None])
def test_step_number_0_means_the_whole_monitor(server: Server, step: object) -> None:
    monitor = {"id": server.create(), "step_number": step, "step_name": None, "name": "whatever"}
    group_id = create(server, [monitor], [{"id": recipient(server), "name": "whatever"}])
    assert [each["step_number"] for each in server.get(f"{GROUPS}/{group_id}").json()["monitors"]] == [0]


def test_a_step_of_a_monitor_is_refused(server: Server) -> None:
    body = {"name": "x", "monitors": [{"id": server.create(), "step_number": 2}], "recipients": [recipient(server)]}
    assert faults(server, body) == [
        'monitors: item 0 names a step, which mail monitors don\'t have; give step_number 0 or none; write [{"id": 1}]'
    ]


def test_templates_are_refused_as_there_are_none(server: Server) -> None:
    body = {"name": "x", "monitors": [server.create()], "recipients": [recipient(server)]}
    assert faults(server, body | {"templates": [{"id": 14}]}) == [
        "templates: there are no templates of alerts; give an empty list or none"
    ]
    assert server.post(GROUPS, json=body | {"templates": []}).status_code == 200


def test_one_group_at_most_is_the_default(server: Server) -> None:
    monitor_id, recipient_id = server.create(), recipient(server)
    ids = [create(server, [monitor_id], [recipient_id], is_default=is_default) for is_default in (True, True, False)]

    def defaults() -> list[object]:
        return [each["is_default"] for each in server.get(GROUPS).json()["results"]]

    assert defaults() == [False, True, False]
    server.patch(f"{GROUPS}/{ids[0]}", json={"is_default": True})
    assert defaults() == [True, False, False]
    server.patch(f"{GROUPS}/{ids[0]}", json={"is_default": False})
    assert defaults() == [False, False, False]


def test_after_the_default_group_is_deleted_there_is_none(server: Server) -> None:
    monitor_id, recipient_id = server.create(), recipient(server)
    group_id = create(server, [monitor_id], [recipient_id], is_default=True)
    create(server, [monitor_id], [recipient_id])
    server.delete(f"{GROUPS}/{group_id}")
    assert [each["is_default"] for each in server.get(GROUPS).json()["results"]] == [False]


def test_a_patch_replaces_lists_as_a_whole_and_keeps_the_rest(server: Server) -> None:
    monitors, recipients = [server.create(), server.create()], [recipient(server), recipient(server)]
    group_id = create(server, monitors, recipients, errortypes=[1])
    before = read(server, group_id)
    response = server.patch(f"{GROUPS}/{group_id}", json={"monitors": [{"id": monitors[1]}]})
    assert (response.status_code, response.json()) == (200, {"id": str(group_id)})
    after = read(server, group_id)
    assert [each["id"] for each in server.get(f"{GROUPS}/{group_id}").json()["monitors"]] == monitors[1:]
    assert {name: value for name, value in after.items() if name != "monitors"} == {
        name: value for name, value in before.items() if name != "monitors"
    }


def test_what_a_read_gave_can_be_sent_back(server: Server) -> None:
    group_id = create(server, [server.create()], [recipient(server)], errortypes=[1], is_default=True)
    before = read(server, group_id)
    response = server.patch(f"{GROUPS}/{group_id}", json=before | {"name": "Renamed"})
    assert response.status_code == 200
    assert "X-Mailtrip-Ignored-Fields" not in response.headers
    assert read(server, group_id) == before | {"name": "Renamed"}


def test_a_null_resets_to_the_default_and_what_is_required_can_not_be_null(server: Server) -> None:
    group_id = create(server, [server.create()], [recipient(server)], errortypes=[1], is_default=True)
    server.patch(f"{GROUPS}/{group_id}", json={"errortypes": None, "is_default": None, "templates": None})
    found = read(server, group_id)
    assert (found["errortypes"], found["is_default"]) == ([], False)
    response = server.patch(f"{GROUPS}/{group_id}", json={"name": None, "monitors": None, "recipients": None})
    assert [text.split(":")[0] for text in messages(response)] == [
        "invalid_request - name",
        "invalid_request - monitors",
        "invalid_request - recipients",
    ]


def test_a_patch_that_is_refused_changes_nothing(server: Server) -> None:
    group_id = create(server, [server.create()], [recipient(server)])
    before = read(server, group_id)
    assert server.patch(f"{GROUPS}/{group_id}", json={"name": "New", "monitors": [1]}).status_code == 400
    assert read(server, group_id) == before


def test_a_recipient_shows_its_groups_as_strings(server: Server) -> None:
    monitor_id, recipient_id = server.create(), recipient(server)
    ids = [create(server, [monitor_id], [recipient_id]) for _ in range(2)]
    assert server.get(f"{RECIPIENTS}/{recipient_id}").json()["notifier_groups"] == [str(each) for each in ids]
    server.delete(f"{GROUPS}/{ids[0]}")
    assert server.get(f"{RECIPIENTS}/{recipient_id}").json()["notifier_groups"] == [str(ids[1])]


def test_a_deleted_recipient_leaves_its_groups(server: Server) -> None:
    monitor_id, gone, stays = server.create(), recipient(server), recipient(server)
    both, alone = create(server, [monitor_id], [gone, stays]), create(server, [monitor_id], [gone])
    assert server.delete(f"{RECIPIENTS}/{gone}").status_code == 204
    assert [each["id"] for each in server.get(f"{GROUPS}/{both}").json()["recipients"]] == [stays]
    assert read(server, alone)["recipients"] == []
    assert server.patch(f"{GROUPS}/{alone}", json={"name": "Empty now"}).status_code == 200


def test_a_deleted_monitor_leaves_its_groups(server: Server) -> None:
    gone, stays, recipient_id = server.create(), server.create(), recipient(server)
    both, alone = create(server, [gone, stays], [recipient_id]), create(server, [gone], [recipient_id])
    assert server.delete(f"/api/v3/monitors/{gone}").status_code == 204
    assert [each["id"] for each in server.get(f"{GROUPS}/{both}").json()["monitors"]] == [stays]
    assert read(server, alone)["monitors"] == []
    assert server.get(GROUPS, params={"monitor_id": gone}).json()["results"] == []
    left = server.database.read(
        lambda connection: connection.exec_driver_sql("SELECT monitor_id FROM recipient_group_monitors").scalars().all()
    )
    assert left == [stays]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["a", "b", "c"]),
        ("monitor_id=100001", ["a", "c"]),
        ("recipient_id=100002", ["b", "c"]),
        ("monitor_id=100001&recipient_id=100002", ["c"]),
        ("monitor_id=100009", []),
        ("limit=1&offset=1", ["b"]),
    ],
)
def test_a_list_is_cut_by_monitor_recipient_limit_and_offset(server: Server, query: str, names: list[str]) -> None:
    monitors, recipients = [server.create(), server.create()], [recipient(server), recipient(server)]
    create(server, monitors[:1], recipients[:1], name="a")
    create(server, monitors[1:], recipients[1:], name="b")
    create(server, monitors, recipients, name="c")
    found = server.get(f"{GROUPS}?{query}").json()
    assert [each["name"] for each in found["results"]] == names
    assert found["metadata"]["__permissions"] == {"acl": 7}
    assert found["metadata"]["resultset"]["count"] == (3 if "limit" in query else len(names))


@pytest.mark.parametrize("query", ["monitor_id=x", "recipient_id=0", "limit=0"])
def test_a_wrong_query_value_is_a_400(server: Server, query: str) -> None:
    [told] = messages(server.get(f"{GROUPS}?{query}"))
    assert told.startswith(f"invalid_request - {query.partition('=')[0]}: must be ")


@pytest.mark.parametrize(("select", "fields"), [("id,monitors", {"id", "monitors"}), ("", set()), ("Name", set())])
def test_select_returns_the_fields_named(server: Server, select: str, fields: set[str]) -> None:
    group_id = create(server, [server.create()], [recipient(server)])
    assert set(server.get(f"{GROUPS}/{group_id}", params={"select": select}).json()) == fields
    [found] = server.get(GROUPS, params={"select": select}).json()["results"]
    assert set(found) == fields


def test_a_delete_answers_204_and_leaves_monitors_and_recipients(server: Server) -> None:
    monitor_id, recipient_id = server.create(), recipient(server)
    group_id = create(server, [monitor_id], [recipient_id])
    response = server.delete(f"{GROUPS}/{group_id}")
    assert (response.status_code, response.content) == (204, b"")
    for method in ("DELETE", "GET", "PATCH"):
        assert messages(server.call(method, f"{GROUPS}/{group_id}")) == ["Record not found"]
    assert server.get(f"/api/v3/monitors/{monitor_id}").status_code == 200
    assert server.get(f"{RECIPIENTS}/{recipient_id}").status_code == 200


@pytest.mark.parametrize("role", list(Role))
def test_every_role_may_read_and_those_who_may_edit_may_change(server: Server, role: Role) -> None:
    monitor_id, recipient_id = server.create(), recipient(server)
    group_id = create(server, [monitor_id], [recipient_id])
    body = {"name": "x", "monitors": [monitor_id], "recipients": [recipient_id]}
    assert server.get(GROUPS, role=role).status_code == 200
    assert server.get(f"{GROUPS}/{group_id}", role=role).status_code == 200
    expected = 200 if role.may_edit else 403
    assert server.post(GROUPS, role=role, json=body).status_code == expected
    assert server.patch(f"{GROUPS}/{group_id}", role=role, json={}).status_code == expected
    assert server.delete(f"{GROUPS}/{group_id}", role=role).status_code == (204 if role.may_edit else 403)


def test_a_group_may_be_urgent_and_may_escalate(server: Server) -> None:
    first, boss = recipient(server), recipient(server)
    given = {"urgent": True, "escalate_after_minutes": "30", "escalate_to": [boss]}
    group_id = create(server, [server.create()], [first], **given)

    kept = server.get(f"{GROUPS}/{group_id}").json()

    assert (kept["urgent"], kept["escalate_after_minutes"]) == (True, 30)
    assert [each["id"] for each in kept["escalate_to"]] == [boss]


def test_a_group_may_escalate_to_groups_until_these_are_removed(server: Server) -> None:
    monitor_id = server.create()
    chiefs = create(server, [monitor_id], [recipient(server)])
    given = {"escalate_after_minutes": 30, "escalate_to_groups": [{"id": chiefs}]}
    group_id = create(server, [monitor_id], [recipient(server)], **given)
    kept = server.get(f"{GROUPS}/{group_id}")
    assert kept.json()["escalate_to_groups"] == [{"id": chiefs}]

    server.delete(f"{GROUPS}/{chiefs}")
    after = server.get(f"{GROUPS}/{group_id}")
    assert after.json()["escalate_to_groups"] == []
    assert after.headers["ETag"] != kept.headers["ETag"]
    response = server.patch(f"{GROUPS}/{group_id}", json={"escalate_to_groups": [chiefs, group_id]})
    assert messages(response) == [
        f"invalid_request - escalate_to_groups: there is no recipient group {chiefs}; name recipient groups of this account"
    ]


def test_half_an_escalation_is_refused(server: Server) -> None:
    body = {"name": "x", "monitors": [server.create()], "recipients": [recipient(server)], "escalate_after_minutes": 5}

    response = server.post("/api/v3/notifier-groups", json=body)

    assert response.status_code == 400
    assert "escalate_to: is required for an escalation" in messages(response)[0]
