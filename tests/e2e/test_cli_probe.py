"""`mailtrip probe` against a server on loopback: what is shown, what it ends with, and that no secret is."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.e2e.command_line import COMMAND, Finished, environment, mailtrip, started

from mailtrip.model import MailProtocol
from mailtrip.testing.certificates import Authority
from mailtrip.testing.faults import Delivery, Fault, Reply
from mailtrip.testing.server import LoopbackServer

ADDRESS = "me@example.com"
PASSWORD = "correct horse battery"


@pytest.fixture
async def server() -> AsyncIterator[LoopbackServer]:
    async with LoopbackServer({ADDRESS: PASSWORD}, authority=Authority()) as running:
        yield running


def trip(server: LoopbackServer, mailbox: str = "imap", smtp: str = "smtp") -> list[str]:
    """The options of a trip that goes well but for its password: without TLS, as no CA is named."""
    return [
        *("--smtp", server.url(smtp), "--smtp-tls", "none"),
        *("--mailbox", server.url(mailbox), "--mailbox-tls", "none"),
        *("--to", ADDRESS),
    ]


async def probe(*arguments: str, standard_input: str = "", **variables: str) -> Finished:
    given = {"MAILTRIP_PASSWORD": PASSWORD} | variables
    return await mailtrip("probe", *arguments, variables=given, standard_input=standard_input)


@pytest.mark.parametrize("mailbox", ["imap", "pop3"])
async def test_a_good_trip_shows_its_steps_in_order_then_the_verdict_and_ends_with_0(
    mailbox: str, server: LoopbackServer
) -> None:
    ended = await probe(*trip(server, mailbox))

    steps = ["Mailbox: connect", "Mailbox: log in", "SMTP: connect", "SMTP: submit", "Wait", "fetch", "delete"]
    places = [ended.output.find(step) for step in steps]
    assert ended.code == 0, ended
    assert -1 not in places
    assert places == sorted(places)
    assert ended.output.splitlines()[-1].startswith(f"OK: Delivered to {server.url(mailbox)}")
    assert ended.errors == ""
    assert server.mailbox(ADDRESS).inbox.messages == []


async def test_json_is_one_object_a_trip_and_nothing_else(server: LoopbackServer) -> None:
    ended = await probe(*trip(server), "--json", "--count", "2", "--interval", "0.1")

    documents = [json.loads(line) for line in ended.output.splitlines()]
    assert ended.code == 0
    assert ended.errors == ""
    assert [document["verdict"] for document in documents] == ["delivered", "delivered"]
    assert [session["protocol"] for session in documents[0]["sessions"]] == ["imap", "smtp"]
    assert "transcript" not in documents[0]["sessions"][0]
    assert documents[0]["message_id"] != documents[1]["message_id"]


async def test_a_slow_delivery_is_a_warning_and_ends_with_1(server: LoopbackServer) -> None:
    server.site.delivery = Delivery(delay=0.3)

    ended = await probe(*trip(server), "--warning-time", "0.1")

    assert ended.code == 1
    assert ended.output.splitlines()[-1].startswith("WARNING: ")


async def test_a_refused_recipient_is_an_error_and_ends_with_2(server: LoopbackServer) -> None:
    server.faults.add(Fault(protocol=MailProtocol.SMTP, at="rcpt", action=Reply("550 5.1.1 no such user")))

    ended = await probe(*trip(server))

    assert ended.code == 2
    assert ended.output.splitlines()[-1].startswith("ERROR: ")
    assert "550 5.1.1 no such user" in ended.output


@pytest.mark.parametrize("protocol", ["smtp", "pop3", "imap"])
async def test_one_server_alone_is_checked_without_a_login_and_nothing_is_sent(
    protocol: str, server: LoopbackServer
) -> None:
    option = "--smtp" if protocol == "smtp" else "--mailbox"
    ended = await mailtrip("probe", option, server.url(protocol), f"{option}-tls", "none")

    assert ended.code == 0, ended
    assert ended.output.splitlines()[-1].startswith(f"OK: {server.url(protocol)} answered in ")
    assert [session.username for session in server.sessions] == [None]


@pytest.mark.parametrize(("protocol", "last"), [("smtp", "SMTP: log in"), ("imap", "Mailbox: note what is there")])
async def test_a_check_with_a_user_name_logs_in_and_its_json_says_that_nothing_was_sent(
    protocol: str, last: str, server: LoopbackServer
) -> None:
    prefix, option = ("smtp-", "--smtp") if protocol == "smtp" else ("", "--mailbox")
    arguments = [option, server.url(protocol), f"{option}-tls", "none", f"--{prefix}username", ADDRESS]
    variables = {"MAILTRIP_SMTP_PASSWORD": PASSWORD}
    shown = await probe(*arguments, **variables)
    ended = await probe(*arguments, "--json", **variables)

    document = json.loads(ended.output)
    assert (shown.code, ended.code) == (0, 0), shown
    assert last in shown.output
    assert (document["verdict"], document["message_id"], document["copies"]) == ("answers", None, 0)
    assert {session.username for session in server.sessions} == {ADDRESS}


async def test_a_check_that_fails_ends_with_2(server: LoopbackServer) -> None:
    server.faults.add(Fault(protocol=MailProtocol.SMTP, at="greeting", action=Reply("554 5.3.2 not here")))

    ended = await probe("--smtp", server.url("smtp"))

    assert ended.code == 2
    assert ended.output.splitlines()[-1].startswith("ERROR: The check failed at step greeting: ")


async def test_the_worst_of_several_trips_decides(server: LoopbackServer) -> None:
    server.faults.add(Fault(protocol=MailProtocol.SMTP, at="rcpt", action=Reply("550 5.1.1 no such user"), times=1))

    ended = await probe(*trip(server), "--json", "--count", "2", "--interval", "0.1")

    severities = [json.loads(line)["severity"] for line in ended.output.splitlines()]
    assert severities == ["error", "ok"]
    assert ended.code == 2


async def test_an_unknown_certificate_is_an_error_unless_its_ca_is_named_or_it_need_not_verify(
    server: LoopbackServer, tmp_path: Path
) -> None:
    authority = Authority()
    ca = tmp_path / "ca.pem"
    ca.write_text(authority.ca_pem, encoding="ascii")
    async with LoopbackServer({ADDRESS: PASSWORD}, authority=authority) as encrypted:
        secure = ["--smtp", encrypted.url("smtps"), "--mailbox", encrypted.url("imaps"), "--to", ADDRESS]
        unknown = await probe(*secure)
        named = await probe(*secure, "--tls-ca", str(ca))
        excused = await probe(*secure, "--no-tls-verify")

    assert (unknown.code, named.code, excused.code) == (2, 0, 0)
    assert "certificate does not verify" in unknown.output


@pytest.mark.parametrize("way", ["standard input", "file", "variable", "file variable"])
async def test_the_passwords_reach_both_servers_whichever_way_they_come(
    way: str, server: LoopbackServer, tmp_path: Path
) -> None:
    path = tmp_path / "password"
    path.write_text(f"{PASSWORD}\n", encoding="utf-8")
    options, variables, typed = {
        "standard input": (["--password-file", "-"], {}, f"{PASSWORD}\n"),
        "file": (["--password-file", str(path)], {}, ""),
        "variable": ([], {"MAILTRIP_PASSWORD": PASSWORD}, ""),
        "file variable": ([], {"MAILTRIP_PASSWORD_FILE": str(path)}, ""),
    }[way]
    smtp = ["--smtp-username", ADDRESS, "--smtp-password-file", str(path)]

    ended = await mailtrip("probe", *trip(server), *smtp, *options, variables=variables, standard_input=typed)

    assert ended.code == 0, ended
    assert {session.username for session in server.sessions} == {ADDRESS}


@pytest.mark.parametrize("mailbox", ["imap", "pop3"])
@pytest.mark.parametrize("mechanism", ["plain", "login"])
@pytest.mark.parametrize("password", [PASSWORD, "wrong horse battery"])
async def test_no_password_shows_in_a_transcript(
    mailbox: str, mechanism: str, password: str, server: LoopbackServer
) -> None:
    smtp = ["--smtp-username", ADDRESS, "--smtp-auth", mechanism]
    variables = {"MAILTRIP_PASSWORD": password, "MAILTRIP_SMTP_PASSWORD": password}

    shown = await probe(*trip(server, mailbox), *smtp, "--mailbox-auth", mechanism, "--transcript", **variables)
    as_json = await probe(
        *trip(server, mailbox), *smtp, "--mailbox-auth", mechanism, "--transcript", "--json", **variables
    )

    for ended in (shown, as_json):
        assert ended.code == (0 if password == PASSWORD else 2)
        assert "connected to 127.0.0.1" in ended.output
        for secret in (password, password.split(maxsplit=1)[0], "aG9yc2UgYmF0dGVyeQ"):
            assert secret not in ended.output + ended.errors


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "Missing option '--smtp' or '--mailbox'"),
        (["--smtp", "x", "--mailbox", "imap://x"], "--to: is missing; give it for a round trip"),
        (["--smtp", "x", "--to", "a@example.com"], "--to: a round trip needs --smtp and --mailbox too"),
        (["--mailbox", "imap://x", "--to", "a@example.com"], "--to: a round trip needs --smtp and --mailbox too"),
        (["--smtp", "x", "--from", "a@example.com"], "--from: nothing is sent without --to"),
        (["--mailbox", "x"], "write imaps://HOST"),
        (["--mailbox", "imap://x", "--password-file", "-"], "say who with --username"),
        (["--smtp", "smpt://x"], "--smtp: "),
        (["--smtp", "x", "--mailbox", "imaps://x", "--to", "a@example.com", "--password", "p"], "--password-file"),
        (["--smtp", "x", "--mailbox", "x", "--to", "a@example.com"], "write imaps://HOST"),
        (["--smtp", "x", "--mailbox", "imap://x", "--to", "nobody"], '--to: "nobody" is no mail address'),
        (["--smtp", "smpt://x", "--mailbox", "imap://x", "--to", "a@example.com"], "use smtp:// or smtps://"),
        (["--smtp", "smtp://u:p@x", "--mailbox", "imap://x", "--to", "a@example.com"], "have their own fields"),
        (["--smtp", "x", "--mailbox", "imap://x", "--to", "a@example.com", "--timeout", "1"], "from 5 to 300"),
        (["--smtp", "x", "--mailbox", "imap://x", "--to", "a@example.com", "--count", "0"], "--count"),
        (["--smtp", "x", "--mailbox", "imap://x", "--to", "a@example.com", "--smtp-auth", "apop"], "--smtp-auth: "),
        (["--smtp", "x", "--mailbox", "imap://x", "--to", "a@example.com", "--tls-ca", "none.pem"], "none.pem cannot"),
        (["--smtp", "x", "--mailbox", "imap://x", "--to", "a@example.com", "--smtp-password-file", "-"], "say who"),
        (["--smtp", "x", "--mailbox", "imap://x", "--to", "a@example.com", "extra"], "unexpected extra argument"),
    ],
)
async def test_wrong_usage_says_what_to_type_and_ends_with_64(arguments: list[str], complaint: str) -> None:
    ended = await probe(*arguments)

    assert ended.code == 64
    assert ended.output == ""
    assert complaint in ended.errors
    assert "mailtrip probe --smtp smtps://mail.example.com" in ended.errors


async def test_a_missing_password_says_every_way_to_give_it(server: LoopbackServer) -> None:
    ended = await mailtrip("probe", *trip(server))

    assert ended.code == 64
    assert "--password-file - for standard input, MAILTRIP_PASSWORD or MAILTRIP_PASSWORD_FILE" in ended.errors


async def test_a_misspelt_variable_is_named(server: LoopbackServer) -> None:
    ended = await probe(*trip(server), MAILTRIP_SMTP_PASWORD="x")

    assert ended.code == 64
    assert "MAILTRIP_SMTP_PASWORD: there is no such variable; did you mean MAILTRIP_SMTP_PASSWORD?" in ended.errors


async def test_ctrl_c_ends_the_sessions_and_the_program_with_130(server: LoopbackServer) -> None:
    server.site.delivery = Delivery(delay=60)

    async with started("probe", *trip(server), variables={"MAILTRIP_PASSWORD": PASSWORD}) as process:
        assert process.stdout is not None
        while b"submit" not in await process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        _, errors = await process.communicate()

    assert process.returncode == 130
    assert b"Traceback" not in errors
    [imap] = server.sessions_of(MailProtocol.IMAP)
    assert imap.commands[-1] == "LOGOUT"


async def test_on_a_terminal_the_password_is_asked_for_unseen_and_the_steps_are_drawn(server: LoopbackServer) -> None:
    terminal = _Terminal()
    process = await asyncio.create_subprocess_exec(
        COMMAND,
        "probe",
        *trip(server),
        env=environment(TERM="xterm-256color", COLUMNS="100", LINES="40"),
        stdin=terminal.far_end,
        stdout=terminal.far_end,
        stderr=terminal.far_end,
        start_new_session=True,
    )
    terminal.close_far_end()
    picture = await terminal.read_until(f"Mailbox password of {ADDRESS}: ")
    terminal.type(f"{PASSWORD}\n")
    picture += await terminal.read_until_closed()

    assert await process.wait() == 0
    assert PASSWORD not in picture
    assert "\x1b[" in picture
    assert "SMTP: submit the message" in picture
    assert "OK: Delivered" in picture


class _Terminal:
    """A pseudo terminal that a test types at and reads from."""

    def __init__(self) -> None:
        self._near_end, self.far_end = os.openpty()

    def close_far_end(self) -> None:
        os.close(self.far_end)

    def type(self, text: str) -> None:
        os.write(self._near_end, text.encode())

    async def read_until(self, text: str) -> str:
        seen = ""
        async with asyncio.timeout(20):
            while text not in seen:
                seen += await asyncio.to_thread(self._read)
        return seen

    async def read_until_closed(self) -> str:
        seen = ""
        async with asyncio.timeout(30):
            while piece := await asyncio.to_thread(self._read):
                seen += piece
        os.close(self._near_end)
        return seen

    def _read(self) -> str:
        try:
            return os.read(self._near_end, 4096).decode()
        except OSError:  # Linux says EIO when the far end is closed
            return ""
