"""The SMTP sender against the loopback server: what each fault becomes, and that no fault becomes an exception."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from mailtrip.clock import SystemClock
from mailtrip.mail import MailClient
from mailtrip.mail.sender import SMTPSender
from mailtrip.model import (
    Accepted,
    Credentials,
    Envelope,
    Failure,
    MailProtocol,
    Mechanism,
    StatusCode,
    Step,
    TLSMode,
    parse_server,
)
from mailtrip.testing.certificates import Authority
from mailtrip.testing.faults import (
    AcceptThenDrop,
    Action,
    Drop,
    EndlessLine,
    EndlessReply,
    Fault,
    Garbage,
    Hang,
    Reply,
    Reset,
    Trickle,
)
from mailtrip.testing.server import LoopbackServer

PASSWORD = "correct horse"
LOGIN = Credentials(username="probe@mail.test", password=PASSWORD)
ENVELOPE = Envelope(sender="probe@mail.test", recipient="probe@mail.test")
MESSAGE = b"From: probe@mail.test\r\nSubject: test\r\n\r\nHello.\r\n.a line that begins with a dot\r\n"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def client() -> Iterator[MailClient]:
    client = MailClient(clock=SystemClock(), client_name="client.mail.test")
    yield client
    client.close()


class Steps:
    """Collects what the observer is told."""

    def __init__(self) -> None:
        self.ended: list[Step] = []

    def __call__(self, step: Step, began: float, ended: float | None) -> None:
        if ended is not None:
            assert ended >= began
            self.ended.append(step)


@asynccontextmanager
async def sending(
    client: MailClient,
    url: str,
    authority: Authority | None,
    *,
    tls: TLSMode = TLSMode.AUTO,
    verify: bool = True,
    credentials: Credentials | None = LOGIN,
    seconds: float = 5.0,
    steps: Steps | None = None,
) -> AsyncIterator[SMTPSender]:
    now = SystemClock().monotonic()
    server = parse_server(
        url, MailProtocol.SMTP, tls=tls, tls_verify=verify, tls_ca=authority.ca_pem if authority else None
    )
    sender = client.sender(server, credentials, deadline=now + seconds, observe=steps or Steps(), started_at=now)
    try:
        yield sender
    finally:
        await sender.close()


async def submit(sender: SMTPSender) -> Accepted | Failure:
    failure = await sender.connect()
    return failure or await sender.submit(ENVELOPE, MESSAGE)


def transcript(sender: SMTPSender) -> str:
    record = sender.record
    assert record is not None
    return "\n".join(f"{line.direction} {line.text}" for line in record.transcript)


@pytest.mark.parametrize("mechanism", [m for m in Mechanism if m is not Mechanism.APOP])
@pytest.mark.parametrize(
    ("port", "tls"),
    [("smtp", TLSMode.NONE), ("smtp", TLSMode.STARTTLS), ("smtp", TLSMode.AUTO), ("smtps", TLSMode.AUTO)],
)
async def test_a_message_is_handed_over_in_each_tls_mode_with_each_mechanism(
    client: MailClient, authority: Authority, port: str, tls: TLSMode, mechanism: Mechanism
) -> None:
    login = Credentials(username=LOGIN.username, password=PASSWORD, mechanism=mechanism)
    steps = Steps()
    async with LoopbackServer({"probe@mail.test": PASSWORD}, authority=authority) as server:
        async with sending(client, server.url(port), authority, tls=tls, credentials=login, steps=steps) as sender:
            outcome = await submit(sender)
        stored = server.mailbox("probe@mail.test").folders["INBOX"].messages

    assert isinstance(outcome, Accepted)
    assert len(stored) == 1
    assert stored[0].content.endswith(b"Hello.\r\n.a line that begins with a dot\r\n")
    assert steps.ended[:2] == [Step.RESOLVE, Step.CONNECT]
    assert steps.ended[-2:] == [Step.LOGIN, Step.SUBMIT]
    assert PASSWORD not in transcript(sender)


async def test_the_certificate_and_the_address_are_kept_with_the_session(
    client: MailClient, authority: Authority
) -> None:
    async with LoopbackServer({"probe@mail.test": PASSWORD}, authority=authority) as server:
        async with sending(client, server.url("smtps"), authority) as sender:
            await submit(sender)
        record = sender.record

    assert record is not None
    assert record.address == f"127.0.0.1:{server.port('smtps')}"
    assert record.tls is not None
    assert record.tls.version == "TLSv1.3"
    assert record.tls.verify_error is None
    assert record.tls.not_after is not None
    assert record.tls.not_after > datetime.now(UTC)
    assert "PIPELINING" in " ".join(record.capabilities)


async def test_an_ipv6_address_literal_is_connected_to_and_verified(client: MailClient, authority: Authority) -> None:
    async with (
        LoopbackServer({"probe@mail.test": PASSWORD}, authority=authority, ipv6=True) as server,
        sending(client, f"smtps://[::1]:{server.port('smtps')}", authority) as sender,
    ):
        outcome = await submit(sender)
        record = sender.record

    assert isinstance(outcome, Accepted)
    assert record is not None
    assert record.address == f"[::1]:{server.port('smtps')}"


async def test_the_next_address_is_tried_when_one_refuses(client: MailClient, authority: Authority) -> None:
    """`localhost` has two addresses; the server listens on one of them only."""
    async with (
        LoopbackServer({"probe@mail.test": PASSWORD}, authority=authority) as server,
        sending(client, f"smtps://localhost:{server.port('smtps')}", authority) as sender,
    ):
        assert isinstance(await submit(sender), Accepted)


FAULTS: list[tuple[str, Action, StatusCode, Step]] = [
    ("connect", Drop(), StatusCode.SMTP_PROTOCOL, Step.GREETING),
    ("connect", Reset(), StatusCode.SMTP_PROTOCOL, Step.GREETING),
    ("greeting", Reply("554 no service for you"), StatusCode.SMTP_PROTOCOL, Step.GREETING),
    ("greeting", Garbage(), StatusCode.SMTP_PROTOCOL, Step.GREETING),
    ("greeting", EndlessLine(), StatusCode.SMTP_PROTOCOL, Step.GREETING),
    ("greeting", EndlessReply(), StatusCode.SMTP_PROTOCOL, Step.GREETING),
    ("greeting", Hang(), StatusCode.TIMEOUT, Step.GREETING),
    ("greeting", Trickle(2), StatusCode.TIMEOUT, Step.GREETING),
    ("ehlo", Drop(), StatusCode.SMTP_PROTOCOL, Step.GREETING),
    ("greeting", Reply("421 4.3.2 too busy", then_close=True), StatusCode.DEFERRED, Step.GREETING),
    ("ehlo", Reply("421 4.3.2 going down", then_close=True), StatusCode.DEFERRED, Step.GREETING),
    ("starttls", Reply("454 4.7.0 TLS not available"), StatusCode.DEFERRED, Step.TLS),
    ("starttls", Reply("502 5.5.1 no TLS"), StatusCode.SMTP_TLS, Step.TLS),
    ("tls", Drop(), StatusCode.SMTP_TLS, Step.TLS),
    ("tls", Hang(), StatusCode.TIMEOUT, Step.TLS),
    ("tls", Garbage(), StatusCode.SMTP_TLS, Step.TLS),
    ("auth", Reply("535 5.7.8 no"), StatusCode.SMTP_LOGIN, Step.LOGIN),
    ("auth", Reply("454 4.7.0 later"), StatusCode.DEFERRED, Step.LOGIN),
    ("auth", Drop(), StatusCode.SMTP_PROTOCOL, Step.LOGIN),
    ("mail", Reply("550 5.1.0 bad sender"), StatusCode.SENDER_REFUSED, Step.SUBMIT),
    ("mail", Reply("451 4.3.0 later"), StatusCode.DEFERRED, Step.SUBMIT),
    ("rcpt", Reply("550 5.1.1 no such user"), StatusCode.RECIPIENT_REFUSED, Step.SUBMIT),
    ("rcpt", Reply("450 4.2.0 greylisted"), StatusCode.DEFERRED, Step.SUBMIT),
    ("rcpt", Reset(), StatusCode.SMTP_PROTOCOL, Step.SUBMIT),
    ("data", Reply("554 5.5.0 no data"), StatusCode.MESSAGE_REFUSED, Step.SUBMIT),
    ("dot", Reply("554 5.7.1 looks like spam"), StatusCode.MESSAGE_REFUSED, Step.SUBMIT),
    ("dot", Reply("452 4.3.1 disk full"), StatusCode.DEFERRED, Step.SUBMIT),
    ("dot", Hang(), StatusCode.TIMEOUT, Step.SUBMIT),
    ("dot", Drop(), StatusCode.SMTP_PROTOCOL, Step.SUBMIT),
    ("dot", AcceptThenDrop(), StatusCode.SMTP_PROTOCOL, Step.SUBMIT),
    ("dot", Garbage(), StatusCode.SMTP_PROTOCOL, Step.SUBMIT),
]


@pytest.mark.parametrize(("moment", "action", "status", "step"), FAULTS)
async def test_a_fault_becomes_a_failure_that_names_status_and_step(
    client: MailClient, authority: Authority, moment: str, action: Action, status: StatusCode, step: Step
) -> None:
    faults = [Fault(MailProtocol.SMTP, moment, action)]
    async with (
        LoopbackServer({"probe@mail.test": PASSWORD}, authority=authority, faults=faults) as server,
        sending(client, server.url("smtp"), authority, seconds=0.7) as sender,
    ):
        outcome = await submit(sender)

    assert isinstance(outcome, Failure)
    assert (outcome.status, outcome.step) == (status, step)
    assert PASSWORD not in outcome.reason


@pytest.mark.parametrize("action", [Drop(), Hang(), Reset(), AcceptThenDrop(), Garbage()])
async def test_an_answer_to_the_final_dot_that_is_not_heard_is_said_to_be_unanswered(
    client: MailClient, authority: Authority, action: Action
) -> None:
    faults = [Fault(MailProtocol.SMTP, "dot", action)]
    async with (
        LoopbackServer({"probe@mail.test": PASSWORD}, authority=authority, faults=faults) as server,
        sending(client, server.url("smtp"), authority, seconds=0.7) as sender,
    ):
        outcome = await submit(sender)

    assert isinstance(outcome, Failure)
    assert outcome.is_unanswered


async def test_a_connection_that_breaks_before_the_message_is_out_is_not_unanswered(
    client: MailClient, authority: Authority
) -> None:
    faults = [Fault(MailProtocol.SMTP, "rcpt", Drop())]
    async with (
        LoopbackServer({"probe@mail.test": PASSWORD}, authority=authority, faults=faults) as server,
        sending(client, server.url("smtp"), authority) as sender,
    ):
        outcome = await submit(sender)

    assert isinstance(outcome, Failure)
    assert not outcome.is_unanswered


async def test_a_trickling_server_cannot_stretch_the_deadline(client: MailClient, authority: Authority) -> None:
    faults = [Fault(MailProtocol.SMTP, "ehlo", Trickle(20))]
    began = SystemClock().monotonic()
    async with (
        LoopbackServer({"probe@mail.test": PASSWORD}, authority=authority, faults=faults) as server,
        sending(client, server.url("smtp"), authority, seconds=0.5) as sender,
    ):
        outcome = await submit(sender)
        took = SystemClock().monotonic() - began

    assert isinstance(outcome, Failure)
    assert outcome.status is StatusCode.TIMEOUT
    assert 0.5 <= took < 1.5


async def test_nothing_listening_is_a_failed_connection(client: MailClient, authority: Authority) -> None:
    async with LoopbackServer({"probe@mail.test": PASSWORD}, authority=authority) as server:
        url = server.url("smtps")
    async with sending(client, url, authority) as sender:
        outcome = await submit(sender)
        record = sender.record

    assert isinstance(outcome, Failure)
    assert (outcome.status, outcome.step) == (StatusCode.CONNECTION_FAILED, Step.CONNECT)
    assert record is not None
    assert record.address is not None, "a host that refuses was reached: the network is not to blame"


async def test_a_name_without_an_address_is_not_resolved(client: MailClient) -> None:
    async with sending(client, "smtps://nothing.invalid", None) as sender:
        outcome = await submit(sender)

    assert isinstance(outcome, Failure)
    assert (outcome.status, outcome.step) == (StatusCode.SMTP_NAME, Step.RESOLVE)


class TestCertificates:
    @pytest.mark.parametrize("kind", ["foreign", "expired", "wrong name"])
    async def test_a_bad_certificate_fails_and_is_shown(
        self, client: MailClient, authority: Authority, kind: str
    ) -> None:
        certificate = {
            "foreign": lambda: Authority().issue(),
            "expired": lambda: authority.issue(
                not_before=datetime.now(UTC) - timedelta(days=9), not_after=datetime.now(UTC) - timedelta(days=1)
            ),
            "wrong name": lambda: authority.issue(names=("elsewhere.test",)),
        }[kind]()
        async with (
            LoopbackServer({"probe@mail.test": PASSWORD}, certificate=certificate) as server,
            sending(client, server.url("smtps"), authority) as sender,
        ):
            outcome = await submit(sender)
            record = sender.record
            bytes_stored = server.mailbox("probe@mail.test").folders["INBOX"].messages

        assert isinstance(outcome, Failure)
        assert (outcome.status, outcome.step) == (StatusCode.SMTP_TLS, Step.TLS)
        assert record is not None
        assert record.tls is not None
        assert record.tls.verify_error is not None
        assert record.tls.not_after is not None
        assert not bytes_stored

    @pytest.mark.parametrize("port", ["smtp", "smtps"])
    async def test_a_bad_certificate_is_reported_and_not_fatal_where_the_owner_says_so(
        self, client: MailClient, authority: Authority, port: str
    ) -> None:
        async with (
            LoopbackServer({"probe@mail.test": PASSWORD}, certificate=Authority().issue()) as server,
            sending(client, server.url(port), authority, verify=False) as sender,
        ):
            outcome = await submit(sender)
            record = sender.record

        assert isinstance(outcome, Accepted)
        assert record is not None
        assert record.tls is not None
        assert "does not verify" in (record.tls.verify_error or "")

    async def test_plain_text_where_tls_was_expected_is_said_so(self, client: MailClient, authority: Authority) -> None:
        async with (
            LoopbackServer({"probe@mail.test": PASSWORD}, authority=authority) as server,
            sending(client, f"smtps://127.0.0.1:{server.port('smtp')}", authority) as sender,
        ):
            outcome = await submit(sender)

        assert isinstance(outcome, Failure)
        assert outcome.status is StatusCode.SMTP_TLS
        assert "STARTTLS" in outcome.reason


class TestPasswords:
    async def test_no_password_goes_out_in_clear_unless_tls_is_none(
        self, client: MailClient, authority: Authority
    ) -> None:
        login = Credentials(username=LOGIN.username, password=PASSWORD, mechanism=Mechanism.PLAIN)
        async with (
            LoopbackServer({"probe@mail.test": PASSWORD}) as server,
            sending(client, server.url("smtp"), authority, credentials=login) as sender,
        ):
            outcome = await submit(sender)
            said = [command for session in server.sessions for command in session.commands]

        assert isinstance(outcome, Failure)
        assert (outcome.status, outcome.step) == (StatusCode.SMTP_LOGIN, Step.LOGIN)
        assert not any("AUTH" in str(command) for command in said)

    async def test_a_server_that_echoes_the_password_does_not_get_it_into_record_or_reason(
        self, client: MailClient, authority: Authority
    ) -> None:
        faults = [Fault(MailProtocol.SMTP, "auth", Reply(f"535 5.7.8 {PASSWORD} is wrong"))]
        async with (
            LoopbackServer({"probe@mail.test": PASSWORD}, authority=authority, faults=faults) as server,
            sending(client, server.url("smtps"), authority) as sender,
        ):
            outcome = await submit(sender)

        assert isinstance(outcome, Failure)
        assert PASSWORD not in outcome.reason
        assert PASSWORD not in transcript(sender)

    async def test_what_was_injected_before_starttls_is_not_taken_as_said_within_tls(
        self, client: MailClient, authority: Authority
    ) -> None:
        faults = [Fault(MailProtocol.SMTP, "starttls", Reply("220 go ahead\n250 injected"))]
        async with (
            LoopbackServer({"probe@mail.test": PASSWORD}, authority=authority, faults=faults) as server,
            sending(client, server.url("smtp"), authority) as sender,
        ):
            outcome = await submit(sender)

        assert isinstance(outcome, Failure)
        assert (outcome.status, outcome.step) == (StatusCode.SMTP_TLS, Step.TLS)


async def test_a_cancelled_sender_leaves_no_open_connection(client: MailClient, authority: Authority) -> None:
    faults = [Fault(MailProtocol.SMTP, "greeting", Hang())]
    async with LoopbackServer({"probe@mail.test": PASSWORD}, authority=authority, faults=faults) as server:
        async with sending(client, server.url("smtp"), authority) as sender:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await sender.connect()
        server.site.all_closed.clear()
        async with asyncio.timeout(2):
            if server.site.connections:
                await server.site.all_closed.wait()
