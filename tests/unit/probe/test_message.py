import base64
import email
import email.policy
import quopri
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage

import idna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.probe.message import ascii_address, make_message, message_id_of, read_token
from mailtrip.probe.token import MessageKey, new_token

KEY = MessageKey(b"k" * 32)
TOKEN = new_token(KEY, bytes(range(16)))
FORGED = new_token(MessageKey(b"x" * 32), bytes(range(16)))
NOW = datetime(2026, 3, 1, 9, 5, 7, tzinfo=UTC)


def made(
    *, sender: str = "probe@example.com", recipient: str = "box@example.net", host: str = "mon1", now: datetime = NOW
) -> bytes:
    return make_message(sender=sender, recipient=recipient, token=TOKEN, now=now, host=host)


def parsed(content: bytes) -> EmailMessage:
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def without_fields(content: bytes, *names: bytes) -> bytes:
    header, _, body = content.partition(b"\r\n\r\n")
    kept = [
        line for line in header.split(b"\r\n") if not line.lower().startswith(tuple(n.lower() + b":" for n in names))
    ]
    return b"\r\n".join(kept) + b"\r\n\r\n" + body


OWN_FIELDS = (b"Message-ID", b"X-Mailtrip-Token")


def test_a_message_has_the_header_of_an_automatic_message() -> None:
    message = parsed(made())

    assert {name: str(value) for name, value in message.items()} == {
        "Date": "Sun, 01 Mar 2026 09:05:07 +0000",
        "Message-ID": f"<{TOKEN}@example.com>",
        "From": "Mailtrip <probe@example.com>",
        "To": "box@example.net",
        "Subject": "Mail delivery check of 2026-03-01 09:05 UTC",
        "X-Mailtrip-Token": TOKEN.text,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "Precedence": "bulk",
        "MIME-Version": "1.0",
        "Content-Type": 'text/plain; charset="us-ascii"',
        "Content-Transfer-Encoding": "7bit",
    }
    assert message.defects == []
    assert [name for name, value in message.items() if value.defects] == []


def test_the_body_says_what_the_message_is_and_holds_the_token_on_a_line_of_its_own() -> None:
    body = parsed(made(host="mon1.example.org")).get_content()

    assert "test message" in body
    assert "mon1.example.org" in body
    assert TOKEN.text in body.splitlines()
    assert len(body.split()) > 60


def test_the_subject_tells_the_time_in_utc() -> None:
    message = parsed(made(now=NOW.astimezone(timezone(timedelta(hours=9)))))

    assert message["Subject"] == "Mail delivery check of 2026-03-01 09:05 UTC"
    assert message["Date"].datetime == NOW


def test_lines_end_with_crlf_and_have_at_most_78_characters() -> None:
    content = made(sender="a.rather.long.local.part@department.example.com", host="monitoring-host-07.example.com")
    lines = content.split(b"\r\n")

    assert all(len(line) <= 78 for line in lines)
    assert b"\n" not in b"".join(lines)
    assert b"\r" not in b"".join(lines)


@given(st.from_regex(r"[a-z]{1,60}(\.[a-z]{1,60}){0,3}\.example", fullmatch=True), st.text(max_size=80))
def test_a_message_with_any_domain_and_host_is_sound(domain: str, host: str) -> None:
    content = made(sender=f"probe@{domain}", host=host)
    message = parsed(content)

    assert message["From"].addresses[0].addr_spec == f"probe@{domain}"
    assert message["Message-ID"].strip() == f"<{TOKEN}@{domain}>"
    assert parsed(content).get_content().isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert read_token(content, KEY) == TOKEN


def test_domains_beyond_ascii_are_written_in_ascii() -> None:
    content = made(sender="probe@bücher.example", recipient="box@straße.example")

    assert content.isascii()
    assert parsed(content)["To"].addresses[0].addr_spec == "box@xn--strae-oqa.example"
    assert parsed(content)["Message-ID"].endswith("@xn--bcher-kva.example>")


def test_a_local_part_beyond_ascii_is_written_in_utf_8() -> None:
    content = made(recipient="jürgen@bücher.example")

    assert "To: <jürgen@xn--bcher-kva.example>\r\n".encode() in content


@pytest.mark.parametrize(
    "domain",
    [
        "bücher.example",
        "Straße.example",
        "ΣΊΣΥΦΟΣ.example",
        "例え.テスト",
        "ｅｘａｍｐｌｅ.com",
        "президент.рф",
        "नेहरू.भारत",
    ],
)
def test_a_domain_is_encoded_as_resolvers_do(domain: str) -> None:
    assert ascii_address(f"a@{domain}") == f"a@{idna.encode(domain, uts46=True).decode()}"


def test_an_ascii_domain_stays_as_it_was_written() -> None:
    assert ascii_address("Me@Example.COM") == "Me@Example.COM"


