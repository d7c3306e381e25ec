"""The audit log: each route that changes something leaves its mark; Admins and Co-Admins read it, and nobody edits it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection
from tests.api.harness import MONITOR, PASSWORD, Server, email_of, messages
from tests.api.harness_runs import fail_run

from mailtrip.model import AuditAction, Role
from mailtrip.store import Database

# Any: JSON of many shapes.

T = TypeVar("T")

AUDIT = "/api/v1/audit"
CHECK = {"billing_plancode": "A", "name": "Check", "hostname": "mail.example.com"}
RECIPIENT = {"name": "Ops", "method_id": 12, "recipient": "ops@example.com"}
WEEK = {"start_day": 7, "start_time": "20:00", "end_day": 7, "end_time": "22:15"}
GOALS = {"name": "Mail", "availability": 97, "response_time": 2.5}
LOGIN = {"username": email_of(Role.ADMIN), "password": PASSWORD}


def make(server: Server, path: str, body: object) -> str:
    response = server.post(path, json=body)
    assert response.status_code in {200, 201}, response.text
    return str(response.json()["id"])


@dataclass
class Stage:
    """What there is before a route is called: one record of each kind, by the path that makes it."""

    server: Server
    made: dict[str, str] = field(default_factory=dict)

    def one(self, path: str) -> str:
        """The record's number, or what names it."""
        if path not in self.made:
            is_alert = path.startswith(ALERT)
            self.made[path] = self._alert(path) if is_alert else make(self.server, path, BODIES[path](self))
        return self.made[path]

    def _alert(self, path: str) -> str:
        """An alert about trouble that lasts, answered as the path tells."""
        self.one("/api/v3/recipients")
        monitor_id = make(self.server, ROUND_TRIP, {**MONITOR, "local_retry": False})
        fail_run(self.server, int(monitor_id))
        alert_id = str(self.server.get(ALERT).json()["results"][0]["id"])
        if path != ALERT:
            self.server.post(path.format(alert_id=alert_id), json={"minutes": 60})
        return alert_id


ALERT = "/api/v1/alerts"
ROUND_TRIP = "/api/v3/monitors/email-round-trip"
TYPES = ("email-round-trip", "email-smtp", "email-pop", "email-imap")
BODIES: dict[str, Callable[[Stage], Mapping[str, Any]]] = {
    **{f"/api/v3/monitors/{type_}": lambda _: CHECK for type_ in TYPES},
    ROUND_TRIP: lambda _: MONITOR,
    "/api/v3/recipients": lambda _: RECIPIENT,
    "/api/v3/notifier-groups": lambda stage: {
        "name": "All",
        "monitors": [{"id": stage.one(ROUND_TRIP)}],
        "recipients": [{"id": stage.one("/api/v3/recipients")}],
    },
    "/api/v3/blackouts": lambda stage: WEEK | {"type": "Monitor", "assoc_id": stage.one(ROUND_TRIP)},
    "/api/v3/slas": lambda stage: GOALS | {"monitor_id": stage.one(ROUND_TRIP)},
    "/api/v3/users": lambda _: {"email": "ada@example.com", "password": "correct horse", "role": "User"},
    "/api/v1/tokens": lambda _: {"name": "Nightly"},
    "/api/v1/incidents": lambda _: {"title": "Mail is delayed", "text": "We look into it."},
}
"""What makes a record, by the path that takes it."""


@dataclass(frozen=True)
class Change:
    """A call that changes something, and what it leaves in the log.

    Attributes:
        of: the path that makes the record whose number stands in the route's path.
        body: of the call.
        query: likewise.
    """

    action: AuditAction
    of: str = ""
    body: Callable[[Stage], object] = lambda _: None
    query: Callable[[Stage], str] = lambda _: ""


def created(action: AuditAction, path: str) -> dict[str, Change]:
    return {f"post {path}": Change(action, body=BODIES[path])}


