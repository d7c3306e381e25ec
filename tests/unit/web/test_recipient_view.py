"""Recipients as their pages show them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.alerts.builders import make_recipient
from tests.unit.web.test_alert_view import delivery, logged

from mailtrip.model import AlertKind, AlertMethod, DeliveryState, Recipient, RecipientSettings
from mailtrip.web.recipient_view import TestView, facts_of, show_recipient, shown_address

KEY = "hidden-key"
HOOK = RecipientSettings(
    method=AlertMethod.WEB_JSON, address=f"https://me:{KEY}@hooks.example.com:8443/a/{KEY}?b={KEY}"
)


def recipient(settings: RecipientSettings) -> Recipient:
    return replace(make_recipient(), settings=settings)


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        (HOOK, "https://hooks.example.com/…"),
        (RecipientSettings(method=AlertMethod.EMAIL_HTML, address="night@example.com"), "night@example.com"),
        (RecipientSettings(method=AlertMethod.APPRISE, address="slack"), "slack"),
        (RecipientSettings(method=AlertMethod.SNMP_V2C, address="traps.example.com:1162"), "traps.example.com:1162"),
    ],
)
def test_an_address_is_shown_without_what_may_be_a_key(settings: RecipientSettings, address: str) -> None:
    assert shown_address(settings) == address
    shown = show_recipient(recipient(settings), groups=["Night"], last=None)
    assert KEY not in repr(shown)
    assert KEY not in repr(facts_of(recipient(settings), fallback=recipient(settings)))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "errors"),
        ({"notify_on_clear": True}, "errors, and their end"),
        ({"performance_alert": True}, "errors and slow deliveries"),
        ({"availability_alert": False}, "nothing: switched off"),
        ({"availability_alert": False, "monthly_report": True}, "the report of each month"),
        ({"monthly_report": True}, "errors; the report of each month"),
    ],
)
def test_what_a_recipient_is_told_of_is_said_in_words(changes: dict[str, bool], words: str) -> None:
    settings = replace(HOOK, **changes)  # type: ignore[arg-type]  # all of them are ticks

    assert show_recipient(recipient(settings), groups=(), last=None).told_of == words


@pytest.mark.parametrize(
    ("state", "attempts", "seconds", "is_open"),
    [
        (None, 0, 1, True),
        (DeliveryState.WAITING, 0, 1, True),
        (DeliveryState.SENDING, 1, 1, True),
        (DeliveryState.WAITING, 0, 61, False),
        (DeliveryState.WAITING, 1, 1, False),
        (DeliveryState.SENT, 1, 1, False),
        (DeliveryState.FAILED, 1, 1, False),
    ],
)
def test_the_first_answer_to_a_test_is_waited_for(
    state: DeliveryState | None, attempts: int, seconds: int, *, is_open: bool
) -> None:
    found = logged(AlertKind.TEST, None if state is None else delivery(state, attempts))

    assert TestView.of(found, make_recipient(), age=timedelta(seconds=seconds)).is_open is is_open
