"""The steps of a run as they happen: redrawn in place on a terminal, a line a step elsewhere.

Drawing must not disturb what is measured: a terminal is drawn ten times a second at most, between the steps.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from mailtrip.model import Result, Step
from mailtrip.model.words import STEP_NAMES, format_duration

__all__ = ["LiveSteps", "NoSteps", "PlainSteps", "StepView"]

_FRAMES_PER_SECOND = 10


class StepView(Protocol):
    """Shows one run. `observe` is the run's observer."""

    def observe(self, step: Step, began: float, ended: float | None) -> None:
        """Told of each step, in seconds of the monotonic clock; `ended` is None when it begins."""
        ...

    def finish(self, result: Result) -> None:
        """The run is over: show what is still to be shown of its steps."""
        ...


class NoSteps:
    """Shows nothing, for output that a program reads."""

    def observe(self, step: Step, began: float, ended: float | None) -> None:
        pass

    def finish(self, result: Result) -> None:
        pass


class PlainSteps:
    """One line for each step, when it ends."""

    def __init__(self, write: Callable[[str], None], *, started_at: float) -> None:
        self._write = write
        self._started_at = started_at

    def observe(self, step: Step, began: float, ended: float | None) -> None:
        if ended is not None:
            duration = format_duration(timedelta(seconds=ended - began))
            self._write(f"{began - self._started_at:8.3f} s  {STEP_NAMES[step]:<28} {duration:>12}")

    def finish(self, result: Result) -> None:
        pass


@dataclass(slots=True)
class _Row:
    """A step: when it began, the seconds of its pieces that ended, and when the piece under way began."""

    began: float
    spent: float = 0.0
    since: float | None = None


class LiveSteps:
    """A table on a terminal: the steps so far, and how long the present one has taken."""

    def __init__(self, console: Console, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._started_at = monotonic()
        self._rows: dict[Step, _Row] = {}
        self._failed: Step | None = None
        self._live = Live(console=console, auto_refresh=False)

    @asynccontextmanager
    async def drawn(self) -> AsyncIterator[None]:
        """Draw, again and again, as long as the block runs; the last picture stays."""
        with self._live:
            async with asyncio.TaskGroup() as group:
                drawing = group.create_task(self._draw())
                try:
                    yield
                finally:
                    drawing.cancel()
            self._live.update(self._table(), refresh=True)

    def observe(self, step: Step, began: float, ended: float | None) -> None:
        row = self._rows.setdefault(step, _Row(began))
        row.since = began if ended is None else None
        row.spent += 0.0 if ended is None else ended - began

    def finish(self, result: Result) -> None:
        self._failed = result.step
        for row in self._rows.values():
            row.spent, row.since = self._seconds(row), None

    async def _draw(self) -> None:
        while True:
            self._live.update(self._table(), refresh=True)
            await asyncio.sleep(1 / _FRAMES_PER_SECOND)

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_column(justify="right")
        table.add_column(min_width=28)
        table.add_column(justify="right", min_width=10)
        for step, row in self._rows.items():
            table.add_row(
                Text(f"{row.began - self._started_at:.3f} s", style="dim"),
                Text(STEP_NAMES[step], style=self._style(step, row)),
                format_duration(timedelta(seconds=self._seconds(row))),
            )
        return table

    def _style(self, step: Step, row: _Row) -> str:
        if step is self._failed:
            return "bold red"
        return "" if row.since is None else "bold"

    def _seconds(self, row: _Row) -> float:
        return row.spent if row.since is None else row.spent + self._monotonic() - row.since
