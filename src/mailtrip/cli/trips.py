"""The trips and checks of `mailtrip probe`: made one after another, each shown as it happens, the worst one kept."""

import asyncio
import json
import secrets
import traceback
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol, TypeAlias

import click
from rich.console import Console

from mailtrip.bootstrap.loop import run_async
from mailtrip.bootstrap.prober import Prober
from mailtrip.cli.documents import result_document
from mailtrip.cli.exits import exit_code
from mailtrip.cli.steps import LiveSteps, NoSteps, PlainSteps, StepView
from mailtrip.cli.words import SEVERITY_COLOURS, verdict_line
from mailtrip.clock import Clock, SystemClock
from mailtrip.engine.lag import LagMeter
from mailtrip.mail import MailClient
from mailtrip.model import PRESETS, Credentials, MonitorSettings, Providers, Result, SessionRecord, Severity
from mailtrip.probe.ports import Observer
from mailtrip.probe.token import MessageKey

__all__ = ["Errand", "make_trips"]

_LAG_LOOKS = timedelta(milliseconds=20)
_Trip: TypeAlias = Callable[[Observer], Awaitable[Result]]
_BAD_TO_WORSE = (Severity.OK, Severity.WARNING, Severity.UNKNOWN, Severity.ERROR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What is to be done: `count` trips or checks, `interval` from start to start. A trip needs a mailbox login."""

    settings: MonitorSettings
    mailbox_credentials: Credentials | None = field(repr=False)
    smtp_credentials: Credentials | None = field(repr=False)
    count: int
    interval: timedelta


def make_trips(errand: Errand, *, as_json: bool, with_transcripts: bool) -> int:
    """Make all trips and show each.

    Returns:
        The exit code of the worst.

    Raises:
        KeyboardInterrupt: after Ctrl-C, when the sessions under way are closed.
    """
    clock = SystemClock()
    client = MailClient(clock=clock)
    meter = LagMeter(clock, every=_LAG_LOOKS)
    prober = Prober(
        client=client,
        key=MessageKey(secrets.token_bytes(32)),
        clock=clock,
        lag=meter.since,
        report=traceback.print_exception,
        providers=Providers(PRESETS),
    )
    noun = "Trip" if errand.settings.sends_message else "Check"
    display = _JSONDisplay(with_transcripts) if as_json else _TextDisplay(noun, with_transcripts, clock)
    try:
        worst = run_async(_make_all(errand, prober, meter, clock, display))
    finally:
        client.close()
    return exit_code(worst)


class _Display(Protocol):
    async def show(self, trip: _Trip, *, number: int, count: int) -> Result:
        """Make the trip, showing it; trip `number` of `count`."""
        ...


async def _make_all(errand: Errand, prober: Prober, meter: LagMeter, clock: Clock, display: _Display) -> Severity:
    async def trip(observe: Observer) -> Result:
        if not errand.settings.sends_message:
            credentials = errand.smtp_credentials or errand.mailbox_credentials
            return await prober.check(errand.settings, credentials=credentials, observe=observe)
        if errand.mailbox_credentials is None:
            raise ValueError("a round trip needs a login for its mailbox")
        return await prober.run(
            errand.settings,
            mailbox_credentials=errand.mailbox_credentials,
            smtp_credentials=errand.smtp_credentials,
            observe=observe,
        )

    worst = Severity.OK
    async with asyncio.TaskGroup() as group:
        metering = group.create_task(meter.run())
        for number in range(1, errand.count + 1):
            started_at = clock.monotonic()
            result = await display.show(trip, number=number, count=errand.count)
            worst = max(worst, result.status.severity, key=_BAD_TO_WORSE.index)
            if number < errand.count:
                await clock.sleep(started_at + errand.interval.total_seconds() - clock.monotonic())
        metering.cancel()
    return worst


class _JSONDisplay:
    """One line of JSON a trip."""

    def __init__(self, with_transcripts: bool) -> None:
        self._with_transcripts = with_transcripts

    async def show(self, trip: _Trip, *, number: int, count: int) -> Result:  # noqa: ARG002 (a line says it all)
        result = await trip(NoSteps().observe)
        click.echo(json.dumps(result_document(result, with_transcripts=self._with_transcripts)))
        return result


class _TextDisplay:
    """Steps as they happen, then the verdict, then the transcripts if they are wanted."""

    def __init__(self, noun: str, with_transcripts: bool, clock: Clock) -> None:
        self._noun = noun
        self._with_transcripts = with_transcripts
        self._clock = clock
        self._console = Console(highlight=False, soft_wrap=True)

    async def show(self, trip: _Trip, *, number: int, count: int) -> Result:
        if count > 1:
            click.echo(f"{self._noun} {number} of {count}")
        steps, drawn = self._begin()
        async with drawn:
            result = await trip(steps.observe)
            steps.finish(result)
        self._show_verdict(result)
        if self._with_transcripts:
            for session in result.sessions:
                _show_transcript(session)
        return result

    def _begin(self) -> tuple[StepView, AbstractAsyncContextManager[None]]:
        if self._console.is_terminal:
            live = LiveSteps(self._console, self._clock.monotonic)
            return live, live.drawn()
        return PlainSteps(click.echo, started_at=self._clock.monotonic()), nullcontext()

    def _show_verdict(self, result: Result) -> None:
        click.secho(verdict_line(result), fg=SEVERITY_COLOURS[result.status.severity], bold=True)


def _show_transcript(session: SessionRecord) -> None:
    click.echo(f"\n{session.server} ({session.address or 'no address reached'})")
    if session.tls is not None:
        click.echo(f"  {session.tls.version}, {session.tls.cipher}, certificate of {session.tls.subject}")
    for line in session.transcript:
        click.echo(f"  {line.at.total_seconds():8.3f} {line.direction} {line.text}")
    if session.lines_dropped:
        click.echo(f"  ({session.lines_dropped} more lines were not kept)")
