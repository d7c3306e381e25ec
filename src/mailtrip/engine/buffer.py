"""Where conclusions of runs wait for the database: bounded, and honest about what had to go."""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from mailtrip.engine.ports import Conclusion
from mailtrip.model import Result, RunState, Severity

__all__ = ["ConclusionBuffer"]

_DROPPED = "its result was dropped: the database was away for too long, and there was no more room to keep it"


class ConclusionBuffer:
    """First in, first out, with two bounds.

    When there are more than `lines` lines of transcripts, the transcripts of the oldest good results go, then those of
    the oldest bad ones. When there are more than `capacity` conclusions, the oldest result goes: its run is kept as
    not measured, as long as there is room for `capacity` of these.

    Attributes:
        dropped: how many results are lost since the start.
        stripped: how many results lost their transcripts since the start.
    """

    def __init__(self, *, capacity: int, lines: int) -> None:
        self._capacity = capacity
        self._most_lines = lines
        self._waiting: deque[Conclusion] = deque()
        self._shells: deque[Conclusion] = deque(maxlen=capacity)
        self._lines = 0
        self.dropped = 0
        self.stripped = 0

    def __len__(self) -> int:
        return len(self._shells) + len(self._waiting)

    def add(self, conclusion: Conclusion) -> None:
        self._waiting.append(conclusion)
        self._lines += _lines(conclusion.result)
        self._make_room()

    def take(self, limit: int) -> list[Conclusion]:
        """The oldest ones, at most `limit`; they are no longer in the buffer."""
        taken = [self._shells.popleft() for _ in range(min(limit, len(self._shells)))]
        taken += [self._waiting.popleft() for _ in range(min(limit - len(taken), len(self._waiting)))]
        self._lines -= sum(_lines(conclusion.result) for conclusion in taken)
        return taken

    def put_back(self, conclusions: Sequence[Conclusion]) -> None:
        """Give back what was taken and could not be written."""
        self._waiting.extendleft(reversed(conclusions))
        self._lines += sum(_lines(conclusion.result) for conclusion in conclusions)
        self._make_room()

    def _make_room(self) -> None:
        if self._lines > self._most_lines:
            self._strip(is_good=True)
            self._strip(is_good=False)
        while len(self._waiting) > self._capacity:
            self._drop(self._waiting.popleft())

    def _strip(self, *, is_good: bool) -> None:
        """Remove transcripts from the oldest on, a tenth more than needed: the search for them costs time."""
        for index, conclusion in enumerate(self._waiting):
            if self._lines <= self._most_lines * 0.9:
                return
            result = conclusion.result
            if result is not None and _lines(result) and _is_good(result) is is_good:
                self._lines -= _lines(result)
                self._waiting[index] = replace(conclusion, result=_without_transcripts(result))
                self.stripped += 1

    def _drop(self, conclusion: Conclusion) -> None:
        if conclusion.result is not None:
            self._lines -= _lines(conclusion.result)
            self.dropped += 1
            conclusion = replace(conclusion, state=RunState.NOT_MEASURED, result=None, note=_DROPPED)
        self._shells.append(conclusion)


def _is_good(result: Result) -> bool:
    return result.status.severity is Severity.OK


def _lines(result: Result | None) -> int:
    return sum(len(session.transcript) for session in result.sessions) if result else 0


def _without_transcripts(result: Result) -> Result:
    sessions = tuple(
        replace(session, transcript=(), lines_dropped=session.lines_dropped + len(session.transcript))
        for session in result.sessions
    )
    return replace(result, sessions=sessions)
