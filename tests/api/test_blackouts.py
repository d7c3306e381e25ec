"""`/blackouts` (alertsite-v3.md, 4.1 and 9). It is 2026-01-01 12:00, a Thursday, in these tests."""

import pytest
import requests
from tests.api.harness import Server, email_of, messages

from mailtrip.model import Role

BLACKOUTS = "/api/v3/blackouts"
ONE_TIME = {
    "assoc_id": 100001,
    "type": "Monitor",
    "persistent": False,
    "from_date": "2026-01-15 13:00:00",
    "thru_date": "2026-01-15 15:30:00",
    "note": "Scheduled maintenance",
}
WEEKLY = {
    "assoc_id": 100001,
    "type": "Alert",
    "start_day": 7,
    "start_time": "20:00",
    "end_day": 7,
    "end_time": "22:15",
}


@pytest.fixture(autouse=True)
def _two_monitors(server: Server) -> None:
    assert [server.create(), server.create()] == [100001, 100002]


def create(server: Server, body: dict[str, object], **changes: object) -> int:
    response = server.post(BLACKOUTS, json=body | changes)
    assert response.status_code == 200, response.text
    return int(response.json()["id"])


def faults(response: requests.Response) -> list[str]:
    assert response.status_code == 400, response.text
    return [message.removeprefix("invalid_request - ") for message in messages(response)]


def listed(server: Server, query: str = "") -> list[int]:
    return [each["id"] for each in server.get(f"{BLACKOUTS}?{query}").json()["results"]]


def test_a_create_answers_200_with_the_id_as_a_string(server: Server) -> None:
    response = server.post(BLACKOUTS, json=ONE_TIME)
    assert response.status_code == 200
    assert response.json() == {"id": "100001"}


def test_a_one_time_blackout_is_read_with_null_for_what_is_weekly(server: Server) -> None:
    blackout_id = create(server, ONE_TIME)
    response = server.get(f"{BLACKOUTS}/{blackout_id}")
    assert response.status_code == 200
    assert response.json() == ONE_TIME | {
        "id": 100001,
        "start_day": None,
        "start_time": None,
        "end_day": None,
        "end_time": None,
        "login": email_of(Role.ADMIN),
        "date_added": "2026-01-01T12:00:00Z",
        "active": False,
        "next_change": "2026-01-15T13:00:00Z",
    }


def test_a_weekly_blackout_is_read_with_null_for_what_is_one_time(server: Server) -> None:
    blackout_id = create(server, WEEKLY)
    assert server.get(f"{BLACKOUTS}/{blackout_id}").json() == WEEKLY | {
        "id": 100001,
        "persistent": True,
        "from_date": None,
        "thru_date": None,
        "note": None,
        "login": email_of(Role.ADMIN),
        "date_added": "2026-01-01T12:00:00Z",
        "active": False,
        "next_change": "2026-01-03T20:00:00Z",
    }


