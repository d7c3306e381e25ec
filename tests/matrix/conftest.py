"""Fixtures of the fault matrix."""

from collections.abc import Iterator
from ipaddress import ip_network

import pytest
from tests.matrix.foreign import KEY

from mailtrip.bootstrap.prober import Prober
from mailtrip.clock import SystemClock
from mailtrip.mail import MailClient
from mailtrip.model import NetworkPolicy
from mailtrip.testing.certificates import Authority

# All of loopback but for one address, which stands for what a policy forbids.
POLICY = NetworkPolicy(
    allow=(ip_network("127.0.0.0/8"),), deny=(ip_network("127.0.0.66/32"),), ports=(range(1, 65536),)
)


@pytest.fixture
def bugs() -> Iterator[list[Exception]]:
    """Every test ends with the proof that no fault of a server became one of ours."""
    found: list[Exception] = []
    yield found
    assert found == []


@pytest.fixture
def prober(bugs: list[Exception]) -> Iterator[Prober]:
    client = MailClient(clock=SystemClock(), client_name="client.mail.test", policy=POLICY)
    yield Prober(client=client, key=KEY, clock=SystemClock(), report=bugs.append)
    client.close()


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()
