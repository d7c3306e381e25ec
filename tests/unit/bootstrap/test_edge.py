"""The edge from the settings."""

import pytest

from mailtrip.api.edge_rules import EdgeRules
from mailtrip.api.proxies import ProxyHeader
from mailtrip.bootstrap.edge import make_call_limits, make_edge
from mailtrip.config import load
from mailtrip.errors import RateLimited
from mailtrip.model import Actor, Role


def test_by_default_nobody_is_believed_and_nothing_is_opened() -> None:
    assert make_edge(load(options={}, environ={}).settings) == EdgeRules()


def test_each_setting_of_the_edge_gets_to_its_place() -> None:
    options = {
        "trusted_proxies": "unix, 10.0.0.0/8",
        "proxy_header": "forwarded",
        "allowed_hosts": "mailtrip.example.com",
        "cors_origins": "https://app.example.com",
        "hsts_seconds": "0",
        "request_seconds": "7",
        "max_requests": "5",
        "max_requests_per_client": "4",
    }
    rules = make_edge(load(options=options, environ={}).settings)
    assert rules.proxies.trusts("10.1.2.3")
    assert rules.proxies.trusts(None)
    assert rules.proxies.header is ProxyHeader.FORWARDED
    assert rules.allowed_hosts == ("mailtrip.example.com",)
    assert rules.cors_origins == ("https://app.example.com",)
    assert (rules.hsts_seconds, rules.request_seconds) == (0, 7)
    assert (rules.most_requests, rules.most_requests_per_client) == (5, 4)


@pytest.mark.parametrize(
    ("name", "whose"),
    [("rate_per_address", "this address"), ("rate_per_user", "this user"), ("rate_per_account", "this account")],
)
def test_each_rate_limits_whom_it_names(name: str, whose: str) -> None:
    limits = make_call_limits(load(options={name: "1:1"}, environ={}).settings)

    def call() -> None:
        limits.admit_address("192.0.2.1", at=0.0)
        limits.admit_actor(Actor(account_id=1, role=Role.ADMIN, user_id=1), at=0.0)

    call()
    with pytest.raises(RateLimited, match=whose):
        call()


def test_the_limits_by_default_let_a_script_make_thousands_of_calls_in_a_row() -> None:
    limits = make_call_limits(load(options={}, environ={}).settings)
    for number in range(5000):  # at 150 a second: more than one connection after the other makes
        limits.admit_address("192.0.2.1", at=number / 150)
        limits.admit_actor(Actor(account_id=1, role=Role.ADMIN, user_id=1), at=number / 150)
