"""Service level agreements (alertsite-v3.md, 1.4 to 1.7, 4.4, 7.10 and 9)."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.api.harness import Server, messages

from mailtrip.model import Role
from mailtrip.store import schema

SLAS = "/api/v3/slas"
BULK = f"{SLAS}/bulk-edit"
GOALS = {"name": "Home page SLA", "availability": 97, "response_time": 2.5}
PERIOD = {"exclude": False, "from_day": 1, "from_time": "00:00", "thru_day": 7, "thru_time": "23:59"}
OUTAGE = {
    "from_date": "2018-10-20 04:17:00",
    "thru_date": "2018-10-20 06:25:00",
    "location_id": 10,
    "note": "ISP outage",
}
PARTS = ("update_sla_objectives", "update_operating_periods", "update_exclusions")

# Any: JSON of many shapes.


def create(server: Server, monitor_id: int, **fields: object) -> int:
    """Make an SLA through the API and give its id."""
    response = server.post(SLAS, json=GOALS | {"monitor_id": monitor_id} | fields)
    assert response.status_code == 200, response.text
    return int(response.json()["id"])


def read(server: Server, sla_id: int) -> Any:
    response = server.get(f"{SLAS}/{sla_id}")
    assert response.status_code == 200
    return response.json()


def edit(server: Server, sla_id: int, **fields: object) -> None:
    response = server.patch(f"{SLAS}/{sla_id}", json=fields)
    assert (response.status_code, response.json()) == (200, {"id": str(sla_id)})


def faults(server: Server, body: Mapping[str, object], path: str = SLAS) -> list[str]:
    """What a POST says is wrong."""
    response = server.post(path, json=body)
    assert response.status_code == 400, response.text
    return [text.removeprefix("invalid_request - ") for text in messages(response)]


def make_uptime_monitor(server: Server) -> int:
    """A monitor whose mode has an uptime, at two locations."""
    row = {"id": 20, "account_id": 1, "name": "Elsewhere"}
    server.database.write(lambda connection: connection.execute(schema.locations.insert(), row))
    return server.create(mode="SLA (MultiPOP)", locations=[{"id": 10}, {"id": 20}])


def test_a_create_answers_200_with_the_id_as_a_string(server: Server) -> None:
    response = server.post(SLAS, json=GOALS | {"monitor_id": server.create()})
    assert (response.status_code, response.json()) == (200, {"id": "100001"})


def test_a_read_answers_with_the_bare_object_and_every_default_filled_in(server: Server) -> None:
    monitor_id = server.create(name="Home page")
    sla_id = create(server, monitor_id)
    assert read(server, sla_id) == GOALS | {
        "id": sla_id,
        "monitor_id": monitor_id,
        "monitor_name": "Home page",
        "description": "Home page",
        "secondary_response_time": 0,
        "uptime": None,
        "use_fullpage_time": False,
        "uptime_allowed": False,
        "use_fullpage_time_allowed": False,
        "operating_periods": [],
        "exclusions": [],
    }


def test_the_vendors_list_of_editable_fields_is_taken_and_read_back(server: Server) -> None:
    sample = {
        "name": "Home Page SLA",
        "description": "Home page SLA - description",
        "availability": 95,
        "response_time": 2,
        "secondary_response_time": 5,
        "uptime": 97.5,
        "use_fullpage_time": False,
        "operating_periods": [PERIOD],
        "exclusions": [OUTAGE],
    }
    sla_id = create(server, make_uptime_monitor(server), uptime=99)
    edit(server, sla_id, **sample)
    found = read(server, sla_id)
    assert found["exclusions"] == [{"id": 100001, **OUTAGE, "location_description": "Local"}]
    assert {name: found[name] for name in sample} == sample | {"exclusions": found["exclusions"]}
    assert found["uptime_allowed"] is True


def test_monitor_name_availability_and_response_time_are_required(server: Server) -> None:
    assert faults(server, {}) == [
        "monitor_id: is required",
        "name: is required",
        "availability: is required",
        "response_time: is required",
    ]


def test_a_monitor_has_one_sla_at_most(server: Server) -> None:
    monitor_id = server.create()
    sla_id = create(server, monitor_id)
    assert faults(server, GOALS | {"monitor_id": monitor_id}) == [
        f"monitor_id: monitor {monitor_id} has SLA {sla_id} already; edit that one"
    ]
    server.delete(f"{SLAS}/{sla_id}")
    assert create(server, monitor_id) == sla_id + 1


def test_an_sla_needs_a_monitor_that_is_there(server: Server) -> None:
    assert faults(server, GOALS | {"monitor_id": 8}) == [
        "monitor_id: there is no monitor 8; name a monitor of this account"
    ]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (100, 100),
        (0.001, 0.001),
        (95.5555, 95.556),
        (95.5554, 95.555),
        (99.9995, 100),
        (99.99949, 99.999),
        ("99.9", 99.9),
        ("100.0", 100),
        ("0.0005", 0.001),
    ],
)
def test_availability_is_rounded_to_three_decimals(server: Server, given: object, kept: float) -> None:
    assert read(server, create(server, server.create(), availability=given))["availability"] == kept


@pytest.mark.parametrize("given", [0, -1, 100.0001, 101, 0.0004, "0", "0.000", "100.01", "99,9", "1e1", True, "", []])
def test_availability_is_above_0_and_at_most_100(server: Server, given: object) -> None:
    [told] = faults(server, GOALS | {"monitor_id": server.create(), "availability": given})
    assert told.startswith("availability: must be a percentage above 0 and at most 100, not ")


@pytest.mark.parametrize(
    ("given", "kept"), [(0, 0), (300, 300), (2.345, 2.35), (2.344, 2.34), ("2.5", 2.5), (0.004, 0)]
)
@pytest.mark.parametrize("field", ["response_time", "secondary_response_time"])
def test_response_times_are_rounded_to_two_decimals(server: Server, field: str, given: object, kept: float) -> None:
    assert read(server, create(server, server.create(), **{field: given}))[field] == kept


@pytest.mark.parametrize("given", [-0.1, 300.01, "301", "x", False, None])
def test_a_response_time_is_0_to_300_seconds(server: Server, given: object) -> None:
    [told] = faults(server, GOALS | {"monitor_id": server.create(), "response_time": given})
    assert told.startswith("response_time: must ")


@pytest.mark.parametrize("field", ["name", "description"])
def test_name_and_description_are_not_empty(server: Server, field: str) -> None:
    told = faults(server, GOALS | {"monitor_id": server.create(), field: " "})
    assert told == [f"{field}: is blank; write something"]


def test_uptime_is_required_where_the_mode_has_one(server: Server) -> None:
    monitor_id = make_uptime_monitor(server)
    told = "uptime: is required, as the monitor's mode is SLA (MultiPOP)"
    assert faults(server, GOALS | {"monitor_id": monitor_id}) == [told]
    sla_id = create(server, monitor_id, uptime=99.9996)
    assert read(server, sla_id)["uptime"] == 100
    response = server.patch(f"{SLAS}/{sla_id}", json={"uptime": None})
    assert messages(response) == [f"invalid_request - {told}"]
    edit(server, sla_id, name="New")


def test_uptime_is_ignored_elsewhere(server: Server) -> None:
    sla_id = create(server, server.create(), uptime=99)
    assert read(server, sla_id)["uptime"] is None
    edit(server, sla_id, uptime=98)
    assert read(server, sla_id)["uptime"] is None


def test_an_sla_whose_monitor_got_a_mode_with_uptime_can_be_edited_without_one(server: Server) -> None:
    uptime_monitor = make_uptime_monitor(server)
    monitor_id = server.create(locations=[{"id": 10}, {"id": 20}])
    sla_id = create(server, monitor_id)
    server.patch(f"/api/v3/monitors/email-round-trip/{monitor_id}", json={"mode": "SLA (MultiPOP)"})
    edit(server, sla_id, name="New")
    assert (read(server, sla_id)["uptime"], read(server, sla_id)["uptime_allowed"]) == (None, True)
    assert uptime_monitor != monitor_id


@pytest.mark.parametrize("given", [True, False, "y", None])
def test_full_page_time_is_ignored(server: Server, given: object) -> None:
    assert read(server, create(server, server.create(), use_fullpage_time=given))["use_fullpage_time"] is False


def test_a_description_that_is_reset_becomes_the_monitors_name(server: Server) -> None:
    sla_id = create(server, server.create(name="Home page"), description="Something")
    edit(server, sla_id, description=None)
    assert read(server, sla_id)["description"] == "Home page"


def test_operating_periods_are_read_back_as_they_were_given(server: Server) -> None:
    periods = [PERIOD, {"exclude": True, "from_day": 7, "from_time": "22:00", "thru_day": 1, "thru_time": "06:30"}]
    sla_id = create(server, server.create(), operating_periods=periods)
    assert read(server, sla_id)["operating_periods"] == periods


def test_a_period_counts_unless_it_says_otherwise(server: Server) -> None:
    given = {name: value for name, value in PERIOD.items() if name != "exclude"}
    sla_id = create(server, server.create(), operating_periods=[given | {"id": 3214}])
    assert read(server, sla_id)["operating_periods"] == [PERIOD]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"from_day": 0}, "from_day must be a whole number from 1 to 7, not 0"),
        ({"thru_day": "Sunday"}, 'thru_day must be a whole number from 1 to 7, not "Sunday"'),
        ({"from_time": "24:00"}, 'from_time must be a time of the day like 09:30, from 00:00 to 23:59, not "24:00"'),
        ({"thru_time": "9:30"}, 'thru_time must be a time of the day like 09:30, from 00:00 to 23:59, not "9:30"'),
        ({"exclude": "perhaps"}, 'exclude must be true or false, not "perhaps"'),
        ({"from_day": None}, "from_day must be a whole number from 1 to 7, not null"),
    ],
)
def test_a_period_that_is_none_is_refused(server: Server, change: dict[str, object], fault: str) -> None:
    body = GOALS | {"monitor_id": server.create(), "operating_periods": [PERIOD, PERIOD | change]}
    assert faults(server, body) == [f"operating_periods: item 1: {fault}"]


def test_parts_of_a_period_that_are_missing_are_named(server: Server) -> None:
    body = GOALS | {"monitor_id": server.create(), "operating_periods": [{"from_day": 1}]}
    assert faults(server, body) == ["operating_periods: item 0 has no from_time and no thru_day and no thru_time"]


@pytest.mark.parametrize(
    ("given", "text"), [("x", "must be a list, not text"), ([1], "item 0 must be an object, not a number")]
)
@pytest.mark.parametrize("field", ["operating_periods", "exclusions"])
def test_lists_are_lists_of_objects(server: Server, field: str, given: object, text: str) -> None:
    assert faults(server, GOALS | {"monitor_id": server.create(), field: given}) == [f"{field}: {text}"]


def test_lists_have_their_limits(server: Server) -> None:
    body = GOALS | {"monitor_id": server.create(), "operating_periods": [PERIOD] * 101, "exclusions": [OUTAGE] * 1001}
    assert faults(server, body) == [
        "operating_periods: has 101 items; at most 100 are allowed",
        "exclusions: has 1001 items; at most 1000 are allowed",
    ]


def test_an_exclusion_of_all_locations_says_so(server: Server) -> None:
    given = {"from_date": "2030-01-01 00:00:00", "thru_date": "2030-01-02 00:00:00"}
    sla_id = create(server, server.create(), exclusions=[given, given | {"location_id": None, "note": ""}])
    shown = given | {"location_id": None, "location_description": "-- All --"}
    assert read(server, sla_id)["exclusions"] == [
        shown | {"id": 100001, "note": None},
        shown | {"id": 100002, "note": ""},
    ]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"thru_date": OUTAGE["from_date"]}, " ends at or before its start; give from_date before thru_date"),
        ({"thru_date": "2018-10-20 04:16:59"}, " ends at or before its start; give from_date before thru_date"),
        (
            {"from_date": "2018-02-30 00:00:00"},
            ': from_date must be a time like 2026-01-31 12:00:00, in UTC, not "2018-02-30 00:00:00"',
        ),
        (
            {"from_date": "2018-10-20T04:17:00Z"},
            ': from_date must be a time like 2026-01-31 12:00:00, in UTC, not "2018-10-20T04:17:00Z"',
        ),
        ({"location_id": 20}, " names location 20, which is none of the monitor's; name one of 10, or null for all"),
        ({"note": "a\x00b"}, ": note has a line break or another control character in it; write it without"),
    ],
)
def test_an_exclusion_that_is_none_is_refused(server: Server, change: dict[str, object], fault: str) -> None:
    body = GOALS | {"monitor_id": server.create(), "exclusions": [OUTAGE, OUTAGE | change]}
    assert faults(server, body) == [f"exclusions: item 1{fault}"]


def test_a_long_note_is_cut(server: Server) -> None:
    sla_id = create(server, server.create(), exclusions=[OUTAGE | {"note": "x" * 300}])
    assert read(server, sla_id)["exclusions"][0]["note"] == "x" * 255


def test_an_edit_replaces_lists_as_a_whole_and_keeps_the_rest(server: Server) -> None:
    sla_id = create(server, server.create(), operating_periods=[PERIOD], exclusions=[OUTAGE, OUTAGE])
    before = read(server, sla_id)
    edit(server, sla_id, availability=96)
    assert read(server, sla_id) == before | {"availability": 96}
    edit(server, sla_id, exclusions=[OUTAGE | {"note": "other"}], operating_periods=None)
    after = read(server, sla_id)
    assert [each["note"] for each in after["exclusions"]] == ["other"]
    assert after["operating_periods"] == []


def test_what_a_read_gave_can_be_sent_back(server: Server) -> None:
    sla_id = create(server, server.create(), operating_periods=[PERIOD], exclusions=[OUTAGE])
    before = read(server, sla_id)
    response = server.patch(f"{SLAS}/{sla_id}", json=before)
    assert response.status_code == 200
    assert "X-Mailtrip-Ignored-Fields" not in response.headers
    after = read(server, sla_id)
    for found in (before, after):
        del found["exclusions"][0]["id"]
    assert after == before


@pytest.mark.parametrize("given", [100002, "x", None])
def test_the_monitor_of_an_sla_can_not_be_changed_and_is_ignored(server: Server, given: object) -> None:
    monitor_id, _ = server.create(), server.create()
    sla_id = create(server, monitor_id)
    edit(server, sla_id, monitor_id=given)
    assert read(server, sla_id)["monitor_id"] == monitor_id


def test_an_edit_that_is_refused_changes_nothing(server: Server) -> None:
    sla_id = create(server, server.create(), exclusions=[OUTAGE])
    before = read(server, sla_id)
    response = server.patch(f"{SLAS}/{sla_id}", json={"name": "New", "exclusions": [], "availability": 0, "x": 1})
    assert len(messages(response)) == 1
    assert read(server, sla_id) == before


def test_an_exclusion_stays_when_its_location_is_no_longer_the_monitors(server: Server) -> None:
    monitor_id = make_uptime_monitor(server)
    sla_id = create(server, monitor_id, uptime=99, exclusions=[OUTAGE | {"location_id": 20}])
    change = {"locations": [{"id": 10}], "mode": "Primary", "home_location": 10}
    response = server.patch(f"/api/v3/monitors/email-round-trip/{monitor_id}", json=change)
    assert response.status_code == 200, response.text
    edit(server, sla_id, name="New")
    assert read(server, sla_id)["exclusions"][0]["location_description"] == "Elsewhere"


def test_all_faults_are_told_at_once(server: Server) -> None:
    body = {
        "monitor_id": 8,
        "name": "",
        "availability": 0,
        "response_time": 301,
        "operating_periods": 1,
        "exclusions": [OUTAGE | {"thru_date": "x"}],
        "use_fullpage_time": 3,
    }
    assert [text.split(":")[0] for text in faults(server, body)] == [
        "name",
        "availability",
        "response_time",
        "operating_periods",
        "exclusions",
        "use_fullpage_time",
        "monitor_id",
    ]


def test_a_list_has_what_clients_read(server: Server) -> None:
    monitors = [server.create(name=name) for name in ("a", "b", "c")]
    ids = [create(server, each) for each in monitors]
    found = server.get(SLAS).json()
    assert found["metadata"] == {"__permissions": {"acl": 7}, "resultset": {"count": 3, "limit": None, "offset": "0"}}
    names = ("name", "id", "monitor_name", "monitor_id", "availability", "response_time")
    assert [[each[name] for name in names] for each in found["results"]] == [
        [GOALS["name"], ids[number], "abc"[number], monitors[number], 97, 2.5] for number in range(3)
    ]
    cut = server.get(f"{SLAS}?limit=1&offset=1").json()
    assert [each["id"] for each in cut["results"]] == [ids[1]]
    assert cut["metadata"]["resultset"] == {"count": 3, "limit": "1", "offset": "1"}


def test_the_sla_of_a_monitor_is_a_bare_object(server: Server) -> None:
    monitor_id = server.create()
    sla_id = create(server, monitor_id)
    response = server.get(SLAS, params={"monitor_id": monitor_id})
    assert (response.status_code, response.json()) == (200, read(server, sla_id))
    assert server.get(f"{SLAS}?monitor_id={monitor_id}&select=id").json() == {"id": sla_id}


def test_a_monitor_without_an_sla_is_a_404(server: Server) -> None:
    for monitor_id in (server.create(), 8):
        response = server.get(SLAS, params={"monitor_id": monitor_id})
        assert response.status_code == 404
        assert messages(response) == ["Record not found"]


@pytest.mark.parametrize("query", ["monitor_id=x", "monitor_id=", "limit=0", "offset=-1"])
def test_a_wrong_query_value_is_a_400(server: Server, query: str) -> None:
    [told] = messages(server.get(f"{SLAS}?{query}"))
    assert told.startswith(f"invalid_request - {query.partition('=')[0]}: must be ")


@pytest.mark.parametrize(("select", "fields"), [("id,exclusions", {"id", "exclusions"}), ("", set()), ("Name", set())])
def test_select_returns_the_fields_named(server: Server, select: str, fields: set[str]) -> None:
    sla_id = create(server, server.create())
    assert set(server.get(f"{SLAS}/{sla_id}", params={"select": select}).json()) == fields
    [found] = server.get(SLAS, params={"select": select}).json()["results"]
    assert set(found) == fields


def test_a_delete_answers_204_and_leaves_the_monitor(server: Server) -> None:
    monitor_id = server.create()
    sla_id = create(server, monitor_id)
    response = server.delete(f"{SLAS}/{sla_id}")
    assert (response.status_code, response.content) == (204, b"")
    for method in ("DELETE", "GET", "PATCH"):
        assert messages(server.call(method, f"{SLAS}/{sla_id}")) == ["Record not found"]
    assert server.get(f"/api/v3/monitors/{monitor_id}").status_code == 200


def test_a_deleted_monitor_takes_its_sla_along(server: Server) -> None:
    monitor_id = server.create()
    sla_id = create(server, monitor_id, exclusions=[OUTAGE])
    server.delete(f"/api/v3/monitors/{monitor_id}")
    assert server.get(f"{SLAS}/{sla_id}").status_code == 404
    assert server.get(SLAS).json()["results"] == []
    assert server.get(SLAS, params={"monitor_id": monitor_id}).status_code == 404


@pytest.mark.parametrize("role", list(Role))
def test_every_role_may_read_and_those_who_may_edit_may_change(server: Server, role: Role) -> None:
    monitor_id = server.create()
    sla_id = create(server, monitor_id)
    assert server.get(SLAS, role=role).status_code == 200
    assert server.get(f"{SLAS}/{sla_id}", role=role).status_code == 200
    expected = 200 if role.may_edit else 403
    body = {"monitors": [monitor_id], "update_operating_periods": True, "operating_periods": []}
    assert server.post(BULK, role=role, json=body).status_code == expected
    assert server.patch(f"{SLAS}/{sla_id}", role=role, json={}).status_code == expected
    assert server.delete(f"{SLAS}/{sla_id}", role=role).status_code == (204 if role.may_edit else 403)
    assert server.post(SLAS, role=role, json=GOALS | {"monitor_id": server.create()}).status_code == expected


def test_the_vendors_bulk_edit_changes_all_parts_of_all_slas(server: Server) -> None:
    monitors = [server.create(), make_uptime_monitor(server)]
    ids = [create(server, monitors[0]), create(server, monitors[1], uptime=90, exclusions=[OUTAGE])]
    response = server.post(
        BULK,
        json={
            "monitors": monitors,
            "update_sla_objectives": True,
            "availability": 95,
            "uptime": 97.5,
            "response_time": 4,
            "secondary_response_time": 10,
            "use_fullpage_time": True,
            "update_operating_periods": True,
            "operating_periods": [PERIOD],
            "update_exclusions": True,
            "update_exclusions_action": "append",
            "exclusions": [OUTAGE],
        },
    )
    assert (response.status_code, response.json()) == (200, {"ids": [str(each) for each in ids]})
    found = [read(server, each) for each in ids]
    for each in found:
        assert (each["availability"], each["response_time"], each["secondary_response_time"]) == (95, 4, 10)
        assert each["operating_periods"] == [PERIOD]
    assert [each["uptime"] for each in found] == [None, 97.5]
    assert [[each["id"] for each in sla["exclusions"]] for sla in found] == [[100002], [100001, 100003]]


def test_a_bulk_edit_changes_the_parts_named_only(server: Server) -> None:
    monitor_id = server.create()
    sla_id = create(server, monitor_id, operating_periods=[PERIOD], exclusions=[OUTAGE])
    before = read(server, sla_id)
    body = {
        "monitors": [str(monitor_id)],
        "availability": 50,
        "operating_periods": [],
        "update_operating_periods": False,
        "update_exclusions": True,
        "update_exclusions_action": "update",
        "exclusions": [],
    }
    assert server.post(BULK, json=body).status_code == 200
    assert read(server, sla_id) == before | {"exclusions": []}


def test_a_bulk_edit_of_goals_keeps_those_not_given(server: Server) -> None:
    monitor_id = server.create()
    sla_id = create(server, monitor_id, secondary_response_time=7)
    body = {"monitors": [monitor_id], "update_sla_objectives": True, "availability": 50, "response_time": 5}
    assert server.post(BULK, json=body).status_code == 200
    assert read(server, sla_id)["secondary_response_time"] == 7


def test_a_bulk_edit_is_all_or_nothing(server: Server) -> None:
    good, bare = server.create(), server.create()
    sla_id = create(server, good)
    before = read(server, sla_id)
    body = {"monitors": [good, bare, 8], "update_sla_objectives": True, "availability": 50, "response_time": 5}
    assert faults(server, body, BULK) == [
        f"monitors: there is no SLA for monitor {bare}, 8; name monitors that have one"
    ]
    assert read(server, sla_id) == before


def test_a_bulk_edit_says_for_which_location_an_exclusion_does_not_fit(server: Server) -> None:
    monitors = [server.create(), make_uptime_monitor(server)]
    ids = [create(server, monitors[0]), create(server, monitors[1], uptime=90)]
    body = {
        "monitors": monitors,
        "update_exclusions": True,
        "update_exclusions_action": "append",
        "exclusions": [OUTAGE | {"location_id": 20}],
    }
    assert faults(server, body, BULK) == [
        "exclusions: item 0 names location 20, which is none of the monitor's; name one of 10, or null for all"
    ]
    assert [read(server, each)["exclusions"] for each in ids] == [[], []]


def test_a_bulk_edit_of_goals_needs_an_uptime_where_the_mode_has_one_and_the_sla_has_none(server: Server) -> None:
    kept, bare = make_uptime_monitor(server), server.create(locations=[{"id": 10}, {"id": 20}])
    kept_id, bare_id = create(server, kept, uptime=90), create(server, bare)
    server.patch(f"/api/v3/monitors/email-round-trip/{bare}", json={"mode": "SLA (MultiPOP)"})
    body = {"monitors": [kept, bare], "update_sla_objectives": True, "availability": 50, "response_time": 5}
    assert faults(server, body, BULK) == ["uptime: is required, as the monitor's mode is SLA (MultiPOP)"]
    assert server.post(BULK, json=body | {"monitors": [kept]}).status_code == 200
    assert read(server, kept_id)["uptime"] == 90
    assert server.post(BULK, json=body | {"uptime": 80}).status_code == 200
    assert [read(server, each)["uptime"] for each in (kept_id, bare_id)] == [80, 80]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            {},
            [
                f"update_sla_objectives: is true for no part; set one of {', '.join(PARTS)}",
                "monitors: is required",
            ],
        ),
        (
            {"monitors": [], "update_operating_periods": True, "operating_periods": []},
            ["monitors: has 0 items; 1 to 1000 are allowed"],
        ),
        ({"monitors": ["x"], "update_operating_periods": True, "operating_periods": []}, None),
        (
            {"monitors": [100001, 100001], "update_operating_periods": True, "operating_periods": []},
            ["monitors: names a monitor twice; name each once"],
        ),
        (
            {"monitors": [100001], "update_operating_periods": True},
            ["operating_periods: is required with update_operating_periods"],
        ),
        (
            {"monitors": [100001], "update_exclusions": True},
            [
                "exclusions: is required with update_exclusions",
                "update_exclusions_action: is required with update_exclusions",
            ],
        ),
        (
            {"monitors": [100001], "update_exclusions": True, "exclusions": [], "update_exclusions_action": "replace"},
            ['update_exclusions_action: must be one of append, update, not "replace"'],
        ),
        (
            {"monitors": [100001], "update_sla_objectives": True},
            ["availability: is required", "response_time: is required"],
        ),
        (
            {"monitors": [100001], "update_sla_objectives": "perhaps"},
            ['update_sla_objectives: must be true or false, not "perhaps"'],
        ),
    ],
)
def test_a_bulk_edit_that_makes_no_sense_is_refused(
    server: Server, body: dict[str, object], told: list[str] | None
) -> None:
    create(server, server.create())
    found = faults(server, body, BULK)
    assert found == (told or ['monitors: item 0 must be a whole number from 1 to 999999999999999, not "x"'])
