"""The tutorial's commands run as they are printed, against a real mail server; only names and addresses are replaced."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.mailserver.fixtures import MailAccount
from tests.mailserver.server import RealMailServer

from mailtrip.testing.ports import free_port

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial" / "first-monitor.md"


@pytest.mark.mailserver
def test_the_tutorial_ends_with_a_delivered_run(
    mailserver: RealMailServer, account: MailAccount, tmp_path: Path
) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text(mailserver.authority.ca_pem)
    script = "\n".join(re.findall(r"^```sh\n(.*?)^```", TUTORIAL.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE))
    for printed, real in {
        "smtps://mail.example.com": mailserver.url("submissions"),
        "imaps://mail.example.com": mailserver.url("imaps"),
        "probe@example.com": account.address,
        "127.0.0.1:8025": f"127.0.0.1:{free_port()}",
    }.items():
        assert printed in script
        script = script.replace(printed, real)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAILTRIP_")} | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "SSL_CERT_FILE": str(ca),
        # What the tutorial says to those whose mail server is on the same machine, or has other ports.
        "MAILTRIP_ALLOW_NETWORKS": "loopback",
        "MAILTRIP_ALLOW_PORTS": "any",
    }

    done = subprocess.run(
        ["bash", "-c", f"set -eu\ntrap 'kill $(jobs -p)' EXIT\n{script}"],
        cwd=tmp_path,
        env=environment,
        input=f"{account.password}\n",
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert '"verdict": "delivered"' in done.stdout
    assert account.password not in done.stdout.replace(account.address, "")
