"""The look-up of a domain's mail servers, against a name server on loopback."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import dns.asyncresolver
import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from mailtrip.mail.discovery import find_records
from mailtrip.model.discovery import DomainRecords, ServiceRecord, Services

ZONE = {
    ("_submissions._tcp.example.com.", "SRV"): ["0 1 465 Smtp.example.com."],
    ("_imaps._tcp.example.com.", "SRV"): ["10 0 993 two.example.com.", "5 0 993 one.example.com."],
    ("_pop3._tcp.example.com.", "SRV"): ["0 0 0 ."],
    ("example.com.", "MX"): ["20 mx2.example.com.", "10 mx1.example.com."],
    ("silent.example.", "MX"): ["0 ."],
}


class _NameServer(asyncio.DatagramProtocol):
    """Answers from the zone; about `broken.example` it fails, and of other names it says that there are none."""

    def __init__(self, zone: Mapping[tuple[str, str], list[str]]) -> None:
        self._zone = zone

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.DatagramTransport = transport  # type: ignore[assignment]  # for datagrams it is one

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        name, kind = query.question[0].name.to_text(), dns.rdatatype.to_text(query.question[0].rdtype)
        answer = dns.message.make_response(query, recursion_available=True)
        records = self._zone.get((name, kind))
        if records is not None:
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *records))
        elif name.endswith("broken.example."):
            answer.set_rcode(dns.rcode.SERVFAIL)
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self._transport.sendto(answer.to_wire(), addr)


@asynccontextmanager
async def name_server() -> AsyncIterator[dns.asyncresolver.Resolver]:
    """A resolver that asks it."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _NameServer(ZONE), local_addr=("127.0.0.1", 0)
    )
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], transport.get_extra_info("sockname")[1]
    try:
        yield resolver
    finally:
        transport.close()


async def test_all_that_a_domain_tells_is_found() -> None:
    async with name_server() as resolver:
        found = await find_records("EXAMPLE.com", resolver=resolver)

    expected = DomainRecords(
        services=(
            ServiceRecord(service=Services.SUBMISSIONS, target="smtp.example.com", port=465, weight=1),
            ServiceRecord(service=Services.IMAPS, target="two.example.com", port=993, priority=10),
            ServiceRecord(service=Services.IMAPS, target="one.example.com", port=993, priority=5),
            ServiceRecord(service=Services.POP3, target="", port=0),
        ),
        exchanges=("mx1.example.com", "mx2.example.com"),
    )
    assert {*found.services} == {*expected.services}
    assert (found.exchanges, found.is_whole) == (expected.exchanges, True)


async def test_a_domain_without_records_or_with_a_null_mx_tells_nothing() -> None:
    async with name_server() as resolver:
        found = [await find_records(name, resolver=resolver) for name in ("nothing.example", "silent.example")]

    assert found == [DomainRecords(), DomainRecords()]


async def test_where_dns_gives_no_answer_that_is_told_from_there_being_nothing() -> None:
    async with name_server() as resolver:
        found = [
            await find_records(name, resolver=resolver, seconds=2) for name in ("broken.example", "a..b", "x" * 300)
        ]

    assert found == [DomainRecords(is_whole=False)] * 3
