import email
import email.policy
import quopri
from datetime import UTC, datetime
from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.probe.compare import Change, Comparison, compare, text_digest
from mailtrip.probe.message import make_message
from mailtrip.probe.token import MessageKey, new_token

SENT = make_message(
    sender="probe@example.com",
    recipient="box@example.net",
    token=new_token(MessageKey(b"k" * 32), bytes(16)),
    now=datetime(2026, 3, 1, 9, 5, tzinfo=UTC),
    host="mon1",
)
HEADER, _, BODY = SENT.partition(b"\r\n\r\n")
TEXT = BODY.decode()
SAME = Comparison(Change.NONE)
DAMAGED = Comparison(Change.DAMAGED)


def reencoded(encoding: str, charset: str = "utf-8") -> bytes:
    message = EmailMessage()
    message["Subject"] = "Mail delivery check"
    message.set_content(TEXT, charset=charset, cte=encoding)
    return message.as_bytes()


def multipart(subtype: str, *parts: MIMEText) -> bytes:
    message = MIMEMultipart(subtype)
    for part in parts:
        message.attach(part)
    return message.as_bytes()


@pytest.mark.parametrize(
    "received",
    [
        pytest.param(SENT, id="as it was sent"),
        pytest.param(SENT.replace(b"\r\n", b"\n"), id="with other line ends"),
        pytest.param(b"Received: from a by b\r\nX-Spam-Score: 0\r\n" + SENT, id="with more headers"),
        pytest.param(SENT + b"\r\n\r\n", id="with blank lines behind"),
        pytest.param(
            SENT.replace(b"\r\n", b"  \r\n").replace(b"  \r\n", b"\r\n", HEADER.count(b"\n") + 2),
            id="with trailing blanks",
        ),
        pytest.param(HEADER + b"\r\n\r\n" + b" ".join(BODY.split()) + b"\r\n", id="with its lines joined"),
        pytest.param(reencoded("quoted-printable"), id="in quoted-printable"),
        pytest.param(reencoded("base64"), id="in base64"),
        pytest.param(reencoded("8bit"), id="in 8bit"),
        pytest.param(reencoded("base64", "iso-8859-15"), id="in another character set"),
        pytest.param(
            HEADER.replace(b"7bit", b"quoted-printable") + b"\r\n\r\n" + quopri.encodestring(BODY), id="by hand"
        ),
        pytest.param(multipart("mixed", MIMEText(TEXT)), id="wrapped in a multipart of one"),
    ],
)
def test_what_is_legal_on_the_way_changes_nothing(received: bytes) -> None:
    assert compare(SENT, received) == SAME
    assert text_digest(received) == text_digest(SENT)


@pytest.mark.parametrize(
    ("received", "added"),
    [
        pytest.param(SENT + b"-- \r\nThis mail is confidential.\r\n", "-- This mail is confidential.", id="a footer"),
        pytest.param(HEADER + b"\r\n\r\n[EXTERNAL]\r\n" + BODY, "[EXTERNAL]", id="a banner"),
        pytest.param(HEADER + b"\r\n\r\n[EXT]\r\n" + BODY + b"scanned", "[EXT] scanned", id="both"),
        pytest.param(multipart("mixed", MIMEText(TEXT), MIMEText("list footer")), "list footer", id="a part behind"),
        pytest.param(multipart("mixed", MIMEText("caution"), MIMEText(TEXT)), "caution", id="a part before"),
        pytest.param(
            multipart("alternative", MIMEText(TEXT), MIMEText("<p>Hello</p>", "html")),
            "<p>Hello</p>",
            id="an alternative",
        ),
        pytest.param(SENT + b"\x00\x1b[31mred\xff\r\n", "[31mred\ufffd", id="what a terminal would obey"),
        pytest.param(SENT + b"x" * 500, "x" * 120, id="very much"),
    ],
)
def test_what_was_added_is_told(received: bytes, added: str) -> None:
    assert compare(SENT, received) == Comparison(Change.ADDED, added)
    assert text_digest(received) != text_digest(SENT)


