"""The vendor's page "Edit a Round-Trip Email Monitor": its Python program and its curl command, as printed.

Only what a reader has to fill in is filled in: base URL, monitor id, login, token. The page masks mail addresses,
so that its address is filled in too.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.api.harness import PASSWORD, Server, email_of

from mailtrip.model import MailProtocol, Role

MASKED = "[email" + "\N{NO-BREAK SPACE}" + "protected]"

PROGRAM = f"""\
import requests # Requests library https://requests.kennethreitz.org/en/master/
import json

baseUrl = 'https://api.alertsite.com/api/v3'
username = '{MASKED}'  # Replace with your AlertSite login email
password = 'pa55w0rd'          # Replace with your AlertSite password


monitor_params = {{
  'smtp_hostname': 'smtps://smtp.example.com:465',
  'pop3_hostname': 'pop3s://mail.example.com:995',
  'email': '{MASKED}'
}}

# Login
payload = {{'username': username, 'password': password}}
r = requests.post(baseUrl+'/access-tokens', data=json.dumps(payload), headers={{'Content-Type': 'application/json'}})
token = r.json()['access_token']

# Create the monitor
headers = {{
  'Authorization': 'Bearer ' + token,
  'Content-Type': 'application/json'
}}
r = requests.patch(baseUrl+'/monitors/email-round-trip/123456', data=json.dumps(monitor_params), headers=headers)
result = r.json()
if r.status_code == requests.codes.ok:
    monitor_id = result['id']
    print('Successfully updated the monitor. ID:{{}}'.format(monitor_id))
else:
    print('Could not update the monitor. The following error(s) occurred:', *result['errors'], sep='\\n')
"""

COMMAND = f"""\
curl -X PATCH https://api.alertsite.com/api/v3/monitors/email-round-trip/123456 \\
  -H "Authorization: Bearer ACCESS_TOKEN" \\
  -H "Content-type: application/json" \\
  -d '{{"smtp_hostname":"smtps://smtp.example.com:465", "pop3_hostname":"pop3s://mail.example.com:995", \
"email":"{MASKED}"}}'
"""


@pytest.fixture
def monitor_id(server: Server) -> int:
    return server.create(smtp_hostname="old.example.com", pop3_hostname="old.example.com", email="old@example.com")


def _filled_in(text: str, server: Server, monitor_id: int) -> str:
    replaced = {
        "https://api.alertsite.com": server.url,
        "123456": str(monitor_id),
        f"username = '{MASKED}'": f"username = '{email_of(Role.ADMIN)}'",
        "password = 'pa55w0rd'": f"password = '{PASSWORD}'",
        "ACCESS_TOKEN": server.tokens[Role.ADMIN],
        MASKED: "demo@example.com",
    }
    for printed, real in replaced.items():
        text = text.replace(printed, real)
    return text


def _run(command: list[str], tmp_path: Path) -> str:
    environment = os.environ | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _assert_changed(server: Server, monitor_id: int) -> None:
    settings = server.stored(monitor_id).settings
    assert settings.smtp_server == "smtps://smtp.example.com:465"
    assert (settings.mailbox_protocol, settings.mailbox_server) == (MailProtocol.POP3, "pop3s://mail.example.com:995")
    assert settings.email == "demo@example.com"


def test_the_python_program_of_the_page_edits_the_monitor(server: Server, monitor_id: int, tmp_path: Path) -> None:
    program = tmp_path / "edit.py"
    program.write_text(_filled_in(PROGRAM, server, monitor_id))
    printed = _run([sys.executable, str(program)], tmp_path)
    assert printed == f"Successfully updated the monitor. ID:{monitor_id}\n"
    _assert_changed(server, monitor_id)


def test_the_python_program_of_the_page_prints_the_errors_of_a_failure(
    server: Server, monitor_id: int, tmp_path: Path
) -> None:
    program = tmp_path / "edit.py"
    program.write_text(_filled_in(PROGRAM, server, monitor_id + 1))
    assert _run([sys.executable, str(program)], tmp_path) == (
        "Could not update the monitor. The following error(s) occurred:\n{'code': 404, 'message': 'Record not found'}\n"
    )


def test_the_curl_command_of_the_page_edits_the_monitor(server: Server, monitor_id: int, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("curl is missing; install it: apt-get install curl")
        pytest.skip("curl is missing; install it: apt-get install curl")
    printed = _run(["sh", "-c", _filled_in(COMMAND, server, monitor_id)], tmp_path)
    assert printed == f'{{"id":"{monitor_id}"}}'
    _assert_changed(server, monitor_id)
