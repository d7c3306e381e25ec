"""The running service: engine and outbox in this process, the front in another, stopped in the reverse order."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog

import mailtrip
from mailtrip.bootstrap.alerts import open_outbox, watch_relay
from mailtrip.bootstrap.desk import LedgerDesk
from mailtrip.bootstrap.front_process import FrontProcess
from mailtrip.bootstrap.heartbeat import beat
from mailtrip.bootstrap.listening import url_of
from mailtrip.bootstrap.monthly_reports import open_monthly_reports
from mailtrip.bootstrap.networks import make_policy, warn_of_forbidden
from mailtrip.bootstrap.prober import Prober, make_token
from mailtrip.bootstrap.providers import make_providers
from mailtrip.bootstrap.storage import Storage
from mailtrip.clock import Clock
from mailtrip.config import Settings
from mailtrip.engine.ledger import DatabaseLedger
from mailtrip.engine.limits import EngineLimits
from mailtrip.engine.local import EngineHealth, LocalEngine
from mailtrip.engine.ports import RunJob
from mailtrip.engine.silences import DatabaseSilenceDesk, SilenceWatch
from mailtrip.mail import MailClient
from mailtrip.model import Accepted, Providers, Result, StatusCode, Verdict
from mailtrip.probe.ports import Observer
from mailtrip.probe.token import MessageKey
from mailtrip.service.health import Health
from mailtrip.service.live_runs import LiveRuns

__all__ = ["RunningService", "running_service"]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningService:
    """A service that runs.

    Attributes:
        url: its address on this machine.
        new_token: makes the token of a test run's message.
    """

    url: str
    engine: LocalEngine
    front: FrontProcess
    new_token: Callable[[], str]


@asynccontextmanager
async def running_service(
    settings: Settings, storage: Storage, listening: socket.socket, *, clock: Clock
) -> AsyncIterator[RunningService]:
    """Run engine and front as long as the block runs; then let both finish what is under way.

    Requests under way have 5 s to finish, then runs under way have `settings.stop_grace_seconds`. What fails for good
    ends the block with an exception group.
    """
    policy = make_policy(settings)
    await warn_of_forbidden(storage.database, policy)
    client = MailClient(clock=clock, policy=policy)
    try:
        key = MessageKey(storage.key_ring.token_key)
        new_token = partial(make_token, key)
        live_runs = LiveRuns(clock)
        engine = _make_engine(settings, storage, client, key, live_runs, clock=clock)
        front = FrontProcess(
            settings,
            listening,
            queue=engine,
            try_out=engine.try_out,
            health=lambda: _health(engine.health()),
            steps_of=live_runs.steps_of,
            clock=clock,
        )
        async with (
            open_outbox(settings, storage, policy, clock=clock, is_behind=lambda: engine.is_behind) as outbox,
            open_monthly_reports(settings, storage, clock=clock) as reports,
            asyncio.TaskGroup() as group,
        ):
            running = group.create_task(engine.run())
            sending = [group.create_task(outbox.run(), name="outbox")]
            if reports is not None:
                sending.append(group.create_task(reports.run(), name="monthly reports"))
            watch = SilenceWatch(DatabaseSilenceDesk(storage.database, clock=clock), clock=clock)
            listening_to = group.create_task(watch.run(), name="locations")
            comparing = group.create_task(watch_relay(settings, storage.database, clock=clock), name="relay")
            beating = group.create_task(beat(settings.heartbeat_url, engine, outbox, clock=clock), name="heartbeat")
            serving = group.create_task(front.run(), name="front")
            url = url_of(listening, has_tls=settings.tls_cert is not None)
            try:
                yield RunningService(url=url, engine=engine, front=front, new_token=new_token)
            finally:
                front.stop()
                await asyncio.wait([serving])
                beating.cancel()
                listening_to.cancel()
                comparing.cancel()
                await engine.stop(grace_seconds=settings.stop_grace_seconds)
                await asyncio.wait([running])
                for task in sending:
                    task.cancel()
    finally:
        client.close()


def _health(health: EngineHealth) -> Health:
    """The engine's numbers in the words of the service."""
    return Health(
        database_ok=health.database_away_since is None,
        runs_in_flight=health.running,
        results_waiting=health.pending_results,
        results_dropped=health.dropped_results,
        scheduler_lag=health.lateness,
        loop_lag=health.lag,
        network_ok=not health.is_network_lost,
        version=mailtrip.__version__,
    )


def _make_engine(
    settings: Settings,
    storage: Storage,
    client: MailClient,
    key: MessageKey,
    live_runs: LiveRuns,
    *,
    clock: Clock,
) -> LocalEngine:
    desk = LedgerDesk(storage.database, clock=clock, unwritten=lambda: engine.unwritten)
    providers = Providers(make_providers(settings.providers))
    prober = Prober(client=client, key=key, clock=clock, report=_report, desk=desk, providers=providers)

    async def probe(job: RunJob) -> Result:
        with live_runs.watched(job.run) as observe:
            return await _probe(
                prober, clock, job, lambda accepted: engine.note_accepted(job.run, accepted), observe=observe
            )

    engine = LocalEngine(
        ledger=DatabaseLedger(
            storage.database,
            secrets=storage.key_ring,
            clock=clock,
            keep_runs=timedelta(days=settings.keep_runs_days),
            keep_good_transcripts=timedelta(days=settings.keep_good_transcripts_days),
            keep_bad_transcripts=timedelta(days=settings.keep_bad_transcripts_days),
            keep_audit=timedelta(days=settings.keep_audit_days),
            lost_after=timedelta(hours=settings.lost_after_hours),
        ),
        probe=probe,
        new_token=partial(make_token, key),
        clock=clock,
        limits=EngineLimits(
            runs=settings.max_runs,
            sessions_per_host=settings.max_sessions_per_host,
            starts_per_second=settings.starts_per_second,
        ),
        providers=providers,
    )
    return engine


async def _probe(
    prober: Prober,
    clock: Clock,
    job: RunJob,
    on_accepted: Callable[[Accepted], None],
    *,
    observe: Observer | None,
) -> Result:
    """Make the job's trip or check.

    A round trip without a mailbox password can't be made, for which no server is to blame.
    """
    if not job.settings.sends_message:
        return await prober.check(
            job.settings, credentials=job.smtp_credentials or job.mailbox_credentials, observe=observe
        )
    if job.mailbox_credentials is None:
        return Result(
            verdict=Verdict.UNKNOWN,
            status=StatusCode.INTERNAL_ERROR,
            step=None,
            summary="Nothing was measured: the monitor has no mailbox password; set one",
            started_at=clock.now(),
            duration=timedelta(0),
        )
    return await prober.run(
        job.settings,
        mailbox_credentials=job.mailbox_credentials,
        smtp_credentials=job.smtp_credentials,
        run=job.run,
        resumes=job.resumes,
        observe=observe,
        on_accepted=on_accepted,
    )


def _report(exc: Exception) -> None:
    _log.error("a run failed on our side", exc_info=exc)
