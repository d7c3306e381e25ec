"""Runs of one process that share a mailbox, against the loopback server: one looks, and the others take it from there."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import pytest

from mailtrip.bootstrap.prober import Prober
from mailtrip.clock import SystemClock
from mailtrip.mail import MailClient
from mailtrip.mail.imap_mailbox import IMAPMailbox
from mailtrip.mail.pop3_mailbox import POP3Mailbox
from mailtrip.model import (
    Credentials,
    Direction,
    Failure,
    Look,
    MailProtocol,
    MonitorSettings,
    Result,
    StatusCode,
    Stray,
    TLSMode,
    Verdict,
    parse_server,
)
from mailtrip.probe.message import make_message
from mailtrip.probe.token import MessageKey, new_token
from mailtrip.testing.faults import Delivery, Drop, Fault, Hang, Reply
from mailtrip.testing.server import LoopbackServer

USER = "probe@mail.test"
LOGIN = Credentials(username=USER, password="correct horse battery")
KEY = MessageKey(b"k" * 32)
POP3, IMAP = MailProtocol.POP3, MailProtocol.IMAP
BOTH = pytest.mark.parametrize("protocol", [POP3, IMAP])
CLOCK = SystemClock()

Mailbox = POP3Mailbox | IMAPMailbox


@pytest.fixture
def client() -> Iterator[MailClient]:
    client = MailClient(clock=CLOCK, client_name="client.mail.test")
    yield client
    client.close()


@pytest.fixture
def bugs() -> Iterator[list[Exception]]:
    """Every test ends with the proof that nothing was our own fault."""
    found: list[Exception] = []
    yield found
    assert found == []


def serve(*faults: Fault, delivery: Delivery | None = None) -> LoopbackServer:
    return LoopbackServer({USER: LOGIN.password}, faults=faults, delivery=delivery)


@asynccontextmanager
async def opened(
    client: MailClient, server: LoopbackServer, protocol: MailProtocol, count: int, *, seconds: float = 10.0
) -> AsyncIterator[list[Mailbox]]:
    """So many runs' mailboxes, all open."""
    target = parse_server(server.url(str(protocol)), protocol, tls=TLSMode.NONE)
    now = CLOCK.monotonic()
    async with AsyncExitStack() as stack:
        mailboxes: list[Mailbox] = []
        for _ in range(count):
            mailbox = client.mailbox(
                target, LOGIN, deadline=now + seconds, observe=lambda _step, _began, _ended: None, started_at=now
            )
            stack.push_async_callback(mailbox.close)
            assert await mailbox.open() is None
            mailboxes.append(mailbox)
        yield mailboxes


async def look_at_once(mailboxes: Sequence[Mailbox]) -> list[Look]:
    looks = await asyncio.gather(*(mailbox.look() for mailbox in mailboxes))
    assert all(isinstance(look, Look) for look in looks), looks
    return [look for look in looks if isinstance(look, Look)]


def put(server: LoopbackServer, number: int, *, folder: str = "INBOX") -> None:
    server.deliver(USER, b"X-Number: %d\r\n\r\nHello.\r\n" % number, folder=folder)


def numbers(look: Look) -> list[int]:
    found = [re.search(rb"X-Number: (\d+)", head.content) for head in look.heads]
    return [int(match[1]) for match in found if match]


def notes(mailbox: Mailbox) -> list[str]:
    assert mailbox.record is not None
    return [
        line.text
        for line in mailbox.record.transcript
        if line.direction is Direction.NOTE and line.text.startswith("looked together")
    ]


def said(server: LoopbackServer, protocol: MailProtocol) -> Counter[str]:
    return Counter(command for session in server.sessions_of(protocol) for command in session.commands)


# -- Looks --------------------------------------------------------------------------------------------------------------


async def test_pop3_runs_that_look_in_the_same_moment_make_one_session(client: MailClient) -> None:
    async with serve() as server, opened(client, server, POP3, 20) as mailboxes:
        put(server, 1)
        before = len(server.sessions_of(POP3))
        looks = await asyncio.gather(*(looked_and_released(mailbox) for mailbox in mailboxes))
        sessions = len(server.sessions_of(POP3)) - before
        tops = said(server, POP3)["TOP"]

    assert [numbers(look) for look in looks] == [[1]] * 20
    assert (sessions, tops) == (1, 1)
    assert [len(notes(mailbox)) for mailbox in mailboxes] == [0, *[1] * 19]


