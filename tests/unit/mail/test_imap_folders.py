"""Folder names on the wire, and what LIST says of a folder."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.mail.imap_folders import Folder, decode_name, encode_name, read_folder
from mailtrip.mail.imap_parser import parse_values


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("INBOX", b"INBOX"),
        ("Tom & Jerry", b"Tom &- Jerry"),
        ("Entw\u00fcrfe", b"Entw&APw-rfe"),
        ("~peter/mail/\u53f0\u5317/\u65e5\u672c\u8a9e", b"~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
        ("\U0001f4e8", b"&2D3c6A-"),
        ("a\x01b", b"a&AAE-b"),
    ],
)
def test_names_are_in_modified_utf_7(name: str, raw: bytes) -> None:
    assert (encode_name(name).encode(), decode_name(raw)) == (raw, name)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_name_comes_back_from_the_wire(name: str) -> None:
    encoded = encode_name(name)
    assert encoded.isascii()
    assert decode_name(encoded.encode()) == name


@given(st.one_of(st.binary(max_size=40), st.text(alphabet="&-A,/= \u00fc", max_size=20).map(str.encode)))
def test_any_bytes_are_a_name_or_none(raw: bytes) -> None:
    name = decode_name(raw)
    assert name is None or isinstance(name, str)


@pytest.mark.parametrize("raw", [b"&AP-", b"&!!-", b"\xff", b"&2D0-"])
def test_a_malformed_name_is_none(raw: bytes) -> None:
    assert decode_name(raw) is None


@pytest.mark.parametrize("raw", [b"Tom & Jerry", b"&", b"a&-&&&&"])
def test_a_shift_that_is_never_closed_is_text(raw: bytes) -> None:
    assert decode_name(raw) == raw.decode().replace("&-", "&")


def test_a_name_of_ampersands_takes_no_more_time_than_its_length_allows() -> None:
    raw = b"&" * 1_000_000
    assert decode_name(raw) == raw.decode()


def test_a_name_in_utf_8_is_taken_as_it_is() -> None:
    assert decode_name("Entw\u00fcrfe".encode()) == "Entw\u00fcrfe"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            b'(\\HasNoChildren \\Junk) "/" Spam',
            Folder(name="Spam", delimiter="/", attributes=frozenset({"\\hasnochildren", "\\junk"})),
        ),
        (b'() NIL "a b"', Folder(name="a b")),
        (b'(\\Noselect) "." {3}\r\nx&-', Folder(name="x&", delimiter=".", attributes=frozenset({"\\noselect"}))),
        (b'() "/" x (CHILDINFO (SUBSCRIBED))', Folder(name="x", delimiter="/")),
        (b'() "/" NIL', None),
        (b'() "/"', None),
        (b'x "/" y', None),
        (b'() "/" "&AP-"', None),
        (b'() "/" ' + b"x" * 1000, Folder(name="x" * 1000, delimiter="/")),
        (b'() "/" ' + b"x" * 1001, None),
    ],
)
def test_a_folder_is_read(line: bytes, expected: Folder | None) -> None:
    assert read_folder(parse_values(line)) == expected


@pytest.mark.parametrize(
    ("attributes", "is_junk", "is_selectable"),
    [({"\\junk"}, True, True), ({"\\spam"}, True, True), ({"\\noselect"}, False, False), (set(), False, True)],
)
def test_attributes_tell_what_a_folder_is_for(attributes: set[str], is_junk: bool, is_selectable: bool) -> None:
    folder = Folder(name="x", attributes=frozenset(attributes))
    assert (folder.is_junk, folder.is_selectable) == (is_junk, is_selectable)
