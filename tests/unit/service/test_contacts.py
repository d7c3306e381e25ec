"""What the address of a recipient may be, as a table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.model import AlertMethod, ContactKind
from mailtrip.service.contacts import contact_fault

NUMBERS = [method for method in AlertMethod if method.contact is ContactKind.NUMBER]
HOSTS = [method for method in AlertMethod if method.contact is ContactKind.HOST]
URLS = [method for method in AlertMethod if method.contact is ContactKind.URL]
MAILS = [method for method in AlertMethod if method.contact is ContactKind.MAIL]


@pytest.mark.parametrize("method", MAILS)
@pytest.mark.parametrize("text", ["a@example.com", "grüße@bücher.test", "root@localhost", "a+b@[192.0.2.1]"])
def test_a_mail_address_is_good_for_mail(method: AlertMethod, text: str) -> None:
    assert contact_fault(method, text) is None


@pytest.mark.parametrize("method", NUMBERS)
@pytest.mark.parametrize("text", ["911", "+1 202 555 0100", "(202) 555-0100", "2025550100,,42#*", "49/30.123456"])
def test_a_number_is_good_for_telephones_and_pagers(method: AlertMethod, text: str) -> None:
    assert contact_fault(method, text) is None


@pytest.mark.parametrize("method", NUMBERS)
@pytest.mark.parametrize("text", ["", " ", "12", "++12345", "12x45", "٠١٢٣", "1" * 65, "123\n", "+ - ()"])
def test_what_is_no_number_is_not(method: AlertMethod, text: str) -> None:
    assert contact_fault(method, text) is not None


@pytest.mark.parametrize("method", HOSTS)
@pytest.mark.parametrize(
    "text",
    [
        "traps",
        "traps.example.com",
        "traps.example.com.",
        "t:162",
        "192.0.2.1",
        "192.0.2.1:1162",
        "[::1]:162",
        "büro.test",
    ],
)
def test_a_host_is_good_for_traps(method: AlertMethod, text: str) -> None:
    assert contact_fault(method, text) is None


@pytest.mark.parametrize("method", HOSTS)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "a b",
        "a/b",
        "a?b",
        "a#b",
        "u@a",
        "a:0",
        "a:65536",
        "a:x",
        "-a",
        "a..b",
        "[::1",
        "1.2.3",
        "999.1.1.1",
        "http://a",
        ":162",
    ],
)
def test_what_is_no_host_is_not(method: AlertMethod, text: str) -> None:
    assert contact_fault(method, text) is not None


@pytest.mark.parametrize("method", URLS)
@pytest.mark.parametrize(
    "text",
    [
        "https://example.com",
        "http://example.com:8080/a/b?c=d&e=%20#f",
        "https://192.0.2.1/",
        "https://[2001:db8::1]:8443/x",
        "HTTPS://EXAMPLE.COM/",
        "http://localhost/@here:there",
        "https://example.com/" + "x" * 1980,
    ],
)
def test_a_web_address_is_good_for_posts(method: AlertMethod, text: str) -> None:
    assert contact_fault(method, text) is None


@pytest.mark.parametrize("method", URLS)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com",
        "//example.com/x",
        "https://",
        "https:///x",
        "https://exa mple.com",
        "https://example.com/a b",
        "https://example.com/\u00a0",
        "https://example.com:0/",
        "https://example.com:x/",
        "https://exam\\ple.com/",
        "https://[::1/",
        "https://1.2.3/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://example.com/\n",
        "https://example.com/" + "x" * 1981,
    ],
)
def test_what_is_no_web_address_is_not(method: AlertMethod, text: str) -> None:
    assert contact_fault(method, text) is not None


@pytest.mark.parametrize("text", ["https://u:geheim@example.com/", "https://geheim@example.com/", "https://:geheim@a/"])
def test_a_login_in_a_web_address_is_refused_without_showing_it(text: str) -> None:
    assert contact_fault(AlertMethod.WEB_JSON, text) == "has a user name or password in it; they have their own fields"


@given(st.sampled_from(AlertMethod), st.text())
def test_no_fault_shows_a_web_address(method: AlertMethod, text: str) -> None:
    fault = contact_fault(method, f"https://geheim.{text}/geheim")
    assert fault is None or "geheim" not in fault
