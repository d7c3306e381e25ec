"""Monitoring modes: which locations take part in a run, and when the errors they find count (alertsite-v3.md, 5.3, 5.4).

A run here is what all locations do for one slot of the monitor's grid; slots are numbered by `mailtrip.schedule.slots`.

    mode             who takes part         begins                     an error counts when
    Primary          all                    all at once                the primary location has it
    Global Notify    all, or those whose    all at once                any location has it
                     turn it is
    Global Verify    the same               all at once                a second location has it too
    Round Robin      the same               one after another,         two or more locations have it
                                            spread over the interval
    SLA (MultiPOP)   the same               all at once                as many locations have it as the account wants

Where fewer locations can tell at all, they have to do: with one location each mode is as good as `Primary`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import gcd

from mailtrip.model import Mode, Severity
from mailtrip.schedule.cadence import Cadence
from mailtrip.schedule.slots import first_slot

__all__ = ["Pool", "Turn", "cadence_at", "error_counts", "turns_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Where a monitor's runs are made from.

    Attributes:
        location_ids: at least one, in the owner's order.
        home_id: the primary location, one of them.
        per_run: how many take part in a run where they rotate; None for all.
        rotates: whether each run uses the next ones of the pool. In mode `Primary` all take part in any case, as only the
            primary location decides.
    """

    location_ids: tuple[int, ...]
    home_id: int
    mode: Mode = Mode.PRIMARY
    per_run: int | None = None
    rotates: bool = False

    @property
    def size(self) -> int:
        """How many locations take part in each run."""
        everybody = len(self.location_ids)
        if not self.rotates or self.mode is Mode.PRIMARY or self.per_run is None:
            return everybody
        return max(1, min(self.per_run, everybody))


@dataclass(frozen=True, slots=True)
class Turn:
    """A location's part in a run: it begins so long after the slot."""

    location_id: int
    delay: timedelta = timedelta(0)


def turns_of(pool: Pool, number: int, *, interval: timedelta) -> tuple[Turn, ...]:
    """Who takes part in the run of a slot, in the order in which they begin.

    Args:
        pool: the monitor's.
        number: of the slot; with each the next locations of the pool have their turn.
        interval: from slot to slot.
    """
    everybody, size = pool.location_ids, pool.size
    chosen = [everybody[(number * size + place) % len(everybody)] for place in range(size)]
    apart = interval / size if pool.mode is Mode.ROUND_ROBIN else timedelta(0)
    return tuple(Turn(location_id, place * apart) for place, location_id in enumerate(chosen))


def cadence_at(pool: Pool, location_id: int, *, monitor_id: int, interval: timedelta) -> Cadence | None:
    """When a location has its part in the monitor's runs; None when it never has.

    Raises:
        ValueError: when the interval is shorter than a millisecond.
    """
    everybody = len(pool.location_ids)
    cycle = everybody // gcd(everybody, pool.size)
    offsets = tuple(
        number * interval + turn.delay
        for number in range(cycle)
        for turn in turns_of(pool, number, interval=interval)
        if turn.location_id == location_id
    )
    if not offsets:
        return None
    return Cadence(anchor=first_slot(monitor_id, interval), period=cycle * interval, offsets=offsets)


def error_counts(pool: Pool, found: Mapping[int, Severity | None], *, sla_failures: int | None = 1) -> bool | None:
    """Whether the errors that locations found in one run count: whether they make the monitor fail, and raise alerts.

    Args:
        pool: the monitor's.
        found: for each location that takes part in the run, how bad its result is; None while it has none. An error that
            its own recheck did not find is a warning.
        sla_failures: in mode `SLA (MultiPOP)`, how many locations have to fail; None for all.

    Returns:
        None while that is open: too few results are there, or nobody could tell, as all trouble was our own.
    """
    if pool.mode is Mode.PRIMARY:
        found = {pool.home_id: found.get(pool.home_id)}
    severities = [*found.values()]
    failed, pending = severities.count(Severity.ERROR), severities.count(None)
    well = len(severities) - failed - pending - severities.count(Severity.UNKNOWN)
    wanted = _failures_wanted(pool.mode, len(severities), sla_failures)
    if pending:
        # Whatever the others will find: they may find nothing wrong, or fail too, or not be able to tell.
        is_open = failed < wanted and not (well and failed + pending < wanted)
        return None if is_open else failed >= wanted
    return failed >= min(wanted, failed + well) if failed + well else None


def _failures_wanted(mode: Mode, everybody: int, sla_failures: int | None) -> int:
    """How many locations have to fail where all can tell."""
    match mode:
        case Mode.PRIMARY | Mode.GLOBAL_NOTIFY:
            return 1
        case Mode.GLOBAL_VERIFY | Mode.ROUND_ROBIN:
            return 2
        case Mode.SLA:
            return everybody if sla_failures is None else sla_failures
