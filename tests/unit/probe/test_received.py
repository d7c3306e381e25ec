from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.bounded import bounded
from tests.corpus.samples import header_of, mutations, received

from mailtrip.model import Hop
from mailtrip.probe.fields import Field, read_fields
from mailtrip.probe.received import parse_address, parse_hops

SAMPLES = received()
TIME = datetime(2026, 3, 9, 9, 0, 5, tzinfo=UTC)
RELAY = "mail.example.org"
MX = "mx.example.net"
ADDRESS = "198.51.100.7"
BOX = "box@example.net"
AES = "TLS_AES_256_GCM_SHA384"
ECDHE = "ECDHE-RSA-AES256-GCM-SHA384"
DB5 = "DB5EUR01FT010.mail.protection.outlook.com"
GMAIL_ID = "a1-20020a05600c000100b0040a0b0c0d0esi123456wmb.12.2026.03.09.02.00.05"
EXIM_CIPHER = "ECDHE_RSA_AES_256_GCM_SHA384"
SEEN = {"claimed_name": RELAY, "seen_name": RELAY, "seen_address": ADDRESS}
UNNAMED = {"claimed_name": RELAY, "seen_address": ADDRESS}
GREETED = {"claimed_name": "mon1.corp.example", "seen_name": RELAY, "seen_address": ADDRESS}
TLS13 = {"tls_version": "TLSv1.3", "tls_cipher": AES, "is_encrypted": True}
SMTPS = {"protocol": "ESMTPS", **TLS13}
PLAIN = {"protocol": "ESMTP", "is_encrypted": False}

