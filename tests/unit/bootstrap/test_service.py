"""What the composition root decides itself."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from mailtrip.bootstrap.listening import bind
from mailtrip.bootstrap.service import running_service
from mailtrip.bootstrap.storage import Storage, open_storage
from mailtrip.clock import SystemClock
from mailtrip.config import ListenAddress, Settings, load
from mailtrip.errors import ConfigurationError
from mailtrip.model import Actor, MailProtocol, MonitorType, Result, Role, StatusCode, TLSMode, Verdict
from mailtrip.service import monitors, runs
from mailtrip.testing.server import LoopbackServer

OPERATOR = Actor(account_id=1, role=Role.ADMIN)
ADDRESS = "me@example.com"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    options = {"data_dir": str(tmp_path), "stop_grace_seconds": 5, "allow_networks": "loopback", "allow_ports": "any"}
    return load(options=options, environ={}).settings


@pytest.fixture
async def server() -> AsyncIterator[LoopbackServer]:
    async with LoopbackServer({ADDRESS: "secret"}) as running:
        yield running


def round_trip(server: LoopbackServer) -> dict[str, object]:
    return {
        "email": ADDRESS,
        "smtp_server": server.url("smtp"),
        "mailbox_protocol": MailProtocol.IMAP,
        "mailbox_server": server.url("imap"),
    }


def make_monitor(storage: Storage, changes: dict[str, object], passwords: monitors.Passwords) -> int:
    changes = {"name": "Loopback", "plan_code": "P"} | changes
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


async def result_of_a_test(settings: Settings, changes: dict[str, object], passwords: monitors.Passwords) -> Result:
    """The result of one run of a new monitor in a running service."""
    clock = SystemClock()
    ended: asyncio.Queue[Result] = asyncio.Queue()
    with bind(ListenAddress("127.0.0.1", 0)) as listening, open_storage(settings, clock=clock) as storage:
        monitor_id = make_monitor(storage, changes, passwords)
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
    result = await result_of_a_test(settings, round_trip(server), monitors.Passwords(mailbox="secret"))

    assert result.verdict is Verdict.DELIVERED


@pytest.mark.parametrize("has_login", [False, True])
@pytest.mark.parametrize("word", ["smtp", "pop3", "imap"])
async def test_a_check_runs_with_its_stored_password_or_without_any(
    settings: Settings, server: LoopbackServer, word: str, has_login: bool
) -> None:
    changes: dict[str, object] = {"type": MonitorType({"pop3": "email-pop"}.get(word, f"email-{word}"))}
    changes["smtp_server" if word == "smtp" else "mailbox_server"] = server.url(word)
    changes["smtp_tls" if word == "smtp" else "mailbox_tls"] = TLSMode.NONE
    passwords = monitors.Passwords()
    if has_login:
        changes["smtp_username" if word == "smtp" else "username"] = ADDRESS
        passwords = monitors.Passwords(**{"smtp" if word == "smtp" else "mailbox": "secret"})

    result = await result_of_a_test(settings, changes, passwords)

    assert (result.verdict, result.status) == (Verdict.ANSWERS, StatusCode.OK), result.summary
    assert [session.username for session in server.sessions] == [ADDRESS if has_login else None]


async def test_a_monitor_without_a_password_blames_no_server_and_asks_none(
    settings: Settings, server: LoopbackServer
) -> None:
    result = await result_of_a_test(settings, round_trip(server), monitors.Passwords())

    assert result.verdict is Verdict.UNKNOWN
    assert "no mailbox password" in result.summary
    assert not server.sessions


async def test_a_server_that_the_settings_do_not_allow_is_not_connected_to_and_not_blamed(
    settings: Settings, server: LoopbackServer
) -> None:
    forbidding = replace(settings, allow_networks=())

    result = await result_of_a_test(forbidding, round_trip(server), monitors.Passwords(mailbox="secret"))

    assert (result.verdict, result.status) == (Verdict.UNKNOWN, StatusCode.CONNECTION_FORBIDDEN)
    assert "add 127.0.0.0/8 or a part of it to allow_networks" in result.summary
    assert not server.sessions


@pytest.mark.parametrize(
    ("networks", "ports", "warns"),
    [("none", "none", True), ("loopback", "none", True), ("none", "any", True), ("loopback", "any", False)],
)
async def test_monitors_whose_servers_the_settings_forbid_are_told_of_at_the_start(
    tmp_path: Path, server: LoopbackServer, networks: str, ports: str, warns: bool
) -> None:
    clock = SystemClock()
    options = {"data_dir": str(tmp_path), "allow_networks": networks, "allow_ports": ports}
    settings = load(options=options, environ={}).settings
    with bind(ListenAddress("127.0.0.1", 0)) as listening, open_storage(settings, clock=clock) as storage:
        monitor_id = make_monitor(storage, round_trip(server), monitors.Passwords(mailbox="secret"))
        make_monitor(storage, round_trip(server) | {"enabled": False}, monitors.Passwords(mailbox="secret"))
        with capture_logs() as logs:
            async with running_service(settings, storage, listening, clock=clock):
                pass

    warnings = [(log["monitors"], log["first_ids"]) for log in logs if "network policy" in log["event"]]
    assert warnings == [(1, [monitor_id])] * warns


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