CHANGES: dict[str, Change] = {
    "post /api/v3/access-tokens": Change(AuditAction.USER_LOGGED_IN, body=lambda _: LOGIN),
    "delete /api/v3/access-tokens": Change(AuditAction.USER_LOGGED_OUT),
    **{
        f"post /api/v3/monitors/{type_}": Change(AuditAction.MONITOR_CREATED, body=BODIES[f"/api/v3/monitors/{type_}"])
        for type_ in TYPES
    },
    **{
        f"patch /api/v3/monitors/{type_}/{{monitor_id}}": Change(
            AuditAction.MONITOR_CHANGED, f"/api/v3/monitors/{type_}", lambda _: {"name": "Other"}
        )
        for type_ in TYPES
    },
    "delete /api/v3/monitors/{monitor_id}": Change(AuditAction.MONITOR_REMOVED, ROUND_TRIP),
    "post /api/v1/monitors/{monitor_id}/test": Change(AuditAction.MONITOR_TESTED, ROUND_TRIP),
    "get /api/v3/tests": Change(AuditAction.MONITOR_TESTED, query=lambda stage: f"?monitor_id={stage.one(ROUND_TRIP)}"),
    **created(AuditAction.RECIPIENT_CREATED, "/api/v3/recipients"),
    "patch /api/v3/recipients/{recipient_id}": Change(
        AuditAction.RECIPIENT_CHANGED, "/api/v3/recipients", lambda _: {"name": "Other"}
    ),
    "post /api/v1/recipients/{recipient_id}/test": Change(AuditAction.RECIPIENT_TESTED, "/api/v3/recipients"),
    "delete /api/v3/recipients/{recipient_id}": Change(AuditAction.RECIPIENT_REMOVED, "/api/v3/recipients"),
    f"post {ALERT}/{{alert_id}}/acknowledge": Change(AuditAction.ALERT_ACKNOWLEDGED, ALERT),
    f"delete {ALERT}/{{alert_id}}/acknowledge": Change(AuditAction.ALERT_REOPENED, f"{ALERT}/{{alert_id}}/acknowledge"),
    f"post {ALERT}/{{alert_id}}/snooze": Change(AuditAction.ALERT_SNOOZED, ALERT, lambda _: {"minutes": 60}),
    f"delete {ALERT}/{{alert_id}}/snooze": Change(AuditAction.ALERT_WOKEN, f"{ALERT}/{{alert_id}}/snooze"),
    **created(AuditAction.RECIPIENT_GROUP_CREATED, "/api/v3/notifier-groups"),
    "patch /api/v3/notifier-groups/{group_id}": Change(
        AuditAction.RECIPIENT_GROUP_CHANGED, "/api/v3/notifier-groups", lambda _: {"name": "Other"}
    ),
    "delete /api/v3/notifier-groups/{group_id}": Change(AuditAction.RECIPIENT_GROUP_REMOVED, "/api/v3/notifier-groups"),
    **created(AuditAction.BLACKOUT_CREATED, "/api/v3/blackouts"),
    "patch /api/v3/blackouts/{blackout_id}": Change(
        AuditAction.BLACKOUT_CHANGED, "/api/v3/blackouts", lambda _: {"note": "Other"}
    ),
    "delete /api/v3/blackouts/{blackout_id}": Change(AuditAction.BLACKOUT_REMOVED, "/api/v3/blackouts"),
    "post /api/v3/blackouts/bulk-edit": Change(
        AuditAction.BLACKOUT_CREATED,
        body=lambda stage: {
            "monitors": [stage.one(ROUND_TRIP)],
            "update_one_time": False,
            "update_persistent": True,
            "update_persistent_action": "append",
            "persistent_blackouts": [WEEK],
        },
    ),
    **created(AuditAction.SLA_CREATED, "/api/v3/slas"),
    "patch /api/v3/slas/{sla_id}": Change(AuditAction.SLA_CHANGED, "/api/v3/slas", lambda _: {"name": "Other"}),
    "delete /api/v3/slas/{sla_id}": Change(AuditAction.SLA_REMOVED, "/api/v3/slas"),
    "post /api/v3/slas/bulk-edit": Change(
        AuditAction.SLA_CHANGED,
        body=lambda stage: {
            "monitors": [stage.one("/api/v3/slas") and stage.one(ROUND_TRIP)],
            "update_sla_objectives": True,
            "availability": 98,
            "response_time": 3,
        },
    ),
    **created(AuditAction.USER_CREATED, "/api/v3/users"),
    "patch /api/v3/users/{guid}": Change(
        AuditAction.USER_CHANGED, "/api/v3/users", lambda _: {"role": "READONLY", "password": "battery staple"}
    ),
    "delete /api/v3/users/{guid}": Change(AuditAction.USER_REMOVED, "/api/v3/users"),
    **created(AuditAction.API_TOKEN_CREATED, "/api/v1/tokens"),
    "patch /api/v1/status-page": Change(AuditAction.STATUS_PAGE_CHANGED, body=lambda _: {"title": "Other"}),
    "post /api/v1/status-page/renew": Change(AuditAction.STATUS_PAGE_CHANGED),
    **created(AuditAction.INCIDENT_CREATED, "/api/v1/incidents"),
    "patch /api/v1/incidents/{incident_id}": Change(
        AuditAction.INCIDENT_CHANGED, "/api/v1/incidents", lambda _: {"title": "Other"}
    ),
    "post /api/v1/incidents/{incident_id}/updates": Change(
        AuditAction.INCIDENT_UPDATED, "/api/v1/incidents", lambda _: {"text": "It is over.", "state": "resolved"}
    ),
    "delete /api/v1/incidents/{incident_id}": Change(AuditAction.INCIDENT_REMOVED, "/api/v1/incidents"),
    "delete /api/v1/tokens/{token_id}": Change(AuditAction.API_TOKEN_REMOVED, "/api/v1/tokens"),
}
"""Each route that changes something: one that is missing here fails a test, whatever it is about."""
READING = {"post /api/v1/alert-templates/preview"}
"""Those that change nothing, though they are no GET."""


