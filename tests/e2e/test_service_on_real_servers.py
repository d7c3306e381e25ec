"""The whole service on a real Postfix and Dovecot: monitors are created by API, run by their plan, and read."""

import re
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from tests.e2e.running import body, create, finished_runs, service, until
from tests.mailserver.fixtures import MailAccount
from tests.mailserver.server import RealMailServer

pytestmark = [pytest.mark.mailserver, pytest.mark.timeout(240)]


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
