"""How values are written on pages."""

import pytest
from markupsafe import Markup

from mailtrip.web.words import without_controls


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
