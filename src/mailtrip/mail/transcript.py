"""The transcript of a session: what was said, when, without secrets, and bounded."""

import base64
import re
from collections import deque
from collections.abc import Sequence
from datetime import timedelta

from mailtrip.model import Credentials, Direction, TranscriptLine

__all__ = ["Redactor", "Transcript"]

_HEAD_LINES = 150
_TAIL_LINES = 150
_LINE_LENGTH = 400
_REPLY_LINES = 40
_HIDDEN = "(hidden)"


class Redactor:
    """Takes a login's secrets out of text: a server may echo what it was sent."""

    def __init__(self, credentials: Credentials | None) -> None:
        self._secrets = _forms(credentials) if credentials else None

    def clean(self, text: str) -> str:
        """The text with every form of the password replaced."""
        return self._secrets.sub(_HIDDEN, text) if self._secrets else text


def _forms(credentials: Credentials) -> re.Pattern[str]:
    """The password as it may go over the wire: bare, Base64, and in AUTH PLAIN's message (RFC 4616)."""
    password = credentials.password
    plain = f"\0{credentials.username}\0{password}"
    forms = [re.escape(base64.b64encode(form.encode()).decode()) for form in (plain, password) if form]
    if password:
        # A short password must not black out parts of ordinary words.
        bare = re.escape(password)
        forms.append(bare if len(password) >= 4 else rf"(?<!\w){bare}(?!\w)")
    return re.compile("|".join(forms))


class Transcript:
    """Keeps the first and the last lines of a session; formatting waits until somebody reads.

    Args:
        started_at: monotonic seconds of the run's start; lines carry their offset from it.
    """

    def __init__(self, redactor: Redactor, *, started_at: float) -> None:
        self._redactor = redactor
        self._started_at = started_at
        self._head: list[tuple[float, Direction, str]] = []
        self._tail: deque[tuple[float, Direction, str]] = deque(maxlen=_TAIL_LINES)
        self._count = 0

    def add(self, at: float, direction: Direction, lines: Sequence[str]) -> None:
        """Add lines that were said at one moment."""
        for line in lines:
            self._count += 1
            kept = self._head if len(self._head) < _HEAD_LINES else self._tail
            kept.append((at, direction, line))

    def add_bytes(self, at: float, direction: Direction, data: bytes) -> None:
        """Add what went over the wire, as text; of many lines the first ones and their number."""
        lines = data[: _REPLY_LINES * 1024].decode("utf-8", "replace").splitlines() or [""]
        if len(lines) > _REPLY_LINES:
            more = data.count(b"\n") - _REPLY_LINES
            lines = [*lines[:_REPLY_LINES], f"({more} more lines)"]
        self.add(at, direction, lines)

    @property
    def dropped(self) -> int:
        """How many lines the bound left out, from the middle."""
        return self._count - len(self._head) - len(self._tail)

    def lines(self) -> tuple[TranscriptLine, ...]:
        """What was kept, cleaned."""
        return tuple(
            TranscriptLine(timedelta(seconds=max(0.0, at - self._started_at)), direction, self._clean(text))
            for at, direction, text in (*self._head, *self._tail)
        )

    def _clean(self, text: str) -> str:
        text = self._redactor.clean(text)
        text = "".join(character if character.isprintable() else "?" for character in text)
        return text if len(text) <= _LINE_LENGTH else f"{text[:_LINE_LENGTH]}… ({len(text)} characters)"
