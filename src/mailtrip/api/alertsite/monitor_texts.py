"""Monitors as lists wrote them before, taken again where nothing that they show has changed."""

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import NamedTuple

__all__ = ["Key", "Mark", "MonitorTexts"]

_MOST_BYTES = 32 * 1024 * 1024
_BYTES_BESIDE = 1000
"""About what is kept with a text: its key and mark, and the places of all three."""


class Key(NamedTuple):
    """Which monitor is shown, and how.

    Attributes:
        select: the names of the fields in order, with commas; None is all of them.
    """

    monitor_id: int
    may_edit: bool
    select: str | None


class Mark(NamedTuple):
    """What a monitor's text is made of: texts of one key are the same where their marks are.

    Attributes:
        revision: stands for the monitor's settings and blackouts.
        runs: stands for its newest runs.
        locations: stands for the names of its locations.
    """

    revision: int
    runs: Hashable
    locations: bytes


@dataclass(frozen=True, slots=True)
class _Text:
    mark: Mark
    content: bytes

    @property
    def size(self) -> int:
        return len(self.content) + _BYTES_BESIDE


class MonitorTexts:
    """What was written last under each key, the longest unused forgotten first. Safe in any thread.

    It takes 32 MiB at most: enough for some 9,000 monitors with a CA of their own, for 12,000 without.
    """

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._texts: OrderedDict[Key, _Text] = OrderedDict()
        self._lock = Lock()

    def find(self, marks: Mapping[Key, Mark]) -> dict[Key, bytes | None]:
        """For each key what was kept with just this mark, in their order; None where nothing was."""
        found: dict[Key, bytes | None] = {}
        with self._lock:
            for key, mark in marks.items():
                text = self._texts.get(key)
                if text is not None and text.mark == mark:
                    self._texts.move_to_end(key)
                    found[key] = text.content
                else:
                    found[key] = None
        return found

    def keep(self, key: Key, mark: Mark, content: bytes) -> None:
        """Keep a text under a key in place of the one that was there."""
        text = _Text(mark, content)
        with self._lock:
            before = self._texts.pop(key, None)
            self._bytes += text.size - (before.size if before else 0)
            self._texts[key] = text
            while self._bytes > self._most_bytes:
                self._bytes -= self._texts.popitem(last=False)[1].size
