"""How rollups keep what is more than a number: the log of an hour's runs, and how times are spread.

In the hours of monitors both are little-endian signed words of 32 bits, and can be appended to without being read.
"""

import struct
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

from mailtrip.model import StatusCode, Step
from mailtrip.model.tally import LANE_BITS, Distribution, Outcome, Share, bin_of

__all__ = [
    "Lanes",
    "LogEntry",
    "Spread",
    "add_lanes",
    "add_spread",
    "by_step",
    "decode_log",
    "encode_lanes",
    "encode_log",
    "encode_spread",
    "lanes_of",
    "log_words",
    "spread_of",
    "word_of",
]

_OUTCOMES: Final = tuple(Outcome)
_SECONDS_BITS: Final = 12
_STATUS_SHIFT: Final = 15
_SIGN: Final = 1 << 30
_BIN_BITS: Final = 10
_BINS: Final = 1 << _BIN_BITS
_MOST: Final = 32767
_LANE: Final = LANE_BITS // 8
_HEAD: Final = struct.Struct("<HHH")
_STEPS: Final = (
    Step.MAILBOX_RESOLVE,
    Step.MAILBOX_CONNECT,
    Step.MAILBOX_TLS,
    Step.MAILBOX_GREETING,
    Step.MAILBOX_LOGIN,
    Step.MAILBOX_OPEN,
    Step.RESOLVE,
    Step.CONNECT,
    Step.TLS,
    Step.GREETING,
    Step.LOGIN,
    Step.SUBMIT,
    Step.WAIT,
    Step.LOOK,
    Step.FETCH,
    Step.DELETE,
)
"""Each keeps its place for ever; new ones go to the end, 32 at most."""
_PLACES: Final = {step: place << _BIN_BITS for place, step in enumerate(_STEPS)}

Spread = Counter[int]
"""How many times lie in each bin. Of steps: the bin's number and the step's place above it."""

Lanes = dict[int, int]
"""The same, quick to add up: by the step's place (0 for response times) the lanes of a `Distribution`."""


class LogEntry(NamedTuple):
    """A run in the log of its hour; the status of runs without a result is OK."""

    at: datetime
    outcome: Outcome
    status: StatusCode


def word_of(share: Share) -> int:
    """A run as a word of a log."""
    second = share.slot.minute * 60 + share.slot.second
    outcome = _OUTCOMES.index(share.outcome)
    return second | outcome << _SECONDS_BITS | int(share.status or 0) << _STATUS_SHIFT


def encode_log(words: Mapping[int, int]) -> bytes:
    """Words, and how often each was added or, below zero, taken back."""
    return _pack([word if number > 0 else word | _SIGN for word, number in words.items() for _ in range(abs(number))])


def decode_log(begins_at: datetime, log: bytes) -> list[LogEntry]:
    """The runs of an hour, by time; what was taken back is left out."""
    entries = sorted(_meaning(word) for word in log_words(log).elements())
    return [LogEntry(begins_at + offset, outcome, status) for offset, outcome, status in entries]


@lru_cache(maxsize=16_384)  # the same words come again and again
def _meaning(word: int) -> tuple[timedelta, Outcome, StatusCode]:
    return (
        timedelta(seconds=word & ((1 << _SECONDS_BITS) - 1)),
        _OUTCOMES[word >> _SECONDS_BITS & 7],
        StatusCode(word >> _STATUS_SHIFT),
    )


def log_words(log: bytes) -> Counter[int]:
    """The words of a log, and how often each is in it when all that was taken back is."""
    words = Counter(_unpack(log))
    for word in [word for word in words if word & _SIGN]:
        words[word ^ _SIGN] -= words.pop(word)
    return words


def spread_of(steps: Iterable[tuple[Step, timedelta]]) -> Iterable[int]:
    """The keys of a spread that steps and their times add one to."""
    return (_PLACES[step] | bin_of(time) for step, time in steps)


def encode_spread(spread: Mapping[int, int]) -> bytes:
    """The spread as words, for an hour of a monitor; numbers may be below zero."""
    words = []
    for key, number in sorted(spread.items()):
        rest = number
        while rest:
            part = max(-_MOST, min(_MOST, rest))
            # The key is the nearest multiple of 65,536, whatever the sign of the number.
            words.append((key << 16) + part)
            rest -= part
    return _pack(words)


def add_spread(spread: Spread, content: bytes) -> None:
    """Add what `encode_spread` made, or several such put together."""
    for word in _unpack(content):
        key = word + 32768 >> 16
        spread[key] += word - (key << 16)


def lanes_of(spread: Spread) -> Lanes:
    """The same as lanes."""
    found: dict[int, list[int]] = {}
    for key, number in spread.items():
        found.setdefault(key >> _BIN_BITS, [0] * _BINS)[key & _BINS - 1] += number
    return {place: _number(numbers) for place, numbers in found.items()}


def encode_lanes(lanes: Lanes) -> bytes:
    """Lanes, none of them below zero, for what is read more often than it is written."""
    parts = []
    for place, number in sorted(lanes.items()):
        if number:
            first = ((number & -number).bit_length() - 1) // LANE_BITS
            size = -(-number.bit_length() // LANE_BITS) - first
            parts += [_HEAD.pack(place, first, size), (number >> first * LANE_BITS).to_bytes(size * _LANE, "little")]
    return b"".join(parts)


def add_lanes(lanes: Lanes, content: bytes, sign: int = 1) -> None:
    """Add what `encode_lanes` made; with a sign of -1, take it away."""
    at = 0
    while at < len(content):
        place, first, size = _HEAD.unpack_from(content, at)
        begin = at + _HEAD.size
        at = begin + size * _LANE
        number = int.from_bytes(content[begin:at], "little") << first * LANE_BITS
        lanes[place] = lanes.get(place, 0) + sign * number


def by_step(lanes: Lanes) -> dict[Step, Distribution]:
    """The times of each step that has any, in the order of a good run."""
    found = {_STEPS[place]: Distribution(number) for place, number in lanes.items() if number}
    return {step: found[step] for step in Step if step in found}


def _number(numbers: Sequence[int]) -> int:
    """Numbers, also below zero, as lanes: what is borrowed from the next one is given back when lanes are added up."""
    if min(numbers) >= 0:
        return _lanes(numbers)
    return _lanes([max(number, 0) for number in numbers]) - _lanes([max(-number, 0) for number in numbers])


def _lanes(numbers: Sequence[int]) -> int:
    return int.from_bytes(struct.pack(f"<{len(numbers)}I", *numbers), "little")


def _pack(words: list[int]) -> bytes:
    return struct.pack(f"<{len(words)}i", *words)


def _unpack(content: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(content) // 4}i", content)
