"""The service killed in the middle of a run, at each thing a run does, and started again on what is left.

The mail server lives in the test and stops the run at the moment in question: it hangs, or answers much later. After
the restart no message is sent under a token that was used, the run ends in one verdict that says no more than can be
known, and the next run leaves nothing behind in the mailbox.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import requests
from tests.e2e.command_line import started

from mailtrip.clock import SystemClock
from mailtrip.model import Actor, MailProtocol, Role, Run, RunState, Severity, StatusCode, TLSMode, Verdict
from mailtrip.service import monitors, runs, tokens, users
from mailtrip.service.monitors import Passwords
from mailtrip.service.secrets import KeyRing, ensure_key
from mailtrip.store import Connection, Database
from mailtrip.store.accounts import DEFAULT_ACCOUNT_ID
from mailtrip.testing.faults import Delay, Delivery, Fault, Hang
from mailtrip.testing.server import LoopbackServer

SMTP, POP3, IMAP = MailProtocol.SMTP, MailProtocol.POP3, MailProtocol.IMAP
ADDRESS = "probe@example.com"
PASSWORD = "a mailbox's password"
OPERATOR = Actor(account_id=DEFAULT_ACCOUNT_ID, role=Role.ADMIN)
TIMEOUT = timedelta(seconds=9)
LONG = Delay(60.0)


@dataclass(frozen=True, slots=True)
class Moment:
    """When the process is killed, and what must come of the run.

    Attributes:
        faults: stop the run at the moment; gone when the service starts again.
        delivery: what becomes of the message until the service starts again.
        was_sent: whether the mail server took the message before.
        verdict: of the run after the restart.
    """

    name: str
    faults: tuple[Fault, ...] = ()
    delivery: Delivery = field(default_factory=Delivery)
    was_sent: bool = False
    verdict: Verdict = Verdict.UNKNOWN

    def __str__(self) -> str:
        return self.name


def stopped(protocol: MailProtocol, at: str, *, skip: int = 0) -> tuple[Fault, ...]:
    return (Fault(protocol, at, Hang(), skip=skip),)


def answered_late(protocol: MailProtocol, at: str) -> tuple[Fault, ...]:
    """It is done, but nobody hears of it."""
    return (Fault(protocol, at, LONG),)


SENDING = (
    Moment("connecting to SMTP", stopped(SMTP, "greeting")),
    Moment("naming the recipient", stopped(SMTP, "rcpt")),
    Moment("sending the message", stopped(SMTP, "content")),
    Moment("waiting for the acceptance", answered_late(SMTP, "dot"), was_sent=True, verdict=Verdict.DELIVERED),
    Moment("waiting", delivery=Delivery(delay=4.0), was_sent=True, verdict=Verdict.DELIVERED),
    Moment("waiting for what never comes", delivery=Delivery(copies=0), was_sent=True),
)
IN_IMAP = (
    Moment("opening the mailbox", stopped(IMAP, "select")),
    Moment("fetching", stopped(IMAP, "fetch", skip=1), was_sent=True, verdict=Verdict.DELIVERED),
    Moment("deleting", stopped(IMAP, "store"), was_sent=True, verdict=Verdict.DELIVERED),
    # The message is gone, and nobody has written down that it was there.
    Moment("having deleted", answered_late(IMAP, "expunge"), was_sent=True),
)
IN_POP3 = (
    Moment("opening the mailbox", stopped(POP3, "uidl")),
    Moment("fetching", stopped(POP3, "retr"), was_sent=True, verdict=Verdict.DELIVERED),
    Moment("deleting", stopped(POP3, "dele"), was_sent=True, verdict=Verdict.DELIVERED),
)


class Installation:
    """A data directory with a monitor that only runs when it is asked to, and a mail server for it."""

    def __init__(self, server: LoopbackServer, database: Database, folder: Path, url: str) -> None:
        self.server = server
        self.folder = folder
        self.url = url
        self._database = database
        self._token = ""
        self._monitor_id = 0

    async def prepare(self, protocol: MailProtocol) -> None:
        keys = KeyRing.open(self.folder / "secret.key")
        password = users.hash_password("a user's password")
        await self._database.writing(lambda connection: self._fill(connection, keys, password, protocol))

    @asynccontextmanager
    async def service(self) -> AsyncIterator[Callable[[], None]]:
        """The service in a process of its own; what is given kills it."""
        options = ("--listen", "127.0.0.1:0", "--data-dir", self.folder, "--stop-grace-seconds", "0")
        async with started("serve", *options, variables={"MAILTRIP_DATABASE": self.url}) as process:
            assert process.stdout is not None
            async with asyncio.timeout(30):
                line = (await process.stdout.readline()).decode()
            self._address = line.split()[3]
            yield process.kill

    async def start_run(self) -> int:
        path = f"{self._address}/api/v1/monitors/{self._monitor_id}/test"
        headers = {"Authorization": f"Bearer {self._token}"}
        answer = await asyncio.to_thread(requests.post, path, headers=headers, timeout=10)
        assert answer.status_code == 202, answer.text
        return int(answer.json()["id"])

    async def read(self, run_id: int) -> Run:
        return await self._database.reading(partial(runs.get, actor=OPERATOR, run_id=run_id))

    async def ended(self, run_id: int) -> Run:
        await self.until(run_id, lambda run: run.state is not RunState.RUNNING)
        return await self.read(run_id)

    async def until(self, run_id: int, is_so: Callable[[Run], object]) -> None:
        """Wait for what another process does with a run."""
        async with asyncio.timeout(30):
            while not is_so(await self.read(run_id)):  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.02)

    @property
    def submissions(self) -> int:
        """How often a client began to send a message."""
        return sum(session.commands.count("DATA") for session in self.server.sessions_of(SMTP))

    @property
    def left_over(self) -> int:
        return len(self.server.mailbox(ADDRESS).messages)

    def _fill(
        self, connection: Connection, keys: KeyRing, password: users.PasswordHash, protocol: MailProtocol
    ) -> None:
        now = SystemClock().now()
        ensure_key(connection, keys)
        users.add(connection, OPERATOR, email="admin@example.com", password=password, role=Role.ADMIN, now=now)
        self._token = tokens.log_in(connection, email="admin@example.com", password="a user's password", now=now)
        changes = {
            "name": "Killed",
            "plan_code": "x",
            "email": ADDRESS,
            "smtp_server": self.server.url("smtp"),
            "smtp_tls": TLSMode.NONE,
            "mailbox_protocol": protocol,
            "mailbox_server": self.server.url(protocol),
            "mailbox_tls": TLSMode.NONE,
            "timeout": TIMEOUT,
            "enabled": False,
        }
        self._monitor_id = monitors.create(
            connection, OPERATOR, changes, passwords=Passwords(mailbox=PASSWORD), secrets=keys, now=now
        )


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def installation(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Installation]:
    url = f"sqlite:///{tmp_path / 'mailtrip.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    database = Database.open(url, clock=SystemClock())
    async with LoopbackServer({ADDRESS: PASSWORD}) as server:
        yield Installation(server, database, tmp_path, url)
    database.close()


async def kill_in_a_run(installation: Installation, moment: Moment) -> int:
    """Start a run, and kill the service at the moment; the run's id."""
    server = installation.server
    server.site.delivery = moment.delivery
    for fault in moment.faults:
        server.faults.add(fault)
    async with installation.service() as kill:
        run_id = await installation.start_run()
        await installation.until(run_id, lambda run: server.faults.struck if moment.faults else run.accepted_at)
        kill()
    server.faults.clear()
    if not moment.delivery.delay:
        server.site.delivery = Delivery()
    return run_id


