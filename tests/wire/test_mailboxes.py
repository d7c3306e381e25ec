"""The POP3 and IMAP mailboxes against the loopback server: what they see, touch, delete, and what faults become."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest

from mailtrip.clock import SystemClock
from mailtrip.mail import MailClient
from mailtrip.mail.imap_mailbox import IMAPMailbox
from mailtrip.mail.pop3_mailbox import POP3Mailbox
from mailtrip.model import (
    Credentials,
    Failure,
    Look,
    MailProtocol,
    Mechanism,
    StatusCode,
    Step,
    TLSMode,
    parse_server,
)
from mailtrip.testing.certificates import Authority
from mailtrip.testing.faults import (
    Action,
    Drop,
    EndlessLine,
    EndlessReply,
    Fault,
    Garbage,
    Hang,
    HugeLiteral,
    Reply,
    Reset,
    Trickle,
)
from mailtrip.testing.mailstore import Folder
from mailtrip.testing.server import LoopbackServer
from mailtrip.testing.site import Features

PASSWORD = "correct horse"
USER = "probe@mail.test"
LOGIN = Credentials(username=USER, password=PASSWORD)
POP3, IMAP = MailProtocol.POP3, MailProtocol.IMAP
BOTH = pytest.mark.parametrize("protocol", [POP3, IMAP])

Open = POP3Mailbox | IMAPMailbox


def message(number: int) -> bytes:
    return b"Subject: message %d\r\nX-Number: %d\r\n\r\nHello.\r\n.dot\r\n" % (number, number)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def client() -> Iterator[MailClient]:
    client = MailClient(clock=SystemClock(), client_name="client.mail.test")
    yield client
    client.close()


@asynccontextmanager
async def mailbox_of(
    client: MailClient,
    server: LoopbackServer,
    authority: Authority | None,
    protocol: MailProtocol,
    *,
    implicit: bool = False,
    tls: TLSMode = TLSMode.AUTO,
    login: Credentials = LOGIN,
    seconds: float = 5.0,
    told: Callable[[Step, float, float | None], None] = lambda _step, _began, _ended: None,
) -> AsyncIterator[Open]:
    now = SystemClock().monotonic()
    url = server.url(f"{protocol}s" if implicit else str(protocol))
    target = parse_server(url, protocol, tls=tls, tls_ca=authority.ca_pem if authority else None)
    mailbox = client.mailbox(target, login, deadline=now + seconds, observe=told, started_at=now)
    try:
        yield mailbox
    finally:
        await mailbox.close()


def serve(authority: Authority | None, *faults: Fault, features: Features | None = None) -> LoopbackServer:
    return LoopbackServer({USER: PASSWORD}, authority=authority, faults=faults, features=features)


def transcript(mailbox: Open) -> str:
    record = mailbox.record
    assert record is not None
    return "\n".join(f"{line.direction} {line.text}" for line in record.transcript)


async def looked(mailbox: Open) -> Look:
    look = await mailbox.look()
    assert isinstance(look, Look), look
    return look


MECHANISMS = [
    *[(POP3, m) for m in (Mechanism.AUTO, Mechanism.PLAIN, Mechanism.LOGIN, Mechanism.APOP, Mechanism.SCRAM_SHA_256)],
    *[(IMAP, m) for m in (Mechanism.AUTO, Mechanism.PLAIN, Mechanism.LOGIN, Mechanism.SCRAM_SHA_1)],
]


@pytest.mark.parametrize(("protocol", "mechanism"), MECHANISMS)
@pytest.mark.parametrize(("implicit", "tls"), [(False, TLSMode.NONE), (False, TLSMode.AUTO), (True, TLSMode.AUTO)])
async def test_new_mail_is_seen_fetched_and_deleted_in_each_tls_mode_with_each_mechanism(
    client: MailClient,
    authority: Authority,
    protocol: MailProtocol,
    mechanism: Mechanism,
    implicit: bool,
    tls: TLSMode,
) -> None:
    login = Credentials(username=USER, password=PASSWORD, mechanism=mechanism)
    async with serve(authority) as server:
        server.deliver(USER, message(1))
        async with mailbox_of(client, server, authority, protocol, implicit=implicit, tls=tls, login=login) as mailbox:
            assert await mailbox.open() is None
            assert (await looked(mailbox)).heads == ()
            server.deliver(USER, message(2))
            look = await looked(mailbox)
            assert [b"X-Number: 2" in head.content for head in look.heads] == [True]
            content = await mailbox.fetch(look.heads[0].ref)
            assert content == message(2)
            assert await mailbox.delete([look.heads[0].ref]) is None
        stored = server.mailbox(USER).folders["INBOX"].messages

    assert [kept.content for kept in stored] == [message(1)]
    assert not any(kept.flags for kept in stored)
    assert PASSWORD not in transcript(mailbox)


@pytest.fixture
def without_collections() -> Iterator[None]:
    """No garbage is collected but what nothing refers to."""
    gc.disable()
    yield
    gc.enable()


@BOTH
@pytest.mark.usefixtures("without_collections")
async def test_a_mailbox_that_is_closed_leaves_no_garbage(
    client: MailClient, authority: Authority, protocol: MailProtocol
) -> None:
    """A listing may have 100,000 lines, and the service collects garbage seldom."""
    async with serve(authority) as server:
        async with mailbox_of(client, server, authority, protocol) as mailbox:
            assert await mailbox.open() is None
            assert (await looked(mailbox)).heads == ()
        remains = weakref.ref(mailbox)
        del mailbox

    assert remains() is None


@BOTH
async def test_a_look_shows_only_what_the_look_before_did_not(
    client: MailClient, authority: Authority, protocol: MailProtocol
) -> None:
    async with serve(authority) as server, mailbox_of(client, server, authority, protocol) as mailbox:
        assert await mailbox.open() is None
        counts = []
        for number in range(3):
            server.deliver(USER, message(number))
            counts.append(len((await looked(mailbox)).heads))
        counts.append(len((await looked(mailbox)).heads))

    assert counts == [1, 1, 1, 0]


@BOTH
async def test_opening_again_keeps_the_base_line(
    client: MailClient, authority: Authority, protocol: MailProtocol
) -> None:
    """Mail that comes in while the connection is lost is new all the same."""
    async with serve(authority) as server, mailbox_of(client, server, authority, protocol) as mailbox:
        server.deliver(USER, message(1))
        assert await mailbox.open() is None
        for connection in tuple(server.site.connections):
            connection.transport.abort()
        server.deliver(USER, message(2))
        assert await mailbox.open() is None
        look = await looked(mailbox)

    assert [b"X-Number: 2" in head.content for head in look.heads] == [True]


@BOTH
async def test_a_message_can_be_fetched_and_deleted_after_its_session_broke(
    client: MailClient, authority: Authority, protocol: MailProtocol
) -> None:
    async with serve(authority) as server, mailbox_of(client, server, authority, protocol) as mailbox:
        assert await mailbox.open() is None
        server.deliver(USER, message(1))
        ref = (await looked(mailbox)).heads[0].ref
        for connection in tuple(server.site.connections):
            connection.transport.abort()
        assert await mailbox.open() is None
        assert await mailbox.fetch(ref) == message(1)
        assert await mailbox.delete([ref]) is None
        left = server.mailbox(USER).folders["INBOX"].messages

    assert not left


@BOTH
async def test_nothing_but_the_message_named_is_deleted_nor_marked(
    client: MailClient, authority: Authority, protocol: MailProtocol
) -> None:
    async with serve(authority) as server, mailbox_of(client, server, authority, protocol) as mailbox:
        for number in range(20):
            server.deliver(USER, message(number))
        assert await mailbox.open() is None
        server.deliver(USER, message(98))
        server.deliver(USER, message(99))
        heads = (await looked(mailbox)).heads
        ours = next(head for head in heads if b"X-Number: 98" in head.content)
        assert await mailbox.delete([ours.ref]) is None
        stored = server.mailbox(USER).folders["INBOX"].messages

    assert [kept.content for kept in stored] == [message(number) for number in (*range(20), 99)]
    assert not any(kept.flags for kept in stored)


async def swept(client: MailClient, server: LoopbackServer, protocol: MailProtocol, *, stays: bool) -> list[bytes]:
    """Visit the mailbox as a later run does: the contents that its sweep shows. They stay, or nothing is said of them."""
    async with mailbox_of(client, server, None, protocol) as mailbox:
        assert await mailbox.open() is None
        look = await mailbox.sweep(50)
        assert isinstance(look, Look)
        if stays:
            mailbox.revisit([head.ref for head in look.heads])
    return [head.content for head in look.heads]


@BOTH
async def test_a_sweep_shows_what_no_earlier_visit_has_looked_at_and_what_was_to_stay(
    client: MailClient, protocol: MailProtocol
) -> None:
    async with serve(None) as server:
        server.deliver(USER, message(1))
        visits = [await swept(client, server, protocol, stays=stays) for stays in (True, True, False, False)]
        server.deliver(USER, message(2))
        visits.append(await swept(client, server, protocol, stays=True))
        server.mailbox(USER).inbox.remove(server.mailbox(USER).messages)
        visits.append(await swept(client, server, protocol, stays=False))

    assert [[b"X-Number: 1" in content for content in visit] for visit in visits] == [
        [True], [True], [True], [], [False], []
    ]  # fmt: skip


async def test_what_a_pop3_server_keeps_after_its_deletion_is_shown_by_the_sweep_of_the_next_visit_once(
    client: MailClient,
) -> None:
    async with serve(None, Fault(POP3, "dele", Reply("+OK deleted"))) as server:
        async with mailbox_of(client, server, None, POP3) as mailbox:
            assert await mailbox.open() is None
            server.deliver(USER, message(1))
            assert await mailbox.delete([(await looked(mailbox)).heads[0].ref]) is None
            assert isinstance(await mailbox.sweep(50), Look)
        visits = [len(await swept(client, server, POP3, stays=False)) for _ in range(3)]

    assert visits == [1, 0, 0]


async def test_a_uid_of_before_a_renumbering_is_the_name_of_no_message_any_more(
    client: MailClient, authority: Authority
) -> None:
    """RFC 3501, 2.3.1.1: under another UIDVALIDITY, it may well be that of somebody else's message."""
    async with serve(authority) as server, mailbox_of(client, server, authority, IMAP) as mailbox:
        assert await mailbox.open() is None
        ours = server.deliver(USER, message(1))
        ref = (await looked(mailbox)).heads[0].ref
        inbox = server.mailbox(USER).inbox
        inbox.remove([ours])
        inbox.uid_validity, inbox.uid_next = inbox.uid_validity + 1, 1
        server.deliver(USER, message(2))
        for connection in tuple(server.site.connections):
            connection.transport.abort()
        assert await mailbox.open() is None
        fetched, deleted = await mailbox.fetch(ref), await mailbox.delete([ref])
        stored = [kept.content for kept in inbox.messages]

    for outcome in (fetched, deleted):
        assert isinstance(outcome, Failure)
        assert "UIDVALIDITY" in outcome.reason
    assert stored == [message(2)]


