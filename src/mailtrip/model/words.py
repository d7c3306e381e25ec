"""How values are put into words for people, on a terminal and on a page alike."""

from datetime import timedelta

from mailtrip.model.run import Step

__all__ = ["STEP_NAMES", "count_of", "format_duration", "format_period", "percent"]

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


def format_duration(duration: timedelta) -> str:
    """A duration in the unit that people would choose: `0.4 ms`, `12 ms`, `3.21 s`, `2 min 05 s`, `3 h 12 min`, `2 d 4 h`."""
    seconds = duration.total_seconds()
    if seconds < 0.0095:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 99.995:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours < 48:
        return f"{hours} h {minutes:02} min"
    days, hours = divmod(round(seconds / 3600), 24)
    return f"{days} d {hours} h"


def format_period(period: timedelta) -> str:
    """A duration that somebody has set, whole: `2.5 s`, `50 s`, `1 min`, `90 min`, `2 h`."""
    seconds = period.total_seconds()
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"


def percent(share: float | None) -> str:
    """A share of 0..1 with one digit, rounded down, so that 100 % is said of nothing less."""
    if share is None:
        return "no data"
    tenths = int(share * 1000 + 1e-9)
    return "100 %" if tenths == 1000 else f"{tenths / 10:.1f} %"


def count_of(number: int, thing: str) -> str:
    """`1 monitor`, `2 monitors`."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"
