"""The front as the engine's process sees it: started, served with what it asks for, started again when it dies, stopped."""

import asyncio
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable
from contextlib import suppress
from typing import Final, assert_never

import structlog

from mailtrip.bootstrap.channel import (
    Answer,
    Asked,
    Begin,
    Channel,
    Message,
    Question,
    Ready,
    ReloadTLS,
    RunOrdered,
    Stop,
    Told,
    TrialEnded,
    TrialOrdered,
)
from mailtrip.clock import Clock
from mailtrip.config import Settings
from mailtrip.service.endings import Conclusion
from mailtrip.service.health import Health
from mailtrip.service.jobs import RunJob
from mailtrip.service.live_runs import LiveSteps
from mailtrip.service.ports import RunQueue

__all__ = ["FrontProcess"]

_log = structlog.get_logger(__name__)

_FIRST_PAUSE_SECONDS: Final = 1.0
_LONGEST_PAUSE_SECONDS: Final = 60.0
_END_SECONDS: Final = 10.0


class FrontProcess:
    """Runs the front until told to stop.

    While it is started again, clients wait: the socket stays open.

    Args:
        settings: in force; the front gets them over its channel, as they hold secrets.
        listening: where requests come in.
        queue: takes the test runs that are ordered.
        try_out: makes a run that is not recorded, and tells its second argument how it ended.
        health: how the engine is; never blocks.
        steps_of: the steps so far of a test that is under way; None of another run.
        end_seconds: how long it may take to end; requests under way have 5 of them.
    """

    def __init__(
        self,
        settings: Settings,
        listening: socket.socket,
        *,
        queue: RunQueue,
        try_out: Callable[[RunJob, Callable[[Conclusion], None]], None],
        health: Callable[[], Health],
        steps_of: Callable[[int], LiveSteps],
        clock: Clock,
        end_seconds: float = _END_SECONDS,
    ) -> None:
        self._settings = settings
        self._listening = listening
        self._queue = queue
        self._try_out = try_out
        self._health = health
        self._steps_of = steps_of
        self._clock = clock
        self._end_seconds = end_seconds
        self._channel: Channel | None = None
        self._patience = asyncio.timeout(None)
        self._ready = asyncio.Event()
        self._stopping = asyncio.Event()

    async def wait_ready(self) -> None:
        """Wait until it takes requests. Those that come before wait as well, and are not refused."""
        await self._ready.wait()

    def reload_tls(self) -> None:
        """Have certificate and key read anew."""
        if self._channel is not None:
            self._channel.send(ReloadTLS())

    def stop(self) -> None:
        """Have `run` end, after the requests under way."""
        self._stopping.set()
        if self._channel is not None:
            self._channel.send(Stop())
            self._lose_patience()

    async def run(self) -> None:
        """Work until `stop` is called. Being cancelled kills the front."""
        pause = _FIRST_PAUSE_SECONDS
        while not self._stopping.is_set():
            began = self._clock.monotonic()
            code = await self._run_once()
            if self._stopping.is_set():
                return
            if self._clock.monotonic() - began > _LONGEST_PAUSE_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            _log.error("the web server's process has ended and is started again", exit_code=code, in_seconds=pause)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def _run_once(self) -> int:
        """Start the front and serve it until it ends: its exit code."""
        process, self._channel = await self._start()
        try:
            async with asyncio.timeout(None) as self._patience:
                self._channel.send(Begin(self._settings))
                if self._stopping.is_set():
                    self.stop()
                while (message := await self._channel.receive()) is not None:
                    self._answer(self._channel, message)
                self._lose_patience()
                return await process.wait()
        except TimeoutError:
            _log.error("the web server's process does not end and is killed", pid=process.pid)
            process.kill()
            return await process.wait()
        finally:
            self._channel.close()
            self._channel = None
            if process.returncode is None:
                process.kill()
                await process.wait()

    def _lose_patience(self) -> None:
        self._patience.reschedule(asyncio.get_running_loop().time() + self._end_seconds)

    async def _start(self) -> tuple[Process, Channel]:
        ours, theirs = socket.socketpair()
        numbers = (self._listening.fileno(), theirs.fileno())
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",  # what lies in the current directory is none of its modules
                "-m",
                "mailtrip.bootstrap.front",
                *map(str, numbers),
                pass_fds=numbers,
                stdin=DEVNULL,
                start_new_session=True,  # Ctrl-C on the terminal is for us, who tell it
            )
        return process, await Channel.open(ours)

    def _answer(self, channel: Channel, message: Message) -> None:
        match message:
            case Ready():
                self._ready.set()
            case RunOrdered(run):
                self._queue.put(run)
            case TrialOrdered(job):
                self._try_out(job, lambda conclusion: channel.send(TrialEnded(conclusion)))
            case Asked(number, question, run_id):
                channel.send(Told(number, self._know(question, run_id)))
            case Begin() | ReloadTLS() | Stop() | Told() | TrialEnded():
                raise TypeError("the front said what only the engine's process says")
            case other:
                assert_never(other)

    def _know(self, question: Question, run_id: int) -> Answer:
        match question:
            case Question.HEALTH:
                return self._health()
            case Question.STEPS:
                return self._steps_of(run_id)
            case other:
                assert_never(other)
