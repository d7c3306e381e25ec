"""A real server on loopback for the tests of the API: uvicorn, the app, a SQLite file of its own for each test."""

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import requests
from structlog.testing import capture_logs
from tests.api.harness import Queue, Server, Switch, make_user, telling

from mailtrip.api import Services, create_app
from mailtrip.bootstrap.web import WebServer
from mailtrip.model import Role
from mailtrip.service.health import Health
from mailtrip.service.login_limiter import LoginLimiter
from mailtrip.service.secrets import KeyRing
from mailtrip.store import Database
from mailtrip.testing.clock import FakeClock
from mailtrip.testing.engine import make_tokens


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[str, Switch]]:
    """One web server for all tests, in a thread; what it serves is switched from test to test."""
    switch = Switch()
    server = WebServer(switch)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", switch
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[Role, str]]:
    """A database file with a user of each role, and a token of each."""
    path = tmp_path_factory.mktemp("template") / "mailtrip.db"
    database = Database.open(f"sqlite:///{path}", clock=FakeClock())
    found = {role: database.write(partial(make_user, role=role)) for role in Role}
    database.close()
    return path, found


@pytest.fixture(autouse=True)
def _no_bug_is_logged() -> Iterator[None]:
    """A request that fails on our side fails its test; one that expects that captures the log itself."""
    with capture_logs() as logs:
        yield
    assert [entry for entry in logs if entry["event"] == "request failed"] == []


@pytest.fixture
def make_server(
    served: tuple[str, Switch], template: tuple[Path, dict[Role, str]], tmp_path: Path
) -> Iterator[Callable[..., Server]]:
    """Makes the test's server; keyword arguments replace parts of its services."""
    url, switch = served
    path = tmp_path / "mailtrip.db"
    shutil.copy(template[0], path)
    clock = FakeClock()
    database = Database.open(f"sqlite:///{path}", clock=clock)
    session = requests.Session()
    session.trust_env = False

    def make(**replaced: object) -> Server:
        queue = Queue()
        health = Health(
            database_ok=True,
            runs_in_flight=2,
            results_waiting=0,
            results_dropped=0,
            scheduler_lag=timedelta(milliseconds=20),
            loop_lag=timedelta(milliseconds=3),
            version="1.2.3",
        )
        parts: dict[str, object] = {
            "database": database,
            "secrets": KeyRing.generate(),
            "new_token": make_tokens(),
            "queue": queue,
            "clock": clock,
            "limiter": LoginLimiter(),
            "health": telling(health),
            "version": "1.2.3",
        }
        services = Services(**(parts | replaced))  # type: ignore[arg-type]  # parts of many types
        switch.app = create_app(services)
        return Server(
            url=url,
            services=services,
            database=database,
            clock=clock,
            queue=queue,
            switch=switch,
            tokens=template[1],
            session=session,
            health=health,
        )

    yield make
    session.close()
    database.close()


@pytest.fixture
def server(make_server: Callable[..., Server]) -> Server:
    """The usual server."""
    return make_server()
