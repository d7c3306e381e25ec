"""How many files and sockets the process may have open."""

import resource

import structlog

from mailtrip.config import Settings

__all__ = ["files_needed", "raise_file_limit"]

_log = structlog.get_logger(__name__)

_SESSIONS_PER_RUN = 2
_BESIDE = 100
"""Database, log, listening socket, certificate, libraries."""


def files_needed(settings: Settings) -> int:
    """How many are open when connections and runs are at their bounds."""
    return settings.max_connections + _SESSIONS_PER_RUN * settings.max_runs + _BESIDE


def raise_file_limit(needed: int) -> None:
    """Raise the soft limit, which is low for the sake of programs that use `select`, as far as the hard one allows.

    Else clients of the API that hold connections open would take the sockets from the runs. What is still too low is
    warned of.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard != resource.RLIM_INFINITY and hard < needed:
        _log.warning(
            "the process may have too few files open for its settings",
            limit=hard,
            needed=needed,
            remedy="raise it (LimitNOFILE= of systemd, ulimit -Hn), or lower max_runs or max_connections",
        )