def test_an_attached_file_is_told_by_its_type() -> None:
    message = email.message_from_bytes(SENT, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png")

    assert compare(SENT, message.as_bytes()) == Comparison(Change.ADDED, "[image/png]")


@pytest.mark.parametrize(
    "received",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(HEADER + b"\r\n\r\n", id="no body"),
        pytest.param(HEADER + b"\r\n\r\n" + BODY[:200], id="cut off"),
        pytest.param(SENT.replace(b"touches no others", b"touches others"), id="a word lost"),
        pytest.param(SENT.replace(b"Hello", b"Hallo"), id="a letter changed"),
        pytest.param(HEADER + b"\r\n\r\nremoved by the virus scanner\r\n", id="replaced"),
        pytest.param(HEADER.replace(b"7bit", b"base64") + b"\r\n\r\n" + BODY, id="declared as what it is not"),
        pytest.param(b"Content-Type: text/plain\r\n" * 100 + SENT, id="more headers than are read"),
    ],
)
def test_damage_is_told(received: bytes) -> None:
    assert compare(SENT, received) == DAMAGED


NESTED = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (i, i) for i in range(5000))


@pytest.mark.parametrize(
    "received",
    [
        pytest.param(NESTED, id="thousands of nested parts"),
        pytest.param(b"Content-Type: message/rfc822\n\n" * 5000, id="thousands of nested messages"),
        pytest.param(b"Content-Type: text/plain; charset=punycode\n\n" + b"a-" + b"b" * 10_000, id="punycode"),
        pytest.param(b"Content-Type: text/plain; charset=unicode_escape\n\n\\x", id="escapes"),
        pytest.param(b"Content-Type: text/plain; charset=hex\n\nzz", id="no character set"),
        pytest.param(b'Content-Type: text/plain; charset="a\x00b"\n\nzz', id="a zero in the character set"),
        pytest.param(b"Content-Type: text/plain; charset*=x'y'%ff%00\n\nzz", id="a broken parameter"),
        pytest.param(b"Content-Transfer-Encoding: x-uuencode\n\nbegin 6 x\n~~~~\n", id="broken uuencode"),
        pytest.param(b"Content-Type: multipart/mixed\n\n--\n", id="no boundary"),
    ],
)
def test_hostile_content_is_damage(received: bytes) -> None:
    assert compare(SENT, received) == DAMAGED


header_names = st.sampled_from(
    ["Content-Type", "Content-Transfer-Encoding", "MIME-Version", "Subject", "Content-Disposition"]
)
header_values = st.one_of(
    st.sampled_from(
        ["multipart/mixed; boundary=a", "text/plain; charset=utf-7", "base64", "quoted-printable", "text/html"]
    ),
    st.text(max_size=40),
)


@given(st.lists(st.tuples(header_names, header_values), max_size=5), st.binary(max_size=300))
def test_any_message_can_be_compared(fields: list[tuple[str, str]], body: bytes) -> None:
    header = "".join(f"{name}: {value}\n" for name, value in fields).encode()

    assert compare(SENT, header + b"\n" + body).change is Change.DAMAGED


@given(st.binary(max_size=500))
def test_any_bytes_can_be_compared(received: bytes) -> None:
    assert compare(SENT, received) == DAMAGED


@given(st.binary(max_size=100))
def test_a_footer_of_any_bytes_is_an_addition(footer: bytes) -> None:
    assert compare(SENT, SENT + footer).change in {Change.ADDED, Change.NONE}


@pytest.mark.parametrize(
    "received",
    [
        pytest.param(b'Content-Type: text/plain;"' + b";" * 1_000_000 + b"\n\nx", id="of a million parameters"),
        pytest.param(b"Content-Type: text/plain;" + b"\n ;" * 300_000 + b"\n\nx", id="folded"),
        pytest.param(b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 100_000, id="of many parts"),
        pytest.param(b"Content-Type: message/delivery-status\n\n" + b"A:b\n\n" * 100_000, id="of many groups"),
    ],
)
def test_a_message_that_would_cost_minutes_to_parse_is_damaged(received: bytes) -> None:
    assert compare(SENT, received) == DAMAGED


@pytest.mark.parametrize("sent", [b"", b"A: b\r\n\r\n", b"no field"])
def test_a_message_without_text_is_equal_to_itself_and_to_no_other(sent: bytes) -> None:
    assert (compare(sent, sent), compare(sent, SENT)) == (SAME, DAMAGED)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (b"Content-Type: text/plain; charset*0=us-; charset*=ascii", SAME),
        (b"Content-Type: multipart/mixed; boundary*0=a; boundary*=b", DAMAGED),
    ],
)
def test_pieces_of_a_parameter_may_contradict_each_other(fields: bytes, expected: Comparison) -> None:
    assert compare(SENT, fields + b"\r\n\r\n" + BODY) == expected
