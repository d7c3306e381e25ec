"""Records slots that went by without a run: in the background, bounded, never in the way of the runs to come."""

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from mailtrip.clock import Clock
from mailtrip.engine.alarm import Alarm
from mailtrip.engine.limits import EngineLimits
from mailtrip.engine.plan import BLACKED_OUT, Gap
from mailtrip.engine.ports import Ledger, PlannedRun
from mailtrip.errors import Unavailable
from mailtrip.model import RunKind, RunState
from mailtrip.schedule.blackouts import blackout_at

__all__ = ["GapRecorder", "Missed", "missed_slots"]

_log = structlog.get_logger(__name__)

_BATCH = 500
_PAUSE_SECONDS = 0.02
"""Between two transactions, so that claims and results come in between."""
_RETRY_SECONDS = 5.0
_MOST_GAPS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """Slots that are recorded in one state, with one note."""

    planned: tuple[PlannedRun, ...]
    state: RunState
    note: str


def missed_slots(gap: Gap, *, location_id: int, rows: int) -> tuple[Missed, ...]:
    """What to record of a gap: a row for each slot, or, where that is more than `rows`, for its newest ones.

    The oldest then share one more row, at the first slot that was missed, whose note says how many they are. Slots in
    blackouts are told from the others where they have rows of their own.
    """
    cadence = gap.monitor.cadence_at(location_id)
    if cadence is None:
        return ()
    first = cadence.rank(gap.after)
    number = cadence.rank(gap.until) - first

    def planned(start: int, end: int) -> list[PlannedRun]:
        return [_planned(gap, cadence.at(first + index), location_id) for index in range(start, end)]

    surplus = number - rows
    if surplus <= 1:
        return _sort_out(planned(0, number), gap.note)
    summary = f"{gap.note}; this row stands for {surplus} slots, this one and those after it"
    shared = replace(planned(0, 1)[0], blackout_id=None)
    return (
        Missed(planned=(shared,), state=RunState.NOT_MEASURED, note=summary),
        *_sort_out(planned(surplus, number), gap.note),
    )


def _sort_out(planned: Sequence[PlannedRun], note: str) -> tuple[Missed, ...]:
    """Slots outside of blackouts and slots inside; what is empty is left out."""
    outside = tuple(run for run in planned if run.blackout_id is None)
    inside = tuple(run for run in planned if run.blackout_id is not None)
    found = (
        Missed(planned=outside, state=RunState.NOT_MEASURED, note=note),
        Missed(planned=inside, state=RunState.BLACKOUT, note=BLACKED_OUT),
    )
    return tuple(missed for missed in found if missed.planned)


def _planned(gap: Gap, slot: datetime, location_id: int) -> PlannedRun:
    blackout = blackout_at(gap.monitor.blackouts, slot)
    return PlannedRun(
        account_id=gap.monitor.account_id,
        monitor_id=gap.monitor.id,
        location_id=location_id,
        slot=slot,
        kind=RunKind.SCHEDULED,
        blackout_id=blackout.id if blackout else None,
    )


class GapRecorder:
    """Works gaps off one after the other, many rows in a transaction; tries again while the database is away."""

    def __init__(self, ledger: Ledger, *, clock: Clock, location_id: int, limits: EngineLimits) -> None:
        self._ledger = ledger
        self._clock = clock
        self._location_id = location_id
        self._limits = limits
        self._gaps: deque[Gap] = deque(maxlen=_MOST_GAPS)
        self._rows: defaultdict[tuple[RunState, str], list[PlannedRun]] = defaultdict(list)
        self._unwritten = 0
        self._alarm = Alarm(clock)

    @property
    def pending(self) -> int:
        """How much is not recorded yet: gaps, and rows of the gaps at hand."""
        return len(self._gaps) + self._unwritten

    def add(self, gaps: Sequence[Gap]) -> None:
        """Take more gaps; never waits."""
        missed = [gap for gap in gaps if gap.note != BLACKED_OUT]
        if missed:
            _log.warning("slots missed", monitors=len(missed), reason=missed[0].note)
        if gaps:
            self._gaps.extend(gaps)
            self._alarm.ring()

    async def run(self) -> None:
        """Record until cancelled."""
        while True:
            await self._alarm.wait()
            most = self._limits.missed_rows_in_all // max(1, len(self._gaps))
            rows = max(1, min(self._limits.missed_rows, most))
            while self._gaps:
                for missed in missed_slots(self._gaps[0], location_id=self._location_id, rows=rows):
                    self._rows[missed.state, missed.note].extend(missed.planned)
                    self._unwritten += len(missed.planned)
                self._gaps.popleft()
                await self._write(at_least=_BATCH)
            await self._write(at_least=1)

    async def _write(self, *, at_least: int) -> None:
        for key in [key for key, rows in self._rows.items() if len(rows) >= at_least]:
            rows = self._rows.pop(key)
            for start in range(0, len(rows), _BATCH):
                await self._skip(rows[start : start + _BATCH], *key)

    async def _skip(self, planned: Sequence[PlannedRun], state: RunState, note: str) -> None:
        while True:
            try:
                await self._ledger.skip(planned, state=state, note=note)
            except Unavailable:
                await self._clock.sleep(_RETRY_SECONDS)
            else:
                break
        self._unwritten -= len(planned)
        await self._clock.sleep(_PAUSE_SECONDS)
