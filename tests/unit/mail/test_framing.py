"""Framers find the end of a reply wherever the bytes are cut, and refuse what has none."""

import itertools
import time
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.mail.framing import (
    IMAPFramer,
    IMAPUntaggedFramer,
    Limits,
    LineFramer,
    POP3MultilineFramer,
    SMTPReplyFramer,
    split_responses,
)
from mailtrip.mail.script import BrokenProtocol, Framer

Make = Callable[[], Framer]


def line() -> Framer:
    return LineFramer(first=b"+-")


def smtp() -> Framer:
    return SMTPReplyFramer()


def pipelined() -> Framer:
    return SMTPReplyFramer(3)


def multiline() -> Framer:
    return POP3MultilineFramer()


def tagged() -> Framer:
    return IMAPFramer(b"A1")


def continued() -> Framer:
    return IMAPFramer(b"A1", continuation_ok=True)


def untagged() -> Framer:
    return IMAPUntaggedFramer()


def feed(make: Make, pieces: Sequence[bytes]) -> int | str | None:
    """Where the reply ends when the pieces arrive one by one; "broken" where it is refused."""
    framer, buffer = make(), bytearray()
    for piece in pieces:
        buffer += piece
        try:
            end = framer.find_end(buffer)
        except BrokenProtocol:
            return "broken"
        if end is not None:
            return end
    return None


WHOLE = [
    pytest.param(line, b"+OK ready\r\n", id="a line"),
    pytest.param(line, b"-ERR no\n", id="a line with a bare LF"),
    pytest.param(smtp, b"220 mx.example\r\n", id="a reply"),
    pytest.param(smtp, b"220\r\n", id="a reply without text"),
    pytest.param(smtp, b"250-a\r\n250-b\r\n250 c\r\n", id="a reply of several lines"),
    pytest.param(smtp, b"250-a\n250 b\n", id="a reply with bare LF"),
    pytest.param(pipelined, b"250 a\r\n250-b\r\n250 c\r\n354 go\r\n", id="pipelined replies"),
    pytest.param(pipelined, b"250 a\r\n550-no\r\n550 such user\r\n", id="pipelined replies up to a refusal"),
    pytest.param(pipelined, b"421 closing\r\n", id="a server that leaves at the first of pipelined replies"),
    pytest.param(multiline, b"+OK\r\n1 a\r\n2 b\r\n.\r\n", id="a listing"),
    pytest.param(multiline, b"+OK\r\n.\r\n", id="an empty listing"),
    pytest.param(multiline, b"+OK\n1 a\n.\n", id="a listing with bare LF"),
    pytest.param(multiline, b"-ERR no such message\r\n", id="a refused listing"),
    pytest.param(multiline, b"+OK\r\n..\r\n.x\r\n\r\n.\r\n", id="a message with dots"),
    pytest.param(multiline, b"+OK\r\n" + b"x" * 30_000 + b"\r\n.\r\n", id="a message with one long line"),
    pytest.param(tagged, b"A1 OK done\r\n", id="a tagged response"),
    pytest.param(tagged, b"* 1 EXISTS\r\n* OK hi {9}\r\nA1 NO {5}\r\n", id="status texts with braces"),
    pytest.param(tagged, b"* 1 FETCH (BODY[] {9}\r\nA1 OK x\r\n)\r\nA1 OK y\r\n", id="a tag within a literal"),
    pytest.param(tagged, b"* X {2}\r\n\r\n {0}\r\n {1}\r\n}\r\nA1 OK\r\n", id="several literals in a response"),
    pytest.param(tagged, b"* 1 FETCH (BODY[] {3}\nabc)\nA1 OK\n", id="a literal behind a bare LF"),
    pytest.param(tagged, b"* BYE gone\r\n", id="a server that leaves"),
    pytest.param(continued, b"* 1 EXISTS\r\n+ idling\r\n", id="a continuation"),
    pytest.param(continued, b"+\r\n", id="a bare continuation"),
    pytest.param(continued, b"A1 NO\r\n", id="a refused continuation"),
    pytest.param(untagged, b'* LIST () "/" {3}\r\na\r\n\r\n', id="one untagged response"),
]

BROKEN = [
    pytest.param(line, b"HTTP/1.1 400 Bad Request\r\n", id="HTTP"),
    pytest.param(line, b"+" * 9000 + b"\r\n", id="a line without an end in sight"),
    pytest.param(smtp, b"hello\r\n", id="no code"),
    pytest.param(smtp, b"25\r\n", id="a short code"),
    pytest.param(smtp, b"250_x\r\n", id="a code that runs on"),
    pytest.param(smtp, b"199 x\r\n", id="a code below 200"),
    pytest.param(smtp, b"250-a\r\nnonsense\r\n", id="nonsense within a reply"),
    pytest.param(smtp, b"250-a\r\n" * 1001, id="a reply without an end in sight"),
    pytest.param(smtp, b"250 " + b"x" * 9000 + b"\r\n", id="a long line"),
    pytest.param(smtp, b"\x15\x03\x01\x00\x02\x02\x16", id="TLS"),
    pytest.param(multiline, b"* OK\r\n", id="IMAP where POP3 was expected"),
    pytest.param(tagged, b"+ go on\r\n", id="a continuation that was not asked for"),
    pytest.param(tagged, b"A2 OK\r\n", id="another tag"),
    pytest.param(tagged, b"A11 OK\r\n", id="a tag that begins alike"),
    pytest.param(tagged, b"\r\nA1 OK\r\n", id="an empty line"),
    pytest.param(tagged, b"* 1 FETCH (BODY[] {99999999}\r\n", id="a huge literal"),
    pytest.param(tagged, b"* 1 FETCH (BODY[] {99999999999999999999}\r\n", id="a literal of a number too long"),
    pytest.param(tagged, b"* LIST " + b"x" * 70_000 + b"\r\n", id="a long response"),
    pytest.param(untagged, b"A1 OK\r\n", id="a tagged response where none was asked for"),
]


