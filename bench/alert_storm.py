"""A child of the benchmark: all monitors of a database fail at once; how long until somebody is told of each cause."""

import asyncio
import base64
import logging
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from bare_storm import bare_storm
from borrowed import receiver_module
from children import answer, receive_task
from figures import peak_rss, rss
from mailtrip.bootstrap.alerts import open_outbox
from mailtrip.bootstrap.networks import make_policy
from mailtrip.bootstrap.storage import Storage
from mailtrip.clock import SystemClock
from mailtrip.config import load
from mailtrip.engine.ledger import DatabaseLedger
from mailtrip.engine.limits import EngineLimits
from mailtrip.engine.ports import Conclusion
from mailtrip.engine.recorder import Recorder
from mailtrip.model import (
    AlertMethod,
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
from mailtrip.service import recipients
from mailtrip.service.runs import PlannedRun
from service_process import OPERATOR, storage_of

_BATCH = 500
_LINES = 12
_PATIENCE = 400.0


class _Ears:
    """What a real web server was told, with the time."""

    def __init__(self, receiver: Any) -> None:  # Any: of a module that is imported by its name
        self._receiver = receiver
        self._came: list[float] = []
        receiver.before_answer = lambda: self._came.append(time.monotonic())

    @property
    def count(self) -> int:
        """How many monitors it was told of."""
        return sum(body["data"]["monitor_count"] for _, _, body in self._receiver.taken[: len(self._came)])

    def told(self, since: float) -> dict[str, list[tuple[float, int, int]]]:
        """By cause, each message: when it came, of how many monitors it told, and how many bytes it had."""
        found: dict[str, list[tuple[float, int, int]]] = {}
        for at, (_, headers, body) in zip(self._came, self._receiver.taken, strict=True):
            message = (at - since, body["data"]["monitor_count"], int(headers["Content-Length"]))
            found.setdefault(body["data"]["cause"], []).append(message)
        return found


async def _storm(task: dict[str, Any], storage: Storage, receiver: Any) -> dict[str, object]:
    settings = load(options=task["values"], environ={}).settings
    clock, limits = SystemClock(), EngineLimits()
    ears = _Ears(receiver)
    ledger = DatabaseLedger(storage.database, secrets=storage.key_ring, clock=clock)
    runs = await _claim(ledger, task["monitor_ids"])
    before = rss()
    conclusions = [_failed(run) for run in runs]
    recorder = Recorder(ledger, clock=clock, capacity=limits.results, lines=limits.transcript_lines)
    async with (
        open_outbox(
            settings, storage, make_policy(settings), clock=clock, is_behind=lambda: recorder.is_behind
        ) as outbox,
        asyncio.timeout(_PATIENCE),
        asyncio.TaskGroup() as group,
    ):
        loops = [group.create_task(recorder.run()), group.create_task(outbox.run())]
        began, used = time.monotonic(), time.process_time()
        for conclusion in conclusions:
            recorder.add(conclusion)
        recorded = cpu = 0.0
        while ears.count < len(conclusions):
            await asyncio.sleep(0.02)
            if not recorded and not recorder.pending:
                recorded, cpu = time.monotonic() - began, time.process_time() - used
        for loop in loops:
            loop.cancel()
    return {"told": ears.told(began), "recorded": recorded, "cpu": cpu, "before": before, "peak": peak_rss()}


def _hear(storage: Storage, port: int) -> None:
    """Have a recipient told of all monitors, by signed webhook."""
    given: dict[str, object] = {"method": AlertMethod.WEB_SIGNED, "address": f"http://127.0.0.1:{port}/"}
    secret = f"whsec_{base64.b64encode(os.urandom(32)).decode()}"
    storage.database.write(
        lambda connection: recipients.create(
            connection, OPERATOR, given, password=secret, secrets=storage.key_ring, now=datetime.now(UTC)
        )
    )


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
    with receiver_module().serving() as receiver, storage_of(task["values"]) as storage:
        _hear(storage, receiver.port)
        found = asyncio.run(_storm(task, storage, receiver))
        receiver.before_answer = lambda: None
        lines = [f"250 line {number} of the conversation" for number in range(_LINES)]
        url = str(load(options=task["values"], environ={}).settings.database)
        bare = bare_storm(_driver_url(url), task["monitor_ids"], lines, tell=f"http://127.0.0.1:{receiver.port}/")
        answer(found | {"bare_cpu": bare.cpu, "bare_told": bare.told})


def _driver_url(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


if __name__ == "__main__":
    main()
