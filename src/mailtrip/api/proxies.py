"""Which client stands behind the proxies that are trusted, by their word (RFC 7239, or the older `X-Forwarded-*`)."""

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypeAlias

__all__ = ["Claim", "Network", "Proxies", "ProxyHeader"]

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
_Headers: TypeAlias = Iterable[tuple[bytes, bytes]]

_MOST_HOPS: Final = 32
"""More are not looked at: a chain of that many proxies is none."""

_TOKEN: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 (RFC 9110, 5.6.2; no password)
_PAIR: Final = re.compile(rf'[ \t]*({_TOKEN})=(?:({_TOKEN})|"((?:[^"\\]|\\.)*)")[ \t]*(?:;|\Z)')
_HOST: Final = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?\Z")
_SCHEMES: Final = frozenset({"http", "https"})


class ProxyHeader(StrEnum):
    """Which header the proxies write. The other one passes through many of them as the client sent it."""

    X_FORWARDED_FOR = "x-forwarded-for"
    FORWARDED = "forwarded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What the trusted proxies say of a request; None is what they don't say.

    Attributes:
        address: IP address of the client, in its usual form.
        scheme: `http` or `https`, as the client spoke to the outermost trusted proxy.
        host: as the client named it.
    """

    address: str | None = None
    scheme: str | None = None
    host: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxies:
    """The proxies whose word counts.

    Attributes:
        networks: where they are.
        unix: whether who comes through a Unix socket is one.
        header: which one they write.
    """

    networks: Sequence[Network] = ()
    unix: bool = False
    header: ProxyHeader = ProxyHeader.X_FORWARDED_FOR

    def trusts(self, peer: str | None) -> bool:
        """Whether this end of a connection, None for one of a Unix socket, is such a proxy."""
        if peer is None:
            return self.unix
        address = _address(peer.partition("%")[0])
        return address is not None and self._is_proxy(address)

    def read(self, headers: _Headers) -> Claim:
        """What a request that came from a trusted proxy says; never raises, whatever stands there.

        From the right, the first address that is none of a trusted proxy is the client's: what stands to the left of
        it, anybody may have written.
        """
        if self.header is ProxyHeader.FORWARDED:
            hops = [_forwarded_hop(element) for element in _last(headers, b"forwarded")]
        else:
            hops = _x_forwarded_hops(list(headers))
        claim = Claim()
        for hop in reversed(hops):
            if hop.address is None:  # hidden, or nonsense: the client is behind the last address that is known
                return replace(hop, address=claim.address)
            claim = hop
            if not self._is_proxy(ipaddress.ip_address(hop.address)):
                break
        return claim

    def _is_proxy(self, address: _Address) -> bool:
        return any(address in network for network in self.networks)


def _address(text: str) -> _Address | None:
    """An IP address; one of IPv4 inside IPv6 (`::ffff:192.0.2.1`) as what it is."""
    if len(text) > 45 or "%" in text:
        return None
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _node(text: str) -> str | None:
    """The address of `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`; else None."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    address = _address(text)
    return None if address is None else str(address)


def _last(headers: _Headers, name: bytes) -> list[str]:
    """The last items of a list that may stand in several fields (RFC 9110, 5.3), blank ones left out.

    A comma inside quotes ends an item too: no address has one, and a quote that a client left open hides nothing.
    """
    text = ",".join(value.decode("latin-1") for key, value in headers if key == name)
    return [item.strip() for item in text.rsplit(",", _MOST_HOPS)[-_MOST_HOPS:] if item.strip()]


def _forwarded_hop(element: str) -> Claim:
    """One element (RFC 7239, 4); one that is malformed says nothing."""
    pairs: dict[str, str] = {}
    at = 0
    while at < len(element):
        match = _PAIR.match(element, at)
        if match is None or match[1].lower() in pairs:
            return Claim()
        pairs[match[1].lower()] = match[2] if match[3] is None else re.sub(r"\\(.)", r"\1", match[3])
        at = match.end()
    return _claim(pairs.get("for", ""), pairs.get("proto", ""), pairs.get("host", ""))


def _x_forwarded_hops(headers: Sequence[tuple[bytes, bytes]]) -> list[Claim]:
    """By hop; proxies that set scheme and host afresh, as most do, leave one of each: it is for all hops."""
    addresses = _last(headers, b"x-forwarded-for") or [""]
    schemes, hosts = _last(headers, b"x-forwarded-proto"), _last(headers, b"x-forwarded-host")
    return [
        _claim(address, _of_hop(schemes, from_right), _of_hop(hosts, from_right))
        for from_right, address in zip(range(len(addresses), 0, -1), addresses, strict=True)
    ]


def _of_hop(items: Sequence[str], from_right: int) -> str:
    if not items:
        return ""
    return items[-from_right] if from_right <= len(items) else items[-1]


def _claim(node: str, scheme: str, host: str) -> Claim:
    return Claim(
        address=_node(node),
        scheme=scheme.lower() if scheme.lower() in _SCHEMES else None,
        host=host if _HOST.match(host) else None,
    )
