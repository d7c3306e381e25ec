"""The settings `allow_networks`, `deny_networks` and `allow_ports`: networks, words for well-known ones, spans of ports."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Final, TypeAlias

__all__ = ["Network", "PortSpan", "list_items", "parse_networks", "parse_ports"]

Network: TypeAlias = IPv4Network | IPv6Network

_NONE: Final = "none"
_WORDS: Final = {
    "loopback": ("127.0.0.0/8", "::1/128"),
    "link-local": ("169.254.0.0/16", "fe80::/10"),
    "private": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"),
}
"""RFC 1122 and 4291; RFC 3927 and 4291; RFC 1918, 6598 (shared) and 4193."""
_MAPPED: Final = IPv6Network("::ffff:0:0/96")
_LAST_PORT: Final = 65535


@dataclass(frozen=True, slots=True)
class PortSpan:
    """Ports from `first` to `last`, both of them too."""

    first: int
    last: int

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


def parse_networks(raw: object, _base: Path) -> tuple[Network, ...]:
    """Networks and words for networks: a list, or text with commas; `none` for none.

    Raises:
        ValueError: names the first that is wrong.
    """
    return tuple(network for item in list_items(raw) for network in _networks(item))


def parse_ports(raw: object, _base: Path) -> tuple[PortSpan, ...]:
    """Ports and spans of ports: a list, or text with commas; `any` for all of them, `none` for none.

    Raises:
        ValueError: names the first that is wrong.
    """
    if isinstance(raw, int) and not isinstance(raw, bool):
        raw = [raw]
    return tuple(_span(item) for item in list_items(raw))


def list_items(raw: object) -> Iterator[str]:
    """The items of a list, or of text with commas, without blanks round them; none for the word `none`."""
    if isinstance(raw, str):
        raw = [] if raw.strip().lower() == _NONE else raw.split(",")
    if not isinstance(raw, list):
        raise ValueError(f"{raw!r} is no list; write text with commas, or a list")  # noqa: TRY004 (the parsers' one exception)
    for item in raw:
        if isinstance(item, bool) or not isinstance(item, str | int):
            raise ValueError(f"{item!r} is no text; write it in quotes")  # noqa: TRY004 (as above)
        yield str(item).strip()


def _networks(item: str) -> tuple[Network, ...]:
    if item.lower() in _WORDS:
        return tuple(ip_network(network) for network in _WORDS[item.lower()])
    try:
        network = ip_network(item)
    except ValueError as exc:
        raise ValueError(
            f"{item!r} is no network ({exc}); write one like 192.0.2.0/24, 192.0.2.1 or 2001:db8::/32, or a word: "
            f"{', '.join(_WORDS)}"
        ) from None
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        # An address of this form is judged as the IPv4 address in it.
        return (IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - 96)),)
    return (network,)


def _span(item: str) -> PortSpan:
    if item.lower() == "any":
        return PortSpan(1, _LAST_PORT)
    first, dash, last = item.partition("-")
    numbers = [part.strip() for part in (first, last if dash else first)]
    # Not int() alone, which takes "+1", "1_0" and digits of other scripts.
    if all(number.isascii() and number.isdigit() for number in numbers):
        span = PortSpan(*map(int, numbers))
        if 1 <= span.first <= span.last <= _LAST_PORT:
            return span
    raise ValueError(f"{item!r} is no port; write one from 1 to {_LAST_PORT}, a span like 2500-2599, or any")