HOPS: dict[str, dict[str, object]] = {
    "postfix with TLS": {"by": MX, **SEEN, **SMTPS, "queue_id": "4ZAbCd1Q2Rz9xyz", "recipient": BOX},
    "postfix without a name for the address": {
        "by": MX,
        "claimed_name": "[203.0.113.9]",
        "seen_address": "203.0.113.9",
        **PLAIN,
        "queue_id": "0A1B2C3D4E",
        "recipient": BOX,
    },
    "postfix with a login": {
        "by": RELAY,
        "claimed_name": "mon1.example.org",
        "seen_name": "mon1.example.org",
        "seen_address": "2001:db8::25",
        "protocol": "ESMTPSA",
        "is_encrypted": True,
        "queue_id": "9F8E7D6C5B",
    },
    "postfix from its own machine": {"by": RELAY, "queue_id": "5D4C3B2A10"},
    "exim with TLS": {
        "by": MX,
        **UNNAMED,
        **SMTPS,
        "protocol": "esmtps",
        "queue_id": "1rjXyz-00000001AbC-1dEf",
        "recipient": BOX,
    },
    "exim of earlier days": {
        "by": MX,
        **GREETED,
        "seen_name": "relay.example.org",
        "protocol": "esmtpsa",
        "tls_version": "TLSv1.2",
        "tls_cipher": EXIM_CIPHER,
        "is_encrypted": True,
        "queue_id": "1abcDE-0001Ab-2c",
        "recipient": BOX,
    },
    "exim for an address without a name": {
        "by": MX,
        "claimed_name": "mon1.corp.example",
        "seen_address": "203.0.113.9",
        **PLAIN,
        "protocol": "esmtp",
        "queue_id": "1abcDE-0001Ab-3d",
    },
    "exim for a local user": {
        "by": RELAY,
        "claimed_name": "alice",
        "protocol": "local",
        "queue_id": "1rjXyz-00000001AbD-2gHi",
        "recipient": BOX,
    },
    "sendmail with TLS": {"by": MX, **UNNAMED, **SMTPS, "queue_id": "529905ab012345", "recipient": BOX},
    "sendmail from its own machine": {"by": RELAY, "queue_id": "529905xy012346"},
    "sendmail with an identity": {
        "by": MX,
        **SEEN,
        "protocol": "SMTP",
        "is_encrypted": False,
        "queue_id": "i29905cd012347",
        "recipient": BOX,
    },
    "exchange between servers": {
        "by": "EX02.corp.example",
        "claimed_name": "EX01.corp.example",
        "seen_address": "10.0.0.11",
        "protocol": "Microsoft SMTP Server",
        "tls_version": "TLSv1.2",
        "tls_cipher": "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "is_encrypted": True,
    },
    "exchange into a mailbox": {
        "by": "EX02.corp.example",
        "claimed_name": "EX02.corp.example",
        "seen_address": "fe80::1c2d:3e4f:5a6b:7c8d",
        "protocol": "mapi",
    },
    "exchange online at its border": {"by": DB5, **UNNAMED, **TLS13, "protocol": "Microsoft SMTP Server"},
    "exchange online inside": {
        "by": "DB8PR06CA0001.outlook.office365.com",
        "claimed_name": "DB5EUR01FT010.eop-EUR01.prod.protection.outlook.com",
        "seen_address": "2603:10a6:10:cd:cafe::8b",
        "protocol": "Microsoft SMTP Server",
        **TLS13,
    },
    "exchange online over HTTPS": {
        "by": "DB8PR06MB0002.eurprd06.prod.outlook.com",
        "claimed_name": "AM0PR06MB0001.eurprd06.prod.outlook.com",
        "seen_address": "::1",
        "protocol": "HTTPS",
        "is_encrypted": True,
    },
    "gmail at its border": {
        "by": "mx.google.com",
        **SEEN,
        **SMTPS,
        "queue_id": GMAIL_ID,
        "recipient": "box@gmail.example",
    },
    "gmail inside": {
        "by": "2002:a05:6a10:abcd:b0:1f2:3e4d:5c6b",
        "protocol": "SMTP",
        "is_encrypted": False,
        "queue_id": "x12csp1234567pxa",
    },
    "dovecot LMTP with TLS": {
        "by": "imap.example.net",
        "claimed_name": MX,
        "seen_address": "192.0.2.25",
        "protocol": "LMTPS",
        **TLS13,
        "queue_id": "aBcDeF0123456789",
        "recipient": BOX,
    },
    "dovecot LMTP over a socket": {
        "by": MX,
        "claimed_name": MX,
        "protocol": "LMTP",
        "is_encrypted": False,
        "queue_id": "gHiJkL/mnOpQ",
        "recipient": BOX,
    },
    "cyrus": {"by": MX, "claimed_name": MX, "protocol": "LMTPA", "is_encrypted": False},
    "qmail from elsewhere": {"by": MX, **GREETED, "protocol": "SMTP", "is_encrypted": False},
    "qmail with TLS": {
        "by": MX,
        **UNNAMED,
        "protocol": "ESMTPS",
        "tls_cipher": ECDHE,
        "is_encrypted": True,
    },
    "qmail from its own machine": {},
    "qmail from the network": {},
    "proofpoint filter": {
        "by": "mx0a-00000001.pphosted.example",
        "claimed_name": "pps.filterd",
        "seen_name": "m0000001.ppops.example",
        "seen_address": "127.0.0.1",
        **PLAIN,
        "queue_id": "5298abcd012345",
        "recipient": BOX,
    },
    "proofpoint at its border": {
        "by": "mx0a-00000001.pphosted.example",
        **SEEN,
        **SMTPS,
        "queue_id": "4dabc1x2yz-1",
        "recipient": BOX,
    },
    "amazon SES": {
        "by": "inbound-smtp.us-east-1.ses.example",
        "claimed_name": "a1-23.smtp-out.ses.example",
        "seen_name": "a1-23.smtp-out.ses.example",
        "seen_address": ADDRESS,
        "protocol": "SMTP",
        "is_encrypted": False,
        "queue_id": "abcdefghijklmnopqrstuvwxyz0123456789",
        "recipient": BOX,
    },
    "oracle messaging server": {
        "by": "mail.example.net",
        "claimed_name": "relay.example.org",
        "seen_address": ADDRESS,
        "protocol": "ESMTPS",
        "is_encrypted": True,
        "queue_id": "0Q6B00ABCDEF1200@mail.example.net",
        "recipient": BOX,
    },
    "sun messaging server through a channel": {
        "by": "mail.example.net",
        "claimed_name": "conversion-daemon.mail.example.net",
        "queue_id": "0Q6B00ABCDEF1300@mail.example.net",
    },
    "ironport": {
        "by": "esa1.example.net",
        **UNNAMED,
        "protocol": f"ESMTP/TLS/{ECDHE}",
        "tls_cipher": ECDHE,
        "is_encrypted": True,
    },
    "courier": {
        "by": MX,
        **SEEN,
        **SMTPS,
        "tls_cipher": EXIM_CIPHER,
        "queue_id": "00000000000A1B2C.0000000069AE8D45.00001F90",
    },
    "haraka": {"by": MX, **SEEN, **SMTPS, "queue_id": "0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9.1"},
    "opensmtpd": {"by": MX, **SEEN, **SMTPS, "queue_id": "1a2b3c4d", "recipient": BOX},
    "opensmtpd from its own machine": {
        "by": RELAY,
        "claimed_name": "localhost",
        "seen_name": RELAY,
        "protocol": "ESMTPA",
        "is_encrypted": False,
        "queue_id": "5e6f7a8b",
    },
    "mimecast": {
        "by": "relay.mimecast.example",
        **SEEN,
        **TLS13,
        "protocol": "ESMTP STARTTLS",
        "queue_id": "uk-mta-123-AbCdEf-1",
    },
    "domino": {"by": "notes.example.net", **UNNAMED, **PLAIN, "queue_id": "2026030910000500-4711"},
    "yahoo": {
        "by": "10.197.40.1",
        **UNNAMED,
        "protocol": "SMTPS",
        "tls_version": "TLSv1.3",
        "tls_cipher": "TLS_AES_128_GCM_SHA256",
        "is_encrypted": True,
    },
    "fetchmail": {
        "by": "mon1.example.net",
        "claimed_name": "pop.example.org",
        "seen_address": ADDRESS,
        "protocol": "POP3",
        "recipient": "alice@localhost",
    },
    "hmailserver": {
        "by": MX,
        **UNNAMED,
        "protocol": "ESMTPSA",
        "tls_version": "TLSv1.2",
        "tls_cipher": ECDHE,
        "is_encrypted": True,
    },
    "a sending service": {
        "by": "geopod-1",
        "claimed_name": "MTIzNDU2Nzg",
        "protocol": "HTTP",
        "is_encrypted": False,
        "queue_id": "aBcDeFgHiJkLmNoPqRsTuV",
        "time": TIME.replace(microsecond=123000),
    },
    "a program in Go": {
        "by": "filter-1",
        "protocol": "SMTP",
        "is_encrypted": False,
        "queue_id": "filter-1-4711-69AE8D45-1",
        "time": TIME.replace(microsecond=123456),
    },
    "stalwart": {"by": MX, **SEEN, **SMTPS, "tls_cipher": "TLS13_AES_256_GCM_SHA384", "queue_id": "3A4B5C6D7E8F901"},
    "james": {
        "by": MX,
        **GREETED,
        "protocol": "ESMTPS",
        "is_encrypted": True,
        "queue_id": "-1234567890",
        "recipient": BOX,
    },
    "zimbra": {
        "by": MX,
        "claimed_name": MX,
        "seen_name": MX,
        "seen_address": "10.0.0.5",
        "protocol": "LMTP",
        "is_encrypted": False,
    },
    "communigate": {
        "by": MX,
        "claimed_name": "mon1.corp.example",
        "seen_address": ADDRESS,
        "protocol": "ESMTPSA",
        "is_encrypted": True,
        "queue_id": "123456789",
        "recipient": BOX,
    },
    "no date": {"by": MX, **UNNAMED, **PLAIN, "queue_id": "4711", "time": None},
    "a date without a zone": {"by": MX, **UNNAMED, **PLAIN, "queue_id": "4711", "time": None},
    "a date that can't be": {"by": MX, **UNNAMED, **PLAIN, "queue_id": "4711", "time": None},
    "a comment that is not closed": {"by": MX, **UNNAMED, **PLAIN, "queue_id": "4711"},
    "a greeting that speaks of TLS": {
        "by": MX,
        **GREETED,
        "claimed_name": "cipher=TLSv1.3",
        "protocol": "SMTP",
        "is_encrypted": False,
        "queue_id": "4711",
    },
    "nothing": {"time": None},
}


