"""How steps and durations are put into words."""

from datetime import timedelta

import pytest

from mailtrip.model import Step
from mailtrip.model.words import STEP_NAMES, format_duration, format_period


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 ms"),
        (0.00042, "0.4 ms"),
        (0.0094, "9.4 ms"),
        (0.0096, "10 ms"),
        (0.999, "999 ms"),
        (0.9999, "1.00 s"),
        (3.21, "3.21 s"),
        (99.99, "99.99 s"),
        (125, "2 min 05 s"),
        (119.6, "2 min 00 s"),
        (3599, "59 min 59 s"),
        (3599.7, "1 h 00 min"),
        (3600, "1 h 00 min"),
        (47 * 3600 + 59 * 60, "47 h 59 min"),
        (48 * 3600, "2 d 0 h"),
        (100 * 3600, "4 d 4 h"),
    ],
)
def test_a_duration_is_written_in_the_unit_that_people_would_choose(seconds: float, text: str) -> None:
    assert format_duration(timedelta(seconds=seconds)) == text


def test_every_step_has_a_name_of_its_own() -> None:
    assert set(STEP_NAMES) == set(Step)
    assert len(set(STEP_NAMES.values())) == len(Step)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(2.5, "2.5 s"), (50, "50 s"), (60, "1 min"), (90, "90 s"), (5400, "90 min"), (7200, "2 h"), (0, "0 s")],
)
def test_a_period_that_was_set_is_written_whole(seconds: float, text: str) -> None:
    assert format_period(timedelta(seconds=seconds)) == text
