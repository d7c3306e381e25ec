"""A process with the in-memory mail server of `mailtrip.testing`; asked through its standard input, ended by its end."""

import asyncio
import os
import selectors
import sys
import time
from collections.abc import Callable
from typing import Any

import uvloop

from children import answer, receive_task
from figures import Usage, percentile
from mailtrip.model import MailProtocol
from mailtrip.testing.certificates import Authority
from mailtrip.testing.faults import Delay, Fault
from mailtrip.testing.server import LoopbackServer
from mailtrip.testing.site import Features
from scenery import PASSWORD, address

_SAMPLING_SECONDS = 0.05
_SUBMISSION = ("smtp", "smtps")
_MAILBOXES = ("pop3", "pop3s", "imap", "imaps")


class _BusySelector(selectors.EpollSelector):
    """Never sleeps: a reply that is due in 50 ms goes out after 50 ms, not when the kernel next wakes the process."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:  # noqa: ARG002
        return super().select(0)


class _PunctualLoop(asyncio.SelectorEventLoop):
    """An event loop that burns its core to be on time, and knows how late it was all the same, in seconds.

    Args:
        delay: of the timers that count.
    """

    def __init__(self, delay: float) -> None:
        super().__init__(_BusySelector())
        self._delay = delay
        self.lateness: list[float] = []

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any, context: Any = None) -> Any:
        if delay != self._delay:
            return super().call_later(delay, callback, *args, context=context)
        due = time.monotonic() + delay

        def call() -> None:
            self.lateness.append(time.monotonic() - due)
            callback(*args)

        return super().call_later(delay, call, context=context)


class _Service:
    """The servers with what is asked of them: submission, and the mailboxes it delivers to.

    They are two because logins differ: AUTH PLAIN there, and here no SASL at all, so that everybody uses USER and PASS
    or LOGIN.
    """

    def __init__(self, task: dict[str, Any], authority: Authority) -> None:
        users = {address(number): PASSWORD for number in range(task["users"])}
        faults = [
            Fault(MailProtocol(protocol), moment, Delay(seconds), skip=skip)
            for protocol, moment, seconds, skip in task["holds"]
        ]
        certificate = authority.issue()
        self._submission, self._mailboxes = (
            LoopbackServer(
                users,
                certificate=certificate,
                faults=faults,
                features=Features(mechanisms=mechanisms, apop=False, pipelining=task["pipelining"]),
                reply_delay=task["reply_delay"],
                only=names,
                keep_sessions=8,
            )
            for names, mechanisms in ((_SUBMISSION, ("PLAIN",)), (_MAILBOXES, ()))
        )
        self._mailboxes.store = self._submission.store
        self._most_connections = 0
        self._started = Usage.now()

    async def start(self) -> dict[str, int]:
        """Their ports by name."""
        await self._submission.start()
        await self._mailboxes.start()
        return {name: self._submission.port(name) for name in _SUBMISSION} | {
            name: self._mailboxes.port(name) for name in _MAILBOXES
        }

    async def stop(self) -> None:
        await self._submission.stop()
        await self._mailboxes.stop()

    async def sample(self) -> None:
        """Note how many connections are open at once; until cancelled."""
        while True:
            connections = len(self._submission.site.connections) + len(self._mailboxes.site.connections)
            self._most_connections = max(self._most_connections, connections)
            await asyncio.sleep(_SAMPLING_SECONDS)

    def report(self) -> dict[str, float]:
        used = Usage.now().since(self._started)
        report = {"cpu": used.cpu, "wall": used.wall, "most_connections": self._most_connections}
        loop = asyncio.get_running_loop()
        if isinstance(loop, _PunctualLoop) and loop.lateness:
            report |= {f"late_{share}": percentile(loop.lateness, share) for share in (0.5, 0.99, 1.0)}
        return report

    def dialogues(self) -> list[str]:
        """What clients have said in the latest sessions."""
        sessions = [*self._submission.sessions, *self._mailboxes.sessions]
        return [f"{session.port_name}: {' '.join(session.commands)}" for session in sessions]


async def _serve(task: dict[str, Any]) -> None:
    loop = asyncio.get_running_loop()
    authority = Authority()
    service = _Service(task, authority)
    answer({"ports": await service.start(), "ca": authority.ca_pem})
    ended = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), _read_question, service, ended)
    async with asyncio.TaskGroup() as group:
        sampler = group.create_task(service.sample())
        await ended.wait()
        sampler.cancel()
    loop.remove_reader(sys.stdin.fileno())
    await service.stop()


def _read_question(service: _Service, ended: asyncio.Event) -> None:
    asked = os.read(sys.stdin.fileno(), 4096)
    if not asked:
        ended.set()
    elif b"dialogues" in asked:
        answer(service.dialogues())
    else:
        answer(service.report())


def main() -> None:
    task = receive_task()
    is_punctual, delay = task["is_punctual"], task["reply_delay"]
    with asyncio.Runner(
        loop_factory=lambda: _PunctualLoop(delay) if is_punctual else uvloop.new_event_loop()
    ) as runner:
        runner.run(_serve(task))


if __name__ == "__main__":
    main()
