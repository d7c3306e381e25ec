"""The front: a process of its own that answers requests, so that they disturb neither runs nor what runs measure.

Started by `front_process` as `python -m mailtrip.bootstrap.front`, with the numbers of two sockets that it inherits.
"""

import asyncio
import itertools
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final, assert_never

import structlog

import mailtrip
from mailtrip.api import Services, create_app
from mailtrip.api.native.objects import show_run
from mailtrip.api.native.reports import read_csv_report
from mailtrip.bootstrap.alertsite_account import AlertSiteAccount, read_foreign
from mailtrip.bootstrap.channel import (
    Answer,
    Asked,
    Begin,
    Channel,
    Question,
    Ready,
    ReloadTLS,
    RunOrdered,
    Stop,
    Told,
    TrialEnded,
    TrialOrdered,
)
from mailtrip.bootstrap.edge import make_call_limits, make_edge
from mailtrip.bootstrap.http_protocol import Patience
from mailtrip.bootstrap.logs import configure_logging
from mailtrip.bootstrap.loop import run_async
from mailtrip.bootstrap.networks import make_policy
from mailtrip.bootstrap.prober import make_token
from mailtrip.bootstrap.relay import relay_of
from mailtrip.bootstrap.storage import Storage, share_storage
from mailtrip.bootstrap.tls import ServerTLS, make_tls
from mailtrip.bootstrap.token_uses import keep_token_uses
from mailtrip.bootstrap.web import WebServer
from mailtrip.clock import Clock, SystemClock
from mailtrip.config import Settings
from mailtrip.errors import ConfigurationError, Unavailable
from mailtrip.mail.discovery import find_records
from mailtrip.model import Run
from mailtrip.probe.token import MessageKey
from mailtrip.service.health import Health
from mailtrip.service.installation import KeptFor
from mailtrip.service.jobs import RunJob
from mailtrip.service.live_runs import LiveSteps
from mailtrip.service.login_limiter import LoginLimiter
from mailtrip.service.logins import Logins
from mailtrip.service.trials import Trials
from mailtrip.web import Dashboard, WebServices

__all__ = ["EngineLink", "main", "make_web_services"]

_log = structlog.get_logger(__name__)

_ANSWER_SECONDS: Final = 5.0


class EngineLink:
    """The engine, as the front sees it: a `RunQueue`, and somebody who tells how the service is.

    Args:
        channel: to the engine's process.
        patience: how long to wait for an answer, in seconds.
    """

    def __init__(self, channel: Channel, *, patience: float = _ANSWER_SECONDS) -> None:
        self._channel = channel
        self._patience = patience
        self._numbers = itertools.count()
        self._asked: dict[int, asyncio.Future[Answer]] = {}

    def put(self, run: Run) -> None:
        """Hand over a run that is stored as running."""
        self._channel.send(RunOrdered(run))

    def try_out(self, job: RunJob) -> None:
        """Hand over a run that is not stored; `TrialEnded` will tell how it ended."""
        self._channel.send(TrialOrdered(job))

    async def health(self) -> Health:
        """How the service is.

        Raises:
            Unavailable: the engine does not say.
        """
        health = await self._ask(Question.HEALTH)
        if not isinstance(health, Health):
            raise TypeError("the engine's process answered another question")
        return health

    async def live_steps(self, run_id: int) -> LiveSteps:
        """The steps so far of a test that is under way; None of another run.

        Raises:
            Unavailable: the engine does not say.
        """
        steps = await self._ask(Question.STEPS, run_id)
        if isinstance(steps, Health):
            raise TypeError("the engine's process answered another question")
        return steps

    async def _ask(self, question: Question, run_id: int = 0) -> Answer:
        number = next(self._numbers)
        asked: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked[number] = asked
        self._channel.send(Asked(number, question, run_id))
        try:
            async with asyncio.timeout(self._patience):
                return await asked
        except TimeoutError:
            raise Unavailable("the engine does not answer; its log says why") from None
        finally:
            del self._asked[number]

    def hear(self, told: Told) -> None:
        """Take the engine's answer."""
        asked = self._asked.get(told.number)
        if asked is not None and not asked.done():
            asked.set_result(told.answer)


def main() -> None:
    """Answer requests until told to stop, or until the engine's process is gone."""
    listening, end = (socket.socket(fileno=int(number)) for number in sys.argv[1:3])
    run_async(_serve(listening, end))


