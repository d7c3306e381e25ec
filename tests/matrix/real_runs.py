"""How a row of the real servers is tried: a run against them, and the mailbox read by somebody else before and after."""

import asyncio
import imaplib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from tests.mailserver.faulty import FaultyMailServer
from tests.mailserver.fixtures import MailAccount
from tests.mailserver.server import RealMailServer
from tests.matrix.foreign import FOREIGN, LATER, Foreign
from tests.matrix.judge import Kept, assert_foreign_is_untouched, assert_run_is_honest, own_messages
from tests.matrix.rows import Deed, Outcome, RealRow

from mailtrip.bootstrap.prober import Prober
from mailtrip.model import Accepted, Credentials, MailProtocol, MonitorSettings, Result, TLSMode
from mailtrip.testing.certificates import Authority

__all__ = ["put", "read_box", "try_row"]


async def try_row(
    row: RealRow,
    protocol: MailProtocol,
    outcome: Outcome,
    *,
    prober: Prober,
    server: FaultyMailServer,
    account: MailAccount,
    stranger: Authority,
) -> Result:
    """Make one run against the servers with the row's fault, and judge it."""
    put(server, account, FOREIGN)
    before = read_box(server, account)
    try:
        if row.before is not None:
            row.before(server, account)
        settings = _settings_for(row, protocol, server, account, stranger)
        result = await _make_run(prober, settings, row, server, account)
    finally:
        server.restore()
        server.set_fields(account.address, "")
    after = read_box(server, account)

    late = [message for message in after if any(message.content == one.content for one in LATER)]
    assert len(late) in {0, len(LATER)}
    assert_run_is_honest(row, outcome, result, _login(account, row.mailbox_username, row.mailbox_password))
    assert_foreign_is_untouched(before, after)
    assert outcome.may_stay or own_messages([*before, *late], after) == []
    return result


async def _make_run(
    prober: Prober, settings: MonitorSettings, row: RealRow, server: FaultyMailServer, account: MailAccount
) -> Result:
    deeds: list[asyncio.Task[None]] = []

    def accepted(_: Accepted) -> None:
        if row.takes_more:
            put(server, account, LATER)
        if row.then is not None:
            row.then(server, account)
        if row.later is not None:
            seconds, deed = row.later
            deeds.append(asyncio.get_running_loop().create_task(_do_later(seconds, deed, server, account)))

    result = await prober.run(
        settings,
        mailbox_credentials=_login(account, row.mailbox_username, row.mailbox_password),
        smtp_credentials=_login(account, None, row.smtp_password),
        on_accepted=accepted,
    )
    await asyncio.gather(*deeds)
    return result


async def _do_later(seconds: float, deed: Deed, server: FaultyMailServer, account: MailAccount) -> None:
    await asyncio.sleep(seconds)
    await asyncio.to_thread(deed, server, account)


def _login(account: MailAccount, username: str | None, password: str | None) -> Credentials:
    return Credentials(username=username or account.address, password=password or account.password)


def _settings_for(
    row: RealRow, protocol: MailProtocol, server: FaultyMailServer, account: MailAccount, stranger: Authority
) -> MonitorSettings:
    local, _, domain = account.address.partition("@")
    port = server.port(f"{protocol}s" if row.mailbox_tls is TLSMode.IMPLICIT else str(protocol))
    return MonitorSettings(
        name="matrix",
        plan_code="UBM",
        email=f"{local}@{row.domain}.{domain}" if row.domain else account.address,
        sender=f"{local}@sender-refused.{domain}" if row.domain == "sender-refused" else account.address,
        smtp_server=f"127.0.0.1:{server.port(row.smtp_port)}",
        smtp_tls=row.smtp_tls,
        mailbox_protocol=protocol,
        mailbox_server=f"{row.mailbox_host}:{port}",
        mailbox_tls=row.mailbox_tls,
        tls_ca=server.authority.ca_pem if row.trusts_server else stranger.ca_pem,
        timeout=timedelta(seconds=row.seconds),
        warning_time=timedelta(seconds=row.warning_seconds),
    )


def put(server: RealMailServer, account: MailAccount, messages: Sequence[Foreign]) -> None:
    """Put messages into the mailbox past Postfix, with their flags."""
    with _client(server, account) as client:
        for message in messages:
            status, answer = client.append("INBOX", f"({' '.join(message.flags)})", "", message.content)
            assert status == "OK", answer


_FETCHED = re.compile(rb"\d+ \(UID (\d+) FLAGS \(([^)]*)\) INTERNALDATE \"([^\"]+)\"")


def read_box(server: RealMailServer, account: MailAccount) -> list[Kept]:
    """All that is in the mailbox, read by another session than the run's, which leaves everything as it is."""
    found: list[Kept] = []
    with _client(server, account) as client:
        for folder in _folders(client):
            _, counts = client.select(f'"{folder}"', readonly=True)
            is_empty = counts[0] == b"0"
            _, items = ("OK", []) if is_empty else client.fetch("1:*", "(UID FLAGS INTERNALDATE BODY.PEEK[])")
            for item in items:
                if isinstance(item, tuple) and (match := _FETCHED.match(item[0])) is not None:
                    flags = frozenset(match[2].decode().split()) - {"\\Recent"}
                    found.append(Kept(folder, f"{match[1].decode()} {match[3].decode()}", flags, item[1]))
    return found


def _folders(client: imaplib.IMAP4) -> list[str]:
    _, lines = client.list()
    return [line.decode().rsplit(" ", 1)[-1].strip('"') for line in lines if isinstance(line, bytes)]


@contextmanager
def _client(server: RealMailServer, account: MailAccount) -> Iterator[imaplib.IMAP4]:
    with imaplib.IMAP4(server.host, server.port("imap"), timeout=10) as client:
        client.login(account.address, account.password)
        yield client
