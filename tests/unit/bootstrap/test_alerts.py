"""The relay of alerts is what the settings say, and none of the servers that are watched."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from mailtrip.alerts.channels.web import Unreachable
from mailtrip.bootstrap.alerts import Finder, open_outbox, watch_relay
from mailtrip.bootstrap.storage import open_storage
from mailtrip.clock import SystemClock
from mailtrip.config import Settings, load
from mailtrip.errors import ConfigurationError
from mailtrip.mail.resolve import Resolver
from mailtrip.model import Actor, MailProtocol, NetworkPolicy, Role
from mailtrip.service import monitors
from mailtrip.service.monitors import Passwords
from mailtrip.testing.clock import FakeClock

OPERATOR = Actor(account_id=1, role=Role.ADMIN)
MONITOR = {
    "name": "Watched",
    "plan_code": "P",
    "email": "me@example.com",
    "smtp_server": "smtp://Relay.example.com",
    "mailbox_protocol": MailProtocol.IMAP,
    "mailbox_server": "imaps://mail.example.com",
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(options={"data_dir": str(tmp_path)}, environ={}).settings


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.001)


async def opened(settings: Settings) -> None:
    clock = SystemClock()
    with open_storage(settings, clock=clock) as storage:
        async with open_outbox(settings, storage, NetworkPolicy(), clock=clock):
            pass


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"alert_relay": "https://relay.example.com"}, "alert_relay: "),
        ({"alert_relay": "relay.example.com", "alert_relay_username": "me"}, "give both or none"),
        ({"alert_relay": "relay.example.com", "alert_relay_password": "x"}, "give both or none"),
    ],
)
async def test_a_relay_that_is_none_is_a_clear_error(settings: Settings, changes: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        await opened(replace(settings, **changes))  # type: ignore[arg-type]  # texts, as these settings are


@pytest.mark.parametrize(
    ("relay", "warns"),
    [("relay.EXAMPLE.com:2525", True), ("mail.example.com", True), ("other.example.com", False)],
)
async def test_a_relay_that_is_watched_is_warned_of(settings: Settings, relay: str, *, warns: bool) -> None:
    clock = FakeClock()
    with capture_logs() as logs, open_storage(settings, clock=clock) as storage:
        task = asyncio.create_task(watch_relay(replace(settings, alert_relay=relay), storage.database, clock=clock))
        await until(lambda: clock.sleepers == 1)
        storage.database.write(
            lambda connection: monitors.create(
                connection, OPERATOR, MONITOR, passwords=Passwords(), secrets=storage.key_ring, now=clock.now()
            )
        )
        clock.move(600)
        await until(lambda: task.done() if warns else clock.sleepers == 1)
        task.cancel()

    assert ["a server that is watched" in entry["event"] for entry in logs if entry["log_level"] == "warning"] == [
        True
    ] * warns


async def test_web_servers_of_recipients_are_where_the_network_policy_allows_at_any_port() -> None:
    resolver = Resolver(threads=1)
    try:
        finder = Finder(resolver, NetworkPolicy())
        assert await finder.find("192.0.2.7", 8443) == ["192.0.2.7"]
        with pytest.raises(Unreachable, match="loopback") as refused:
            await finder.find("127.0.0.1", 443)
        with pytest.raises(Unreachable) as unknown:
            await finder.find("no such name", 443)
    finally:
        resolver.close()

    assert (refused.value.is_temporary, unknown.value.is_temporary) == (False, True)
