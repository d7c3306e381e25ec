"""Where the network policy lets a connection go."""

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.model import MAIL_PORTS, IPNetwork, NetworkPolicy

DEFAULT = NetworkPolicy()
EVERY_PORT = (range(1, 65536),)


def networks(*texts: str) -> tuple[IPNetwork, ...]:
    return tuple(ip_network(text) for text in texts)


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "100.100.100.201",
        "168.63.129.17",
        "198.51.100.1",
        "223.255.255.255",
        "2001:db8::25",
        "2a00:1450:4001::1b",
        "fc00::1",
        "fd00::1",
        "fd00:ec1::254",
        "::ffff:8.8.8.8",
        "::8.8.8.8",
        "::ffff:0:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2002:808:808::1",
        "2001:0:808:808::f7f7:f7f7",
        "2001:db8::5efe:8.8.8.8",
    ],
)
def test_public_and_private_addresses_are_allowed(address: str) -> None:
    assert DEFAULT.refuse_address(address) is None


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("0.0.0.0", "an unspecified address (RFC 1122, 3.2.1.3)"),
        ("0.1.2.3", "an unspecified address"),
        ("127.0.0.1", "a loopback address (RFC 1122, 3.2.1.3)"),
        ("127.255.255.254", "a loopback address"),
        ("169.254.0.1", "a link-local address"),
        ("169.254.169.254", "a cloud's own services (metadata of AWS, Azure"),
        ("169.254.170.2", "credentials of AWS ECS"),
        ("100.100.100.200", "metadata of Alibaba Cloud"),
        ("168.63.129.16", "Azure's WireServer"),
        ("192.0.0.192", "metadata of Oracle Cloud Classic"),
        ("192.0.0.8", "a reserved address"),
        ("224.0.0.1", "a multicast address"),
        ("239.255.255.255", "a multicast address"),
        ("240.0.0.1", "a reserved address"),
        ("255.255.255.255", "the broadcast address"),
        ("::", "an unspecified address (RFC 4291, 2.5.2)"),
        ("::1", "a loopback address (RFC 4291, 2.5.3)"),
        ("fe80::1", "a link-local address"),
        ("fe80::1%eth0", "fe80::1%eth0 is a link-local address"),
        ("fd00:ec2::254", "metadata and credentials of AWS"),
        ("fd20:ce::254", "metadata of Google Cloud"),
        ("fd00:c1::a9fe:a9fe", "metadata of Oracle Cloud"),
        ("fd00:42::42", "metadata of Scaleway"),
        ("fd00:a9fe:a9fe::1", "metadata of Akamai"),
        ("fd00:100::100:200", "metadata of Alibaba Cloud"),
        ("ff02::1", "a multicast address"),
        ("fec0::1", "a reserved address (RFC 3879)"),
        ("100::1", "a reserved address"),
        ("4000::1", "a reserved address"),
        ("f000::1", "a reserved address"),
        ("::ffff:127.0.0.1", "stands for 127.0.0.1 (IPv4-mapped, RFC 4291, 2.5.5.2), a loopback address"),
        ("::ffff:a9fe:a9fe", "stands for 169.254.169.254 (IPv4-mapped"),
        ("::127.0.0.1", "stands for 127.0.0.1 (IPv4-compatible"),
        ("::ffff:0:127.0.0.1", "stands for 127.0.0.1 (IPv4-translated"),
        ("64:ff9b::127.0.0.1", "stands for 127.0.0.1 (NAT64, RFC 6052"),
        ("64:ff9b:1::127.0.0.1", "stands for 127.0.0.1 (local NAT64"),
        ("64:ff9b:1::8.8.8.8", "a reserved address (local NAT64, RFC 8215)"),
        ("2002:7f00:1::1", "stands for 127.0.0.1 (6to4, RFC 3056"),
        ("2002:a9fe:a9fe::", "stands for 169.254.169.254 (6to4"),
        ("2001:0:7f00:1::", "stands for 127.0.0.1 (the server of Teredo"),
        ("2001:0:808:808::80ff:fffe", "stands for 127.0.0.1 (the client of Teredo"),
        ("2001:db8::5efe:127.0.0.1", "stands for 127.0.0.1 (ISATAP, RFC 5214"),
        ("2001:db8::200:5efe:127.0.0.1", "stands for 127.0.0.1 (ISATAP"),
    ],
)
def test_what_no_mail_server_of_a_user_is_at_is_refused_with_what_it_is(address: str, what: str) -> None:
    refusal = DEFAULT.refuse_address(address)

    assert refusal is not None
    assert what in refusal
    assert refusal.startswith(f"{address} ")
    assert "allow_networks" in refusal


