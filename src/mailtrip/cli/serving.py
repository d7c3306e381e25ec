"""The service in the foreground: started, announced, and stopped by a signal."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import click

from mailtrip.bootstrap.service import running_service
from mailtrip.bootstrap.storage import Storage
from mailtrip.clock import Clock
from mailtrip.config import Settings

__all__ = ["serve", "told_to_stop"]


async def serve(settings: Settings, storage: Storage, listening: socket.socket, *, clock: Clock) -> None:
    """Run the service until SIGINT or SIGTERM."""
    with told_to_stop() as stop:
        async with running_service(settings, storage, listening, clock=clock) as service:
            click.echo(f"Mailtrip is at {settings.public_url or service.url} (Ctrl-C stops it)")
            await stop.wait()
            click.echo(f"Stopping; runs under way have {settings.stop_grace_seconds} s to finish.")


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