@pytest.mark.parametrize(("make", "reply"), WHOLE)
def test_the_end_of_a_reply_is_found(make: Make, reply: bytes) -> None:
    assert feed(make, [reply + b"* 9 and more\r\n"]) == len(reply)


@pytest.mark.parametrize(("make", "reply"), WHOLE)
def test_a_reply_without_its_last_byte_is_not_complete(make: Make, reply: bytes) -> None:
    assert feed(make, [reply[:-1]]) is None


@pytest.mark.parametrize(("make", "reply"), [*WHOLE, *BROKEN])
def test_bytes_one_by_one_give_the_same_end(make: Make, reply: bytes) -> None:
    short = reply if len(reply) < 2000 else reply[:1000] + reply[-1000:]
    assert feed(make, [short[at : at + 1] for at in range(len(short))]) == feed(make, [short])


@pytest.mark.parametrize(("make", "reply"), BROKEN)
def test_what_is_no_reply_is_refused(make: Make, reply: bytes) -> None:
    assert feed(make, [reply]) == "broken"


WORDS = st.sampled_from(
    [
        b"250 ok",
        b"250-ok",
        b"354 go",
        b"550 no",
        b"+OK",
        b"-ERR",
        b"+ ",
        b"A1 OK",
        b"* 1 FETCH (",
        b"* BYE",
        b"{3}",
        b"{0}",
        b"{12}",
        b"{99999999}",
        b"\r\n",
        b"\n",
        b".",
        b"\r",
        b"x",
        b"A1 ",
    ]
)
CUTS = st.lists(st.integers(0, 200), max_size=12)


@given(
    make=st.sampled_from([line, smtp, pipelined, multiline, tagged, continued, untagged]),
    words=st.lists(WORDS),
    cuts=CUTS,
)
def test_bytes_cut_anywhere_give_the_same_end(make: Make, words: list[bytes], cuts: list[int]) -> None:
    data = b"".join(words)
    at = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    pieces = [data[a:b] for a, b in itertools.pairwise(at)]
    whole, cut = feed(make, [data]), feed(make, pieces)
    assert cut == whole


@pytest.mark.parametrize(
    ("make", "begun"),
    [
        pytest.param(smtp, b"250-" + b"x" * 196 + b"\r\n250-" * 900, id="SMTP"),
        pytest.param(multiline, b"+OK\r\n" + b"a line\r\n" * 90_000, id="POP3"),
        pytest.param(tagged, b"* 1 EXISTS\r\n" * 50_000, id="IMAP"),
    ],
)
def test_what_was_looked_at_is_not_looked_at_again(make: Make, begun: bytes) -> None:
    framer, buffer = make(), bytearray(begun)
    first = look(framer, buffer)
    later: list[float] = []
    for byte in b"* 1 E" if make is tagged else b"250-x":
        buffer.append(byte)
        later.append(look(framer, buffer))
    assert min(later) < first / 20


def look(framer: Framer, buffer: bytearray) -> float:
    """How long a look that finds no end takes, in seconds."""
    began = time.perf_counter()
    assert framer.find_end(buffer) is None
    return time.perf_counter() - began


@pytest.mark.parametrize(
    ("limits", "lines", "expected"),
    [
        (Limits(lines=5), 4, 4),
        (Limits(lines=5), 6, "broken"),
        (Limits(reply=60), 4, 4),
        (Limits(reply=60), 20, "broken"),
    ],
)
def test_a_listing_is_bounded(limits: Limits, lines: int, expected: int | str) -> None:
    reply = b"+OK\r\n" + b"1 abcde\r\n" * (lines - 1) + b".\r\n"
    ends = {feed(lambda: POP3MultilineFramer(limits), pieces) for pieces in ([reply], [reply[:7], reply[7:]])}
    assert ends == {len(reply) if expected == lines else "broken"}


def test_a_huge_literal_is_refused_before_it_is_read() -> None:
    with pytest.raises(BrokenProtocol, match="a literal of 3000000 bytes"):
        IMAPFramer(b"A1").find_end(bytearray(b"* 1 FETCH (BODY[] {3000000}\r\n"))


def test_a_farewell_reads_on_behind_bye() -> None:
    reply = b"* BYE see you\r\nA1 OK\r\n"
    assert IMAPFramer(b"A1", ends_at_bye=False).find_end(bytearray(reply)) == len(reply)


def test_the_text_of_garbage_is_one_clean_line() -> None:
    with pytest.raises(BrokenProtocol, match=r'^expected an SMTP reply, but the server sent "x\?\[31m y"$'):
        SMTPReplyFramer().find_end(bytearray(b"x\x1b[31m\ty\r\n"))


def test_a_tls_server_is_named_as_one() -> None:
    with pytest.raises(BrokenProtocol, match="the server speaks TLS"):
        SMTPReplyFramer().find_end(bytearray(b"\x15\x03\x01\x00\x02\x02\x16"))


def test_responses_are_split_behind_their_literals() -> None:
    responses = [b"* 1 FETCH (X {4}\r\n* 2\n)\r\n", b"* OK {7}\r\n", b"A1 OK\r\n"]
    assert split_responses(b"".join(responses)) == responses


def test_a_response_that_is_cut_short_is_refused() -> None:
    with pytest.raises(BrokenProtocol, match="ends within"):
        split_responses(b"* 1 FETCH (X {4}\r\nab")
