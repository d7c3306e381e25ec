"""A child of the benchmark: all monitors of a database fail at once; how long until somebody is told of each cause."""

import asyncio
import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from children import answer, receive_task
from figures import peak_rss, rss
from mailtrip.alerts.render import fields_of, text_of
from mailtrip.bootstrap.storage import Storage
from mailtrip.clock import SystemClock
from mailtrip.engine.alert_desk import DatabaseAlertDesk
from mailtrip.engine.ledger import DatabaseLedger
from mailtrip.engine.limits import EngineLimits
from mailtrip.engine.outbox import Outbox
from mailtrip.engine.ports import Conclusion
from mailtrip.engine.recorder import Recorder
from mailtrip.model import (
    AlertPackage,
    DeliveryAnswer,
    Direction,
    MailProtocol,
    Proof,
    Result,
    Run,
    RunKind,
    RunState,
    SessionRecord,
    StatusCode,
    Step,
    TranscriptLine,
    Verdict,
)
from mailtrip.service.runs import PlannedRun
from service_process import storage_of

_BATCH = 500
_LINES = 12
_PATIENCE = 400.0


class _Ears:
    """A channel that words each alert as a real one does, and notes when it was told of how many monitors."""

    def __init__(self) -> None:
        self.told: dict[str, list[tuple[float, int]]] = {}
        self.began = 0.0

    async def send(self, package: AlertPackage) -> DeliveryAnswer:
        text_of(package, public_url="https://mailtrip.test")
        for item in package.items:
            fields_of(package, item)
        told = self.told.setdefault(package.delivery.cause, [])
        told.append((time.monotonic() - self.began, package.count))
        return DeliveryAnswer(is_sent=True, text="250 ok")

    @property
    def count(self) -> int:
        return sum(count for told in self.told.values() for _, count in told)


async def _storm(task: dict[str, Any], storage: Storage) -> dict[str, object]:
    clock, limits, ears = SystemClock(), EngineLimits(), _Ears()
    ledger = DatabaseLedger(storage.database, secrets=storage.key_ring, clock=clock)
    conclusions = [_failed(run) for run in await _claim(ledger, task["monitor_ids"])]
    recorder = Recorder(ledger, clock=clock, capacity=limits.results, lines=limits.transcript_lines)
    outbox = Outbox(DatabaseAlertDesk(storage.database, secrets=storage.key_ring, clock=clock), ears.send, clock=clock)
    before, recorded = rss(), 0.0
    ears.began = time.monotonic()
    async with asyncio.timeout(_PATIENCE), asyncio.TaskGroup() as group:
        loops = [group.create_task(recorder.run()), group.create_task(outbox.run())]
        for conclusion in conclusions:
            recorder.add(conclusion)
        while ears.count < len(conclusions):
            await asyncio.sleep(0.02)
            if not recorded and not recorder.pending:
                recorded = time.monotonic() - ears.began
        for loop in loops:
            loop.cancel()
    return {"told": ears.told, "recorded": recorded, "before": before, "peak": peak_rss()}


async def _claim(ledger: DatabaseLedger, monitor_ids: Sequence[int]) -> list[Run]:
    """A run under way of each monitor."""
    slot = datetime.now(UTC)
    planned = [
        PlannedRun(
            account_id=1, monitor_id=id_, location_id=10, slot=slot, kind=RunKind.SCHEDULED, token=f"storm {id_}"
        )
        for id_ in monitor_ids
    ]
    batches = [await ledger.claim(planned[start : start + _BATCH]) for start in range(0, len(planned), _BATCH)]
    return [run for batch in batches for run in batch]


def _failed(run: Run) -> Conclusion:
    """A login that was refused, with what was said."""
    lines = tuple(
        TranscriptLine(timedelta(milliseconds=number), Direction.RECEIVED, f"250 line {number} of the conversation")
        for number in range(_LINES)
    )
    session = SessionRecord(
        protocol=MailProtocol.SMTP, server="smtps://smtp.mailtrip.test:465", address=None, tls=None, transcript=lines
    )
    result = Result(
        verdict=Verdict.UNSENT,
        status=StatusCode.SMTP_LOGIN,
        step=Step.LOGIN,
        summary="The server refused the login: 535 5.7.8 Authentication failed.",
        proof=(Proof(session=0, line=_LINES - 1),),
        token=run.token,
        started_at=run.slot,
        duration=timedelta(seconds=1),
        sessions=(session,),
    )
    return Conclusion(run=run, state=RunState.FINISHED, result=result)


def main() -> None:
    # Its standard output is for the answer.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    task = receive_task()
    with storage_of(task["values"]) as storage:
        answer(asyncio.run(_storm(task, storage)))


if __name__ == "__main__":
    main()
