import base64
import quopri
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.bounded import bounded

from mailtrip.probe.token import MARKER, MessageKey, Token, find_tokens, new_token

KEY = MessageKey(b"k" * 32)
OTHER_KEY = MessageKey(b"o" * 32)
TOKEN = new_token(KEY, bytes(range(16)))
TEXT = TOKEN.text.encode()

tokens = st.binary(min_size=16, max_size=16).map(lambda random_bytes: new_token(KEY, random_bytes))


@given(tokens)
def test_a_token_is_letters_and_digits_without_hyphens(token: Token) -> None:
    assert re.fullmatch(r"mailtrip[a-z2-7]{42}", token.text)


@given(tokens, st.binary(max_size=60), st.binary(max_size=60))
def test_a_token_is_found_in_any_surroundings(token: Token, before: bytes, after: bytes) -> None:
    assert token in find_tokens(before + b" " + token.text.encode() + after, KEY)


@given(
    tokens, st.integers(8, 49), st.sampled_from([b"\r\n", b"\n", b"=\r\n", b"=\n", b"\r\n\t", b"\r\n > > ", b"\r\n  "])
)
def test_a_token_is_found_though_a_line_break_divides_it(token: Token, position: int, line_break: bytes) -> None:
    text = token.text.encode()

    assert find_tokens(b"a\r\n" + text[:position] + line_break + text[position:] + b"\r\nb", KEY) == (token,)


@given(tokens, st.integers(1, 49))
def test_a_soft_line_break_may_divide_even_the_marker(token: Token, position: int) -> None:
    text = token.text.encode()

    assert find_tokens(text[:position] + b"=\r\n" + text[position:], KEY) == (token,)


@given(tokens, st.text(max_size=300))
def test_a_token_is_found_in_quoted_printable(token: Token, before: str) -> None:
    encoded = quopri.encodestring(f"{before} {token}".encode())

    assert find_tokens(encoded, KEY) == (token,)


@given(tokens, st.text(max_size=300), st.text(max_size=300))
def test_a_token_is_found_in_base64(token: Token, before: str, after: str) -> None:
    body = base64.encodebytes(f"{before}\n{token}\n{after}".encode()).replace(b"\n", b"\r\n")

    assert find_tokens(b"Content-Transfer-Encoding: base64\r\n\r\n" + body, KEY) == (token,)


def test_a_token_is_found_in_base64_that_is_cut_off() -> None:
    body = base64.encodebytes(TEXT + b"x" * 200)[:150]

    assert find_tokens(b"Content-Transfer-Encoding: base64\n\n" + body, KEY) == (TOKEN,)


@given(tokens)
def test_a_token_of_another_installation_is_not_ours(token: Token) -> None:
    assert find_tokens(token.text.encode(), OTHER_KEY) == ()


@given(tokens, st.integers(0, 41), st.sampled_from(b"abcdefghijklmnopqrstuvwxyz234567"))
def test_a_token_with_one_other_digit_is_not_ours(token: Token, position: int, digit: int) -> None:
    forged = bytearray(token.text.encode())
    forged[len(MARKER) + position] = digit

    assert find_tokens(bytes(forged), KEY) == ((token,) if bytes(forged) == token.text.encode() else ())


@given(st.binary(max_size=2000))
def test_any_bytes_can_be_searched(content: bytes) -> None:
    assert find_tokens(content, KEY) == ()
    assert find_tokens(b"base64 " + MARKER + content, KEY) == ()


def test_each_token_is_told_once_in_order() -> None:
    second = new_token(KEY, bytes(16))

    assert find_tokens(b"%b %b %b" % (TEXT, second.text.encode(), TEXT), KEY) == (TOKEN, second)


def test_a_stray_marker_before_a_token_does_not_hide_it() -> None:
    assert find_tokens(MARKER + TEXT, KEY) == (TOKEN,)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(MARKER * 2048, id="markers"),
        pytest.param(b"base64\n" + b"A" * 16384, id="one endless base64 line"),
        pytest.param(b"base64\n" + b"A" * 60 + b"!\n" + b"AAAA\r\n" * 2700, id="base64 lines"),
        pytest.param(MARKER + b"\n" + b" " * 16384, id="blanks"),
        pytest.param(MARKER + b"=\r\n" * 5461, id="soft line breaks"),
    ],
)
def test_a_hostile_head_is_searched_in_bounded_time(content: bytes) -> None:
    with bounded():
        find_tokens(content, KEY)


def test_a_key_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 16 bytes"):
        MessageKey(b"short")


def test_a_key_never_shows() -> None:
    assert "kkk" not in repr(KEY)


def test_a_token_takes_sixteen_random_bytes() -> None:
    with pytest.raises(ValueError, match="16 random bytes"):
        new_token(KEY, b"few")