async def test_without_uid_expunge_nothing_is_expunged_that_others_have_marked(
    client: MailClient, authority: Authority
) -> None:
    """EXPUNGE would take along what somebody else has marked as deleted."""
    async with (
        serve(authority, features=Features(uidplus=False)) as server,
        mailbox_of(client, server, authority, IMAP) as mailbox,
    ):
        foreign = server.deliver(USER, message(1))
        foreign.flags.add("\\Deleted")
        assert await mailbox.open() is None
        server.deliver(USER, message(2))
        ref = (await looked(mailbox)).heads[0].ref
        outcome = await mailbox.delete([ref])
        stored = server.mailbox(USER).folders["INBOX"].messages

    assert isinstance(outcome, Failure)
    assert outcome.status is StatusCode.DELETE_FAILED
    assert [kept.content for kept in stored] == [message(1), message(2)]


async def test_idle_ends_when_mail_comes_in(client: MailClient, authority: Authority) -> None:
    async with serve(authority) as server, mailbox_of(client, server, authority, IMAP) as mailbox:
        assert await mailbox.open() is None
        assert mailbox.can_push
        server.site.loop.call_later(0.2, server.deliver, USER, message(1))
        began = SystemClock().monotonic()
        assert await mailbox.wait(4) is None
        took = SystemClock().monotonic() - began
        heads = (await looked(mailbox)).heads

    assert 0.1 < took < 2
    assert len(heads) == 1


