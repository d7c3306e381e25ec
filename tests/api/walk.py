"""A walk over every operation of the description (OpenAPI), with a request for each; a new operation is walked too."""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import requests
from tests.api.harness import MONITOR, PASSWORD, Server
from tests.api.harness_runs import START, fail_run, finish_run

FIRST = 100001
"""In the description's examples this is the number of a record."""
CHECK = {"name": "Check", "billing_plancode": "UBM", "hostname": "mail.example.com"}
WEEKLY = {
    "type": "Monitor",
    "assoc_id": FIRST,
    "start_day": 7,
    "start_time": "20:00",
    "end_day": 1,
    "end_time": "06:00",
}
BODIES: Mapping[str, Mapping[str, object]] = {
    "create_round_trip_monitor": MONITOR,
    "create_smtp_monitor": CHECK,
    "create_pop_monitor": CHECK,
    "create_imap_monitor": CHECK,
    "create_blackout": WEEKLY,
    "edit_blackouts_of_monitors": {
        "monitors": [FIRST],
        "update_one_time": False,
        "update_persistent": True,
        "update_persistent_action": "append",
        "persistent_blackouts": [{name: value for name, value in WEEKLY.items() if name != "assoc_id"}],
    },
    "create_recipient": {"method_id": 12, "recipient": "a@example.com"},
    "create_sla": {"monitor_id": FIRST + 1, "name": "SLA", "availability": 99, "response_time": 5},
    "bulk_edit_slas": {"monitors": [FIRST], "update_sla_objectives": True, "availability": 99, "response_time": 5},
    "snooze_alert": {"minutes": 60},
    "create_user": {"email": "new@example.com", "password": PASSWORD},
    "create_access_token": {"username": "user@example.com", "password": PASSWORD},
}
"""Bodies of operations for which the examples of the required fields are not enough."""


@dataclass(frozen=True)
class Operation:
    """One operation of the description. (Any: OpenAPI objects of many shapes.)"""

    method: str
    path: str
    about: Any
    body_schema: Any

    @property
    def name(self) -> str:
        return str(self.about["operationId"])

    @property
    def needs_login(self) -> str | None:
        """Which kind; None is nobody's."""
        return next((name for scheme in self.about.get("security", ()) for name in scheme), None)

    def parameters(self, where: str) -> list[Any]:
        return [each for each in self.about.get("parameters", ()) if each["in"] == where]

    @property
    def body(self) -> dict[str, object] | None:
        """A body that is taken, if there is such a record."""
        if self.body_schema is None:
            return None
        if self.name in BODIES:
            return dict(BODIES[self.name])
        properties = self.body_schema["properties"]
        return {name: properties[name]["examples"][0] for name in self.body_schema.get("required", ())}

    @property
    def references(self) -> dict[str, object]:
        """Examples of the body's fields that name a record."""
        found = {
            name: each["examples"][0]
            for name, each in (self.body_schema or {"properties": {}})["properties"].items()
            if "examples" in each
        }
        return {name: example for name, example in found.items() if str(FIRST) in str(example)}


@dataclass(frozen=True)
class Records:
    """Numbers of records of one account, one of each kind; those of monitors by type."""

    monitors: Mapping[str, int]
    ids: Mapping[str, int | str]
    customer: int

    def path(self, operation: Operation) -> str:
        """The operation's path with these records in it."""
        path = operation.path
        for parameter in operation.parameters("path"):
            path = path.replace(f"{{{parameter['name']}}}", str(self.value(operation.path, parameter["name"])))
        return path

    def value(self, path: str, name: str) -> int | str:
        if name == "customer":
            return self.customer
        if name == "monitor_id":
            return next(
                (id_ for type_, id_ in self.monitors.items() if type_ in path), self.monitors["email-round-trip"]
            )
        if name not in self.ids:
            pytest.fail(f"tests/api/walk.py: make a record for the path parameter {name} of {path}")
        return self.ids[name]


