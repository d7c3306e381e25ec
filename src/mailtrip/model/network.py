"""Where the server may connect for its users: a decision about one address and one port, without any I/O."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

__all__ = ["MAIL_PORTS", "IPNetwork", "NetworkPolicy"]

IPAddress: TypeAlias = IPv4Address | IPv6Address
IPNetwork: TypeAlias = IPv4Network | IPv6Network

MAIL_PORTS: Final = tuple(range(port, port + 1) for port in (25, 110, 143, 465, 587, 993, 995, 2525))
"""SMTP 25 (RFC 5321), 465 (RFC 8314), 587 (RFC 6409) and 2525, which many providers offer where 25 and 587 are blocked;
POP3 110 and 995; IMAP 143 and 993 (RFC 8314)."""


@dataclass(frozen=True, slots=True)
class _Special:
    """A network where no mail server of a user's is; `what` None takes it out of a wider one that is refused."""

    network: IPNetwork
    what: str | None
    source: str


def _specials(what: str | None, *rows: tuple[str, str]) -> tuple[_Special, ...]:
    return tuple(_Special(ip_network(network), what, source) for network, source in rows)


_SPECIALS: Final = (
    # On Linux a connection to it is one to the machine itself.
    *_specials("an unspecified address", ("0.0.0.0/8", "RFC 1122, 3.2.1.3"), ("::/128", "RFC 4291, 2.5.2")),
    *_specials("a loopback address", ("127.0.0.0/8", "RFC 1122, 3.2.1.3"), ("::1/128", "RFC 4291, 2.5.3")),
    *_specials("a link-local address", ("169.254.0.0/16", "RFC 3927"), ("fe80::/10", "RFC 4291, 2.5.6")),
    *_specials(
        "an address of a cloud's own services",
        ("169.254.169.254/32", "metadata of AWS, Azure, Google Cloud, Oracle Cloud, OpenStack and others"),
        ("169.254.170.2/32", "credentials of AWS ECS"),
        ("169.254.170.23/32", "credentials of AWS EKS"),
        ("169.254.42.42/32", "metadata of Scaleway"),
        ("169.254.0.23/32", "metadata of Tencent Cloud"),
        ("100.100.100.200/32", "metadata of Alibaba Cloud"),
        ("168.63.129.16/32", "Azure's WireServer"),
        ("192.0.0.192/32", "metadata of Oracle Cloud Classic"),
        ("fd00:ec2::/32", "metadata and credentials of AWS"),
        ("fd20:ce::254/128", "metadata of Google Cloud"),
        ("fd00:c1::a9fe:a9fe/128", "metadata of Oracle Cloud"),
        ("fd00:42::42/128", "metadata of Scaleway"),
        ("fd00:a9fe:a9fe::1/128", "metadata of Akamai"),
        ("fd00:100::100:200/128", "metadata of Alibaba Cloud"),
    ),
    *_specials("a multicast address", ("224.0.0.0/4", "RFC 5771"), ("ff00::/8", "RFC 4291, 2.7")),
    *_specials("the broadcast address", ("255.255.255.255/32", "RFC 919, 7")),
    *_specials(
        "a reserved address",
        ("192.0.0.0/24", "RFC 6890, 2.2.2"),
        ("240.0.0.0/4", "RFC 1112, 4"),
        # All but global unicast (2000::/3): RFC 4291, 2.4 and IANA's table of the IPv6 address space.
        ("::/3", "RFC 4291, 2.4"),
        ("4000::/2", "RFC 4291, 2.4"),
        ("8000::/1", "RFC 4291, 2.4"),
        ("fec0::/10", "RFC 3879"),
        # Where the IPv4 address stands in it is each network's own choice.
        ("64:ff9b:1::/48", "local NAT64, RFC 8215"),
    ),
    *_specials(
        None,
        ("fc00::/7", "private, RFC 4193"),
        ("::/96", "judged by the address inside, as are the next two"),
        ("::ffff:0:0:0/96", "RFC 2765, 2.1"),
        ("64:ff9b::/96", "RFC 6052, 2.1"),
    ),
)
_BY_WIDTH: Final = {
    version: sorted(
        (special for special in _SPECIALS if special.network.version == version),
        key=lambda special: -special.network.prefixlen,
    )
    for version in (4, 6)
}
"""The narrowest first."""


@dataclass(frozen=True, slots=True)
class _Wrapping:
    """A form of IPv6 address with an IPv4 address in it, `shift` bits from its right end."""

    network: IPv6Network
    name: str
    shift: int = 0
    inverts: int = 0


