"""Recipients of alerts (alertsite-v3.md, 1.4 to 1.7, 4.2 and 9)."""

import json

import pytest
from tests.api.harness import Server, messages

from mailtrip.model import Role

RECIPIENTS = "/api/v3/recipients"
MAIL = {"name": "DevOps mailing list", "method_id": 12, "recipient": "devops@example.com"}
SIGNING_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
WEBHOOK = {"name": "Chat", "method_id": 16, "recipient": "https://hooks.example.com/T1/aBc?x=1"}


def create(server: Server, **fields: object) -> int:
    """Make a recipient through the API and give its id; a None leaves a field of the usual body out."""
    body = {name: value for name, value in (MAIL | fields).items() if value is not None}
    response = server.post(RECIPIENTS, json=body)
    assert response.status_code == 200, response.text
    return int(response.json()["id"])


def read(server: Server, recipient_id: int) -> dict[str, object]:
    response = server.get(f"{RECIPIENTS}/{recipient_id}")
    assert response.status_code == 200
    found: dict[str, object] = response.json()
    return found


def faults(server: Server, body: dict[str, object]) -> list[str]:
    """What a create says is wrong."""
    response = server.post(RECIPIENTS, json=body)
    assert response.status_code == 400
    return [text.removeprefix("invalid_request - ") for text in messages(response)]


def test_a_create_answers_200_with_the_id_as_a_string(server: Server) -> None:
    response = server.post(RECIPIENTS, json=MAIL)
    assert (response.status_code, response.json()) == (200, {"id": "100001"})


def test_a_read_answers_with_the_bare_object_and_every_default_filled_in(server: Server) -> None:
    assert read(server, create(server)) == MAIL | {
        "id": 100001,
        "method_description": "E-mail (HTML format)",
        "username": None,
        "has_password": False,
        "availability_alert": True,
        "performance_alert": False,
        "performance_alert_type": "20",
        "repeat_performance_alerts": False,
        "notify_on_clear": False,
        "start_threshold": 1,
        "stop_threshold": 10,
        "error_window": None,
        "fallback": None,
        "subject_template": None,
        "text_template": None,
        "performance_rule": "warning-time",
        "performance_percentile": 95,
        "performance_window": 12,
        "quiet_hours": [],
        "time_zone": "UTC",
        "daily_limit": None,
        "monthly_report": False,
        "attach_screen_capture": False,
        "attach_server_response": False,
        "remote_commands": False,
        "blackout_ids": None,
        "notifier_groups": None,
    }


def test_the_vendors_complete_sample_is_taken_and_read_back(server: Server) -> None:
    sample = MAIL | {
        "username": "",
        "password": "",
        "availability_alert": True,
        "notify_on_clear": True,
        "attach_screen_capture": True,
        "attach_server_response": True,
        "start_threshold": 1,
        "stop_threshold": 10,
        "remote_commands": False,
        "performance_alert": True,
        "performance_alert_type": "20",
        "repeat_performance_alerts": True,
    }
    found = read(server, create(server, **sample))
    del sample["password"]
    assert {name: found[name] for name in sample} == sample | {"username": None}
    assert found["has_password"] is False


def test_a_recipient_without_a_name_is_called_by_its_address(server: Server) -> None:
    assert read(server, create(server, name=None))["name"] == "devops@example.com"


@pytest.mark.parametrize(
    ("method", "recipient", "description"),
    [
        (1, "a@example.com", "E-mail (text format)"),
        (2, "+1 202 555 0100", "Alphanumeric (text) pager"),
        (3, "2025550100,,42#", "Numeric pager (pause after dial method)"),
        (4, "2025550100@txt.example.com", "E-mail to wireless device"),
        (5, "(202) 555-0100", "Numeric pager (wait for quiet method)"),
        (6, "+12025550100", "SMS message"),
        (8, "traps.example.com", "SNMP trap (snmpv1)"),
        (9, "[2001:db8::1]:1162", "SNMP trap (snmpv2c)"),
        (10, "http://example.com/", "POST request to web server"),
        (11, "+12025550100", "Telephone message (voip)"),
        (12, "a@example.com", "E-mail (HTML format)"),
        (15, "https://splunk.example.com:8088", "Splunk"),
        (16, "https://hooks.example.com", "POST JSON request to web server"),
        (17, "https://company.service-now.example.com", "ServiceNow"),
    ],
)
def test_each_method_takes_its_kind_of_address_and_is_described(
    server: Server, method: int, recipient: str, description: str
) -> None:
    found = read(server, create(server, method_id=method, recipient=recipient))
    assert (found["method_id"], found["recipient"], found["method_description"]) == (method, recipient, description)