def entries(server: Server, **filters: object) -> list[Any]:
    response = server.get(AUDIT, params=filters)
    assert response.status_code == 200, response.text
    found: list[Any] = response.json()["results"]
    return found


def operations(server: Server) -> list[str]:
    paths = server.get("/api/openapi.json", role=None).json()["paths"]
    return [f"{method} {path}" for path, found in paths.items() for method in found]


def test_each_route_that_can_change_something_is_looked_at(server: Server) -> None:
    changing = {each for each in operations(server) if not each.startswith("get ")} - READING

    assert changing - CHANGES.keys() == set()
    assert {each for each in CHANGES if not each.startswith("get ")} - changing == set()


def test_each_action_is_left_by_a_route_or_is_the_operators() -> None:
    operators = {AuditAction.ACCOUNT_CREATED, AuditAction.ACCOUNT_CHANGED, AuditAction.ACCOUNT_REMOVED}
    by_routes = {change.action for change in CHANGES.values()} | {AuditAction.USER_LOGIN_FAILED}

    assert by_routes | operators == set(AuditAction)


class Watched:
    """A database that counts the transactions that may change something."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.writes = 0

    async def reading(self, work: Callable[[Connection], T]) -> T:
        return await self._database.reading(work)

    async def writing(self, work: Callable[[Connection], T]) -> T:
        self.writes += 1
        return await self._database.writing(work)


def test_no_other_get_can_change_something(server: Server, make_server: Callable[..., Server]) -> None:
    stage = Stage(server)
    ids = {path.split("/")[3]: stage.one(path) for path in BODIES}
    watched = Watched(server.database)
    make_server(database=watched)
    for operation in operations(server):
        method, _, path = operation.partition(" ")
        if method == "get" and operation not in CHANGES:
            server.get(re.sub(r"\{\w+\}", ids.get(path.split("/")[3], "100001"), path))
            assert watched.writes == 0, operation


@pytest.mark.parametrize("operation", CHANGES)
def test_each_change_is_logged_with_who_from_where_and_under_which_request(server: Server, operation: str) -> None:
    change, stage = CHANGES[operation], Stage(server)
    record_id = stage.one(change.of) if change.of else ""
    body, query = change.body(stage), change.query(stage)
    before = entries(server)
    method, _, path = operation.partition(" ")

    response = server.call(method.upper(), re.sub(r"\{\w+\}", record_id, path) + query, json=body)

    assert response.status_code in {200, 201, 202, 204}, response.text
    fresh = make_token(server) if operation == "delete /api/v3/access-tokens" else server.tokens[Role.ADMIN]
    headers = {"Authorization": f"Bearer {fresh}"}
    after = [each for each in server.get(AUDIT, role=None, headers=headers).json()["results"] if each not in before]
    entry = after[-1]
    assert entry["action"] == change.action
    assert entry["kind"] == change.action.kind
    assert entry["actor"] == {"type": "user", "id": 100001, "name": email_of(Role.ADMIN)}
    assert entry["address"] == "127.0.0.1"
    assert entry["request_id"] == response.headers["X-Request-Id"]
    assert entry["at"] == "2026-01-01T12:00:00Z"
    if record_id.isdecimal():
        assert entry["record_id"] == int(record_id)


def make_token(server: Server) -> str:
    response = server.post("/api/v3/access-tokens", role=None, json=LOGIN)
    return str(response.json()["access_token"])


def test_what_a_program_does_is_logged_with_the_name_of_its_token(server: Server) -> None:
    made = server.post("/api/v1/tokens", json={"name": "Nightly"}).json()
    headers = {"Authorization": f"Bearer {made['token']}"}
    server.post("/api/v3/recipients", json=RECIPIENT, role=None, headers=headers)

    [entry] = entries(server, actor="Nightly")

    assert (entry["action"], entry["actor"]) == (
        "recipient.created",
        {"type": "token", "id": int(made["id"]), "name": "Nightly"},
    )


def test_an_edit_tells_each_field_before_and_after(server: Server) -> None:
    monitor_id = server.create(interval=15)
    server.patch(f"/api/v3/monitors/email-round-trip/{monitor_id}", json={"interval": 5, "password": "s3cret"})

    entry = entries(server, action="monitor.changed")[0]

    assert entry["changes"] == {"interval": [900, 300], "password": [None, "set"]}
    assert entry["record_name"] == MONITOR["name"]


def test_nothing_secret_is_in_the_log(server: Server) -> None:
    server.create(password="s3cret-1", smtp_username="me", smtp_password="s3cret-2")
    body = {"method_id": 16, "recipient": "https://hooks.example.com/S3CRET3?key=s3cret-4", "username": "me"}
    make(server, "/api/v3/recipients", body | {"password": "s3cret-5"})
    server.post("/api/v3/access-tokens", role=None, json={"username": "s3cret-6@example.com", "password": "s3cret-7"})

    text = server.get(AUDIT).text

    assert "s3cret" not in text.lower()
    assert server.tokens[Role.ADMIN] not in text


def test_a_failed_login_of_a_user_is_logged(server: Server) -> None:
    server.post("/api/v3/access-tokens", role=None, json=LOGIN | {"password": "wrong"})

    [entry] = entries(server, action="user.login-failed")

    assert entry["actor"] == {"type": "nobody", "id": None, "name": None}
    assert (entry["record_id"], entry["record_name"]) == (100001, email_of(Role.ADMIN))
    assert (entry["address"], entry["changes"]) == ("127.0.0.1", {})


def test_a_failed_login_over_http_basic_is_logged(server: Server) -> None:
    server.get("/report-api/sitestatus/C1", role=None, auth=(email_of(Role.ADMIN), "wrong"))

    assert len(entries(server, action="user.login-failed")) == 1


def test_a_login_with_an_unknown_name_is_for_the_operator_only(server: Server) -> None:
    server.post("/api/v3/access-tokens", role=None, json=LOGIN | {"username": "nobody@example.com"})

    assert entries(server, action="user.login-failed") == []


def test_what_was_refused_leaves_no_entry(server: Server) -> None:
    before = entries(server)
    server.post("/api/v3/monitors/email-round-trip", json={})
    server.post("/api/v3/recipients", json=RECIPIENT, role=Role.USER)

    assert entries(server) == before


@pytest.mark.parametrize("role", [Role.ADMIN, Role.CO_ADMIN])
def test_admins_and_co_admins_read_it(server: Server, role: Role) -> None:
    assert server.get(AUDIT, role=role).status_code == 200


@pytest.mark.parametrize("role", [Role.POWER_USER, Role.USER, Role.READ_ONLY])
def test_others_get_a_403(server: Server, role: Role) -> None:
    response = server.get(AUDIT, role=role)

    assert response.status_code == 403
    assert messages(response) == ["access_denied - this needs role Admin or Co-Admin"]


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
def test_nothing_changes_or_removes_an_entry(server: Server, method: str) -> None:
    response = server.call(method, AUDIT, json={})

    assert response.status_code == 405
    assert response.headers["Allow"] == "GET"


def test_pages_go_on_with_the_cursor_newest_first(server: Server) -> None:
    for number in range(5):
        server.create(name=f"No. {number}")

    first = server.get(AUDIT, params={"limit": 2, "kind": "monitor"}).json()
    second = server.get(AUDIT, params={"limit": 9, "kind": "monitor", "cursor": first["next_cursor"]}).json()

    names = [entry["record_name"] for entry in first["results"] + second["results"]]
    assert names == [f"No. {number}" for number in (4, 3, 2, 1, 0)]
    assert second["next_cursor"] is None


def test_filters_take_what_the_log_shows(server: Server) -> None:
    monitor_id = server.create()
    entry = entries(server, limit=1)[0]

    for name, value in {
        "from": entry["at"],
        "to": "2026-01-01T12:00:01Z",
        "actor": entry["actor"]["name"],
        "action": entry["action"],
        "kind": entry["kind"],
        "record_id": monitor_id,
    }.items():
        assert entry in entries(server, **{name: value}), name
    assert entries(server, to=entry["at"], kind="monitor") == []


def test_wrong_filters_are_all_told(server: Server) -> None:
    query = {"from": "now", "action": "x", "kind": "x", "record_id": "x", "limit": "0", "cursor": "x"}
    response = server.get(AUDIT, params=query)

    assert response.status_code == 400
    assert [re.sub(":.*", "", text) for text in messages(response)] == [
        f"invalid_request - {name}" for name in ("from", "action", "kind", "record_id", "limit", "cursor")
    ]
