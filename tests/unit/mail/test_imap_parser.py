"""What IMAP responses say, taken apart."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.bounded import bounded

from mailtrip.mail.imap_parser import Value, parse_reply, parse_status, parse_values, to_number
from mailtrip.mail.script import BrokenProtocol


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", ()),
        (b"a NIL nil 12", (b"a", None, None, b"12")),
        (b'"NIL" "a \\"b\\" \\\\" ""', (b"NIL", b'a "b" \\', b"")),
        (b"{3}\r\n)\r\n {0}\r\n", (b")\r\n", b"")),
        (b"~{2}\n\x00\xff", (b"\x00\xff",)),
        (b"(a (b ()) c) d ", ((b"a", (b"b", ()), b"c"), b"d")),
        (b"(\\Seen $Junk \\*)", ((b"\\Seen", b"$Junk", b"\\*"),)),
        (b"BODY[]<0> x", (b"BODY[]<0>", b"x")),
        (b"BODY[HEADER.FIELDS (DATE TO)] NIL", (b"BODY[HEADER.FIELDS (DATE TO)]", None)),
        (b"[Gmail]/Spam a[b", (b"[Gmail]/Spam", b"a[b")),
        (b"  (  a  b  )  ", ((b"a", b"b"),)),
        ('"gr\u00fc\u00dfe"'.encode(), ("gr\u00fc\u00dfe".encode(),)),
    ],
)
def test_values_are_read(data: bytes, expected: tuple[Value, ...]) -> None:
    assert parse_values(data) == expected


@pytest.mark.parametrize(
    "data",
    [b"(a", b")", b'"a', b'"a\r\nb"', b"{3}\r\nab", b"{x}\r\n", b"{3} abc", b"~a", b"(" * 40 + b")" * 40, b"\x00"],
)
def test_malformed_values_are_refused(data: bytes) -> None:
    with pytest.raises(BrokenProtocol):
        parse_values(data)


@given(
    st.lists(
        st.sampled_from([b"(", b")", b'"', b"{2}\r\n", b"a", b" ", b"[", b"]", b"\\", b"NIL", b"\xff"]), max_size=40
    )
)
def test_any_data_has_values_or_is_refused(words: list[bytes]) -> None:
    try:
        values = parse_values(b"".join(words))
    except BrokenProtocol:
        return
    assert isinstance(values, tuple)


@pytest.mark.parametrize("data", [b"[" * 65_000, b"(" * 65_000, b'"' + b"\\" * 65_000, b"{" * 65_000, b"a" * 65_000])
def test_malice_costs_no_time(data: bytes) -> None:
    with bounded(), contextlib.suppress(BrokenProtocol):
        parse_values(data)


def test_responses_have_tag_number_name_and_rest() -> None:
    reply = b"* 23 exists\r\n* 1 FETCH (X {2}\r\n\r\n)\r\n* SEARCH\r\n+ go on\r\nA1 OK [X] done\r\n"
    found = [(one.tag, one.number, one.name, one.rest) for one in parse_reply(reply)]
    assert found == [
        (b"*", 23, "EXISTS", b""),
        (b"*", 1, "FETCH", b"(X {2}\r\n\r\n)"),
        (b"*", None, "SEARCH", b""),
        (b"+", None, "", b"go on"),
        (b"A1", None, "OK", b"[X] done"),
    ]


@pytest.mark.parametrize("reply", [b"*\r\n", b"* 12\r\n", b"\r\n", b"* (x)\r\n"])
def test_a_response_without_a_name_is_refused(reply: bytes) -> None:
    with pytest.raises(BrokenProtocol, match="is no IMAP response"):
        parse_reply(reply)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"A1 OK done", ("OK", "", "", "OK done")),
        (b"* OK [UIDNEXT 7] x", ("OK", "UIDNEXT", "7", "OK [UIDNEXT 7] x")),
        (b"* NO [alert] \x07x", ("NO", "ALERT", "", "NO [alert] ?x")),
        (b"* BYE", ("BYE", "", "", "BYE")),
        (b"A1 NO [broken", ("NO", "", "", "NO [broken")),
    ],
)
def test_a_status_has_code_and_text(line: bytes, expected: tuple[str, str, str, str]) -> None:
    status = parse_status(parse_reply(line + b"\r\n")[0])
    assert (status.kind, status.code, status.arguments, status.text) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"12", 12),
        (b"0", 0),
        (b"-1", None),
        (b"", None),
        (None, None),
        ((), None),
        (b"9" * 19, 2**63 - 1),
        (b"9" * 40, None),
    ],
)
def test_a_value_can_be_a_number(value: Value, expected: int | None) -> None:
    assert to_number(value) == expected
