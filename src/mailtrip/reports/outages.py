"""When monitors were out: from the first failed run to the next that proved the mail path working."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailtrip.model import StatusCode
from mailtrip.model.tally import Outcome

__all__ = ["Outage", "outages"]

_WELL = frozenset({Outcome.OK, Outcome.WARNING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A row of failed runs of a monitor at a location, in whole seconds.

    Attributes:
        begin: the slot of the first one.
        end: the slot of the next run that proved the mail path working; None while there is none.
        status: what the first one found.
        failures: how many failed.
    """

    monitor_id: int
    location_id: int
    begin: datetime
    end: datetime | None
    status: StatusCode
    failures: int

    @property
    def duration(self) -> timedelta | None:
        """None while it goes on."""
        return None if self.end is None else self.end - self.begin


def outages(
    monitor_id: int, location_id: int, entries: Iterable[tuple[datetime, Outcome, StatusCode]]
) -> Iterator[Outage]:
    """The outages of a monitor at a location, oldest first.

    Args:
        monitor_id: whose.
        location_id: where.
        entries: slots of runs, what they count as and their status, by time. Runs that say nothing of the mail path
            neither begin nor end an outage.
    """
    begin: tuple[datetime, StatusCode] | None = None
    failures = 0
    for at, outcome, status in entries:
        if outcome is Outcome.ERROR:
            begin = begin or (at, status)
            failures += 1
        elif outcome in _WELL and begin is not None:
            yield _outage(monitor_id, location_id, begin, at, failures)
            begin, failures = None, 0
    if begin is not None:
        yield _outage(monitor_id, location_id, begin, None, failures)


def _outage(
    monitor_id: int, location_id: int, begin: tuple[datetime, StatusCode], end: datetime | None, failures: int
) -> Outage:
    at, status = begin
    return Outage(monitor_id=monitor_id, location_id=location_id, begin=at, end=end, status=status, failures=failures)