def parsed(*bodies: str) -> tuple[Hop, ...]:
    return parse_hops(read_fields(header_of(*bodies)))


def facts_of(hop: Hop) -> dict[str, object]:
    return {name: value for name in Hop.__slots__ if (value := getattr(hop, name)) is not None}


@pytest.mark.parametrize("name", SAMPLES)
def test_what_servers_write_is_understood(name: str) -> None:
    expected = {"time": TIME, **HOPS[name]}

    assert {key: value for key, value in expected.items() if value is not None} == facts_of(parsed(SAMPLES[name])[0])


@pytest.mark.parametrize(
    ("protocol", "is_encrypted"),
    [
        ("SMTP", False),
        ("esmtpa", False),
        ("LMTP", False),
        ("ESMTPS", True),
        ("UTF8SMTPSA", True),
        ("UTF8SMTP", False),
        ("ESMTP with STARTTLS", True),
        ("Microsoft SMTP Server (TLS)", True),
        ("Microsoft SMTP Server", None),
        ("local", None),
        ("", None),
    ],
)
def test_a_protocol_tells_whether_it_ran_over_tls(protocol: str, is_encrypted: bool | None) -> None:
    assert parsed(f"by {MX} with {protocol}; ")[0].is_encrypted is is_encrypted


def test_hops_come_in_the_order_the_message_travelled() -> None:
    hops = parsed("by third.example; ", "by second.example; ", "by first.example; ")

    assert [hop.by for hop in hops] == ["first.example", "second.example", "third.example"]


