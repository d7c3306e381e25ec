"""How a run of the matrix is judged: by its verdict, by the box before and after, and by what it must not have said."""

import base64
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from tests.matrix.rows import Outcome, Row

from mailtrip.model import Credentials, Result

__all__ = ["Kept", "assert_foreign_is_untouched", "assert_run_is_honest", "own_messages"]

_OVERTIME = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class Kept:
    """A message as it lies in a folder; two are the same when all of it is the same."""

    folder: str
    name: str
    """What the server calls it: its UID."""
    flags: frozenset[str]
    content: bytes = field(repr=False)


def assert_foreign_is_untouched(before: Sequence[Kept], after: Sequence[Kept]) -> None:
    """Each message of others is where it was, under its name, with its flags and its content."""
    missing = Counter(before) - Counter(after)
    assert list(missing) == []


def own_messages(before: Sequence[Kept], after: Sequence[Kept]) -> list[Kept]:
    """What is there besides the foreign messages."""
    return list((Counter(after) - Counter(before)).elements())


def assert_run_is_honest(row: Row, outcome: Outcome, result: Result, login: Credentials) -> None:
    """The verdict is the row's, in time, explained, and without a secret."""
    told = (result.verdict, result.status, result.step)
    assert told == (outcome.verdict, outcome.status, outcome.step), f"{told}: {result.summary}\n{conversation(result)}"
    assert result.duration <= timedelta(seconds=row.seconds) + _OVERTIME
    assert result.summary
    assert [words for words in row.says if words not in result.summary] == [], result.summary
    for proof in result.proof:
        assert proof.line < len(result.sessions[proof.session].transcript)
    said = f"{result!r}\n{conversation(result)}\n{result.bounce!r}"
    assert [form for form in _forms(login) if form in said] == []


def conversation(result: Result) -> str:
    """All sessions, as text."""
    return "\n".join(
        f"{session.protocol} {line.at} {line.direction} {line.text}"
        for session in result.sessions
        for line in session.transcript
    )


def _forms(login: Credentials) -> list[str]:
    """The password as it may go over a wire."""
    plain = f"\0{login.username}\0{login.password}"
    return [login.password, *(base64.b64encode(text.encode()).decode() for text in (plain, login.password))]
