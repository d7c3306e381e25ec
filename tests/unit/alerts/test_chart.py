"""The step chart shows each step that was begun, and is a picture that programs can read."""

import io
from dataclasses import replace
from datetime import timedelta

from PIL import Image
from tests.unit.alerts.builders import make_run

from mailtrip.alerts.chart import Bar, bars_of, draw
from mailtrip.model import Result, Step, Timing

MS = timedelta(milliseconds=1)


def result() -> Result:
    found = make_run().result
    assert found is not None
    return found


def test_the_step_that_did_not_end_comes_last_and_is_marked() -> None:
    assert bars_of(result()) == (
        Bar(step=Step.CONNECT, offset=0 * MS, duration=12 * MS, is_bad=False),
        Bar(step=Step.TLS, offset=12 * MS, duration=40 * MS, is_bad=False),
        Bar(step=Step.LOGIN, offset=52 * MS, duration=None, is_bad=True),
    )


def test_a_step_that_ended_badly_is_there_once() -> None:
    login = Timing(step=Step.LOGIN, offset=0 * MS, duration=5 * MS)

    assert bars_of(replace(result(), timings=(login,))) == (
        Bar(step=Step.LOGIN, offset=0 * MS, duration=5 * MS, is_bad=True),
    )


def test_a_run_that_was_well_has_no_bad_step() -> None:
    assert not any(bar.is_bad for bar in bars_of(replace(result(), step=None)))


def test_the_picture_is_a_png_with_a_row_for_each_step() -> None:
    bars = bars_of(result())
    picture = Image.open(io.BytesIO(draw(bars)))

    assert (picture.format, picture.size) == ("PNG", (1120, 2 * 28 + 44 * len(bars)))
    assert {(209, 36, 47), (74, 143, 216)} <= {colour for _, colour in picture.convert("RGB").getcolors() or []}


def test_a_run_without_any_time_is_drawn_too() -> None:
    bar = Bar(step=Step.RESOLVE, offset=0 * MS, duration=None, is_bad=True)

    assert draw((bar,)).startswith(b"\x89PNG")
