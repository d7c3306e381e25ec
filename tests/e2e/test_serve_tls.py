"""`mailtrip serve` with a certificate of its own, seen by real clients."""

import asyncio
import http.client
import json
import signal
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.e2e.command_line import mailtrip, started

from mailtrip.testing.certificates import Authority, ServerCertificate


@dataclass(frozen=True)
class Files:
    folder: Path
    authority: Authority

    @property
    def options(self) -> list[str]:
        found = ["--listen", "127.0.0.1:0", "--data-dir", str(self.folder), "--log-format", "json"]
        return [*found, "--tls-cert", str(self.folder / "cert.pem"), "--tls-key", str(self.folder / "key.pem")]

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    def write(self, pair: ServerCertificate) -> None:
        (self.folder / "cert.pem").write_text(pair.certificate_pem, encoding="utf-8")
        (self.folder / "key.pem").write_text(pair.key_pem, encoding="utf-8")
        (self.folder / "key.pem").chmod(0o600)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    found = Files(tmp_path, Authority())
    found.ca.write_text(found.authority.ca_pem, encoding="utf-8")
    found.write(found.authority.issue())
    return found


@dataclass(frozen=True)
class Running:
    process: asyncio.subprocess.Process
    url: str

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0

    async def logged(self, event: str) -> dict[str, object]:
        """The next log line of this event."""
        assert self.process.stderr is not None
        async with asyncio.timeout(30):
            while line := await self.process.stderr.readline():
                entry: dict[str, object] = json.loads(line)
                if entry["event"] == event:
                    return entry
        raise AssertionError(f"nothing logged of {event!r}")

    def connect(self, files: Files) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=str(files.ca))
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=context)


@asynccontextmanager
async def serving(files: Files, *options: str) -> AsyncIterator[Running]:
    async with started("serve", *files.options, *options) as process:
        assert process.stdout is not None
        async with asyncio.timeout(30):
            while "Mailtrip is at" not in (line := (await process.stdout.readline()).decode()):
                assert line, await process.communicate()
        yield Running(process, line.split()[3])
        process.send_signal(signal.SIGTERM)
        await process.communicate()


async def curl(*arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        "curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "10", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def test_it_prints_an_https_address_that_curl_can_ask(files: Files) -> None:
    async with serving(files) as running:
        assert running.url.startswith("https://127.0.0.1:")
        code, answer = await curl("--cacert", str(files.ca), "--include", f"{running.url}/api/v1/health")
        refused, _ = await curl(f"{running.url}/api/v1/health")
        old, _ = await curl("--cacert", str(files.ca), "--tls-max", "1.1", f"{running.url}/api/v1/health")
    assert code == 0
    assert '"status":"ok"' in answer
    assert "strict-transport-security: max-age=31536000" in answer.lower()
    assert refused == 60
    assert old == 35


async def test_plain_http_at_the_tls_port_gets_nothing_and_harms_nobody(files: Files) -> None:
    async with serving(files) as running:
        code, _ = await curl(f"http://127.0.0.1:{running.port}/api/v1/health")
        assert code != 0
        code, _ = await curl("--cacert", str(files.ca), f"{running.url}/api/v1/health")
    assert code == 0


def ask(connection: http.client.HTTPSConnection) -> object:
    """The serial number of the certificate, after an answer over this connection."""
    connection.request("GET", "/api/v1/health")
    response = connection.getresponse()
    assert response.status == 200, response.read()
    response.read()
    assert isinstance(connection.sock, ssl.SSLSocket)
    return (connection.sock.getpeercert() or {})["serialNumber"]


async def test_sighup_changes_the_certificate_and_drops_no_connection(files: Files) -> None:
    async with serving(files) as running:
        kept = running.connect(files)
        before = await asyncio.to_thread(ask, kept)
        files.write(files.authority.issue())
        running.process.send_signal(signal.SIGHUP)
        await running.logged("the TLS certificate was read anew")
        fresh = running.connect(files)
        after = await asyncio.to_thread(ask, fresh)
        assert await asyncio.to_thread(ask, kept) == before
        kept.close()
        fresh.close()
    assert after != before


async def test_sighup_with_files_that_do_not_fit_is_logged_and_changes_nothing(files: Files) -> None:
    async with serving(files) as running:
        connection = running.connect(files)
        before = await asyncio.to_thread(ask, connection)
        connection.close()
        (files.folder / "key.pem").write_text(files.authority.issue().key_pem, encoding="utf-8")
        running.process.send_signal(signal.SIGHUP)
        entry = await running.logged("the TLS certificate stays as it was")
        connection = running.connect(files)
        assert await asyncio.to_thread(ask, connection) == before
        connection.close()
    assert "is not the key of the certificate" in str(entry["reason"])


async def test_an_expired_certificate_is_served_and_warned_of(files: Files) -> None:
    files.write(files.authority.expired())
    async with serving(files) as running:
        entry = await running.logged("the TLS certificate has expired: clients refuse it")
        code, _ = await curl("--insecure", f"{running.url}/api/v1/health")
    assert entry["level"] == "warning"
    assert "kill -HUP" in str(entry["remedy"])
    assert code == 0


async def test_files_that_can_not_be_used_are_named_and_nothing_is_started(files: Files) -> None:
    (files.folder / "key.pem").write_text(files.authority.issue().key_pem, encoding="utf-8")
    ended = await mailtrip("serve", *files.options)
    assert ended.code == 1
    assert ended.errors.startswith(f"Error: tls_key: {files.folder / 'key.pem'} is not the key of the certificate in")
    assert not (files.folder / "mailtrip.db").exists()
