"""The description (OpenAPI) is true: schemathesis, with all its checks, finds nothing against it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.api.harness import PASSWORD, Server, email_of

from mailtrip.model import Role
from mailtrip.service.login_limiter import Limit, LoginLimiter

HERE = Path(__file__).parent
MANY = Limit(failures=1_000_000)
CREATE = "create_round_trip_monitor"
CHECKS = ("smtp", "pop", "imap")
CREATE_CHECKS = [f"--include-operation-id=create_{word}_monitor" for word in CHECKS]
EDIT_CHECKS = [f"--include-operation-id=edit_{word}_monitor" for word in CHECKS]
ALERTING = ["recipients", "recipient groups", "service levels"]
PEOPLE = ["users", "tokens"]
ALONE = "--phases=examples,coverage,fuzzing"
EDIT = "edit_round_trip_monitor"
BLACKOUT = {
    "type": "Monitor",
    "assoc_id": 100001,
    "start_day": 7,
    "start_time": "20:00",
    "end_day": 1,
    "end_time": "06:00",
}


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("config", "arguments"),
    [
        pytest.param("alone.toml", [ALONE, f"--include-operation-id={CREATE}"], id="create"),
        pytest.param("alone.toml", [ALONE, f"--include-operation-id={EDIT}"], id="edit"),
        pytest.param("alone.toml", [ALONE, *CREATE_CHECKS], id="create checks"),
        pytest.param("alone.toml", [ALONE, *EDIT_CHECKS], id="edit checks"),
        pytest.param("alone.toml", [ALONE, *(f"--include-tag={tag}" for tag in ALERTING)], id="alerting"),
        pytest.param("alone.toml", [ALONE, *(f"--include-tag={tag}" for tag in PEOPLE)], id="people"),
        pytest.param(
            "alone.toml",
            [
                ALONE,
                *(f"--exclude-operation-id={name}" for name in (CREATE, EDIT)),
                *(option.replace("include", "exclude") for option in (*CREATE_CHECKS, *EDIT_CHECKS)),
                *(f"--exclude-tag={tag}" for tag in (*ALERTING, *PEOPLE)),
            ],
            id="the other operations",
        ),
        pytest.param("together.toml", ["--phases=stateful"], id="operations after each other"),
    ],
)
def test_schemathesis_finds_nothing(
    make_server: Callable[..., Server], tmp_path: Path, config: str, arguments: list[str]
) -> None:
    server = make_server(limiter=LoginLimiter(by_account=MANY, by_address=MANY))
    server.create()
    for word in CHECKS:
        body = {"billing_plancode": "UBM", "name": word, "hostname": "mail.example.com"}
        assert server.post(f"/api/v3/monitors/email-{word}", json=body).status_code == 200
    assert server.post("/api/v3/recipients", json={"method_id": 12, "recipient": "a@example.com"}).status_code == 200
    group = {"name": "group", "monitors": [100001], "recipients": [100001]}
    assert server.post("/api/v3/notifier-groups", json=group).status_code == 200
    sla = {"monitor_id": 100001, "name": "SLA", "availability": 99, "response_time": 5}
    assert server.post("/api/v3/slas", json=sla).status_code == 200
    assert server.post("/api/v3/blackouts", json=BLACKOUT).status_code == 200
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / config)]
    command += ["run", *arguments, f"{server.url}/api/openapi.json"]
    environment = os.environ | {
        "FUZZ_URL": server.url,
        "FUZZ_USERNAME": email_of(Role.ADMIN),
        "FUZZ_PASSWORD": PASSWORD,
        "PYTHONPATH": str(HERE.parents[2]),
        "PYTHONWARNINGS": "default",
        "NO_PROXY": "127.0.0.1",
    }
    done = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=390, check=False
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert "Tested:" in done.stdout or "Scenarios:" in done.stdout
