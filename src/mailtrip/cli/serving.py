"""The service in the foreground: started, announced, and stopped by a signal."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import click
import structlog

from mailtrip.bootstrap.service import running_service
from mailtrip.bootstrap.storage import Storage
from mailtrip.bootstrap.tls import ServerTLS
from mailtrip.clock import Clock
from mailtrip.config import Settings
from mailtrip.errors import ConfigurationError

__all__ = ["serve", "told_to_stop"]


_log = structlog.get_logger(__name__)


async def serve(
    settings: Settings, storage: Storage, listening: socket.socket, *, clock: Clock, tls: ServerTLS | None = None
) -> None:
    """Run the service until SIGINT or SIGTERM; with TLS, SIGHUP has the certificate read anew."""
    with told_to_stop() as stop, _told_to_reload(tls):
        async with running_service(settings, storage, listening, clock=clock, tls=tls) as service:
            click.echo(f"Mailtrip is at {settings.public_url or service.url} (Ctrl-C stops it)")
            await stop.wait()
            click.echo(f"Stopping; runs under way have {settings.stop_grace_seconds} s to finish.")


@contextmanager
def _told_to_reload(tls: ServerTLS | None) -> Iterator[None]:
    """SIGHUP has the certificate and its key read anew; without TLS it does what it always does."""
    if tls is None:
        yield
        return

    def reload() -> None:
        try:
            tls.reload()
        except ConfigurationError as exc:
            _log.error("the TLS certificate stays as it was", reason=str(exc))
        else:
            _log.info("the TLS certificate was read anew")

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, reload)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


@contextmanager
def told_to_stop() -> Iterator[asyncio.Event]:
    """An event that SIGINT and SIGTERM set; a second signal ends the process at once, as without us."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    signals = (signal.SIGINT, signal.SIGTERM)

    def note() -> None:
        stop.set()
        for number in signals:
            loop.remove_signal_handler(number)

    for number in signals:
        loop.add_signal_handler(number, note)
    try:
        yield stop
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
