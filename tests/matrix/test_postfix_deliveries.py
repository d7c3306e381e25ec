"""What a real Postfix does with a message that it has accepted, with a real Dovecot behind it."""

from datetime import timedelta

import pytest
from tests.mailserver.faulty import FaultyMailServer
from tests.mailserver.fixtures import MailAccount
from tests.matrix.real_runs import try_row
from tests.matrix.real_sending import CLOCK_AHEAD, REAL_WAY_ROWS
from tests.matrix.rows import Outcome, RealRow, cases

from mailtrip.bootstrap.prober import Prober
from mailtrip.model import MailProtocol
from mailtrip.testing.certificates import Authority

pytestmark = pytest.mark.mailserver


@pytest.mark.parametrize(("row", "protocol", "outcome"), cases(REAL_WAY_ROWS))
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


async def test_a_clock_that_is_ahead_is_told_as_that_and_not_as_a_delay(
    prober: Prober, faulty_mailserver: FaultyMailServer, faulty_account: MailAccount, authority: Authority
) -> None:
    result = await try_row(
        CLOCK_AHEAD,
        MailProtocol.IMAP,
        CLOCK_AHEAD.outcomes[MailProtocol.IMAP],
        prober=prober,
        server=faulty_mailserver,
        account=faulty_account,
        stranger=authority,
    )

    assert result.facts is not None
    route = result.facts.route
    delays = [leg.delay for leg in route.legs if leg.delay is not None]
    assert all(timedelta(0) <= delay < timedelta(seconds=5) for delay in delays)
    assert [skew.host for skew in route.skews] == ["b.probe.test"]