@pytest.mark.parametrize(
    ("method", "recipient", "fault"),
    [
        (12, "https://example.com", "is no mail address; write one address like name@example.com"),
        (1, "a@example.com, b@example.com", "is no mail address; write one address like name@example.com"),
        (6, "call me", "is no number to call; write digits, as in +1 202 555 0100"),
        (11, "12", "is no number to call; write digits, as in +1 202 555 0100"),
        (8, "example.com/x", "is no host; write host or host:port (IPv6 in brackets)"),
        (9, "example.com:99999", "is no host; write host or host:port (IPv6 in brackets)"),
        (16, "devops@example.com", "is no web address; write https://host/path or http://host/path"),
        (16, "ftp://example.com/x", "is no web address; write https://host/path or http://host/path"),
        (10, "https:///x", "is no web address; write https://host/path or http://host/path"),
        (16, "https://u:secret@example.com/x", "has a user name or password in it; they have their own fields"),
        (16, "https://example.com/a b", "has a blank in it; write %20"),
    ],
)
def test_an_address_that_does_not_fit_its_method_is_refused(
    server: Server, method: int, recipient: str, fault: str
) -> None:
    [told] = faults(server, {"method_id": method, "recipient": recipient})
    assert told == f"recipient: {fault}"


def test_a_pagerduty_recipient_can_not_be_created(server: Server) -> None:
    told = faults(server, {"method_id": 14, "recipient": "https://events.example.com/x"})
    assert told == ["method_id: PagerDuty recipients can't be made through this API; use another method"]


def test_method_and_address_are_required(server: Server) -> None:
    assert faults(server, {}) == ["method_id: is required", "recipient: is required"]


def test_all_faults_are_told_at_once(server: Server) -> None:
    told = faults(
        server,
        {
            "method_id": 16,
            "recipient": "nowhere",
            "name": "",
            "start_threshold": 0,
            "stop_threshold": "many",
            "availability_alert": "perhaps",
            "username": "a:b",
            "password": "x\ny",
        },
    )
    assert [text.split(":")[0] for text in sorted(told)] == [
        "availability_alert",
        "name",
        "password",
        "recipient",
        "start_threshold",
        "stop_threshold",
        "username",
    ]


def test_faults_of_a_method_that_could_not_be_read_are_not_told_of_its_address(server: Server) -> None:
    method_ids = "1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 14, 15, 16, 17, 101, 102"
    told = faults(server, WEBHOOK | {"method_id": 7, "username": "u", "password": "p"})
    assert told == [f"method_id: must be one of {method_ids}, not 7"]


def test_numbers_and_booleans_may_be_strings(server: Server) -> None:
    found = read(
        server, create(server, method_id="12", start_threshold="3", notify_on_clear="y", performance_alert_type=30)
    )
    assert [found[name] for name in ("method_id", "start_threshold", "notify_on_clear")] == [12, 3, True]
    assert found["performance_alert_type"] == "30"


def test_a_password_is_never_read_back_and_is_kept_encrypted(server: Server) -> None:
    recipient_id = create(server, **WEBHOOK, username="u", password="hunter2")
    for path in (f"{RECIPIENTS}/{recipient_id}", RECIPIENTS, f"{RECIPIENTS}/{recipient_id}?select=password"):
        assert "hunter" not in server.get(path).text
    found = read(server, recipient_id)
    assert (found["username"], found["has_password"]) == ("u", True)
    assert "password" not in found
    kept = server.database.read(
        lambda connection: connection.exec_driver_sql("SELECT secret FROM recipients").scalar_one()
    )
    assert b"hunter2" not in kept
    assert server.services.secrets.unseal(kept) == "hunter2"


