"""Accounts and API tokens at the command line; and two accounts in one running service, each with a real trip."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.e2e.command_line import Finished, mailtrip, started

from mailtrip.clock import SystemClock
from mailtrip.testing.certificates import Authority
from mailtrip.testing.server import LoopbackServer

PASSWORD = "a long password"
ADMIN = ("--admin", "boss@example.com", "--password-file", "-")


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


async def run(data_dir: Path, *arguments: str) -> Finished:
    return await mailtrip(*arguments, variables={"MAILTRIP_DATA_DIR": str(data_dir)}, standard_input=f"{PASSWORD}\n")


def columns(table: str) -> list[list[str]]:
    return [re.split(r"\s{2,}", line.strip()) for line in table.splitlines()]


async def test_accounts_are_added_listed_limited_renamed_and_removed(data_dir: Path) -> None:
    added = await run(data_dir, "account", "add", "Example Ltd", *ADMIN, "--most-monitors", "5", "--most-users", "2")
    limited = await run(
        data_dir, "account", "limit", "Example Ltd", "--shortest-interval", "10", "--most-users", "none"
    )
    renamed = await run(data_dir, "account", "rename", "Example Ltd", "Example AG")
    listed = await run(data_dir, "account", "list")
    removed = await run(data_dir, "account", "remove", "Example AG")
    left = await run(data_dir, "account", "list")

    assert [step.code for step in (added, limited, renamed, removed)] == [0, 0, 0, 0], added.errors
    assert added.output == "Added: Example Ltd, number 2, Admin boss@example.com\n"
    assert [row[:5] for row in columns(listed.output)] == [
        ["NUMBER", "NAME", "MONITORS", "USERS", "SHORTEST"],
        ["1", "default", "0", "0", "-"],
        ["2", "Example AG", "0 of 5", "1", "10 min"],
    ]
    assert [row[1] for row in columns(left.output)] == ["NAME", "default"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("account", "add", "default", *ADMIN), '"default" is taken'),
        (("account", "add", "x", "--admin", "nobody", "--password-file", "-"), '"nobody" is no mail address'),
        (("account", "rename", "nothing", "x"), 'there is no account "nothing"; see: mailtrip account list'),
        (("account", "remove", "default"), "is the default account and has to stay"),
        (("user", "list", "--account", "nothing"), 'there is no account "nothing"'),
        (("monitor", "list", "--account", "nothing"), 'there is no account "nothing"'),
        (("token", "list", "--account", "nothing"), 'there is no account "nothing"'),
        (("token", "revoke", "7"), "there is no API token 7"),
    ],
)
async def test_what_can_not_be_done_is_one_line_and_ends_with_1(
    arguments: Sequence[str], complaint: str, data_dir: Path
) -> None:
    ended = await run(data_dir, *arguments)

    assert ended.code == 1
    assert ended.output == ""
    assert len(ended.errors.splitlines()) == 1
    assert complaint in ended.errors


async def test_a_limit_that_is_none_is_wrong_usage(data_dir: Path) -> None:
    ended = await run(data_dir, "account", "limit", "default", "--most-users", "0")

    assert ended.code == 64
    assert "'0' is no limit; write a whole number from 1 to 1000000, or none" in ended.errors


async def test_users_of_an_account_are_managed_by_its_name(data_dir: Path) -> None:
    await run(data_dir, "account", "add", "Example Ltd", *ADMIN)
    account = ("--account", "Example Ltd")
    await run(data_dir, "user", "add", "second@example.com", "--password-file", "-", *account)
    listed = await run(data_dir, "user", "list", *account)
    default = await run(data_dir, "user", "list")
    stranger = await run(data_dir, "user", "remove", "second@example.com")

    assert [row[1] for row in columns(listed.output)[1:]] == ["boss@example.com", "second@example.com"]
    assert default.output.count("@") == 0
    assert 'there is no user "second@example.com"' in stranger.errors


async def test_a_token_is_alone_on_standard_output_listed_and_revoked(data_dir: Path) -> None:
    added = await run(
        data_dir, "token", "add", "Grafana", "--role", "user", "--scope", "runs:test", "--scope", "monitors:read"
    )
    ending = await run(data_dir, "token", "add", "Short", "--days", "1")
    listed = await run(data_dir, "token", "list")
    revoked = await run(data_dir, "token", "revoke", "100001")
    left = await run(data_dir, "token", "list")

    assert re.fullmatch(r"mt_[0-9a-f]{40}\n", added.output)
    assert ending.code == 0
    first, second = columns(listed.output)[1:]
    assert first == ["100001", "Grafana", "User", "monitors:read,runs:test", "the operator", "never", "never"]
    assert second[:4] == ["100002", "Short", "READONLY", "-"]
    assert added.output.strip() not in listed.output
    assert revoked.output == "Revoked: Grafana\n"
    assert [row[1] for row in columns(left.output)[1:]] == ["Short"]


@dataclass(frozen=True)
class Service:
    """A service that runs, and a login to it."""

    url: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def call(self, method: str, path: str, body: object = None) -> Any:  # Any: JSON of any shape
        answer = requests.request(method, self.url + path, json=body, headers=self.headers, timeout=10)
        assert answer.status_code in {200, 202}, answer.text
        return answer.json()


@asynccontextmanager
async def serving(data_dir: Path) -> AsyncIterator[str]:
    """`mailtrip serve`, which may connect to this machine; its address."""
    options = ("--listen", "127.0.0.1:0", "--data-dir", str(data_dir))
    variables = {"MAILTRIP_ALLOW_NETWORKS": "127.0.0.0/8", "MAILTRIP_ALLOW_PORTS": "1-65535"}
    async with started("serve", *options, variables=variables) as process:
        assert process.stdout is not None
        async with asyncio.timeout(30):
            while "Mailtrip is at" not in (line := (await process.stdout.readline()).decode()):
                assert line, await process.communicate()
        yield line.split()[3]
        process.send_signal(signal.SIGTERM)
        _, errors = await process.communicate()
        assert process.returncode == 0, errors


def log_in(url: str, email: str) -> Service:
    answer = requests.post(f"{url}/api/v3/access-tokens", json={"username": email, "password": PASSWORD}, timeout=10)
    return Service(url, answer.json()["access_token"])


async def first_run(service: Service, monitor_id: str, *, kind: str) -> Any:  # Any: JSON of any shape
    """The first run of this kind that is finished."""
    async with asyncio.timeout(100):
        while True:
            found = await asyncio.to_thread(service.call, "GET", f"/api/v1/monitors/{monitor_id}/runs")
            for each in found["results"]:
                if (each["kind"], each["state"]) == (kind, "finished"):
                    return each
            await asyncio.sleep(0.2)


@pytest.mark.timeout(240)
async def test_monitors_of_two_accounts_make_real_trips_in_one_service(data_dir: Path) -> None:
    """Ordered ones and planned ones, at the one location that there is."""
    first, second = "first@example.com", "second@example.com"
    await run(data_dir, "user", "add", first, "--role", "admin", "--password-file", "-")
    await run(data_dir, "account", "add", "Second", "--admin", second, "--password-file", "-")
    authority = Authority("Two accounts")
    mailboxes = dict.fromkeys((first, second), "mail password")
    async with LoopbackServer(mailboxes, authority=authority, clock=SystemClock()) as server, serving(data_dir) as url:
        for email, kind in ((first, "test"), (second, "test"), (second, "scheduled")):
            service = await asyncio.to_thread(log_in, url, email)
            body = {
                "name": f"Of {email}",
                "billing_plancode": "UBM",
                "interval": 1,
                "timeout": 30,
                "smtp_hostname": server.url("smtps"),
                "smtp_username": email,
                "smtp_password": "mail password",
                "imap_hostname": server.url("imaps"),
                "email": email,
                "password": "mail password",
                "tls_ca": authority.ca_pem,
            }
            made = await asyncio.to_thread(service.call, "POST", "/api/v3/monitors/email-round-trip", body)
            if kind == "test":
                await asyncio.to_thread(service.call, "POST", f"/api/v1/monitors/{made['id']}/test")
            found = await first_run(service, made["id"], kind=kind)
            assert (found["verdict"], found["location_id"]) == ("delivered", 10), found["summary"]
            statuses = (await asyncio.to_thread(service.call, "GET", "/api/v3/report-sitestatus"))["results"]
            assert {status["device_name"] for status in statuses} == {f"Of {email}"}
        removed = await run(data_dir, "account", "remove", "Second", "--with-everything")
        assert removed.output == "Removed: Second\n"
        refused = await asyncio.to_thread(requests.get, f"{url}/api/v3/monitors", headers=service.headers, timeout=10)
        assert refused.status_code == 401
