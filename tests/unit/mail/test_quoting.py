"""What a server said becomes one harmless line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.mail.quoting import clean


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"250 ok\r\n", "250 ok"),
        (b"a\x00b\x1b[2Jc", "a?b?[2Jc"),
        ("so \u202eback\u200bwards".encode(), "so ?back?wards"),
        ("gr\u00fc\u00dfe".encode(), "gr\u00fc\u00dfe"),
        (b"latin \xfc", "latin \ufffd"),
        (b" " * 2399 + b"s3cret", "s\u2026"),
        (b"x" * 400, "x" * 299 + "\u2026"),
        ("a\u2028b\u00a0c", "a b c"),
    ],
)
def test_a_text_is_cleaned(said: bytes | str, expected: str) -> None:
    assert clean(said) == expected


def test_secrets_that_a_server_echoes_are_hidden() -> None:
    assert clean(b"unknown command PASS s3cret", secrets=["s3cret"]) == "unknown command PASS (hidden)"


@given(st.one_of(st.binary(max_size=1000), st.text(max_size=1000)))
def test_whatever_was_said_is_printable_and_short(said: bytes | str) -> None:
    text = clean(said)
    assert len(text) <= 300
    assert text.isprintable()
