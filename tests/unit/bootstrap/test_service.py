"""What the composition root decides itself."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailtrip.bootstrap.service import bind, running_service
from mailtrip.bootstrap.storage import Storage, open_storage
from mailtrip.clock import SystemClock
from mailtrip.config import ListenAddress, Settings, load
from mailtrip.errors import ConfigurationError
from mailtrip.model import Actor, MailProtocol, Result, Role, Verdict
from mailtrip.service import monitors, runs
from mailtrip.testing.server import LoopbackServer

OPERATOR = Actor(account_id=1, role=Role.ADMIN)
ADDRESS = "me@example.com"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(options={"data_dir": str(tmp_path), "stop_grace_seconds": 5}, environ={}).settings


@pytest.fixture
async def server() -> AsyncIterator[LoopbackServer]:
    async with LoopbackServer({ADDRESS: "secret"}) as running:
        yield running


def make_monitor(storage: Storage, server: LoopbackServer, passwords: monitors.Passwords) -> int:
    changes = {
        "name": "Loopback",
        "plan_code": "P",
        "email": ADDRESS,
        "smtp_server": server.url("smtp"),
        "mailbox_protocol": MailProtocol.IMAP,
        "mailbox_server": server.url("imap"),
    }
    return storage.database.write(
        lambda connection: monitors.create(
            connection,
            OPERATOR,
            changes,
            passwords=passwords,
            secrets=storage.key_ring,
            now=datetime.now(UTC) - timedelta(seconds=1),
        )
    )


async def result_of_a_test(settings: Settings, server: LoopbackServer, passwords: monitors.Passwords) -> Result:
    """The result of one run of a new monitor in a running service."""
    clock = SystemClock()
    ended: asyncio.Queue[Result] = asyncio.Queue()
    with bind(ListenAddress("127.0.0.1", 0)) as listening, open_storage(settings, clock=clock) as storage:
        monitor_id = make_monitor(storage, server, passwords)
        async with running_service(settings, storage, listening, clock=clock) as service:
            service.engine.subscribe(lambda _job, result: ended.put_nowait(result))
            ordered = await storage.database.writing(
                lambda connection: runs.order_test(
                    connection, OPERATOR, monitor_id, token=service.new_token(), now=clock.now()
                )
            )
            service.engine.put(ordered)
            async with asyncio.timeout(20):
                result = await ended.get()
        kept = storage.database.read(lambda connection: runs.get(connection, OPERATOR, ordered.id)).result
        assert kept is not None
        assert kept.verdict is result.verdict
        return result


async def test_a_monitor_runs_with_its_stored_password(settings: Settings, server: LoopbackServer) -> None:
    result = await result_of_a_test(settings, server, monitors.Passwords(mailbox="secret"))

    assert result.verdict is Verdict.DELIVERED


async def test_a_monitor_without_a_password_blames_no_server_and_asks_none(
    settings: Settings, server: LoopbackServer
) -> None:
    result = await result_of_a_test(settings, server, monitors.Passwords())

    assert result.verdict is Verdict.UNKNOWN
    assert "no mailbox password" in result.summary
    assert not server.sessions


def test_an_address_that_is_none_of_ours_is_named_with_a_remedy() -> None:
    with (
        pytest.raises(ConfigurationError, match=r"listen: can't listen at 192\.0\.2\.1:8025 .*--listen"),
        bind(ListenAddress("192.0.2.1", 8025)),
    ):
        pass


def test_a_data_directory_that_can_not_be_made_is_named_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    settings = load(options={"data_dir": str(tmp_path / "file" / "data")}, environ={}).settings

    with (
        pytest.raises(ConfigurationError, match=r"data_dir: .*file/data can't be made .*--data-dir"),
        open_storage(settings, clock=SystemClock()),
    ):
        pass
