"""The service in the foreground: started, announced, and stopped by a signal."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import click

from mailtrip.bootstrap.service import RunningService, running_service
from mailtrip.bootstrap.storage import Storage
from mailtrip.clock import Clock
from mailtrip.config import Settings

__all__ = ["ready_or_stopped", "serve", "told_to_stop"]


async def serve(settings: Settings, storage: Storage, listening: socket.socket, *, clock: Clock) -> None:
    """Run the service until SIGINT or SIGTERM; with TLS, SIGHUP has the certificate read anew."""
    with told_to_stop() as stop:
        async with running_service(settings, storage, listening, clock=clock) as service:
            if settings.tls_cert is not None:
                asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, service.front.reload_tls)
            await ready_or_stopped(service, stop)
            click.echo(f"Mailtrip is at {settings.public_url or service.url} (Ctrl-C stops it)")
            await stop.wait()
            click.echo(f"Stopping; runs under way have {settings.stop_grace_seconds} s to finish.")


async def ready_or_stopped(service: RunningService, stop: asyncio.Event) -> None:
    """Wait until the service answers requests, or is to stop before it does."""
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(service.front.wait_ready()), group.create_task(stop.wait())]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for each in waiting:
            each.cancel()


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