@pytest.mark.parametrize(
    ("allow", "deny", "address", "is_allowed"),
    [
        (("127.0.0.0/8",), (), "127.0.0.1", True),
        (("127.0.0.1/32",), (), "127.0.0.1", True),
        (("127.0.0.1/32",), (), "127.0.0.2", False),
        (("127.0.0.0/8",), (), "::ffff:127.0.0.1", True),
        (("127.0.0.0/8",), (), "64:ff9b::127.0.0.1", True),
        (("127.0.0.0/8",), (), "::1", False),
        (("::1/128",), (), "::1", True),
        # A wide allowance opens nothing that is refused in particular.
        (("0.0.0.0/0",), (), "127.0.0.1", False),
        (("::/0",), (), "::1", False),
        (("169.254.0.0/16",), (), "169.254.1.1", True),
        (("169.254.0.0/16",), (), "169.254.169.254", False),
        (("169.254.169.254/32",), (), "169.254.169.254", True),
        (("fe80::/10",), (), "fe80::1%eth0", True),
        (("64:ff9b:1::/48",), (), "64:ff9b:1::8.8.8.8", True),
        (("64:ff9b:1::/48",), (), "64:ff9b:1::127.0.0.1", False),
        ((), ("10.0.0.0/8",), "10.1.2.3", False),
        ((), ("10.0.0.0/8",), "192.168.1.1", True),
        ((), ("10.0.0.0/8",), "64:ff9b::10.1.2.3", False),
        ((), ("64:ff9b::/96",), "64:ff9b::8.8.8.8", False),
        ((), ("2002::/16",), "2002:808:808::1", False),
        ((), ("::/0",), "8.8.8.8", True),
        ((), ("::/0",), "::ffff:8.8.8.8", True),
        # Only some networks: refuse all, and allow these.
        (("10.1.0.0/16",), ("0.0.0.0/0",), "10.1.2.3", True),
        (("10.1.0.0/16",), ("0.0.0.0/0",), "10.2.2.3", False),
        (("10.1.0.0/16",), ("0.0.0.0/0",), "127.0.0.1", False),
        (("10.0.0.0/8",), ("10.1.0.0/16",), "10.1.2.3", False),
        (("10.0.0.0/8",), ("10.1.0.0/16",), "10.2.2.3", True),
        (("127.0.0.0/8",), ("127.0.0.0/8",), "127.0.0.1", False),
        (("10.0.0.0/8",), ("10.0.0.0/8",), "10.0.0.1", False),
        (("0.0.0.0/0",), ("0.0.0.0/0",), "8.8.8.8", False),
    ],
)
def test_the_narrowest_network_decides_and_of_the_same_the_one_that_refuses(
    allow: tuple[str, ...], deny: tuple[str, ...], address: str, is_allowed: bool
) -> None:
    policy = NetworkPolicy(allow=networks(*allow), deny=networks(*deny))

    assert (policy.refuse_address(address) is None) is is_allowed


def test_what_the_administrator_refuses_is_told_with_the_setting() -> None:
    refusal = NetworkPolicy(deny=networks("10.0.0.0/8")).refuse_address("10.1.2.3")

    assert refusal == (
        "10.1.2.3 is in 10.0.0.0/8, which deny_networks refuses; an administrator can add a narrower network to allow_networks"
    )


@pytest.mark.parametrize("port", [25, 110, 143, 465, 587, 993, 995, 2525])
def test_the_ports_of_mail_are_allowed(port: int) -> None:
    assert DEFAULT.refuse_port(port) is None


@pytest.mark.parametrize("port", [1, 22, 24, 26, 53, 80, 443, 2375, 6379, 11211, 65535])
def test_other_ports_are_refused_with_the_setting(port: int) -> None:
    assert DEFAULT.refuse_port(port) == (
        f"port {port} is none of those that are allowed (25, 110, 143, 465, 587, 993, 995, 2525); "
        "an administrator can add it to allow_ports"
    )


