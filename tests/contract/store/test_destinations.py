"""Which stored monitors a network policy stops, and what becomes of stored passwords when a server is changed."""

from ipaddress import ip_network
from typing import Any

import pytest
from tests.contract.store.builders import ADMIN, FIELDS, KEYS, NOW, actor, make_monitor

from mailtrip import store
from mailtrip.errors import InvalidInput
from mailtrip.model import MailProtocol, MonitorType, NetworkPolicy, Role, TLSMode
from mailtrip.service import monitors
from mailtrip.service.destinations import forbidden_monitors
from mailtrip.service.monitors import Passwords
from mailtrip.store import Database

CHECK: dict[str, Any] = {"type": MonitorType.SMTP, "smtp_server": "mail.probe.test"}  # Any: values of many types


def forbidden(database: Database, policy: NetworkPolicy) -> list[int]:
    return database.read(lambda connection: forbidden_monitors(connection, policy))


def test_enabled_monitors_with_addresses_and_ports_that_are_refused_are_found(database: Database) -> None:
    wanted = [
        make_monitor(database, smtp_server="127.0.0.1"),
        make_monitor(database, mailbox_server="imap://[::1]", mailbox_protocol=MailProtocol.IMAP),
        make_monitor(database, mailbox_server="mail.probe.test:6379", mailbox_tls=TLSMode.NONE),
        make_monitor(database, **CHECK | {"address": "169.254.169.254"}),
        make_monitor(database, **CHECK | {"port": 22}),
    ]
    make_monitor(database)
    make_monitor(database, **CHECK)
    make_monitor(database, smtp_server="127.0.0.1", enabled=False)
    gone = make_monitor(database, smtp_server="127.0.0.1")
    database.write(lambda connection: monitors.remove(connection, ADMIN, gone, now=NOW))

    assert forbidden(database, NetworkPolicy()) == wanted
    everything = NetworkPolicy(
        allow=tuple(map(ip_network, ("127.0.0.0/8", "::1/128", "169.254.169.254/32"))), ports=(range(1, 65536),)
    )
    assert forbidden(database, everything) == []


@pytest.mark.parametrize("role", [Role.POWER_USER, Role.ADMIN])
@pytest.mark.parametrize("given", [Passwords(), Passwords(mailbox="given again"), Passwords(mailbox=None)])
def test_a_stored_password_moves_if_it_is_given_again_or_an_administrator_says_so(
    database: Database, role: Role, given: Passwords
) -> None:
    monitor_id = make_monitor(database, Passwords(mailbox="first"))

    def move() -> int:
        return database.write(
            lambda connection: monitors.edit(
                connection,
                actor(role),
                monitor_id,
                {"mailbox_server": "pop3s://other.probe.test"},
                type=MonitorType.ROUND_TRIP,
                passwords=given,
                secrets=KEYS,
                now=NOW,
            )
        )

    is_kept = given == Passwords()
    if is_kept and role is Role.POWER_USER:
        with pytest.raises(
            InvalidInput, match=r"password: is needed again: .* given for pop3s://mail\.probe\.test:995"
        ):
            move()
    else:
        move()
    settings, secrets = database.read(lambda connection: store.monitors.with_secrets(connection, [monitor_id]))[
        monitor_id
    ]
    sealed = secrets.mailbox
    password = None if sealed is None else KEYS.unseal(sealed)
    moved = "pop3s://other.probe.test"
    if is_kept:
        assert (settings.mailbox_server, password) == (
            FIELDS["mailbox_server"] if role is Role.POWER_USER else moved,
            "first",
        )
    else:
        assert (settings.mailbox_server, password) == (moved, given.mailbox)
