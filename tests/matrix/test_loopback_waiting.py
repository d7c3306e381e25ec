"""Faults of the loopback server of the mailbox, while the message is waited for."""

import pytest
from tests.matrix.loopback_mailbox import AFTER_ROWS
from tests.matrix.loopback_runs import try_row
from tests.matrix.rows import LoopbackRow, Outcome, cases

from mailtrip.bootstrap.prober import Prober
from mailtrip.model import MailProtocol
from mailtrip.testing.certificates import Authority


@pytest.mark.parametrize(("row", "protocol", "outcome"), cases(AFTER_ROWS))
async def test_a_fault_becomes_its_verdict_and_touches_nothing_else(
    prober: Prober, authority: Authority, row: LoopbackRow, protocol: MailProtocol, outcome: Outcome
) -> None:
    await try_row(row, protocol, outcome, prober=prober, authority=authority)