def test_further_ports_can_be_allowed_and_are_told() -> None:
    policy = NetworkPolicy(ports=(*MAIL_PORTS, range(2600, 2611)))

    assert policy.refuse_port(2610) is None
    assert "995, 2525, 2600-2610)" in str(policy.refuse_port(2611))


ADDRESSES = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))
NETWORKS = st.builds(
    lambda address, short: ip_network((address, max(0, address.max_prefixlen - short)), strict=False),
    ADDRESSES,
    st.integers(0, 128),
)
POLICIES = st.builds(
    NetworkPolicy,
    allow=st.lists(NETWORKS, max_size=4).map(tuple),
    deny=st.lists(NETWORKS, max_size=4).map(tuple),
)


@given(ADDRESSES)
def test_nothing_that_the_standard_library_has_for_special_is_allowed(address: IPv4Address | IPv6Address) -> None:
    is_special = (
        address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or (address.is_reserved and address not in ip_network("64:ff9b::/96"))
    )
    is_mapped = isinstance(address, IPv6Address) and int(address) >> 32 in {0, 0xFFFF, 0xFFFF0000}

    assert not is_special or is_mapped or DEFAULT.refuse_address(str(address)) is not None


@given(POLICIES, st.ip_addresses(v=4))
def test_an_ipv4_address_in_ipv6_dress_is_refused_whenever_it_is_by_itself(
    policy: NetworkPolicy, address: IPv4Address
) -> None:
    number = int(address)
    dresses = [
        0xFFFF << 32 | number,
        0xFFFF << 48 | number,
        0x64FF9B << 96 | number,
        0x64FF9B0001 << 80 | number,
        0x2002 << 112 | number << 80 | 1,
        0x20010000 << 96 | number << 64 | 0xF7F7F7F7,
        0x20010000 << 96 | 0x08080808 << 64 | number ^ 0xFFFFFFFF,
        0x20010DB8 << 96 | 0x5EFE << 32 | number,
    ] + [number] * (number > 1)

    if policy.refuse_address(str(address)) is not None:
        assert [
            str(IPv6Address(each)) for each in dresses if policy.refuse_address(str(IPv6Address(each))) is None
        ] == []


@given(POLICIES, st.ip_addresses(v=4))
def test_a_mapped_address_is_judged_as_the_one_inside(policy: NetworkPolicy, address: IPv4Address) -> None:
    is_refused = policy.refuse_address(str(address)) is not None

    assert (policy.refuse_address(f"::ffff:{address}") is not None) is is_refused


@given(POLICIES, NETWORKS, ADDRESSES)
def test_what_is_refused_further_makes_nothing_allowed(
    policy: NetworkPolicy, network: IPNetwork, address: IPv4Address | IPv6Address
) -> None:
    narrower = NetworkPolicy(allow=policy.allow, deny=(*policy.deny, network))

    assert policy.refuse_address(str(address)) is None or narrower.refuse_address(str(address)) is not None


@given(POLICIES, NETWORKS, ADDRESSES)
def test_what_is_allowed_further_makes_nothing_refused(
    policy: NetworkPolicy, network: IPNetwork, address: IPv4Address | IPv6Address
) -> None:
    wider = NetworkPolicy(allow=(*policy.allow, network), deny=policy.deny)

    assert policy.refuse_address(str(address)) is not None or wider.refuse_address(str(address)) is None


@given(POLICIES, ADDRESSES)
def test_the_order_of_the_networks_means_nothing(policy: NetworkPolicy, address: IPv4Address | IPv6Address) -> None:
    turned = NetworkPolicy(allow=policy.allow[::-1], deny=policy.deny[::-1])

    assert (policy.refuse_address(str(address)) is None) is (turned.refuse_address(str(address)) is None)


@pytest.mark.parametrize("scope", ["", "%eth0", "%3"])
@given(POLICIES, st.ip_addresses(v=6))
def test_a_scope_changes_nothing(scope: str, policy: NetworkPolicy, address: IPv6Address) -> None:
    is_refused = policy.refuse_address(str(address)) is not None

    assert (policy.refuse_address(f"{address}{scope}") is not None) is is_refused


def test_what_is_no_address_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="mail"):
        DEFAULT.refuse_address("mail.example.com")


def test_every_port_can_be_allowed() -> None:
    assert [NetworkPolicy(ports=EVERY_PORT).refuse_port(port) for port in (1, 25, 65535)] == [None, None, None]