async def test_idle_ends_by_itself_when_nothing_comes_in(client: MailClient, authority: Authority) -> None:
    async with serve(authority) as server, mailbox_of(client, server, authority, IMAP) as mailbox:
        assert await mailbox.open() is None
        assert await mailbox.wait(0.2) is None
        assert (await looked(mailbox)).heads == ()


@BOTH
async def test_the_observer_is_told_of_each_step_until_the_mailbox_is_open(
    client: MailClient, authority: Authority, protocol: MailProtocol
) -> None:
    steps: list[Step] = []

    def told(step: Step, _began: float, ended: float | None) -> None:
        if ended is not None and step not in steps:
            steps.append(step)

    async with (
        serve(authority) as server,
        mailbox_of(client, server, authority, protocol, implicit=True, told=told) as mailbox,
    ):
        assert await mailbox.open() is None
        await looked(mailbox)

    assert steps == [
        Step.MAILBOX_RESOLVE,
        Step.MAILBOX_CONNECT,
        Step.MAILBOX_TLS,
        Step.MAILBOX_GREETING,
        Step.MAILBOX_LOGIN,
        Step.MAILBOX_OPEN,
    ]


BROKEN, LOGIN_REFUSED, TIMEOUT = StatusCode.MAILBOX_PROTOCOL, StatusCode.MAILBOX_LOGIN, StatusCode.TIMEOUT

