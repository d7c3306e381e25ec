import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.bounded import bounded
from tests.corpus.samples import bounce, bounces, message, messages, mutations

from mailtrip.model import Bounce, BouncedRecipient
from mailtrip.probe.bounce import parse_bounce
from mailtrip.probe.token import MessageKey, new_token

KEY = MessageKey(b"k" * 32)
OTHER_KEY = MessageKey(b"o" * 32)
TOKEN = new_token(KEY, bytes(range(16))).text
FORGED = new_token(OTHER_KEY, bytes(range(16))).text
BOX = "box@example.net"
RELAY = "mail.example.org"
MX = "mx.example.net"


def failed(status: str, diagnostic: str, remote_mta: str | None = None) -> BouncedRecipient:
    return BouncedRecipient(address=BOX, action="failed", status=status, diagnostic=diagnostic, remote_mta=remote_mta)


BOUNCES = {
    "postfix": Bounce(
        reporting_mta=RELAY, recipients=(failed("5.1.1", "550 5.1.1 no such mailbox here", MX),), token=TOKEN
    ),
    "postfix-delay": Bounce(
        reporting_mta=RELAY,
        recipients=(
            BouncedRecipient(
                address=BOX,
                action="delayed",
                status="4.4.1",
                diagnostic="connect to mx.example.net[192.0.2.25]:25: Connection timed out",
            ),
        ),
        token=TOKEN,
    ),
    "sendmail": Bounce(
        reporting_mta=RELAY, recipients=(failed("5.2.2", "552 5.2.2 the mailbox is full", MX),), token=TOKEN
    ),
    "exchange": Bounce(
        reporting_mta="EX02.corp.example",
        recipients=(
            failed("5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"),
        ),
        token=TOKEN,
    ),
    "gmail": Bounce(
        reporting_mta="googlemail.com",
        recipients=(
            failed(
                "5.1.1",
                "550-5.1.1 nobody here has that name 550 5.1.1 look for a misspelling",
                "mx.example.net. (192.0.2.25, the server for the domain example.net.)",
            ),
        ),
        token=TOKEN,
    ),
    "base64-report": Bounce(
        reporting_mta=RELAY,
        recipients=(
            failed("5.7.1", "554 5.7.1 refused by policy"),
            BouncedRecipient(address="box2@example.net", action="delivered", status="2.0.0"),
        ),
        token=TOKEN,
    ),
    "qmail": Bounce(
        reporting_mta=RELAY,
        recipients=(failed("5.1.1", "550 5.1.1 no such mailbox here", "192.0.2.25"),),
        token=TOKEN,
        is_standard=False,
    ),
    "exim": Bounce(
        reporting_mta=None,
        recipients=(failed("5.7.1", "550-5.7.1 this host is not welcome: 550 5.7.1 its address is on a list", MX),),
        token=TOKEN,
        is_standard=False,
    ),
    "exim-delay": Bounce(
        reporting_mta=None,
        recipients=(BouncedRecipient(address=BOX, action="delayed", diagnostic="Delay reason: Connection timed out"),),
        token=TOKEN,
        is_standard=False,
    ),
}
STANDARD = sorted(name for name, expected in BOUNCES.items() if expected.is_standard)
PLAIN = sorted(set(BOUNCES) - set(STANDARD))


def read(content: bytes) -> Bounce | None:
    return parse_bounce(content, KEY)


def token_of(content: bytes) -> str | None:
    found = read(content)
    return found.token if found else None


@pytest.mark.parametrize("name", bounces())
def test_what_servers_write_is_understood(name: str) -> None:
    assert read(bounce(name, TOKEN)) == BOUNCES[name]


@pytest.mark.parametrize("name", bounces())
def test_line_ends_of_the_network_make_no_difference(name: str) -> None:
    assert read(bounce(name, TOKEN).replace(b"\n", b"\r\n")) == BOUNCES[name]


