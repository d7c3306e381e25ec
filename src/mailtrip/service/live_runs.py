"""The steps of tests that are under way in this process, for people who watch."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from mailtrip.clock import Clock
from mailtrip.model import Run, RunKind, Step

__all__ = ["LiveRuns", "LiveStep", "LiveSteps"]

_MOST_RUNS: Final = 200
"""More tests at once are made, and not shown step by step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveStep:
    """A step so far.

    Attributes:
        offset: when it began, after the run's first step.
        spent: how long it has taken.
        is_over: whether it is under way no more; a step may begin again.
    """

    step: Step
    offset: timedelta
    spent: timedelta
    is_over: bool


LiveSteps = tuple[LiveStep, ...] | None
"""Of a test that is under way; None of another run."""


@dataclass(slots=True)
class _Row:
    """When a step began, the seconds of its pieces that ended, and when the piece under way began."""

    began: float
    spent: float = 0.0
    since: float | None = None


class LiveRuns:
    """Told of the steps of tests by their runs, on the event loop; read there too.

    Args:
        clock: whose monotonic time the steps are told in.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._runs: dict[int, dict[Step, _Row]] = {}

    @contextmanager
    def watched(self, run: Run) -> Iterator[Callable[[Step, float, float | None], None] | None]:
        """Gives a run's observer (`probe.ports.Observer`), None for runs that nobody waits for; told of as long as it lasts."""
        if run.kind is not RunKind.TEST or len(self._runs) >= _MOST_RUNS:
            yield None
            return
        rows: dict[Step, _Row] = {}
        self._runs[run.id] = rows
        try:
            yield lambda step, began, ended: _note(rows, step, began, ended)
        finally:
            del self._runs[run.id]

    def steps_of(self, run_id: int) -> LiveSteps:
        """The steps so far in the order of their beginnings; None for a run that is not under way here."""
        rows = self._runs.get(run_id)
        if rows is None:
            return None
        now = self._clock.monotonic()
        first = min((row.began for row in rows.values()), default=now)
        return tuple(
            LiveStep(
                step=step,
                offset=timedelta(seconds=row.began - first),
                spent=timedelta(seconds=row.spent + (0.0 if row.since is None else now - row.since)),
                is_over=row.since is None,
            )
            for step, row in sorted(rows.items(), key=lambda item: item[1].began)
        )


def _note(rows: dict[Step, _Row], step: Step, began: float, ended: float | None) -> None:
    row = rows.setdefault(step, _Row(began))
    row.since = began if ended is None else None
    row.spent += 0.0 if ended is None else ended - began