async def looked_and_released(mailbox: Mailbox) -> Look:
    look = await mailbox.look()
    assert isinstance(look, Look)
    await mailbox.release()
    return look


async def test_imap_runs_that_look_in_the_same_moment_ask_once(client: MailClient) -> None:
    async with serve() as server, opened(client, server, IMAP, 20) as mailboxes:
        put(server, 1)
        looks = await look_at_once(mailboxes)
        commands = said(server, IMAP)

    assert [numbers(look) for look in looks] == [[1]] * 20
    assert (commands["NOOP"], commands["UID FETCH"]) == (1, 2)


@BOTH
async def test_a_shared_look_has_the_times_of_the_one_that_was_made(client: MailClient, protocol: MailProtocol) -> None:
    async with serve() as server, opened(client, server, protocol, 3) as mailboxes:
        asked_at = CLOCK.monotonic()
        looks = await look_at_once(mailboxes)
        answered_at = CLOCK.monotonic()

    assert looks[1] == looks[2], "the third took the second's"
    assert all(asked_at <= look.asked_at <= look.answered_at <= answered_at for look in looks)


@BOTH
async def test_the_transcript_tells_what_was_seen_together(client: MailClient, protocol: MailProtocol) -> None:
    async with serve() as server:
        put(server, 0)
        async with opened(client, server, protocol, 3) as mailboxes:
            put(server, 1)
            await asyncio.gather(*(looked_and_released(mailbox) for mailbox in mailboxes))
            told = notes(mailboxes[2])

    facts = "messages: 2, new: 1" if protocol is POP3 else "new: 1, next UID: 3"
    assert told == [f"looked together with another run of this mailbox; {facts}"]


@BOTH
async def test_each_run_sees_what_came_since_its_own_opening_once(client: MailClient, protocol: MailProtocol) -> None:
    async with serve() as server, opened(client, server, protocol, 2) as early:
        put(server, 1)
        async with opened(client, server, protocol, 2) as late:
            runs = [*early, *late]
            seen: list[list[int]] = [[] for _ in runs]
            for number in (2, 3):
                put(server, number)
                looks = await asyncio.gather(*(looked_and_released(mailbox) for mailbox in runs))
                seen = [before + numbers(look) for before, look in zip(seen, looks, strict=True)]

    assert seen == [[1, 2, 3], [1, 2, 3], [2, 3], [2, 3]]


@BOTH
async def test_a_message_of_a_shared_look_is_fetched_and_deleted_and_no_other(
    client: MailClient, protocol: MailProtocol
) -> None:
    async with serve() as server:
        put(server, 0)
        async with opened(client, server, protocol, 3) as mailboxes:
            for number in (1, 2, 3):
                put(server, number)
            looks = await asyncio.gather(*(looked_and_released(mailbox) for mailbox in mailboxes))
            ref = next(head.ref for head in looks[2].heads if b"X-Number: 2" in head.content)
            assert notes(mailboxes[2])
            content = await mailboxes[2].fetch(ref)
            assert await mailboxes[2].delete([ref]) is None
        left = [message.content for message in server.mailbox(USER).messages]

    assert isinstance(content, bytes)
    assert b"X-Number: 2" in content
    assert [re.findall(rb"X-Number: (\d)", message) for message in left] == [[b"0"], [b"1"], [b"3"]]


@BOTH
async def test_a_look_that_fails_fails_for_one_run_only(client: MailClient, protocol: MailProtocol) -> None:
    async with serve() as server, opened(client, server, protocol, 5) as mailboxes:
        server.faults.add(Fault(protocol, "uidl" if protocol is POP3 else "noop", Drop(), times=1))
        put(server, 1)
        looks = await asyncio.gather(*(mailbox.look() for mailbox in mailboxes[:1]), look_on(mailboxes[1:]))

    assert isinstance(looks[0], Failure)
    assert looks[1] == [[1]] * 4


async def look_on(mailboxes: Sequence[Mailbox]) -> list[list[int]]:
    looks = await asyncio.gather(*(looked_and_released(mailbox) for mailbox in mailboxes))
    return [numbers(look) for look in looks]


@BOTH
async def test_copies_for_others_are_not_kept_beyond_the_last_run(client: MailClient, protocol: MailProtocol) -> None:
    async with serve() as server:
        for number in range(2):
            async with opened(client, server, protocol, 3) as mailboxes:
                put(server, number)
                looks = await asyncio.gather(*(looked_and_released(mailbox) for mailbox in mailboxes))
                assert [numbers(look) for look in looks] == [[number]] * 3


