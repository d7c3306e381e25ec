"""The front in a process of its own: what happens when it dies, hangs, or loses the engine."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from structlog.testing import capture_logs

from mailtrip.bootstrap.channel import Asked, Channel, Told
from mailtrip.bootstrap.front import EngineLink
from mailtrip.bootstrap.front_process import FrontProcess
from mailtrip.bootstrap.listening import bind
from mailtrip.bootstrap.storage import open_storage
from mailtrip.clock import SystemClock
from mailtrip.config import ListenAddress, Settings, load
from mailtrip.errors import Unavailable
from mailtrip.model import Run
from mailtrip.service.health import Health

HEALTHY = Health(
    database_ok=True,
    runs_in_flight=0,
    results_waiting=0,
    results_dropped=0,
    scheduler_lag=timedelta(0),
    loop_lag=timedelta(0),
    version="1.2.3",
)


class Queue:
    """A `RunQueue` that keeps what it is told."""

    def __init__(self) -> None:
        self.runs: list[Run] = []

    def put(self, run: Run) -> None:
        self.runs.append(run)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(options={"data_dir": str(tmp_path)}, environ={}).settings


@pytest.fixture
def listening(settings: Settings) -> Iterator[socket.socket]:
    with bind(ListenAddress("127.0.0.1", 0)) as found, open_storage(settings, clock=SystemClock()):
        yield found


@asynccontextmanager
async def running(front: FrontProcess) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        group.create_task(front.run())
        yield
        front.stop()


def make_front(settings: Settings, listening: socket.socket) -> FrontProcess:
    return FrontProcess(
        settings,
        listening,
        queue=Queue(),
        try_out=lambda _job, _tell: None,
        health=lambda: HEALTHY,
        steps_of=lambda _: None,
        clock=SystemClock(),
        end_seconds=2,
    )


async def ask_health(listening: socket.socket) -> str:
    """The status that is told; it waits for a front that is not there yet."""
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/api/v1/health"
    answer = await asyncio.to_thread(requests.get, url, timeout=30)
    return str(answer.json()["status"])


def front_ids() -> list[int]:
    """Process ids of the fronts that this process has started."""
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    return [int(pid) for pid in children if b"mailtrip.bootstrap.front" in Path(f"/proc/{pid}/cmdline").read_bytes()]


async def test_it_tells_how_the_engine_is(settings: Settings, listening: socket.socket) -> None:
    async with running(make_front(settings, listening)):
        assert await ask_health(listening) == "ok"


async def test_a_front_that_dies_is_started_again_and_no_client_is_refused(
    settings: Settings, listening: socket.socket
) -> None:
    with capture_logs() as logs:
        async with running(make_front(settings, listening)):
            await ask_health(listening)
            (pid,) = front_ids()
            os.kill(pid, signal.SIGKILL)
            assert await ask_health(listening) == "ok"
            assert front_ids() not in ([], [pid])
    assert [(log["event"], log["exit_code"]) for log in logs if log["log_level"] == "error"] == [
        ("the web server's process has ended and is started again", -signal.SIGKILL)
    ]


async def test_a_front_that_hangs_is_killed_at_the_end(settings: Settings, listening: socket.socket) -> None:
    with capture_logs() as logs:
        async with running(make_front(settings, listening)):
            await ask_health(listening)
            (pid,) = front_ids()
            os.kill(pid, signal.SIGSTOP)
    assert [log["pid"] for log in logs if log["log_level"] == "error"] == [pid]
    assert front_ids() == []


async def test_told_to_stop_at_once_it_leaves_nothing_running(settings: Settings, listening: socket.socket) -> None:
    async with running(make_front(settings, listening)):
        pass
    assert front_ids() == []


async def test_a_service_that_is_cancelled_leaves_nothing_running(settings: Settings, listening: socket.socket) -> None:
    task = asyncio.create_task(make_front(settings, listening).run())
    await ask_health(listening)
    task.cancel()
    await asyncio.wait([task])
    assert front_ids() == []


async def test_an_engine_that_does_not_answer_is_told_as_such() -> None:
    ours, theirs = socket.socketpair()
    with closing(await Channel.open(ours)) as front, closing(await Channel.open(theirs)) as engine:
        link = EngineLink(front, patience=0.05)

        with pytest.raises(Unavailable, match="the engine does not answer"):
            await link.health()

        asked = await engine.receive()
        assert isinstance(asked, Asked)
        link.hear(Told(asked.number, HEALTHY))  # too late, which harms nobody


async def test_a_channel_whose_other_end_is_gone_says_nothing_more() -> None:
    ours, theirs = socket.socketpair()
    with closing(await Channel.open(ours)) as channel:
        theirs.close()
        assert await channel.receive() is None
