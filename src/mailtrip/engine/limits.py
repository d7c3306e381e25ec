"""The bounds of the engine in one place."""

from dataclasses import dataclass
from datetime import timedelta

__all__ = ["EngineLimits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineLimits:
    """How much the engine does at once, and how much it keeps.

    Attributes:
        runs: under way at the same time.
        sessions_per_host: mail sessions at the same time with one host, by name. A run has one with each of its two
            servers from its start to its end, so two where both are one host.
        starts_per_second: of runs, evenly paced.
        starts_at_once: how many may start without a pause between them before pacing sets in.
        waiting: runs whose slot has come and that wait for room.
        tests_waiting: runs that were asked for and that the engine has not looked at yet.
        host_patience: from when on sessions are kept for a run that waits for two hosts.
        results: held while the database is away.
        transcript_lines: of held results together; about 200 bytes each.
        look_ahead: how long before its slot a run is claimed and loaded.
        turn: pause between two looks at the plan, and at changes of monitors.
        lag_interval: pause between two measurements of the event loop's lag.
        missed_rows: missed slots of one monitor that get a row of their own after a stop or a stall; the rest, the
            oldest, share one row.
        missed_rows_in_all: the same for all monitors together, where that is less.
    """

    runs: int = 500
    sessions_per_host: int = 10
    starts_per_second: float = 200.0
    starts_at_once: int = 10
    waiting: int = 10_000
    tests_waiting: int = 1_000
    host_patience: timedelta = timedelta(seconds=5)
    results: int = 10_000
    transcript_lines: int = 200_000
    look_ahead: timedelta = timedelta(seconds=1.5)
    turn: timedelta = timedelta(seconds=0.5)
    lag_interval: timedelta = timedelta(milliseconds=50)
    missed_rows: int = 1_000
    missed_rows_in_all: int = 100_000
