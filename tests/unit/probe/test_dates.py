from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.probe.dates import find_last_time

NINE = datetime(2026, 3, 9, 9, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon, 9 Mar 2026 10:00:05 +0100 (CET)", NINE),
        ("Mon,  9 Mar 2026 09:00:05 -0000".replace("  ", " "), NINE),
        ("09 Mar 2026 09:00:05 GMT", NINE),
        ("9 Mar 26 09:00:05 UT", NINE),
        ("9-Mar-2026 04:00:05 EST", NINE),
        ("Mon, 9 Mar 2026 09:00 Z", NINE.replace(second=0)),
        ("Mon, 9 Mar 2026 09:00:60 +0000", NINE.replace(second=59)),
        ("9 Mar 99 09:00:05 +0000", NINE.replace(year=1999)),
        ("2026-03-09T09:00:05Z", NINE),
        ("2026-03-09 10:00:05.25 +01:00", NINE.replace(microsecond=250000)),
        ("1 Jan 2020 00:00:00 +0000 and then Mon, 9 Mar 2026 09:00:05 +0000 id 4711", NINE),
    ],
)
def test_times_are_read_in_the_forms_of_mail(text: str, expected: datetime) -> None:
    assert find_last_time(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("Mon, 9 Mar 2026 10:00:05", id="no zone"),
        pytest.param("Mon, 9 Mar 2026 10:00:05 CET", id="a zone that has no fixed meaning"),
        pytest.param("Mon, 31 Feb 2026 10:00:05 +0000", id="no such day"),
        pytest.param("Mon, 9 Foo 2026 10:00:05 +0000", id="no such month"),
        pytest.param("Mon, 9 Mar 2026 25:00:05 +0000", id="no such hour"),
        pytest.param("Mon, 9 Mar 2026 10:00:05 +9900", id="no such zone"),
        pytest.param("1 Jan 0001 00:00:00 +2300", id="before all times"),
        pytest.param("31 Dec 9999 23:00:00 -2300", id="after all times"),
        pytest.param("0000-00-00T00:00:00Z", id="zeros"),
        pytest.param("١ Mar 2026 10:00:05 +0000", id="digits of another script"),
    ],
)
def test_a_time_that_cannot_be_known_is_none(text: str) -> None:
    assert find_last_time(text) is None


digits = st.text("0123456789", min_size=1, max_size=4)


@given(digits, st.sampled_from(["Mar", "Feb", "xyz"]), digits, digits, digits, st.sampled_from(["+", "-"]), digits)
def test_any_figures_are_a_time_in_utc_or_none(
    day: str, month: str, year: str, hour: str, minute: str, sign: str, zone: str
) -> None:
    found = find_last_time(f"{day} {month} {year} {hour}:{minute}:00 {sign}{zone}")

    assert found is None or found.tzinfo is UTC
