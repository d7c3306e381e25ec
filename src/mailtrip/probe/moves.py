"""The words between the round trip's decisions and the loop that acts on them: what to do, and what happened."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, TypeAlias

from mailtrip.model import Accepted, Bounce, Failure, MessageRef, Sighting, StatusCode, Step, Verdict
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
    "LookBack",
    "LookNow",
    "Looked",
    "OpenMailbox",
    "Opened",
    "Pause",
    "ReadReport",
    "Reported",
    "Seen",
    "Submit",
    "Submitted",
    "Task",
    "TimeUp",
    "Watch",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A message with the trip's token, and when it became visible; times are monotonic seconds.

    Attributes:
        not_before: when the last look into its folder that did not show it was asked; None when there was none.
        not_after: when the first look that showed it was answered.
        deleted_at: when its deletion was confirmed; None when it was not.
    """

    ref: MessageRef
    not_before: float | None
    not_after: float
    deleted_at: float | None = None


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
        left_behind: how many of these could not be deleted.
        found: these messages.
        not_deleted: why the deletion failed.
        folder: where the message was seen.
        deferred_for: from the first time that the server put the message off until it took it.
        bounce: what came back in the message's place.
    """

    verdict: Verdict
    status: StatusCode
    step: Step | None = None
    failure: Failure | None = None
    accepted: Accepted | None = None
    sighting: Sighting | None = None
    copies: int = 0
    comparison: Comparison | None = None
    left_behind: int = 0
    found: tuple[Seen, ...] = ()
    not_deleted: Failure | None = None
    folder: str | None = None
    deferred_for: timedelta | None = None
    bounce: Bounce | None = None


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
    """Asked for again only where the server has put the message off: nobody has it then."""

    step: ClassVar[Step] = Step.SUBMIT


@dataclass(frozen=True, slots=True)
class LookNow:
    """Look for messages with the trip's token; `everywhere` means not only in the inbox."""

    step: ClassVar[Step] = Step.LOOK
    everywhere: bool = False


@dataclass(frozen=True, slots=True)
class LookBack:
    """Look for messages with the trip's token among the last ones of the mailbox, new or old."""

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
class ReadReport:
    """Fetch a message that quotes the trip's token, and see whether it is a report of its failure."""

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


Task: TypeAlias = (
    OpenMailbox | ConnectSender | Submit | LookNow | LookBack | Pause | Watch | Fetch | ReadReport | Delete
)
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
    """A look was answered.

    Attributes:
        own: the messages with the trip's token, and no others.
        spam: those of them that are in a spam folder.
        about: messages that quote the trip's token without being the trip's message: reports, replies.
    """

    asked_at: float
    answered_at: float
    own: tuple[MessageRef, ...] = ()
    spam: frozenset[MessageRef] = frozenset()
    about: tuple[MessageRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Fetched:
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class Reported:
    """A message that quotes the token was read; `bounce` is None when it is no report of ours."""

    bounce: Bounce | None


@dataclass(frozen=True, slots=True)
class Done:
    """The action succeeded, and there is nothing more to tell: ConnectSender, Pause, Watch, Delete."""


@dataclass(frozen=True, slots=True)
class Failed:
    failure: Failure


@dataclass(frozen=True, slots=True)
class TimeUp:
    """The deadline passed while the action was under way, and its outcome is not known."""


Event: TypeAlias = Opened | Submitted | Looked | Fetched | Reported | Done | Failed | TimeUp
