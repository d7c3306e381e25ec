"""A mailbox full of other people's mail on a real Dovecot: a run changes nothing in it but its own message."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import timedelta

import pytest
from tests.mailserver.fixtures import MailAccount
from tests.mailserver.server import RealMailServer
from tests.matrix.foreign import KEY, many_foreign
from tests.matrix.real_runs import put, read_box

from mailtrip.bootstrap.prober import Prober
from mailtrip.clock import SystemClock
from mailtrip.mail import MailClient
from mailtrip.model import Credentials, MailProtocol, MonitorSettings, StatusCode, Stray, Verdict

pytestmark = pytest.mark.mailserver

COUNT = 200


class NobodysDesk:
    """Gives nothing away: whatever is found is to stay."""

    def __init__(self) -> None:
        self.strays: list[Stray] = []

    async def settle(self, strays: Sequence[Stray]) -> Collection[str]:
        self.strays += strays
        return ()


@pytest.mark.parametrize("protocol", [MailProtocol.POP3, MailProtocol.IMAP])
async def test_two_hundred_foreign_messages_stay_as_they_are(
    mailserver: RealMailServer, account: MailAccount, bugs: list[Exception], protocol: MailProtocol
) -> None:
    put(mailserver, account, many_foreign(COUNT))
    before = read_box(mailserver, account)
    login = Credentials(username=account.address, password=account.password)
    client = MailClient(clock=SystemClock(), client_name="client.mail.test")
    # With a desk the run also sweeps: it looks at old messages, and more of them at each visit.
    prober = Prober(client=client, key=KEY, clock=SystemClock(), report=bugs.append, desk=NobodysDesk())
    settings = MonitorSettings(
        name="foreign",
        plan_code="UBM",
        email=account.address,
        smtp_server=mailserver.url("smtp"),
        mailbox_protocol=protocol,
        mailbox_server=mailserver.url(protocol.value),
        tls_ca=mailserver.authority.ca_pem,
        timeout=timedelta(seconds=20),
    )

    results = [await prober.run(settings, mailbox_credentials=login, smtp_credentials=login) for _ in range(3)]
    client.close()
    after = read_box(mailserver, account)

    assert [(result.verdict, result.status) for result in results] == [(Verdict.DELIVERED, StatusCode.OK)] * 3
    assert len(before) == COUNT
    assert Counter(after) == Counter(before)
