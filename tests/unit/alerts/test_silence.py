"""A location is taken for silent, and told of, when the documented tables say so."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailtrip.alerts.silence import Contact, LocationState, Unsaid, say, state_of
from mailtrip.model import AlertKind

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PAGE = Path(__file__).parents[3] / "docs/explanation/alerts.md"
STATES = {f"**{state}**" if state is LocationState.SILENT else str(state): state for state in LocationState}
WORDS = {f"**{kind}**": kind for kind in (AlertKind.SILENT, AlertKind.CLEAR)} | {str(each): each for each in Unsaid}


def rows(first: str) -> Iterator[tuple[str, ...]]:
    """Of the table whose first heading this is."""
    lines = iter(PAGE.read_text().splitlines())
    next(line for line in lines if line.startswith(f"| {first} |"))
    next(lines)
    for line in lines:
        if not line.startswith("|"):
            return
        yield tuple(cell.strip() for cell in line.strip("|").split("|"))


def ago(text: str) -> datetime | None:
    found = re.fullmatch(r"(\d+) min ago", text)
    return NOW - timedelta(minutes=int(found[1])) if found else None


CONTACTS = list(rows("runs are wanted there"))
SAYINGS = list(rows("told before | the location"))


def test_the_tables_are_whole() -> None:
    assert {row[-1] for row in CONTACTS} == set(STATES)
    assert {row[-1] for row in SAYINGS} == set(WORDS)


@pytest.mark.parametrize("row", CONTACTS, ids=" ".join)
def test_the_documented_states_are_what_is_known(row: tuple[str, ...]) -> None:
    used, heard, listened, overdue, silent, known = row
    since = ago(listened)
    assert since is not None
    contact = Contact(heard_at=ago(heard), listening_since=since, is_used=used == "yes", overdue=int(overdue))

    assert state_of(contact, silent_since=ago(silent), at=NOW) is STATES[known]


@pytest.mark.parametrize("row", SAYINGS, ids=" ".join)
def test_the_documented_words_are_what_is_said(row: tuple[str, ...]) -> None:
    told, location, waits, wants_clear, blackout, said = row
    word = say(
        is_silent=location == "is silent",
        is_told=told == "yes",
        is_waiting=waits == "yes",
        wants_clear=wants_clear == "yes",
        is_held_back=blackout == "yes",
    )

    assert word is WORDS[said]
