"""The words between the round trip's decisions and the loop that acts on them: what to do, and what happened."""

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from mailtrip.model import Accepted, Failure, MessageRef, Sighting, StatusCode, Step, Verdict
from mailtrip.probe.compare import Comparison

__all__ = [
    "Action",
    "Conclusion",
    "ConnectSender",
    "Delete",
    "Done",
    "Event",
    "Failed",
    "Fetch",
    "Fetched",
    "Finish",
    "LookNow",
    "Looked",
    "OpenMailbox",
    "Opened",
    "Pause",
    "Submit",
    "Submitted",
    "Task",
    "TimeUp",
    "Watch",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """How the trip ended.

    Attributes:
        step: where it ended badly; None when all went well.
        failure: what the verdict rests on, where it rests on a failure.
        accepted: the SMTP server's acceptance; None when it was not heard.
        sighting: when the message became visible; None when it was not seen or its acceptance was not heard.
        copies: how many were found.
        comparison: of the first copy; None when it was not fetched.
        not_deleted: why the deletion failed.
    """

    verdict: Verdict
    status: StatusCode
    step: Step | None = None
    failure: Failure | None = None
    accepted: Accepted | None = None
    sighting: Sighting | None = None
    copies: int = 0
    comparison: Comparison | None = None
    not_deleted: Failure | None = None


# -- What to do next ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenMailbox:
    """Open it, or open it again after a failure."""

    step: ClassVar[Step] = Step.MAILBOX_OPEN


@dataclass(frozen=True, slots=True)
class ConnectSender:
    """Up to and with the login."""

    step: ClassVar[Step] = Step.CONNECT


@dataclass(frozen=True, slots=True)
class Submit:
    """Asked for once at most."""

    step: ClassVar[Step] = Step.SUBMIT


@dataclass(frozen=True, slots=True)
class LookNow:
    """Look for messages with the trip's token."""

    step: ClassVar[Step] = Step.LOOK


@dataclass(frozen=True, slots=True)
class Pause:
    """Do nothing for a while."""

    step: ClassVar[Step] = Step.WAIT
    seconds: float


@dataclass(frozen=True, slots=True)
class Watch:
    """Wait until the mailbox server tells of something new, at most `seconds`."""

    step: ClassVar[Step] = Step.WAIT
    seconds: float


@dataclass(frozen=True, slots=True)
class Fetch:
    """Fetch a message that was recognised, and compare it."""

    step: ClassVar[Step] = Step.FETCH
    ref: MessageRef


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete messages that were recognised."""

    step: ClassVar[Step] = Step.DELETE
    refs: tuple[MessageRef, ...]


@dataclass(frozen=True, slots=True)
class Finish:
    """The last action."""

    conclusion: Conclusion


Task: TypeAlias = OpenMailbox | ConnectSender | Submit | LookNow | Pause | Watch | Fetch | Delete
"""Something to be done; `step` is where the trip is meanwhile."""
Action: TypeAlias = Task | Finish


# -- What happened ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opened:
    """The mailbox is open; `can_push` tells whether it can be watched."""

    can_push: bool


@dataclass(frozen=True, slots=True)
class Submitted:
    accepted: Accepted


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A look was answered; `own` are the messages with the trip's token, and no others."""

    asked_at: float
    answered_at: float
    own: tuple[MessageRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Fetched:
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class Done:
    """The action succeeded, and there is nothing more to tell: ConnectSender, Pause, Watch, Delete."""


@dataclass(frozen=True, slots=True)
class Failed:
    failure: Failure


@dataclass(frozen=True, slots=True)
class TimeUp:
    """The deadline passed while the action was under way, and its outcome is not known."""


Event: TypeAlias = Opened | Submitted | Looked | Fetched | Done | Failed | TimeUp
