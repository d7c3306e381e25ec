"""How exact the times of a result are, against a server that answers each time after the same delay."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

from figures import percentile
from mailtrip.model import Direction, SessionRecord

__all__ = ["Samples"]

_SUBMIT_REPLIES = 4  # MAIL, RCPT, DATA, the message
_HELD_SECONDS = 1.0  # a reply that takes longer was held back on purpose


class Samples:
    """Errors in seconds: measured less expected.

    Args:
        reply_delay: what the server waits before each reply, seconds.
    """

    def __init__(self, reply_delay: float) -> None:
        self._delay = reply_delay
        self._replies: list[float] = []
        self._submits: list[float] = []
        self._in_flight = 0
        self._most_in_flight = 0

    def add(self, sessions: Sequence[SessionRecord], submit_seconds: float) -> None:
        """Take the times of one good trip: each reply as the transcripts have it, and the submit step."""
        for session in sessions:
            lines = [(line.at.total_seconds(), line.direction) for line in session.transcript]
            self._replies += [taken - self._delay for taken in _reply_times(lines) if taken < _HELD_SECONDS]
        self._submits.append(submit_seconds - _SUBMIT_REPLIES * self._delay)

    @contextmanager
    def in_flight(self) -> Iterator[None]:
        """Count a trip as long as the block runs."""
        self._in_flight += 1
        self._most_in_flight = max(self._most_in_flight, self._in_flight)
        yield
        self._in_flight -= 1

    def report(self) -> dict[str, float]:
        report: dict[str, float] = {"replies": len(self._replies), "trips": len(self._submits)}
        for name, samples in (("reply", self._replies), ("submit", self._submits)):
            for share in (0.5, 0.99, 1.0):
                report[f"{name}_{share}"] = percentile(samples, share)
        report["in_flight"] = self._most_in_flight
        return report


def _reply_times(lines: list[tuple[float, Direction]]) -> Iterator[float]:
    """From the last line of what was sent to the first line of its reply."""
    for (sent_at, sent), (received_at, received) in pairwise(lines):
        if sent is Direction.SENT and received is Direction.RECEIVED:
            yield received_at - sent_at
