import pytest

from mailtrip.testing.clock import FakeClock
from mailtrip.testing.engine import FakeLedger, FakeProbe


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def ledger() -> FakeLedger:
    return FakeLedger()


@pytest.fixture
def probe(clock: FakeClock) -> FakeProbe:
    return FakeProbe(clock)
