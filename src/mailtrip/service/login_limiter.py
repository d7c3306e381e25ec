"""How often a login may fail, by account and by address; kept in memory, bounded, for one process."""

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from typing import Final

from mailtrip.errors import RateLimited
from mailtrip.service.networks import network_of

__all__ = ["Limit", "LoginLimiter", "wait_before"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `failures` in any span of `window` seconds."""

    failures: int
    window: float = 900.0


_BY_ACCOUNT: Final = Limit(failures=10)
_BY_ADDRESS: Final = Limit(failures=30)


def wait_before(attempts: Sequence[float], limit: Limit, *, at: float) -> float:
    """Seconds until the next attempt is allowed; zero when it is now.

    Args:
        attempts: when the counted ones were, oldest first.
        limit: what is allowed.
        at: now, on the same clock.
    """
    if len(attempts) < limit.failures:
        return 0.0
    return max(0.0, attempts[-limit.failures] + limit.window - at)


class LoginLimiter:
    """Counts login attempts that were not taken back; safe to use from several threads.

    An attempt is counted before the password is looked at, so that many at once can't slip through.
    Times are seconds of the monotonic clock.
    """

    def __init__(
        self,
        *,
        by_account: Limit = Limit(failures=10),  # frozen
        by_address: Limit = Limit(failures=30),  # frozen
        most_kept: int = 10_000,
    ) -> None:
        """Take the limits, and how many accounts and how many addresses are remembered at most."""
        self._by_account = _Ledger(by_account, most_kept)
        self._by_address = _Ledger(by_address, most_kept)
        self._lock = Lock()

    def admit(self, *, address: str, email: str, at: float) -> None:
        """Count an attempt, before its password is looked at.

        Args:
            address: the client's IP address; of IPv6 its /64 counts, as one client has all of it.
            email: the account, in any case.
            at: now, on the monotonic clock.

        Raises:
            RateLimited: too many failed; this attempt is not counted and must not be made.
        """
        account, network = _account(email), network_of(address)
        with self._lock:
            wait = max(self._by_account.wait(account, at), self._by_address.wait(network, at))
            if wait > 0:
                raise RateLimited(
                    f"too many failed logins; try again in {math.ceil(wait)} s", retry_after=timedelta(seconds=wait)
                )
            self._by_account.add(account, at)
            self._by_address.add(network, at)

    def succeeded(self, *, address: str, email: str) -> None:
        """The attempt was right: the account starts afresh, and the address has one attempt less."""
        with self._lock:
            self._by_account.clear(_account(email))
            self._by_address.take_back(network_of(address))

    def withdraw(self, *, address: str, email: str) -> None:
        """The attempt could not be decided, by our own fault: it does not count."""
        with self._lock:
            self._by_account.take_back(_account(email))
            self._by_address.take_back(network_of(address))


class _Ledger:
    """Attempts by key, the least recently used forgotten first."""

    def __init__(self, limit: Limit, most_kept: int) -> None:
        self._limit = limit
        self._most_kept = most_kept
        self._attempts: OrderedDict[str, list[float]] = OrderedDict()

    def wait(self, key: str, at: float) -> float:
        return wait_before(self._attempts.get(key, ()), self._limit, at=at)

    def add(self, key: str, at: float) -> None:
        attempts = self._attempts.setdefault(key, [])
        attempts.append(at)
        del attempts[: -self._limit.failures]
        self._attempts.move_to_end(key)
        if len(self._attempts) > self._most_kept:
            self._attempts.popitem(last=False)

    def take_back(self, key: str) -> None:
        attempts = self._attempts.get(key)
        if attempts:
            attempts.pop()
        if not attempts:
            self.clear(key)

    def clear(self, key: str) -> None:
        self._attempts.pop(key, None)


def _account(email: str) -> str:
    return email.casefold()[:320]
