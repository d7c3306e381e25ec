"""`mailtrip serve` at a Unix socket."""

import asyncio
import signal
from pathlib import Path

from tests.e2e.command_line import started


async def ask(path: Path, route: str, *options: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *("curl", "--silent", "--show-error", "--include", "--max-time", "10", "--unix-socket", str(path)),
        *(*options, f"http://localhost{route}"),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return output.decode()


async def test_it_answers_at_a_unix_socket_and_believes_a_proxy_there_when_told(tmp_path: Path) -> None:
    path = tmp_path / "mailtrip.sock"
    options = ("--listen", f"unix:{path}", "--data-dir", tmp_path / "data", "--trusted-proxies", "unix")
    async with started("serve", *options, "--rate-per-address", "1:1") as process:
        assert process.stdout is not None
        async with asyncio.timeout(30):
            while "Mailtrip is at" not in (line := (await process.stdout.readline()).decode()):
                assert line, await process.communicate()
        health = await ask(path, "/api/v1/health", "--header", "X-Forwarded-Proto: https")
        clients = [await ask(path, "/nope", "--header", f"X-Forwarded-For: 192.0.2.{n}") for n in range(4)]
        process.send_signal(signal.SIGTERM)
        await process.communicate()
    assert f"unix:{path}" in line
    assert '"status":"ok"' in health
    assert "strict-transport-security" in health.lower()
    assert [client.split()[1] for client in clients] == ["404"] * 4
    assert not path.exists()