OPENING: list[tuple[MailProtocol, str, Action, StatusCode, Step]] = [
    (POP3, "connect", Reset(), BROKEN, Step.MAILBOX_GREETING),
    (POP3, "greeting", Reply("-ERR go away"), BROKEN, Step.MAILBOX_GREETING),
    (POP3, "greeting", Garbage(), BROKEN, Step.MAILBOX_GREETING),
    (POP3, "greeting", EndlessLine(), BROKEN, Step.MAILBOX_GREETING),
    (POP3, "greeting", Hang(), TIMEOUT, Step.MAILBOX_GREETING),
    (POP3, "greeting", Trickle(2), TIMEOUT, Step.MAILBOX_GREETING),
    (POP3, "tls", Drop(), StatusCode.MAILBOX_TLS, Step.MAILBOX_TLS),
    (POP3, "auth", Reply("-ERR [AUTH] no"), LOGIN_REFUSED, Step.MAILBOX_LOGIN),
    (POP3, "auth", Reply("-ERR [IN-USE] busy"), StatusCode.MAILBOX_LOCKED, Step.MAILBOX_LOGIN),
    (POP3, "auth", Reply("-ERR [LOGIN-DELAY] slowly"), StatusCode.MAILBOX_LOCKED, Step.MAILBOX_LOGIN),
    (POP3, "auth", Reply("-ERR [SYS/TEMP] later"), BROKEN, Step.MAILBOX_LOGIN),
    (POP3, "uidl", Drop(), BROKEN, Step.MAILBOX_OPEN),
    (POP3, "uidl", EndlessReply(), BROKEN, Step.MAILBOX_OPEN),
    (POP3, "uidl", Garbage(), BROKEN, Step.MAILBOX_OPEN),
    (IMAP, "connect", Reset(), BROKEN, Step.MAILBOX_GREETING),
    (IMAP, "greeting", Reply("* BYE go away"), BROKEN, Step.MAILBOX_GREETING),
    (IMAP, "greeting", Garbage(), BROKEN, Step.MAILBOX_GREETING),
    (IMAP, "greeting", EndlessLine(), BROKEN, Step.MAILBOX_GREETING),
    (IMAP, "greeting", Hang(), TIMEOUT, Step.MAILBOX_GREETING),
    (IMAP, "tls", Drop(), StatusCode.MAILBOX_TLS, Step.MAILBOX_TLS),
    (IMAP, "auth", Reply("NO [AUTHENTICATIONFAILED] no"), LOGIN_REFUSED, Step.MAILBOX_LOGIN),
    (IMAP, "auth", Reply("NO [UNAVAILABLE] later"), BROKEN, Step.MAILBOX_LOGIN),
    (IMAP, "auth", Reply("NO [INUSE] busy"), StatusCode.MAILBOX_LOCKED, Step.MAILBOX_LOGIN),
    (IMAP, "select", Drop(), BROKEN, Step.MAILBOX_OPEN),
    (IMAP, "select", EndlessReply(), BROKEN, Step.MAILBOX_OPEN),
    (IMAP, "select", HugeLiteral(), BROKEN, Step.MAILBOX_OPEN),
    (IMAP, "select", Reply("NO [OVERQUOTA] full"), StatusCode.MAILBOX_QUOTA, Step.MAILBOX_OPEN),
]


