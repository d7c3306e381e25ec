"""Two runs after one another, with a ledger: what the second one finds of the first one's message, and what that changes."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.contract.store.builders import ADMIN, make_monitor, planned
from tests.matrix.foreign import FOREIGN, KEY
from tests.matrix.judge import Kept, assert_foreign_is_untouched, own_messages
from tests.matrix.loopback_afterwards import AFTERWARDS_ROWS, AfterwardsRow
from tests.matrix.loopback_runs import LOGIN, USER
from tests.matrix.rows import Outcome, cases

from mailtrip.bootstrap.desk import LedgerDesk
from mailtrip.bootstrap.prober import Prober, make_token
from mailtrip.clock import SystemClock
from mailtrip.mail import MailClient
from mailtrip.model import MailProtocol, MonitorSettings, Result, Run, StatusCode, Verdict
from mailtrip.probe.message import read_token
from mailtrip.service import runs
from mailtrip.service.runs import FinishedRun
from mailtrip.store import Database
from mailtrip.testing.faults import Delay, Delivery, Fault
from mailtrip.testing.mailstore import Account
from mailtrip.testing.server import LoopbackServer

IMAP = MailProtocol.IMAP


class Ahead(SystemClock):
    """The time of day may be set ahead, so that the second run comes well after the first."""

    ahead = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.ahead


@pytest.fixture
def clock() -> Ahead:
    return Ahead()


@pytest.fixture
def database(tmp_path: Path, clock: Ahead) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{tmp_path / 'ledger.db'}", clock=clock)
    yield database
    database.close()


class Service:
    """Makes runs of one monitor as the service does: claimed, made, stored; what they find of others goes to the ledger."""

    def __init__(
        self, database: Database, prober: Prober, server: LoopbackServer, protocol: MailProtocol, clock: Ahead
    ) -> None:
        self._clock = clock
        self._database = database
        self._prober = prober
        self._settings = MonitorSettings(
            name="afterwards",
            plan_code="UBM",
            email=USER,
            smtp_server=server.url("smtp"),
            mailbox_protocol=protocol,
            mailbox_server=server.url(str(protocol)),
        )
        self._monitor_id = make_monitor(database)

    async def run(self, *, seconds: float = 10.0, accepted: asyncio.Event | None = None) -> int:
        """Make a run; its id."""
        now = self._clock.now()
        wanted = planned(self._monitor_id, slot=now, token=make_token(KEY))
        (run,) = self._database.write(lambda connection: runs.claim(connection, [wanted], now=now))
        result = await self._prober.run(
            replace(self._settings, timeout=timedelta(seconds=seconds)),
            mailbox_credentials=LOGIN,
            smtp_credentials=None,
            run=run,
            on_accepted=None if accepted is None else lambda _: accepted.set(),
        )
        self._database.write(lambda connection: runs.finish(connection, [FinishedRun(run_id=run.id, result=result)]))
        return run.id

    def read(self, run_id: int) -> tuple[Run, Result]:
        run = self._database.read(lambda connection: runs.get(connection, ADMIN, run_id))
        assert run.result is not None
        return run, run.result


@pytest.fixture
def with_ledger(database: Database, clock: Ahead, bugs: list[Exception]) -> Iterator[Prober]:
    client = MailClient(clock=clock, client_name="client.mail.test")
    desk = LedgerDesk(database, clock=clock, unwritten=lambda: ())
    yield Prober(client=client, key=KEY, clock=clock, report=bugs.append, desk=desk)
    client.close()


def put_foreign(server: LoopbackServer) -> list[Kept]:
    """All kinds of messages but those that this installation may take away."""
    for message in FOREIGN:
        if read_token(message.content, KEY) is None:
            server.deliver(USER, message.content).flags |= set(message.flags)
    return kept(server.mailbox(USER))


def kept(account: Account) -> list[Kept]:
    return [
        Kept(folder.name, str(message.uid), frozenset(message.flags), message.content)
        for folder in account.folders.values()
        for message in folder.messages
    ]


async def until(server: LoopbackServer, arrivals: int) -> None:
    """Wait until the inbox has taken so many messages since its beginning."""
    inbox, changed = server.mailbox(USER).inbox, asyncio.Event()
    inbox.watch(changed.set)
    while inbox.uid_next <= arrivals:
        changed.clear()
        await changed.wait()


@pytest.mark.parametrize(("row", "protocol", "outcome"), cases(AFTERWARDS_ROWS))
async def test_the_next_run_finds_what_was_left_and_the_verdict_in_force_is_the_true_one(
    database: Database,
    with_ledger: Prober,
    clock: Ahead,
    row: AfterwardsRow,
    protocol: MailProtocol,
    outcome: Outcome,
) -> None:
    async with LoopbackServer({USER: LOGIN.password}, faults=row.faults, delivery=row.delivery, clock=clock) as server:
        service = Service(database, with_ledger, server, protocol, clock)
        before = put_foreign(server)
        run_id = await service.run(seconds=row.seconds)
        first = service.read(run_id)[1]
        async with asyncio.timeout(10):
            await until(server, len(before) + row.arrivals)
        server.site.delivery = Delivery()
        if not row.lasts:
            server.faults.clear()
        clock.ahead = timedelta(minutes=1)
        await service.run()
        after = kept(server.mailbox(USER))
    run, result = service.read(run_id)

    itself = replace(row, expected=row.first).outcomes[protocol]
    assert (first.verdict, first.status, first.step) == (itself.verdict, itself.status, itself.step), first.summary
    told = (result.verdict, result.status, result.step)
    assert told == (outcome.verdict, outcome.status, outcome.step), result.summary
    assert bool(run.revisions) is ((first.verdict, first.status) != (result.verdict, result.status))
    assert_foreign_is_untouched(before, after)
    assert outcome.may_stay or own_messages(before, after) == []


async def test_a_message_that_another_run_sees_in_passing_is_no_second_copy(
    database: Database, with_ledger: Prober, clock: Ahead
) -> None:
    """Runs that share a mailbox: the slow one looks into it while the quick one is about to delete its message."""
    async with LoopbackServer({USER: LOGIN.password}, delivery=Delivery(delay=1.5), clock=clock) as server:
        service = Service(database, with_ledger, server, IMAP, clock)
        accepted = asyncio.Event()
        slow = asyncio.create_task(service.run(accepted=accepted))
        await accepted.wait()
        server.site.delivery = Delivery()
        server.faults.add(Fault(IMAP, "store", Delay(0.5), times=1))
        quick_id = await service.run()
        slow_id = await slow
        left = len(server.mailbox(USER).messages)

    for run_id in (quick_id, slow_id):
        run, result = service.read(run_id)
        assert (result.verdict, result.status, run.revisions) == (Verdict.DELIVERED, StatusCode.OK, ())
    assert left == 0
