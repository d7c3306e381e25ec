"""Why an address was not connected to, and whose trouble that is."""

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass

from mailtrip.mail.resolve import Address
from mailtrip.model import NetworkPolicy, StatusCode

__all__ = ["Obstacle", "obstacle_of", "permit", "status_of"]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why an address was not connected to.

    Attributes:
        is_ours: the trouble is at our own end.
        has_answered: the host was reached and said no: the network is not to blame.
        is_forbidden: the network policy refuses the address, and it was not tried.
    """

    text: str
    is_ours: bool = False
    has_answered: bool = False
    is_forbidden: bool = False


_OUR_TROUBLE = frozenset(
    {
        errno.ENETUNREACH,
        errno.ENETDOWN,
        errno.EADDRNOTAVAIL,
        errno.EAFNOSUPPORT,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOBUFS,
        errno.ENOMEM,
        errno.EPERM,
        errno.EACCES,
    }
)
"""No network or no route to it, no more sockets, a firewall of our own: the mail server has no part in these."""


def obstacle_of(address: Address, exc: OSError) -> Obstacle:
    """What the system's error says of the address."""
    if isinstance(exc, ConnectionRefusedError):
        return Obstacle(f"{address} refused the connection (nothing listens there)", has_answered=True)
    why = os.strerror(exc.errno) if exc.errno else type(exc).__name__
    if exc.errno in _OUR_TROUBLE:
        return Obstacle(f"{address} can't be reached from this machine: {why}", is_ours=True)
    return Obstacle(f"{address} can't be reached: {why}")


def permit(addresses: Sequence[Address], policy: NetworkPolicy | None) -> tuple[tuple[Address, ...], list[Obstacle]]:
    """The addresses that may be connected to, in their order, and why not the others; each is judged by itself."""
    if policy is None:
        return tuple(addresses), []
    refusals = {address: _refuse(address, policy) for address in addresses}
    texts = dict.fromkeys(text for text in refusals.values() if text is not None)
    permitted = tuple(address for address, text in refusals.items() if text is None)
    return permitted, [Obstacle(text, is_forbidden=True) for text in texts]


def _refuse(address: Address, policy: NetworkPolicy) -> str | None:
    host, port = address.sockaddr[:2]
    return policy.refuse_port(port) or policy.refuse_address(host)


def status_of(obstacles: Sequence[Obstacle]) -> StatusCode:
    """The status of a server whose addresses all have an obstacle: it is to blame where one of them is its own."""
    if not all(obstacle.is_ours or obstacle.is_forbidden for obstacle in obstacles):
        return StatusCode.CONNECTION_FAILED
    # What an administrator can mend is told first.
    is_forbidden = any(obstacle.is_forbidden for obstacle in obstacles)
    return StatusCode.CONNECTION_FORBIDDEN if is_forbidden else StatusCode.LOCATION_LOST
