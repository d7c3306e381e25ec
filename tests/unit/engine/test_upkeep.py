import asyncio

from mailtrip.engine.upkeep import Upkeep
from mailtrip.testing.clock import FakeClock
from mailtrip.testing.engine import FakeLedger


async def test_old_rows_go_hour_by_hour_in_small_pieces(ledger: FakeLedger, clock: FakeClock) -> None:
    ledger.expirable = 1200
    async with asyncio.TaskGroup() as group:
        task = group.create_task(Upkeep(ledger, clock=clock).run())
        await clock.advance(120.0)
        assert (ledger.expirable, ledger.calls.count("expire")) == (0, 4)
        ledger.expirable = 10
        await clock.advance(3400.0)
        assert ledger.expirable == 10
        await clock.advance(200.0)
        task.cancel()
    assert ledger.expirable == 0


async def test_messages_that_never_came_are_given_up_in_small_pieces(ledger: FakeLedger, clock: FakeClock) -> None:
    ledger.losable = 1200
    async with asyncio.TaskGroup() as group:
        task = group.create_task(Upkeep(ledger, clock=clock).run())
        await clock.advance(120.0)
        task.cancel()
    assert (ledger.losable, ledger.calls.count("lose")) == (0, 4)


async def test_runs_are_added_up_for_reports_in_small_pieces(ledger: FakeLedger, clock: FakeClock) -> None:
    ledger.addable = 1200
    async with asyncio.TaskGroup() as group:
        task = group.create_task(Upkeep(ledger, clock=clock).run())
        await clock.advance(120.0)
        task.cancel()
    assert (ledger.addable, ledger.calls.count("add_up")) == (0, 4)


async def test_a_database_that_is_away_puts_it_off_for_an_hour(ledger: FakeLedger, clock: FakeClock) -> None:
    ledger.expirable = 10
    ledger.is_away = True
    async with asyncio.TaskGroup() as group:
        task = group.create_task(Upkeep(ledger, clock=clock).run())
        await clock.advance(120.0)
        ledger.is_away = False
        await clock.advance(3600.0)
        task.cancel()
    assert ledger.expirable == 0
