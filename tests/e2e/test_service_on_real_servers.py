"""The whole service on a real Postfix and Dovecot: monitors are created by API, run by their plan, and read."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.mailserver.fixtures import MailAccount
from tests.mailserver.server import RealMailServer

pytestmark = [pytest.mark.mailserver, pytest.mark.timeout(240)]

MAILTRIP = str(Path(sys.executable).with_name("mailtrip"))
ADMIN = "admin@example.com"
ADMIN_PASSWORD = "a long enough password"


@dataclass
class Service:
    url: str
    token: str
    process: subprocess.Popen[str]

    def call(self, method: str, path: str, body: object = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.request(method, self.url + path, json=body, headers=headers, timeout=10)

    def get(self, path: str) -> Any:  # Any: JSON of any shape
        answer = self.call("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()


@contextmanager
def service(data_dir: Path, *options: str, environment: dict[str, str] | None = None) -> Iterator[Service]:
    """`mailtrip serve` in a process of its own, with an administrator logged in."""
    settings = {name: value for name, value in os.environ.items() if not name.startswith("MAILTRIP_")}
    settings |= {"MAILTRIP_ALLOW_NETWORKS": "loopback", "MAILTRIP_ALLOW_PORTS": "any"}
    settings |= {"MAILTRIP_DATA_DIR": str(data_dir), **(environment or {})}
    subprocess.run(
        [MAILTRIP, "user", "add", ADMIN, "--role", "admin", "--password-file", "-"],
        input=ADMIN_PASSWORD,
        env=settings,
        text=True,
        check=True,
        capture_output=True,
    )
    with (data_dir / "log").open("w+") as log:
        process = subprocess.Popen(
            [MAILTRIP, "serve", "--listen", "127.0.0.1:0", "--log-format", "json", *options],
            env=settings,
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            url = until(lambda: re.search(r"http://127\.0\.0\.1:\d+", (data_dir / "log").read_text()), 20).group()
            credentials = {"username": ADMIN, "password": ADMIN_PASSWORD}
            answer = requests.post(f"{url}/api/v3/access-tokens", json=credentials, timeout=10)
            yield Service(url, answer.json()["access_token"], process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(40)
    assert process.returncode == 0, (data_dir / "log").read_text()


def until(ask: Callable[[], Any], seconds: float) -> Any:  # Any: whatever is asked for
    """The first answer that is something, within `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = ask()
        if answer:
            return answer
        time.sleep(0.2)
    pytest.fail(f"nothing within {seconds} s")


def body(server: RealMailServer, account: MailAccount, protocol: str, **more: object) -> dict[str, object]:
    return {
        "name": f"Over {protocol}",
        "billing_plancode": "UBM - A/A",
        "interval": 1,
        "timeout": 30,
        "smtp_hostname": server.url("submissions"),
        f"{protocol}_hostname": server.url(f"{protocol}s"),
        "email": account.address,
        "password": account.password,
        "smtp_username": account.address,
        "smtp_password": account.password,
        "tls_ca": server.authority.ca_pem,
    } | more


def finished_runs(service: Service, monitor_id: str) -> list[Any]:  # Any: JSON of any shape
    found = service.get(f"/api/v1/monitors/{monitor_id}/runs")["results"]
    return [run for run in found if run["state"] == "finished"]


def create(service: Service, fields: dict[str, object]) -> str:
    answer = service.call("POST", "/api/v3/monitors/email-round-trip", fields)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


@pytest.fixture
def accounts(mailserver: RealMailServer, unused_addresses: Iterator[str]) -> tuple[MailAccount, MailAccount]:
    first, second = next(unused_addresses), next(unused_addresses)
    return (
        MailAccount(address=first, password=mailserver.password),
        MailAccount(address=second, password=mailserver.password),
    )


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_monitors_created_by_api_run_by_their_plan_and_their_runs_can_be_read(
    mailserver: RealMailServer,
    accounts: tuple[MailAccount, MailAccount],
    tmp_path: Path,
    database: str,
    request: pytest.FixtureRequest,
) -> None:
    environment = {}
    if database == "postgresql":
        environment = {"MAILTRIP_DATABASE": request.getfixturevalue("postgresql_url")}
    with service(tmp_path, environment=environment) as running:
        ids = [
            create(running, body(mailserver, account, protocol))
            for account, protocol in zip(accounts, ("pop3", "imap"), strict=True)
        ]
        for monitor_id in ids:
            runs = until(partial(finished_runs, running, monitor_id), 75)
            run = running.get(f"/api/v1/runs/{runs[0]['id']}")
            assert (run["kind"], run["verdict"], run["status"]) == ("scheduled", "delivered", 0), run["summary"]
            assert len(run["sessions"]) == 2
            assert all(session["transcript"] for session in run["sessions"])
            assert mailserver.password not in re.sub(r"\S+@\S+", "", str(run))
        statuses = {
            row["device_name"]: row["last_status"] for row in running.get("/api/v3/report-sitestatus")["results"]
        }
        health = running.get("/api/v1/health")

    assert statuses == {"Over pop3": "0", "Over imap": "0"}
    assert health["status"] == "ok"
    log = (tmp_path / "log").read_text()
    assert '"verdict": "delivered"' in log or '"verdict":"delivered"' in log


def test_a_test_run_answers_at_once_and_ends_with_what_is_wrong(
    mailserver: RealMailServer, account: MailAccount, tmp_path: Path
) -> None:
    with service(tmp_path) as running:
        monitor_id = create(
            running,
            body(
                mailserver, account, "imap", interval=60, email=f"nobody@{mailserver.domain}", username=account.address
            ),
        )
        answer = running.call("POST", f"/api/v1/monitors/{monitor_id}/test")
        run_id = answer.json()["id"]
        run = until(lambda: (found := running.get(f"/api/v1/runs/{run_id}"))["state"] == "finished" and found, 30)
        shown = running.get(f"/api/v3/monitors/{monitor_id}")

    assert (run["kind"], run["verdict"], run["status"], run["step"]) == ("test", "refused", 106, "submit")
    assert shown["last_status"]["status"] == 106


def test_a_change_of_the_plan_is_in_force_within_two_seconds(
    mailserver: RealMailServer, account: MailAccount, tmp_path: Path
) -> None:
    """A monitor that is switched off makes no further run, however near its slot is."""
    with service(tmp_path) as running:
        monitor_id = create(running, body(mailserver, account, "imap"))
        path = f"/api/v1/monitors/{monitor_id}/runs"
        until(lambda: running.get(path)["results"], 75)
        running.call("PATCH", f"/api/v3/monitors/email-round-trip/{monitor_id}", {"enabled": False})
        before = len(running.get(path)["results"])
        time.sleep(62)
        after = running.get(path)["results"]

    assert [run for run in after[: len(after) - before] if run["state"] == "finished"] == []
