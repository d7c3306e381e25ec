"""Mail providers and what they allow: how often to log in, how many connections, how many messages."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

__all__ = ["UNLIMITED", "Provider", "Providers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A mail provider and its limits.

    Attributes:
        name: as settings name it.
        hosts: names of its servers, lower case; each stands for all names below it too.
        login_gap: from one login to a mailbox to the next, over POP3 or IMAP; zero for none.
        connections: at the same time with one of its hosts; None leaves that to the general limit.
        connections_per_login: the same for one login at one host; None for no limit.
        messages_per_hour: that one sender may send; None for no limit.
        source: where the figures come from, for people.
    """

    name: str
    hosts: tuple[str, ...]
    login_gap: timedelta = timedelta(0)
    connections: int | None = None
    connections_per_login: int | None = None
    messages_per_hour: int | None = None
    source: str = ""


UNLIMITED = Provider(name="", hosts=())
"""Whom a host belongs to that no provider is known of."""


class Providers:
    """Finds the provider of a host.

    Args:
        known: where two have the same host, it is the later one's.
    """

    def __init__(self, known: Iterable[Provider] = ()) -> None:
        self._by_host = {host.lower(): provider for provider in known for host in provider.hosts}

    def of(self, host: str) -> Provider:
        """The provider of a host, in any case of letters, by the longest name that fits; `UNLIMITED` where none does."""
        name = host.lower().removesuffix(".")
        while name:
            if (found := self._by_host.get(name)) is not None:
                return found
            name = name.partition(".")[2]
        return UNLIMITED
