"""The view of a run's steps."""

import asyncio
import io
from datetime import UTC, datetime, timedelta

from rich.console import Console

from mailtrip.cli.steps import LiveSteps, PlainSteps
from mailtrip.model import Result, StatusCode, Step, Verdict

REFUSED = Result(
    verdict=Verdict.REFUSED,
    status=StatusCode.RECIPIENT_REFUSED,
    step=Step.SUBMIT,
    summary="550 no such user",
    started_at=datetime(2026, 1, 1, tzinfo=UTC),
    duration=timedelta(seconds=1),
)


def test_plain_steps_are_one_line_each_when_they_end() -> None:
    lines: list[str] = []
    steps = PlainSteps(lines.append, started_at=100.0)

    steps.observe(Step.CONNECT, 100.5, None)
    assert lines == []

    steps.observe(Step.CONNECT, 100.5, 100.512)
    steps.observe(Step.SUBMIT, 100.6, 103.6)
    assert lines == [
        "   0.500 s  SMTP: connect                       12 ms",
        "   0.600 s  SMTP: submit the message           3.00 s",
    ]


async def test_live_steps_leave_a_table_with_every_step_and_the_failed_one_marked() -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, color_system="standard", width=80)
    now = 100.0
    steps = LiveSteps(console, lambda: now)

    async with steps.drawn():
        steps.observe(Step.CONNECT, 100.0, 100.25)
        steps.observe(Step.SUBMIT, 100.5, None)
        await asyncio.sleep(0)
        now = 101.0
        steps.finish(REFUSED)

    picture = screen.getvalue()
    assert "SMTP: connect" in picture
    assert "250 ms" in picture
    assert "\x1b[1;31mSMTP: submit the message" in picture
    assert "500 ms" in picture


async def test_the_last_picture_shows_no_time_that_still_runs() -> None:
    screen = io.StringIO()
    now = 100.0
    steps = LiveSteps(Console(file=screen, width=80, force_terminal=True, color_system=None), lambda: now)

    async with steps.drawn():
        steps.observe(Step.WAIT, 100.0, None)
        now = 102.0
        steps.finish(REFUSED)
        now = 107.0

    assert "2.00 s" in screen.getvalue().rpartition("Wait for the message")[2]