@pytest.mark.parametrize(
    ("body", "persistent"),
    [
        ({**ONE_TIME, "persistent": None}, False),
        ({name: value for name, value in ONE_TIME.items() if name != "persistent"}, False),
        (WEEKLY, True),
        ({**WEEKLY, "from_date": None, "thru_date": None}, True),
        ({**WEEKLY, "persistent": "y"}, True),
    ],
)
def test_persistent_may_be_left_out_and_follows_from_the_other_fields(
    server: Server, body: dict[str, object], persistent: bool
) -> None:
    blackout_id = create(server, body)
    assert server.get(f"{BLACKOUTS}/{blackout_id}").json()["persistent"] is persistent


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"type": None}, "type: must not be null; leave it out to keep it"),
        ({"type": "Recipient"}, 'type: must be one of Monitor, Alert, Notifier, not "Recipient"'),
        ({"type": "monitor"}, 'type: must be one of Monitor, Alert, Notifier, not "monitor"'),
        ({"assoc_id": None}, "assoc_id: must not be null; leave it out to keep it"),
        ({"assoc_id": 100003}, "assoc_id: there is no monitor 100003; name one of this account"),
        ({"assoc_id": "x"}, 'assoc_id: must be a whole number from 1 to 999999999999999, not "x"'),
        ({"type": "Notifier"}, "assoc_id: there is no recipient 100001; name one of this account"),
        ({"from_date": None}, "from_date: is required for a one-time blackout"),
        ({"thru_date": None}, "thru_date: is required for a one-time blackout"),
        ({"from_date": "2026-01-15"}, "from_date: must be a time like 2026-01-31 12:00:00, in UTC, not"),
        ({"from_date": "2026-02-30 12:00:00"}, "from_date: must be a time like 2026-01-31 12:00:00, in UTC, not"),
        ({"from_date": "2026-01-15T13:00:00Z"}, "from_date: must be a time like 2026-01-31 12:00:00, in UTC, not"),
        ({"from_date": 5}, "from_date: must be text, not a number"),
        ({"thru_date": "2026-01-15 13:00:00"}, "thru_date: is not later than the start"),
        ({"thru_date": "2026-01-15 12:00:00"}, "thru_date: is not later than the start"),
        ({"thru_date": "9999-12-31 23:59:59"}, "thru_date: lies beyond the year 9998"),
        (
            {"from_date": "2025-12-31 00:00:00"},
            "from_date: is not in the future; it is 2026-01-01 12:00:00 now, in UTC",
        ),
        (
            {"from_date": "2026-01-01 12:00:00"},
            "from_date: is not in the future; it is 2026-01-01 12:00:00 now, in UTC",
        ),
        ({"start_day": 1}, "start_day: is for weekly blackouts; leave it out of a one-time one"),
        ({"persistent": "maybe"}, 'persistent: must be true or false, not "maybe"'),
        ({"note": 5}, "note: must be text, not a number"),
    ],
)
def test_a_bad_field_of_a_one_time_blackout_is_a_400_that_names_it_and_nothing_is_stored(
    server: Server, changes: dict[str, object], fault: str
) -> None:
    [message] = faults(server.post(BLACKOUTS, json=ONE_TIME | changes))
    assert message.startswith(fault)
    assert listed(server) == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"start_day": 0}, "start_day: must be a whole number from 1 to 7, not 0"),
        ({"end_day": 8}, "end_day: must be a whole number from 1 to 7, not 8"),
        ({"start_time": "24:00"}, 'start_time: must be a time of the day like 09:30, from 00:00 to 23:59, not "24:00"'),
        ({"end_time": "9:30"}, 'end_time: must be a time of the day like 09:30, from 00:00 to 23:59, not "9:30"'),
        ({"end_time": "09:30:00"}, "end_time: must be a time of the day like 09:30, from 00:00 to 23:59, not"),
        ({"start_time": None}, "start_time: is required for a weekly blackout"),
        ({"start_day": None}, "start_day: is required for a weekly blackout"),
        ({"end_time": None}, "end_time: is required for a weekly blackout"),
        ({"end_day": None}, "end_day: is required for a weekly blackout"),
        ({"end_time": "20:00"}, "end_time: is the time it starts at; end it at another"),
        (
            {"persistent": True, "from_date": "2026-01-15 13:00:00"},
            "from_date: is for one-time blackouts; leave it out",
        ),
    ],
)
def test_a_bad_field_of_a_weekly_blackout_is_a_400_that_names_it_and_nothing_is_stored(
    server: Server, changes: dict[str, object], fault: str
) -> None:
    [message] = faults(server.post(BLACKOUTS, json=WEEKLY | changes))
    assert message.startswith(fault)
    assert listed(server) == []


@pytest.mark.parametrize("extra", [{}, {"from_date": "2026-01-15 13:00:00", "start_day": 1}])
def test_fields_of_neither_or_of_both_kinds_are_a_400(server: Server, extra: dict[str, object]) -> None:
    [message] = faults(server.post(BLACKOUTS, json={"type": "Monitor", "assoc_id": 100001, **extra}))
    assert message == (
        "from_date: give either dates, for a one-time blackout, or day and time of the start and of the end, for a "
        "weekly one"
    )


