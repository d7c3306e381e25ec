"""How runs are put into words."""

from mailtrip.cli.exits import exit_code
from mailtrip.cli.words import SEVERITY_COLOURS
from mailtrip.model import Severity


def test_every_severity_has_a_colour_and_an_exit_code_of_its_own() -> None:
    assert set(SEVERITY_COLOURS) == set(Severity)
    assert [exit_code(severity) for severity in Severity] == [0, 1, 2, 3]
