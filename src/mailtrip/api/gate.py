"""How many requests may be under way at once, of one client and of all."""

from collections import Counter

from mailtrip.errors import MailtripError
from mailtrip.service.networks import network_of

__all__ = ["Gate", "TooMany"]


class TooMany(MailtripError):
    """Too many are under way; the text says whose."""


class Gate:
    """Counts what is under way: requests, or connections. For one event loop.

    Args:
        what: in the plural, for the text of a refusal.
        most: of all clients.
        most_per_client: of one IPv4 address, or of the /64 of an IPv6 address.
    """

    def __init__(self, what: str, *, most: int, most_per_client: int) -> None:
        self._what = what
        self._most = most
        self._most_per_client = most_per_client
        self._by_client: Counter[str] = Counter()
        self.count = 0

    def enter(self, address: str, *, is_many: bool = False) -> str:
        """Let one in.

        Args:
            address: IP address of the client.
            is_many: it is a proxy, behind which are many clients: only the bound on all holds.

        Returns:
            What `leave` wants.

        Raises:
            TooMany: there is no room.
        """
        client = network_of(address)
        if self.count >= self._most:
            raise TooMany(f"too many {self._what} at once; try again")
        if not is_many and self._by_client[client] >= self._most_per_client:
            raise TooMany(f"too many {self._what} of this address at once; try again")
        self.count += 1
        self._by_client[client] += 1
        return client

    def leave(self, client: str) -> None:
        """One has ended."""
        self.count -= 1
        self._by_client[client] -= 1
        if not self._by_client[client]:
            del self._by_client[client]
