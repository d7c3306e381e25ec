"""The settings of the service's edge."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from mailtrip.config import CallRate, load
from mailtrip.config.edge import parse_call_rate, parse_hosts, parse_origins, parse_proxies
from mailtrip.errors import ConfigurationError

HERE = Path()


def networks(*texts: str) -> tuple[object, ...]:
    return tuple(ip_network(text) for text in texts)


@pytest.mark.parametrize(
    ("raw", "proxies"),
    [
        ("none", ()),
        ("10.0.0.0/8", networks("10.0.0.0/8")),
        ("192.0.2.1, 2001:db8::/32", networks("192.0.2.1/32", "2001:db8::/32")),
        ("unix", ("unix",)),
        (["Unix", "127.0.0.1"], ("unix", *networks("127.0.0.1/32"))),
        ("loopback", networks("127.0.0.0/8", "::1/128")),
        ([], ()),
    ],
)
def test_proxies_are_networks_words_for_them_or_unix(raw: object, proxies: tuple[object, ...]) -> None:
    assert parse_proxies(raw, HERE) == proxies


@pytest.mark.parametrize(
    ("raw", "hosts"),
    [
        ("any", ()),
        ("Mailtrip.example.com", ("mailtrip.example.com",)),
        (["localhost", "127.0.0.1", "[2001:db8::1]"], ("localhost", "127.0.0.1", "[2001:db8::1]")),
    ],
)
def test_hosts_are_names_and_addresses_in_lower_case(raw: object, hosts: tuple[str, ...]) -> None:
    assert parse_hosts(raw, HERE) == hosts


@pytest.mark.parametrize(
    ("raw", "origins"),
    [
        ("none", ()),
        ("https://app.example.com", ("https://app.example.com",)),
        (
            "https://a.example.com:8443, http://localhost:3000",
            ("https://a.example.com:8443", "http://localhost:3000"),
        ),
        ("http://[2001:db8::1]:3000", ("http://[2001:db8::1]:3000",)),
    ],
)
def test_origins_are_kept_as_browsers_write_them(raw: object, origins: tuple[str, ...]) -> None:
    assert parse_origins(raw, HERE) == origins


@pytest.mark.parametrize(
    ("raw", "rate"), [("none", None), ("100:2000", CallRate(100, 2000)), (" 1:1 ", CallRate(1, 1))]
)
def test_a_rate_is_calls_a_second_and_a_burst(raw: object, rate: CallRate | None) -> None:
    assert parse_call_rate(raw, HERE) == rate
    assert rate is None or parse_call_rate(str(rate), HERE) == rate


@pytest.mark.parametrize(
    ("name", "raw", "remedy"),
    [
        ("trusted_proxies", "proxy.example.com", "192.0.2.0/24"),
        ("trusted_proxies", "10.0.0.1/8", "192.0.2.0/24"),
        ("trusted_proxies", "*", "192.0.2.0/24"),
        ("proxy_header", "x-real-ip", "x-forwarded-for, forwarded"),
        ("allowed_hosts", "https://mailtrip.example.com", "without ports"),
        ("allowed_hosts", "mailtrip.example.com:8025", "without ports"),
        ("allowed_hosts", "*.example.com", "without ports"),
        ("cors_origins", "*", "https://host"),
        ("cors_origins", "null", "https://host"),
        ("cors_origins", "app.example.com", "https://host"),
        ("cors_origins", "https://app.example.com/", "nothing after it"),
        ("cors_origins", "https://App.example.com", "in lower case"),
        ("cors_origins", "https://user@app.example.com", "https://host"),
        ("cors_origins", "https://app.example.com:443", "leave it out"),
        ("cors_origins", "https://app.example.com:99999", "https://host"),
        ("cors_origins", "ftp://app.example.com", "https://host"),
        ("rate_per_user", "100", "100:2000"),
        ("rate_per_user", "0:10", "100:2000"),
        ("rate_per_user", "10:0", "100:2000"),
        ("rate_per_account", "a:b", "none"),
        ("hsts_seconds", "-1", "0 to 100000000"),
    ],
)
def test_a_wrong_value_is_refused_saying_what_would_be_right(name: str, raw: str, remedy: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(options={name: raw}, environ={})
    [fault] = str(caught.value).splitlines()
    assert fault.startswith(f"{name}: ")
    assert remedy in fault
