"""What DNS says of a mail domain: SRV records of its services and its MX. Nothing but DNS is asked."""

import asyncio
from typing import Final

import dns.asyncresolver
import dns.exception
import dns.name
import dns.resolver
import idna
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.IN.SRV import SRV

from mailtrip.model.discovery import DomainRecords, ServiceRecord, Services

__all__ = ["find_records"]

_SECONDS: Final = 4.0
_MOST: Final = 20
"""Records of one kind: more are of no use."""


async def find_records(
    domain: str, *, seconds: float = _SECONDS, resolver: dns.asyncresolver.Resolver | None = None
) -> DomainRecords:
    """Ask for the domain's records, all at once.

    Args:
        domain: of a mail address, as written.
        seconds: for all answers together.
        resolver: whom to ask; None is the system's.
    """
    try:
        name = dns.name.from_text(idna.encode(domain, uts46=True).decode())
        asked = resolver or dns.asyncresolver.Resolver()
    except (idna.IDNAError, dns.exception.DNSException):
        return DomainRecords(is_whole=False)
    asked.lifetime = seconds
    async with asyncio.TaskGroup() as group:
        services = [group.create_task(_find_service(asked, name, service)) for service in Services]
        exchanges = group.create_task(_find_exchanges(asked, name))
    found = [task.result() for task in services]
    return DomainRecords(
        services=tuple(record for records in found for record in records or ()),
        exchanges=exchanges.result() or (),
        is_whole=None not in (*found, exchanges.result()),
    )


async def _find_service(
    resolver: dns.asyncresolver.Resolver, domain: dns.name.Name, service: Services
) -> tuple[ServiceRecord, ...] | None:
    answer = await _ask(resolver, dns.name.Name((service.encode(), b"_tcp")), domain, "SRV")
    if answer is None:
        return None
    return tuple(
        ServiceRecord(
            service=service,
            target=_host(record.target),
            port=record.port,
            priority=record.priority,
            weight=record.weight,
        )
        for record in answer[:_MOST]
        if isinstance(record, SRV)
    )


async def _find_exchanges(resolver: dns.asyncresolver.Resolver, domain: dns.name.Name) -> tuple[str, ...] | None:
    """A null MX (RFC 7505) is none."""
    answer = await _ask(resolver, dns.name.empty, domain, "MX")
    if answer is None:
        return None
    records = sorted((record.preference, _host(record.exchange)) for record in answer[:_MOST] if isinstance(record, MX))
    return tuple(host for _, host in records if host)


async def _ask(
    resolver: dns.asyncresolver.Resolver, prefix: dns.name.Name, domain: dns.name.Name, kind: str
) -> list[object] | None:
    """The records; none where DNS says that there are none, and None where it says nothing."""
    try:
        answer = await resolver.resolve(prefix.concatenate(domain), kind, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError):
        return None
    return list(answer)


def _host(name: dns.name.Name) -> str:
    """Lower case, without the last dot; empty for the root."""
    return name.to_text(omit_final_dot=True).lower() if name != dns.name.root else ""
