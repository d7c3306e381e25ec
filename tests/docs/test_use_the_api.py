"""The page on the API: its examples run as printed, and their answers are those that are printed.

Servers, address and port are replaced in the first block. Numbers, times and tokens of the answers are not compared.
"""

import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.mailserver.fixtures import MailAccount
from tests.mailserver.server import RealMailServer

from mailtrip.testing.ports import free_port

pytestmark = [pytest.mark.mailserver, pytest.mark.timeout(240)]

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "use-the-api.md"
MARK = "--- end of a block ---"
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Example:
    """A block of code, and what it prints; None where the page does not tell."""

    code: str
    output: str | None


def examples(language: str) -> list[Example]:
    blocks = re.findall(r"^```(\w+)\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    following = [*blocks[1:], ("", "")]
    return [
        Example(code, output if kind in {"json", "text"} else None)
        for (own, code), (kind, output) in zip(blocks, following, strict=True)
        if own == language
    ]


def normalised(text: str) -> Any:  # Any: JSON of any shape
    """The JSON documents in a text, or its lines, without what differs from time to time."""
    decoder, found, rest = json.JSONDecoder(), [], text.strip()
    while rest:
        try:
            value, end = decoder.raw_decode(rest)
        except ValueError:
            return [_plain(line) for line in text.strip().splitlines()]
        found.append(_blurred(value))
        rest = rest[end:].lstrip()
    return found


def _blurred(value: Any) -> Any:  # Any: as above
    match value:
        case dict():
            return {key: _blurred(each) for key, each in value.items()}
        case list():
            return [_blurred(each) for each in value]
        case str():
            return _plain(value)
        case int() if value > 100_000:
            return "NUMBER"
        case _:
            return value


def _plain(text: str) -> str:
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+00:00)", "TIME", text)
    text = re.sub(r"\b[0-9a-f]{32}\b", "GUID", text)
    return re.sub(r"\b1\d{5}\b", "NUMBER", text)


@contextmanager
def service(folder: Path, port: int, ca: Path) -> Iterator[dict[str, str]]:
    """`mailtrip serve` with the page's user; the environment for the examples."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MAILTRIP_")}
    environment = inherited | {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "SSL_CERT_FILE": str(ca),
        "MAILTRIP_DATA_DIR": str(folder / "data"),
        "MAILTRIP_LISTEN": f"127.0.0.1:{port}",
        "MAILTRIP_ALLOW_NETWORKS": "loopback",
        "MAILTRIP_ALLOW_PORTS": "any",
        "no_proxy": "*",
    }
    (folder / "admin-password").write_text("a-good-password")
    add: list[str | Path] = [
        BIN / "mailtrip",
        "user",
        "add",
        "you@example.com",
        "--role",
        "admin",
        "--password-file",
        "admin-password",
    ]
    subprocess.run(add, cwd=folder, env=environment, check=True, capture_output=True)
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([BIN / "mailtrip", "serve"], env=environment, stdout=log, stderr=log)
        try:
            _wait(f"http://127.0.0.1:{port}/api/v1/health")
            yield environment
        finally:
            process.terminate()
            process.wait(40)


def _wait(url: str) -> None:
    """Until somebody answers there."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(url, timeout=5)
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the service does not answer")


def outputs(command: Sequence[str], script: str, folder: Path, environment: dict[str, str]) -> list[str]:
    """What each block of a script printed."""
    done = subprocess.run(
        [*command, script], cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split(f"{MARK}\n")[:-1]


def test_each_example_runs_as_printed_with_the_answer_that_is_printed(
    mailserver: RealMailServer, account: MailAccount, tmp_path: Path
) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text(mailserver.authority.ca_pem)
    (tmp_path / "mailbox-password").write_text(account.password)
    port = free_port()
    shell, python = examples("sh"), examples("python")
    places = {
        "http://127.0.0.1:8025": f"http://127.0.0.1:{port}",
        "smtps://mail.example.com": mailserver.url("submissions"),
        "imaps://mail.example.com": mailserver.url("imaps"),
        "pop3s://mail.example.com": mailserver.url("pop3s"),
        "probe@example.com": account.address,
    }
    first = shell[0].code
    for printed, real in places.items():
        assert printed in first
        first = first.replace(printed, real)
    with service(tmp_path, port, ca) as environment:
        codes = [first, *(each.code for each in shell[1:])]
        script = "".join(f"{code}echo; echo '{MARK}'\n" for code in codes)
        by_shell = outputs(["bash", "-euc"], script, tmp_path, environment)
        script = "".join(f"{each.code}print('{MARK}')\n" for each in python)
        exported = dict(re.findall(r"(\w+)=(\S+)", first)) | {"PASSWORD": account.password}
        by_python = outputs([sys.executable, "-c"], script, tmp_path, environment | exported)

    for example, output in [*zip(shell, by_shell, strict=True), *zip(python, by_python, strict=True)]:
        if example.output is not None:
            assert normalised(output) == normalised(example.output), example.code
    assert account.password not in "".join([*by_shell, *by_python]).replace(account.address, "")
