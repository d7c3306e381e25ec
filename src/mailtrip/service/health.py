"""How the service is doing, in plain values; who knows them fills them in."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

__all__ = ["Health", "HealthStatus"]


class HealthStatus(StrEnum):
    OK = "ok"
    DEGRADED = "degraded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """One look at the service.

    Attributes:
        database_ok: whether the last use of the database went well.
        runs_in_flight: runs that are being made now.
        results_waiting: results that wait for the database to come back.
        results_dropped: results lost since the start because too many waited.
        scheduler_lag: how late the newest runs were started, at most.
        loop_lag: how late the event loop was, at most, of late.
        network_ok: whether the location has its network, as far as its runs can tell.
    """

    database_ok: bool
    runs_in_flight: int
    results_waiting: int
    results_dropped: int
    scheduler_lag: timedelta
    loop_lag: timedelta
    version: str
    network_ok: bool = True

    @property
    def status(self) -> HealthStatus:
        """Degraded while database or network are away, or results wait; what was dropped long ago is told, but is over."""
        is_ok = self.database_ok and self.network_ok and not self.results_waiting
        return HealthStatus.OK if is_ok else HealthStatus.DEGRADED
