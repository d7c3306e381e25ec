"""How runs are put into words."""

from datetime import timedelta

import pytest

from mailtrip.cli.exits import exit_code
from mailtrip.cli.words import SEVERITY_COLOURS, STEP_NAMES, format_duration
from mailtrip.model import Severity, Step


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
        (3600, "60 min 00 s"),
    ],
)
def test_a_duration_is_written_in_the_unit_that_people_would_choose(seconds: float, text: str) -> None:
    assert format_duration(timedelta(seconds=seconds)) == text


def test_every_step_has_a_name_of_its_own() -> None:
    assert set(STEP_NAMES) == set(Step)
    assert len(set(STEP_NAMES.values())) == len(Step)


def test_every_severity_has_a_colour_and_an_exit_code_of_its_own() -> None:
    assert set(SEVERITY_COLOURS) == set(Severity)
    assert [exit_code(severity) for severity in Severity] == [0, 1, 2, 3]
