"""Creating and editing round-trip monitors (alertsite-v3.md, 3.4, 3.5, 7.3, 7.4 and 9)."""

import json
from datetime import timedelta

import pytest
from tests.api.harness import MONITOR, Server, messages

from mailtrip.model import CustomProperty, MailProtocol, Mechanism, Mode, MonitorSettings, TLSMode

CREATE = "/api/v3/monitors/email-round-trip"


def _faults(server: Server, **fields: object) -> list[str]:
    response = server.post(CREATE, json=MONITOR | fields)
    assert response.status_code == 400, response.text
    return [message.removeprefix("invalid_request - ") for message in messages(response)]


def test_the_smallest_body_of_the_vendor_makes_a_monitor(server: Server) -> None:
    response = server.post(CREATE, json=MONITOR)
    assert response.status_code == 200
    assert response.json() == {"id": "100001"}
    assert server.stored(100001).settings == MonitorSettings(
        name="Round-Trip Email Monitor",
        plan_code="UBM - A/A",
        email="demo@example.com",
        smtp_server="smtps://smtp.example.com:465",
        mailbox_protocol=MailProtocol.POP3,
        mailbox_server="pop3s://mail.example.com:995",
    )


def test_every_field_reaches_the_settings(server: Server) -> None:
    monitor_id = server.create(
        pop3_hostname=None,
        imap_hostname="imap.example.com",
        smtp_hostname="smtp.example.com",
        smtp_tls="starttls",
        smtp_auth="scram-sha-256",
        smtp_username="sender",
        smtp_password="secret 1",
        mailbox_tls="none",
        mailbox_auth="login",
        username="mailbox",
        password="secret 2",
        email_from="from@example.com",
        tls_verify=False,
        interval=20,
        timeout=120,
        warning_time=60,
        enabled=False,
        notify_on_error=False,
        local_retry=False,
        locations=[{"id": 10, "name": "ignored"}],
        home_location=10,
        mode="Global Notify",
        monitor_location_count=1,
        rotate_locations=True,
        note="a\nb",
        alert_note="c",
        custom_properties=[{"id": 228, "name": "Environment", "value": "Development", "value_id": 550}],
        tags=["Customer A", "production"],
    )
    stored = server.stored(monitor_id)
    assert stored.settings == MonitorSettings(
        name="Round-Trip Email Monitor",
        plan_code="UBM - A/A",
        email="demo@example.com",
        smtp_server="smtp.example.com",
        smtp_tls=TLSMode.STARTTLS,
        smtp_mechanism=Mechanism.SCRAM_SHA_256,
        smtp_username="sender",
        mailbox_protocol=MailProtocol.IMAP,
        mailbox_server="imap.example.com",
        mailbox_tls=TLSMode.NONE,
        mailbox_mechanism=Mechanism.LOGIN,
        username="mailbox",
        sender="from@example.com",
        tls_verify=False,
        interval=timedelta(minutes=20),
        timeout=timedelta(seconds=120),
        warning_time=timedelta(seconds=60),
        enabled=False,
        notify_on_error=False,
        local_retry=False,
        location_ids=(10,),
        home_location_id=10,
        mode=Mode.GLOBAL_NOTIFY,
        locations_per_run=1,
        rotate_locations=True,
        note="a\nb",
        alert_note="c",
        custom_properties=(CustomProperty(id=228, name="Environment", value="Development", value_id=550),),
        tags=("Customer A", "production"),
    )
    assert (stored.has_password, stored.has_smtp_password) == (True, True)


