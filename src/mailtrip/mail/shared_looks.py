"""What runs that have one mailbox open at the same time see together: one of them looks, the others take it from there.

Nothing here talks to a server; `mailtrip.mail.visits` has what is kept of a mailbox when nobody has it open.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from mailtrip.clock import Clock
from mailtrip.mail.pop3 import UIDListing
from mailtrip.model import Head, Look

__all__ = ["Listing", "Scouts", "SharedInbox", "SharedMaildrop", "Watch"]

T = TypeVar("T")

_MOST_BYTES = 512 * 1024
"""Of the heads that are kept of one mailbox: some 200 test messages."""
_MOST_NEWS = 50


class Scouts:
    """Lets one run look for all that ask at the same time.

    A look answers what was asked before it was begun. So who finds one under way waits for its end; of all that have
    waited, the first looks next, and the others wait for that. Where there are several runs, looks keep a distance from
    each other, so that many runs look no more often than one would.
    """

    __slots__ = ("_began", "_scout")

    def __init__(self) -> None:
        self._scout: asyncio.Event | None = None
        self._began = -math.inf

    async def answer(
        self, take: Callable[[], T | None], *, clock: Clock, patience: float = math.inf, until: float
    ) -> T | None:
        """What the look of another has brought; None when the caller is to look itself.

        Args:
            take: tells what is there for the caller when a look has ended; None where that is no answer.
            clock: times the patience.
            patience: seconds that a look may have been under way: one that takes longer is not waited for.
            until: monotonic seconds at which the caller's own time is up.
        """
        while self._scout is not None:
            rest = min(self._began + patience, until) - clock.monotonic()
            if rest <= 0:
                return None
            try:
                async with asyncio.timeout(rest):
                    await self._scout.wait()
            except TimeoutError:
                continue  # another may look by now, in place of the one that took too long
            taken = take()
            if taken is not None:
                return taken
        return None

    @asynccontextmanager
    async def looking(self, clock: Clock, *, distance: float = 0.0) -> AsyncIterator[None]:
        """The caller looks inside of it; what it has seen has to be known before its end.

        Args:
            clock: times the distance.
            distance: seconds from the beginning of the look before.
        """
        scout = self._scout = asyncio.Event()
        now = clock.monotonic()
        self._began = max(now, self._began + distance)
        try:
            # Even where there is no distance to keep: who asks in the same moment is answered by this look.
            await clock.sleep(self._began - now)
            yield
        finally:
            scout.set()
            if self._scout is scout:
                self._scout = None


# -- POP3 ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A maildrop as one POP3 session showed it.

    Attributes:
        asked_at: monotonic seconds when that session was begun.
        answered_at: when the listing had come in.
        uids: what it has.
    """

    asked_at: float
    answered_at: float
    uids: UIDListing = field(default_factory=UIDListing, repr=False)

    @property
    def numbers(self) -> dict[str, int]:
        """Message numbers by key, in the server's order."""
        return self.uids.numbers


@dataclass(slots=True, eq=False)
class Watch:
    """How far one run has got.

    Attributes:
        since: number of the listing with which it opened the maildrop: what came later is new to it.
        seen: keys of the messages that it has looked at.
    """

    since: int
    seen: set[str] = field(default_factory=set, repr=False)


