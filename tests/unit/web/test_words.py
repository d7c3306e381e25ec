"""How values are written on pages."""

import pytest
from markupsafe import Markup

from mailtrip.web.words import byte_count, without_controls


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Stadtwerke Münster\u00a0GmbH 👩\u200d🔧 सेवा", "Stadtwerke Münster\u00a0GmbH 👩\u200d🔧 सेवा"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\u202etxt.exe\u202c \u2066x\u2069 \u200e\u061c", "\ufffdtxt.exe\ufffd \ufffdx\ufffd \ufffd\ufffd"),
        ("\x1b[31m\x00\x85\x7f", "\ufffd[31m\ufffd\ufffd\ufffd"),
        (Markup("<b>\u202e</b>"), Markup("<b>\u202e</b>")),
        (5, 5),
    ],
)
def test_what_turns_text_round_or_is_no_character_is_not_written(given: object, shown: object) -> None:
    assert without_controls(given) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0 kB"),
        (640_400, "640 kB"),
        (1_000_000, "1.0 MB"),
        (12_340_000, "12.3 MB"),
        (881_000_000_000, "881 GB"),
        (4_200_000_000_000_000, "4200 TB"),
    ],
)
def test_a_size_is_told_in_the_unit_that_people_would_choose(number: int, shown: str) -> None:
    assert byte_count(number) == shown