def test_all_faults_of_a_body_are_told_at_once(server: Server) -> None:
    body = {"type": "x", "assoc_id": 5, "from_date": "y", "note": "\x00"}
    assert faults(server.post(BLACKOUTS, json=body)) == [
        'type: must be one of Monitor, Alert, Notifier, not "x"',
        'from_date: must be a time like 2026-01-31 12:00:00, in UTC, not "y"',
        "note: has a line break or another control character in it; write it without",
    ]
    assert faults(server.post(BLACKOUTS, json={"start_day": 1})) == [
        "type: is required",
        "assoc_id: is required",
        "start_time: is required for a weekly blackout",
        "end_day: is required for a weekly blackout",
        "end_time: is required for a weekly blackout",
    ]


def test_a_note_above_255_characters_is_cut(server: Server) -> None:
    blackout_id = create(server, ONE_TIME, note="n" * 300)
    assert server.get(f"{BLACKOUTS}/{blackout_id}").json()["note"] == "n" * 255


def test_a_weekly_blackout_may_cross_the_end_of_the_week(server: Server) -> None:
    blackout_id = create(server, WEEKLY, start_day=5, start_time="11:00", end_day=2, end_time="06:00")
    found = server.get(f"{BLACKOUTS}/{blackout_id}").json()
    assert (found["active"], found["next_change"]) == (True, "2026-01-05T06:00:00Z")


def test_unknown_fields_are_ignored_and_named(server: Server) -> None:
    response = server.post(BLACKOUTS, json=ONE_TIME | {"Type": "Alert", "start_date": "2026-01-01"})
    assert response.status_code == 200
    assert response.headers["X-Mailtrip-Ignored-Fields"] == "Type, start_date"


def test_the_list_has_past_and_future_ones_in_the_vendors_envelope(server: Server) -> None:
    create(server, ONE_TIME, from_date="2026-01-01 12:10:00", thru_date="2026-01-01 12:20:00")
    create(server, WEEKLY)
    server.clock.move(1800)
    found = server.get(BLACKOUTS, role=Role.READ_ONLY).json()
    assert found["metadata"] == {"__permissions": {"acl": 1}, "resultset": {"count": 2, "limit": None, "offset": "0"}}
    assert [each["id"] for each in found["results"]] == [100001, 100002]
    assert [each["next_change"] for each in found["results"]] == [None, "2026-01-03T20:00:00Z"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [100001, 100002, 100003]),
        ("type=Monitor", [100001, 100003]),
        ("type=Alert", [100002]),
        ("type=Notifier", []),
        ("assoc_id=100002", [100003]),
        ("assoc_id=999", []),
        ("type=Alert&assoc_id=100002", []),
        ("persistent=true", [100002, 100003]),
        ("persistent=false", [100001, 100002, 100003]),
        ("limit=1&offset=1", [100002]),
        ("offset=5", []),
    ],
)
def test_filters_choose_blackouts(server: Server, query: str, expected: list[int]) -> None:
    create(server, ONE_TIME)
    create(server, WEEKLY)
    create(server, WEEKLY, type="Monitor", assoc_id=100002)
    assert listed(server, query) == expected


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("type=monitor", 'type: must be one of Monitor, Alert, Notifier, not "monitor"'),
        ("assoc_id=x", 'assoc_id: must be a whole number from 1 to 999999999999999, not "x"'),
        ("persistent=maybe", 'persistent: must be true or false, not "maybe"'),
        ("limit=0", "limit: must be a whole number from 1 to 1000, not"),
        ("offset=-1", "offset: must be a whole number from 0 to 2147483647, not"),
        ("type=Alert&type=Alert", "type: is given more than once; give it once"),
    ],
)
def test_a_wrong_filter_is_a_400(server: Server, query: str, fault: str) -> None:
    [message] = faults(server.get(f"{BLACKOUTS}?{query}"))
    assert message.startswith(fault)


@pytest.mark.parametrize(
    ("select", "fields"), [("id,type", {"id", "type"}), ("", set()), ("nonsense", set()), ("Type,note", {"note"})]
)
def test_select_returns_the_fields_named_and_ignores_unknown_names(
    server: Server, select: str, fields: set[str]
) -> None:
    blackout_id = create(server, ONE_TIME)
    assert set(server.get(f"{BLACKOUTS}/{blackout_id}", params={"select": select}).json()) == fields
    [found] = server.get(BLACKOUTS, params={"select": select}).json()["results"]
    assert set(found) == fields


