"""Many monitors on one mailbox of a real Dovecot, all in the same second: by the whole service, and held up under way."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.running import body, create, service, until
from tests.mailserver.faulty import FaultyMailServer
from tests.mailserver.fixtures import MailAccount
from tests.mailserver.server import RealMailServer
from tests.matrix.foreign import FOREIGN, KEY
from tests.matrix.real_runs import put, read_box

from mailtrip.bootstrap.prober import Prober
from mailtrip.clock import SystemClock
from mailtrip.mail import MailClient
from mailtrip.model import (
    Accepted,
    Credentials,
    MailProtocol,
    MonitorSettings,
    Result,
    Stray,
    Verdict,
)

pytestmark = [pytest.mark.mailserver, pytest.mark.timeout(240)]

MANY = 20
# What others hold in the box; the last of them is of no use here: it is large.
OTHERS = FOREIGN[:-1]


@pytest.mark.parametrize("protocol", ["pop3", "imap"])
def test_twenty_monitors_on_one_mailbox_in_the_same_second_all_deliver(
    mailserver: RealMailServer, account: MailAccount, tmp_path: Path, protocol: str
) -> None:
    put(mailserver, account, OTHERS)
    before = read_box(mailserver, account)
    with service(tmp_path) as running, ThreadPoolExecutor(MANY) as threads:
        settings = body(mailserver, account, protocol, interval=60, timeout=60)
        ids = [create(running, settings | {"name": f"Monitor {number}"}) for number in range(MANY)]
        paths = [f"/api/v1/monitors/{monitor_id}/test" for monitor_id in ids]
        answers = list(threads.map(partial(running.call, "POST"), paths))
        runs = [f"/api/v1/runs/{answer.json()['id']}" for answer in answers]

        def ended() -> list[Any]:  # Any: JSON of any shape
            found = list(threads.map(running.get, runs))
            return found if all(run["state"] == "finished" for run in found) else []

        until(ended, 90)
        # A last run sweeps what the others have left to it, and what they saw of each other is settled then.
        last = running.call("POST", paths[0]).json()["id"]
        until(lambda: running.get(f"/api/v1/runs/{last}")["state"] == "finished", 60)
        found = ended()
    after = read_box(mailserver, account)

    assert Counter((run["verdict"], run["status"], run["copies"]) for run in found) == {("delivered", 0, 1): MANY}
    assert Counter(len(run["revisions"]) for run in found) == {0: MANY}
    assert Counter(after) == Counter(before)


class NobodysDesk:
    """Gives nothing away."""

    async def settle(self, strays: Sequence[Stray]) -> Collection[str]:
        del strays
        return ()


@pytest.fixture
def prober() -> Iterator[Prober]:
    bugs: list[Exception] = []
    client = MailClient(clock=SystemClock(), client_name="client.mail.test")
    yield Prober(client=client, key=KEY, clock=SystemClock(), report=bugs.append, desk=NobodysDesk())
    client.close()
    assert bugs == []


@pytest.mark.parametrize("protocol", [MailProtocol.POP3, MailProtocol.IMAP])
async def test_runs_that_wait_for_mail_that_is_held_look_together(
    faulty_mailserver: FaultyMailServer, faulty_account: MailAccount, prober: Prober, protocol: MailProtocol
) -> None:
    server, account = faulty_mailserver, faulty_account
    put(server, account, OTHERS)
    before = read_box(server, account)
    accepted = asyncio.Barrier(MANY + 1)

    async def release() -> None:
        await accepted.wait()
        await asyncio.sleep(2.0)
        await asyncio.to_thread(server.postsuper, "-H", "ALL")

    def note_accepted(_: Accepted) -> None:
        group.create_task(accepted.wait())

    async with asyncio.TaskGroup() as group:
        group.create_task(release())
        runs = [group.create_task(_run(prober, server, account, protocol, note_accepted)) for _ in range(MANY)]
    results = [run.result() for run in runs]
    after = read_box(server, account)

    assert Counter(result.verdict for result in results) == {Verdict.DELIVERED: MANY}
    assert Counter(after) == Counter(before)
    taken = _count(results, "looked together")
    assert taken > MANY
    if protocol is MailProtocol.POP3:
        # One session to open the mailbox, one to fetch the message and delete it; the others are looks.
        assert (_count(results, "connected to") - _smtp_sessions(results) - 2 * MANY) * 4 < taken
    else:
        assert _count(results, " NOOP") < taken


async def _run(
    prober: Prober,
    server: FaultyMailServer,
    account: MailAccount,
    protocol: MailProtocol,
    on_accepted: Callable[[Accepted], None],
) -> Result:
    local, _, domain = account.address.partition("@")
    settings = MonitorSettings(
        name="shared",
        plan_code="UBM",
        email=f"{local}@held.{domain}",
        smtp_server=server.url("smtp"),
        mailbox_protocol=protocol,
        mailbox_server=server.url(f"{protocol}s"),
        tls_ca=server.authority.ca_pem,
        timeout=timedelta(seconds=60),
    )
    login = Credentials(username=account.address, password=account.password)
    return await prober.run(settings, mailbox_credentials=login, smtp_credentials=login, on_accepted=on_accepted)


def _count(results: Sequence[Result], text: str) -> int:
    """In how many lines of all transcripts the text is."""
    return sum(text in line.text for result in results for session in result.sessions for line in session.transcript)


def _smtp_sessions(results: Sequence[Result]) -> int:
    return sum(session.protocol is MailProtocol.SMTP for result in results for session in result.sessions)
