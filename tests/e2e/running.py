"""The whole service in a process of its own, and what tests do with it: create monitors, read runs."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.mailserver.fixtures import MailAccount
from tests.mailserver.server import RealMailServer

__all__ = ["Service", "body", "create", "finished_runs", "service", "until"]

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
def service(
    data_dir: Path, *options: str, environment: dict[str, str] | None = None, is_killed: bool = False
) -> Iterator[Service]:
    """`mailtrip serve` in a process of its own, with an administrator logged in, who is made where nobody is there yet.

    Args:
        data_dir: where it keeps its data.
        options: of the command.
        environment: settings.
        is_killed: whether the test ends it by SIGKILL.
    """
    settings = {name: value for name, value in os.environ.items() if not name.startswith("MAILTRIP_")}
    settings |= {"MAILTRIP_ALLOW_NETWORKS": "loopback", "MAILTRIP_ALLOW_PORTS": "any"}
    settings |= {"MAILTRIP_DATA_DIR": str(data_dir), **(environment or {})}
    if not (data_dir / "log").exists():
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
    assert process.returncode == (-signal.SIGKILL if is_killed else 0), (data_dir / "log").read_text()


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
