"""A client process: makes round trips of one kind, and tells what they have used, how exact they were, or how big it got."""

import asyncio
import importlib
import sys
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import uvloop

from accuracy_samples import Samples
from children import answer, receive_task
from figures import Usage, peak_rss, rss
from scenery import Site

_CLASSES = {
    "curl": ("trips_curl", "CurlTrips"),
    "curl-transcript": ("trips_curl", "TranscriptCurlTrips"),
    "stdlib": ("trips_stdlib", "StdlibTrips"),
    "whole": ("trips_whole", "WholeTrips"),
    "bare": ("trips_bare", "BareTrips"),
}
_THREADED = {"curl", "curl-transcript", "stdlib"}


def _trips_of(task: dict[str, Any]) -> Any:
    """Makes the trips; only what it needs is imported, so that each contender has its own memory to answer for."""
    module, name = _CLASSES[task["kind"]]
    return getattr(importlib.import_module(module), name)(Site.of_task(task))


def _measure_threads(task: dict[str, Any]) -> dict[str, float]:
    trips = _trips_of(task)
    users = task["concurrency"]
    with ThreadPoolExecutor(min(users, task["warm_up"])) as pool:
        _in_threads(pool, trips.make, min(users, task["warm_up"]), task["warm_up"])
    with ThreadPoolExecutor(users) as pool:
        base = rss()
        start = Usage.now()
        _in_threads(pool, trips.make, users, task["count"])
        return _told(task, start, base)


def _in_threads(pool: ThreadPoolExecutor, make: Callable[[int], None], users: int, count: int) -> None:
    """Make `count` trips, one at a time for each user."""
    numbers = iter(range(count))
    together = threading.Barrier(users)

    def work(user: int) -> None:
        together.wait()
        for _ in numbers:
            make(user)

    for done in [pool.submit(work, user) for user in range(users)]:
        done.result()


async def _measure_tasks(task: dict[str, Any]) -> dict[str, float]:
    trips = _trips_of(task)
    await _in_tasks(trips.make, min(task["concurrency"], task["warm_up"]), task["warm_up"])
    base = rss()
    start = Usage.now()
    await _in_tasks(trips.make, task["concurrency"], task["count"])
    told = _told(task, start, base)
    trips.close()
    return told


async def _in_tasks(make: Callable[[int], Awaitable[object]], users: int, count: int) -> None:
    """Make `count` trips, one at a time for each user."""
    numbers = iter(range(count))

    async def work(user: int) -> None:
        for _ in numbers:
            await make(user)

    async with asyncio.TaskGroup() as group:
        for user in range(users):
            group.create_task(work(user))


def _told(task: dict[str, Any], start: Usage, base: float) -> dict[str, float]:
    used = Usage.now().since(start)
    return {"cpu": used.cpu / task["count"], "wall": used.wall, "base": base, "rss": rss(), "peak": peak_rss()}


async def _measure_accuracy(task: dict[str, Any]) -> dict[str, Any]:
    """Trips that start one after the other at an even pace, however long each takes."""
    trips = _trips_of(task)
    await _in_tasks(trips.make, 1, task["warm_up"])
    samples = Samples(task["reply_delay"])
    loop = asyncio.get_running_loop()
    begin = loop.time()
    start = Usage.now()

    async def one(user: int) -> None:
        with samples.in_flight():
            samples.add(await trips.make(user))

    async with asyncio.TaskGroup() as group:
        for number in range(task["count"]):
            await asyncio.sleep(begin + number / task["pace"] - loop.time())
            group.create_task(one(number))
    used = Usage.now().since(start)
    trips.close()
    return {**samples.report(), "cores": used.cpu / used.wall}


def _runner(task: dict[str, Any]) -> asyncio.Runner:
    return asyncio.Runner(loop_factory=uvloop.new_event_loop if task["loop"] == "uvloop" else None)


def main() -> None:
    task = receive_task()
    if task["kind"] in _THREADED:
        answer(_measure_threads(task))
        return
    with _runner(task) as runner:
        answer(runner.run(_measure_accuracy(task) if task["measure"] == "accuracy" else _measure_tasks(task)))


if __name__ == "__main__":
    sys.exit(main())
