"""The running service: database, engine and web server in one process, stopped in the reverse order."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import uvicorn

import mailtrip
from mailtrip.api import Health, Services, create_app
from mailtrip.bootstrap.prober import Prober
from mailtrip.bootstrap.storage import Storage
from mailtrip.clock import Clock
from mailtrip.config import ListenAddress, Settings
from mailtrip.engine.ledger import DatabaseLedger
from mailtrip.engine.limits import EngineLimits
from mailtrip.engine.local import LocalEngine
from mailtrip.errors import ConfigurationError
from mailtrip.mail import MailClient
from mailtrip.probe.token import MessageKey
from mailtrip.service.tokens import LoginLimiter

__all__ = ["RunningService", "bind", "running_service"]

_BACKLOG = 2048
_LAST_ANSWERS_SECONDS = 5
"""How long requests under way may take when the service stops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningService:
    """A service that runs.

    Attributes:
        url: its address on this machine.
    """

    url: str
    engine: LocalEngine


@contextmanager
def bind(address: ListenAddress) -> Iterator[socket.socket]:
    """The socket the service listens at; closed at the end.

    Raises:
        ConfigurationError: the address is taken or is none of this machine's.
    """
    try:
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        listening = socket.create_server((address.host, address.port), family=family, backlog=_BACKLOG)
    except OSError as exc:
        raise ConfigurationError(
            f"listen: can't listen at {address} ({exc.strerror or exc}); choose another address with --listen"
        ) from exc
    with listening:
        yield listening


@asynccontextmanager
async def running_service(
    settings: Settings, storage: Storage, listening: socket.socket, *, clock: Clock
) -> AsyncIterator[RunningService]:
    """Run engine and web server as long as the block runs; then let both finish what is under way.

    Requests under way have 5 s to finish, then runs under way have `settings.stop_grace_seconds`. What fails for good
    ends the block with an exception group.
    """
    client = MailClient(clock=clock)
    try:
        engine = _make_engine(settings, storage, client, clock=clock)
        server = _Server(_web_config(_make_services(storage, engine, clock=clock)))
        async with asyncio.TaskGroup() as group:
            running = group.create_task(engine.run())
            serving = group.create_task(server.serve(sockets=[listening]))
            try:
                yield RunningService(url=_url(listening), engine=engine)
            finally:
                server.should_exit = True
                await asyncio.wait([serving])
                await engine.stop(grace_seconds=settings.stop_grace_seconds)
                await asyncio.wait([running])
    finally:
        client.close()


class _Server(uvicorn.Server):
    """uvicorn without signal handlers of its own: the process has one way to stop, and it is ours."""

    def capture_signals(self) -> AbstractContextManager[None]:
        return nullcontext()


def _web_config(services: Services) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(services),
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_LAST_ANSWERS_SECONDS,
    )
