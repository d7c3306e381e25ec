"""Defects that are visible in the source of other round-trip monitors, one test each: what Mailtrip does in that place.

Their sources and public issues are named in docs/reference/fault-matrix.md.
"""

import asyncio
import email
import re
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
from tests.matrix.faults import ROWS
from tests.matrix.foreign import FOREIGN, KEY, many_foreign
from tests.matrix.rows import Row

from mailtrip.bootstrap.prober import Prober, make_token
from mailtrip.clock import SystemClock
from mailtrip.mail import MailClient
from mailtrip.model import (
    Credentials,
    MailProtocol,
    MonitorSettings,
    Result,
    Run,
    RunKind,
    RunState,
    Severity,
    StatusCode,
    Step,
    Stray,
    TLSMode,
    Verdict,
)
from mailtrip.testing.certificates import Authority
from mailtrip.testing.faults import Delivery, Drop, Fault, Hang, Reply
from mailtrip.testing.ports import free_port
from mailtrip.testing.server import LoopbackServer

SMTP, POP3, IMAP = MailProtocol.SMTP, MailProtocol.POP3, MailProtocol.IMAP
BOTH = pytest.mark.parametrize("protocol", [POP3, IMAP])
USER = "probe@mail.test"
LOGIN = Credentials(username=USER, password="correct horse battery")


def serve(*faults: Fault, delivery: Delivery | None = None) -> LoopbackServer:
    return LoopbackServer({USER: LOGIN.password}, faults=faults, delivery=delivery)


async def trip(
    prober: Prober,
    server: LoopbackServer,
    protocol: MailProtocol,
    *,
    seconds: float = 10.0,
    smtp_url: str | None = None,
    run: Run | None = None,
    resumes: bool = False,
    accepted: asyncio.Event | None = None,
) -> Result:
    settings = MonitorSettings(
        name="others",
        plan_code="UBM",
        email=USER,
        smtp_server=smtp_url or server.url("smtp"),
        mailbox_protocol=protocol,
        mailbox_server=server.url(protocol.value),
        timeout=timedelta(seconds=seconds),
        warning_time=timedelta(seconds=5),
    )
    return await prober.run(
        settings,
        mailbox_credentials=LOGIN,
        smtp_credentials=None,
        run=run,
        resumes=resumes,
        on_accepted=None if accepted is None else lambda _: accepted.set(),
    )


def fill(server: LoopbackServer, contents: Sequence[bytes]) -> None:
    for content in contents:
        server.deliver(USER, content)


def inbox(server: LoopbackServer) -> list[bytes]:
    return [message.content for message in server.mailbox(USER).messages]


class Desk:
    """Remembers what it is told of; all of it may go."""

    def __init__(self) -> None:
        self.strays: list[Stray] = []

    async def settle(self, strays: Sequence[Stray]) -> Collection[str]:
        self.strays += strays
        return {stray.token for stray in strays}


# -- An old verdict, an old message -------------------------------------------------------------------------------------


@BOTH
async def test_a_failed_send_has_a_verdict_of_its_own_and_keeps_none_of_before(
    prober: Prober, protocol: MailProtocol
) -> None:
    async with serve() as server:
        good = await trip(prober, server, protocol)
        bad = await trip(prober, server, protocol, smtp_url=f"smtp://127.0.0.1:{free_port()}")

    assert (good.verdict, bad.verdict) == (Verdict.DELIVERED, Verdict.UNSENT)


@BOTH
async def test_an_old_test_message_in_the_mailbox_is_never_taken_for_this_runs(
    prober: Prober, protocol: MailProtocol
) -> None:
    async with serve() as server:
        await trip(prober, server, protocol)
        server.site.faults.add(Fault(protocol, "dele" if protocol is POP3 else "store", Drop(), times=1))
        left_behind = await trip(prober, server, protocol)
        server.site.delivery = Delivery(copies=0)
        result = await trip(prober, server, protocol, seconds=1.0)
        remaining = inbox(server)

    assert left_behind.status is StatusCode.DELETE_FAILED
    assert len(remaining) == 1
    assert result.verdict is Verdict.MISSING