def test_a_patch_changes_what_is_given_of_a_weekly_blackout_and_answers_with_its_id(server: Server) -> None:
    blackout_id = create(server, WEEKLY, note="kept")
    response = server.patch(f"{BLACKOUTS}/{blackout_id}", json={"end_time": "23:00", "end_day": 1})
    assert response.status_code == 200
    assert response.json() == {"id": str(blackout_id)}
    found = server.get(f"{BLACKOUTS}/{blackout_id}").json()
    assert (found["end_time"], found["end_day"], found["start_time"], found["note"]) == ("23:00", 1, "20:00", "kept")


def test_the_vendors_own_example_of_a_patch_works(server: Server) -> None:
    blackout_id = create(server, WEEKLY)
    response = server.patch(f"{BLACKOUTS}/{blackout_id}", json={"from_time": "23:30", "thru_time": "23:55"})
    assert response.status_code == 200
    found = server.get(f"{BLACKOUTS}/{blackout_id}").json()
    assert (found["start_time"], found["end_time"]) == ("23:30", "23:55")


def test_a_field_under_both_of_its_names_is_a_400(server: Server) -> None:
    blackout_id = create(server, WEEKLY)
    response = server.patch(f"{BLACKOUTS}/{blackout_id}", json={"end_time": "23:00", "thru_time": "23:30"})
    assert faults(response) == ["thru_time: is given beside end_time; give one of the two"]


def test_type_assoc_id_and_note_can_be_changed_too(server: Server) -> None:
    blackout_id = create(server, WEEKLY, note="x")
    changes = {"type": "Monitor", "assoc_id": 100002, "note": None}
    assert server.patch(f"{BLACKOUTS}/{blackout_id}", json=changes).status_code == 200
    found = server.get(f"{BLACKOUTS}/{blackout_id}").json()
    assert {name: found[name] for name in changes} == changes


def test_what_is_read_of_a_weekly_blackout_can_be_sent_back_as_it_is(server: Server) -> None:
    blackout_id = create(server, WEEKLY)
    before = server.get(f"{BLACKOUTS}/{blackout_id}").json()
    response = server.patch(f"{BLACKOUTS}/{blackout_id}", json=before)
    assert response.status_code == 200
    assert "X-Mailtrip-Ignored-Fields" not in response.headers
    assert server.get(f"{BLACKOUTS}/{blackout_id}").json() == before


def test_a_patch_without_a_body_changes_nothing(server: Server) -> None:
    blackout_id = create(server, WEEKLY)
    assert server.patch(f"{BLACKOUTS}/{blackout_id}").json() == {"id": str(blackout_id)}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"start_day": None}, "start_day: is required for a weekly blackout"),
        ({"end_time": "20:00"}, "end_time: is the time it starts at; end it at another"),
        ({"persistent": False}, "start_day: is for weekly blackouts; leave it out of a one-time one"),
        ({"thru_time": "x"}, 'end_time: must be a time of the day like 09:30, from 00:00 to 23:59, not "x"'),
        ({"assoc_id": 5}, "assoc_id: there is no monitor 5; name one of this account"),
        ({"type": "Notifier"}, "assoc_id: there is no recipient 100001; name one of this account"),
    ],
)
def test_a_wrong_patch_is_a_400_and_changes_nothing(server: Server, changes: dict[str, object], fault: str) -> None:
    blackout_id = create(server, WEEKLY)
    before = server.get(f"{BLACKOUTS}/{blackout_id}").json()
    assert fault in faults(server.patch(f"{BLACKOUTS}/{blackout_id}", json=changes))
    assert server.get(f"{BLACKOUTS}/{blackout_id}").json() == before


def test_a_one_time_blackout_cant_be_edited(server: Server) -> None:
    blackout_id = create(server, ONE_TIME)
    assert faults(server.patch(f"{BLACKOUTS}/{blackout_id}", json={"note": "x"})) == [
        "persistent: a one-time blackout can't be edited; remove it and make another one"
    ]


