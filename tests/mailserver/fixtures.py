"""Fixtures: `mailserver`, one for each test process, and `account`, a fresh mailbox on it for each test."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from tests.mailserver.server import RealMailServer, missing

__all__ = ["MailAccount", "account", "mailserver", "unused_addresses"]


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
    reason = missing()
    if reason is not None and os.environ.get("CI") == "true":
        pytest.fail(reason)
    if reason is not None:
        pytest.skip(reason)
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