@BOTH
async def test_one_run_tells_and_no_second_one_is_needed(prober: Prober, protocol: MailProtocol) -> None:
    async with serve(delivery=Delivery(copies=0)) as server:
        result = await trip(prober, server, protocol, seconds=1.0)

    assert (result.verdict, result.status.severity) == (Verdict.MISSING, Severity.ERROR)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_no_failure_has_a_status_that_looks_good(row: Row) -> None:
    for outcome in row.outcomes.values():
        is_good = outcome.verdict is Verdict.DELIVERED and outcome.step is None
        assert (outcome.status.severity is Severity.OK) is is_good


# -- Waiting ------------------------------------------------------------------------------------------------------------


@BOTH
async def test_a_failed_send_is_not_followed_by_a_wait_for_its_message(prober: Prober, protocol: MailProtocol) -> None:
    async with serve(Fault(SMTP, "rcpt", Reply("550 5.1.1 no such user"))) as server:
        result = await trip(prober, server, protocol, seconds=30.0)

    assert result.verdict is Verdict.REFUSED
    assert result.duration < timedelta(seconds=3)


@BOTH
async def test_a_server_that_hangs_in_mid_command_does_not_outlive_the_timeout(
    prober: Prober, protocol: MailProtocol
) -> None:
    async with serve(Fault(SMTP, "rcpt", Hang())) as server:
        result = await asyncio.wait_for(trip(prober, server, protocol, seconds=1.0), 4.0)

    assert (result.verdict, result.status) == (Verdict.UNSENT, StatusCode.TIMEOUT)


@BOTH
async def test_a_route_that_times_out_delays_no_other_and_is_in_no_others_times(
    prober: Prober, protocol: MailProtocol
) -> None:
    async with serve(delivery=Delivery(copies=0)) as dead, serve() as alive:
        lost, *others = await asyncio.gather(
            trip(prober, dead, protocol, seconds=3.0), *(trip(prober, alive, protocol) for _ in range(3))
        )

    assert lost.verdict is Verdict.MISSING
    assert [other.verdict for other in others] == [Verdict.DELIVERED] * 3
    assert all(other.duration < timedelta(seconds=2.5) for other in others)


@BOTH
async def test_the_first_look_does_not_wait_for_seconds(prober: Prober, protocol: MailProtocol) -> None:
    async with serve() as server:
        result = await trip(prober, server, protocol)

    assert result.sighting is not None
    assert result.sighting.not_after < timedelta(seconds=1)


@BOTH
async def test_the_time_is_told_as_an_interval_and_not_rounded_to_polls(prober: Prober, protocol: MailProtocol) -> None:
    async with serve(delivery=Delivery(delay=0.7)) as server:
        result = await trip(prober, server, protocol)

    assert result.sighting is not None
    assert result.sighting.not_before <= timedelta(seconds=0.7) <= result.sighting.not_after
    assert result.sighting.not_after - result.sighting.not_before < timedelta(seconds=0.6)


@BOTH
async def test_a_message_that_never_came_has_no_delivery_time(prober: Prober, protocol: MailProtocol) -> None:
    async with serve(delivery=Delivery(copies=0)) as server:
        result = await trip(prober, server, protocol, seconds=1.0)

    assert result.sighting is None
    assert result.duration_of(Step.WAIT) is None


async def test_a_relays_clock_makes_no_negative_time(prober: Prober) -> None:
    past = datetime(2001, 1, 1, tzinfo=UTC)

    class Yesteryear(SystemClock):
        """The server's clock, many years slow."""

        def now(self) -> datetime:
            return past

    async with LoopbackServer({USER: LOGIN.password}, clock=Yesteryear()) as server:
        result = await trip(prober, server, IMAP)

    assert result.verdict is Verdict.DELIVERED
    assert result.sighting is not None
    second = timedelta(seconds=1)
    assert -second < result.sighting.not_before <= result.sighting.not_after < 2 * second


# -- Recognising --------------------------------------------------------------------------------------------------------


@BOTH
async def test_a_footer_does_not_make_the_message_unrecognisable(prober: Prober, protocol: MailProtocol) -> None:
    async with serve(delivery=Delivery(footer=b"-- \r\nThis mail is confidential.\r\n")) as server:
        result = await trip(prober, server, protocol)
        left = inbox(server)

    assert result.verdict is Verdict.ALTERED
    assert "confidential" in result.summary
    assert left == []


