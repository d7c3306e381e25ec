"""`mailtrip demo`: it shows both monitors green, takes free ports, and leaves nothing behind."""

import asyncio
import json
import re
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from tests.e2e.command_line import started

MONITORS = ("Sandbox over POP3", "Sandbox over IMAP")


@dataclass
class Demo:
    process: asyncio.subprocess.Process
    lines: list[str] = field(default_factory=list)

    async def read_until(self, *texts: str) -> None:
        """Read lines until each text was in one of them."""
        assert self.process.stdout is not None
        async with asyncio.timeout(40):
            while not all(any(text in line for line in self.lines) for text in texts):
                line = await self.process.stdout.readline()
                assert line, "".join(self.lines)
                self.lines.append(line.decode())

    async def end(self, number: signal.Signals = signal.SIGINT) -> tuple[int | None, str]:
        self.process.send_signal(number)
        async with asyncio.timeout(20):
            output, errors = await self.process.communicate()
        self.lines += output.decode().splitlines(keepends=True)
        return self.process.returncode, errors.decode()

    def value(self, name: str) -> str:
        return next(line.split()[-1] for line in self.lines if line.strip().startswith(name))


@asynccontextmanager
async def demo(tmp_path: Path, *options: str) -> AsyncIterator[Demo]:
    """The demo with the first verdict of both monitors shown."""
    (tmp_path / "tmp").mkdir(exist_ok=True)
    variables = {"TMPDIR": str(tmp_path / "tmp")}
    async with started("demo", "--listen", "127.0.0.1:0", *options, variables=variables) as process:
        running = Demo(process)
        await running.read_until(*MONITORS)
        yield running


def children_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()


def post(url: str, document: object) -> dict[str, str]:
    request = Request(url, json.dumps(document).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=10) as answer:
        return dict(json.load(answer))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_both_monitors_are_green_at_once_and_a_signal_ends_it_with_nothing_left(
    number: signal.Signals, tmp_path: Path
) -> None:
    async with demo(tmp_path) as running:
        children = children_of(running.process.pid)
        code, errors = await running.end(number)

    for name in MONITORS:
        assert re.search(f"{name} +OK: Delivered to ", "".join(running.lines))
    assert (code, errors) == (0, "")
    assert len(children) == 1
    assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []
    assert list((tmp_path / "tmp").iterdir()) == []
    port = int(running.value("Address").rpartition(":")[2])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5).close()


async def test_the_printed_login_works_as_the_printed_command_has_it(tmp_path: Path) -> None:
    async with demo(tmp_path) as running:
        command = next(line for line in running.lines if "curl -s " in line)
        body = json.loads(command.partition(" -d ")[2].strip().strip("'"))
        url = command.split()[2]
        answer = await asyncio.to_thread(post, url, body)
        await running.end()

    assert body == {"username": running.value("Log in as"), "password": running.value("Password")}
    assert re.fullmatch("[0-9a-f]{32}", answer["access_token"])


async def test_a_taken_port_is_replaced_by_a_free_one(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        async with demo(tmp_path, "--listen", address) as running:
            code, _ = await running.end()

    assert running.value("Address").startswith("http://127.0.0.1:")
    assert not running.value("Address").endswith(address)
    assert code == 0


async def test_a_given_data_directory_is_kept_and_its_monitors_go_on(tmp_path: Path) -> None:
    runs = []
    for _ in range(2):
        async with demo(tmp_path, "--data-dir", str(tmp_path / "kept")) as running:
            await running.end()
        async with started("monitor", "list", "--json", "--data-dir", str(tmp_path / "kept")) as process:
            output, _ = await process.communicate()
        runs.append([(monitor["id"], monitor["last_run"]["verdict"]) for monitor in json.loads(output)])

    assert runs[0] == runs[1]
    assert [verdict for _, verdict in runs[0]] == ["delivered", "delivered"]
