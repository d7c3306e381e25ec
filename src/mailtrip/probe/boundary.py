"""Where the receiving side begins: which hops its own servers wrote, and which fields may be theirs."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from mailtrip.model import Hop
from mailtrip.probe.fields import Field
from mailtrip.probe.received import parse_address

__all__ = ["OwnFields", "is_same_organisation", "own_fields", "receiving_hops"]

# What the author's side writes: below it nothing stems from the receiving side.
_AUTHOR_FIELDS = frozenset({"from", "to", "subject", "date", "message-id", "mime-version", "dkim-signature"})

# Loopback and link-local addresses, and those that never cross the border of a site (RFC 1918, RFC 6598, RFC 4193).
_SITE_NETWORKS = tuple(
    map(
        ip_network,
        (
            "127.0.0.0/8",
            "169.254.0.0/16",
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "100.64.0.0/10",
            "::1/128",
            "fe80::/10",
            "fc00::/7",
        ),
    )
)

# Exchange Online's servers go by several domains.
_ALIASES = dict.fromkeys(("office365.com", "exchangelabs.com"), "outlook.com")


@dataclass(frozen=True, slots=True)
class OwnFields:
    """Fields that the receiving side may have written.

    Attributes:
        above: on top of the Received field with which its first server took the message over.
        below: right below that, where some servers and filters write; a sending server could have written them too.
    """

    above: tuple[Field, ...]
    below: tuple[Field, ...]


def receiving_hops(hops: Sequence[Hop], receiving_host: str | None = None) -> tuple[Hop, ...]:
    """The newest hops, as far as they were written by servers of the receiving side; oldest first.

    The first of them is the one that took the message from elsewhere. All of them, when it never came from elsewhere.

    Args:
        hops: all hops, oldest first.
        receiving_host: a host known to be of the receiving side: what was handed over by its organisation did not come
            from elsewhere, as with a filter service in front of one's own servers.
    """
    for index in range(len(hops) - 1, -1, -1):
        before = hops[index - 1].by if index else None
        is_handed_on = before and receiving_host and is_same_organisation(before, receiving_host)
        if _came_from_elsewhere(hops[index]) and not is_handed_on:
            return tuple(hops[index:])
    return tuple(hops)


def own_fields(fields: Sequence[Field], receiving: Sequence[Hop]) -> OwnFields:
    """The fields around the Received fields of `receiving` (see `receiving_hops`)."""
    traces = [index for index, field in enumerate(fields) if field.name == "received"][: len(receiving)]
    start = traces[-1] + 1 if traces else 0
    rest = fields[start:]
    ends = (index for index, field in enumerate(rest) if field.name == "received" or field.name in _AUTHOR_FIELDS)
    below = rest[: next(ends, len(rest))]
    return OwnFields(above=tuple(fields[:start]), below=tuple(below))


def is_same_organisation(name: str, other: str) -> bool:
    """Whether two host names share the domain that somebody registered, as far as can be told without a list of those."""
    return name.lower().rstrip(".") == other.lower().rstrip(".") or _organisation(name) == _organisation(other) != ""


def _came_from_elsewhere(hop: Hop) -> bool:
    if hop.claimed_name is None and hop.seen_name is None and hop.seen_address is None:
        return False
    if _is_inside(hop):
        return False
    name = hop.seen_name
    # Anybody may claim any name; Exchange writes no other.
    if name is None and (hop.seen_address is None or (hop.protocol or "").startswith(("Microsoft", "HTTPS", "mapi"))):
        name = hop.claimed_name
    return name is None or hop.by is None or not is_same_organisation(name, hop.by)


def _is_inside(hop: Hop) -> bool:
    """Whether the message can't have come from outside of a site."""
    # RFC 2033, 5: LMTP is spoken inside of one site only. Exim calls a message of a local user "local".
    if (hop.protocol or "").lower().startswith(("lmtp", "local")):
        return True
    if hop.seen_address is None:
        return (hop.claimed_name or "").lower() in {"localhost", "localhost.localdomain"}
    address = ip_address(hop.seen_address)
    return any(address in network for network in _SITE_NETWORKS)


def _organisation(name: str) -> str:
    if parse_address(name):
        return ""
    labels = name.lower().rstrip(".").split(".")
    if len(labels) < 2:
        return ""
    # example.co.uk: a short second level below a country belongs to the registry.
    is_country_level = len(labels[-1]) == 2 and len(labels[-2]) <= 3
    domain = ".".join(labels[-3 if is_country_level else -2 :])
    return _ALIASES.get(domain, domain)
