"""The older report API with HTTP Basic (alertsite-v3.md, 6.1). It is 2026-01-01 12:00 in these tests."""

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
import requests
from tests.api.harness import OPERATOR, PASSWORD, Server, email_of, messages
from tests.api.harness_runs import START, finish_run, result

from mailtrip.errors import Unavailable
from mailtrip.model import Role, RunKind, RunState, StatusCode, Verdict
from mailtrip.service import runs, users
from mailtrip.service.login_limiter import Limit, LoginLimiter
from mailtrip.store import accounts
from mailtrip.store.schema import accounts as account_rows

ADMIN = email_of(Role.ADMIN)
VERSION = "api_version=2&format=json"
DETAIL = "/report-api/detail/C1"
STATUS = "/report-api/sitestatus/C1"


def basic(email: str = ADMIN, password: str = PASSWORD) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{email}:{password}".encode()).decode()}


def ask(server: Server, path: str, query: str = "", **headers: str) -> requests.Response:
    return server.get(f"{path}?{VERSION}&{query}", role=None, headers=headers or basic())


def devices(response: requests.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [record["obj_devlog"] for record in response.json()]


def test_the_detail_report_is_a_list_of_records_of_strings_and_nulls(server: Server) -> None:
    server.create(name="mail")
    finish_run(server, 100001)
    response = ask(server, DETAIL)
    assert response.status_code == 200
    assert response.json() == [
        {
            "obj_cust": "1",
            "obj_device": "100001",
            "device_descrip": "mail",
            "obj_location": "10",
            "location_descrip": "Local",
            "obj_devlog": "100001",
            "dt_status": "2026-01-01 11:00:00",
            "status": "0",
            "status_warning": "0",
            "status_verify": "0",
            "notified": "0",
            "info_msg": "Delivered after 1.2 s",
            "resptime": "2.500000",
            "resptime_dns": "0.000000",
            "resptime_connect": "0.050000",
            "resptime_firstbyte": "0.000000",
            "resptime_content": "2.450000",
            "resptime_redirect": "0",
            "resptime_fullpage": "0",
            "test_cnt": "1",
            "fullip": "192.0.2.1",
            "http_status": None,
        }
    ]


def test_a_scripts_own_request_works(server: Server) -> None:
    """As a public client sends it, with blanks as plus signs and a content type."""
    server.create()
    run_id = finish_run(server, 100001)
    url = f"{server.url}/report-api/detail/C134490?devices=100001&start_date=2026-01-01+10:55:00&end_date=2026-01-01+11:00:00"
    response = requests.get(f"{url}&{VERSION}", headers=basic() | {"Content-Type": "application/json"}, timeout=10)
    assert [each["obj_devlog"] for each in response.json()] == [str(run_id)]


@pytest.mark.parametrize(
    ("query", "minutes"),
    [
        ("", [0, 10, 20]),
        ("rdate=Today", [0, 10, 20]),
        ("rdate=Yesterday", []),
        ("rdate=LastOneHour", [0, 10, 20]),
        ("start_date=2026-01-01+11:10:00", [10, 20]),
        ("start_date=2026-01-01+11:00:01&end_date=2026-01-01+11:20:00", [10, 20]),
        ("start_date=2026-01-01+11:00:00&end_date=2026-01-01+11:19:59", [0, 10]),
        ("start_date=2026-01-02+00:00:00", []),
        ("start_date=0001-01-01+00:00:00&end_date=9999-12-31+23:59:59", [0, 10, 20]),
    ],
)
def test_a_span_of_time_is_named_by_its_dates_or_by_a_word(server: Server, query: str, minutes: list[int]) -> None:
    server.create()
    ids = {minute: str(finish_run(server, 100001, slot=START + timedelta(minutes=minute))) for minute in (0, 10, 20)}
    assert devices(ask(server, DETAIL, query)) == [ids[minute] for minute in minutes]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("devices=100001", ["100001"]),
        ("devices=100002,100003,999", ["100002", "100003"]),
        ("devices=999", []),
        ("location=10", ["100001", "100002", "100003"]),
        ("location=20", []),
        ("showrecs=", ["100001", "100002", "100003"]),
        ("showrecs=ok", ["100001"]),
        ("showrecs=err", ["100002", "100003"]),
        ("sort_order=desc", ["100003", "100002", "100001"]),
        ("sort_order=asc&showsubaccounts=1&anything=else", ["100001", "100002", "100003"]),
    ],
)
def test_the_detail_report_is_cut_and_sorted(server: Server, query: str, expected: list[str]) -> None:
    for _ in range(3):
        server.create()
    finish_run(server, 100001)
    finish_run(server, 100002, verdict=Verdict.MISSING, status=StatusCode.TIMEOUT)
    finish_run(server, 100003, verdict=Verdict.UNKNOWN, status=StatusCode.LOCATION_LOST)
    assert devices(ask(server, DETAIL, query)) == expected


