"""Outages: from the first failed run to the next that proved the mail path working."""

from datetime import UTC, datetime, timedelta

import pytest

from mailtrip.model import StatusCode
from mailtrip.model.tally import Outcome
from mailtrip.reports.outages import outages

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = {
    "o": (Outcome.OK, StatusCode.OK),
    "w": (Outcome.WARNING, StatusCode.SLOW),
    "e": (Outcome.ERROR, StatusCode.TIMEOUT),
    "l": (Outcome.ERROR, StatusCode.SMTP_LOGIN),
    "u": (Outcome.UNKNOWN, StatusCode.LOCATION_LOST),
    "b": (Outcome.BLACKOUT, StatusCode.OK),
    "n": (Outcome.NOT_MEASURED, StatusCode.OK),
}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("", []),
        ("oww", []),
        ("un", []),
        ("oeeo", [(1, 3, 2, 2)]),
        ("elw", [(0, 2, 2, 2)]),
        ("le", [(0, None, 104, 2)]),
        ("oeunbeo", [(1, 6, 2, 2)]),
        ("eoe", [(0, 1, 2, 1), (2, None, 2, 1)]),
    ],
)
def test_an_outage_is_a_row_of_errors(row: str, expected: list[tuple[int, int | None, int, int]]) -> None:
    entries = [(NOW + timedelta(minutes=number), *WORDS[word]) for number, word in enumerate(row)]
    found = [
        (
            (outage.begin - NOW) // timedelta(minutes=1),
            None if outage.end is None else (outage.end - NOW) // timedelta(minutes=1),
            int(outage.status),
            outage.failures,
        )
        for outage in outages(1, 10, entries)
    ]
    assert found == expected