@pytest.mark.parametrize(("protocol", "moment", "action", "status", "step"), OPENING)
async def test_a_fault_while_opening_becomes_a_failure_that_names_status_and_step(
    client: MailClient,
    authority: Authority,
    protocol: MailProtocol,
    moment: str,
    action: Action,
    status: StatusCode,
    step: Step,
) -> None:
    seconds = 0.7 if status is TIMEOUT else 20  # a bound has to end the rest, however slow this machine is
    async with (
        serve(authority, Fault(protocol, moment, action)) as server,
        mailbox_of(client, server, authority, protocol, seconds=seconds) as mailbox,
    ):
        outcome = await mailbox.open()

    assert isinstance(outcome, Failure)
    assert (outcome.status, outcome.step) == (status, step)
    assert PASSWORD not in outcome.reason


LATER: list[tuple[MailProtocol, str, Action, StatusCode, Step]] = [
    (POP3, "top", Drop(), BROKEN, Step.LOOK),
    (POP3, "top", EndlessReply(), BROKEN, Step.LOOK),
    (POP3, "retr", Reply("-ERR no such message"), BROKEN, Step.FETCH),
    (POP3, "retr", Hang(), TIMEOUT, Step.FETCH),
    (POP3, "dele", Reply("-ERR not allowed"), StatusCode.DELETE_FAILED, Step.DELETE),
    (POP3, "quit", Reply("-ERR some messages not removed"), StatusCode.DELETE_FAILED, Step.DELETE),
    (POP3, "quit", Drop(), BROKEN, Step.DELETE),
    (IMAP, "noop", Reply("* BYE shutting down"), BROKEN, Step.LOOK),
    (IMAP, "noop", Hang(), TIMEOUT, Step.LOOK),
    (IMAP, "fetch", HugeLiteral(), BROKEN, Step.LOOK),
    (IMAP, "fetch", Garbage(), BROKEN, Step.LOOK),
    (IMAP, "store", Reply("NO not allowed"), StatusCode.DELETE_FAILED, Step.DELETE),
    (IMAP, "expunge", Reply("NO not allowed"), StatusCode.DELETE_FAILED, Step.DELETE),
    (IMAP, "expunge", Drop(), BROKEN, Step.DELETE),
]


@pytest.mark.parametrize(("protocol", "moment", "action", "status", "step"), LATER)
async def test_a_fault_after_opening_becomes_a_failure_that_names_status_and_step(
    client: MailClient,
    authority: Authority,
    protocol: MailProtocol,
    moment: str,
    action: Action,
    status: StatusCode,
    step: Step,
) -> None:
    async with (
        serve(authority) as server,
        mailbox_of(client, server, authority, protocol, seconds=1.0) as mailbox,
    ):
        assert await mailbox.open() is None
        server.deliver(USER, message(1))
        server.faults.add(Fault(protocol, moment, action))
        outcome = await until_failure(mailbox)

    assert (outcome.status, outcome.step) == (status, step)


async def until_failure(mailbox: Open) -> Failure:
    look = await mailbox.look()
    if isinstance(look, Failure):
        return look
    ref = look.heads[0].ref
    content = await mailbox.fetch(ref)
    if isinstance(content, Failure):
        return content
    outcome = await mailbox.delete([ref])
    assert outcome is not None
    return outcome


async def test_a_mailbox_that_another_program_has_open_is_a_temporary_failure(
    client: MailClient, authority: Authority
) -> None:
    elsewhere = MailClient(clock=SystemClock(), client_name="elsewhere.mail.test")
    async with (
        serve(authority) as server,
        mailbox_of(elsewhere, server, authority, POP3) as holder,
        mailbox_of(client, server, authority, POP3) as other,
    ):
        assert await holder.open() is None
        server.deliver(USER, message(1))
        await looked(holder)
        outcome = await other.open()
    elsewhere.close()

    assert isinstance(outcome, Failure)
    assert outcome.status is StatusCode.MAILBOX_LOCKED
    assert outcome.says_later