# -- A neighbour that hangs, a session that lags behind ---------------------------------------------------------------


async def test_a_hanging_imap_session_does_not_hold_up_its_neighbours(client: MailClient) -> None:
    async with serve() as server, opened(client, server, IMAP, 6) as (hanging, *others):
        server.faults.add(Fault(IMAP, "noop", Hang(), times=1))
        stuck = asyncio.create_task(hanging.look())
        await asyncio.sleep(0)
        put(server, 1)
        began = CLOCK.monotonic()
        looks = await look_at_once(others)
        put(server, 2)
        more = await look_at_once(others)
        took = CLOCK.monotonic() - began
        assert not stuck.done()
        stuck.cancel()
        await asyncio.gather(stuck, return_exceptions=True)
        noops = said(server, IMAP)["NOOP"]

    assert [numbers(look) for look in (*looks, *more)] == [[1]] * 5 + [[2]] * 5
    assert took < 5, "its time is up after ten seconds"
    assert noops == 3, "its own, and one for all others in each round"


@BOTH
async def test_a_run_that_is_cut_off_while_it_looks_leaves_the_looking_to_the_others(
    client: MailClient, protocol: MailProtocol
) -> None:
    async with serve() as server, opened(client, server, protocol, 3) as (first, *others):
        server.faults.add(Fault(protocol, "uidl" if protocol is POP3 else "noop", Hang(), times=1))
        cut_off = asyncio.create_task(first.look())
        rest = [asyncio.create_task(looked_and_released(mailbox)) for mailbox in others]
        await asyncio.sleep(0.1)
        put(server, 1)
        cut_off.cancel()
        await asyncio.gather(cut_off, return_exceptions=True)
        await first.close()
        looks = await asyncio.gather(*rest)

    assert [numbers(look) for look in looks] == [[1], [1]]


async def test_a_message_that_the_own_session_does_not_show_yet_is_waited_for(client: MailClient) -> None:
    """Sessions of one mailbox may be served by different machines."""
    async with serve() as server, opened(client, server, IMAP, 3) as mailboxes:
        put(server, 1)
        looks = await look_at_once(mailboxes)
        assert notes(mailboxes[2])
        server.faults.add(Fault(IMAP, "fetch", Reply("OK nothing of that kind"), times=2))
        content = await mailboxes[2].fetch(looks[2].heads[0].ref)
        commands = server.sessions_of(IMAP)[2].commands

    assert isinstance(content, bytes)
    assert commands.count("NOOP") == 3, "one before each fetch"


# -- Sweeping -----------------------------------------------------------------------------------------------------------


def own(number: int) -> bytes:
    """A test message of an earlier run."""
    token = new_token(KEY, number.to_bytes(16))
    return make_message(sender=USER, recipient=USER, token=token, now=CLOCK.now(), host="mon1")


async def sweep(mailbox: Mailbox) -> int:
    look = await mailbox.sweep(50)
    assert isinstance(look, Look)
    await mailbox.release()
    return len(look.heads)


@BOTH
async def test_what_could_not_be_settled_is_looked_at_again_by_later_visits_only(
    client: MailClient, protocol: MailProtocol
) -> None:
    async with serve() as server:
        server.deliver(USER, own(1))
        server.deliver(USER, own(2))
        async with opened(client, server, protocol, 2) as (one, other):
            look = await one.sweep(50)
            assert isinstance(look, Look)
            await one.release()
            one.revisit([look.heads[-1].ref])
            swept_at_once = await sweep(other)
        async with opened(client, server, protocol, 1) as (later,):
            swept_later = await sweep(later)
        async with opened(client, server, protocol, 1) as (last,):
            swept_last = await sweep(last)

    assert (len(look.heads), swept_at_once, swept_later, swept_last) == (2, 0, 1, 0)


@BOTH
async def test_a_message_that_comes_in_under_way_and_is_not_looked_at_is_swept_by_the_next_visit(
    client: MailClient, protocol: MailProtocol
) -> None:
    async with serve() as server:
        async with opened(client, server, protocol, 1) as (earlier,):
            await sweep(earlier)
        server.deliver(USER, own(1))
        async with opened(client, server, protocol, 1) as (first,):
            server.deliver(USER, own(2))
            await sweep(first)
        async with opened(client, server, protocol, 1) as (second,):
            swept_next = await sweep(second)

    assert swept_next == 1


