"""What counts as one client: an IPv4 address, or the /64 of an IPv6 address."""

import ipaddress

__all__ = ["network_of"]

_LONGEST = 64


def network_of(address: str) -> str:
    """The name under which a client is counted.

    Args:
        address: an IP address; of IPv6 its /64 counts, as one client has all of it. Any other text stands for itself.
    """
    if ":" not in address:
        return address[:_LONGEST]
    try:
        parsed = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address[:_LONGEST]
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((parsed, 64), strict=False))
