"""Acceptances and excuses reach the ledger soon, and wait while it is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from mailtrip.engine.notes import Notes
from mailtrip.engine.ports import Acceptance
from mailtrip.model import Run, RunState
from mailtrip.testing.clock import FakeClock
from mailtrip.testing.engine import FakeLedger, make_result


def end(ledger: FakeLedger, run: Run, clock: FakeClock) -> None:
    ledger.runs[run.id] = replace(run, state=RunState.FINISHED, result=make_result(clock.now()))


@asynccontextmanager
async def running_notes(ledger: FakeLedger, clock: FakeClock) -> AsyncIterator[Notes]:
    notes = Notes(ledger, clock=clock)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(notes.run())
        yield notes
        task.cancel()


async def test_acceptances_are_written_soon_and_together(ledger: FakeLedger, clock: FakeClock) -> None:
    made = [Acceptance(run_id=number, at=clock.now(), reply="250 ok") for number in range(3)]
    async with running_notes(ledger, clock) as notes:
        for acceptance in made:
            notes.accept(acceptance)
        await clock.advance(0.05)
    assert ledger.accepted == dict(enumerate(made))
    assert ledger.calls == ["note_accepted"]


async def test_notes_wait_while_the_database_is_away(ledger: FakeLedger, clock: FakeClock) -> None:
    run = ledger.order_test(100001, now=clock.now())
    end(ledger, run, clock)
    ledger.is_away = True
    async with running_notes(ledger, clock) as notes:
        notes.accept(Acceptance(run_id=run.id, at=clock.now(), reply="250 ok"))
        notes.excuse([run.id])
        await clock.advance(5.0)
        ledger.is_away = False
        await clock.advance(1.5)
    assert (list(ledger.accepted), ledger.excused) == ([run.id], [run.id])


async def test_a_run_is_excused_after_its_result_was_written(ledger: FakeLedger, clock: FakeClock) -> None:
    run = ledger.order_test(100001, now=clock.now())
    assert run.state is RunState.RUNNING
    async with running_notes(ledger, clock) as notes:
        notes.excuse([run.id])
        await clock.advance(1.5)
        assert ledger.excused == []
        end(ledger, run, clock)
        await clock.advance(1.5)
    assert ledger.excused == [run.id]