_MAPPED: Final = _Wrapping(IPv6Network("::ffff:0:0/96"), "IPv4-mapped, RFC 4291, 2.5.5.2")
_WRAPPINGS: Final = (
    _Wrapping(IPv6Network("::/96"), "IPv4-compatible, RFC 4291, 2.5.5.1"),
    _Wrapping(IPv6Network("::ffff:0:0:0/96"), "IPv4-translated, RFC 2765, 2.1"),
    _Wrapping(IPv6Network("64:ff9b::/96"), "NAT64, RFC 6052, 2.1"),
    # Nearly all networks translate by a prefix of 96 bits; with another one the rest is 0, which is refused.
    _Wrapping(IPv6Network("64:ff9b:1::/48"), "local NAT64, RFC 8215"),
    _Wrapping(IPv6Network("2002::/16"), "6to4, RFC 3056, 2", shift=80),
    _Wrapping(IPv6Network("2001::/32"), "the server of Teredo, RFC 4380, 4", shift=64),
    _Wrapping(IPv6Network("2001::/32"), "the client of Teredo, RFC 4380, 4", inverts=0xFFFFFFFF),
)
_ISATAP: Final = 0x00005EFE
_ISATAP_MASK: Final = 0xFDFFFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPolicy:
    """Where a connection may be opened for a user. What no rule refuses is allowed: public and private addresses.

    Of all networks that an address is in, the narrowest decides: one of `deny`, one of `allow`, or one that is refused
    unless it is allowed (loopback, link-local, services of clouds, multicast, reserved). Where the same network is in
    several of these, `deny` counts before `allow`, and `allow` before what is refused by default. An IPv6 address that
    stands for an IPv4 address is allowed only where both are.

    Attributes:
        allow: networks that the administrator allows.
        deny: networks that the administrator refuses.
        ports: each a span of ports.
    """

    allow: tuple[IPNetwork, ...] = ()
    deny: tuple[IPNetwork, ...] = ()
    ports: tuple[range, ...] = MAIL_PORTS

    def refuse_address(self, text: str) -> str | None:
        """Why there is no connection to this address, in a clause with the remedy; None where there may be one.

        Args:
            text: an IPv4 or IPv6 address without brackets; a scope (`%eth0`) changes nothing.

        Raises:
            ValueError: it is no address.
        """
        address = ip_address(text)
        if isinstance(address, IPv6Address):
            address = IPv6Address(int(address))
            mapped = list(_unwrap(address, (_MAPPED,)))
            inside = mapped or [*_unwrap(address, _WRAPPINGS), *_unwrap_isatap(address)]
            for inner, name in inside:
                if (rule := self._judge(inner)) is not None:
                    return f"{text} stands for {inner} ({name}), {rule}"
            if mapped:
                return None
        rule = self._judge(address)
        return None if rule is None else f"{text} is {rule}"

    def refuse_port(self, port: int) -> str | None:
        """Why there is no connection to this port, in a clause with the remedy; None where there may be one."""
        if any(port in span for span in self.ports):
            return None
        allowed = ", ".join(str(span[0]) if len(span) == 1 else f"{span[0]}-{span[-1]}" for span in self.ports)
        return f"port {port} is none of those that are allowed ({allowed}); an administrator can add it to allow_ports"

    def _judge(self, address: IPAddress) -> str | None:
        """What the address is, where that is refused, with the remedy."""
        denied = _narrowest(network for network in self.deny if address in network)
        allowed = _narrowest(network for network in self.allow if address in network)
        special = next((special for special in _BY_WIDTH[address.version] if address in special.network), None)
        if denied is not None and (allowed is None or denied.prefixlen >= allowed.prefixlen):
            return f"in {denied}, which deny_networks refuses; an administrator can add a narrower network to allow_networks"
        if special is None or special.what is None:
            return None
        if allowed is not None and allowed.prefixlen >= special.network.prefixlen:
            return None
        return (
            f"{special.what} ({special.source}), which is refused; "
            f"an administrator can add {special.network} or a part of it to allow_networks"
        )


def _narrowest(networks: Iterable[IPNetwork]) -> IPNetwork | None:
    return max(networks, key=lambda network: network.prefixlen, default=None)


def _unwrap(address: IPv6Address, wrappings: Iterable[_Wrapping]) -> Iterator[tuple[IPv4Address, str]]:
    """The IPv4 addresses that the address stands for, each with the form's name."""
    number = int(address)
    if number <= 1:  # RFC 4291, 2.5.2 and 2.5.3: unspecified and loopback stand for no IPv4 address
        return
    for wrapping in wrappings:
        if address in wrapping.network:
            yield IPv4Address((number >> wrapping.shift & 0xFFFFFFFF) ^ wrapping.inverts), wrapping.name


def _unwrap_isatap(address: IPv6Address) -> Iterator[tuple[IPv4Address, str]]:
    number = int(address)
    if number >> 32 & _ISATAP_MASK == _ISATAP:
        yield IPv4Address(number & 0xFFFFFFFF), "ISATAP, RFC 5214, 6.1"
