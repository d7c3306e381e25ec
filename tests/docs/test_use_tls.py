"""The page on TLS and proxies: its settings are taken as printed, its nginx configuration works; only places are replaced."""

import asyncio
import http.client
import os
import re
import shutil
import signal
import ssl
import tomllib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

import pytest
from tests.e2e.command_line import started

from mailtrip.config import load
from mailtrip.testing.certificates import Authority
from mailtrip.testing.ports import free_port

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "use-tls.md").read_text(encoding="utf-8")
NAME = "mailtrip.example.com"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", PAGE, re.DOTALL | re.MULTILINE)


def printed(number: int) -> dict[str, object]:
    return tomllib.loads(blocks("toml")[number])


def test_the_settings_of_a_service_with_its_own_certificate_are_taken() -> None:
    settings = load(options=printed(0), environ={}).settings
    assert settings.tls_cert == Path("/etc/mailtrip/fullchain.pem")
    assert settings.tls_key == Path("/etc/mailtrip/privkey.pem")


def test_the_settings_of_a_service_behind_a_proxy_are_taken() -> None:
    settings = load(options=printed(1), environ={}).settings
    assert settings.trusted_proxies == (ip_network("127.0.0.1/32"),)
    assert settings.allowed_hosts == (NAME,)


@dataclass(frozen=True)
class Nginx:
    folder: Path
    port: int

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    async def ask(self, path: str, *options: str, source: str = "127.0.0.2") -> str:
        """The answer with its headers; over the loopback address `source`, which is not the proxy's own."""
        command = ["curl", "--silent", "--show-error", "--include", "--noproxy", "*", "--max-time", "10"]
        command += ["--interface", source, "--cacert", str(self.ca), "--resolve", f"{NAME}:{self.port}:127.0.0.1"]
        command += [*options, f"https://{NAME}:{self.port}{path}"]
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        output, _ = await process.communicate()
        assert process.returncode == 0
        return output.decode()


def installed_nginx() -> str:
    """Its path; the test is skipped where there is none, but fails where CI=true."""
    path = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if path is not None:
        return path
    message = "nginx is not installed: sudo apt-get install nginx"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@asynccontextmanager
async def nginx(folder: Path, backend: int) -> AsyncIterator[Nginx]:
    """nginx with the configuration of the page, in the foreground."""
    path = installed_nginx()
    authority = Authority()
    pair = authority.issue((NAME, "127.0.0.1"))
    (folder / "ca.pem").write_text(authority.ca_pem, encoding="utf-8")
    (folder / "fullchain.pem").write_text(pair.certificate_pem, encoding="utf-8")
    (folder / "privkey.pem").write_text(pair.key_pem, encoding="utf-8")
    port = free_port()
    [site] = blocks("nginx")
    for text, real in {
        "server 127.0.0.1:8025;": f"server 127.0.0.1:{backend};",
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "/etc/nginx/": f"{folder}/",
    }.items():
        assert text in site
        site = site.replace(text, real)
    temporary = " ".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr notice; events {{}}\n"
        f"http {{ access_log off; {temporary}\n{site}}}\n",
        encoding="utf-8",
    )
    process = await asyncio.create_subprocess_exec(
        path, "-p", folder, "-e", "stderr", "-c", folder / "nginx.conf", stderr=asyncio.subprocess.PIPE
    )
    try:
        await line_with(process.stderr, "start worker process|using the|built by")
        yield Nginx(folder, port)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.communicate()


async def line_with(stream: asyncio.StreamReader | None, pattern: str) -> str:
    assert stream is not None
    seen: list[str] = []
    async with asyncio.timeout(30):
        while line := (await stream.readline()).decode():
            seen.append(line)
            if re.search(pattern, line):
                return line
    raise AssertionError(f"no line matches {pattern!r}: {seen}")


@asynccontextmanager
async def behind_nginx(folder: Path, *options: str) -> AsyncIterator[Nginx]:
    settings = printed(1) | {"listen": "127.0.0.1:0", "data_dir": str(folder)}
    del settings["public_url"]  # so that the address in use is told
    config = folder / "mailtrip.toml"
    config.write_text("".join(f'{name} = "{value}"\n' for name, value in settings.items()), encoding="utf-8")
    async with started("serve", "--config", config, *options) as process:
        address = (await line_with(process.stdout, "Mailtrip is at")).split()[3]
        async with nginx(folder, int(address.rpartition(":")[2])) as proxy:
            yield proxy
        process.send_signal(signal.SIGTERM)
        await process.communicate()


def status(answer: str) -> int:
    return int(answer.split()[1])


async def test_behind_nginx_answers_are_told_to_stay_with_tls_and_carry_its_request_id(tmp_path: Path) -> None:
    async with behind_nginx(tmp_path) as proxy:
        answer = (await proxy.ask("/api/v1/health")).lower()
    assert status(answer) == 200
    assert "strict-transport-security: max-age=31536000" in answer
    assert re.search(r"x-request-id: [0-9a-f]{32}\r", answer)


def statuses(proxy: Nginx, spoofs: Sequence[tuple[str, str]], source: str) -> list[int]:
    """Of one request for each spoofed header, in one connection from this address."""
    context = ssl.create_default_context(cafile=str(proxy.ca))
    connection = http.client.HTTPSConnection(
        "127.0.0.1", proxy.port, context=context, source_address=(source, 0), timeout=10
    )
    found = []
    for name, value in spoofs:
        connection.request("GET", "/nope", headers={"Host": NAME, name: value})
        response = connection.getresponse()
        response.read()
        found.append(response.status)
    connection.close()
    return found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Forwarded-For", "198.51.100.{}"),
        ("X-Forwarded-For", "198.51.100.{}, 127.0.0.1"),
        ("Forwarded", "for=198.51.100.{}"),
    ],
)
async def test_behind_nginx_each_client_has_its_own_limit_and_no_other_name(
    tmp_path: Path, name: str, value: str
) -> None:
    spoofs = [(name, value.format(number)) for number in range(20)]
    async with behind_nginx(tmp_path, "--rate-per-address", "1:2") as proxy:
        one = await asyncio.to_thread(statuses, proxy, spoofs, "127.0.0.2")
        other = await asyncio.to_thread(statuses, proxy, spoofs[:1], "127.0.0.3")
    assert one[:2] == [404, 404]
    assert 429 in one
    assert other == [404]


async def test_behind_nginx_the_service_is_asked_by_its_name(tmp_path: Path) -> None:
    async with behind_nginx(tmp_path) as proxy:
        assert status(await proxy.ask("/api/v3/monitors")) == 401
        spoofed = await proxy.ask("/api/v3/monitors", "--header", "X-Forwarded-Host: evil.example.com")
    assert status(spoofed) == 401
