"""Faults of a real Postfix up to the final dot, with a real Dovecot behind it."""

import pytest
from tests.mailserver.faulty import FaultyMailServer
from tests.mailserver.fixtures import MailAccount
from tests.matrix.real_runs import try_row
from tests.matrix.real_sending import REAL_SMTP_ROWS, REAL_SUBMIT_ROWS
from tests.matrix.rows import Outcome, RealRow, cases

from mailtrip.bootstrap.prober import Prober
from mailtrip.model import MailProtocol
from mailtrip.testing.certificates import Authority

pytestmark = pytest.mark.mailserver


@pytest.mark.parametrize(("row", "protocol", "outcome"), cases((*REAL_SMTP_ROWS, *REAL_SUBMIT_ROWS)))
async def test_a_fault_becomes_its_verdict_and_touches_nothing_else(
    prober: Prober,
    faulty_mailserver: FaultyMailServer,
    faulty_account: MailAccount,
    authority: Authority,
    row: RealRow,
    protocol: MailProtocol,
    outcome: Outcome,
) -> None:
    await try_row(
        row,
        protocol,
        outcome,
        prober=prober,
        server=faulty_mailserver,
        account=faulty_account,
        stranger=authority,
    )