@BOTH
async def test_many_monitors_may_share_one_mailbox_at_the_same_second(prober: Prober, protocol: MailProtocol) -> None:
    async with serve() as server:
        results = await asyncio.gather(*(trip(prober, server, protocol, seconds=20.0) for _ in range(8)))
        left = inbox(server)

    assert Counter(result.verdict for result in results) == {Verdict.DELIVERED: 8}
    assert len({result.token for result in results}) == 8
    assert left == []


async def test_monitors_of_both_protocols_may_share_one_mailbox(prober: Prober) -> None:
    async with serve() as server:
        results = await asyncio.gather(*(trip(prober, server, protocol) for protocol in (POP3, IMAP) * 3))
        left = inbox(server)

    assert {result.verdict for result in results} == {Verdict.DELIVERED}
    assert left == []


@BOTH
async def test_a_message_that_is_overtaken_by_a_younger_one_is_not_lost(prober: Prober, protocol: MailProtocol) -> None:
    async with serve(delivery=Delivery(delay=1.5)) as server:
        accepted = asyncio.Event()
        older = asyncio.create_task(trip(prober, server, protocol, accepted=accepted))
        await accepted.wait()
        server.site.delivery = Delivery()
        younger = await trip(prober, server, protocol)
        first = await older

    assert (first.verdict, younger.verdict) == (Verdict.DELIVERED, Verdict.DELIVERED)
    assert younger.duration < first.duration


async def test_the_spam_folder_is_no_success(prober: Prober) -> None:
    async with serve(delivery=Delivery(folder="Junk")) as server:
        result = await trip(prober, server, IMAP)

    assert (result.verdict, result.status.severity) == (Verdict.SPAM, Severity.ERROR)


@BOTH
async def test_a_second_copy_is_told_and_blocks_nothing(prober: Prober, protocol: MailProtocol) -> None:
    async with serve(delivery=Delivery(copies=2)) as server:
        result = await trip(prober, server, protocol)
        left = inbox(server)

    assert (result.verdict, result.copies) == (Verdict.DOUBLED, 2)
    assert left == []


