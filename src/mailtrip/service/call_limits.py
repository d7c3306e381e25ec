"""How often the API may be called, by address, by user and by account; kept in memory, bounded, for one process."""

import math
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock

from mailtrip.errors import RateLimited
from mailtrip.model import Actor
from mailtrip.service.networks import network_of

__all__ = ["CallLimits", "Rate", "TokenBuckets"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`burst` calls at once, then evenly `per_second`; both are at least 1."""

    per_second: int
    burst: int


class TokenBuckets:
    """A token bucket for each key; safe to use from several threads.

    A bucket is one number: when its last token would be back (the generic cell rate algorithm). The least recently
    used one is forgotten when there are too many: it is the one most likely to be full again.
    """

    def __init__(self, rate: Rate, *, most_kept: int = 10_000) -> None:
        """Take the rate, and how many keys are remembered at most."""
        self._step = 1 / rate.per_second
        self._slack = (rate.burst - 0.5) * self._step  # half a step above rounding errors
        self._most_kept = most_kept
        self._full_at: OrderedDict[Hashable, float] = OrderedDict()
        self._lock = Lock()

    def take(self, key: Hashable, *, at: float) -> float:
        """Take a token.

        Args:
            key: whose bucket.
            at: now, in seconds of the monotonic clock.

        Returns:
            Seconds until there is one; zero when it was taken.
        """
        with self._lock:
            full_at = max(self._full_at.get(key, at), at)
            wait = full_at - at - self._slack
            if wait > 0:
                return wait
            self._full_at[key] = full_at + self._step
            self._full_at.move_to_end(key)
            if len(self._full_at) > self._most_kept:
                self._full_at.popitem(last=False)
            return 0.0


class CallLimits:
    """The limits on calls: of an address before anybody is known, of a user and an account once the token is.

    A user counts, not a token: else another token would be another allowance. None is no limit.
    """

    def __init__(
        self, *, by_address: Rate | None = None, by_user: Rate | None = None, by_account: Rate | None = None
    ) -> None:
        self._by_address = _buckets(by_address)
        self._by_user = _buckets(by_user)
        self._by_account = _buckets(by_account)

    def admit_address(self, address: str, *, at: float) -> None:
        """Count a call from this IP address; raises RateLimited."""
        if self._by_address is not None:
            _refuse_after(self._by_address.take(network_of(address), at=at), "this address")

    def admit_actor(self, actor: Actor, *, at: float) -> None:
        """Count a call of this user, and of the account; raises RateLimited."""
        if self._by_user is not None:
            _refuse_after(self._by_user.take((actor.account_id, actor.user_id), at=at), "this user")
        if self._by_account is not None:
            _refuse_after(self._by_account.take(actor.account_id, at=at), "this account")


def _buckets(rate: Rate | None) -> TokenBuckets | None:
    return None if rate is None else TokenBuckets(rate)


def _refuse_after(wait: float, whose: str) -> None:
    if wait > 0:
        raise RateLimited(
            f"too many calls of {whose}; try again in {math.ceil(wait)} s", retry_after=timedelta(seconds=wait)
        )