@pytest.mark.parametrize(
    ("field", "given", "shown"),
    [
        ("interval", "5", 5),
        ("interval", 5.0, 5),
        ("timeout", "30", 30),
        ("warning_time", "30", 30),
        ("enabled", "n", False),
        ("enabled", "false", False),
        ("tls_verify", "n", False),
        ("rotate_locations", "y", True),
        ("rotate_locations", "true", True),
        ("home_location", "10", 10),
        ("monitor_location_count", "1", 1),
        ("locations", [10], [{"id": 10, "name": "Local"}]),
        ("locations", ["10"], [{"id": 10, "name": "Local"}]),
        ("locations", [{"id": "10"}], [{"id": 10, "name": "Local"}]),
        (
            "custom_properties",
            [{"id": "228", "value_id": "550"}],
            [{"id": 228, "name": None, "value": None, "value_id": 550}],
        ),
    ],
)
def test_numbers_and_booleans_are_also_taken_as_strings(
    server: Server, field: str, given: object, shown: object
) -> None:
    monitor_id = server.create(**{field: given})
    assert server.get(f"/api/v3/monitors/{monitor_id}").json()[field] == shown


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"name": 5}, "name: must be text, not a number"),
        ({"name": ""}, "name: is blank; write something"),
        ({"name": " \t"}, "name: has a line break or another control character in it; write it without"),
        ({"name": "  "}, "name: is blank; write something"),
        ({"name": "x" * 256}, "name: has 256 characters; at most 255 are taken"),
        ({"name": "a\r\nb"}, "name: has a line break or another control character in it; write it without"),
        ({"name": "a\x00"}, "name: has a line break or another control character in it; write it without"),
        ({"name": "a\u2028b"}, "name: has a line break or another control character in it; write it without"),
        ({"email": "a@example.com\r\nRCPT TO:<b@c>"}, "email: has a line break or another control character"),
        ({"email": "nobody"}, 'email: "nobody" is no mail address'),
        ({"email": "a@example.com, b@example.com"}, 'email: "a@example.com, b@example.com" is no mail address'),
        ({"email_from": "<a@b.c>"}, 'email_from: "<a@b.c>" is no mail address'),
        ({"smtp_hostname": "smpt://x"}, 'smtp_hostname: "smpt://x" has an unknown scheme; use smtp:// or smtps://'),
        ({"smtp_hostname": "smtp://a:b@host"}, "smtp_hostname: user name and password don't belong into"),
        ({"smtp_hostname": "smtp://host/x"}, 'smtp_hostname: "smtp://host/x" has a path'),
        ({"smtp_hostname": "host:70000"}, 'smtp_hostname: "host:70000" has port 70000'),
        ({"smtp_hostname": "host\r\nQUIT"}, "smtp_hostname: has a line break or another control character"),
        ({"smtp_hostname": ""}, "smtp_hostname: is blank; write something"),
        ({"pop3_hostname": "imap://x"}, 'pop3_hostname: "imap://x" has an unknown scheme; use pop3:// or pop3s://'),
        ({"smtp_tls": "STARTTLS"}, 'smtp_tls: must be one of auto, none, starttls, implicit, not "STARTTLS"'),
        ({"smtp_tls": "none"}, "smtp_hostname: "),
        ({"smtp_auth": "apop"}, "smtp_auth: must be one of auto, plain, login, cram-md5, scram-sha-1, scram-sha-256"),
        ({"mailbox_auth": "kerberos"}, "mailbox_auth: must be one of auto, plain, login, cram-md5, apop, scram-sha-1"),
        ({"folders": ["Lists"]}, "folders: is for IMAP; POP3 shows the inbox only"),
        ({"folders": "Lists"}, "folders: must be a list"),
        ({"tags": ["Mail", "mail"]}, "tags: names a tag twice"),
        ({"tags": ["a,b"]}, "tags: a tag has a comma"),
        ({"certificate_warning_days": 366}, "certificate_warning_days: must be a whole number from 0 to 365"),
        (
            {"mode": "primary"},
            "mode: must be one of Primary, Global Notify, Global Verify, Round Robin, SLA (MultiPOP)",
        ),
        ({"mode": "Round Robin"}, 'mode: "Round Robin" needs two locations or more'),
        ({"interval": 0}, "interval: must be a whole number from 1 to 1440, not 0"),
        ({"interval": 1441}, "interval: must be a whole number from 1 to 1440, not 1441"),
        ({"interval": 1.5}, "interval: must be a whole number from 1 to 1440, not 1.5"),
        ({"interval": True}, "interval: must be a whole number from 1 to 1440, not true"),
        ({"interval": "015"}, 'interval: must be a whole number from 1 to 1440, not "015"'),
        ({"interval": "٣"}, 'interval: must be a whole number from 1 to 1440, not "\\u0663"'),
        ({"interval": [15]}, "interval: must be a whole number from 1 to 1440, not a list"),
        ({"timeout": 4}, "timeout: must be a whole number from 5 to 300, not 4"),
        ({"timeout": 301}, "timeout: must be a whole number from 5 to 300, not 301"),
        ({"interval": 1, "timeout": 60}, "timeout: 60 s is not below the interval of 1 min; use at most 59 s"),
        ({"timeout": 60, "warning_time": 60}, "warning_time: 60 s is out of range"),
        ({"enabled": "yes"}, 'enabled: must be true or false, not "yes"'),
        ({"enabled": 1}, "enabled: must be true or false, not 1"),
        ({"locations": 10}, "locations: must be a list, not a number"),
        ({"locations": [{}]}, "locations: item 0 must be a whole number"),
        ({"locations": [99]}, "locations: there is no location 99"),
        ({"locations": [10, 10]}, "locations: names a location twice"),
        ({"locations": [10] * 101}, "locations: has 101 items; at most 100 are allowed"),
        ({"home_location": 99}, "home_location: there is no location 99"),
        ({"monitor_location_count": 2}, "monitor_location_count: 2 is out of range; the monitor has 1 location"),
        ({"custom_properties": ["x"]}, "custom_properties: item 0 must be an object, not text"),
        ({"custom_properties": [{"name": "x"}]}, "custom_properties: item 0: a part of it must be a whole number"),
        ({"note": 5}, "note: must be text, not a number"),
        ({"note": "a\x00b"}, "note: has a line break or another control character in it"),
        ({"tls_ca": "nonsense"}, "tls_ca: is no PEM bundle"),
        ({"smtp_username": "a"}, "smtp_password: is required with a user name for SMTP"),
        ({"smtp_password": "a"}, "smtp_username: is required with a password for SMTP"),
        ({"password": "a\r\nb"}, "password: has a line break or another control character in it"),
        ({"password": 5}, "password: must be text, not a number"),
        ({"username": "a\nb"}, "username: has a line break or another control character in it"),
        ({"imap_hostname": "x"}, "imap_hostname: is given beside pop3_hostname; give exactly one of the two"),
    ],
)
def test_a_bad_field_is_a_400_that_names_it_and_nothing_is_stored(
    server: Server, fields: dict[str, object], fault: str
) -> None:
    [message] = _faults(server, **fields)
    assert message.startswith(fault)
    assert server.get("/api/v3/monitors").json()["results"] == []


