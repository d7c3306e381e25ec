"""How full the mailbox is, and whether that is why a message never came."""

from collections.abc import Sequence
from dataclasses import replace

from mailtrip.model import SessionRecord, StatusCode, Verdict
from mailtrip.probe.moves import Conclusion

__all__ = ["FULL", "blame_quota", "quota_of"]

FULL = 100
"""Per cent."""


def quota_of(records: Sequence[SessionRecord]) -> int | None:
    """How full the mailbox is, in per cent of what its owner may keep; None where no session was told."""
    told = [record.quota_percent for record in records if record.quota_percent is not None]
    return max(told, default=None)


def blame_quota(conclusion: Conclusion, percent: int | None) -> Conclusion:
    """A message that was accepted and never came has that status where its mailbox had no room left for any message."""
    if conclusion.verdict is Verdict.MISSING and percent is not None and percent >= FULL:
        return replace(conclusion, status=StatusCode.MAILBOX_QUOTA)
    return conclusion