@pytest.mark.parametrize(
    ("recheck", "expected"),
    [
        (StatusCode.OK, ("2", "2", "0", "2")),
        (StatusCode.MAILBOX_LOGIN, ("2", "0", "204", "2")),
        (None, ("2", "0", "0", "1")),
    ],
)
def test_an_error_tells_its_recheck_and_one_that_it_did_not_find_is_a_warning(
    server: Server, recheck: StatusCode | None, expected: tuple[str, ...]
) -> None:
    server.create()
    run_id = finish_run(server, 100001, verdict=Verdict.MISSING, status=StatusCode.TIMEOUT)
    if recheck is not None:
        planned = runs.PlannedRun(
            account_id=1, monitor_id=100001, location_id=10, slot=START, kind=RunKind.RECHECK, recheck_of=run_id
        )
        [run] = server.database.write(lambda connection: runs.claim(connection, [planned], now=START))
        found = result("again", Verdict.DELIVERED, recheck, summary="x")
        finished = [runs.FinishedRun(run_id=run.id, result=found)]
        server.database.write(lambda connection: runs.finish(connection, finished))
    [record] = ask(server, DETAIL).json()
    names = ("status", "status_warning", "status_verify", "test_cnt")
    assert tuple(record[name] for name in names) == expected


def test_what_was_not_measured_and_tests_have_no_record(server: Server) -> None:
    server.create()
    server.get("/api/v3/tests?monitor_id=100001")
    for number, unmeasured in enumerate((RunState.SKIPPED, RunState.NOT_MEASURED, RunState.BLACKOUT)):
        planned = runs.PlannedRun(
            account_id=1,
            monitor_id=100001,
            location_id=10,
            slot=START + timedelta(minutes=number),
            kind=RunKind.SCHEDULED,
        )
        work = partial(runs.skip, planned=[planned], note="x", state=unmeasured, now=START)
        server.database.write(work)
    assert ask(server, DETAIL).json() == []


