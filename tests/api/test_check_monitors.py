"""Monitors that check one server: create and edit (alertsite-v3.md, 3.6, 3.8 and 9), and what is not about mail."""

import pytest
from tests.api.harness import Server, messages
from tests.api.harness_runs import finish_run

from mailtrip.api.alertsite.check_fields import FIELDS_OF
from mailtrip.model import MailProtocol, MonitorType, Role, StatusCode, Verdict

MONITORS = "/api/v3/monitors"
CHECK = {"billing_plancode": "UBM - A/A", "name": "Check", "hostname": "mail.example.com"}
PORTS = {"email-smtp": 25, "email-pop": 110, "email-imap": 143}
SECURE = {"email-smtp": ("smtps", 465), "email-pop": ("pop3s", 995), "email-imap": ("imaps", 993)}
EACH = pytest.mark.parametrize("word", PORTS)
FOREIGN = [
    *("api", "dejaclick", "ftp", "ftp-ssl", "name-server", "ping", "tcp", "website", "website-api", "website-ssl"),
    "website-ssl-api",
]


def create(server: Server, word: str, **fields: object) -> int:
    """Make a monitor that checks a server and give its id; a None leaves a field of the usual body out."""
    body = {name: value for name, value in (CHECK | fields).items() if value is not None}
    response = server.post(f"{MONITORS}/{word}", json=body)
    assert response.status_code == 200, response.text
    return int(response.json()["id"])


def read(server: Server, monitor_id: int) -> dict[str, object]:
    return dict(server.get(f"{MONITORS}/{monitor_id}").json())


@EACH
def test_a_create_answers_200_with_the_id_as_a_string(server: Server, word: str) -> None:
    response = server.post(f"{MONITORS}/{word}", json=CHECK)

    assert (response.status_code, response.json()) == (200, {"id": "100001"})


@EACH
def test_a_create_requires_billing_plancode_name_and_hostname(server: Server, word: str) -> None:
    response = server.post(f"{MONITORS}/{word}", json={})

    assert response.status_code == 400
    assert messages(response) == [
        "invalid_request - name: is required",
        "invalid_request - billing_plancode: is required",
        "invalid_request - hostname: is required",
    ]


@EACH
def test_the_vendors_edit_sample_works_and_answers_200_with_the_id(server: Server, word: str) -> None:
    monitor_id = create(server, word)
    response = server.patch(f"{MONITORS}/{word}/{monitor_id}", json={"ipv4": "74.125.28.108", "port": 587})

    assert (response.status_code, response.json()) == (200, {"id": str(monitor_id)})
    found = read(server, monitor_id)
    assert (found["ipv4"], found["port"], found["hostname"]) == ("74.125.28.108", 587, "mail.example.com")
    settings = server.stored(monitor_id).settings
    [stored] = settings.servers
    assert (stored.host, stored.port, stored.address) == ("mail.example.com", 587, "74.125.28.108")


