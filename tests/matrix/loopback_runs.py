"""How a row of the loopback server is tried: a run against it, and a mailbox in which nothing else has changed."""

from contextlib import ExitStack
from datetime import timedelta

from tests.matrix.foreign import FOREIGN, LATER, Foreign
from tests.matrix.judge import Kept, assert_foreign_is_untouched, assert_run_is_honest, own_messages
from tests.matrix.names import MAILBOX_NAME, SMTP_NAME, NamesService
from tests.matrix.rows import LoopbackRow, Outcome, Place

from mailtrip.bootstrap.prober import Prober
from mailtrip.model import Accepted, Credentials, MailProtocol, MonitorSettings, Result, TLSMode
from mailtrip.testing.certificates import Authority
from mailtrip.testing.mailstore import Account
from mailtrip.testing.ports import black_hole, free_port
from mailtrip.testing.server import LoopbackServer

__all__ = ["LOGIN", "USER", "try_row"]

USER = "probe@mail.test"
LOGIN = Credentials(username=USER, password="correct horse battery")


async def try_row(
    row: LoopbackRow, protocol: MailProtocol, outcome: Outcome, *, prober: Prober, authority: Authority
) -> None:
    """Make one run against a server with the row's faults, and judge it."""
    async with LoopbackServer(
        {USER: LOGIN.password},
        authority=authority,
        faults=row.faults,
        delivery=row.delivery,
        features=row.features,
    ) as server:
        account = server.mailbox(USER)
        _put(server, FOREIGN)
        before = _kept(account)
        with ExitStack() as places:
            settings = _settings_for(row, protocol, server, authority, places)
            names = None if row.names is None else places.enter_context(NamesService(row.names))
            result = await _make_run(prober, settings, row, server, names)
        after = _kept(account)

    late = [message for message in after if message.content in [one.content for one in LATER]]
    assert len(late) in {0, len(LATER)}
    assert_run_is_honest(row, outcome, result, LOGIN)
    assert_foreign_is_untouched(before, after)
    assert outcome.may_stay or own_messages([*before, *late], after) == []


async def _make_run(
    prober: Prober, settings: MonitorSettings, row: LoopbackRow, server: LoopbackServer, names: NamesService | None
) -> Result:
    def accepted(_: Accepted) -> None:
        _put(server, LATER)
        if names is not None:
            names.names = row.names_then or names.names
        if row.then is not None:
            row.then(server, server.mailbox(USER))

    return await prober.run(
        settings,
        mailbox_credentials=LOGIN,
        smtp_credentials=LOGIN if row.logs_in else None,
        on_accepted=accepted,
    )


def _settings_for(
    row: LoopbackRow, protocol: MailProtocol, server: LoopbackServer, authority: Authority, places: ExitStack
) -> MonitorSettings:
    smtp_server = _url_for(MailProtocol.SMTP, row.smtp, row.smtp_tls, server, places)
    mailbox_server = _url_for(protocol, row.mailbox, row.mailbox_tls, server, places)
    if row.names is not None:
        smtp_server = smtp_server.replace("127.0.0.1", SMTP_NAME)
        mailbox_server = mailbox_server.replace("127.0.0.1", MAILBOX_NAME)
    return MonitorSettings(
        name="matrix",
        plan_code="UBM",
        email=USER,
        smtp_server=smtp_server,
        smtp_tls=row.smtp_tls,
        mailbox_protocol=protocol,
        mailbox_server=mailbox_server,
        mailbox_tls=row.mailbox_tls,
        tls_ca=authority.ca_pem,
        timeout=timedelta(seconds=row.seconds),
        warning_time=timedelta(seconds=row.warning_seconds),
    )


def _url_for(protocol: MailProtocol, place: Place, tls: TLSMode, server: LoopbackServer, places: ExitStack) -> str:
    match place:
        case Place.NOBODY:
            return f"{protocol}://127.0.0.1:{free_port()}"
        case Place.NOWHERE:
            return f"{protocol}://127.0.0.1:{places.enter_context(black_hole())}"
        case Place.SERVER:
            return server.url(f"{protocol}s" if tls is TLSMode.IMPLICIT else str(protocol))


def _put(server: LoopbackServer, messages: tuple[Foreign, ...]) -> None:
    for message in messages:
        server.deliver(USER, message.content).flags |= set(message.flags)


def _kept(account: Account) -> list[Kept]:
    """All that the account holds."""
    return [
        Kept(folder.name, str(message.uid), frozenset(message.flags), message.content)
        for folder in account.folders.values()
        for message in folder.messages
    ]
