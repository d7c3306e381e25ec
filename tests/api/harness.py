"""What the tests of the API talk to, and how they talk to it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import requests
from sqlalchemy import Connection
from starlette.types import ASGIApp, Receive, Scope, Send

from mailtrip.api import Services
from mailtrip.errors import RateLimited
from mailtrip.model import Actor, Monitor, Role, Run
from mailtrip.service import monitors, tokens, users
from mailtrip.service.health import Health
from mailtrip.store import Database
from mailtrip.testing.clock import FakeClock

PASSWORD = "pa55w0rd"
OPERATOR = Actor(account_id=1, role=Role.ADMIN)
MONITOR = {
    "billing_plancode": "UBM - A/A",
    "name": "Round-Trip Email Monitor",
    "smtp_hostname": "smtps://smtp.example.com:465",
    "pop3_hostname": "pop3s://mail.example.com:995",
    "email": "demo@example.com",
}


class Switch:
    """An ASGI application that is another one in each test."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


@dataclass
class Queue:
    """A `RunQueue` that keeps what it is told."""

    runs: list[Run] = field(default_factory=list)
    is_full: bool = False

    def put(self, run: Run) -> None:
        if self.is_full:
            raise RateLimited("too many runs wait", retry_after=timedelta(seconds=7))
        self.runs.append(run)


@dataclass
class Server:
    """What a test can reach of the server it talks to."""

    url: str
    services: Services
    database: Database
    clock: FakeClock
    queue: Queue
    switch: Switch
    tokens: dict[Role, str]
    session: requests.Session
    health: Health

    def call(
        self,
        method: str,
        path: str,
        *,
        role: Role | None = Role.ADMIN,
        headers: dict[str, str] | None = None,
        **options: object,
    ) -> requests.Response:
        authorization = {} if role is None else {"Authorization": f"Bearer {self.tokens[role]}"}
        return self.session.request(
            method,
            self.url + path,
            headers=authorization | (headers or {}),
            timeout=10,
            **options,  # type: ignore[arg-type]  # requests' own options, passed on
        )

    def get(self, path: str, **options: object) -> requests.Response:
        return self.call("GET", path, **options)  # type: ignore[arg-type]  # as above

    def post(self, path: str, **options: object) -> requests.Response:
        return self.call("POST", path, **options)  # type: ignore[arg-type]  # as above

    def patch(self, path: str, **options: object) -> requests.Response:
        return self.call("PATCH", path, **options)  # type: ignore[arg-type]  # as above

    def delete(self, path: str, **options: object) -> requests.Response:
        return self.call("DELETE", path, **options)  # type: ignore[arg-type]  # as above

    def create(self, **fields: object) -> int:
        """Make a monitor through the API and give its id; a None leaves a field of the usual body out."""
        body = {name: value for name, value in (MONITOR | fields).items() if value is not None}
        response = self.post("/api/v3/monitors/email-round-trip", json=body)
        assert response.status_code == 200, response.text
        return int(response.json()["id"])

    def stored(self, monitor_id: int) -> Monitor:
        """The monitor as the database has it."""
        return self.database.read(lambda connection: monitors.get(connection, OPERATOR, monitor_id))


def messages(response: requests.Response) -> list[str]:
    """The texts of an answer's errors, after a look at their shape."""
    assert response.headers["Content-Type"] == "application/json"
    errors = response.json()["errors"]
    assert {error["code"] for error in errors} == {response.status_code}
    return [error["message"] for error in errors]


def telling(health: Health) -> Callable[[], Awaitable[Health]]:
    """What `Services.health` is, of somebody who always tells this."""

    async def tell() -> Health:
        return health

    return tell


def make_user(connection: Connection, *, role: Role) -> str:
    """Make the user with this role, and log in: the token."""
    now = FakeClock().now()
    email = email_of(role)
    users.add(connection, OPERATOR, email=email, password=users.hash_password(PASSWORD), role=role, now=now)
    return tokens.log_in(connection, email=email, password=PASSWORD, now=now)


def email_of(role: Role) -> str:
    """The login of the user with this role."""
    return f"{role.name.lower()}@example.com"
