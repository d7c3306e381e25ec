"""Where a monitor's plan and its providers' limits don't go together, as a pure function. Nothing here forbids a plan."""

from collections.abc import Iterator
from datetime import timedelta

from mailtrip.model import MailProtocol, MonitorSettings, MonitorType, Providers

__all__ = ["plan_warnings"]

_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)


def plan_warnings(settings: MonitorSettings, providers: Providers) -> tuple[str, ...]:
    """What the monitor's providers don't allow of its plan, each with the remedy; empty where all is well.

    Only this one monitor is looked at: others may use the same sender or the same mailbox.
    """
    return (*_too_many_messages(settings, providers), *_too_many_logins(settings, providers))


def _too_many_messages(settings: MonitorSettings, providers: Providers) -> Iterator[str]:
    if not settings.sends_message:
        return
    provider = providers.of(settings.smtp.host)
    most, planned = provider.messages_per_hour, _HOUR / settings.interval
    if most is not None and planned > most:
        minutes = -(-_HOUR // (most * _MINUTE))
        yield (
            f"{provider.name} takes {most} messages an hour from one sender, and this monitor is to send {planned:.4g}: "
            f"the others are skipped; set an interval of {minutes} min or more"
        )


def _too_many_logins(settings: MonitorSettings, providers: Providers) -> Iterator[str]:
    if settings.type is MonitorType.SMTP:
        return
    provider = providers.of(settings.mailbox.host)
    gap, timeout = provider.login_gap, settings.run_timeout
    if settings.sends_message and settings.mailbox_protocol is MailProtocol.POP3 and gap >= timeout:
        yield (
            f"{provider.name} wants {gap.total_seconds():g} s between two logins, and a run over POP3 needs two within its "
            f"timeout of {timeout.total_seconds():g} s: none can be made; set a longer timeout, or use IMAP"
        )
    elif gap > settings.interval:
        yield (
            f"{provider.name} wants {gap.total_seconds():g} s between two logins, and the monitor's interval is shorter; "
            "set a longer interval"
        )