@pytest.mark.parametrize(("name", "is_final"), [("postfix", True), ("postfix-delay", False), ("base64-report", True)])
def test_a_report_is_final_when_somebody_will_never_get_the_message(name: str, is_final: bool) -> None:
    assert BOUNCES[name].is_final is is_final


@pytest.mark.parametrize("name", STANDARD)
def test_a_standard_report_with_a_forged_token_is_about_no_message_of_ours(name: str) -> None:
    found = read(bounce(name, FORGED))

    assert found is not None
    assert found.token is None


@pytest.mark.parametrize("name", PLAIN)
def test_a_text_with_a_forged_token_is_no_bounce(name: str) -> None:
    assert read(bounce(name, FORGED)) is None


@pytest.mark.parametrize("name", messages())
def test_an_ordinary_message_is_no_bounce(name: str) -> None:
    assert read(message(name)) is None


def test_the_test_message_itself_is_no_bounce() -> None:
    content = (
        f"Return-Path: <>\nMessage-ID: <{TOKEN}@example.org>\nAuto-Submitted: auto-generated\n\n550 5.1.1 {TOKEN}\n"
    )

    assert read(content.encode()) is None


def plain(*fields: str, text: str = "It failed: 550 5.1.1 nobody") -> bytes:
    return "\n".join([*fields, "", text, "", TOKEN, ""]).encode()


DAEMON = "From: MAILER-DAEMON@mail.example.org"
AUTOMATIC = "Auto-Submitted: auto-replied"
NULL = "Return-Path: <>"
PERSON = "From: alice@example.net"


@pytest.mark.parametrize(
    ("content", "is_bounce"),
    [
        pytest.param(plain(DAEMON, AUTOMATIC), True, id="from a mail server, automatic"),
        pytest.param(plain(NULL, AUTOMATIC, PERSON), True, id="without return path, automatic, with a status"),
        pytest.param(plain(DAEMON, text="Sorry"), False, id="not automatic"),
        pytest.param(plain(AUTOMATIC, PERSON), False, id="from a person"),
        pytest.param(plain(NULL, AUTOMATIC, PERSON, text="I am away until 5 May"), False, id="an absence note"),
        pytest.param(plain(NULL, PERSON), False, id="without return path only"),
        pytest.param(
            plain(NULL, DAEMON, text="Hi. This is the qmail-send program at a."), True, id="qmail's first words"
        ),
    ],
)
def test_a_text_is_a_bounce_only_by_the_look_of_a_mail_server(content: bytes, is_bounce: bool) -> None:
    assert (token_of(content) == TOKEN) is is_bounce


def report(status_part: str, content_type: str = "multipart/report; boundary=b") -> bytes:
    part = f"--b\nContent-Type: message/delivery-status\n\n{status_part}\n--b--\n"
    return f"Return-Path: <>\nContent-Type: {content_type}\n\n{part}".encode()


@pytest.mark.parametrize(
    ("status_part", "expected"),
    [
        pytest.param("", Bounce(reporting_mta=None, recipients=(), token=None), id="nothing"),
        pytest.param(
            "Reporting-MTA: mx.example.net",
            Bounce(reporting_mta=MX, recipients=(), token=None),
            id="no recipient, no type",
        ),
        pytest.param(
            "Final-Recipient: rfc822; <box@example.net>\nStatus: 5.0.0 (failed)",
            Bounce(reporting_mta=None, recipients=(BouncedRecipient(address=BOX, status="5.0.0"),), token=None),
            id="no message group, no action",
        ),
        pytest.param(
            "Reporting-MTA: dns; mx.example.net\n \n\n\nOriginal-Recipient: rfc822;box@example.net\nAction: Failed (x)\nStatus: x",
            Bounce(reporting_mta=MX, recipients=(BouncedRecipient(address=BOX),), token=None),
            id="many blank lines, no status",
        ),
    ],
)
def test_incomplete_reports_tell_what_they_can(status_part: str, expected: Bounce) -> None:
    assert read(report(status_part)) == expected


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/mixed; boundary=b",
        "multipart/report; boundary=c",
        "multipart/report",
        "multipart/report; boundary=",
        "x",
    ],
)
def test_what_has_no_delivery_status_is_no_report(content_type: str) -> None:
    assert read(report("Action: failed", content_type)) is None


