"""How runs are put into words on a terminal: steps, durations, verdicts."""

from datetime import timedelta

from mailtrip.model import Result, Severity, Step

__all__ = ["SEVERITY_COLOURS", "STEP_NAMES", "format_duration", "verdict_line"]

STEP_NAMES = {
    Step.MAILBOX_RESOLVE: "Mailbox: look up the name",
    Step.MAILBOX_CONNECT: "Mailbox: connect",
    Step.MAILBOX_TLS: "Mailbox: TLS",
    Step.MAILBOX_GREETING: "Mailbox: greeting",
    Step.MAILBOX_LOGIN: "Mailbox: log in",
    Step.MAILBOX_OPEN: "Mailbox: note what is there",
    Step.RESOLVE: "SMTP: look up the name",
    Step.CONNECT: "SMTP: connect",
    Step.TLS: "SMTP: TLS",
    Step.GREETING: "SMTP: greeting",
    Step.LOGIN: "SMTP: log in",
    Step.SUBMIT: "SMTP: submit the message",
    Step.WAIT: "Wait for the message",
    Step.LOOK: "Mailbox: see the message",
    Step.FETCH: "Mailbox: fetch and compare",
    Step.DELETE: "Mailbox: delete it",
}

SEVERITY_COLOURS = {
    Severity.OK: "green",
    Severity.WARNING: "yellow",
    Severity.ERROR: "red",
    Severity.UNKNOWN: "magenta",
}


def format_duration(duration: timedelta) -> str:
    """A duration in the unit that people would choose: `0.4 ms`, `12 ms`, `3.21 s`, `2 min 05 s`."""
    seconds = duration.total_seconds()
    if seconds < 0.0095:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 99.995:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s"


def verdict_line(result: Result) -> str:
    """One line: the severity in capitals, what became of the message, how long the whole trip took."""
    return f"{result.status.severity.upper()}: {result.summary} ({format_duration(result.duration)})"
