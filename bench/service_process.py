"""`mailtrip serve` with many monitors, on SQLite and on PostgreSQL, as parts of the benchmark watch it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from borrowed import postgresql_module
from mailtrip.bootstrap.storage import Storage, open_storage
from mailtrip.clock import SystemClock
from mailtrip.config import load
from mailtrip.model import Actor, MailProtocol, Mechanism, Role
from mailtrip.service import monitors
from scenery import PASSWORD, Site, address
from servers import ServerProcess

__all__ = ["INTERVAL", "OPERATOR", "SETTINGS", "databases", "make_monitors", "running_service", "storage_of"]

INTERVAL = timedelta(minutes=5)
OPERATOR = Actor(account_id=1, role=Role.ADMIN)
SETTINGS = {
    "listen": "127.0.0.1:0",
    "max_sessions_per_host": "2000",
    "log_level": "warning",
    "allow_networks": "loopback",
    "allow_ports": "any",
}
_START_SECONDS = 120.0
_STOP_SECONDS = 90.0


def databases() -> Iterator[tuple[str, str | None]]:
    """Names and URLs; None for SQLite in the data directory. What was started ends with the iteration."""
    yield "SQLite", None
    server = postgresql_module().PostgreSQL(is_safe=True)
    try:
        server.start()
        yield "PostgreSQL", server.make_database()
    finally:
        server.remove()


@contextmanager
def storage_of(values: Mapping[str, str]) -> Iterator[Storage]:
    settings = load(options=values, environ={}).settings
    with open_storage(settings, clock=SystemClock()) as storage:
        yield storage


def make_monitors(count: int, server: ServerProcess, values: Mapping[str, str]) -> None:
    passwords = monitors.Passwords(mailbox=PASSWORD, smtp=PASSWORD)

    with storage_of(values) as storage:

        def make(connection: Any) -> None:
            for number in range(count):
                changes = _changes(server, number)
                now = datetime.now(UTC)
                monitors.create(connection, OPERATOR, changes, passwords=passwords, secrets=storage.key_ring, now=now)

        storage.database.write(make)


def _changes(server: ServerProcess, number: int) -> dict[str, object]:
    protocol = MailProtocol.IMAP if number % 2 else MailProtocol.POP3
    site = Site.of_task(server.site(protocol, is_tls=True))
    return {
        "name": f"Monitor {number}",
        "plan_code": "BENCH",
        "email": address(number),
        "smtp_server": site.url(MailProtocol.SMTP),
        "smtp_username": address(number),
        "smtp_mechanism": Mechanism.PLAIN,
        "mailbox_protocol": protocol,
        "mailbox_server": site.url(protocol),
        "mailbox_mechanism": Mechanism.LOGIN,
        "tls_ca": site.ca,
        "interval": INTERVAL,
    }


@contextmanager
def running_service(values: Mapping[str, str]) -> Iterator[tuple[int, int]]:
    """The process id and the port of `mailtrip serve`, once it says where it is; stopped as an administrator stops it."""
    variables = {f"MAILTRIP_{name.upper()}": value for name, value in values.items()}
    command = [sys.executable, "-m", "mailtrip", "serve"]
    process = subprocess.Popen(command, env=os.environ | variables, stdout=subprocess.PIPE, text=True)
    try:
        port = _await_port(process)
        yield process.pid, port
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _await_port(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    deadline = time.monotonic() + _START_SECONDS
    for line in process.stdout:
        match = re.search(r"Mailtrip is at http://[^ ]*:([0-9]+)", line)
        if match is not None:
            return int(match[1])
        if time.monotonic() > deadline:
            break
    raise RuntimeError("the service did not start")
