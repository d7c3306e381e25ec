"""A service level agreement: what a monitor is expected to reach, and which times count (alertsite-v3.md, 4.4)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mailtrip.model.blackout import OneTimeWindow, WeeklyWindow
from mailtrip.model.monitor import Mode

__all__ = ["SLA", "Exclusion", "OperatingPeriod", "SLASettings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPeriod:
    """A time of each week that counts, or one that does not."""

    window: WeeklyWindow
    is_excluded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A time, past or future, that does not count.

    Attributes:
        id: None for one that is not stored yet.
        location_id: only what this location measured is left out; None for all locations.
    """

    id: int | None = None
    window: OneTimeWindow
    location_id: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SLASettings:
    """What an owner sets; `service.sla_rules` checks it.

    Attributes:
        description: None means the monitor's name; a stored one is never None.
        availability_percent: more than 0, at most 100, three decimals; likewise `uptime_percent`.
        response_time: the goal, 0 to 300 s, hundredths of a second; likewise `secondary_response_time`, where 0 is none.
        uptime_percent: for monitors with mode SLA (MultiPOP) only.
        operating_periods: empty for always. Otherwise what counts is in one of those that are not excluded (anywhere,
            when there are excluded ones only) and in no excluded one.
    """

    name: str
    description: str | None = None
    availability_percent: float
    response_time: timedelta
    secondary_response_time: timedelta = timedelta(0)
    uptime_percent: float | None = None
    operating_periods: tuple[OperatingPeriod, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SLA:
    """A stored SLA; a monitor has one at most.

    Attributes:
        monitor_name: when it was read; likewise `monitor_mode`.
        revision: grows by one with each change, also of the monitor's name and mode.
    """

    id: int
    account_id: int
    monitor_id: int
    monitor_name: str
    monitor_mode: Mode
    settings: SLASettings
    created_at: datetime
    modified_at: datetime
    revision: int = 1
