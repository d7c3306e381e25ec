import re
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


class Names:
    """The system's resolver: the host's name leads to one outcome, all others to another."""

    def __init__(self, host: object, others: object) -> None:
        self._outcomes = {"mx.example.com": host}
        self._others = others
        self._is_over = threading.Event()
        self.asked: list[str] = []

    def end(self) -> None:
        self._is_over.set()

    def getaddrinfo(self, name: str, *_: object, **__: object) -> object:
        self.asked.append(name)
        outcome = self._outcomes.get(name, self._others)
        if outcome is SILENT:
            self._is_over.wait(10)
            outcome = FAILED
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


SILENT = object()
FAILED = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
REFUSED = socket.gaierror(socket.EAI_FAIL, "Non-recoverable failure in name resolution")
NO_SUCH_NAME = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
NO_HANDLES = socket.gaierror(socket.EAI_SYSTEM, "System error")
FOUND = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 25))]
OTHERS_ANSWER = "; the resolver answers about other names"
NONE_ANSWER = "; the resolver doesn't answer about other names either"


@pytest.mark.parametrize(
    ("host", "others", "text", "is_ours"),
    [
        (FAILED, NO_SUCH_NAME, f"can't be resolved: Temporary failure in name resolution{OTHERS_ANSWER}", False),
        (FAILED, FOUND, f"can't be resolved: Temporary failure in name resolution{OTHERS_ANSWER}", False),
        (REFUSED, NO_SUCH_NAME, f"can't be resolved: Non-recoverable failure in name resolution{OTHERS_ANSWER}", False),
        (FAILED, FAILED, f"can't be resolved: Temporary failure in name resolution{NONE_ANSWER}", True),
        (FAILED, SILENT, f"can't be resolved: Temporary failure in name resolution{NONE_ANSWER}", True),
        (SILENT, NO_SUCH_NAME, f"was not resolved before the time was up{OTHERS_ANSWER}", False),
        (SILENT, SILENT, f"was not resolved before the time was up{NONE_ANSWER}", True),
        (NO_HANDLES, FOUND, "can't be resolved: System error", True),
    ],
)
async def test_a_name_is_blamed_only_where_the_resolver_answers_about_others(
    monkeypatch: pytest.MonkeyPatch, host: object, others: object, text: str, *, is_ours: bool
) -> None:
    names = Names(host, others)
    monkeypatch.setattr(socket, "getaddrinfo", names.getaddrinfo)
    resolver = Resolver(threads=2)
    try:
        outcome = await resolver.resolve("mx.example.com", 25, patience=0.2)
    finally:
        names.end()
        resolver.close()

    assert outcome == Unresolved(f"mx.example.com {text}", is_temporary=True, is_ours=is_ours)


async def test_a_name_that_is_told_not_to_exist_needs_no_second_question(
    monkeypatch: pytest.MonkeyPatch, resolver: Resolver
) -> None:
    names = Names(NO_SUCH_NAME, SILENT)
    monkeypatch.setattr(socket, "getaddrinfo", names.getaddrinfo)

    outcome = await resolver.resolve("mx.example.com", 25, patience=10)

    assert outcome == Unresolved("mx.example.com can't be resolved: Name or service not known")
    assert names.asked == ["mx.example.com"]


@pytest.mark.parametrize(
    ("host", "other"), [("mx.example.com", r"mailtrip-[0-9a-f]{16}\.com\."), ("mx", r"mailtrip-[0-9a-f]{16}")]
)
async def test_the_other_name_is_one_that_nobody_has_heard_of(
    monkeypatch: pytest.MonkeyPatch, resolver: Resolver, host: str, other: str
) -> None:
    names = Names(FAILED, FAILED)
    monkeypatch.setattr(socket, "getaddrinfo", names.getaddrinfo)

    await resolver.resolve(host, 25, patience=10)
    await resolver.resolve(host, 25, patience=10)

    first, second = names.asked[1::2]
    assert re.fullmatch(other, first)
    assert re.fullmatch(other, second)
    assert first != second


async def test_a_slow_answer_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the answer is out, another name is asked for; what comes of that makes no difference then."""
    names = Names(None, SILENT)
    asked_twice = threading.Event()

    def answer(name: str, *_: object, **__: object) -> object:
        if name == "mx.example.com":
            asked_twice.wait(10)
            return FOUND
        asked_twice.set()
        return names.getaddrinfo(name)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    resolver = Resolver(threads=2)
    try:
        outcome = await resolver.resolve("mx.example.com", 25, patience=2)
    finally:
        names.end()
        resolver.close()

    assert isinstance(outcome, Resolved)