@pytest.mark.parametrize("body", [ONE_TIME, WEEKLY])
def test_a_delete_is_a_204_without_a_body_and_the_second_one_a_404(server: Server, body: dict[str, object]) -> None:
    blackout_id = create(server, body)
    response = server.delete(f"{BLACKOUTS}/{blackout_id}")
    assert (response.status_code, response.content) == (204, b"")
    assert messages(server.delete(f"{BLACKOUTS}/{blackout_id}")) == ["Record not found"]


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_unknown_id_is_a_404(server: Server, method: str) -> None:
    response = server.call(method, f"{BLACKOUTS}/100001", json={})
    assert response.status_code == 404
    assert messages(response) == ["Record not found"]


@pytest.mark.parametrize("role", [Role.USER, Role.READ_ONLY])
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", ""), ("PATCH", "/100001"), ("DELETE", "/100001"), ("POST", "/bulk-edit")],
)
def test_a_role_that_may_not_edit_gets_a_403(server: Server, role: Role, method: str, path: str) -> None:
    create(server, WEEKLY)
    response = server.call(method, BLACKOUTS + path, role=role, json={})
    assert response.status_code == 403
    assert messages(response) == ["access_denied - this needs role Admin, Co-Admin or Power User"]


def test_the_blackout_ids_of_a_monitor_are_strings_of_both_types_past_ones_too(server: Server) -> None:
    create(server, ONE_TIME, from_date="2026-01-01 12:10:00", thru_date="2026-01-01 12:20:00")
    create(server, WEEKLY)
    create(server, WEEKLY, assoc_id=100002)
    server.clock.move(1800)
    assert server.get("/api/v3/monitors/100001").json()["blackout_ids"] == ["100001", "100002"]
    found = server.get("/api/v3/monitors?select=blackout_ids").json()["results"]
    assert found == [{"blackout_ids": ["100001", "100002"]}, {"blackout_ids": ["100003"]}]


def test_the_blackouts_of_a_monitor_go_with_it(server: Server) -> None:
    create(server, ONE_TIME)
    kept = create(server, WEEKLY, assoc_id=100002)
    server.delete("/api/v3/monitors/100001")
    assert listed(server) == [kept]


@pytest.mark.parametrize(("type_", "marked"), [("Monitor", 100001), ("Alert", None)])
def test_a_test_that_is_asked_for_in_a_blackout_is_made_and_marked(
    server: Server, type_: str, marked: int | None
) -> None:
    create(server, WEEKLY, type=type_, start_day=5, start_time="11:00")
    run_id = server.get("/api/v3/tests?monitor_id=100001").json()["id"]
    assert len(server.queue.runs) == 1
    assert server.get(f"/api/v1/runs/{run_id}").json()["blackout_id"] == marked


def make_recipient(server: Server) -> int:
    response = server.post("/api/v3/recipients", json={"method_id": 12, "recipient": "ops@example.com"})
    return int(response.json()["id"])


def test_the_vendors_own_example_of_a_recipients_weekends_works(server: Server) -> None:
    recipient_id = make_recipient(server)
    body = {
        "assoc_id": recipient_id,
        "type": "Notifier",
        "persistent": True,
        "start_day": 6,
        "start_time": "00:00",
        "end_day": 7,
        "end_time": "23:59",
    }
    blackout_id = create(server, body)
    found = server.get(f"{BLACKOUTS}/{blackout_id}").json()
    assert {name: found[name] for name in body} == body
    assert found["next_change"] == "2026-01-02T00:00:00Z"


def test_the_blackout_ids_of_a_recipient_are_strings_and_null_for_none(server: Server) -> None:
    recipient_id = make_recipient(server)
    assert server.get(f"/api/v3/recipients/{recipient_id}").json()["blackout_ids"] is None
    create(server, WEEKLY)  # of the monitor with the recipient's number
    blackout_id = create(server, WEEKLY, type="Notifier", assoc_id=recipient_id)
    assert recipient_id == WEEKLY["assoc_id"]
    assert server.get(f"/api/v3/recipients/{recipient_id}").json()["blackout_ids"] == [str(blackout_id)]
    assert server.get("/api/v3/monitors/100001").json()["blackout_ids"] == ["100001"]
    assert listed(server, f"type=Notifier&assoc_id={recipient_id}") == [blackout_id]


def test_the_blackouts_of_a_recipient_go_with_it_and_those_of_the_monitor_with_its_number_stay(
    server: Server,
) -> None:
    recipient_id = make_recipient(server)
    kept = create(server, WEEKLY)
    create(server, WEEKLY, type="Notifier", assoc_id=recipient_id)
    assert server.delete(f"/api/v3/recipients/{recipient_id}").status_code == 204
    assert listed(server) == [kept]