@pytest.mark.parametrize("name", ["billing_plancode", "name", "smtp_hostname", "email"])
def test_a_required_field_must_be_there_and_not_null(server: Server, name: str) -> None:
    body = {key: value for key, value in MONITOR.items() if key != name}
    assert messages(server.post(CREATE, json=body)) == [f"invalid_request - {name}: is required"]
    assert _faults(server, **{name: None}) == [f"{name}: must not be null; leave it out to keep it"]


def test_pop3_hostname_is_required_unless_imap_hostname_is_given(server: Server) -> None:
    assert _faults(server, pop3_hostname=None) == ["pop3_hostname: is required, unless imap_hostname is given"]
    assert server.create(pop3_hostname=None, imap_hostname="imaps://x.example") == 100001


def test_all_faults_of_a_body_are_told_at_once_one_item_each(server: Server) -> None:
    body = {"name": 5, "interval": "x", "email": "nobody", "pop3_hostname": "http://x", "locations": [77]}
    no_address = '"nobody" is no mail address (An email address must have an @-sign.); write one address like'
    assert messages(server.post(CREATE, json=body)) == [
        "invalid_request - name: must be text, not a number",
        'invalid_request - interval: must be a whole number from 1 to 1440, not "x"',
        "invalid_request - billing_plancode: is required",
        "invalid_request - smtp_hostname: is required",
        f"invalid_request - email: {no_address} name@example.com",
        'invalid_request - pop3_hostname: "http://x" has an unknown scheme; use pop3:// or pop3s://',
        "invalid_request - locations: there is no location 77; name locations of this account",
    ]


def test_a_fault_never_shows_a_password(server: Server) -> None:
    for password in ("hunter2\n", ["hunter2"], "hunter2" * 200):
        response = server.post(CREATE, json=MONITOR | {"password": password, "smtp_password": password})
        assert response.status_code == 400
        assert "hunter2" not in response.text


def test_notes_above_their_limits_are_cut(server: Server) -> None:
    monitor_id = server.create(note="n" * 300, alert_note="a" * 1100)
    found = server.get(f"/api/v3/monitors/{monitor_id}").json()
    assert (found["note"], found["alert_note"]) == ("n" * 255, "a" * 1000)


def test_two_monitors_may_have_one_name(server: Server) -> None:
    assert [server.create(), server.create()] == [100001, 100002]


@pytest.mark.parametrize("code", ["UBM - A/A", "UBM-A/A", "PPRO5", "anything"])
def test_any_plan_code_is_taken_and_returned_as_it_was_sent(server: Server, code: str) -> None:
    monitor_id = server.create(billing_plancode=code)
    assert server.get(f"/api/v3/monitors/{monitor_id}").json()["billing_plancode"] == code


def test_an_address_with_utf8_is_taken(server: Server) -> None:
    monitor_id = server.create(email="jürgen@bücher.example")
    assert server.get(f"/api/v3/monitors/{monitor_id}").json()["email"] == "jürgen@bücher.example"


def test_a_patch_changes_what_is_given_and_answers_with_the_id_as_a_string(server: Server) -> None:
    monitor_id = server.create(interval=5, note="kept")
    response = server.patch(f"{CREATE}/{monitor_id}", json={"email": "other@example.com", "timeout": 30})
    assert response.status_code == 200
    assert response.json() == {"id": str(monitor_id)}
    settings = server.stored(monitor_id).settings
    assert (settings.email, settings.timeout) == ("other@example.com", timedelta(seconds=30))
    assert (settings.interval, settings.note) == (timedelta(minutes=5), "kept")