async def check(installation: Installation, moment: Moment) -> None:
    run_id = await kill_in_a_run(installation, moment)
    token = (await installation.read(run_id)).token
    submissions = installation.submissions
    async with installation.service():
        run = await installation.ended(run_id)
        assert installation.submissions == submissions <= 1
        next_id = await installation.start_run()
        following = await installation.ended(next_id)
    assert run.token == token
    assert run.result is not None
    assert run.result.verdict is moment.verdict, run.result.summary
    assert run.result.status in {StatusCode.OK, StatusCode.LOCATION_LOST}
    assert following.result is not None
    assert following.result.verdict is Verdict.DELIVERED, following.result.summary
    assert installation.left_over == 0
    assert installation.server.site.received == 1 + moment.was_sent


@pytest.mark.parametrize("moment", [*SENDING, *IN_IMAP], ids=str)
async def test_over_imap_a_killed_run_goes_on_from_what_is_known(installation: Installation, moment: Moment) -> None:
    await installation.prepare(IMAP)
    await check(installation, moment)


@pytest.mark.parametrize("moment", IN_POP3, ids=str)
async def test_over_pop3_a_killed_run_goes_on_from_what_is_known(installation: Installation, moment: Moment) -> None:
    await installation.prepare(POP3)
    await check(installation, moment)


async def test_a_run_whose_time_is_over_at_the_restart_ends_as_unknown_and_its_message_is_found_later(
    installation: Installation,
) -> None:
    await installation.prepare(IMAP)
    moment = Moment("waiting", delivery=Delivery(delay=TIMEOUT.total_seconds() + 2.0))
    run_id = await kill_in_a_run(installation, moment)
    await asyncio.sleep((TIMEOUT + timedelta(seconds=3)).total_seconds())
    installation.server.site.delivery = Delivery()
    async with installation.service():
        first = await installation.ended(run_id)
        following = await installation.ended(await installation.start_run())
    last = await installation.read(run_id)
    assert first.result is not None
    assert (first.result.verdict, first.result.status) == (Verdict.UNKNOWN, StatusCode.LOCATION_LOST)
    assert first.severity is Severity.UNKNOWN
    assert following.result is not None
    assert following.result.verdict is Verdict.DELIVERED
    # IMAP tells when it came: after the deadline, which is the mail path's own doing.
    assert [revision.verdict for revision in last.revisions] == [Verdict.UNKNOWN, Verdict.LATE]
    assert installation.left_over == 0
    assert installation.submissions == 2
