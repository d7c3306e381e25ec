"""Listens to the locations, and has those told of that report nothing though runs are due there."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from mailtrip.alerts.silence import RUNS_WANTED, SPAN, Contact, LocationState, state_of
from mailtrip.clock import Clock
from mailtrip.errors import Unavailable
from mailtrip.schedule.blackouts import blackout_at
from mailtrip.service import silences
from mailtrip.service.schedules import ScheduledMonitor
from mailtrip.service.silences import Heard
from mailtrip.store import Database

__all__ = ["DatabaseSilenceDesk", "SilenceDesk", "SilenceWatch", "overdue_runs"]

_log = structlog.get_logger(__name__)

_EVERY_SECONDS = 60.0
_LONGEST_PAUSE = timedelta(minutes=3)
"""Between two looks; where it was longer, the machine was asleep, or its clock was put forward."""
_SLACK = timedelta(minutes=2)
"""A run may start a minute late, and its result be stored some time after its end."""


class SilenceDesk(Protocol):
    """What is known of locations. Each method is one transaction, and raises `Unavailable` while the database is away."""

    async def listen(self, mark: int) -> Heard:
        """What is heard of all locations, and what changed in the plan after a mark; 0 is the beginning."""
        ...

    async def last_skip(self, location_id: int, *, after: datetime) -> datetime | None:
        """The newest slot later than `after` that the location left out and told why."""
        ...

    async def settle(self, location_id: int, *, since: datetime | None, monitors: Mapping[int, Collection[int]]) -> int:
        """Note since when a location is silent, None for not, and have its accounts told; how many alerts that makes."""
        ...


class DatabaseSilenceDesk:
    """Implements `SilenceDesk`."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def listen(self, mark: int) -> Heard:
        return await self._database.reading(lambda connection: silences.listen(connection, mark))

    async def last_skip(self, location_id: int, *, after: datetime) -> datetime | None:
        return await self._database.reading(lambda connection: silences.last_skip(connection, location_id, after=after))

    async def settle(self, location_id: int, *, since: datetime | None, monitors: Mapping[int, Collection[int]]) -> int:
        return await self._database.writing(
            lambda connection: silences.settle(
                connection, location_id, since=since, monitors=monitors, now=self._clock.now()
            )
        )


class SilenceWatch:
    """Looks each minute.

    What it did not hear as it was not there itself (just started, asleep, the database away) is held against nobody: it
    begins to listen anew.

    Args:
        desk: what is known of locations.
        clock: tells when to look.
    """

    def __init__(self, desk: SilenceDesk, *, clock: Clock) -> None:
        self._desk = desk
        self._clock = clock
        self._mark = 0
        self._plan: dict[int, tuple[ScheduledMonitor, datetime]] = {}
        self._listening_since: datetime | None = None
        self._looked_at: datetime | None = None

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            await self._clock.sleep(_EVERY_SECONDS)
            try:
                await self.look()
            except Unavailable as exc:
                self._listening_since = None
                _log.warning("locations are not listened to: the database is away", error=str(exc))
            except Exception:  # noqa: BLE001 - trouble here must not end the runs
                self._listening_since = None
                _log.exception("locations are not listened to: trouble on our side")

    async def look(self) -> None:
        """Judge each location once; raises Unavailable."""
        now = self._clock.now()
        heard = await self._desk.listen(self._mark)
        # What a monitor had before a change is not known any more: a blackout that is removed has been one.
        self._plan |= {monitor.id: (monitor, now) for monitor in heard.changed}
        for monitor_id in heard.gone:
            self._plan.pop(monitor_id, None)
        self._mark = heard.mark
        if self._looked_at is None or not timedelta(0) <= now - self._looked_at <= _LONGEST_PAUSE:
            self._listening_since = None
        since = self._listening_since = self._listening_since or now
        self._looked_at = now
        used = {location_id for monitor, _ in self._plan.values() for location_id in monitor.pool.location_ids}
        for location_id in sorted({*used, *heard.silent, *heard.told}):
            await self._judge(location_id, heard, listening_since=since, is_used=location_id in used, now=now)

    async def _judge(
        self, location_id: int, heard: Heard, *, listening_since: datetime, is_used: bool, now: datetime
    ) -> None:
        silent_since, heard_at = heard.silent.get(location_id), heard.reports.get(location_id)
        contact = Contact(heard_at=heard_at, listening_since=listening_since, is_used=is_used, overdue=0)
        if silent_since is not None or now - contact.quiet_since >= SPAN:
            contact = await self._listen_closely(location_id, contact, silent_since, now)
        state = state_of(contact, silent_since=silent_since, at=now)
        if state is not LocationState.SILENT and silent_since is None and location_id not in heard.told:
            return
        since = (silent_since or contact.quiet_since) if state is LocationState.SILENT else None
        alerts = await self._desk.settle(location_id, since=since, monitors=self._monitors_at(location_id))
        if since != silent_since:
            log = _log.info if since is None else _log.warning
            log("location", location=location_id, state=str(state), since=str(since or silent_since), alerts=alerts)

    async def _listen_closely(
        self, location_id: int, contact: Contact, silent_since: datetime | None, now: datetime
    ) -> Contact:
        """What costs too much to find out each minute of each location."""
        after = contact.quiet_since if silent_since is None else silent_since
        skipped_at = await self._desk.last_skip(location_id, after=after)
        times = [at for at in (contact.heard_at, skipped_at) if at is not None]
        contact = replace(contact, heard_at=max(times, default=None))
        overdue = overdue_runs(self._plan.values(), location_id, after=contact.quiet_since, now=now)
        return replace(contact, overdue=overdue)

    def _monitors_at(self, location_id: int) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for monitor, _ in self._plan.values():
            if location_id in monitor.pool.location_ids:
                found.setdefault(monitor.account_id, []).append(monitor.id)
        return found


def overdue_runs(
    plan: Iterable[tuple[ScheduledMonitor, datetime]], location_id: int, *, after: datetime, now: datetime
) -> int:
    """How many runs were due at a location later than `after` and should have reported by now; not counted beyond what is wanted.

    Args:
        plan: monitors, and since when each is known as it is: what was due before does not count.
        location_id: where.
        after: the slots of the runs are later.
        now: decides which have had all their time. Of each monitor the last few slots are looked at, and those in
            blackouts don't count.
    """
    found = 0
    for monitor, known_since in plan:
        cadence = monitor.cadence_at(location_id)
        until = now - monitor.timeout - _SLACK
        first = max(after, known_since)
        if cadence is None or until <= first:
            continue
        end = cadence.rank(until)
        slots = map(cadence.at, range(max(cadence.rank(first), end - RUNS_WANTED), end))
        found += sum(blackout_at(monitor.blackouts, slot) is None for slot in slots)
        if found >= RUNS_WANTED:
            break
    return found
