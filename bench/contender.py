"""A client process: makes round trips of one kind, and tells what they have used, how big it got, or how exact they were."""

import asyncio
import importlib
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import uvloop

from accuracy_samples import Samples
from children import answer, receive_task
from figures import Usage, peak_rss, rss
from mailtrip.bootstrap.loop import calm_garbage_collector
from scenery import Site

_CLASSES = {
    "curl": ("trips_curl", "CurlTrips"),
    "curl-transcript": ("trips_curl", "TranscriptCurlTrips"),
    "stdlib": ("trips_stdlib", "StdlibTrips"),
    "whole": ("trips_whole", "WholeTrips"),
    "bare": ("trips_bare", "BareTrips"),
}
_THREADED = {"curl", "curl-transcript", "stdlib"}

Make = Callable[[int], None]
MakeAsync = Callable[[int], Awaitable[object]]


def _trips_of(task: dict[str, Any]) -> Any:
    """Makes the trips; only what it needs is imported, so that each contender has its own memory to answer for."""
    module, name = _CLASSES[task["kind"]]
    trips = getattr(importlib.import_module(module), name)(Site.of_task(task))
    calm_garbage_collector()
    return trips


def _measure_threads(task: dict[str, Any]) -> dict[str, float]:
    trips = _trips_of(task)
    if task["measure"] == "memory":
        trips.make(0)
        base = rss()
        _paced_threads(trips.make, task["count"], task["pace"])
        return {"base": base, "peak": peak_rss()}
    with ThreadPoolExecutor(task["concurrency"]) as pool:
        _in_threads(pool, trips.make, task["concurrency"], task["warm_up"])
        start = Usage.now()
        _in_threads(pool, trips.make, task["concurrency"], task["count"])
        return {"cpu": Usage.now().since(start).cpu / task["count"]}


def _in_threads(pool: ThreadPoolExecutor, make: Make, users: int, count: int) -> None:
    """Make `count` trips, one at a time for each user."""
    numbers = iter(range(count))
    together = threading.Barrier(users)

    def work(user: int) -> None:
        together.wait()
        for _ in numbers:
            make(user)

    for done in [pool.submit(work, user) for user in range(users)]:
        done.result()


def _paced_threads(make: Make, count: int, pace: float) -> None:
    """Make `count` trips that start at an even pace, a second, however long each takes."""
    begin = time.monotonic()
    with ThreadPoolExecutor(count) as pool:
        under_way = []
        for number in range(count):
            time.sleep(max(0.0, begin + number / pace - time.monotonic()))
            under_way.append(pool.submit(make, number))
        for done in under_way:
            done.result()


async def _measure_tasks(task: dict[str, Any]) -> dict[str, float]:
    trips = _trips_of(task)
    measure = {"cpu": _measure_cpu, "memory": _measure_memory, "accuracy": _measure_accuracy}[task["measure"]]
    told = await measure(trips, task)
    trips.close()
    return told


async def _measure_cpu(trips: Any, task: dict[str, Any]) -> dict[str, float]:
    await _in_tasks(trips.make, task["concurrency"], task["warm_up"])
    start = Usage.now()
    await _in_tasks(trips.make, task["concurrency"], task["count"])
    return {"cpu": Usage.now().since(start).cpu / task["count"]}


async def _measure_memory(trips: Any, task: dict[str, Any]) -> dict[str, float]:
    await trips.make(0)
    base = rss()
    await _paced_tasks(trips.make, task["count"], task["pace"])
    return {"base": base, "peak": peak_rss()}


async def _measure_accuracy(trips: Any, task: dict[str, Any]) -> dict[str, float]:
    await _in_tasks(trips.make, 1, task["warm_up"])
    samples = Samples(task["reply_delay"])

    async def make(user: int) -> None:
        with samples.in_flight():
            samples.add(*await trips.make_timed(user))

    start = Usage.now()
    await _paced_tasks(make, task["count"], task["pace"])
    used = Usage.now().since(start)
    return {**samples.report(), "cores": used.cpu / used.wall}


async def _in_tasks(make: MakeAsync, users: int, count: int) -> None:
    """Make `count` trips, one at a time for each user."""
    numbers = iter(range(count))

    async def work(user: int) -> None:
        for _ in numbers:
            await make(user)

    async with asyncio.TaskGroup() as group:
        for user in range(users):
            group.create_task(work(user))


async def _paced_tasks(make: MakeAsync, count: int, pace: float) -> None:
    """Make `count` trips that start at an even pace, a second, however long each takes."""
    begin = time.monotonic()

    async def work(number: int) -> None:
        await make(number)

    async with asyncio.TaskGroup() as group:
        for number in range(count):
            await asyncio.sleep(begin + number / pace - time.monotonic())
            group.create_task(work(number))


def main() -> None:
    task = receive_task()
    if task["kind"] in _THREADED:
        answer(_measure_threads(task))
        return
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if task["loop"] == "uvloop" else None) as runner:
        answer(runner.run(_measure_tasks(task)))


if __name__ == "__main__":
    sys.exit(main())