@BOTH
async def test_message_bodies_are_not_in_the_transcript(
    client: MailClient, authority: Authority, protocol: MailProtocol
) -> None:
    async with serve(authority) as server, mailbox_of(client, server, authority, protocol) as mailbox:
        assert await mailbox.open() is None
        server.deliver(USER, b"Subject: private\r\n\r\nnobody's business\r\n")
        ref = (await looked(mailbox)).heads[0].ref
        await mailbox.fetch(ref)

    assert "nobody's business" not in transcript(mailbox)
    assert "private" not in transcript(mailbox)


async def test_copies_that_share_a_unique_id_are_two_messages(client: MailClient, authority: Authority) -> None:
    """RFC 1939, 7 allows a server to make the id from the content."""
    async with serve(authority) as server, mailbox_of(client, server, authority, POP3) as mailbox:
        assert await mailbox.open() is None
        server.deliver(USER, message(1))
        server.deliver(USER, message(1))
        server.faults.add(Fault(POP3, "uidl", Reply("+OK\n1 same\n2 same\n.")))
        heads = (await looked(mailbox)).heads
        assert await mailbox.delete([head.ref for head in heads]) is None
        left = server.mailbox(USER).messages

    assert len(heads) == 2
    assert not left


@BOTH
async def test_a_huge_foreign_message_does_not_disturb_a_look(
    client: MailClient, authority: Authority, protocol: MailProtocol
) -> None:
    async with serve(authority) as server, mailbox_of(client, server, authority, protocol) as mailbox:
        assert await mailbox.open() is None
        server.deliver(USER, b"Subject: huge\r\n\r\n" + b"x" * 4_000_000 + b"\r\n")
        server.deliver(USER, message(1))
        heads = (await looked(mailbox)).heads

    assert [b"X-Number: 1" in head.content for head in heads if b"Subject: huge" not in head.content] == [True]


async def test_what_a_server_says_before_it_hangs_up_is_heard(client: MailClient, authority: Authority) -> None:
    faults = [Fault(POP3, "capa", Reply("-ERR [SYS/TEMP] going down", then_close=True))]
    async with (
        serve(authority, *faults) as server,
        mailbox_of(client, server, authority, POP3) as mailbox,
    ):
        outcome = await mailbox.open()

    assert isinstance(outcome, Failure)


async def test_pop3_runs_on_one_mailbox_take_turns(client: MailClient, authority: Authority) -> None:
    """The server would answer the second one with [IN-USE]."""
    async with (
        serve(authority) as server,
        mailbox_of(client, server, authority, POP3) as one,
        mailbox_of(client, server, authority, POP3) as other,
    ):
        outcomes = await asyncio.gather(one.open(), other.open())
        server.deliver(USER, message(1))
        looks = await asyncio.gather(looked_and_released(one), looked_and_released(other))

    assert set(outcomes) == {None}
    assert [len(look.heads) for look in looks] == [1, 1]


async def looked_and_released(mailbox: Open) -> Look:
    look = await looked(mailbox)
    await mailbox.release()
    return look


async def test_a_look_that_begins_when_the_time_is_up_blames_nobody_else(client: MailClient) -> None:
    async with serve(None) as server, mailbox_of(client, server, None, POP3, seconds=0.3) as mailbox:
        assert await mailbox.open() is None
        await asyncio.sleep(0.35)
        look = await mailbox.look()
    assert isinstance(look, Failure)
    assert (look.status, look.step) == (StatusCode.TIMEOUT, Step.LOOK)


@pytest.mark.parametrize(
    ("folder", "is_found"), [("Spam", True), ("Junk", True), ("INBOX/Courrier indésirable", True), ("Archive", False)]
)
async def test_folders_for_spam_are_known_by_their_names_beside_the_one_that_is_marked(
    client: MailClient, folder: str, is_found: bool
) -> None:
    async with serve(None) as server:
        encoded = folder.replace("é", "&AOk-")
        server.mailbox(USER).folders.setdefault(encoded, Folder(encoded, uid_validity=1))
        async with mailbox_of(client, server, None, IMAP) as mailbox:
            assert await mailbox.open() is None
            server.deliver(USER, message(1), folder=encoded)
            look = await mailbox.look(everywhere=True)
            assert isinstance(look, Look)
            assert [head.ref.folder for head in look.heads] == ([folder] if is_found else [])
            assert mailbox.is_junk(folder) is is_found
