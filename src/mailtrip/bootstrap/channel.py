"""What the two processes of the service tell each other: messages over a pair of sockets."""

import asyncio
import pickle
import socket
import struct
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from mailtrip.config import Settings
from mailtrip.model import Run
from mailtrip.service.endings import Conclusion
from mailtrip.service.health import Health
from mailtrip.service.jobs import RunJob
from mailtrip.service.live_runs import LiveSteps

__all__ = [
    "Answer",
    "Asked",
    "Begin",
    "Channel",
    "Message",
    "Question",
    "Ready",
    "ReloadTLS",
    "RunOrdered",
    "Stop",
    "Told",
    "TrialEnded",
    "TrialOrdered",
]

_LENGTH: Final = struct.Struct("!I")


Answer = Health | LiveSteps


class Question(Enum):
    """What the front asks: how is the engine, and which steps of a test are made so far?"""

    HEALTH = auto()
    STEPS = auto()


@dataclass(frozen=True, slots=True)
class Begin:
    """To the front, first of all."""

    settings: Settings = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReloadTLS:
    """To the front: read certificate and key anew."""


@dataclass(frozen=True, slots=True)
class Stop:
    """To the front: finish the requests under way, and end."""


@dataclass(frozen=True, slots=True)
class Told:
    """To the front: the answer to the question with this number."""

    number: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class Ready:
    """From the front: it takes requests."""


@dataclass(frozen=True, slots=True)
class RunOrdered:
    """From the front: a test run to be made, which is stored as running."""

    run: Run


@dataclass(frozen=True, slots=True)
class TrialOrdered:
    """From the front: a run of a monitor that is not stored, to be made and not recorded; it holds passwords."""

    job: RunJob = field(repr=False)


@dataclass(frozen=True, slots=True)
class TrialEnded:
    """To the front: how such a run ended."""

    conclusion: Conclusion


@dataclass(frozen=True, slots=True)
class Asked:
    """From the front: a question, about this run where it is about one."""

    number: int
    question: Question
    run_id: int


Message = Begin | ReloadTLS | Stop | Told | TrialEnded | Ready | RunOrdered | TrialOrdered | Asked


class Channel:
    """One end of the pair.

    Messages are pickled, which is safe here: both ends are this program, and nobody else has an end.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take the streams of an end; `open` is what callers want."""
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, end: socket.socket) -> "Channel":
        """Take over an end of `socket.socketpair()`."""
        return cls(*await asyncio.open_connection(sock=end))

    def send(self, message: Message) -> None:
        """Send without waiting; nothing happens when the other end is gone."""
        content = pickle.dumps(message)
        self._writer.write(_LENGTH.pack(len(content)) + content)

    async def receive(self) -> Message | None:
        """The next message; None when the other end is gone."""
        try:
            (length,) = _LENGTH.unpack(await self._reader.readexactly(_LENGTH.size))
            content = await self._reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        message: Message = pickle.loads(content)  # noqa: S301 (see the class)
        return message

    def close(self) -> None:
        self._writer.close()