class SharedMaildrop:
    """A POP3 maildrop in the eyes of all runs that have it open. Messages are named by their keys: their unique ids."""

    __slots__ = ("_arrivals", "_bytes", "_count", "_gone", "_heads", "_listing", "_watches", "scouts")

    def __init__(self) -> None:
        self.scouts = Scouts()
        self._watches: set[Watch] = set()
        self._count = 0
        self._forget()

    def _forget(self) -> None:
        self._listing = Listing(asked_at=-math.inf, answered_at=-math.inf)
        self._arrivals: dict[str, int] = {}
        self._gone: frozenset[str] = frozenset()
        self._heads: dict[str, tuple[Head | None, float]] = {}
        self._bytes = 0

    @property
    def is_shared(self) -> bool:
        """Whether several runs watch."""
        return len(self._watches) > 1

    @property
    def uids(self) -> UIDListing:
        """What the newest listing has."""
        return self._listing.uids

    def watch(self) -> Watch:
        """Begin to watch: what the newest listing shows is what was there before. To be ended by `unwatch`."""
        watch = Watch(self._count)
        self._watches.add(watch)
        return watch

    def unwatch(self, watch: Watch) -> None:
        """Heads and listing are kept only as long as somebody watches."""
        self._watches.discard(watch)
        if not self._watches:
            self._forget()

    def note(self, listing: Listing) -> None:
        """Take in what a session has shown."""
        self._count += 1
        is_same = listing.uids is self._listing.uids
        fresh = () if is_same else listing.numbers.keys() - self._listing.numbers.keys()
        oldest = min((watch.since for watch in self._watches), default=self._count)
        arrivals = {
            key: count for key, count in self._arrivals.items() if count > oldest and key in listing.numbers
        } | dict.fromkeys(fresh, self._count)
        self._arrivals = arrivals if self._watches else {}
        self._listing = listing
        self._gone = frozenset()
        self._heads = {key: head for key, head in self._heads.items() if key in self._arrivals}
        self._bytes = sum(_size(head) for head, _ in self._heads.values())

    def news(self, watch: Watch) -> list[str]:
        """The last 50 messages that are new to a run and that it has not seen, oldest first."""
        keys = [
            key
            for key, count in self._arrivals.items()
            if count > watch.since and key not in watch.seen and key not in self._gone
        ]
        return sorted(keys, key=self._listing.numbers.__getitem__)[-_MOST_NEWS:]

    def known(self, keys: Sequence[str]) -> dict[str, Head | None]:
        """Those of the messages whose heads were read already; None for one that is no test message by its size."""
        return {key: self._heads[key][0] for key in keys if key in self._heads}

    def keep(self, heads: Mapping[str, Head | None], *, at: float) -> None:
        """Keep heads that were read `at` monotonic seconds, where another run may ask for them and there is room."""
        if not self.is_shared:
            return
        for key, head in heads.items():
            if key in self._arrivals and self._bytes + _size(head) <= _MOST_BYTES:
                self._heads[key] = head, at
                self._bytes += _size(head)

    def take(self, watch: Watch, asked_at: float) -> Look | None:
        """What the newest listing shows a run that asked at `asked_at`: it has seen that then.

        None where the listing is older than the question, and where heads that the run needs were not read.
        """
        keys = self.news(watch) if self._listing.asked_at >= asked_at else None
        if keys is None or not all(key in self._heads for key in keys):
            return None
        watch.seen.update(keys)
        found = [self._heads[key] for key in keys]
        return Look(
            asked_at=self._listing.asked_at,
            answered_at=max([self._listing.answered_at, *(at for _, at in found)]),
            heads=tuple(head for head, _ in found if head is not None),
        )

    def lose(self, keys: Collection[str]) -> None:
        """These messages were deleted."""
        self._gone |= frozenset(keys)

    def left(self, watch: Watch, most: int, *, looked_at: AbstractSet[str], again: AbstractSet[str]) -> list[str]:
        """The last messages of those that were there when a run began and that nobody has looked at.

        Args:
            watch: of the run.
            most: how many at most.
            looked_at: what earlier visits have looked at.
            again: what is to be looked at again all the same.
        """
        numbers = self._listing.numbers
        fresh = set() if numbers.keys() <= looked_at else numbers.keys() - looked_at
        keys = (fresh | (numbers.keys() & again)) - watch.seen - self._gone
        found = (key for key in reversed(numbers) if key in keys and self._arrivals.get(key, 0) <= watch.since)
        return list(islice(found, most))[::-1] if keys else []

    def looked_at(self, watch: Watch, before: frozenset[str]) -> frozenset[str]:
        """What was looked at, now that a run has swept: all that is there, but for what came later and it has not seen."""
        unseen = {
            key
            for key, count in self._arrivals.items()
            if count > watch.since and key not in watch.seen and key not in before
        }
        numbers = self._listing.numbers
        if not unseen and numbers.keys() == before:
            return before
        return frozenset(numbers.keys() - unseen)


def _size(head: Head | None) -> int:
    return 100 + (len(head.content) if head is not None else 0)


# -- IMAP ---------------------------------------------------------------------------------------------------------------


class SharedInbox:
    """The INBOX of an IMAP mailbox in the eyes of all runs that have it open."""

    __slots__ = ("_answered_at", "_asked_at", "_first", "_heads", "_next", "_runs", "_uidvalidity", "scouts")

    def __init__(self) -> None:
        self.scouts = Scouts()
        self._runs = 0
        self._begin(0, 0)

    def _begin(self, uidvalidity: int, first_uid: int) -> None:
        """From `first_uid` up to `_next` the heads of all messages are known."""
        self._uidvalidity = uidvalidity
        self._first = self._next = first_uid
        self._asked_at = self._answered_at = -math.inf
        self._heads: dict[int, Head] = {}

    @property
    def is_shared(self) -> bool:
        """Whether several runs have the mailbox open."""
        return self._runs > 1

    def enter(self) -> None:
        """One more run has the mailbox open."""
        self._runs += 1

    def leave(self) -> None:
        """One run less; heads are kept only as long as there are any."""
        self._runs -= 1
        if not self._runs:
            self._begin(0, 0)

    def note(self, look: Look, *, uidvalidity: int, first_uid: int, next_uid: int) -> None:
        """Take in what one run's look has shown: all that is there from `first_uid` on, and nothing from `next_uid` on.

        Nothing is kept where nobody else could ask for it, where there is no room, and where the server tells no
        UIDVALIDITY.
        """
        size = sum(_size(head) for head in look.heads)
        if not self.is_shared or not uidvalidity or size > _MOST_BYTES:
            return
        is_joined = self._uidvalidity == uidvalidity and self._first <= first_uid <= self._next
        if not is_joined or size + sum(map(_size, self._heads.values())) > _MOST_BYTES:
            self._begin(uidvalidity, first_uid)
        self._heads |= {int(head.ref.key): head for head in look.heads}
        self._next = max(self._next, next_uid)
        self._asked_at = max(self._asked_at, look.asked_at)
        self._answered_at = max(self._answered_at, look.answered_at)

    def take(self, asked_at: float, *, uidvalidity: int, next_uid: int) -> tuple[Look, int] | None:
        """What the others' looks show a run that asked at `asked_at`, and the UID from which on it has seen nothing then.

        None where the last look is older than the question, and where heads that the run needs are not known.

        Args:
            asked_at: monotonic seconds.
            uidvalidity: of INBOX as the run has opened it.
            next_uid: the run has seen what is below it.
        """
        if self._asked_at < asked_at or uidvalidity != self._uidvalidity or next_uid < self._first:
            return None
        heads = tuple(self._heads[uid] for uid in sorted(self._heads) if uid >= next_uid)
        look = Look(asked_at=self._asked_at, answered_at=self._answered_at, heads=heads)
        return look, max(next_uid, self._next)

    def lose(self, uids: Collection[int]) -> None:
        """These messages were deleted."""
        for uid in uids:
            self._heads.pop(uid, None)