def test_a_blackout_can_move_from_a_monitor_to_a_recipient(server: Server) -> None:
    recipient_id = make_recipient(server)
    blackout_id = create(server, WEEKLY, assoc_id=100002)
    changes = {"type": "Notifier", "assoc_id": recipient_id}
    assert server.patch(f"{BLACKOUTS}/{blackout_id}", json=changes).status_code == 200
    assert server.get("/api/v3/monitors/100002").json()["blackout_ids"] == []
    assert server.get(f"/api/v3/recipients/{recipient_id}").json()["blackout_ids"] == [str(blackout_id)]


def bulk(server: Server, **changes: object) -> requests.Response:
    body = {"monitors": [100001, 100002], "update_one_time": False, "update_persistent": False}
    return server.post(f"{BLACKOUTS}/bulk-edit", json=body | changes)


DATES = {"from_date": "2026-01-06 13:00:00", "thru_date": "2026-01-06 15:30:00"}
TIMES = {"start_day": 7, "start_time": "20:00", "end_day": 7, "end_time": "22:15"}


def test_a_bulk_edit_makes_each_blackout_for_each_monitor(server: Server) -> None:
    response = bulk(
        server,
        update_one_time=True,
        update_one_time_action="append",
        one_time_blackouts=[{**DATES, "type": "Monitor", "note": "Scheduled maintenance"}],
        update_persistent=True,
        update_persistent_action="append",
        persistent_blackouts=[{**TIMES, "type": "Alert"}],
    )
    assert response.status_code == 200
    assert response.json() == {"ids": ["100001", "100002", "100003", "100004"]}
    found = server.get(f"{BLACKOUTS}?select=assoc_id,type,persistent,note").json()["results"]
    once = {"type": "Monitor", "persistent": False, "note": "Scheduled maintenance"}
    weekly = {"type": "Alert", "persistent": True, "note": None}
    assert found == [{"assoc_id": id_} | kind for id_ in (100001, 100002) for kind in (once, weekly)]


def test_append_keeps_what_there_is_and_update_replaces_what_there_is_of_its_kind(server: Server) -> None:
    once = create(server, ONE_TIME)
    weekly = create(server, WEEKLY)
    other = create(server, ONE_TIME, assoc_id=100002)
    change = {"update_one_time": True, "one_time_blackouts": [DATES], "monitors": [100001]}
    assert bulk(server, **change, update_one_time_action="append").json() == {"ids": ["100004"]}
    assert listed(server) == [once, weekly, other, 100004]
    assert bulk(server, **change, update_one_time_action="update").json() == {"ids": ["100005"]}
    assert listed(server) == [weekly, other, 100005]


def test_an_update_with_nothing_removes_what_there_is_of_its_kind(server: Server) -> None:
    once = create(server, ONE_TIME)
    create(server, WEEKLY)
    change = {"update_persistent": True, "update_persistent_action": "update", "persistent_blackouts": []}
    assert bulk(server, **change).json() == {"ids": []}
    assert listed(server) == [once]


def test_what_is_not_to_be_updated_is_left_alone(server: Server) -> None:
    weekly = create(server, WEEKLY)
    assert bulk(server, update_persistent_action="update", persistent_blackouts=[]).json() == {"ids": []}
    assert listed(server) == [weekly]


