"""Whose trouble it is when an address can't be connected to."""

import errno
import socket

import pytest

from mailtrip.mail.resolve import Address
from mailtrip.mail.session import _obstacle

ADDRESS = Address(socket.AF_INET, ("192.0.2.1", 25))


@pytest.mark.parametrize(
    ("number", "is_ours"),
    [
        (errno.ENETUNREACH, True),
        (errno.EADDRNOTAVAIL, True),
        (errno.EMFILE, True),
        (errno.EACCES, True),
        (errno.EHOSTUNREACH, False),
        (errno.ETIMEDOUT, False),
        (errno.ECONNRESET, False),
        (errno.ECONNREFUSED, False),
    ],
)
def test_trouble_of_this_machine_is_told_from_the_servers(number: int, is_ours: bool) -> None:
    obstacle = _obstacle(ADDRESS, OSError(number, "x"))

    assert obstacle.is_ours is is_ours
    assert obstacle.text.startswith("192.0.2.1:25 ")