def test_what_may_be_a_key_in_a_web_address_is_never_read_back_and_is_kept_encrypted(server: Server) -> None:
    recipient_id = create(server, method_id=16, recipient="https://hooks.example.com:8443/S3cret/x?key=s3cret#s3cret")
    path = f"{RECIPIENTS}/{recipient_id}"
    group = {"name": "Team", "monitors": [server.create()], "recipients": [recipient_id]}
    assert server.post("/api/v3/notifier-groups", json=group).status_code == 200
    for each in (path, RECIPIENTS, f"{path}?select=recipient", "/api/v3/notifier-groups", "/api/v1/audit"):
        assert "s3cret" not in server.get(each).text.lower()
    found = read(server, recipient_id)
    assert found["recipient"] == "https://hooks.example.com:8443/***"
    row = server.database.read(lambda connection: connection.exec_driver_sql("SELECT * FROM recipients").one())
    assert (
        b"s3cret" not in b"".join(str(each).encode() if not isinstance(each, bytes) else each for each in row).lower()
    )


def test_a_web_address_that_is_sent_back_as_it_was_read_stays(server: Server) -> None:
    recipient_id = create(server, **WEBHOOK)
    path, before = f"{RECIPIENTS}/{recipient_id}", read(server, recipient_id)

    assert server.patch(path, json=before | {"start_threshold": 3}).status_code == 200

    sealed = server.database.read(
        lambda connection: connection.exec_driver_sql("SELECT sealed_address FROM recipients").scalar_one()
    )
    assert server.services.secrets.unseal(sealed) == WEBHOOK["recipient"]
    (told,) = messages(server.post(RECIPIENTS, json={"method_id": 16, "recipient": before["recipient"]}))
    assert told == "invalid_request - recipient: is shortened, as web addresses are shown; write the whole one"


def test_the_audit_log_tells_that_a_web_address_changed_where_it_is_not_shown(server: Server) -> None:
    path = f"{RECIPIENTS}/{create(server, **WEBHOOK)}"

    server.patch(path, json={"recipient": "https://hooks.example.com/T2"})
    server.patch(path, json={"recipient": "https://other.example.com/T2"})

    changes = [entry["changes"] for entry in server.get("/api/v1/audit?action=recipient.changed").json()["results"]]
    assert changes == [
        {"address": ["https://hooks.example.com/***", "https://other.example.com/***"]},
        {"address": ["set", "changed"]},
    ]


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_password_is_removed_with_null_or_nothing(server: Server, nothing: str | None) -> None:
    recipient_id = create(server, **WEBHOOK, username="u", password="hunter2")
    assert server.patch(f"{RECIPIENTS}/{recipient_id}", json={"password": nothing}).status_code == 200
    found = read(server, recipient_id)
    assert (found["username"], found["has_password"]) == ("u", False)


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_user_name_that_is_removed_takes_its_password_along(server: Server, nothing: str | None) -> None:
    recipient_id = create(server, **WEBHOOK, username="u", password="hunter2")
    assert server.patch(f"{RECIPIENTS}/{recipient_id}", json={"username": nothing}).status_code == 200
    found = read(server, recipient_id)
    assert (found["username"], found["has_password"]) == (None, False)


def test_a_method_without_a_login_takes_the_login_away(server: Server) -> None:
    recipient_id = create(server, **WEBHOOK, username="u", password="hunter2")
    change = {"method_id": 12, "recipient": "devops@example.com"}
    assert server.patch(f"{RECIPIENTS}/{recipient_id}", json=change).status_code == 200
    found = read(server, recipient_id)
    assert (found["username"], found["has_password"]) == (None, False)


