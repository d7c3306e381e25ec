"""What an error is put down to, so that monitors that fail for one reason make one alert. Pure."""

from mailtrip.model import AlertKind, MonitorSettings, StatusCode, Step

__all__ = ["SMTP_STEPS", "blamed_servers", "cause_of"]

_LONGEST = 300
SMTP_STEPS = frozenset(
    {
        Step.RESOLVE,
        Step.CONNECT,
        Step.TLS,
        Step.GREETING,
        Step.LOGIN,
        Step.SUBMIT,
    }
)


def cause_of(status: StatusCode, step: Step | None, settings: MonitorSettings, *, kind: AlertKind) -> str:
    """Two errors have the same text where they are likely to have the same cause.

    That is the server at whose step it happened, with the status; for a message that got lost between the two servers it is
    both. Ends of errors are kept apart from errors.

    Args:
        status: of the run.
        step: where it ended badly.
        settings: of the monitor.
        kind: of the alert.
    """
    servers = " ".join(blamed_servers(step, settings))
    words = "over" if kind.ends_error else "error"
    return f"{words} {int(status)} {servers}".lower()[:_LONGEST]


def blamed_servers(step: Step | None, settings: MonitorSettings) -> tuple[str, ...]:
    """The servers that an error at a step is put down to, as the monitor's settings write them."""
    if not settings.sends_message:
        return (settings.smtp_server or settings.mailbox_server,)
    if step in SMTP_STEPS:
        return (settings.smtp_server,)
    if step is None or step is Step.WAIT:
        return (settings.smtp_server, settings.mailbox_server)
    return (settings.mailbox_server,)