def test_the_site_status_is_a_list_of_all_monitors(server: Server) -> None:
    server.create(name="measured")
    server.create(name="new", enabled=False)
    finish_run(server, 100001)
    response = ask(server, STATUS)
    assert response.status_code == 200
    assert response.json() == server.get("/api/v3/report-sitestatus").json()["results"]
    assert [(each["obj_device"], each["device_name"]) for each in response.json()] == [
        ("100001", "measured"),
        ("100002", "new"),
    ]


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        (DETAIL, "", ["api_version: is missing; only 2 is offered", "format: is missing; only json is offered"]),
        (STATUS, "", ["api_version: is missing; only 2 is offered", "format: is missing; only json is offered"]),
        (
            STATUS,
            "api_version=1&format=xml",
            ['api_version: must be one of 2, not "1"', 'format: must be one of json, not "xml"'],
        ),
        (DETAIL, f"{VERSION}&devices=x", ['devices: must be a whole number from 1 to 999999999999999, not "x"']),
        (
            DETAIL,
            f"{VERSION}&start_date=2026",
            ['start_date: must be a time like 2026-01-31 12:00:00, in UTC, not "2026"'],
        ),
        (DETAIL, f"{VERSION}&end_date=2026-01-01+00:00:00", ["start_date: is missing; give it with end_date"]),
        (
            DETAIL,
            f"{VERSION}&rdate=Today&start_date=2026-01-01+00:00:00",
            ["rdate: is given beside dates; give either"],
        ),
        (DETAIL, f"{VERSION}&showrecs=all", ['showrecs: must be one of , ok, err, not "all"']),
        (DETAIL, f"{VERSION}&sort_order=up", ['sort_order: must be one of asc, desc, not "up"']),
        (DETAIL, f"{VERSION}&devices=1&devices=2", ["devices: is given more than once; give it once"]),
    ],
)
def test_a_wrong_parameter_is_a_400(server: Server, path: str, query: str, expected: list[str]) -> None:
    response = server.get(f"{path}?{query}", role=None, headers=basic())
    assert response.status_code == 400
    assert messages(response) == [f"invalid_request - {text}" for text in expected]


def test_an_unknown_rdate_is_a_400_that_lists_the_words(server: Server) -> None:
    [message] = messages(ask(server, DETAIL, "rdate=now"))
    assert message.startswith("invalid_request - rdate: must be one of LastOneHour, ")
    assert "Today, Yesterday" in message


def test_more_than_10000_checks_are_a_400(server: Server) -> None:
    server.create()
    first = START - timedelta(hours=10)
    planned = [
        runs.PlannedRun(
            account_id=1,
            monitor_id=100001,
            location_id=10,
            slot=first + timedelta(seconds=number),
            kind=RunKind.SCHEDULED,
        )
        for number in range(10_001)
    ]
    claimed = server.database.write(partial(runs.claim, planned=planned, now=first))
    good = replace(result("", Verdict.DELIVERED, StatusCode.OK, summary="x"), token=None, sessions=())
    finished = [runs.FinishedRun(run_id=run.id, result=good) for run in claimed]
    server.database.write(partial(runs.finish, finished=finished))
    assert messages(ask(server, DETAIL)) == [
        "invalid_request - start_date: there are more than 10000 checks; ask for a shorter time or for fewer devices"
    ]
    assert len(ask(server, DETAIL, "start_date=2026-01-01+01:00:01").json()) == 10_000


@pytest.mark.parametrize("path", [DETAIL, STATUS])
@pytest.mark.parametrize(
    ("header", "text"),
    [
        (None, "Log in with HTTP Basic, with your email address and password."),
        ("Bearer 0123456789abcdef0123456789abcdef", "Log in with HTTP Basic, with your email address and password."),
        ("Basic", "Log in with HTTP Basic, with your email address and password."),
        ("Basic " + "A" * 5000, "Log in with HTTP Basic, with your email address and password."),
        ("Basic !", "The login is not base64 of UTF-8 text (RFC 7617)."),
        ("Basic /////w==", "The login is not base64 of UTF-8 text (RFC 7617)."),
        (basic(password="wrong")["Authorization"], "User authentication failed."),
        (basic(email="nobody@example.com")["Authorization"], "User authentication failed."),
        (basic(password="")["Authorization"], "User authentication failed."),
    ],
)
def test_without_a_right_login_it_is_a_401_that_asks_for_one(
    server: Server, path: str, header: str | None, text: str
) -> None:
    response = server.get(f"{path}?{VERSION}", role=None, headers={"Authorization": header} if header else {})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Basic realm="Mailtrip", charset="UTF-8"'
    assert messages(response) == [f"invalid_request - {text}"]


