"""How often and how many at once (alertsite-v3.md, section 9, 429; docs/reference/api.md, Limits)."""

import asyncio
import threading
from collections.abc import Callable
from ipaddress import ip_network
from typing import TypeVar

import pytest
import requests
from sqlalchemy import Connection
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs
from tests.api.harness import MONITOR, PASSWORD, Server, email_of, messages

from mailtrip.api.edge import Edge
from mailtrip.api.edge_rules import EdgeRules
from mailtrip.api.proxies import Proxies
from mailtrip.model import Role
from mailtrip.service.call_limits import CallLimits, Rate
from mailtrip.store import Database

T = TypeVar("T")

MONITORS = "/api/v3/monitors"
TWO = Rate(per_second=1, burst=2)
BEHIND_A_PROXY = EdgeRules(proxies=Proxies(networks=(ip_network("127.0.0.0/8"),)))


def test_too_many_calls_of_an_address_are_a_429_with_retry_after(make_server: Callable[..., Server]) -> None:
    server = make_server(call_limits=CallLimits(by_address=TWO))
    statuses = [server.get(MONITORS, role=role).status_code for role in (Role.ADMIN, Role.USER)]
    response = server.get(MONITORS, role=Role.CO_ADMIN)
    assert statuses == [200, 200]
    assert response.status_code == 429
    assert messages(response) == ["rate_limited - too many calls of this address; try again in 1 s"]
    assert response.headers["Retry-After"] == "1"


def test_after_that_time_calls_are_answered_again(make_server: Callable[..., Server]) -> None:
    server = make_server(call_limits=CallLimits(by_address=TWO))
    for _ in range(3):
        response = server.get("/nope", role=None)
    server.clock.move(int(response.headers["Retry-After"]))
    assert server.get("/nope", role=None).status_code == 404


def test_calls_without_a_token_count_for_the_address(make_server: Callable[..., Server]) -> None:
    server = make_server(call_limits=CallLimits(by_address=TWO))
    statuses = [server.get(MONITORS, role=None, headers={"Authorization": "Bearer x"}).status_code for _ in range(3)]
    assert statuses == [401, 401, 429]


def test_too_many_calls_of_a_user_are_a_429_and_others_go_on(make_server: Callable[..., Server]) -> None:
    server = make_server(call_limits=CallLimits(by_user=TWO))
    monitor_id = server.create()
    assert server.patch(f"{MONITORS}/email-round-trip/{monitor_id}", json={"note": "x"}).status_code == 200
    response = server.get(MONITORS)
    assert response.status_code == 429
    assert messages(response) == ["rate_limited - too many calls of this user; try again in 1 s"]
    assert server.get(MONITORS, role=Role.USER).status_code == 200


def test_another_token_is_no_other_allowance(make_server: Callable[..., Server]) -> None:
    server = make_server(call_limits=CallLimits(by_user=TWO))
    login = {"username": email_of(Role.ADMIN), "password": PASSWORD}
    fresh = server.post("/api/v3/access-tokens", role=None, json=login).json()["access_token"]
    bearers = [server.tokens[Role.ADMIN], fresh, fresh]
    statuses = [
        server.get(MONITORS, role=None, headers={"Authorization": f"Bearer {token}"}).status_code for token in bearers
    ]
    assert statuses == [200, 200, 429]


def test_too_many_calls_of_an_account_are_a_429_for_all_its_users(make_server: Callable[..., Server]) -> None:
    server = make_server(call_limits=CallLimits(by_account=TWO))
    statuses = [server.get(MONITORS, role=role).status_code for role in (Role.ADMIN, Role.USER, Role.CO_ADMIN)]
    assert statuses == [200, 200, 429]


def test_a_call_that_is_refused_changes_nothing(make_server: Callable[..., Server]) -> None:
    server = make_server(call_limits=CallLimits(by_user=TWO))
    monitor_id = server.create()
    server.get(MONITORS)
    assert server.delete(f"{MONITORS}/{monitor_id}").status_code == 429
    assert server.stored(monitor_id).id == monitor_id


def test_calls_with_a_login_count_for_the_user(make_server: Callable[..., Server]) -> None:
    server = make_server(call_limits=CallLimits(by_user=TWO))
    statuses = [
        server.session.get(
            f"{server.url}/report-api/sitestatus/C1?api_version=2&format=json",
            auth=(email_of(Role.ADMIN), PASSWORD),
            timeout=10,
        ).status_code
        for _ in range(3)
    ]
    assert statuses == [200, 200, 429]


def test_health_is_told_however_often_it_is_asked(make_server: Callable[..., Server]) -> None:
    server = make_server(call_limits=CallLimits(by_address=Rate(per_second=1, burst=1)))
    assert [server.get("/api/v1/health", role=None).status_code for _ in range(5)] == [200] * 5


