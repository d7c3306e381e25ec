import socket
import threading
from collections.abc import Iterator

import pytest

from mailtrip.mail.resolve import Address, Resolved, Resolver, Unresolved


@pytest.fixture
def resolver() -> Iterator[Resolver]:
    resolver = Resolver(threads=1)
    yield resolver
    resolver.close()


@pytest.mark.parametrize(
    ("host", "family", "sockaddr"),
    [
        ("127.0.0.1", socket.AF_INET, ("127.0.0.1", 25)),
        ("::1", socket.AF_INET6, ("::1", 25, 0, 0)),
        ("2001:DB8:0:0::25", socket.AF_INET6, ("2001:db8::25", 25, 0, 0)),
        ("fe80::1%lo", socket.AF_INET6, ("fe80::1%lo", 25, 0, 0)),
    ],
)
async def test_an_address_is_its_own_answer_even_when_there_is_no_time(
    resolver: Resolver, host: str, family: socket.AddressFamily, sockaddr: tuple[str, int]
) -> None:
    resolved = await resolver.resolve(host, 25, patience=0)

    assert isinstance(resolved, Resolved)
    assert resolved.addresses == (Address(family, sockaddr),)


async def test_a_name_is_looked_up_and_the_lookup_timed(resolver: Resolver) -> None:
    resolved = await resolver.resolve("localhost", 25, patience=10)

    assert isinstance(resolved, Resolved)
    assert {address.sockaddr[0] for address in resolved.addresses} <= {"127.0.0.1", "::1"}
    assert resolved.began < resolved.ended


@pytest.mark.parametrize("host", ["1.2.3.4.5", "01.2.3.4", "1:2:3", "mail.example.com"])
async def test_what_is_no_address_is_taken_for_a_name(
    resolver: Resolver, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: str, *_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, f"no {name} here")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)

    assert await resolver.resolve(host, 25, patience=10) == Unresolved(f"{host} can't be resolved: no {host} here")


async def test_a_name_that_is_none_in_any_script_is_refused(resolver: Resolver) -> None:
    assert await resolver.resolve("ü..example", 25, patience=10) == Unresolved('"ü..example" is no valid host name')


async def test_a_lookup_ends_with_its_patience_and_may_work_later(monkeypatch: pytest.MonkeyPatch) -> None:
    never = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: never.wait(10))
    resolver = Resolver(threads=1)
    try:
        outcome = await resolver.resolve("slow.example", 25, patience=0.01)
    finally:
        never.set()
        resolver.close()

    assert outcome == Unresolved("slow.example was not resolved before the time was up", is_temporary=True)