def test_the_scheme_may_be_in_any_case_and_a_login_has_all_of_utf8(server: Server) -> None:
    password = users.hash_password("pä:ßwort:")
    user = server.database.read(lambda connection: users.find(connection, OPERATOR, email=ADMIN))
    server.database.write(
        lambda connection: users.set_password(connection, OPERATOR, user.id, password=password, now=server.clock.now())
    )
    header = basic(email=ADMIN.upper(), password="pä:ßwort:")["Authorization"].replace("Basic", "bAsIc")
    assert ask(server, STATUS, Authorization=header).status_code == 200


@pytest.mark.parametrize("role", list(Role))
def test_every_role_may_read_reports(server: Server, role: Role) -> None:
    assert ask(server, STATUS, **basic(email_of(role))).status_code == 200


def test_too_many_failed_logins_are_a_429_here_and_at_access_tokens_alike(
    make_server: Callable[..., Server],
) -> None:
    server = make_server(limiter=LoginLimiter(by_account=Limit(failures=3)))
    wrong = {"username": ADMIN, "password": "wrong"}
    assert ask(server, STATUS, **basic(password="wrong")).status_code == 401
    assert server.post("/api/v3/access-tokens", role=None, json=wrong).status_code == 400
    assert ask(server, DETAIL, **basic(password="wrong")).status_code == 401
    response = ask(server, STATUS)
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "900"
    assert server.post("/api/v3/access-tokens", role=None, json=wrong).status_code == 429


def test_who_polls_with_the_right_password_makes_no_room_for_one_who_guesses(
    make_server: Callable[..., Server],
) -> None:
    server = make_server(limiter=LoginLimiter(by_account=Limit(failures=3)))
    for _ in range(3):
        assert ask(server, STATUS).status_code == 200
        assert ask(server, STATUS, **basic(password="wrong")).status_code == 401
    assert ask(server, STATUS).status_code == 429


def test_many_right_logins_are_never_too_many(make_server: Callable[..., Server]) -> None:
    server = make_server(limiter=LoginLimiter(by_account=Limit(failures=2), by_address=Limit(failures=2)))
    assert [ask(server, STATUS).status_code for _ in range(5)] == [200] * 5


class Away:
    """A database that is away."""

    async def reading(self, work: object) -> object:
        raise Unavailable("gone")

    writing = reading


def test_an_attempt_that_could_not_be_decided_does_not_count(make_server: Callable[..., Server]) -> None:
    limiter = LoginLimiter(by_account=Limit(failures=1))
    away = make_server(limiter=limiter, database=Away())
    assert ask(away, STATUS).status_code == 503
    assert ask(make_server(limiter=limiter), STATUS).status_code == 200


@pytest.mark.parametrize("customer", ["1", "C1", "C12345", "999999"])
@pytest.mark.parametrize("report", ["detail", "sitestatus"])
def test_any_customer_number_is_taken_as_the_login_says_whose_data_it_is(
    server: Server, report: str, customer: str
) -> None:
    assert ask(server, f"/report-api/{report}/{customer}").status_code == 200


@pytest.mark.parametrize("report", ["detail", "sitestatus"])
def test_the_number_of_another_account_is_a_404(server: Server, report: str) -> None:
    other = {"id": 2, "name": "other", "created_at": START}
    server.database.write(lambda connection: connection.execute(account_rows.insert(), other))
    assert server.database.read(lambda connection: accounts.exists(connection, 2))
    response = ask(server, f"/report-api/{report}/C2")
    assert response.status_code == 404
    assert messages(response) == ["Record not found"]


@pytest.mark.parametrize("customer", ["x", "c1", "C", "C0", "-1", "C1x"])
def test_what_is_no_customer_number_is_a_404(server: Server, customer: str) -> None:
    assert ask(server, f"/report-api/detail/{customer}").status_code == 404


def test_a_post_is_a_405(server: Server) -> None:
    """A known client posts where the vendor wants a GET, for XML, which is not offered."""
    response = server.post(f"{STATUS}?{VERSION}", role=None, headers=basic())
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET"
