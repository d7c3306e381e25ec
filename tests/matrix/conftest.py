"""Fixtures of the fault matrix."""

from collections.abc import Iterator

import pytest
from tests.matrix.foreign import KEY

from mailtrip.bootstrap.prober import Prober
from mailtrip.clock import SystemClock
from mailtrip.mail import MailClient
from mailtrip.testing.certificates import Authority


@pytest.fixture
def bugs() -> Iterator[list[Exception]]:
    """Every test ends with the proof that no fault of a server became one of ours."""
    found: list[Exception] = []
    yield found
    assert found == []


@pytest.fixture
def prober(bugs: list[Exception]) -> Iterator[Prober]:
    client = MailClient(clock=SystemClock(), client_name="client.mail.test")
    yield Prober(client=client, key=KEY, clock=SystemClock(), report=bugs.append)
    client.close()


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()
