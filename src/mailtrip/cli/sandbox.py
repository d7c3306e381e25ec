"""The demo at work: sandbox mail server, service, login, monitors, and each verdict as it comes."""

import secrets
import shlex
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import click

from mailtrip.bootstrap.listening import bind
from mailtrip.bootstrap.service import RunningService, running_service
from mailtrip.bootstrap.storage import Storage, open_storage
from mailtrip.cli.operator import OPERATOR
from mailtrip.cli.serving import ready_or_stopped, told_to_stop
from mailtrip.cli.words import SEVERITY_COLOURS, verdict_line
from mailtrip.clock import Clock, SystemClock
from mailtrip.config import ListenAddress, Settings, UnixAddress
from mailtrip.engine.ports import RunJob
from mailtrip.errors import ConfigurationError
from mailtrip.model import MailProtocol, Monitor, MonitorType, Result, Role, Run
from mailtrip.service import monitors, runs, users
from mailtrip.service.password_hash import PasswordHash
from mailtrip.store import Connection
from mailtrip.testing.certificates import Authority
from mailtrip.testing.server import LoopbackServer

__all__ = ["demonstrate"]

_LOGIN = "admin@example.com"
_MAILBOXES = {MailProtocol.POP3: "pop3@example.com", MailProtocol.IMAP: "imap@example.com"}


async def demonstrate(settings: Settings) -> None:
    """Run the demo until SIGINT or SIGTERM."""
    clock = SystemClock()
    password, mail_password = secrets.token_hex(6), secrets.token_hex(12)
    settings = replace(settings, stop_grace_seconds=0)
    authority = Authority("Mailtrip sandbox")
    sandbox = LoopbackServer(dict.fromkeys(_MAILBOXES.values(), mail_password), authority=authority, clock=clock)
    with (
        told_to_stop() as stop,
        _bind_any(settings.listen) as listening,
        open_storage(settings, clock=clock) as storage,
    ):
        async with sandbox:
            demo = _Demo(storage, sandbox, authority.ca_pem, mail_password, clock)
            hashed = users.hash_password(password)
            await storage.database.writing(lambda connection: demo.prepare(connection, hashed))
            async with running_service(settings, storage, listening, clock=clock) as service:
                await ready_or_stopped(service, stop)
                _greet(service, sandbox, password)
                service.engine.subscribe(_show)
                order = partial(demo.order_runs, new_token=service.new_token)
                for run in await storage.database.writing(order):
                    service.engine.put(run)
                await stop.wait()
                click.echo("Stopping.")


@contextmanager
def _bind_any(address: ListenAddress | UnixAddress) -> Iterator[socket.socket]:
    """As `bind`, or at any free port of the same host when that one is taken."""
    with ExitStack() as stack:
        try:
            listening = stack.enter_context(bind(address))
        except ConfigurationError:
            if isinstance(address, UnixAddress):
                raise
            listening = stack.enter_context(bind(replace(address, port=0)))
        yield listening


class _Demo:
    """What the demo keeps in its database: made where it is missing, brought up to date where it is not."""

    def __init__(
        self, storage: Storage, sandbox: LoopbackServer, authority: str, mail_password: str, clock: Clock
    ) -> None:
        self._storage = storage
        self._sandbox = sandbox
        self._authority = authority
        self._mail_password = mail_password
        self._clock = clock
        self._now = clock.now()
        self._monitor_ids: list[int] = []

    def prepare(self, connection: Connection, password: PasswordHash) -> None:
        """See to the user and the monitors."""
        self._prepare_user(connection, password)
        known, _ = monitors.page(connection, OPERATOR)
        by_email = {monitor.settings.email: monitor for monitor in known}
        self._monitor_ids = [
            self._prepare_monitor(connection, protocol, by_email.get(email)) for protocol, email in _MAILBOXES.items()
        ]

    def order_runs(self, connection: Connection, new_token: Callable[[], str]) -> list[Run]:
        """A run of each monitor, to be made at once."""
        now = self._clock.now()
        return [
            runs.order_test(connection, OPERATOR, monitor_id, token=new_token(), now=now)
            for monitor_id in self._monitor_ids
        ]

    def _prepare_user(self, connection: Connection, password: PasswordHash) -> None:
        for user in users.list_all(connection, OPERATOR):
            if user.email == _LOGIN:
                users.set_password(connection, OPERATOR, user.id, password=password, now=self._now)
                return
        users.add(connection, OPERATOR, email=_LOGIN, password=password, role=Role.ADMIN, now=self._now)

    def _prepare_monitor(self, connection: Connection, protocol: MailProtocol, known: Monitor | None) -> int:
        changes = self._settings(protocol)
        passwords = monitors.Passwords(mailbox=self._mail_password, smtp=self._mail_password)
        key_ring = self._storage.key_ring
        if known is None:
            return monitors.create(connection, OPERATOR, changes, passwords=passwords, secrets=key_ring, now=self._now)
        return monitors.edit(
            connection,
            OPERATOR,
            known.id,
            changes,
            type=MonitorType.ROUND_TRIP,
            passwords=passwords,
            secrets=key_ring,
            now=self._now,
        )

    def _settings(self, protocol: MailProtocol) -> dict[str, object]:
        email = _MAILBOXES[protocol]
        return {
            "name": f"Sandbox over {protocol.upper()}",
            "plan_code": "demo",
            "email": email,
            "smtp_server": self._sandbox.url("smtps"),
            "smtp_username": email,
            "mailbox_protocol": protocol,
            "mailbox_server": self._sandbox.url(f"{protocol}s"),
            "tls_ca": self._authority,
            "interval": timedelta(minutes=1),
            "timeout": timedelta(seconds=30),
        }


def _greet(service: RunningService, sandbox: LoopbackServer, password: str) -> None:
    login = shlex.quote(f'{{"username": "{_LOGIN}", "password": "{password}"}}')
    servers = ", ".join(sandbox.url(name) for name in ("smtps", "pop3s", "imaps"))
    click.echo(
        f"""Mailtrip demo: the service, a sandbox mail server, and two monitors that send a message each minute.

  Address      {service.url}
  Log in as    {_LOGIN}
  Password     {password}
  Mail server  {servers}

Open the address in a browser to see the dashboard, or try it from another terminal (the answer is an access token):
  curl -s {service.url}/api/v3/access-tokens -H 'Content-Type: application/json' -d {login}

Each verdict as it comes (Ctrl-C ends it all):"""
    )


def _show(job: RunJob, result: Result) -> None:
    ended_at: datetime = (result.started_at + result.duration).astimezone()
    line = f"  {ended_at:%H:%M:%S}  {job.settings.name:<18}  {verdict_line(result)}"
    click.secho(line, fg=SEVERITY_COLOURS[result.status.severity])
