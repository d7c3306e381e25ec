"""The ledger of the engine over the database: each method is one transaction of use cases."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from mailtrip.clock import Clock
from mailtrip.engine.ports import Changes
from mailtrip.model import DEFAULT_LOCATION_ID, Run, RunState
from mailtrip.service import endings, jobs, ledger, quotas, retention, rollups, runs, schedules
from mailtrip.service.endings import Conclusion
from mailtrip.service.jobs import RunJob
from mailtrip.service.ledger import Acceptance, TakenOver
from mailtrip.service.ports import Secrets
from mailtrip.service.quotas import RecentRun
from mailtrip.service.runs import PlannedRun
from mailtrip.store import Database

__all__ = ["DatabaseLedger"]


class DatabaseLedger:
    """Implements `mailtrip.engine.ports.Ledger`.

    Args:
        database: open.
        secrets: unseals the passwords of monitors.
        clock: tells the times that are stored with runs.
        keep_runs: runs with all that belongs to them.
        keep_good_transcripts: transcripts of good runs.
        keep_bad_transcripts: transcripts of all other runs.
        keep_audit: entries of the audit log.
        lost_after: a message that was not seen for so long is lost.
        location_id: whose runs the engine makes.
    """

    def __init__(
        self,
        database: Database,
        *,
        secrets: Secrets,
        clock: Clock,
        keep_runs: timedelta = timedelta(days=400),
        keep_good_transcripts: timedelta = timedelta(days=7),
        keep_bad_transcripts: timedelta = timedelta(days=90),
        keep_audit: timedelta = timedelta(days=400),
        lost_after: timedelta = ledger.HORIZON,
        location_id: int = DEFAULT_LOCATION_ID,
    ) -> None:
        self._location_id = location_id
        self._database = database
        self._secrets = secrets
        self._clock = clock
        self._keep_runs = keep_runs
        self._keep_good_transcripts = keep_good_transcripts
        self._keep_bad_transcripts = keep_bad_transcripts
        self._keep_audit = keep_audit
        self._lost_after = lost_after

    async def claim(self, planned: Sequence[PlannedRun]) -> list[Run]:
        return await self._database.writing(lambda connection: runs.claim(connection, planned, now=self._clock.now()))

    async def skip(self, planned: Sequence[PlannedRun], *, state: RunState, note: str) -> None:
        await self._database.writing(
            lambda connection: runs.skip(connection, planned, note=note, state=state, now=self._clock.now())
        )

    async def conclude(self, conclusions: Sequence[Conclusion]) -> None:
        await self._database.writing(
            lambda connection: endings.conclude(connection, conclusions, now=self._clock.now())
        )

    async def load_jobs(self, runs: Sequence[Run]) -> list[RunJob]:
        return await self._database.reading(lambda connection: jobs.load(connection, self._secrets, runs))

    async def changed_since(self, mark: int) -> Changes:
        changed, gone, reached = await self._database.reading(
            lambda connection: schedules.changed_since(connection, mark)
        )
        return Changes(changed=changed, gone=gone, mark=reached)

    async def last_slots(self) -> Mapping[int, datetime]:
        return await self._database.reading(
            lambda connection: schedules.last_slots(connection, location_id=self._location_id)
        )

    async def recent_runs(self, is_limited: Callable[[str], bool], *, since: datetime) -> Sequence[RecentRun]:
        return await self._database.reading(lambda connection: quotas.recent_runs(connection, is_limited, since=since))

    async def take_over(self, *, own_since: datetime) -> TakenOver:
        return await self._database.writing(
            lambda connection: ledger.take_over(
                connection, now=self._clock.now(), own_since=own_since, location_id=self._location_id
            )
        )

    async def note_accepted(self, acceptances: Sequence[Acceptance]) -> None:
        await self._database.writing(lambda connection: ledger.note_accepted(connection, acceptances))

    async def excuse(self, run_ids: Sequence[int]) -> Sequence[int]:
        return await self._database.writing(
            lambda connection: ledger.excuse(connection, run_ids, now=self._clock.now())
        )

    async def lose(self, *, limit: int) -> int:
        return await self._database.writing(
            lambda connection: ledger.lose(connection, now=self._clock.now(), horizon=self._lost_after, limit=limit)
        )

    async def add_up(self, *, limit: int) -> int:
        return await self._database.writing(
            lambda connection: rollups.keep(connection, now=self._clock.now(), limit=limit)
        )

    async def expire(self, *, limit: int) -> int:
        return await self._database.writing(
            lambda connection: retention.expire(
                connection,
                now=self._clock.now(),
                keep_runs=self._keep_runs,
                keep_good_transcripts=self._keep_good_transcripts,
                keep_bad_transcripts=self._keep_bad_transcripts,
                keep_audit=self._keep_audit,
                limit=limit,
            )
        )