async def test_the_message_has_a_date_and_a_message_id_as_the_standard_wants_them(prober: Prober) -> None:
    """RFC 5322, 3.3 and 3.6.4."""
    async with serve(Fault(IMAP, "store", Drop())) as server:
        await trip(prober, server, IMAP)
        message = email.message_from_bytes(inbox(server)[0])

    assert abs(parsedate_to_datetime(message["Date"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert re.fullmatch(r"<[\w.]+@mail\.test>", message["Message-ID"].strip())


# -- What is in flight --------------------------------------------------------------------------------------------------


@BOTH
async def test_an_outage_of_the_mailbox_erases_nothing_of_what_is_in_flight(
    protocol: MailProtocol, bugs: list[Exception]
) -> None:
    desk = Desk()
    client = MailClient(clock=SystemClock(), client_name="client.mail.test")
    prober = Prober(client=client, key=KEY, clock=SystemClock(), report=bugs.append, desk=desk)
    look = Fault(POP3, "uidl", Drop(), skip=1) if protocol is POP3 else Fault(IMAP, "noop", Drop())
    async with serve(look) as server:
        cut_off = await trip(prober, server, protocol, seconds=1.0)
        server.faults.clear()
        following = await trip(prober, server, protocol)
        left = inbox(server)
    client.close()

    assert cut_off.verdict is Verdict.MAILBOX_UNREACHABLE
    assert following.verdict is Verdict.DELIVERED
    assert {stray.token for stray in desk.strays} == {cut_off.token}
    assert left == []


@BOTH
async def test_a_message_that_comes_too_late_is_told_to_the_ledger_and_removed(
    protocol: MailProtocol, bugs: list[Exception]
) -> None:
    desk = Desk()
    client = MailClient(clock=SystemClock(), client_name="client.mail.test")
    prober = Prober(client=client, key=KEY, clock=SystemClock(), report=bugs.append, desk=desk)
    async with serve(delivery=Delivery(delay=1.3)) as server:
        late = await trip(prober, server, protocol, seconds=1.0)
        await asyncio.sleep(0.5)
        server.site.delivery = Delivery()
        await trip(prober, server, protocol)
        left = inbox(server)
    client.close()

    assert late.verdict is Verdict.MISSING
    assert late.token in {stray.token for stray in desk.strays}
    assert left == []


def begun_run() -> Run:
    now = datetime.now(UTC)
    return Run(
        id=1,
        account_id=1,
        monitor_id=1,
        location_id=10,
        slot=now,
        kind=RunKind.SCHEDULED,
        state=RunState.RUNNING,
        started_at=now,
        token=make_token(KEY),
    )


async def cut_short(prober: Prober, server: LoopbackServer, protocol: MailProtocol, run: Run) -> None:
    """Begin the run, and cancel it as soon as its message is accepted."""
    accepted = asyncio.Event()
    first = asyncio.create_task(trip(prober, server, protocol, run=run, accepted=accepted))
    await accepted.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first


@BOTH
async def test_a_restart_forgets_no_message_and_sends_none_twice(prober: Prober, protocol: MailProtocol) -> None:
    run = begun_run()
    async with serve() as server:
        await cut_short(prober, server, protocol, run)
        resumed = await trip(prober, server, protocol, run=run, resumes=True)
        left, received = inbox(server), server.site.received

    assert resumed.verdict is Verdict.DELIVERED
    assert received == 1
    assert left == []


# -- What is not ours ---------------------------------------------------------------------------------------------------


@BOTH
async def test_nobodys_mail_is_deleted(prober: Prober, protocol: MailProtocol) -> None:
    async with serve() as server:
        fill(server, [message.content for message in FOREIGN])
        before = inbox(server)
        await trip(prober, server, protocol)
        after = inbox(server)

    assert after == before


@BOTH
async def test_a_box_with_many_messages_does_not_keep_a_run_from_sending(
    prober: Prober, protocol: MailProtocol
) -> None:
    async with serve() as server:
        fill(server, [message.content for message in many_foreign(500)])
        result = await trip(prober, server, protocol)

    assert result.verdict is Verdict.DELIVERED


@BOTH
async def test_only_the_runs_own_message_is_fetched_whole(prober: Prober, protocol: MailProtocol) -> None:
    async with serve() as server:
        fill(server, [message.content for message in FOREIGN])
        await trip(prober, server, protocol)
        lines = [line for session in server.sessions_of(protocol) for line in session.lines]

    whole = [line for line in lines if re.search(r"RETR|BODY(\.PEEK)?\[\](?!<0\.16384>)", line)]
    assert len(whole) == 1


async def test_an_imap_run_logs_in_once(prober: Prober) -> None:
    async with serve(delivery=Delivery(delay=0.5)) as server:
        await trip(prober, server, IMAP)
        sessions = server.sessions_of(IMAP)

    assert len(sessions) == 1


# -- Connections --------------------------------------------------------------------------------------------------------


async def test_a_mailbox_that_can_not_be_reached_is_never_a_message_received(prober: Prober) -> None:
    async with serve(Fault(IMAP, "greeting", Reply("* BYE no", then_close=True))) as server:
        result = await trip(prober, server, IMAP)

    assert (result.verdict, result.copies, result.sighting) == (Verdict.UNSENT, 0, None)


@BOTH
async def test_starttls_is_there_for_the_mailbox_too_and_no_login_goes_before_it(
    prober: Prober, authority: Authority, protocol: MailProtocol
) -> None:
    async with LoopbackServer({USER: LOGIN.password}, authority=authority) as server:
        settings = MonitorSettings(
            name="others",
            plan_code="UBM",
            email=USER,
            smtp_server=server.url("smtp"),
            mailbox_protocol=protocol,
            mailbox_server=server.url(protocol.value),
            mailbox_tls=TLSMode.STARTTLS,
            tls_ca=authority.ca_pem,
            timeout=timedelta(seconds=10),
        )
        result = await prober.run(settings, mailbox_credentials=LOGIN, smtp_credentials=None)
        sessions = server.sessions_of(protocol)

    assert result.verdict is Verdict.DELIVERED
    for session in sessions:
        commands = session.commands
        before_tls = commands[: commands.index("STARTTLS" if protocol is IMAP else "STLS")]
        assert not {"AUTH", "AUTHENTICATE", "USER", "LOGIN", "PASS", "APOP"} & set(before_tls)
