"""The heartbeat is heard while all works, and only then."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from mailtrip.engine.heartbeat import Heartbeat, reason_to_be_silent
from mailtrip.engine.local import EngineHealth
from mailtrip.testing.clock import FakeClock

SECOND = timedelta(seconds=1)
WELL = EngineHealth(
    is_running=True,
    monitors=1,
    running=0,
    waiting=0,
    finished=0,
    unfinished=0,
    pending_results=0,
    dropped_results=0,
    stripped_results=0,
    pending_gaps=0,
    database_away_since=None,
    lag=timedelta(0),
    lateness=timedelta(0),
    planner_idle=SECOND,
    is_network_lost=False,
)


@pytest.mark.parametrize(
    ("engine", "outbox_idle", "reason"),
    [
        (WELL, SECOND, None),
        (WELL, 60 * SECOND, None),
        (WELL, 61 * SECOND, "alerts are not sent"),
        (WELL, None, "alerts are not sent"),
        (replace(WELL, is_running=False), SECOND, "no runs are started"),
        (replace(WELL, planner_idle=None), SECOND, "the scheduler stands still"),
        (replace(WELL, planner_idle=61 * SECOND), SECOND, "the scheduler stands still"),
        (replace(WELL, database_away_since=datetime(2026, 1, 1, tzinfo=UTC)), SECOND, "results can't be written"),
        (replace(WELL, lateness=61 * SECOND), SECOND, "runs start 61 s late"),
        (replace(WELL, is_network_lost=True), SECOND, "the network is lost"),
    ],
)
def test_whatever_stands_still_silences_it(
    engine: EngineHealth, outbox_idle: timedelta | None, reason: str | None
) -> None:
    assert reason_to_be_silent(engine, outbox_idle=outbox_idle) == reason


class Patient:
    """Something whose heart beats, or does not."""

    def __init__(self, reason: str | None = None) -> None:
        self.reason = reason
        self.answer: str | None = None
        self.beats = 0

    def find_reason(self) -> str | None:
        return self.reason

    async def call(self) -> str | None:
        self.beats += 1
        return self.answer


@asynccontextmanager
async def alive(patient: Patient, clock: FakeClock) -> AsyncIterator[None]:
    task = asyncio.create_task(Heartbeat(patient.find_reason, patient.call, clock=clock).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_it_beats_each_minute_from_when_all_works(clock: FakeClock) -> None:
    patient = Patient("no runs are started")
    with capture_logs() as logs:
        async with alive(patient, clock):
            await clock.advance(10.0)
            assert patient.beats == 0
            patient.reason = None
            await clock.advance(1.0)
            assert patient.beats == 1
            await clock.advance(120.0)

    assert (patient.beats, logs) == (3, [])


async def test_it_is_silent_while_something_stands_still_and_says_why_once(clock: FakeClock) -> None:
    patient = Patient()
    with capture_logs() as logs:
        async with alive(patient, clock):
            await clock.advance(0.0)
            patient.reason = "the network is lost"
            await clock.advance(600.0)
            assert patient.beats == 1
            patient.reason = None
            await clock.advance(1.0)

    assert patient.beats == 2
    assert [(entry["event"], entry.get("reason")) for entry in logs] == [
        ("heartbeat held back", "the network is lost"),
        ("heartbeat goes on", None),
    ]


async def test_an_address_that_does_not_answer_is_asked_again_each_minute_and_told_of_once(clock: FakeClock) -> None:
    patient = Patient()
    patient.answer = "ConnectError"
    with capture_logs() as logs:
        async with alive(patient, clock):
            await clock.advance(180.0)

    assert patient.beats == 4
    assert [(entry["event"], entry["reason"]) for entry in logs] == [("heartbeat not heard", "ConnectError")]
