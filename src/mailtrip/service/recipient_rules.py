"""The rules between and within the fields of a recipient (alertsite-v3.md, 4.2), as a pure function."""

from collections.abc import Callable, Iterator

from mailtrip.alerts.performance import LONGEST_WINDOW
from mailtrip.alerts.sample import sample_values
from mailtrip.alerts.signature import NO_KEY, signing_key
from mailtrip.alerts.template import LONGEST_SUBJECT, LONGEST_TEXT, template_fault
from mailtrip.errors import Fault
from mailtrip.model import AlertMethod, ContactKind, RecipientSettings, SecretKind
from mailtrip.schedule.quiet_hours import zone_of
from mailtrip.service.contacts import contact_fault
from mailtrip.service.text_rules import line_fault, note_fault, password_fault

__all__ = ["check", "secret_fault", "template_faults"]

_WIDEST = 60
_MOST_MESSAGES = 1000
_LONGEST_TEMPLATE = {"subject_template": LONGEST_SUBJECT, "text_template": LONGEST_TEXT}
_RANGES = {
    "performance_alert_type": (0, 999),
    "performance_percentile": (50, 99),
    "performance_window": (3, LONGEST_WINDOW),
    "start_threshold": (1, 1000),
    "stop_threshold": (1, 1000),
}


def check(settings: RecipientSettings, *, has_password: bool) -> tuple[Fault, ...]:
    """Everything that is wrong with the settings; empty when nothing is.

    `Fault.field` is the name of a field of `RecipientSettings`, or `password`.
    """
    faults = [fault for rule in _RULES for fault in rule(settings)]
    kind = settings.method.secret
    if has_password and kind is None:
        faults.append(Fault("password", f'"{settings.method.text}" has no login; leave it out'))
    elif has_password and kind is SecretKind.LOGIN and settings.username is None:
        faults.append(Fault("username", "is required with a password; give both or none"))
    elif kind in {SecretKind.SIGNING, SecretKind.APPRISE} and not has_password:
        faults.append(Fault("password", f'is required by "{settings.method.text}"'))
    return tuple(faults)


def secret_fault(settings: RecipientSettings, text: str) -> str | None:
    """What is wrong with the password of such a recipient; the text has nothing of it."""
    fault = password_fault(text)
    if fault is not None:
        return fault
    match settings.method.secret:
        case SecretKind.SIGNING:
            return _signing_fault(text)
        case SecretKind.APPRISE:
            begins = text.startswith(f"{settings.address}://") and text != f"{settings.address}://"
            return None if begins else "is no Apprise URL of this service; write it from its service:// on"
        case _:
            return None


def _signing_fault(text: str) -> str | None:
    try:
        signing_key(text)
    except ValueError:
        return NO_KEY
    return None


def template_faults(field: str, source: str | None) -> Iterator[Fault]:
    """What is wrong with a template of alerts, with its line.

    Args:
        field: `subject_template` or `text_template`.
        source: the template; None for none.
    """
    if source is None:
        return
    most = _LONGEST_TEMPLATE[field]
    if len(source) > most:
        yield Fault(field, f"has {len(source)} characters; at most {most} are taken")
    elif (fault := note_fault(source) or template_fault(source, sample_values())) is not None:
        yield Fault(field, fault)


def _name(settings: RecipientSettings) -> Iterator[Fault]:
    if settings.name is not None and (fault := line_fault(settings.name, most=255)) is not None:
        yield Fault("name", fault)


def _method(settings: RecipientSettings) -> Iterator[Fault]:
    if settings.method is AlertMethod.PAGERDUTY:
        yield Fault("method", "PagerDuty recipients can't be made through this API; use another method")


def _address(settings: RecipientSettings) -> Iterator[Fault]:
    fault = contact_fault(settings.method, settings.address)
    if fault is not None:
        yield Fault("address", fault)


def _username(settings: RecipientSettings) -> Iterator[Fault]:
    if settings.username is None:
        return
    if settings.method.secret is not SecretKind.LOGIN:
        yield Fault("username", f'"{settings.method.text}" has no login; leave it out')
    elif ":" in settings.username:
        # RFC 7617, 2: the first colon ends the user name.
        yield Fault("username", "has a colon in it, which Basic authentication can't carry; give it without")
    elif (fault := line_fault(settings.username, most=255)) is not None:
        yield Fault("username", fault)


def _numbers(settings: RecipientSettings) -> Iterator[Fault]:
    for name, (low, high) in _RANGES.items():
        number = getattr(settings, name)
        if not low <= number <= high:
            yield Fault(name, f"{number} is out of range; use {low} to {high}")


def _window(settings: RecipientSettings) -> Iterator[Fault]:
    window = settings.error_window
    if window is None:
        return
    if not 2 <= window <= _WIDEST:
        yield Fault("error_window", f"{window} is out of range; use 2 to {_WIDEST}, or null for errors in a row")
    elif window < settings.start_threshold:
        yield Fault(
            "error_window", f"{window} runs can't have {settings.start_threshold} errors (start_threshold) among them"
        )


def _templates(settings: RecipientSettings) -> Iterator[Fault]:
    yield from template_faults("subject_template", settings.subject_template)
    yield from template_faults("text_template", settings.text_template)


def _quiet_hours(settings: RecipientSettings) -> Iterator[Fault]:
    for position, window in enumerate(settings.quiet_hours):
        if window.start == window.end:
            yield Fault("quiet_hours", f"item {position} ends at the time it starts at; end it at another")
    if zone_of(settings.time_zone) is None:
        yield Fault("time_zone", f'"{settings.time_zone[:64]}" is no time zone; write an IANA name like Europe/Berlin')


def _daily_limit(settings: RecipientSettings) -> Iterator[Fault]:
    limit = settings.daily_limit
    if limit is not None and not 1 <= limit <= _MOST_MESSAGES:
        yield Fault("daily_limit", f"{limit} is out of range; use 1 to {_MOST_MESSAGES}, or null for any number")


def _monthly_report(settings: RecipientSettings) -> Iterator[Fault]:
    if settings.monthly_report and settings.method.contact is not ContactKind.MAIL:
        yield Fault("monthly_report", f'comes by mail, and "{settings.method.text}" is none; leave it out')


_RULES: tuple[Callable[[RecipientSettings], Iterator[Fault]], ...] = (
    _name,
    _method,
    _address,
    _username,
    _numbers,
    _window,
    _templates,
    _quiet_hours,
    _daily_limit,
    _monthly_report,
)