@dataclass(frozen=True)
class Walker:
    """Somebody who calls operations."""

    server: Server
    token: str
    email: str
    password: str = field(default=PASSWORD)

    def call(
        self,
        operation: Operation,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        login = base64.b64encode(f"{self.email}:{self.password}".encode()).decode()
        credentials = {"AccessToken": f"Bearer {self.token}", "Login": f"Basic {login}"}
        shown = {} if operation.needs_login is None else {"Authorization": credentials[operation.needs_login]}
        sent = {**shown, **(headers or {})}
        return self.server.call(operation.method, path, role=None, headers=sent, params=query, json=body)


def operations(server: Server) -> list[Operation]:
    """All operations of the description: those that remove something last, that with all that belongs to it after them."""
    description = server.get("/api/openapi.json", role=None).json()
    found = list(_operations(description))
    last = {"reopen_alert": -1, "wake_alert": -1, "remove_monitor": 1, "remove_access_token": 2}
    return sorted(found, key=lambda each: (each.method == "DELETE", last.get(each.name, 0)))


def required_query(operation: Operation, records: Records) -> dict[str, object]:
    """The query parameters without which the operation is refused."""
    return {
        each["name"]: records.value(operation.path, each["name"])
        if each["name"].endswith("_id")
        else each["schema"]["enum"][0]
        for each in operation.parameters("query")
        if each.get("required")
    }


def naming_query(operation: Operation, number: int) -> Iterator[dict[str, object]]:
    """Each query parameter that names records, with this number; a cursor only tells where a list goes on."""
    for each in operation.parameters("query"):
        if each["name"] != "cursor" and "100001" in str(
            each.get("schema", {}).get("examples", each.get("example", each.get("examples")))
        ):
            yield {each["name"]: number}


def make_records(walker: Walker, *, word: str, customer: int) -> Records:
    """One record of each kind, with the word in all its texts.

    Args:
        walker: whose.
        word: for names, addresses and hosts.
        customer: the number of the walker's account.
    """
    server, headers = walker.server, {"Authorization": f"Bearer {walker.token}"}

    def create(path: str, body: object) -> int:
        return int(create_text(path, body))

    def create_text(path: str, body: object) -> str:
        response = server.post(path, role=None, headers=headers, json=body)
        assert response.status_code in {200, 201, 202}, response.text
        return str(response.json()["id"])

    host, email = f"{word}.example.com", f"{word}@example.com"
    texts = {"name": word, "note": word}
    trip = {**MONITOR, **texts, "local_retry": False, "smtp_hostname": host, "pop3_hostname": host, "email": email}
    monitors = {"email-round-trip": create("/api/v3/monitors/email-round-trip", trip)}
    for type_ in ("email-smtp", "email-pop", "email-imap"):
        monitors[type_] = create(f"/api/v3/monitors/{type_}", {**CHECK, **texts, "hostname": host})
    monitor_id = monitors["email-round-trip"]
    recipient = create("/api/v3/recipients", {"method_id": 12, "recipient": email, "name": word})
    group = {"name": word, "monitors": [monitor_id], "recipients": [recipient]}
    sla = {"monitor_id": monitor_id, "name": word, "availability": 99, "response_time": 5}
    incident = {"title": word, "text": word, "monitor_ids": [monitor_id]}
    entries = [{"monitor_id": monitor_id, "name": word, "group": word}]
    page = server.call(
        "PATCH", "/api/v1/status-page", role=None, headers=headers, json={"title": word, "entries": entries}
    )
    assert page.status_code == 200, page.text
    run_id = finish_run(server, monitor_id, summary=word, account_id=customer)
    fail_run(server, monitor_id, slot=START + timedelta(minutes=1), account_id=customer)
    alerts = server.get("/api/v1/alerts", role=None, headers=headers).json()["results"]
    user = {"email": f"{word}.too@example.com", "password": PASSWORD, "first_name": word}
    return Records(
        monitors=monitors,
        ids={
            "recipient_id": recipient,
            "group_id": create("/api/v3/notifier-groups", group),
            "sla_id": create("/api/v3/slas", sla),
            "blackout_id": create("/api/v3/blackouts", {**WEEKLY, "assoc_id": monitor_id, "note": word}),
            "guid": create_text("/api/v3/users", user),
            "token_id": create("/api/v1/tokens", {"name": word, "role": "READONLY"}),
            "alert_id": alerts[0]["id"],
            "incident_id": create("/api/v1/incidents", incident),
            "run_id": run_id,
        },
        customer=customer,
    )


def _operations(description: Any) -> Iterator[Operation]:
    for path, found in description["paths"].items():
        for method, about in found.items():
            content = about.get("requestBody", {}).get("content", {}).get("application/json", {})
            schema = content.get("schema")
            if schema is not None and "$ref" in schema:
                schema = description["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
            yield Operation(method=method.upper(), path=path, about=about, body_schema=schema)