def test_of_very_many_hops_the_newest_hundred_count() -> None:
    hops = parse_hops([Field("received", f"by mx{number}.example") for number in range(300)])

    assert [hop.by for hop in hops] == [f"mx{number}.example" for number in range(99, -1, -1)]


def test_a_message_without_received_fields_has_no_hops() -> None:
    assert parse_hops(read_fields(b"Subject: by mx.example.net\r\n\r\nReceived: by mx.example.net\r\n")) == ()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("[192.0.2.1]", "192.0.2.1"),
        ("[IPv6:2001:DB8:0::1]", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::", "::"),
        ("mx.example.net", None),
        ("192.0.2.300", None),
        ("4711", None),
        ("", None),
        ("1" * 5000, None),
    ],
)
def test_addresses_are_read_in_the_forms_of_mail(text: str, address: str | None) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("(" * 60_000, id="open brackets"),
        pytest.param("()" * 30_000, id="comments"),
        pytest.param('"' * 60_000, id="quotes"),
        pytest.param('"\\' * 30_000, id="quotes and backslashes"),
        pytest.param("\\" * 60_000, id="backslashes"),
        pytest.param("from " * 12_000, id="keywords"),
        pytest.param(f"from a ([{'1.' * 30_000}]) by b", id="an endless address"),
        pytest.param("by b (" + "TLS" * 20_000 + ")", id="an endless version"),
        pytest.param("by b (cipher=" + "A" * 60_000 + ")", id="an endless cipher"),
        pytest.param("by b; " + "9" * 60_000, id="an endless date"),
        pytest.param("by b; " + "1 Mar 2026 10:00:00 " * 3000, id="dates without zones"),
        pytest.param("from a (" + "HELO " * 12_000 + ")", id="greetings"),
        pytest.param(" ".join(f"from a{i} ({i}) by b{i};" for i in range(3000)), id="everything again and again"),
    ],
)
def test_hostile_fields_are_read_in_bounded_time(body: str) -> None:
    with bounded():
        parse_hops([Field("received", body)] * 16)


def all_texts_of(hop: Hop) -> list[str]:
    return [value for value in facts_of(hop).values() if isinstance(value, str)]


@given(
    st.sampled_from(sorted(SAMPLES)).flatmap(
        lambda name: mutations(header_of(SAMPLES[name], SAMPLES["qmail with TLS"]))
    )
)
def test_damaged_fields_are_read_without_a_fault(header: bytes) -> None:
    for hop in parse_hops(read_fields(header)):
        assert all(text and text.isprintable() and len(text) <= 255 for text in all_texts_of(hop))
        assert hop.time is None or hop.time.tzinfo is UTC


@given(st.binary(max_size=300))
def test_any_bytes_are_a_hop_at_most(body: bytes) -> None:
    hops = parse_hops(read_fields(b"Received: " + body.replace(b"\n", b"\n ") + b"\r\n\r\n"))

    assert len(hops) <= 1