@pytest.mark.parametrize(
    ("encoding", "encoded"),
    [
        ("7bit", "Final-Recipient: rfc822; box@example.net"),
        ("quoted-printable", "Final-Recipient: rfc822=3B box=\n@example.net"),
        ("base64", "RmluYWwtUmVjaXBpZW50OiByZmM4MjI7IGJveEBleGFtcGxlLm5ldA=="),
        ("base64", "Final-Recipient: rfc822; box@example.net"),
    ],
)
def test_a_report_is_read_in_any_encoding_even_a_wrong_one(encoding: str, encoded: str) -> None:
    part = f"--b\nContent-Type: message/delivery-status\nContent-Transfer-Encoding: {encoding}\n\n{encoded}\n--b--\n"
    found = read(f"Return-Path: <>\nContent-Type: multipart/report; boundary=b\n\n{part}".encode())

    assert found is not None
    assert [recipient.address for recipient in found.recipients] == [BOX]


def test_a_report_without_a_machine_readable_part_is_none() -> None:
    assert read(b"Content-Type: multipart/report; boundary=b\n\n--b\n\nIt failed.\n--b--\n") is None


def test_at_most_fifty_recipients_are_told() -> None:
    groups = "\n\n".join(f"Final-Recipient: rfc822; box{number}@example.net\nAction: failed" for number in range(500))
    found = read(report("Reporting-MTA: dns; a\n\n" + groups))

    assert found is not None
    assert len(found.recipients) == 50


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(report("\n" * 500_000), id="blank lines"),
        pytest.param(report("\n \t" * 200_000), id="blanks and lines"),
        pytest.param(report("Status: " + "5." * 200_000), id="an endless status"),
        pytest.param(report("Diagnostic-Code: " + "smtp;" * 100_000), id="an endless diagnostic"),
        pytest.param(report("") + b"--b\n" * 100_000, id="parts"),
        pytest.param(report("", "multipart/report; " + "boundary=" * 5_000), id="boundaries"),
        pytest.param(plain(DAEMON, AUTOMATIC, text="550 " * 2_000), id="answers"),
        pytest.param(plain(DAEMON, AUTOMATIC, text="550 \n" + "      \n" * 2_000), id="an answer and blanks"),
        pytest.param(plain(DAEMON, AUTOMATIC, text="  a@" * 2_000), id="addresses"),
        pytest.param(plain(DAEMON, AUTOMATIC, text="  " + "a" * 8_000), id="an endless address"),
        pytest.param(plain(DAEMON, AUTOMATIC, text="host " + "a." * 4_000), id="an endless host"),
        pytest.param(plain(DAEMON, AUTOMATIC, text="5." * 4_000), id="figures"),
    ],
)
def test_hostile_reports_are_read_in_bounded_time(content: bytes) -> None:
    with bounded():
        parse_bounce(content, KEY)


@given(st.sampled_from(bounces()).flatmap(lambda name: mutations(bounce(name, TOKEN))))
def test_damaged_reports_are_read_without_a_fault(content: bytes) -> None:
    found = read(content)

    assert found is None or found.token in {TOKEN, None}
    for recipient in found.recipients if found else ():
        texts = [recipient.address, recipient.diagnostic, recipient.remote_mta, recipient.status]
        assert all(text is None or (text and text.isprintable() and len(text) <= 500) for text in texts)


@given(st.binary(max_size=300))
def test_any_bytes_can_be_read(content: bytes) -> None:
    assert token_of(content) is None
    read(report("") + content)
    read(b"Return-Path: <>\nAuto-Submitted: auto-replied\n\n550 5.1.1 " + content + TOKEN.encode())