@pytest.mark.parametrize(
    ("monitors", "named"),
    [
        ([100001, 100003], "100003"),
        ([100001, 5, 6], "5, 6"),
        ([100001, 0], "0"),
        ([100001, "x"], '"x"'),
        ([None], "null"),
    ],
)
def test_any_invalid_monitor_id_is_a_403_and_nothing_is_changed(
    server: Server, monitors: list[object], named: str
) -> None:
    kept = create(server, ONE_TIME)
    response = bulk(
        server,
        monitors=monitors,
        update_one_time=True,
        update_one_time_action="update",
        one_time_blackouts=[DATES],
    )
    assert response.status_code == 403
    [message] = messages(response)
    assert message.startswith("access_denied - ")
    assert named in message
    assert listed(server) == [kept]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"monitors": []}, ["monitors: names no monitor; name one or more"]),
        ({"monitors": None}, ["monitors: is required"]),
        ({"monitors": 100001}, ["monitors: must be a list, not a number"]),
        ({"monitors": [100001] * 1001}, ["monitors: has 1001 items; at most 1000 are allowed"]),
        ({"update_one_time": None}, ["update_one_time: is required"]),
        ({"update_persistent": "maybe"}, ['update_persistent: must be true or false, not "maybe"']),
        (
            {"update_one_time": True},
            ["update_one_time_action: is required", "one_time_blackouts: is required"],
        ),
        (
            {"update_one_time": True, "update_one_time_action": "replace", "one_time_blackouts": []},
            ['update_one_time_action: must be one of append, update, not "replace"'],
        ),
        (
            {"update_one_time": True, "update_one_time_action": "append", "one_time_blackouts": ["x", {}]},
            [
                "one_time_blackouts[0]: must be an object, not text",
                "one_time_blackouts[1].from_date: is required for a one-time blackout",
                "one_time_blackouts[1].thru_date: is required for a one-time blackout",
            ],
        ),
        (
            {
                "update_one_time": True,
                "update_one_time_action": "append",
                "one_time_blackouts": [DATES | {"type": "Notifier", "persistent": True}],
            },
            [
                "one_time_blackouts[0].type: Notifier is for recipients; use Monitor or Alert",
                "one_time_blackouts[0].persistent: contradicts the list that the blackout is in",
            ],
        ),
        (
            {
                "update_persistent": True,
                "update_persistent_action": "append",
                "persistent_blackouts": [TIMES, TIMES | {"end_time": "x", "start_day": None, "note": "\x00"}],
            },
            [
                'persistent_blackouts[1].end_time: must be a time of the day like 09:30, from 00:00 to 23:59, not "x"',
                "persistent_blackouts[1].note: has a line break or another control character in it; write it without",
            ],
        ),
        (
            {
                "update_one_time": True,
                "update_one_time_action": "append",
                "one_time_blackouts": [DATES, {"from_date": "2025-01-01 00:00:00", "thru_date": "2024-01-01 00:00:00"}],
            },
            [
                "one_time_blackouts[1].from_date: is not in the future; it is 2026-01-01 12:00:00 now, in UTC",
                "one_time_blackouts[1].thru_date: is not later than the start",
            ],
        ),
    ],
)
def test_a_wrong_bulk_edit_is_a_400_and_nothing_is_changed(
    server: Server, changes: dict[str, object], expected: list[str]
) -> None:
    kept = create(server, ONE_TIME)
    assert faults(bulk(server, **changes)) == expected
    assert listed(server) == [kept]


def test_a_bulk_edit_names_ignored_fields_of_its_blackouts_too(server: Server) -> None:
    change = {"update_one_time": True, "update_one_time_action": "append", "one_time_blackouts": [DATES | {"x": 1}]}
    response = bulk(server, **change, y=1)
    assert response.status_code == 200
    assert response.headers["X-Mailtrip-Ignored-Fields"] == "y, one_time_blackouts%5B0%5D.x"


def test_a_monitor_has_at_most_1000_blackouts(server: Server) -> None:
    change = {"monitors": [100001], "update_one_time": True, "update_one_time_action": "append"}
    for _ in range(10):
        assert bulk(server, **change, one_time_blackouts=[DATES] * 100).status_code == 200
    full = "would have more than 1000 blackouts; remove those that are over"
    assert faults(server.post(BLACKOUTS, json=ONE_TIME)) == [f"assoc_id: 100001 {full}"]
    assert faults(bulk(server, **change, one_time_blackouts=[DATES])) == [f"monitors: 100001 {full}"]
    create(server, ONE_TIME, assoc_id=100002)


def test_a_bulk_edit_makes_at_most_10000_blackouts(server: Server) -> None:
    ids = [100001, 100002, *(server.create() for _ in range(99))]
    change = {"update_one_time": True, "update_one_time_action": "append", "one_time_blackouts": [DATES] * 100}
    assert faults(bulk(server, monitors=ids, **change)) == [
        "monitors: makes more than 10000 blackouts at once; use several calls"
    ]
