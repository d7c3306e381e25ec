"""Where a plan and its providers don't go together."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mailtrip.model import MailProtocol, MonitorSettings, MonitorType, Provider, Providers
from mailtrip.service.plan_warnings import plan_warnings

MINUTE = timedelta(minutes=1)
SETTINGS = MonitorSettings(
    name="Round trip",
    plan_code="P",
    email="me@example.com",
    smtp_server="smtps://smtp.example.com",
    mailbox_protocol=MailProtocol.POP3,
    mailbox_server="pop3s://pop.example.com",
)


def warned(*, interval: float = 15, timeout: float | None = None, imap: bool = False, **limits: object) -> list[str]:
    provider = replace(Provider(name="example", hosts=("example.com",)), **limits)  # type: ignore[arg-type]  # the caller names fields with their own types
    settings = replace(
        SETTINGS,
        interval=interval * MINUTE,
        timeout=None if timeout is None else timedelta(seconds=timeout),
        mailbox_protocol=MailProtocol.IMAP if imap else MailProtocol.POP3,
        mailbox_server="mail.example.com" if imap else "pop.example.com",
    )
    return list(plan_warnings(settings, Providers([provider])))


@pytest.mark.parametrize(("interval", "most"), [(15, 4), (3, 20), (1, 60), (1, None)])
def test_a_plan_that_fits_is_no_warning(interval: float, most: int | None) -> None:
    assert warned(interval=interval, messages_per_hour=most) == []


@pytest.mark.parametrize(("interval", "most", "remedy"), [(1, 20, 3), (14, 4, 15), (1, 7, 9)])
def test_a_plan_beyond_the_limit_says_which_interval_would_do(interval: float, most: int, remedy: int) -> None:
    [warning] = warned(interval=interval, messages_per_hour=most)

    assert warning.startswith(f"example takes {most} messages an hour from one sender, and this monitor is to send ")
    assert warning.endswith(f"set an interval of {remedy} min or more")


@pytest.mark.parametrize(("seconds", "is_warned"), [(10, False), (49, False), (50, True), (60, True)])
def test_a_pop3_run_needs_two_logins_within_its_timeout(seconds: float, is_warned: bool) -> None:
    warnings = warned(interval=1, timeout=50, login_gap=timedelta(seconds=seconds))

    assert bool(warnings) is is_warned
    assert all("set a longer timeout, or use IMAP" in warning for warning in warnings)


@pytest.mark.parametrize(("seconds", "is_warned"), [(60, False), (61, True)])
def test_an_imap_run_needs_one_login(seconds: float, is_warned: bool) -> None:
    warnings = warned(interval=1, imap=True, login_gap=timedelta(seconds=seconds))

    assert bool(warnings) is is_warned
    assert all("set a longer interval" in warning for warning in warnings)


@pytest.mark.parametrize("type_", [MonitorType.SMTP, MonitorType.POP3, MonitorType.IMAP])
def test_a_check_sends_no_message_and_logs_in_once(type_: MonitorType) -> None:
    provider = Provider(name="example", hosts=("example.com",), messages_per_hour=1, login_gap=timedelta(seconds=55))
    settings = MonitorSettings(
        type=type_,
        name="Check",
        plan_code="P",
        smtp_server="smtp.example.com",
        mailbox_server="pop.example.com",
        interval=MINUTE,
    )

    assert plan_warnings(settings, Providers([provider])) == ()
