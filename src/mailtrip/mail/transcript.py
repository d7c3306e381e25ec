"""The transcript of a session: what was said, when, without secrets, and bounded."""

import base64
import re
from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from typing import TypeAlias

from mailtrip.model import Credentials, Direction, TranscriptLine

__all__ = ["Redactor", "Transcript"]

_HEAD_LINES = 150
_TAIL_LINES = 150
_LINE_LENGTH = 400
_REPLY_LINES = 40
_REPLY_BYTES = 40 * 1024
_SHORTEST_PLAIN = 4
_SHORTEST_PART = 3
_HIDDEN = "(hidden)"
_ELLIPSIS = "…"

_Entry: TypeAlias = tuple[float, Direction, str | bytes, int]
"""What was said at one moment, and how many lines it had; zero lines are not counted yet."""


class Redactor:
    """Takes a login's secrets out of text: a server may echo what it was sent."""

    def __init__(self, credentials: Credentials | None) -> None:
        password = credentials.password if credentials else ""
        # A short password must not black out parts of ordinary words.
        self._short = password if len(password) < _SHORTEST_PLAIN else ""
        self._forms = _forms(credentials, password) if credentials else ()

    def clean(self, text: str) -> str:
        """The text with every form of the password replaced, also one that is cut short by an ellipsis."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, _HIDDEN)
        if _ELLIPSIS in text:
            for form in self._forms:
                text = _hide_cut(text, form)
        if self._short and self._short in text:
            text = re.sub(rf"(?<!\w){re.escape(self._short)}(?!\w)", _HIDDEN, text)
        return text


def _hide_cut(text: str, form: str) -> str:
    """The text without the beginnings of a form in front of an ellipsis; those of a character or two say nothing."""
    for length in range(len(form) - 1, _SHORTEST_PART - 1, -1):
        text = text.replace(form[:length] + _ELLIPSIS, _HIDDEN + _ELLIPSIS)
    return text


def _forms(credentials: Credentials, password: str) -> tuple[str, ...]:
    """The password as it may go over the wire: in AUTH PLAIN's message (RFC 4616), Base64, and bare, if not short."""
    plain = f"\0{credentials.username}\0{password}"
    encoded = (base64.b64encode(form.encode()).decode() for form in (plain, password) if form)
    return (*encoded, password) if len(password) >= _SHORTEST_PLAIN else tuple(encoded)


class Transcript:
    """Keeps the first and the last lines of a session; decoding and cleaning wait until somebody reads.

    Args:
        started_at: monotonic seconds of the run's start; lines carry their offset from it.
    """

    def __init__(self, redactor: Redactor, *, started_at: float) -> None:
        self._redactor = redactor
        self._started_at = started_at
        # Each entry has a line at least, so the lines that have to be kept are in as many entries.
        self._head: list[_Entry] = []
        self._tail: deque[_Entry] = deque()
        self._lines_gone = 0

    def add(self, at: float, direction: Direction, lines: Sequence[str]) -> None:
        """Add lines that were said at one moment."""
        for line in lines:
            self._keep((at, direction, line, 1))

    def add_bytes(self, at: float, direction: Direction, data: bytes) -> None:
        """Add what went over the wire, as text; of many lines the first ones and their number."""
        if len(data) > _REPLY_BYTES:
            self._keep((at, direction, data[:_REPLY_BYTES], _count_lines(data)))
        else:
            self._keep((at, direction, data, 0))

    def read(self) -> tuple[tuple[TranscriptLine, ...], int]:
        """The lines that were kept, cleaned, and how many the bound left out, from the middle."""
        lines = [line for entry in (*self._head, *self._tail) for line in self._lines_of(entry)]
        dropped = max(0, len(lines) - _HEAD_LINES - _TAIL_LINES)
        lines[_HEAD_LINES : _HEAD_LINES + dropped] = []
        return tuple(lines), self._lines_gone + dropped

    def _keep(self, entry: _Entry) -> None:
        if len(self._head) < _HEAD_LINES:
            self._head.append(entry)
            return
        if len(self._tail) == _TAIL_LINES:
            _, _, said, count = self._tail.popleft()
            self._lines_gone += min(count or _count_lines(said), _REPLY_LINES + 1)
        self._tail.append(entry)

    def _lines_of(self, entry: _Entry) -> list[TranscriptLine]:
        at, direction, said, count = entry
        offset = timedelta(seconds=max(0.0, at - self._started_at))
        if isinstance(said, str):
            return [TranscriptLine(offset, direction, _printable(self._redactor.clean(said)))]
        text = self._redactor.clean(said.decode("utf-8", "replace")).replace("\r\n", "\n").removesuffix("\n")
        texts = text.split("\n", _REPLY_LINES)
        lines = [TranscriptLine(offset, direction, _printable(text)) for text in texts[:_REPLY_LINES]]
        if count or len(texts) > _REPLY_LINES:
            more = (count or _count_lines(said)) - len(lines)
            lines += [TranscriptLine(offset, direction, f"({more} more lines)")] if more > 0 else []
        return lines


def _count_lines(said: str | bytes) -> int:
    if isinstance(said, str):
        return 1
    return said.count(b"\n") + (not said.endswith(b"\n"))


def _printable(text: str) -> str:
    if text.isprintable() and len(text) <= _LINE_LENGTH:
        return text
    if not text.isprintable():
        text = "".join(character if character.isprintable() else "?" for character in text)
    return text if len(text) <= _LINE_LENGTH else f"{text[:_LINE_LENGTH]}… ({len(text)} characters)"
