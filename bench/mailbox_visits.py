"""A client process that visits one mailbox again and again: whole runs, or sessions that only list it over POP3."""

import asyncio
import poplib
import ssl
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import uvloop

from children import answer, receive_task
from figures import Usage, peak_rss
from mailtrip.bootstrap.loop import calm_garbage_collector
from mailtrip.clock import SystemClock
from mailtrip.engine.lag import LagMeter
from mailtrip.model import Direction, MailProtocol, Result, Step
from real_trips import RealSite, RealTrips

_METER_EVERY = timedelta(milliseconds=1)
_SESSION_SECONDS = 60.0


async def _measure_runs(task: dict[str, Any]) -> dict[str, Any]:
    """Runs for CPU and memory, then as many again with a meter of the event loop's stalls beside them."""
    trips = RealTrips(RealSite.of_task(task), MailProtocol(task["protocol"]))
    await trips.make(task["warm_up_address"])
    first, *others = [await _measure_run(trips, task["address"]) for _ in range(1 + task["runs"])]
    peak = peak_rss()
    stalls = [await _measure_stall(trips, task["address"]) for _ in range(task["runs"])]
    trips.close()
    return {"peak": peak, "first": first, "runs": others, "stalls": stalls}


async def _measure_run(trips: RealTrips, address: str) -> dict[str, float]:
    start = Usage.now()
    result = (await trips.make(address)).result
    used = Usage.now().since(start)
    looked = result.duration_of(Step.LOOK)
    assert looked is not None
    return {"cpu": used.cpu, "look": looked.total_seconds(), "listings": _listings(result)}


def _listings(result: Result) -> int:
    """How often the run has asked for the list of all messages."""
    lines = [line for session in result.sessions for line in session.transcript]
    return sum(line.direction is Direction.SENT and line.text == "UIDL" for line in lines)


async def _measure_stall(trips: RealTrips, address: str) -> float:
    """The longest time in one run that the event loop got to nothing else."""
    meter = LagMeter(SystemClock(), every=_METER_EVERY)
    metering = asyncio.create_task(meter.run())
    await asyncio.sleep(0.01)
    began = trips.clock.monotonic()
    await trips.make(address)
    stall = meter.since(began).total_seconds()
    metering.cancel()
    return stall


async def _measure_sessions(task: dict[str, Any]) -> dict[str, Any]:
    """Log in, list, log out; with Mailtrip's POP3 mailbox, as each run begins."""
    site = RealSite.of_task(task)
    trips = RealTrips(site, MailProtocol.POP3)
    server = site.server(MailProtocol.POP3, "pop3s")
    login = site.credentials(task["address"])

    async def visit() -> None:
        now = trips.clock.monotonic()
        mailbox = trips.client.mailbox(server, login, deadline=now + _SESSION_SECONDS, observe=_ignore, started_at=now)
        failure = await mailbox.open()
        if failure is not None:
            raise RuntimeError(failure.reason)

    await visit()
    start = Usage.now()
    for _ in range(task["runs"]):
        await visit()
    used = Usage.now().since(start)
    trips.close()
    return {"cpu": used.cpu / task["runs"]}


def _ignore(step: Step, began: float, ended: float | None) -> None:
    """Nobody watches."""


def _measure_poplib(task: dict[str, Any]) -> dict[str, Any]:
    """The same with the standard library."""
    site = RealSite.of_task(task)
    context = ssl.create_default_context(cadata=site.ca)

    def visit() -> dict[bytes, int]:
        pop3 = poplib.POP3_SSL(site.host, site.ports["pop3s"], timeout=_SESSION_SECONDS, context=context)
        pop3.user(task["address"])
        pop3.pass_(site.password)
        listed = [line.split() for line in pop3.uidl()[1]]
        pop3.quit()
        return {uid: int(number) for number, uid in listed}

    visit()
    start = Usage.now()
    for _ in range(task["runs"]):
        visit()
    return {"cpu": Usage.now().since(start).cpu / task["runs"]}


def main() -> None:
    task = receive_task()
    calm_garbage_collector()
    if task["kind"] == "poplib":
        answer(_measure_poplib(task))
        return
    measure: Callable[[dict[str, Any]], Any] = {"runs": _measure_runs, "sessions": _measure_sessions}[task["kind"]]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        answer(runner.run(measure(task)))


if __name__ == "__main__":
    main()
