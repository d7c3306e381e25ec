"""What an error is put down to, so that monitors that fail for one reason make one alert. Pure."""

from mailtrip.model import AlertKind, MonitorSettings, StatusCode, Step

__all__ = ["SMTP_STEPS", "cause_of"]

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
    if not settings.sends_message:
        servers = settings.smtp_server or settings.mailbox_server
    elif step in SMTP_STEPS:
        servers = settings.smtp_server
    elif step is None or step is Step.WAIT:
        servers = f"{settings.smtp_server} {settings.mailbox_server}"
    else:
        servers = settings.mailbox_server
    words = "over" if kind.ends_error else "error"
    return f"{words} {int(status)} {servers}".lower()[:_LONGEST]