def test_behind_a_trusted_proxy_each_client_has_its_own_limit(make_server: Callable[..., Server]) -> None:
    server = make_server(edge=BEHIND_A_PROXY, call_limits=CallLimits(by_address=Rate(per_second=1, burst=1)))
    statuses = [
        server.get("/nope", role=None, headers={"X-Forwarded-For": forwarded}).status_code
        for forwarded in ("192.0.2.1", "192.0.2.2", "192.0.2.1", "203.0.113.9, 192.0.2.2")
    ]
    assert statuses == [404, 404, 429, 429]


def test_a_client_can_not_choose_its_address(make_server: Callable[..., Server]) -> None:
    server = make_server(call_limits=CallLimits(by_address=Rate(per_second=1, burst=1)))
    statuses = [
        server.get("/nope", role=None, headers={"X-Forwarded-For": f"192.0.2.{n}", "Forwarded": f"for=192.0.2.{n}"})
        for n in range(2)
    ]
    assert [response.status_code for response in statuses] == [404, 429]


def test_failed_logins_count_for_the_client_behind_a_trusted_proxy(make_server: Callable[..., Server]) -> None:
    server = make_server(edge=BEHIND_A_PROXY)
    for number in range(31):
        login = {"username": f"{number}@example.com", "password": "wrong"}
        last = server.post(
            "/api/v3/access-tokens", role=None, json=login, headers={"X-Forwarded-For": "192.0.2.1"}
        ).status_code
    other = server.post("/api/v3/access-tokens", role=None, json=login, headers={"X-Forwarded-For": "192.0.2.2"})
    assert (last, other.status_code) == (429, 400)


class Slow:
    """An application that answers when it is told to."""

    def __init__(self, expected: int) -> None:
        self.go_on = threading.Event()
        self.all_inside = threading.Semaphore(0)
        self.expected = expected

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.all_inside.release()
        await asyncio.to_thread(self.go_on.wait, 10)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    def wait_until_inside(self) -> None:
        for _ in range(self.expected):
            assert self.all_inside.acquire(timeout=10)


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        (EdgeRules(most_requests=2), "too many requests at once; try again"),
        (EdgeRules(most_requests_per_client=2), "too many requests of this address at once; try again"),
    ],
    ids=["of all clients", "of one client"],
)
def test_too_many_requests_at_once_are_a_503_with_retry_after(server: Server, rules: EdgeRules, text: str) -> None:
    slow = Slow(2)
    server.switch.app = Edge(slow, rules=rules)
    answers: list[int] = []

    def call() -> None:
        answers.append(requests.get(server.url, timeout=20, proxies={"http": ""}).status_code)

    threads = [threading.Thread(target=call) for _ in range(2)]
    for thread in threads:
        thread.start()
    slow.wait_until_inside()
    refused = server.get("/")
    slow.go_on.set()
    for thread in threads:
        thread.join()
    assert refused.status_code == 503
    assert messages(refused) == [f"unavailable - {text}"]
    assert int(refused.headers["Retry-After"]) > 0
    assert answers == [200, 200]
    assert server.get("/").status_code == 200


def test_a_request_that_takes_too_long_is_a_503_that_says_so(server: Server) -> None:
    slow = Slow(1)
    server.switch.app = Edge(slow, rules=EdgeRules(request_seconds=0.2, most_requests=1))
    response = server.get("/")
    slow.go_on.set()
    assert response.status_code == 503
    assert messages(response) == [
        "unavailable - the request took longer than 0.2 s; a change may still be made, so look before you try again"
    ]
    assert server.get("/").status_code == 200


def test_a_timeout_of_our_own_code_is_no_slow_request_but_a_bug(server: Server) -> None:
    async def fails(scope: Scope, receive: Receive, send: Send) -> None:
        raise TimeoutError

    server.switch.app = Edge(fails)
    with capture_logs():
        assert server.get("/").status_code == 500


class SlowWriter:
    """A database whose transactions that change something go on when they are told to."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.go_on = threading.Event()

    async def reading(self, work: Callable[[Connection], T]) -> T:
        return await self._database.reading(work)

    async def writing(self, work: Callable[[Connection], T]) -> T:
        def late(connection: Connection) -> T:
            self.go_on.wait(20)
            return work(connection)

        return await self._database.writing(late)


def test_what_a_request_has_begun_in_the_database_is_finished_whole(make_server: Callable[..., Server]) -> None:
    patient = make_server()
    slow = SlowWriter(patient.database)
    server = make_server(database=slow, edge=EdgeRules(request_seconds=1))
    assert server.post(f"{MONITORS}/email-round-trip", json=MONITOR | {"name": "late"}).status_code == 503
    slow.go_on.set()
    patient = make_server()
    patient.create(name="after it")  # waits for the one writer
    assert [monitor["name"] for monitor in patient.get(MONITORS).json()["results"]] == ["late", "after it"]
