"""How runs are put into words on a terminal."""

from mailtrip.model import Result, Severity
from mailtrip.model.words import format_duration

__all__ = ["SEVERITY_COLOURS", "verdict_line"]

SEVERITY_COLOURS = {
    Severity.OK: "green",
    Severity.WARNING: "yellow",
    Severity.ERROR: "red",
    Severity.UNKNOWN: "magenta",
}


def verdict_line(result: Result) -> str:
    """One line: the severity in capitals, what became of the message, how long the whole trip took."""
    return f"{result.status.severity.upper()}: {result.summary} ({format_duration(result.duration)})"
