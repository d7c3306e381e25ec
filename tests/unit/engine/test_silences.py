"""Who listens to the locations begins anew after whatever it could not hear, and is not ended by trouble."""

import asyncio
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from mailtrip.engine.silences import SilenceWatch, overdue_runs
from mailtrip.errors import Unavailable
from mailtrip.model import Blackout, BlackoutType, OneTimeWindow
from mailtrip.schedule.modes import Pool
from mailtrip.service.schedules import ScheduledMonitor
from mailtrip.service.silences import Heard
from mailtrip.testing.clock import FakeClock

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def monitor(*, blackouts: tuple[Blackout, ...] = ()) -> ScheduledMonitor:
    return ScheduledMonitor(
        id=100001,
        account_id=1,
        interval=MINUTE,
        timeout=MINUTE / 2,
        pool=Pool(location_ids=(10,), home_id=10),
        local_retry=False,
        modified_at=NOW,
        revision=1,
        blackouts=blackouts,
    )


class Desk:
    """A plan with one monitor, of whose location nothing is ever heard.

    Attributes:
        trouble: raised by the next look; it is over then.
        settled: since when the location was found to be silent, each time that it was.
    """

    def __init__(self) -> None:
        self.trouble: Exception | None = None
        self.settled: list[datetime | None] = []

    async def listen(self, mark: int) -> Heard:
        trouble, self.trouble = self.trouble, None
        if trouble is not None:
            raise trouble
        since = self.settled[-1] if self.settled else None
        silent = {} if since is None else {10: since}
        return Heard(changed=[] if mark else [monitor()], gone=[], mark=1, reports={}, silent=silent, told=())

    async def last_skip(self, _location_id: int, *, after: datetime) -> datetime | None:
        return None

    async def settle(self, location_id: int, *, since: datetime | None, monitors: Mapping[int, Collection[int]]) -> int:
        assert (location_id, monitors) == (10, {1: [100001]})
        self.settled.append(since)
        return 0


@pytest.mark.parametrize("trouble", [None, Unavailable("away"), RuntimeError("ours")], ids=["none", "away", "ours"])
async def test_it_listens_anew_after_trouble(trouble: Exception | None) -> None:
    clock, desk = FakeClock(NOW), Desk()
    task = asyncio.create_task(SilenceWatch(desk, clock=clock).run())
    await clock.advance(9 * 60)
    desk.trouble = trouble
    await clock.advance(6 * 60)
    task.cancel()

    assert bool(desk.settled) is (trouble is None)
    assert set(desk.settled) <= {NOW + MINUTE}


def test_runs_are_overdue_when_they_have_had_all_their_time() -> None:
    plan = [(monitor(), NOW)]

    assert overdue_runs(plan, 10, after=NOW, now=NOW + 2 * MINUTE) == 0
    assert overdue_runs(plan, 10, after=NOW, now=NOW + 6 * MINUTE) == 3
    assert overdue_runs(plan, 10, after=NOW + 5 * MINUTE, now=NOW + 6 * MINUTE) == 0
    assert overdue_runs([(monitor(), NOW + 5 * MINUTE)], 10, after=NOW, now=NOW + 6 * MINUTE) == 0
    assert overdue_runs(plan, 20, after=NOW, now=NOW + 60 * MINUTE) == 0


def test_runs_in_a_blackout_are_not_due() -> None:
    window = OneTimeWindow(start=NOW, end=NOW + 30 * MINUTE)
    blackout = Blackout(
        id=1,
        account_id=1,
        type=BlackoutType.MONITOR,
        subject_id=100001,
        window=window,
        note=None,
        created_by=None,
        created_at=NOW,
    )
    plan = [(monitor(blackouts=(blackout,)), NOW)]

    assert overdue_runs(plan, 10, after=NOW, now=NOW + 30 * MINUTE) == 0
    assert overdue_runs(plan, 10, after=NOW, now=NOW + 40 * MINUTE) == 3