def test_a_password_without_a_user_name_is_refused_at_a_web_address(server: Server) -> None:
    assert faults(server, WEBHOOK | {"password": "x"}) == ["username: is required with a password; give both or none"]


def test_a_trap_has_a_community_in_place_of_a_login(server: Server) -> None:
    trap = {"method_id": 9, "recipient": "traps.example.com"}
    assert read(server, create(server, **trap, password="public"))["has_password"] is True
    assert faults(server, trap | {"username": "u"}) == ['username: "SNMP trap (snmpv2c)" has no login; leave it out']


def test_a_signed_webhook_needs_a_signing_secret_and_never_shows_it(server: Server) -> None:
    signed = {"method_id": 101, "recipient": "https://hooks.example.com/mailtrip"}
    found = read(server, create(server, **signed, password=SIGNING_SECRET))
    assert (found["method_description"], found["has_password"]) == ("Signed POST JSON request to web server", True)
    assert faults(server, signed) == ['password: is required by "Signed POST JSON request to web server"']
    (told,) = faults(server, signed | {"password": "hunter2"})
    assert told.startswith("password: is no signing secret: whsec_ and 24 to 64 random bytes in base64")
    assert "hunter2" not in told


def test_a_fallback_is_another_recipient_of_the_account(server: Server) -> None:
    other = create(server)
    recipient_id = create(server, **WEBHOOK, fallback=str(other))
    assert read(server, recipient_id)["fallback"] == other
    path = f"{RECIPIENTS}/{recipient_id}"
    assert messages(server.patch(path, json={"fallback": 999})) == [
        "invalid_request - fallback: there is no recipient 999"
    ]
    assert messages(server.patch(path, json={"fallback": recipient_id})) == [
        "invalid_request - fallback: is the recipient itself; name another one"
    ]
    assert server.delete(f"{RECIPIENTS}/{other}").status_code in {200, 204}
    assert read(server, recipient_id)["fallback"] is None


def test_an_apprise_recipient_keeps_its_url_to_itself(server: Server) -> None:
    slack = {"method_id": 102, "recipient": "slack"}
    recipient_id = create(server, **slack, password="slack://s3cret/token")
    found = server.get(f"{RECIPIENTS}/{recipient_id}").text
    assert "s3cret" not in found
    assert '"recipient":"slack"' in found.replace(" ", "")
    assert faults(server, slack) == ['password: is required by "Apprise"']
    (told,) = faults(server, slack | {"password": "tgram://s3cret"})
    assert told == "password: is no Apprise URL of this service; write it from its service:// on"
    (told,) = faults(server, {"method_id": 102, "recipient": "slack://s3cret", "password": "slack://s3cret"})[:1]
    assert told == "recipient: is no service; write what its Apprise URL begins with, as in slack"


def test_another_service_needs_its_own_apprise_url(server: Server) -> None:
    recipient_id = create(server, method_id=102, recipient="slack", password="slack://s3cret/token")
    path = f"{RECIPIENTS}/{recipient_id}"
    response = server.patch(path, json={"recipient": "tgram"})
    assert messages(response) == ['invalid_request - password: is required by "Apprise"']
    assert server.patch(path, json={"recipient": "tgram", "password": "tgram://t/c"}).status_code == 200
    assert server.patch(path, json={"name": "Chat"}).status_code == 200
    assert read(server, recipient_id)["has_password"] is True


def test_a_password_is_not_taken_for_one_of_another_kind(server: Server) -> None:
    recipient_id = create(server, **WEBHOOK, username="u", password="hunter2")
    response = server.patch(f"{RECIPIENTS}/{recipient_id}", json={"method_id": 101})
    assert messages(response) == ['invalid_request - password: is required by "Signed POST JSON request to web server"']
    change = {"method_id": 101, "password": SIGNING_SECRET}
    assert server.patch(f"{RECIPIENTS}/{recipient_id}", json=change).status_code == 200
    assert read(server, recipient_id)["username"] is None


