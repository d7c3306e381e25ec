"""Which client stands behind the proxies that are trusted."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrip.api.proxies import Claim, Proxies, ProxyHeader

NETWORKS = tuple(ip_network(text) for text in ("10.0.0.0/8", "2001:db8:1::/48"))
OLDER = Proxies(networks=NETWORKS)
STANDARD = Proxies(networks=NETWORKS, header=ProxyHeader.FORWARDED)


def x_forwarded(**values: str) -> list[tuple[bytes, bytes]]:
    return [(f"x-forwarded-{name}".encode(), value.encode("latin-1")) for name, value in values.items()]


def forwarded(*values: str) -> list[tuple[bytes, bytes]]:
    return [(b"forwarded", value.encode("latin-1")) for value in values]


@pytest.mark.parametrize(
    ("peer", "is_trusted"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("192.0.2.1", False),
        ("2001:db8:1::5", True),
        ("2001:db8:2::5", False),
        ("2001:db8:1::5%eth0", True),
        ("nonsense", False),
        ("", False),
        (None, False),
    ],
)
def test_only_peers_in_the_networks_are_trusted(peer: str | None, is_trusted: bool) -> None:
    assert OLDER.trusts(peer) is is_trusted


def test_who_comes_through_a_unix_socket_is_trusted_when_that_is_said() -> None:
    assert Proxies(unix=True).trusts(None)
    assert not Proxies(unix=True).trusts("127.0.0.1")


@pytest.mark.parametrize(
    ("list_", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:4711", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("2001:0DB8:0::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("192.0.2.1, 10.0.0.1", "192.0.2.1"),
        ("192.0.2.1,10.0.0.1,10.0.0.2", "192.0.2.1"),
        ("198.51.100.1, 192.0.2.1", "192.0.2.1"),
        ("10.0.0.9, 192.0.2.1, 10.0.0.1", "192.0.2.1"),
        ("10.0.0.2, 10.0.0.1", "10.0.0.2"),
        ("192.0.2.1, ", "192.0.2.1"),
        (" , 192.0.2.1", "192.0.2.1"),
        ("192.0.2.1, unknown", None),
        ("192.0.2.1, unknown, 10.0.0.1", "10.0.0.1"),
        ("192.0.2.1, 10.0.0.1; DROP TABLE", None),
        ("unknown", None),
        ("192.0.2.256", None),
        ("192.0.2.1%eth0", None),
        ("fe80::1%lo", None),
        ("[", None),
        ("", None),
        ("9" * 5000, None),
        ("192.0.2.1" + ", 10.0.0.1" * 1000, "10.0.0.1"),
    ],
)
def test_the_right_most_address_that_is_no_proxys_is_the_clients(list_: str, address: str | None) -> None:
    assert OLDER.read(x_forwarded(**{"for": list_})).address == address


def test_several_fields_are_one_list_in_their_order() -> None:
    headers = [*x_forwarded(**{"for": "198.51.100.1"}), *x_forwarded(**{"for": "192.0.2.1"})]
    assert OLDER.read(headers).address == "192.0.2.1"


@pytest.mark.parametrize(
    ("proto", "scheme"),
    [
        ("https", "https"),
        ("HTTPS", "https"),
        ("http", "http"),
        ("http, https", "https"),
        ("wss", None),
        ("https://x", None),
        ("", None),
    ],
)
def test_the_scheme_is_taken_when_it_is_one(proto: str, scheme: str | None) -> None:
    assert OLDER.read(x_forwarded(**{"for": "192.0.2.1", "proto": proto})).scheme == scheme
    assert OLDER.read(x_forwarded(proto=proto)).scheme == scheme


def test_scheme_and_host_are_those_of_the_hop_whose_client_counts() -> None:
    headers = x_forwarded(
        **{"for": "192.0.2.1, 10.0.0.1", "proto": "https, http", "host": "mailtrip.example.com, backend"}
    )
    assert OLDER.read(headers) == Claim(address="192.0.2.1", scheme="https", host="mailtrip.example.com")


@pytest.mark.parametrize(
    ("given_host", "host"),
    [
        ("mailtrip.example.com", "mailtrip.example.com"),
        ("mailtrip.example.com:8443", "mailtrip.example.com:8443"),
        ("[2001:db8::1]:443", "[2001:db8::1]:443"),
        ("a b", None),
        ("evil/path", None),
        ("x" * 300, None),
        ("host:123456", None),
    ],
)
def test_a_host_is_taken_when_it_can_be_one(given_host: str, host: str | None) -> None:
    assert OLDER.read(x_forwarded(**{"for": "192.0.2.1", "host": given_host})).host == host


@pytest.mark.parametrize(
    ("elements", "claim"),
    [
        ("for=192.0.2.1", Claim(address="192.0.2.1")),
        ('For="192.0.2.1:4711"', Claim(address="192.0.2.1")),
        ('for="[2001:db8::1]:4711"', Claim(address="2001:db8::1")),
        ("for=192.0.2.1;proto=https;by=10.0.0.1", Claim(address="192.0.2.1", scheme="https")),
        ('for=192.0.2.1; host="mailtrip.example.com:443"', Claim(address="192.0.2.1", host="mailtrip.example.com:443")),
        ("for=192.0.2.1;proto=https, for=10.0.0.1;proto=http", Claim(address="192.0.2.1", scheme="https")),
        ("for=198.51.100.1, for=192.0.2.1", Claim(address="192.0.2.1")),
        (r'for="192\.0.2.1"', Claim(address="192.0.2.1")),
        ("for=_hidden;proto=https", Claim(scheme="https")),
        ("for=unknown", Claim()),
        ("for=_hidden;proto=https, for=10.0.0.1;proto=http", Claim(address="10.0.0.1", scheme="https")),
        ("for=192.0.2.1;for=198.51.100.1", Claim()),
        ("for=192.0.2.1;proto", Claim()),
        ("for=[2001:db8::1]", Claim()),
        ('for="192.0.2.1', Claim()),
        ('for="198.51.100.1, for=192.0.2.1', Claim(address="192.0.2.1")),
        ("192.0.2.1", Claim()),
        ("", Claim()),
        (",;=,,", Claim()),
    ],
)
def test_the_standard_header_is_read_as_rfc_7239_has_it(elements: str, claim: Claim) -> None:
    assert STANDARD.read(forwarded(elements)) == claim


def test_several_standard_fields_are_one_list_in_their_order() -> None:
    assert STANDARD.read(forwarded("for=198.51.100.1", "for=192.0.2.1")).address == "192.0.2.1"


def test_the_header_that_the_proxies_do_not_write_is_not_believed() -> None:
    headers = [*x_forwarded(**{"for": "192.0.2.1", "proto": "https"}), *forwarded("for=198.51.100.1;proto=http")]
    assert OLDER.read(headers) == Claim(address="192.0.2.1", scheme="https")
    assert STANDARD.read(headers) == Claim(address="198.51.100.1", scheme="http")


NOISE = st.text(alphabet=st.characters(max_codepoint=255), max_size=200)


@given(noise=NOISE, proxies=st.sampled_from([OLDER, STANDARD]))
def test_noise_never_raises_and_never_gives_what_is_no_address(noise: str, proxies: Proxies) -> None:
    claim = proxies.read([*x_forwarded(**{"for": noise, "proto": noise, "host": noise}), *forwarded(noise)])
    assert claim.address is None or str(ip_address(claim.address)) == claim.address
    assert claim.scheme in {None, "http", "https"}


@given(noise=NOISE)
def test_what_a_client_wrote_never_hides_the_address_that_the_proxy_added(noise: str) -> None:
    assert OLDER.read(x_forwarded(**{"for": f"{noise}, 192.0.2.1"})).address == "192.0.2.1"
    assert STANDARD.read(forwarded(f"{noise}, for=192.0.2.1")).address == "192.0.2.1"
