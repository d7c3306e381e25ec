"""`mailtrip serve` in the foreground: what it says, what it refuses, how it stops. Runs are tested on real mail servers."""

import asyncio
import json
import signal
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import pytest
from tests.e2e.command_line import mailtrip, started


async def first_line(process: asyncio.subprocess.Process, text: str) -> str:
    """The first line of standard output with this text in it."""
    assert process.stdout is not None
    async with asyncio.timeout(30):
        while line := (await process.stdout.readline()).decode():
            if text in line:
                return line
    raise AssertionError(f"no line has {text!r}: {await process.communicate()}")


def get(url: str) -> dict[str, object]:
    with urlopen(url, timeout=10) as answer:
        return dict(json.load(answer))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_says_where_it_is_and_how_to_make_an_admin_and_stops_cleanly(
    number: signal.Signals, tmp_path: Path
) -> None:
    options = ("--listen", "127.0.0.1:0", "--data-dir", tmp_path, "--log-format", "json")
    async with started("serve", *options) as process:
        hint = await first_line(process, "Nobody can log in yet")
        address = (await first_line(process, "Mailtrip is at")).split()[3]
        health = await asyncio.to_thread(get, f"{address}/api/v1/health")
        process.send_signal(number)
        _, errors = await process.communicate()

    assert "mailtrip user add you@example.com --role admin" in hint
    assert health["status"] == "ok"
    assert process.returncode == 0
    events = [json.loads(line) for line in errors.splitlines()]
    assert {event["level"] for event in events} == {"info"}


async def test_once_there_is_a_user_it_says_nothing_of_admins(tmp_path: Path) -> None:
    variables = {"MAILTRIP_DATA_DIR": str(tmp_path), "MAILTRIP_LISTEN": "127.0.0.1:0"}
    await mailtrip(
        *("user", "add", "a@example.com", "--role", "admin", "--password-file", "-"),
        variables=variables,
        standard_input="a long password",
    )

    async with started("serve", variables=variables) as process:
        line = await first_line(process, "")
        process.send_signal(signal.SIGTERM)
        await process.communicate()

    assert line.startswith("Mailtrip is at http://127.0.0.1:")


async def test_the_key_is_made_readable_by_its_owner_only(tmp_path: Path) -> None:
    async with started("serve", "--listen", "127.0.0.1:0", "--data-dir", tmp_path / "new") as process:
        await first_line(process, "Mailtrip is at")
        modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "new").iterdir()}
        process.send_signal(signal.SIGTERM)
        await process.communicate()

    assert modes["secret.key"] == 0o600
    assert modes["mailtrip.db"] == 0o600


async def test_a_taken_address_is_named_with_the_option_for_another(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = await mailtrip("serve", "--listen", address, "--data-dir", tmp_path)

    assert ended.code == 1
    assert ended.errors.startswith(f"Error: listen: can't listen at {address} (")
    assert "--listen" in ended.errors


async def test_another_key_than_the_databases_own_is_refused(tmp_path: Path) -> None:
    async with started("serve", "--listen", "127.0.0.1:0", "--data-dir", tmp_path) as process:
        await first_line(process, "Mailtrip is at")
        process.send_signal(signal.SIGTERM)
        await process.communicate()
    (tmp_path / "secret.key").unlink()

    ended = await mailtrip("serve", "--listen", "127.0.0.1:0", "--data-dir", tmp_path)

    assert ended.code == 1
    assert "the database was made with another secret key" in ended.errors


async def test_a_database_newer_than_the_program_is_refused(tmp_path: Path) -> None:
    await mailtrip("db", "upgrade", "--data-dir", tmp_path)
    with closing(sqlite3.connect(tmp_path / "mailtrip.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")

    ended = await mailtrip("serve", "--listen", "127.0.0.1:0", "--data-dir", tmp_path)

    assert ended.code == 1
    assert "newer" in ended.errors
    assert "Traceback" not in ended.errors


async def test_a_key_that_is_none_is_refused_without_repeating_it(tmp_path: Path) -> None:
    ended = await mailtrip(
        *("serve", "--listen", "127.0.0.1:0", "--data-dir", tmp_path), variables={"MAILTRIP_SECRET_KEY": "hunter2"}
    )

    assert ended.code == 1
    assert "openssl rand -base64 32" in ended.errors
    assert "hunter2" not in ended.errors