def test_a_login_is_refused_where_the_method_has_none(server: Server) -> None:
    assert faults(server, MAIL | {"username": "u", "password": "p"}) == [
        'username: "E-mail (HTML format)" has no login; leave it out',
        'password: "E-mail (HTML format)" has no login; leave it out',
    ]


def test_a_patch_changes_what_it_names_and_answers_with_the_id_as_a_string(server: Server) -> None:
    recipient_id = create(server)
    before = read(server, recipient_id)
    response = server.patch(f"{RECIPIENTS}/{recipient_id}", json={"recipient": "new@example.com"})
    assert (response.status_code, response.json()) == (200, {"id": str(recipient_id)})
    assert read(server, recipient_id) == before | {"recipient": "new@example.com"}


def test_a_null_resets_to_the_default(server: Server) -> None:
    recipient_id = create(server, stop_threshold=3, notify_on_clear=True, performance_alert_type=5)
    change = {"stop_threshold": None, "notify_on_clear": None, "performance_alert_type": None, "name": None}
    assert server.patch(f"{RECIPIENTS}/{recipient_id}", json=change).status_code == 200
    found = read(server, recipient_id)
    assert [found[name] for name in change] == [10, False, "20", "devops@example.com"]


def test_what_is_required_can_not_be_null(server: Server) -> None:
    response = server.patch(f"{RECIPIENTS}/{create(server)}", json={"method_id": None, "recipient": None})
    assert messages(response) == [
        "invalid_request - method_id: must not be null; leave it out to keep it",
        "invalid_request - recipient: must not be null; leave it out to keep it",
    ]


def test_a_patch_that_is_refused_changes_nothing(server: Server) -> None:
    recipient_id = create(server)
    before = read(server, recipient_id)
    response = server.patch(f"{RECIPIENTS}/{recipient_id}", json={"name": "New", "method_id": 16})
    assert messages(response) == [
        "invalid_request - recipient: is no web address; write https://host/path or http://host/path"
    ]
    assert read(server, recipient_id) == before


def test_a_patch_can_not_change_groups_or_blackouts_and_takes_what_a_read_gave(server: Server) -> None:
    recipient_id = create(server)
    before = read(server, recipient_id)
    sent = before | {"notifier_groups": ["5"], "blackout_ids": ["6"], "id": 7}
    response = server.patch(f"{RECIPIENTS}/{recipient_id}", json=sent)
    assert response.status_code == 200
    assert "X-Mailtrip-Ignored-Fields" not in response.headers
    assert read(server, recipient_id) == before


def test_unknown_fields_are_ignored_and_named_in_a_header(server: Server) -> None:
    response = server.post(RECIPIENTS, json=MAIL | {"email": "x"})
    assert response.headers["X-Mailtrip-Ignored-Fields"] == "email"


def test_a_list_has_metadata_and_results(server: Server) -> None:
    ids = [create(server), create(server, **WEBHOOK)]
    found = server.get(RECIPIENTS).json()
    assert found["metadata"] == {"__permissions": {"acl": 7}, "resultset": {"count": 2, "limit": None, "offset": "0"}}
    assert [each["id"] for each in found["results"]] == ids


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["both", "availability", "performance", "none"]),
        ("type=Availability", ["both", "availability"]),
        ("type=Performance", ["both", "performance"]),
        ("method_id=1", ["performance"]),
        ("method_id=12&type=Availability", ["both", "availability"]),
        ("method_id=14", []),
        ("limit=2&offset=1", ["availability", "performance"]),
    ],
)
def test_a_list_is_cut_by_type_method_limit_and_offset(server: Server, query: str, names: list[str]) -> None:
    for name, is_told, is_told_of_slowness, method in [
        ("both", True, True, 12),
        ("availability", True, False, 12),
        ("performance", False, True, 1),
        ("none", False, False, 12),
    ]:
        create(server, name=name, method_id=method, availability_alert=is_told, performance_alert=is_told_of_slowness)
    found = server.get(f"{RECIPIENTS}?{query}").json()
    assert [each["name"] for each in found["results"]] == names
    assert found["metadata"]["resultset"]["count"] == (4 if "limit" in query else len(names))


