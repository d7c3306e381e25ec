"""The system's own resolver against a DNS server of the test's: what it says of names, and whom we blame for it.

The resolver asks port 53 of the servers in /etc/resolv.conf: the test gives a process of its own another such file.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

ADDRESS = "127.0.0.153"
_HEADER_BYTES = 12
_SUCCESS, _SERVER_FAILURE, _NO_SUCH_NAME, _REFUSED = 0, 2, 3, 5
_CODES = {
    "failing": _SERVER_FAILURE,
    "nowhere": _NO_SUCH_NAME,
    "refused": _REFUSED,
    "empty": _SUCCESS,
    "good": _SUCCESS,
}


class NameServer:
    """A DNS server (RFC 1035) on UDP: the first label of a name chooses the answer; there are no other names.

    Args:
        is_alive: False lets all other names fail.
    """

    def __init__(self, *, is_alive: bool) -> None:
        self._others = _NO_SUCH_NAME if is_alive else _SERVER_FAILURE
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._socket.bind((ADDRESS, 53))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.sendto(b"", (ADDRESS, 53))
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            query, client = self._socket.recvfrom(512)
            if not query:
                return
            label = query[_HEADER_BYTES + 1 : _HEADER_BYTES + 1 + query[_HEADER_BYTES]].decode()
            if label != "silent":
                self._socket.sendto(_answer(query, label, _CODES.get(label, self._others)), client)


def _answer(query: bytes, label: str, code: int) -> bytes:
    end = query.index(b"\0", _HEADER_BYTES) + 5
    question = query[_HEADER_BYTES:end]
    is_for_address = question[-4:] == b"\0\x01\0\x01"
    record = b"\xc0\x0c\0\x01\0\x01\0\0\0\0\0\x04" + socket.inet_aton("127.0.0.1")
    answers = record if label == "good" and is_for_address else b""
    flags = (0x8180 | code).to_bytes(2)
    return query[:2] + flags + b"\0\x01" + int(bool(answers)).to_bytes(2) + b"\0\0\0\0" + question + answers


PROGRAM = """
import asyncio, json, sys
from mailtrip.mail.resolve import Resolved, Resolver

async def main(names):
    resolver = Resolver()
    found = await asyncio.gather(*(resolver.resolve(f"{name}.mail.test", 25, patience=10.0) for name in names))
    resolver.close()
    return [
        [str(each) for each in outcome.addresses] if isinstance(outcome, Resolved) else [outcome.is_temporary, outcome.is_ours]
        for outcome in found
    ]

print(json.dumps(asyncio.run(main(sys.argv[1:]))))
"""


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    """What the process of its own has in the place of the machine's files; skipped where nobody may do that."""
    (tmp_path / "resolv.conf").write_text(f"nameserver {ADDRESS}\noptions timeout:1 attempts:1\n")
    (tmp_path / "nsswitch.conf").write_text("hosts: files dns\n")
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root and unshare, to give a process another resolv.conf")
    if subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this container may not give a process a file system of its own (CAP_SYS_ADMIN)")
    return tmp_path


def resolve(configuration: Path, *names: str) -> list[object]:
    """What our resolver makes of these names."""
    mounts = " && ".join(f"mount --bind $1/{name} /etc/{name}" for name in ("resolv.conf", "nsswitch.conf"))
    script = f'{mounts} || exit 9; shift; exec "$@"'
    command = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        script,
        "sh",
        str(configuration),
        sys.executable,
        "-c",
        PROGRAM,
        *names,
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found: list[object] = json.loads(done.stdout)
    return found


FOUND = ["127.0.0.1:25"]
GONE = [False, False]
THEIRS = [True, False]
OURS = [True, True]


def test_a_name_is_blamed_when_the_resolver_answers_about_others(configuration: Path) -> None:
    with NameServer(is_alive=True):
        found = resolve(configuration, "good", "nowhere", "empty", "failing", "silent")

    assert found == [FOUND, GONE, GONE, THEIRS, THEIRS]


def test_the_resolver_is_blamed_when_it_answers_about_no_name(configuration: Path) -> None:
    with NameServer(is_alive=False):
        found = resolve(configuration, "failing", "silent", "refused")

    assert found == [OURS, OURS, OURS]


def test_the_resolver_is_blamed_when_there_is_none(configuration: Path) -> None:
    assert resolve(configuration, "good") == [OURS]
