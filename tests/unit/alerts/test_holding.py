"""What a recipient does not want to hear now is held back as documented, and nothing is lost over it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailtrip.alerts.holding import Pace, occasion_of
from mailtrip.model import DeliveryOccasion

PAGE = Path(__file__).parents[3] / "docs/explanation/alerts.md"
TIMES = {
    "at any time": (False, False, False),
    "in quiet hours": (True, True, False),
    "in quiet hours that are over": (False, True, False),
    "yesterday": (False, False, True),
}
"""Whether it is quiet now, was when the message would have gone out, and whether that was on another day."""
WORDS = {
    None: "it is sent",
    DeliveryOccasion.LAST_TODAY: "it is sent as the last one of the day",
    DeliveryOccasion.QUIET_HOURS: "it is sent with all that was held back",
    DeliveryOccasion.DAILY_LIMIT: "it is sent with all that was held back",
}


def rows() -> Iterator[tuple[str, str, str, str]]:
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[1] in TIMES:
            yield cells[0], cells[1], cells[2], cells[3]


def test_the_table_is_there() -> None:
    assert {time for _, time, _, _ in rows()} == set(TIMES)


@pytest.mark.parametrize(("urgent", "time", "left", "becomes"), list(rows()))
def test_the_documented_table_is_what_is_done(urgent: str, time: str, left: str, becomes: str) -> None:
    is_quiet, was_quiet, is_older = TIMES[time]
    is_urgent = urgent == "yes"
    pace = Pace(is_quiet=is_quiet, left=None if left == "any number" else int(left))

    if pace.is_closed and not is_urgent:
        said = "it waits"
    else:
        said = WORDS[occasion_of(pace, was_quiet=was_quiet and not is_urgent, is_older=is_older and not is_urgent)]

    assert said == becomes
