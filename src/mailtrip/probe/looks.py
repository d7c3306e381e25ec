"""When to look into the mailbox: densely while delivery is likely, ever more seldom after that."""

from dataclasses import dataclass

from mailtrip.model import MailProtocol

__all__ = ["LAST_LOOK_SECONDS", "LookPlan", "look_plan"]

LAST_LOOK_SECONDS = 3.0
"""What the last look of a run is given, with all that follows from it, where the provider allows few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookPlan:
    """The gaps between looks, in seconds. Beyond the dense time a gap grows with the time waited so far.

    Attributes:
        first: from acceptance to the first look.
        quickest: the gap behind the first look, which doubles the time waited from then on, up to the dense gap: most
            servers need a few milliseconds.
        dense: the gap while delivery is likely.
        dense_for: how long after acceptance that is.
        growth: later gaps, as a share of the time since acceptance: how exactly a late message is timed.
        longest: the longest gap, also while the server is to tell of new mail: such connections die silently.
        minimum: no gap is shorter, where a look is a login: the provider's limit.
        login_gap: from one login to the next, in all that the provider sees; 0 where it may be made at any time.
        push_from: gaps from here on are spent waiting for the server to tell, where it can: Dovecot holds
            its news back for half a second.
        patience: how long one answer of the mailbox is waited for before its session is made anew: a connection may
            be dead without a sign.
        looks_again: whether one more look after the deletion searches for a second copy.
        wide_from: how long after acceptance other folders than the inbox are looked into too; None for never.
        deferral: the first gap before the message is offered again to a server that put it off; later ones double.
    """

    first: float
    quickest: float
    dense: float
    dense_for: float
    growth: float
    longest: float
    minimum: float = 0.0
    login_gap: float = 0.0
    push_from: float = 1.0
    patience: float = 30.0
    looks_again: bool = False
    wide_from: float | None = None
    deferral: float = 10.0

    def gap(self, waited: float, remaining: float) -> float:
        """Seconds until the next look.

        Towards the deadline the remaining time is halved again and again: a message that comes late in the run is not
        missed because the next look would have been after it. Where the provider's limit leaves room for one more look
        only, that is made shortly before the deadline: what was not looked for can't be called missing.

        Args:
            waited: since acceptance.
            remaining: until the deadline; the gap may be longer: no further look then.
        """
        dense = min(self.dense, max(self.quickest, waited))
        planned = dense if waited < self.dense_for else max(dense, waited * self.growth)
        return self._sparing(max(min(planned, self.longest, remaining / 2), dense, self.minimum), remaining)

    def first_gap(self, remaining: float) -> float:
        """Seconds from acceptance to the first look; `remaining` as for `gap`."""
        return self._sparing(max(self.first, self.minimum), remaining)

    def _sparing(self, gap: float, remaining: float) -> float:
        last = remaining - LAST_LOOK_SECONDS
        return last if gap <= last < gap + self.minimum else gap

    def is_wide(self, waited: float, since_wide: float | None) -> bool:
        """Whether the next look goes into all folders.

        Args:
            waited: since acceptance.
            since_wide: since the last look that did; None when there was none.
        """
        if self.wide_from is None or waited < self.wide_from:
            return False
        return since_wide is None or since_wide >= max(1.0, waited * self.growth)

    def deferral_gap(self, deferrals: int) -> float:
        """Seconds until the message is offered again, after so many deferrals: an MTA's patience, on a run's scale."""
        return min(self.deferral * (1 << min(deferrals - 1, 6)), 60.0)

    def retry_gap(self, failures: int) -> float:
        """Seconds until the mailbox is tried again after this many failures in a row."""
        return max(min(0.25 * (1 << min(failures - 1, 6)), 10.0), self.minimum)


def look_plan(protocol: MailProtocol, *, login_gap: float = 0.0) -> LookPlan:
    """The plan for a mailbox protocol: an IMAP look is one command, a POP3 look a login.

    Args:
        protocol: POP3 or IMAP.
        login_gap: seconds that the provider wants between two logins.
    """
    if protocol is MailProtocol.POP3:
        return LookPlan(
            first=0.1,
            quickest=0.25,
            dense=0.25,
            dense_for=1.0,
            growth=0.2,
            longest=max(10.0, 3 * login_gap),
            minimum=login_gap,
            login_gap=login_gap,
        )
    return LookPlan(
        first=0.0,
        quickest=0.01,
        dense=0.1,
        dense_for=3.0,
        growth=0.1,
        longest=20.0,
        login_gap=login_gap,
        looks_again=True,
        wide_from=1.5,
    )
