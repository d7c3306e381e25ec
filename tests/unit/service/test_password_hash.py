"""The passwords of users."""

import pytest
from argon2 import extract_parameters

from mailtrip.errors import InvalidInput
from mailtrip.service import password_hash
from mailtrip.service.password_hash import hash_password, is_password


def test_a_password_is_known_again_by_its_hash() -> None:
    hashed = hash_password("correct horse")
    assert is_password("correct horse", hashed.text)
    assert not is_password("correct horsf", hashed.text)


def test_the_same_password_is_hashed_differently_each_time() -> None:
    assert hash_password("correct horse").text != hash_password("correct horse").text


@pytest.mark.parametrize("password", ["", "1234567", "x" * 1025, "half \ud83d of it"])
def test_a_password_out_of_range_is_refused(password: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        hash_password(password)
    assert [fault.field for fault in caught.value.faults] == ["password"]


@pytest.mark.parametrize("password", ["12345678", "Grüße 😀 12", "x" * 1024])
def test_a_password_in_range_is_taken(password: str) -> None:
    assert is_password(password, hash_password(password).text)


def test_nobodys_password_is_never_right_but_costs_as_much_as_any() -> None:
    nobody = password_hash._HASH_OF_NOBODY  # noqa: SLF001  # it shows nowhere else but in time
    assert not is_password("the password of nobody", None)
    assert extract_parameters(nobody) == extract_parameters(hash_password("correct horse").text)


@pytest.mark.parametrize("stored", ["", "plain text", "$argon2id$broken"])
def test_a_broken_hash_lets_nobody_in(stored: str) -> None:
    assert not is_password("correct horse", stored)


def test_a_hash_does_not_show() -> None:
    hashed = hash_password("correct horse")
    assert hashed.text not in repr(hashed)
