"""What counts as one client."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.service.networks import network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8:0:0:ffff:ffff:ffff:ffff", "2001:db8::/64"),
        ("2001:db8:0:1::", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("local", "local"),
        ("unix:nonsense", "unix:nonsense"),
    ],
)
def test_an_ipv6_client_has_its_whole_64(address: str, network: str) -> None:
    assert network_of(address) == network


@given(st.text(max_size=300))
def test_a_name_is_bounded_whatever_the_address(address: str) -> None:
    assert len(network_of(address)) <= 64
