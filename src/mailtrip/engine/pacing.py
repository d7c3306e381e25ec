"""How fast runs may start, and how many may be under way: decisions only, no waiting, no clock."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

__all__ = ["Admission", "Ticket", "TicketState", "TokenBucket"]


class TokenBucket:
    """Paces starts: `burst` at once, then evenly `per_second`.

    A burst of starts ruins the measurement of all of them: paced at 200 trips a second the 99th percentile error of a
    reply is 3 ms, in a burst of thousands it is seconds.
    """

    def __init__(self, *, per_second: float, burst: int) -> None:
        self._step = 1.0 / per_second
        self._slack = (burst - 1) * self._step
        self._next: float | None = None

    def reserve(self, now: float) -> float:
        """Take the next token; how many seconds after `now` (monotonic) it may be used, 0 for at once."""
        if self._next is None:
            self._next = now - self._slack
        self._next = max(self._next, now - self._slack)
        delay = max(0.0, self._next - now)
        self._next += self._step
        return delay


class TicketState(Enum):
    WAITING = "waiting"
    ADMITTED = "admitted"
    GONE = "gone"


@dataclass(slots=True, eq=False, kw_only=True)
class Ticket:
    """A run's wish to be under way. `Admission` alone changes it.

    Attributes:
        sessions: how many sessions it needs of each host, names in lower case.
        is_urgent: goes before all that are not.
        number: grows by one with each ticket.
        asked_at: monotonic seconds.
        lacking: the host that had no room for it when it was last tried; empty when there were too many runs.
        kept: sessions of its first host that are kept for it while it waits for the other.
    """

    sessions: Mapping[str, int]
    number: int
    is_urgent: bool
    asked_at: float
    state: TicketState = TicketState.WAITING
    lacking: str = ""
    kept: int = 0

    @property
    def first_host(self) -> str:
        return min(self.sessions)

    def __lt__(self, other: "Ticket") -> bool:
        return (not self.is_urgent, self.number) < (not other.is_urgent, other.number)


_ALL = ""
"""The resource that every run needs one of; no host has this name."""


class Admission:
    """Lets a run in when there is room for it among all runs and at each of its hosts, all at once.

    A run that waits for one host holds no session of the other, so a slow host slows down only its own runs. For the
    same reason it could be overtaken for ever by runs that need one host only. So from `patience` seconds on, sessions
    of its first host (by name) are kept for it; at most one waiting run does so at each host. As a run is kept waiting
    only for hosts that come later by name than what it holds, no two runs can wait for each other.

    What is called a host here is any name: a login at a host is one too, whose sessions are bounded apart.

    A waiting ticket stands in the line of one resource that it lacked when it was last tried, ordered by urgency and
    then by age. So the work of each call follows the number of runs that it lets in, not the number that wait.

    Args:
        runs: at once.
        sessions_per_host: at once, where `cap_of` knows no other number.
        patience: in seconds.
        cap_of: how many sessions at once a host (in lower case) allows; None where it has no cap of its own.
    """

    def __init__(
        self,
        *,
        runs: int,
        sessions_per_host: int,
        patience: float,
        cap_of: Callable[[str], int | None] = lambda _host: None,
    ) -> None:
        self._runs = runs
        self._sessions_per_host = sessions_per_host
        self._cap_of = cap_of
        self._patience = patience
        self._used: Counter[str] = Counter()
        self._lines: defaultdict[str, list[Ticket]] = defaultdict(list)
        self._keepers: dict[str, Ticket] = {}
        self._stirred: set[str] = set()
        self._number = 0
        self.waiting = 0

    @property
    def running(self) -> int:
        """How many runs are in."""
        return self._used[_ALL]

    def cap(self, host: str) -> int:
        """How many sessions at once there may be with a host."""
        return self._cap_of(host) or self._sessions_per_host

    def ask(self, hosts: Iterable[str], *, now: float, is_urgent: bool = False) -> Ticket:
        """A new ticket for a run with one session at each of `hosts`, perhaps let in already.

        There is at least one host; one that is named twice gets two sessions. A run that needs more of a host than may ever be had is content with what there may be.
        """
        wanted = Counter(host.lower() for host in hosts)
        self._number += 1
        ticket = Ticket(
            sessions={host: min(number, self.cap(host)) for host, number in sorted(wanted.items())},
            number=self._number,
            is_urgent=is_urgent,
            asked_at=now,
        )
        self.waiting += 1
        self._try(ticket, now)
        return ticket

    def leave(self, ticket: Ticket, *, now: float) -> list[Ticket]:
        """Give back what a ticket has, whether it was let in or gives up waiting; the tickets let in because of it."""
        if ticket.state is TicketState.ADMITTED:
            for resource, number in self._needs(ticket):
                self._free(resource, number)
        elif ticket.state is TicketState.WAITING:
            self.waiting -= 1
            self._let_go(ticket)
        ticket.state = TicketState.GONE
        return self._pump(now)

    def _needs(self, ticket: Ticket) -> Iterable[tuple[str, int]]:
        yield _ALL, 1
        yield from ticket.sessions.items()

    def _room(self, resource: str) -> int:
        return (self.cap(resource) if resource else self._runs) - self._used[resource]

    def _free(self, resource: str, number: int) -> None:
        self._used[resource] -= number
        if not self._used[resource]:
            del self._used[resource]
        self._stirred.add(resource)

    def _lacking(self, ticket: Ticket) -> str | None:
        """The first resource that has not enough room for it."""
        for resource, number in self._needs(ticket):
            kept = ticket.kept if resource == ticket.first_host else 0
            if self._room(resource) + kept < number:
                return resource
        return None

    def _try(self, ticket: Ticket, now: float) -> bool:
        """Let it in, else put it into the line of what it lacks."""
        if now - ticket.asked_at >= self._patience:
            self._keep(ticket)
        lacking = self._lacking(ticket)
        if lacking is not None:
            ticket.lacking = lacking
            heapq.heappush(self._lines[lacking], ticket)
            self._stirred.discard(lacking)
            return False
        self._let_go(ticket)
        for resource, number in self._needs(ticket):
            self._used[resource] += number
        ticket.state = TicketState.ADMITTED
        self.waiting -= 1
        return True

    def _keep(self, ticket: Ticket) -> None:
        host = ticket.first_host
        if self._keepers.setdefault(host, ticket) is not ticket:
            return
        taken = max(0, min(ticket.sessions[host] - ticket.kept, self._room(host)))
        ticket.kept += taken
        self._used[host] += taken
        if not ticket.kept:
            del self._keepers[host]

    def _let_go(self, ticket: Ticket) -> None:
        if ticket.kept:
            del self._keepers[ticket.first_host]
            self._free(ticket.first_host, ticket.kept)
            ticket.kept = 0

    def _pump(self, now: float) -> list[Ticket]:
        admitted = []
        while self._room(_ALL) > 0:
            # Its place in the line is left to be skipped, once it is in.
            ticket = self._ready_keeper()
            if ticket is None:
                line = self._oldest_line()
                if not line:
                    break
                ticket = heapq.heappop(line)
            if ticket.state is TicketState.WAITING and self._try(ticket, now):
                admitted.append(ticket)
        return admitted

    def _ready_keeper(self) -> Ticket | None:
        """One for whom sessions are kept and who lacks nothing more: who stands before it might want those."""
        keepers = (self._keepers.get(host) for host in self._stirred)
        return next((ticket for ticket in keepers if ticket is not None and self._lacking(ticket) is None), None)

    def _oldest_line(self) -> list[Ticket] | None:
        """Of the lines whose resource has got room, the one whose first ticket is the oldest."""
        for resource in [*self._stirred]:
            if not self._lines[resource]:
                del self._lines[resource]
                self._stirred.discard(resource)
            elif self._room(resource) <= 0:
                self._stirred.discard(resource)
        return min((self._lines[resource] for resource in self._stirred), key=lambda line: line[0], default=None)
