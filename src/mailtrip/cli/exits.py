"""Exit codes of the command line."""

from mailtrip.model import Severity

__all__ = ["EXIT_FAILURE", "EXIT_INTERRUPTED", "EXIT_UNKNOWN", "EXIT_USAGE", "exit_code"]

EXIT_FAILURE = 1
"""The operator has to correct something: a setting, a file, the database."""
EXIT_UNKNOWN = 3
EXIT_USAGE = 64
"""EX_USAGE of sysexits.h; click's own 2 would be taken for a failing mail path."""
EXIT_INTERRUPTED = 130
"""128 + SIGINT, as shells have it."""

_CODES = {Severity.OK: 0, Severity.WARNING: 1, Severity.ERROR: 2, Severity.UNKNOWN: EXIT_UNKNOWN}


def exit_code(severity: Severity) -> int:
    """What `mailtrip probe` ends with, as monitoring plugins do: 0 ok, 1 warning, 2 error, 3 unknown."""
    return _CODES[severity]
