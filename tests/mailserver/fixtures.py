"""Fixtures: `mailserver`, one for each test process, and `account`, a fresh mailbox on it for each test; both faulty too."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from tests.mailserver.faulty import FaultyMailServer
from tests.mailserver.server import RealMailServer, missing

__all__ = [
    "MailAccount",
    "account",
    "faulty_account",
    "faulty_mailserver",
    "mailserver",
    "unused_addresses",
    "unused_faulty_addresses",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailAccount:
    """An empty mailbox; the address is the login name too. Mail to `junk_address` lands in its Junk folder."""

    address: str
    password: str = field(repr=False)

    @property
    def junk_address(self) -> str:
        local, _, domain = self.address.partition("@")
        return f"{local}+Junk@{domain}"


@pytest.fixture(scope="session")
def mailserver() -> Iterator[RealMailServer]:
    """A running Postfix and Dovecot; the test is skipped where there are none, but fails where CI=true."""
    _demand_servers()
    with RealMailServer() as server:
        yield server


@pytest.fixture(scope="session")
def unused_addresses(mailserver: RealMailServer) -> Iterator[str]:
    return iter(mailserver.users)


@pytest.fixture
def account(mailserver: RealMailServer, unused_addresses: Iterator[str]) -> MailAccount:
    """A mailbox that no test has used yet."""
    address = next(unused_addresses)
    mailserver.make_mailbox(address)
    return MailAccount(address=address, password=mailserver.password)


@pytest.fixture(scope="session")
def faulty_mailserver() -> Iterator[FaultyMailServer]:
    """A Postfix and a Dovecot with every fault; skipped and failing where `mailserver` is."""
    _demand_servers()
    with FaultyMailServer() as server:
        yield server


@pytest.fixture(scope="session")
def unused_faulty_addresses(faulty_mailserver: FaultyMailServer) -> Iterator[str]:
    return iter(faulty_mailserver.users)


@pytest.fixture
def faulty_account(faulty_mailserver: FaultyMailServer, unused_faulty_addresses: Iterator[str]) -> MailAccount:
    """A mailbox on it that no test has used yet."""
    address = next(unused_faulty_addresses)
    faulty_mailserver.make_mailbox(address)
    return MailAccount(address=address, password=faulty_mailserver.password)


def _demand_servers() -> None:
    reason = missing()
    if reason is not None and os.environ.get("CI") == "true":
        pytest.fail(reason)
    if reason is not None:
        pytest.skip(reason)
