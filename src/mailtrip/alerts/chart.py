"""The step chart of a run as a picture, for mail, where neither SVG nor script is shown."""

import io
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from mailtrip.model import Result, Step
from mailtrip.model.words import STEP_NAMES, format_duration

__all__ = ["Bar", "bars_of", "draw", "shown_duration"]

_WIDTH: Final = 1120
"""Twice as many pixels as it is shown with, for sharp screens."""
_ROW: Final = 44
_MARGIN: Final = 28
_NAMES: Final = 350
_TIMES: Final = 160
_FONT_SIZE: Final = 25
_PAPER: Final = "#f6f8fa"
_LINE: Final = "#d0d7de"
_INK: Final = "#1f2328"
_GOOD: Final = "#4a8fd8"
_BAD: Final = "#d1242f"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One step in the chart.

    Attributes:
        offset: from the run's start.
        duration: None where the step did not come to its end.
        is_bad: the run ended badly at it.
    """

    step: Step
    offset: timedelta
    duration: timedelta | None
    is_bad: bool


def bars_of(result: Result) -> tuple[Bar, ...]:
    """The steps of a run in the order in which they began, the one at which it ended badly among them."""
    bars = [
        Bar(step=timing.step, offset=timing.offset, duration=timing.duration, is_bad=timing.step is result.step)
        for timing in result.timings
    ]
    if result.step is not None and not any(bar.is_bad for bar in bars):
        bars.append(Bar(step=result.step, offset=_end(bars), duration=None, is_bad=True))
    return tuple(bars)


def draw(bars: tuple[Bar, ...]) -> bytes:
    """A PNG, 560 points wide; it has its own background, and looks the same in light and dark."""
    height = 2 * _MARGIN + _ROW * len(bars)
    image = Image.new("RGB", (_WIDTH, height), _PAPER)
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(_FONT_SIZE)
    left, right = _MARGIN + _NAMES, _WIDTH - _MARGIN - _TIMES
    scale = (right - left) / max(_end(bars).total_seconds(), 0.001)
    for number, bar in enumerate(bars):
        top = _MARGIN + number * _ROW
        middle = top + _ROW / 2
        ink = _BAD if bar.is_bad else _INK
        start = left + bar.offset.total_seconds() * scale
        end = max(start + 4, start + (bar.duration or timedelta(0)).total_seconds() * scale)
        pen.line((left, top + _ROW - 1, right, top + _ROW - 1), fill=_LINE)
        pen.rounded_rectangle((start, top + 11, end, top + _ROW - 12), 4, fill=_BAD if bar.is_bad else _GOOD)
        pen.text((_MARGIN, middle), STEP_NAMES[bar.step], fill=ink, font=font, anchor="lm")
        pen.text((_WIDTH - _MARGIN, middle), shown_duration(bar), fill=ink, font=font, anchor="rm")
    content = io.BytesIO()
    image.quantize(32).save(content, "PNG", optimize=True)
    return content.getvalue()


def shown_duration(bar: Bar) -> str:
    """How long it took, for people."""
    return "failed" if bar.duration is None else format_duration(bar.duration)


def _end(bars: list[Bar] | tuple[Bar, ...]) -> timedelta:
    return max((bar.offset + (bar.duration or timedelta(0)) for bar in bars), default=timedelta(0))