def test_null_on_an_optional_field_resets_it_to_its_default(server: Server) -> None:
    changed = {
        "interval": 5,
        "timeout": 30,
        "warning_time": 20,
        "enabled": False,
        "mode": "Global Notify",
        "note": "x",
        "locations": [10],
        "email_from": "from@example.com",
        "username": "user",
        "smtp_tls": "implicit",
    }
    monitor_id = server.create(**changed)
    response = server.patch(f"{CREATE}/{monitor_id}", json=dict.fromkeys(changed))
    assert response.status_code == 200
    assert server.stored(monitor_id).settings == server.stored(server.create()).settings


def test_null_on_a_required_field_of_a_patch_is_a_400(server: Server) -> None:
    monitor_id = server.create()
    response = server.patch(f"{CREATE}/{monitor_id}", json={"name": None, "pop3_hostname": None})
    assert messages(response) == [
        "invalid_request - name: must not be null; leave it out to keep it",
        "invalid_request - pop3_hostname: must not be null unless the other of the two has a value",
    ]


@pytest.mark.parametrize(
    "body", [{"imap_hostname": "x.example"}, {"imap_hostname": "x.example", "pop3_hostname": None}]
)
def test_setting_one_mailbox_hostname_in_a_patch_clears_the_other(server: Server, body: dict[str, object]) -> None:
    monitor_id = server.create()
    assert server.patch(f"{CREATE}/{monitor_id}", json=body).status_code == 200
    found = server.get(f"/api/v3/monitors/{monitor_id}").json()
    assert (found["pop3_hostname"], found["imap_hostname"]) == (None, "x.example")


def test_both_mailbox_hostnames_in_a_patch_are_a_400(server: Server) -> None:
    monitor_id = server.create()
    response = server.patch(f"{CREATE}/{monitor_id}", json={"pop3_hostname": "a", "imap_hostname": "b"})
    assert messages(response) == [
        "invalid_request - imap_hostname: is given beside pop3_hostname; give exactly one of the two"
    ]


def test_a_patch_is_judged_together_with_what_is_stored(server: Server) -> None:
    monitor_id = server.create(timeout=120)
    response = server.patch(f"{CREATE}/{monitor_id}", json={"interval": 1, "enabled": "maybe"})
    assert messages(response) == [
        'invalid_request - enabled: must be true or false, not "maybe"',
        "invalid_request - timeout: 120 s is not below the interval of 1 min; use at most 59 s or a longer interval",
    ]
    assert server.stored(monitor_id).settings.interval == timedelta(minutes=15)


def test_faults_of_an_imap_server_name_imap_hostname(server: Server) -> None:
    monitor_id = server.create(pop3_hostname=None, imap_hostname="imaps://x.example")
    response = server.patch(f"{CREATE}/{monitor_id}", json={"mailbox_tls": "none"})
    [message] = messages(response)
    assert message.startswith("invalid_request - imap_hostname: ")


def test_a_field_that_is_judged_by_a_faulty_one_is_not_blamed(server: Server) -> None:
    monitor_id = server.create(timeout=120)
    response = server.patch(f"{CREATE}/{monitor_id}", json={"interval": "x", "timeout": 300})
    assert messages(response) == ['invalid_request - interval: must be a whole number from 1 to 1440, not "x"']


def test_a_password_stays_until_it_is_replaced_or_set_to_null(server: Server) -> None:
    monitor_id = server.create(password="one")
    path = f"{CREATE}/{monitor_id}"
    server.patch(path, json={"interval": 5})
    assert server.stored(monitor_id).has_password is True
    assert server.patch(path, json={"password": None}).status_code == 200
    assert server.stored(monitor_id).has_password is False


def test_what_is_read_can_be_sent_back_as_it_is(server: Server) -> None:
    monitor_id = server.create(password="one", note="x", custom_properties=[{"id": 1, "value_id": 2}])
    path = f"/api/v3/monitors/{monitor_id}"
    before = server.get(path).json()
    assert server.patch(f"{CREATE}/{monitor_id}", data=json.dumps(before)).status_code == 200
    assert server.get(path).json() == before


@pytest.mark.parametrize("number", [100001, 999999999999999, 10**20])
def test_a_patch_of_an_unknown_monitor_is_a_404(server: Server, number: int) -> None:
    response = server.patch(f"{CREATE}/{number}", json={"interval": "nonsense"})
    assert response.status_code == 404
    assert messages(response) == ["Record not found"]


def test_a_field_name_in_another_case_is_another_field(server: Server) -> None:
    monitor_id = server.create()
    response = server.patch(f"{CREATE}/{monitor_id}", json={"Interval": 5})
    assert response.headers["X-Mailtrip-Ignored-Fields"] == "Interval"
    assert server.stored(monitor_id).settings.interval == timedelta(minutes=15)