@pytest.mark.parametrize("query", ["type=availability", "method_id=7", "method_id=1,2", "limit=0", "offset=-1"])
def test_a_wrong_query_value_is_a_400(server: Server, query: str) -> None:
    [told] = messages(server.get(f"{RECIPIENTS}?{query}"))
    assert told.startswith(f"invalid_request - {query.partition('=')[0]}: must be ")


@pytest.mark.parametrize(("select", "fields"), [("id,name", {"id", "name"}), ("", set()), ("Name,password,x", set())])
def test_select_returns_the_fields_named(server: Server, select: str, fields: set[str]) -> None:
    recipient_id = create(server)
    assert set(server.get(f"{RECIPIENTS}/{recipient_id}", params={"select": select}).json()) == fields
    [found] = server.get(RECIPIENTS, params={"select": select}).json()["results"]
    assert set(found) == fields


def test_a_delete_answers_204_and_a_second_one_404(server: Server) -> None:
    recipient_id = create(server)
    response = server.delete(f"{RECIPIENTS}/{recipient_id}")
    assert (response.status_code, response.content) == (204, b"")
    for method in ("DELETE", "GET", "PATCH"):
        response = server.call(method, f"{RECIPIENTS}/{recipient_id}")
        assert response.status_code == 404
        assert messages(response) == ["Record not found"]
    assert server.get(RECIPIENTS).json()["results"] == []


@pytest.mark.parametrize("role", list(Role))
def test_every_role_may_read_and_those_who_may_edit_may_change(server: Server, role: Role) -> None:
    recipient_id = create(server)
    assert server.get(RECIPIENTS, role=role).status_code == 200
    assert server.get(f"{RECIPIENTS}/{recipient_id}", role=role).status_code == 200
    expected = 200 if role.may_edit else 403
    assert server.post(RECIPIENTS, role=role, json=MAIL).status_code == expected
    assert server.patch(f"{RECIPIENTS}/{recipient_id}", role=role, json={}).status_code == expected
    assert server.delete(f"{RECIPIENTS}/{recipient_id}", role=role).status_code == (204 if role.may_edit else 403)


def test_a_body_is_parsed_as_json_whatever_its_content_type_says(server: Server) -> None:
    assert server.post(RECIPIENTS, data=json.dumps(MAIL)).status_code == 200


QUIET = [{"from_day": 2, "from_time": "22:00", "thru_day": 3, "thru_time": "07:00"}]


def test_quiet_hours_and_a_daily_limit_are_kept_and_reset_by_null(server: Server) -> None:
    given = {"quiet_hours": QUIET, "time_zone": "Europe/Berlin", "daily_limit": 20}
    recipient_id = server.post(RECIPIENTS, json=MAIL | given).json()["id"]
    path = f"{RECIPIENTS}/{recipient_id}"

    kept = server.get(path).json()
    server.patch(path, json=dict.fromkeys(given))
    reset = server.get(path).json()

    assert {name: kept[name] for name in given} == given
    assert {name: reset[name] for name in given} == {"quiet_hours": [], "time_zone": "UTC", "daily_limit": None}


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"time_zone": "Berlin"}, 'time_zone: "Berlin" is no time zone'),
        ({"daily_limit": 0}, "daily_limit: must be a whole number from 1"),
        ({"method_id": 6, "recipient": "+12025550100", "monthly_report": True}, "monthly_report: comes by mail"),
        ({"quiet_hours": [{**QUIET[0], "from_day": 0}]}, "quiet_hours: item 0: from_day must be"),
        ({"quiet_hours": [{**QUIET[0], "thru_day": 2, "thru_time": "22:00"}]}, "quiet_hours: item 0 ends at the time"),
    ],
)
def test_quiet_hours_that_are_none_are_refused(server: Server, given: dict[str, object], fault: str) -> None:
    response = server.post(RECIPIENTS, json=MAIL | given)

    assert response.status_code == 400
    assert fault in messages(response)[0]
