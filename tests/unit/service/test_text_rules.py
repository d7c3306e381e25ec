"""What passwords may hold."""

import pytest

from mailtrip.service.text_rules import password_fault


@pytest.mark.parametrize("password", ["x", "p\tq", " blank ", "\x07bell", "Grüße 😀", "x" * 1024])
def test_a_password_may_hold_nearly_anything(password: str) -> None:
    assert password_fault(password) is None


@pytest.mark.parametrize("password", ["", "x" * 1025, "geheim\r", "geheim\n", "geheim\0", "geheim\ud83d"])
def test_a_password_that_no_server_takes_is_refused_without_repeating_it(password: str) -> None:
    fault = password_fault(password)
    assert fault is not None
    assert "geheim" not in fault
