"""Which scope of an API token an operation needs, by its tag; what is not named here takes a token without scopes."""

from typing import Final

from mailtrip.model import Scope

__all__ = ["scope_of"]

_MONITORS: Final = (Scope.MONITORS_READ, Scope.MONITORS_WRITE)
_RECIPIENTS: Final = (Scope.RECIPIENTS_READ, Scope.RECIPIENTS_WRITE)
_BY_TAG: Final = {
    "monitors": _MONITORS,
    "blackouts": _MONITORS,
    "locations": _MONITORS,
    "service levels": _MONITORS,
    "reports": _MONITORS,
    "runs": _MONITORS,
    "alerts": _MONITORS,
    "status page": _MONITORS,
    "recipients": _RECIPIENTS,
    "recipient groups": _RECIPIENTS,
}
"""To read, and to change."""
_TESTS: Final = frozenset({"start_test", "run_monitor", "test_recipient"})
"""Names of the operations that start a test."""


def scope_of(name: str, tag: str | None, method: str) -> Scope | None:
    """The scope that an operation needs.

    Args:
        name: of the operation.
        tag: of the operation; None where it has none.
        method: of HTTP.

    Returns:
        None where no scope is enough.
    """
    if name in _TESTS:
        return Scope.RUNS_TEST
    reading, writing = _BY_TAG.get(tag or "", (None, None))
    return reading if method in {"GET", "HEAD"} else writing
