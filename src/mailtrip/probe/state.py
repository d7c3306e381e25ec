"""Where a round trip is, and what is known of it so far."""

from dataclasses import dataclass

from mailtrip.model import Accepted, Bounce, Failure, MessageRef
from mailtrip.probe.compare import Comparison
from mailtrip.probe.looks import LookPlan
from mailtrip.probe.moves import Action, Looked, Seen

__all__ = ["State"]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where a trip is: the action under way, and what is known so far.

    Attributes:
        deadline: of the whole trip.
        warning_time: seconds from acceptance to sighting that are too slow; None for never.
        since: when `action` was decided on.
        sent_at: when the message was accepted or, unheard, may have been.
        unanswered: why the acceptance was not heard.
        unseen_at: when the last look that did not show the message was asked.
        seen: the first look that showed it.
        found: all messages with the trip's token so far.
        trouble: how the mailbox failed last; None when it has been opened for the first time, or has answered a look
            or fetch since.
        failures: how often in a row it has.
        looked_again: whether the look after the deletion has begun.
        spam: those copies that are in a spam folder.
        wide_at: when all folders were looked into last.
        read: messages about the trip's message that were read.
        bounce: the report that the message's delivery has failed.
        deferral: why the SMTP server put us off last.
        deferred_at: when it did so first.
        deferrals: how often it did.
        resumes: the message may have been sent by an earlier process: it is looked for, and never sent.
    """

    deadline: float
    warning_time: float | None
    looks: LookPlan
    action: Action
    since: float
    can_push: bool = False
    sent_at: float | None = None
    accepted: Accepted | None = None
    unanswered: Failure | None = None
    unseen_at: float | None = None
    seen: Looked | None = None
    found: tuple[Seen, ...] = ()
    trouble: Failure | None = None
    failures: int = 0
    comparison: Comparison | None = None
    looked_again: bool = False
    spam: frozenset[MessageRef] = frozenset()
    wide_at: float | None = None
    read: tuple[MessageRef, ...] = ()
    bounce: Bounce | None = None
    deferral: Failure | None = None
    deferred_at: float | None = None
    deferrals: int = 0
    resumes: bool = False

    @property
    def copies(self) -> tuple[MessageRef, ...]:
        """The messages in `found`."""
        return tuple(seen.ref for seen in self.found)
