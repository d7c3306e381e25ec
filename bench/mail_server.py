"""A process with the benchmark's mail server; asked through its standard input, ended by its end."""

import asyncio
import gc
import os
import selectors
import sys
import time
from collections.abc import Callable
from typing import Any

import uvloop

from children import answer, receive_task
from figures import Usage, percentile
from mailtrip.testing.certificates import Authority
from stub import Mail, Stub


class _BusySelector(selectors.EpollSelector):
    """Never sleeps: a reply that is due in 50 ms goes out after 50 ms, not when the kernel next wakes the process."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:  # noqa: ARG002
        return super().select(0)


class _PunctualLoop(asyncio.SelectorEventLoop):
    """An event loop that burns its core to be on time, and knows how late it was all the same, in seconds."""

    def __init__(self) -> None:
        super().__init__(_BusySelector())
        self.lateness: list[float] = []

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any, context: Any = None) -> Any:
        due = time.monotonic() + delay

        def call() -> None:
            self.lateness.append(time.monotonic() - due)
            callback(*args)

        return super().call_later(delay, call, context=context)


class _Service:
    """The server with what is asked of it."""

    def __init__(self, task: dict[str, Any], authority: Authority) -> None:
        holds = {moment: (seconds, skip) for moment, seconds, skip in task["holds"]}
        self._mail = Mail(reply_delay=task["reply_delay"], holds=holds)
        self.stub = Stub(self._mail, authority.issue().server_context())
        self._started = Usage.now()

    def report(self) -> dict[str, float]:
        used = Usage.now().since(self._started)
        report = {"cpu": used.cpu, "wall": used.wall, "most_connections": self._mail.most_connections}
        loop = asyncio.get_running_loop()
        if isinstance(loop, _PunctualLoop) and loop.lateness:
            report |= {f"late_{share}": percentile(loop.lateness, share) for share in (0.5, 0.99, 1.0)}
        return report


async def _serve(task: dict[str, Any]) -> None:
    loop = asyncio.get_running_loop()
    authority = Authority()
    service = _Service(task, authority)
    ended = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), _read_question, service, ended)
    answer({"ports": await service.stub.start(), "ca": authority.ca_pem})
    await ended.wait()
    loop.remove_reader(sys.stdin.fileno())
    service.stub.stop()


def _read_question(service: _Service, ended: asyncio.Event) -> None:
    if os.read(sys.stdin.fileno(), 4096):
        answer(service.report())
    else:
        ended.set()


def main() -> None:
    task = receive_task()
    gc.disable()  # its pauses would be the client's errors
    factory = _PunctualLoop if task["is_punctual"] else uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(_serve(task))


if __name__ == "__main__":
    main()
