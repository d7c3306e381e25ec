"""An engine over a ledger in memory, a probe that the test steers, and a clock that stands still."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta

import pytest

from mailtrip.engine.limits import EngineLimits
from mailtrip.engine.local import LocalEngine
from mailtrip.engine.ports import RunJob
from mailtrip.model import Result
from mailtrip.testing.clock import FakeClock
from mailtrip.testing.ledger import FakeLedger, make_result


class FakeProbe:
    """Takes `seconds` for a run, and notes when each began; `raises` makes it fail on our side."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.seconds: float = 1.0
        self.raises: Exception | None = None
        self.begun: list[RunJob] = []
        self.lateness: list[timedelta] = []
        self.under_way = 0
        self.most_under_way = 0

    async def __call__(self, job: RunJob) -> Result:
        started_at = self._clock.now()
        self.begun.append(job)
        self.lateness.append(started_at - job.run.slot)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await self._clock.sleep(self.seconds)
        finally:
            self.under_way -= 1
        if self.raises:
            raise self.raises
        return make_result(started_at, duration=timedelta(seconds=self.seconds))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def ledger() -> FakeLedger:
    return FakeLedger()


@pytest.fixture
def probe(clock: FakeClock) -> FakeProbe:
    return FakeProbe(clock)


MakeEngine = Callable[..., AbstractAsyncContextManager[LocalEngine]]


@pytest.fixture
def running(ledger: FakeLedger, probe: FakeProbe, clock: FakeClock) -> MakeEngine:
    """Run an engine while the block runs; cancelled at the end, unless it was stopped."""

    @asynccontextmanager
    async def run(limits: EngineLimits | None = None) -> AsyncIterator[LocalEngine]:
        engine = LocalEngine(ledger=ledger, probe=probe, clock=clock, limits=limits)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(engine.run())
            await clock.advance(0)
            yield engine
            task.cancel()

    return run
