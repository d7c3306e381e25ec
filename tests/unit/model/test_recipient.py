"""What of a recipient's address may be seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.model import AlertMethod, shown_address

KEY = "hidden-key"


@pytest.mark.parametrize(
    ("method", "address", "shown"),
    [
        (AlertMethod.WEB_JSON, f"https://hooks.example.com/a/{KEY}", "https://hooks.example.com/***"),
        (AlertMethod.WEB_SIGNED, f"https://hooks.example.com:8443?b={KEY}", "https://hooks.example.com:8443/***"),
        (AlertMethod.WEB_POST, f"http://[2001:db8::1]:80/#{KEY}", "http://[2001:db8::1]:80/***"),
        (AlertMethod.SPLUNK, f"https://me:{KEY}@hooks.example.com/", "https://hooks.example.com/"),
        (AlertMethod.SERVICENOW, "https://company.example.com", "https://company.example.com"),
        (AlertMethod.WEB_JSON, KEY, "/***"),
        (AlertMethod.EMAIL_HTML, "night@example.com", "night@example.com"),
        (AlertMethod.APPRISE, "slack", "slack"),
        (AlertMethod.SNMP_V2C, "traps.example.com:1162", "traps.example.com:1162"),
    ],
)
def test_an_address_is_shown_without_what_may_be_a_key(method: AlertMethod, address: str, shown: str) -> None:
    assert shown_address(method, address) == shown


@given(st.text())
def test_what_is_shown_stays_as_it_is_when_it_is_shown_again(rest: str) -> None:
    shown = shown_address(AlertMethod.WEB_JSON, f"https://hooks.example.com/{rest}")

    assert shown_address(AlertMethod.WEB_JSON, shown) == shown
