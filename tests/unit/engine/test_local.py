from datetime import timedelta

from mailtrip.model import RunState


async def test_each_slot_of_a_monitor_is_run_once_at_its_time(ledger, probe, clock, running):
    ledger.put(100001)
    async with running():
        await clock.advance(600.0)
    assert [run.state for run in ledger.of(100001)] == [RunState.FINISHED] * 10
    assert probe.lateness == [timedelta(0)] * 10
