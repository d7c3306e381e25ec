"""What is told once a day is told when the documented table says so, and never more often."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.alerts.notices import RUNS_WANTED, Notice, NoticeSilence, NoticeWord, next_look, say, take_in
from mailtrip.model import AlertKind, StatusCode

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
PAGE = Path(__file__).parents[3] / "docs/explanation/alerts.md"
STATUSES = {
    "certificate": StatusCode.CERTIFICATE,
    "mailbox": StatusCode.MAILBOX_FILLING,
    "deletions": StatusCode.DELETE_FAILED,
}


class Row(NamedTuple):
    state: str
    found: str
    without: str
    since: str
    told: str
    wants_clear: str
    blackout: str
    said: str


def rows() -> Iterator[Row]:
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == len(Row._fields) and cells[0] in STATUSES:
            yield Row(*cells)


def moment(text: str) -> datetime | None:
    ago = re.fullmatch(r"(\d+) min ago", text)
    return NOW - int(ago[1]) * MINUTE if ago else None


def shown(word: NoticeWord) -> str:
    return f"**{word}**" if isinstance(word, AlertKind) else str(word)


@pytest.mark.parametrize("row", list(rows()), ids=" ".join)
def test_the_documented_table_is_what_is_done(row: Row) -> None:
    since = moment(row.since)
    assert since is not None

    word = say(
        Notice(found=int(row.found), without=int(row.without), since=since, next_at=since),
        STATUSES[row.state],
        told_at=moment(row.told),
        at=NOW,
        wants_clear=row.wants_clear == "yes",
        is_held_back=row.blackout == "yes",
    )

    assert shown(word) == row.said


def test_the_documented_table_has_every_state_every_word_and_every_reason() -> None:
    said = {row.said for row in rows()}

    assert said == {shown(word) for word in (AlertKind.NOTICE, AlertKind.CLEAR, *NoticeSilence)}
    assert {STATUSES[row.state] for row in rows()} == set(RUNS_WANTED)


def test_who_was_told_by_a_clock_that_was_ahead_is_told_again() -> None:
    notice = Notice(since=NOW - DAY, next_at=NOW)

    word = say(notice, StatusCode.CERTIFICATE, told_at=NOW + 365 * DAY, at=NOW, wants_clear=False, is_held_back=False)

    assert word is AlertKind.NOTICE


@pytest.mark.parametrize(
    ("words", "after"),
    [
        ({}, 60 * MINUTE),
        ({1: AlertKind.NOTICE}, DAY),
        ({1: AlertKind.NOTICE, 2: NoticeSilence.TOLD_TODAY}, DAY - 3 * MINUTE),
        ({1: AlertKind.NOTICE, 2: NoticeSilence.HELD_BACK}, 10 * MINUTE),
    ],
    ids=["nobody hears of it", "told", "another was told before", "held back"],
)
def test_it_is_asked_again_when_somebody_may_have_to_be_told(words: dict[int, NoticeWord], after: timedelta) -> None:
    assert next_look(words, {2: NOW - 3 * MINUTE}, at=NOW) == NOW + after


RUNS = st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(min_value=1, max_value=400)), max_size=60)


@given(runs=RUNS, status=st.sampled_from(sorted(RUNS_WANTED)))
def test_nobody_is_told_more_than_once_a_day_and_only_what_was_told_is_cleared(
    runs: list[tuple[bool, bool, int]], status: StatusCode
) -> None:
    notice, at, told_at = None, NOW, None
    for is_there, is_held_back, minutes in runs:
        at += minutes * MINUTE
        notice = take_in(notice, status, is_there=is_there, at=at)
        if notice is None:
            continue
        word = say(notice, status, told_at=told_at, at=at, wants_clear=True, is_held_back=is_held_back)
        if word is AlertKind.NOTICE:
            assert is_there
            assert told_at is None or at - told_at >= DAY
            told_at = at
        if word is AlertKind.CLEAR:
            assert not is_there
            assert told_at is not None
            notice, told_at = None, None
        if isinstance(word, AlertKind):
            assert not is_held_back


@given(runs=RUNS, status=st.sampled_from(sorted(RUNS_WANTED)))
def test_what_lasts_is_told(runs: list[tuple[bool, bool, int]], status: StatusCode) -> None:
    notice, at = None, NOW
    for is_there, _, minutes in [*runs, *[(True, False, 20)] * 4]:
        at += minutes * MINUTE
        notice = take_in(notice, status, is_there=is_there, at=at)

    assert notice is not None
    assert say(notice, status, told_at=None, at=at, wants_clear=False, is_held_back=False) is AlertKind.NOTICE