async def _serve(listening: socket.socket, end: socket.socket) -> None:
    with closing(await Channel.open(end)) as channel:
        begin = await channel.receive()
        if not isinstance(begin, Begin):
            return
        settings, clock = begin.settings, SystemClock()
        configure_logging(level=settings.log_level, log_format=settings.log_format)
        with share_storage(settings, clock=clock) as storage:
            await _answer_requests(settings, storage, listening, channel, clock=clock)


async def _answer_requests(
    settings: Settings, storage: Storage, listening: socket.socket, channel: Channel, *, clock: Clock
) -> None:
    tls = make_tls(settings, clock=clock, warns=False)
    link = EngineLink(channel)
    services = _make_services(settings, storage, link, clock=clock)
    relay = relay_of(settings)
    trials = Trials(clock, link.try_out)
    parts = make_web_services(services, link.live_steps, _kept_for(settings), trials)
    dashboard = Dashboard(replace(parts, alert_relay=None if relay is None else relay.host))
    server = _make_server(services, dashboard, settings, tls)

    def stop() -> None:
        dashboard.stop()
        server.stop()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)
    async with asyncio.TaskGroup() as group:
        keeping = group.create_task(keep_token_uses(storage.database, services.token_uses, clock=clock))
        hearing = group.create_task(_hear(channel, link, trials, stop, tls))
        channel.send(Ready())
        await server.serve(sockets=[listening])
        hearing.cancel()
        keeping.cancel()


async def _hear(
    channel: Channel, link: EngineLink, trials: Trials, stop: Callable[[], None], tls: ServerTLS | None
) -> None:
    """Do as the engine's process says, until it says stop or nothing more."""
    while True:
        match await channel.receive():
            case Told() as told:
                link.hear(told)
            case TrialEnded(conclusion):
                trials.end(conclusion)
            case ReloadTLS():
                _reload(tls)
            case Stop() | None:
                stop()
                return
            case Begin() | Ready() | RunOrdered() | TrialOrdered() | Asked():
                raise TypeError("the engine's process said what only the front says")
            case other:
                assert_never(other)


def _reload(tls: ServerTLS | None) -> None:
    if tls is None:
        return
    try:
        tls.reload()
    except ConfigurationError as exc:
        _log.error("the TLS certificate stays as it was", reason=str(exc))
    else:
        _log.info("the TLS certificate was read anew")


def _make_server(services: Services, dashboard: Dashboard, settings: Settings, tls: ServerTLS | None) -> WebServer:
    return WebServer(
        create_app(services, site=dashboard),
        tls=tls.context if tls else None,
        proxies=services.edge.proxies,
        most_connections=settings.max_connections,
        patience=Patience(answer=settings.request_seconds),
    )


def _make_services(settings: Settings, storage: Storage, link: EngineLink, *, clock: Clock) -> Services:
    return Services(
        database=storage.database,
        secrets=storage.key_ring,
        new_token=partial(make_token, MessageKey(storage.key_ring.token_key)),
        queue=link,
        clock=clock,
        limiter=LoginLimiter(),
        health=link.health,
        version=mailtrip.__version__,
        policy=make_policy(settings),
        edge=make_edge(settings),
        call_limits=make_call_limits(settings),
    )


def make_web_services(
    services: Services, live_steps: Callable[[int], Awaitable[LiveSteps]], kept_for: KeptFor, trials: Trials
) -> WebServices:
    """The dashboard's, which has all that it shares with the API from there."""
    return WebServices(
        database=services.database,
        secrets=services.secrets,
        new_token=services.new_token,
        queue=services.queue,
        clock=services.clock,
        logins=Logins(
            database=services.database, limiter=services.limiter, clock=services.clock, gate=services.login_gate
        ),
        call_limits=services.call_limits,
        version=services.version,
        live_steps=live_steps,
        health=services.health,
        kept_for=kept_for,
        report_csv=read_csv_report,
        run_json=lambda run: show_run(run).model_dump_json().encode(),
        find_records=find_records,
        policy=services.policy,
        trials=trials,
        read_account=AlertSiteAccount(services.policy).read,
        read_foreign=read_foreign,
    )


def _kept_for(settings: Settings) -> KeptFor:
    return KeptFor(
        runs=timedelta(days=settings.keep_runs_days),
        good_transcripts=timedelta(days=settings.keep_good_transcripts_days),
        bad_transcripts=timedelta(days=settings.keep_bad_transcripts_days),
        audit=timedelta(days=settings.keep_audit_days),
    )


if __name__ == "__main__":
    main()
