"""Checks of one server against the loopback server: what is asked, what each fault becomes, that nothing is touched."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mailtrip.bootstrap.prober import Prober
from mailtrip.clock import SystemClock
from mailtrip.mail import MailClient
from mailtrip.model import (
    Credentials,
    MailProtocol,
    Mechanism,
    MonitorSettings,
    MonitorType,
    Provider,
    Providers,
    Result,
    Severity,
    StatusCode,
    Step,
    TLSMode,
    Verdict,
)
from mailtrip.probe.token import MessageKey
from mailtrip.testing.certificates import Authority
from mailtrip.testing.faults import Action, Delay, Drop, Fault, Garbage, Hang, Reply
from mailtrip.testing.server import LoopbackServer
from mailtrip.testing.site import Features

SMTP, POP3, IMAP = MailProtocol.SMTP, MailProtocol.POP3, MailProtocol.IMAP
TYPES = {SMTP: MonitorType.SMTP, POP3: MonitorType.POP3, IMAP: MonitorType.IMAP}
EACH = pytest.mark.parametrize("protocol", [SMTP, POP3, IMAP])
USER = "probe@mail.test"
LOGIN = Credentials(username=USER, password="correct horse")
FOREIGN = b"Subject: hello\r\n\r\nhello\r\n"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def bugs() -> Iterator[list[Exception]]:
    """Every test ends with the proof that none of its faults was our own."""
    found: list[Exception] = []
    yield found
    assert found == []


@pytest.fixture
def prober(bugs: list[Exception]) -> Iterator[Prober]:
    client = MailClient(clock=SystemClock(), client_name="client.mail.test")
    yield Prober(client=client, key=MessageKey(b"k" * 32), clock=SystemClock(), report=bugs.append)
    client.close()


def settings_of(
    server: LoopbackServer, protocol: MailProtocol, *, port: str = "", tls: TLSMode = TLSMode.NONE, seconds: float = 10
) -> MonitorSettings:
    settings = MonitorSettings(
        type=TYPES[protocol],
        name="check",
        plan_code="UBM",
        interval=timedelta(minutes=5),
        timeout=timedelta(seconds=seconds),
    )
    url = server.url(port or str(protocol))
    if protocol is SMTP:
        return replace(settings, smtp_server=url, smtp_tls=tls)
    return replace(settings, mailbox_server=url, mailbox_protocol=protocol, mailbox_tls=tls)


GREETED = {
    SMTP: [Step.RESOLVE, Step.CONNECT, Step.GREETING],
    POP3: [Step.MAILBOX_RESOLVE, Step.MAILBOX_CONNECT, Step.MAILBOX_GREETING],
    IMAP: [Step.MAILBOX_RESOLVE, Step.MAILBOX_CONNECT, Step.MAILBOX_GREETING],
}
LOGGED_IN = {
    SMTP: [*GREETED[SMTP], Step.LOGIN],
    POP3: [*GREETED[POP3], Step.MAILBOX_LOGIN, Step.MAILBOX_OPEN],
    IMAP: [*GREETED[IMAP], Step.MAILBOX_LOGIN, Step.MAILBOX_OPEN],
}


def steps_of(result: Result) -> list[Step]:
    return [timing.step for timing in result.timings]


@EACH
async def test_without_credentials_the_server_is_greeted_and_nobody_logs_in(
    prober: Prober, protocol: MailProtocol
) -> None:
    async with LoopbackServer({USER: LOGIN.password}) as server:
        result = await prober.check(settings_of(server, protocol), credentials=None)

        assert (result.verdict, result.status, result.step) == (Verdict.ANSWERS, StatusCode.OK, None), result.summary
        assert steps_of(result) == GREETED[protocol]
        assert [session.username for session in server.sessions] == [None]
        assert result.summary.startswith(f"{server.url(str(protocol))} answered in 0.0")
        assert (result.token, result.message_id, result.copies, result.proof) == (None, None, 0, ())


COMMANDS = {
    SMTP: ["EHLO", "AUTH", "QUIT"],
    POP3: ["CAPA", "AUTH", "STAT", "QUIT"],
    IMAP: ["AUTHENTICATE", "ID", "STATUS", "LOGOUT"],
}
"""All that is said with credentials; capabilities are asked for as often as it takes."""


@EACH
async def test_with_credentials_it_logs_in_and_looks_and_touches_no_message(
    prober: Prober, protocol: MailProtocol
) -> None:
    async with LoopbackServer({USER: LOGIN.password}) as server:
        server.deliver(USER, FOREIGN)
        before = str(server.mailbox(USER).inbox.messages)
        result = await prober.check(
            settings_of(server, protocol), credentials=replace(LOGIN, mechanism=Mechanism.PLAIN)
        )

        assert (result.verdict, result.status) == (Verdict.ANSWERS, StatusCode.OK), result.summary
        assert steps_of(result) == LOGGED_IN[protocol]
        [session] = server.sessions
        assert session.username == USER
        assert [command for command in session.commands if command != "CAPABILITY"] == COMMANDS[protocol]
        assert str(server.mailbox(USER).inbox.messages) == before
        assert LOGIN.password not in str(result)


TO_TLS = {SMTP: Step.TLS, POP3: Step.MAILBOX_TLS, IMAP: Step.MAILBOX_TLS}


@EACH
@pytest.mark.parametrize("way", ["starttls", "implicit"])
async def test_the_certificate_is_looked_at_whichever_way_tls_begins(
    prober: Prober, authority: Authority, protocol: MailProtocol, way: str
) -> None:
    async with LoopbackServer({USER: LOGIN.password}, authority=authority) as server:
        port, tls = (f"{protocol}s", TLSMode.AUTO) if way == "implicit" else (str(protocol), TLSMode.STARTTLS)
        settings = replace(settings_of(server, protocol, port=port, tls=tls), tls_ca=authority.ca_pem)
        result = await prober.check(settings, credentials=LOGIN)

        assert (result.verdict, result.status) == (Verdict.ANSWERS, StatusCode.OK), result.summary
        assert TO_TLS[protocol] in steps_of(result)
        [record] = result.sessions
        assert record.tls is not None
        assert record.tls.verify_error is None


@EACH
async def test_a_certificate_that_ends_soon_is_a_warning_told_at_the_servers_own_step(
    prober: Prober, authority: Authority, protocol: MailProtocol
) -> None:
    certificate = authority.issue(not_after=datetime.now(UTC) + timedelta(days=3))
    async with LoopbackServer({USER: LOGIN.password}, certificate=certificate) as server:
        settings = replace(settings_of(server, protocol, tls=TLSMode.STARTTLS), tls_ca=authority.ca_pem)
        result = await prober.check(settings, credentials=None)
        unbothered = await prober.check(replace(settings, certificate_days=0), credentials=None)

    assert (result.verdict, result.status, result.step) == (
        *(Verdict.ANSWERS, StatusCode.CERTIFICATE),
        TO_TLS[protocol],
    )
    assert "expires in 2 days" in result.summary
    assert result.proof
    assert unbothered.status is StatusCode.OK


NAME = {SMTP: StatusCode.SMTP_TLS, POP3: StatusCode.MAILBOX_TLS, IMAP: StatusCode.MAILBOX_TLS}


@EACH
async def test_a_certificate_of_a_stranger_fails_unless_it_is_only_to_be_reported(
    prober: Prober, authority: Authority, protocol: MailProtocol
) -> None:
    async with LoopbackServer({USER: LOGIN.password}, authority=Authority()) as server:
        settings = replace(settings_of(server, protocol, tls=TLSMode.STARTTLS), tls_ca=authority.ca_pem)
        result = await prober.check(settings, credentials=None)
        reported = await prober.check(replace(settings, tls_verify=False), credentials=None)

    assert (result.verdict, result.status, result.step) == (Verdict.FAILS, NAME[protocol], TO_TLS[protocol])
    assert reported.verdict is Verdict.ANSWERS
    assert reported.sessions[0].tls is not None
    assert reported.sessions[0].tls.verify_error is not None


@EACH
async def test_starttls_that_is_demanded_and_not_offered_fails(prober: Prober, protocol: MailProtocol) -> None:
    async with LoopbackServer({USER: LOGIN.password}) as server:
        result = await prober.check(settings_of(server, protocol, tls=TLSMode.STARTTLS), credentials=None)

    assert (result.verdict, result.status) == (Verdict.FAILS, NAME[protocol])
    assert "does not offer STARTTLS, which the monitor demands" in result.summary


LOGIN_WORDS = {SMTP: "AUTH PLAIN", POP3: "SASL PLAIN", IMAP: "AUTH=PLAIN"}
TLS_WORDS = {SMTP: "STARTTLS", POP3: "STLS", IMAP: "STARTTLS"}


@EACH
async def test_capabilities_are_known_from_before_and_after_tls(
    prober: Prober, authority: Authority, protocol: MailProtocol
) -> None:
    async with LoopbackServer({USER: LOGIN.password}, authority=authority) as server:
        settings = replace(settings_of(server, protocol, tls=TLSMode.STARTTLS), tls_ca=authority.ca_pem)
        wanted = (TLS_WORDS[protocol], LOGIN_WORDS[protocol])
        met = await prober.check(replace(settings, capabilities=wanted), credentials=LOGIN)
        server.site.features = Features(mechanisms=("LOGIN",))
        unmet = await prober.check(replace(settings, capabilities=wanted), credentials=None)

    assert met.status is StatusCode.OK, met.summary
    assert (unmet.verdict, unmet.status) == (Verdict.ANSWERS, StatusCode.NOT_OFFERED)
    assert f"but it does not offer {LOGIN_WORDS[protocol]}." in unmet.summary


PROTOCOL = {SMTP: StatusCode.SMTP_PROTOCOL, POP3: StatusCode.MAILBOX_PROTOCOL, IMAP: StatusCode.MAILBOX_PROTOCOL}
AWAY = {SMTP: "554 5.3.2 not here", POP3: "-ERR not now", IMAP: "* BYE not now"}


@EACH
@pytest.mark.parametrize("action", [Drop(), Garbage(), None], ids=["connection dropped", "garbage", "service refused"])
async def test_a_greeting_that_is_none_fails_with_the_lines_that_prove_it(
    prober: Prober, protocol: MailProtocol, action: Action | None
) -> None:
    fault = Fault(protocol, "greeting", action or Reply(AWAY[protocol], then_close=True))
    async with LoopbackServer({USER: LOGIN.password}, faults=[fault]) as server:
        result = await prober.check(settings_of(server, protocol), credentials=LOGIN)

    assert (result.verdict, result.status, result.step) == (
        *(Verdict.FAILS, PROTOCOL[protocol]),
        GREETED[protocol][-1],
    )
    assert result.proof


@EACH
async def test_a_refused_connection_fails(prober: Prober, protocol: MailProtocol) -> None:
    async with LoopbackServer({USER: LOGIN.password}) as server:
        settings = settings_of(server, protocol)
    result = await prober.check(settings, credentials=LOGIN)

    assert (result.verdict, result.status) == (Verdict.FAILS, StatusCode.CONNECTION_FAILED)
    assert result.summary.startswith(f"The check failed at step {GREETED[protocol][1]}: no connection to ")


REFUSED = {SMTP: StatusCode.SMTP_LOGIN, POP3: StatusCode.MAILBOX_LOGIN, IMAP: StatusCode.MAILBOX_LOGIN}


@EACH
async def test_a_wrong_password_fails_at_the_login_and_is_never_shown(prober: Prober, protocol: MailProtocol) -> None:
    async with LoopbackServer({USER: LOGIN.password}) as server:
        result = await prober.check(settings_of(server, protocol), credentials=replace(LOGIN, password="hunter2"))

    assert (result.verdict, result.status) == (Verdict.FAILS, REFUSED[protocol])
    assert "hunter2" not in str(result)


@EACH
async def test_silence_fails_when_the_time_is_up_with_the_step_it_hung_in(
    prober: Prober, protocol: MailProtocol
) -> None:
    fault = Fault(protocol, "greeting", Hang())
    async with LoopbackServer({USER: LOGIN.password}, faults=[fault]) as server:
        result = await prober.check(settings_of(server, protocol, seconds=0.3), credentials=None)

    assert (result.verdict, result.status, result.step) == (
        *(Verdict.FAILS, StatusCode.TIMEOUT),
        GREETED[protocol][-1],
    )
    assert 0.3 <= result.duration.total_seconds() < 2


@EACH
async def test_an_answer_that_takes_longer_than_the_warning_time_is_a_warning(
    prober: Prober, protocol: MailProtocol
) -> None:
    fault = Fault(protocol, "auth", Delay(0.2), times=1)
    async with LoopbackServer({USER: LOGIN.password}, faults=[fault]) as server:
        settings = replace(settings_of(server, protocol), warning_time=timedelta(seconds=0.1))
        slow = await prober.check(settings, credentials=LOGIN)
        quick = await prober.check(replace(settings, warning_time=timedelta(seconds=5)), credentials=LOGIN)

    assert (slow.verdict, slow.status) == (Verdict.ANSWERS, StatusCode.SLOW_ANSWER)
    assert slow.summary.endswith("but that is slower than the warning time.")
    assert quick.status is StatusCode.OK


async def test_a_pop3_mailbox_that_is_in_use_is_asked_again(prober: Prober) -> None:
    fault = Fault(POP3, "auth", Reply("-ERR [IN-USE] do you have it open?"), times=1)
    async with LoopbackServer({USER: LOGIN.password}, faults=[fault]) as server:
        result = await prober.check(
            replace(settings_of(server, POP3), warning_time=timedelta(seconds=0.9)), credentials=LOGIN
        )
        sessions = len(server.sessions)

    assert (result.status, sessions) == (StatusCode.OK, 2), result.summary
    assert result.duration >= timedelta(seconds=1)


async def test_a_pop3_mailbox_that_another_run_of_ours_has_open_is_waited_for_and_not_called_slow() -> None:
    clock = SystemClock()
    client = MailClient(clock=clock, client_name="client.mail.test")
    async with LoopbackServer({USER: LOGIN.password}, faults=[Fault(POP3, "stat", Delay(0.5), times=1)]) as server:
        bugs: list[Exception] = []
        prober = Prober(client=client, key=MessageKey(b"k" * 32), clock=clock, report=bugs.append)
        settings = replace(settings_of(server, POP3), warning_time=timedelta(seconds=0.3))
        async with asyncio.TaskGroup() as group:
            first = group.create_task(prober.check(settings, credentials=LOGIN))
            second = group.create_task(prober.check(settings, credentials=LOGIN))
    client.close()

    assert [first.result().status, second.result().status] == [StatusCode.SLOW_ANSWER, StatusCode.OK]
    assert second.result().duration > timedelta(seconds=0.5)
    assert bugs == []


@EACH
async def test_an_address_and_a_port_apart_from_the_name_are_where_it_connects(
    prober: Prober, protocol: MailProtocol
) -> None:
    async with LoopbackServer({USER: LOGIN.password}) as server:
        apart = {"port": server.port(str(protocol)), "address": "127.0.0.1"}
        name = {"smtp_server" if protocol is SMTP else "mailbox_server": "nowhere.invalid"}
        settings = replace(settings_of(server, protocol), **name, **apart)  # type: ignore[arg-type]  # of two types
        result = await prober.check(settings, credentials=None)

    assert result.verdict is Verdict.ANSWERS, result.summary
    assert result.sessions[0].server == f"{protocol}://nowhere.invalid:{apart['port']}"
    assert result.sessions[0].address == f"127.0.0.1:{apart['port']}"


@EACH
async def test_a_limit_of_the_provider_that_leaves_no_time_for_a_login_is_nobodys_fault(
    bugs: list[Exception], protocol: MailProtocol
) -> None:
    client = MailClient(clock=SystemClock(), client_name="client.mail.test")
    slow = Provider(name="slow", hosts=("127.0.0.1",), login_gap=timedelta(seconds=60))
    prober = Prober(
        client=client, key=MessageKey(b"k" * 32), clock=SystemClock(), report=bugs.append, providers=Providers([slow])
    )
    async with LoopbackServer({USER: LOGIN.password}) as server:
        settings = settings_of(server, protocol)
        found = [await prober.check(settings, credentials=LOGIN) for _ in range(2)]
    client.close()

    assert found[0].status is StatusCode.OK
    second = found[1].status.severity
    assert second is (Severity.OK if protocol is SMTP else Severity.UNKNOWN)
