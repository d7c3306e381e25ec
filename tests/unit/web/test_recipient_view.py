"""Recipients as their pages show them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.alerts.builders import make_recipient
from tests.unit.web.test_alert_view import delivery, logged

from mailtrip.model import AlertKind, AlertMethod, DeliveryState, Recipient, RecipientSettings
from mailtrip.web.recipient_view import TestView, show_recipient

HOOK = RecipientSettings(method=AlertMethod.WEB_JSON, address="https://hooks.example.com:8443/***")


def recipient(settings: RecipientSettings) -> Recipient:
    return replace(make_recipient(), settings=settings)


def test_a_name_is_said_without_what_may_be_a_key() -> None:
    shown = show_recipient(recipient(HOOK), groups=["Night"], last=None)

    assert shown.name == "hooks.example.com"


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
