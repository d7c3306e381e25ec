"""The installation's key."""

import base64
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.errors import ConfigurationError
from mailtrip.service.secrets import KeyRing

KEY = bytes(range(32))
KEYS = KeyRing(KEY)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_sealed_is_unsealed(text: str) -> None:
    assert KEYS.unseal(KEYS.seal(text)) == text


def test_the_same_text_is_sealed_differently_each_time() -> None:
    assert KEYS.seal("geheim") != KEYS.seal("geheim")


@pytest.mark.parametrize("position", [0, 1, 12, 13, -1])
def test_an_altered_secret_is_refused(position: int) -> None:
    sealed = bytearray(KEYS.seal("geheim"))
    sealed[position] ^= 1
    with pytest.raises(ConfigurationError, match="the key that belongs to the database"):
        KEYS.unseal(bytes(sealed))


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" + bytes(12), bytes(100)])
def test_what_was_never_sealed_is_refused(sealed: bytes) -> None:
    with pytest.raises(ConfigurationError):
        KEYS.unseal(sealed)


def test_another_key_opens_nothing() -> None:
    with pytest.raises(ConfigurationError):
        KeyRing.generate().unseal(KEYS.seal("geheim"))


def test_the_keys_derived_from_one_key_differ_from_it_and_from_each_other() -> None:
    assert len({KEY, KEYS.token_key, KEYS.check_value}) == 3
    assert len(KEYS.token_key) == 32
    assert KeyRing(KEY).token_key == KEYS.token_key
    assert KeyRing.generate().token_key != KEYS.token_key


def test_a_key_does_not_show() -> None:
    shown = repr(KEYS) + str(KEYS)
    assert shown == "KeyRing()" * 2


def test_a_key_file_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    first = KeyRing.open(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert KeyRing.open(path).unseal(first.seal("geheim")) == "geheim"
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret.key"]


def test_the_text_of_the_key_file_can_be_given_instead(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    sealed = KeyRing.open(path).seal("geheim")
    assert KeyRing.from_text(path.read_text()).unseal(sealed) == "geheim"


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o620, 0o666])
def test_a_key_file_that_is_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "secret.key"
    KeyRing.open(path)
    path.chmod(mode)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        KeyRing.open(path)


def test_a_key_file_that_its_group_may_read_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    check = KeyRing.open(path).check_value
    path.chmod(0o640)
    assert KeyRing.open(path).check_value == check


def test_a_key_file_that_can_not_be_made_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        KeyRing.open(tmp_path / "nowhere" / "secret.key")


def test_a_key_file_that_can_not_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Is a directory"):
        KeyRing.open(tmp_path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "has 0 bytes"),
        ("not base64!", "is not base64"),
        (base64.b64encode(b"short").decode(), "has 5 bytes"),
        ("ü" * 44, "is not base64"),
    ],
)
def test_a_key_that_is_none_is_refused_without_repeating_it(text: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason) as caught:
        KeyRing.from_text(text)
    assert "openssl rand -base64 32" in str(caught.value)
    assert not text or text not in str(caught.value)


def test_a_key_of_another_length_is_our_own_bug() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        KeyRing(b"short")