def test_a_read_has_the_fields_of_the_type_with_every_default_filled_in(server: Server) -> None:
    common = CHECK | {
        "note": None,
        "alert_note": None,
        "custom_properties": [],
        "tags": [],
        "ipv4": None,
        "tls_verify": True,
        "tls_ca": None,
        "certificate_warning_days": 14,
        "expect_capabilities": [],
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
    smtp = {"smtp_tls": "auto", "smtp_auth": "auto", "smtp_username": None, "has_smtp_password": False}
    mailbox = {"mailbox_tls": "auto", "mailbox_auth": "auto", "username": None, "has_password": False}
    ids = {word: create(server, word) for word in PORTS}

    assert {word: read(server, id_) for word, id_ in ids.items()} == {
        word: common
        | (smtp if word == "email-smtp" else mailbox)
        | {"id": ids[word], "type": word, "port": PORTS[word]}
        for word in PORTS
    }


@EACH
def test_the_hostname_may_be_a_url_with_the_protocols_scheme(server: Server, word: str) -> None:
    scheme, port = SECURE[word]
    monitor_id = create(server, word, hostname=f"{scheme}://[2001:db8::1]")

    assert read(server, monitor_id)["port"] == port
    response = server.patch(f"{MONITORS}/{word}/{monitor_id}", json={"hostname": "https://mail.example.com"})
    schemes = f"{scheme.removesuffix('s')}:// or {scheme}://"
    fault = f'"https://mail.example.com" has an unknown scheme; use {schemes}'
    assert messages(response) == [f"invalid_request - hostname: {fault}"]


@EACH
def test_a_port_named_twice_must_be_the_same(server: Server, word: str) -> None:
    monitor_id = create(server, word, hostname="mail.example.com:2525", port=2525)
    response = server.patch(f"{MONITORS}/{word}/{monitor_id}", json={"port": 587})

    fault = '"mail.example.com:2525" names port 2525, but the port is given as 587; name it once'
    assert messages(response) == [f"invalid_request - hostname: {fault}"]
    edit = {"hostname": "mail.example.com", "port": 587}
    assert server.patch(f"{MONITORS}/{word}/{monitor_id}", json=edit).status_code == 200
    assert server.patch(f"{MONITORS}/{word}/{monitor_id}", json={"port": None}).status_code == 200
    assert read(server, monitor_id)["port"] == PORTS[word]


@EACH
@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"port": 0}, "port: must be a whole number from 1 to 65535, not 0"),
        ({"port": "65536"}, 'port: must be a whole number from 1 to 65535, not "65536"'),
        (
            {"ipv4": "::1"},
            "ipv4: is no IPv4 address; write one like 192.0.2.1, and an IPv6 address in brackets as the host's name",
        ),
        ({"hostname": ""}, "hostname: is blank; write something"),
        ({"hostname": "a b"}, "hostname: a server has no blanks or control characters in it; write host, host:port or a URL"),
        ({"expect_capabilities": ["a\nb"]}, "expect_capabilities: item 0 has a line break or another control character in it; write it without"),
        ({"expect_capabilities": ["X"] * 21}, "expect_capabilities: has 21 items; at most 20 are allowed"),
        ({"interval": 1, "timeout": 60}, "timeout: 60 s is not below the interval of 1 min; use at most 59 s or a longer interval"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named_with_what_would_be_right(
    server: Server, word: str, fields: dict[str, object], fault: str
) -> None:
    assert messages(server.post(f"{MONITORS}/{word}", json=CHECK | fields)) == [f"invalid_request - {fault}"]


@EACH
def test_a_login_is_a_name_and_a_password_or_none(server: Server, word: str) -> None:
    prefix = "smtp_" if word == "email-smtp" else ""
    where = "SMTP" if word == "email-smtp" else "the mailbox"
    name, password = f"{prefix}username", f"{prefix}password"

    assert messages(server.post(f"{MONITORS}/{word}", json=CHECK | {name: "probe"})) == [
        f"invalid_request - {password}: is required with a user name for {where}; give both or none"
    ]
    assert messages(server.post(f"{MONITORS}/{word}", json=CHECK | {password: "hunter2"})) == [
        f"invalid_request - {name}: is required with a password for {where}; give both or none"
    ]
    monitor_id = create(server, word, **{name: "probe", password: "hunter2"})
    found = read(server, monitor_id)
    assert (found[name], found[f"has_{password}"]) == ("probe", True)
    assert "hunter2" not in str(found)
    assert server.patch(f"{MONITORS}/{word}/{monitor_id}", json={name: None}).status_code == 200
    assert read(server, monitor_id)[f"has_{password}"] is False


@EACH
def test_fields_of_a_round_trip_mean_nothing_to_a_check_and_are_named(server: Server, word: str) -> None:
    body = CHECK | {"email": "demo@example.com", "pop3_hostname": "x", "type": word, "site_type": "smtp"}
    response = server.post(f"{MONITORS}/{word}", json=body)

    assert response.status_code == 200
    assert response.headers["X-Mailtrip-Ignored-Fields"] == "email, pop3_hostname"


@EACH
def test_an_edit_through_another_types_path_is_a_404(server: Server, word: str) -> None:
    monitor_id, round_trip = create(server, word), server.create()
    others = {*PORTS, "email-round-trip"} - {word}

    for other in others:
        assert messages(server.patch(f"{MONITORS}/{other}/{monitor_id}", json={})) == ["Record not found"]
    assert messages(server.patch(f"{MONITORS}/{word}/{round_trip}", json={})) == ["Record not found"]


@EACH
@pytest.mark.parametrize("role", [Role.USER, Role.READ_ONLY])
def test_readers_may_neither_create_nor_edit(server: Server, word: str, role: Role) -> None:
    monitor_id = create(server, word)

    assert server.post(f"{MONITORS}/{word}", json=CHECK, role=role).status_code == 403
    assert server.patch(f"{MONITORS}/{word}/{monitor_id}", json={}, role=role).status_code == 403


@pytest.mark.parametrize("type_", FIELDS_OF, ids=str)
def test_the_examples_of_a_types_fields_are_taken_and_read_back(server: Server, type_: MonitorType) -> None:
    fields = [field for field in FIELDS_OF[type_] if field.codec is not None and field.name != "imap_hostname"]
    response = server.post(f"{MONITORS}/{type_}", json={field.name: field.example for field in fields})
    assert response.status_code == 200, response.text
    found = read(server, int(response.json()["id"]))

    assert {field.name: found[field.name] for field in fields if field.show} == {
        field.name: field.example for field in fields if field.show
    }


def test_a_mailbox_is_read_over_the_protocol_of_the_type(server: Server) -> None:
    protocols = [server.stored(create(server, word)).settings.mailbox_protocol for word in ("email-pop", "email-imap")]

    assert protocols == [MailProtocol.POP3, MailProtocol.IMAP]


def test_the_list_can_be_cut_to_one_type_or_several(server: Server) -> None:
    ids = {word: create(server, word) for word in PORTS} | {"email-round-trip": server.create()}

    for types in [["email-smtp"], ["email-pop", "email-imap"], ["email-round-trip", "email-smtp"], list(ids)]:
        found = server.get(MONITORS, params={"type": ",".join(types)}).json()
        assert [each["id"] for each in found["results"]] == sorted(ids[word] for word in types)


def test_select_in_a_list_of_several_types_gives_each_what_it_has(server: Server) -> None:
    server.create()
    create(server, "email-smtp")
    found = server.get(MONITORS, params={"select": "type,hostname,email"}).json()["results"]

    assert found == [
        {"type": "email-round-trip", "email": "demo@example.com"},
        {"type": "email-smtp", "hostname": "mail.example.com"},
    ]


@EACH
def test_a_check_is_deleted_as_any_monitor(server: Server, word: str) -> None:
    monitor_id = create(server, word)

    assert server.delete(f"{MONITORS}/{monitor_id}").status_code == 204
    assert server.get(f"{MONITORS}/{monitor_id}").status_code == 404


@EACH
def test_a_test_on_demand_of_a_check_has_no_token_as_nothing_is_sent(server: Server, word: str) -> None:
    monitor_id = create(server, word)
    response = server.get(f"/api/v3/tests?monitor_id={monitor_id}")

    assert response.status_code == 200
    assert [run.token for run in server.queue.runs] == [None]


def foreign_calls() -> list[tuple[str, str]]:
    return [
        *(("POST", word) for word in FOREIGN),
        *(("PATCH", f"{word}/100001") for word in [*FOREIGN, "selenium"]),
        ("PATCH", "website-api/100001/convert-api"),
        ("PATCH", "website-ssl-api/100001/convert-api"),
    ]


@pytest.mark.parametrize(("method", "path"), foreign_calls())
def test_a_type_that_is_not_about_mail_is_a_400_that_says_so(server: Server, method: str, path: str) -> None:
    response = server.call(method, f"{MONITORS}/{path}", json={"name": "x"})

    assert response.status_code == 400
    word = path.partition("/")[0]
    fault = f'type: "{word}" is no type for mail, and Mailtrip monitors mail only; use {", ".join(MonitorType)}'
    assert messages(response) == [f"invalid_request - {fault}"]


def test_a_type_that_is_not_about_mail_is_told_to_those_who_may_edit(server: Server) -> None:
    assert server.post(f"{MONITORS}/website", json={}, role=None).status_code == 401
    assert server.post(f"{MONITORS}/website", json={}, role=Role.READ_ONLY).status_code == 403


def test_the_site_status_tells_what_came_of_a_check(server: Server) -> None:
    good, bad = create(server, "email-smtp", name="Good"), create(server, "email-pop", name="Bad")
    finish_run(server, good, verdict=Verdict.ANSWERS, status=StatusCode.OK, summary="It answered")
    finish_run(server, bad, verdict=Verdict.FAILS, status=StatusCode.CONNECTION_FAILED, summary="It is down")

    def names(query: str) -> list[str]:
        return [each["device_name"] for each in server.get(f"/api/v3/report-sitestatus?{query}").json()["results"]]

    assert (names("status=ok"), names("status=error"), names("type=email-pop")) == (["Good"], ["Bad"], ["Bad"])
    status = read(server, bad)["last_status"]
    assert isinstance(status, dict)
    assert (status["verdict"], status["text"], status["counts"]) == ("fails", "TCP connection failed", True)