@pytest.mark.parametrize(
    "address", ["", "nobody", "@example.com", "box@", "a@b\r\nBcc: x@y", "a\x00@b", "a@b\x85c", "a@b\u2028c"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="is no mail address"):
        made(recipient=address)


def test_a_host_name_cannot_bring_in_lines() -> None:
    assert made(host="a\r\nX: y").count(b"\r\n\r\n") == made(host="aX: y").count(b"\r\n\r\n")
    assert b"\nX: y" not in made(host="a\r\nX: y")


def test_the_message_id_is_the_one_in_the_message() -> None:
    assert message_id_of("probe@bücher.example", TOKEN).encode() in made(sender="probe@bücher.example")


# -- recognised ---------------------------------------------------------------------------------------------------------

BODY_IN_BASE64 = without_fields(made(), *OWN_FIELDS).partition(b"\r\n\r\n")[0].replace(b"7bit", b"base64") + (
    b"\r\n\r\n" + base64.encodebytes(made().partition(b"\r\n\r\n")[2])
)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(made(), id="as it was sent"),
        pytest.param(made().replace(b"\r\n", b"\n"), id="with other line ends"),
        pytest.param(b"Received: from a by b; Sun, 1 Mar 2026 09:05:08 +0000\r\n" + made(), id="with more headers"),
        pytest.param(made()[: made().index(b"\r\n\r\n")], id="header alone"),
        pytest.param(without_fields(made(), b"Message-ID"), id="without Message-ID"),
        pytest.param(without_fields(made(), b"X-Mailtrip-Token"), id="without the own header"),
        pytest.param(without_fields(made(), *OWN_FIELDS), id="token in the body alone"),
        pytest.param(made().partition(b"\r\n\r\n")[0] + b"\r\n\r\n(removed)\r\n", id="without its body"),
        pytest.param(
            b"X-Original-Message-ID: <"
            + TOKEN.text.encode()
            + b"@example.com>\r\n"
            + without_fields(made(), *OWN_FIELDS),
            id="with a Message-ID of another",
        ),
        pytest.param(BODY_IN_BASE64, id="body alone, in base64"),
        pytest.param(
            b"From: x@example.com\r\n\r\n" + quopri.encodestring(b"\xe4" * 20 + TOKEN.text.encode()),
            id="body alone, in quoted-printable",
        ),
        pytest.param(made().replace(b"X-Mailtrip-Token", b"x-mailtrip-token"), id="header in lower case"),
    ],
)
def test_our_message_is_known_by_its_token(content: bytes) -> None:
    assert read_token(content, KEY) == TOKEN


ORDINARY = b"From: a@example.com\r\nSubject: hello\r\n\r\n"
QUOTED = b"\r\n".join(b"> " + line for line in made().split(b"\r\n"))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(ORDINARY + b"hello\r\n", id="an ordinary message"),
        pytest.param(b"Subject: Mail delivery check of 2026-03-01 09:05 UTC\r\n\r\nhello", id="our subject"),
        pytest.param(b"X-Mailtrip-Token: " + FORGED.text.encode() + b"\r\n\r\n", id="a forged token"),
        pytest.param(
            b"Content-Type: multipart/report; report-type=delivery-status\r\n\r\nundeliverable\r\n" + made(),
            id="a bounce",
        ),
        pytest.param(b"Content-type:\r\n multipart/report;\r\n boundary=x\r\n\r\n" + made(), id="a folded bounce"),
        pytest.param(
            b"From: MAILER-DAEMON@mx1 (Mail System)\r\n\r\nHi. This is qmail.\r\n" + made(), id="an old bounce"
        ),
        pytest.param(b"Return-Path: <>\r\n\r\nfailed\r\n" + made(), id="with the null return path"),
        pytest.param(b"Auto-Submitted: auto-replied\r\n\r\nI am away\r\n" + QUOTED, id="an automatic reply"),
        pytest.param(
            b"Message-ID: <1@x>\r\nIn-Reply-To: <" + TOKEN.text.encode() + b"@example.com>\r\n\r\nThank you",
            id="a reply",
        ),
        pytest.param(b"Message-ID: <1@x>\r\nReferences: <7@x>\r\n\r\n" + QUOTED, id="a reply that quotes"),
        pytest.param(b"Subject: Fwd: " + TOKEN.text.encode() + b"\r\n\r\nsee the subject", id="token in the subject"),
        pytest.param(b"Content-Type: message/rfc822\r\n\r\n" + made(), id="wrapped in another message"),
    ],
)
def test_no_other_message_is_taken_for_ours(content: bytes) -> None:
    assert read_token(content, KEY) is None


@given(st.binary(max_size=1000))
def test_any_bytes_can_be_read(content: bytes) -> None:
    assert read_token(content, KEY) is None


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_a_token_amid_any_bytes_is_read_without_an_error(before: bytes, after: bytes) -> None:
    assert read_token(before + TOKEN.text.encode() + after, KEY) in {TOKEN, None}