async def test_the_sweep_of_the_inbox_is_not_made_in_the_spam_folder(client: MailClient) -> None:
    """What is found in one folder would be deleted in the other."""
    async with serve() as server:
        async with opened(client, server, IMAP, 1) as (earlier,):
            await sweep(earlier)
        for number in range(3):
            put(server, number)
        async with opened(client, server, IMAP, 1) as (mailbox,):
            put(server, 9, folder="Junk")
            look = await mailbox.look(everywhere=True)
            assert isinstance(look, Look)
            assert isinstance(await mailbox.fetch(look.heads[0].ref), bytes)
            swept = await mailbox.sweep(50)

    assert isinstance(swept, Look)
    assert numbers(swept) == [0, 1, 2]


# -- Whole runs ---------------------------------------------------------------------------------------------------------


class Desk:
    """Gives everything away that it is told of, and remembers it."""

    def __init__(self) -> None:
        self.strays: list[Stray] = []

    async def settle(self, strays: Sequence[Stray]) -> Collection[str]:
        self.strays += strays
        return {stray.token for stray in strays}


class KeepingDesk(Desk):
    """Gives nothing away."""

    async def settle(self, strays: Sequence[Stray]) -> Collection[str]:
        self.strays += strays
        return ()


def make_prober(client: MailClient, bugs: list[Exception], desk: Desk | None = None) -> Prober:
    return Prober(client=client, key=KEY, clock=CLOCK, report=bugs.append, desk=desk)


async def trip(prober: Prober, server: LoopbackServer, protocol: MailProtocol, *, url: str | None = None) -> Result:
    settings = MonitorSettings(
        name="shared",
        plan_code="UBM",
        email=USER,
        smtp_server=server.url("smtp"),
        mailbox_protocol=protocol,
        mailbox_server=url or server.url(str(protocol)),
        timeout=timedelta(seconds=20),
    )
    return await prober.run(settings, mailbox_credentials=LOGIN, smtp_credentials=None)


@BOTH
async def test_twenty_runs_in_the_same_second_look_together(
    client: MailClient, bugs: list[Exception], protocol: MailProtocol
) -> None:
    prober = make_prober(client, bugs, KeepingDesk())
    async with serve(delivery=Delivery(delay=2.0)) as server:
        put(server, 1)
        results = await asyncio.gather(*(trip(prober, server, protocol) for _ in range(20)))
        left = server.mailbox(USER).messages
        commands, sessions = said(server, protocol), len(server.sessions_of(protocol))

    shared = sum(
        line.text.startswith("looked together")
        for result in results
        for session in result.sessions
        for line in session.transcript
    )
    assert Counter(result.verdict for result in results) == {Verdict.DELIVERED: 20}
    assert [message.content for message in left] == [b"X-Number: 1\r\n\r\nHello.\r\n"]
    if protocol is POP3:
        # Two for each run: to open the mailbox, and to fetch the message and delete it. The others are looks.
        assert (sessions - 40) * 4 < shared
        assert commands["TOP"] < 60, "each message's head is read once, or hardly more often"
    else:
        assert commands["NOOP"] < shared


@BOTH
async def test_runs_that_see_each_others_messages_leave_nothing_to_sweep(
    client: MailClient, bugs: list[Exception], protocol: MailProtocol
) -> None:
    """What a run can't settle at its end is left to those that come later."""
    keeping = make_prober(client, bugs, KeepingDesk())
    desk = Desk()
    async with serve(Fault(protocol, "dele" if protocol is POP3 else "store", Drop(), times=1)) as server:
        results = await asyncio.gather(*(trip(keeping, server, protocol) for _ in range(3)))
        left_behind = len(server.mailbox(USER).messages)
        await trip(make_prober(client, bugs, desk), server, protocol)
        left = len(server.mailbox(USER).messages)

    assert Counter(result.status for result in results)[StatusCode.DELETE_FAILED] == 1
    assert (left_behind, left) == (1, 0)


async def test_a_sweep_without_a_session_is_no_fault_of_ours(client: MailClient, bugs: list[Exception]) -> None:
    prober = make_prober(client, bugs, Desk())
    async with serve() as server:
        for protocol in (POP3, IMAP):
            result = await trip(prober, server, protocol, url=f"{protocol}://nowhere.invalid")
            assert result.verdict is Verdict.UNSENT
