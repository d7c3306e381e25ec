"""The plan of enabled monitors in memory: which slots are due, and which were missed. No waiting, no I/O."""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailtrip.engine.ports import PlannedRun, ScheduledMonitor
from mailtrip.model import RunKind
from mailtrip.schedule.blackouts import blackout_at
from mailtrip.schedule.cadence import Cadence

__all__ = ["BLACKED_OUT", "STALLED", "Due", "Gap", "Plan", "gaps_of_a_stop", "longest_wait"]

_LONGEST_WAIT = timedelta(seconds=60)
_MOMENT = timedelta(microseconds=1)
_STOPPED = "the program was not running"
STALLED = "the program was suspended or had stalled"
BLACKED_OUT = "in a blackout of the monitor"


def longest_wait(interval: timedelta) -> timedelta:
    """How long after its slot a run may still start: half the interval, at most a minute."""
    return min(interval / 2, _LONGEST_WAIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Slots of a monitor that go by without a run: those later than `after`, not later than `until`, and why.

    They are the slots in which the location that finds the gap has its part. The note is that of slots outside of the
    monitor's blackouts.
    """

    monitor: ScheduledMonitor
    after: datetime
    until: datetime
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is to be done next: runs in the order of their slots, and gaps, blackouts included, found on the way."""

    planned: tuple[PlannedRun, ...] = ()
    gaps: tuple[Gap, ...] = ()


class Plan:
    """Knows the next slot of each enabled monitor in which one location has its part, and hands out each slot once.

    Taking what is due costs time for the monitors that are due, not for those that exist.
    """

    def __init__(self, location_id: int) -> None:
        self.location_id = location_id
        self._monitors: dict[int, ScheduledMonitor] = {}
        self._cadences: dict[int, Cadence] = {}
        self._next: dict[int, datetime] = {}
        self._heap: list[tuple[datetime, int]] = []

    def __len__(self) -> int:
        return len(self._monitors)

    def get(self, monitor_id: int) -> ScheduledMonitor | None:
        """The monitor as it is in force; None when it is disabled, removed or not run from here."""
        return self._monitors.get(monitor_id)

    def next_slot(self, monitor_id: int, *, after: datetime) -> datetime | None:
        """The monitor's first slot later than `after`, handed out or not; None where none is planned."""
        cadence = self._cadences.get(monitor_id)
        return None if cadence is None else cadence.next(after)

    def put(self, monitor: ScheduledMonitor, *, now: datetime) -> None:
        """Take a monitor that is new or was edited: its next slot lies after `now`, and after those handed out before."""
        cadence = monitor.cadence_at(self.location_id)
        if cadence is None:
            self.remove(monitor.id)
            return
        known = self._cadences.get(monitor.id)
        self._monitors[monitor.id] = monitor
        self._cadences[monitor.id] = cadence
        if known is None:
            self._set_next(monitor.id, cadence.next(now))
        elif known != cadence:
            handed_out_until = known.at(known.rank(self._next[monitor.id]) - 2)
            self._set_next(monitor.id, cadence.next(max(now, handed_out_until)))

    def remove(self, monitor_id: int) -> None:
        """Forget a monitor; nothing happens when it is not known."""
        self._monitors.pop(monitor_id, None)
        self._cadences.pop(monitor_id, None)
        self._next.pop(monitor_id, None)

    def take_due(self, *, now: datetime, until: datetime) -> Due:
        """Hand out the slots not later than `until`.

        A slot that is too long ago for a start (`longest_wait`) becomes part of a gap: after a stall nothing is
        replayed. So does one in a blackout.
        """
        planned: list[PlannedRun] = []
        gaps: list[Gap] = []
        while self._heap and self._heap[0][0] <= until:
            slot, monitor_id = heapq.heappop(self._heap)
            if self._next.get(monitor_id) != slot:
                continue
            monitor, cadence = self._monitors[monitor_id], self._cadences[monitor_id]
            stale = now - longest_wait(monitor.interval)
            if slot < stale:
                gaps.append(Gap(monitor=monitor, after=slot - _MOMENT, until=stale, note=STALLED))
                self._set_next(monitor_id, cadence.next(stale))
                continue
            self._set_next(monitor_id, cadence.next(slot))
            if blackout_at(monitor.blackouts, slot) is None:
                planned.append(self._planned(monitor, slot))
            else:
                gaps.append(Gap(monitor=monitor, after=slot - _MOMENT, until=slot, note=BLACKED_OUT))
        return Due(planned=tuple(planned), gaps=tuple(gaps))

    def _set_next(self, monitor_id: int, slot: datetime) -> None:
        self._next[monitor_id] = slot
        heapq.heappush(self._heap, (slot, monitor_id))

    def _planned(self, monitor: ScheduledMonitor, slot: datetime) -> PlannedRun:
        return PlannedRun(
            account_id=monitor.account_id,
            monitor_id=monitor.id,
            location_id=self.location_id,
            slot=slot,
            kind=RunKind.SCHEDULED,
        )


def gaps_of_a_stop(
    monitors: Sequence[ScheduledMonitor], last_slots: Mapping[int, datetime], *, location_id: int, now: datetime
) -> list[Gap]:
    """The slots that went by at a location while the program was not running.

    A monitor without any slot yet has no gap. One that was edited since its last slot has gaps from the edit on, as
    the slots before it were those of other settings.
    """
    gaps = []
    for monitor in monitors:
        last, cadence = last_slots.get(monitor.id), monitor.cadence_at(location_id)
        if last is None or cadence is None:
            continue
        after = max(last, monitor.modified_at)
        if cadence.next(after) <= now:
            gaps.append(Gap(monitor=monitor, after=after, until=now, note=_STOPPED))
    return gaps
