"""Name resolution with a time of its own: lookups run in threads kept for them, so that none queues behind other work."""

import asyncio
import ipaddress
import secrets
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar, TypeVarTuple

import idna

__all__ = ["Address", "Resolved", "Resolver", "Unresolved"]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_SLOW_SECONDS = 2.0
"""An answer that takes longer may never come: time to ask whether anything is answered."""
# What the resolver says of the name: it, or those that it asked, could not tell.
_UNTOLD = frozenset({socket.EAI_AGAIN, socket.EAI_FAIL})
# What has nothing to do with the name: no file handle, no memory.
_OURS = frozenset({socket.EAI_SYSTEM, socket.EAI_MEMORY})


@dataclass(frozen=True, slots=True)
class Address:
    """One way to connect: address family and socket address, as getaddrinfo gives them."""

    family: socket.AddressFamily
    sockaddr: tuple[str, int] | tuple[str, int, int, int]

    def __str__(self) -> str:
        host, port = self.sockaddr[:2]
        return f"[{host}]:{port}" if self.family is socket.AF_INET6 else f"{host}:{port}"


@dataclass(frozen=True, slots=True)
class Resolved:
    """Addresses in the system's order of preference; `began` and `ended` are monotonic seconds of the lookup itself."""

    addresses: tuple[Address, ...]
    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class Unresolved:
    """Why a name has no address.

    Attributes:
        is_temporary: nobody said that it has none.
        is_ours: the machine or its resolver is to blame, and not the name.
    """

    reason: str
    is_temporary: bool = False
    is_ours: bool = False


class Resolver:
    """Resolves names through the system (hosts file, DNS) in its own threads.

    The servers of a name's domain may fail, or our own resolver may, and the system tells the two by the same error. So
    the resolver is asked for another name then, one that it can't have heard of: where it answers that, it works.
    """

    def __init__(self, *, threads: int = 32) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="resolve")

    async def resolve(self, host: str, port: int, *, patience: float) -> Resolved | Unresolved:
        """Find the addresses of `host` within `patience` seconds; an address literal is its own answer."""
        literal = _literal(host, port)
        if literal is not None:
            now = time.monotonic()
            return Resolved((literal,), now, now)
        try:
            name = idna.encode(host, uts46=True).decode() if not host.isascii() else host
        except idna.IDNAError:
            return Unresolved(f'"{host}" is no valid host name')
        return await self._find(name, port, max(0.0, patience))

    async def _find(self, name: str, port: int, patience: float) -> Resolved | Unresolved:
        lookup = self._begin(_look_up, name, port)
        found: Resolved | Unresolved = Unresolved(f"{name} was not resolved before the time was up", is_temporary=True)
        control: asyncio.Future[bool] | None = None
        try:
            async with asyncio.timeout(patience):
                await asyncio.wait([lookup], timeout=min(_SLOW_SECONDS, patience / 2))
                if not lookup.done():
                    control = self._begin(_is_alive, name)
                found = await lookup
                if _is_untold(found):
                    control = control or self._begin(_is_alive, name)
                    await control
        except TimeoutError:
            pass
        if isinstance(found, Unresolved) and _is_untold(found):
            is_alive = control is not None and control.done() and not control.cancelled() and control.result()
            return _blame(found, is_alive=is_alive)
        return found

    def _begin(self, ask: Callable[[*Ts], T], *arguments: *Ts) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._threads, ask, *arguments)

    def close(self) -> None:
        """End the threads; lookups under way are left to the system's own time-out."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _literal(host: str, port: int) -> Address | None:
    try:
        if ":" in host:
            return Address(socket.AF_INET6, (str(ipaddress.IPv6Address(host)), port, 0, 0))
        # Twenty times as fast as ipaddress, and as strict.
        socket.inet_pton(socket.AF_INET, host)
    except (ValueError, OSError):
        return None
    return Address(socket.AF_INET, (host, port))


def _look_up(name: str, port: int) -> Resolved | Unresolved:
    began = time.monotonic()
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except socket.gaierror as exc:
        is_ours = exc.errno in _OURS
        reason = f"{name} can't be resolved: {exc.strerror}"
        return Unresolved(reason, is_temporary=is_ours or exc.errno in _UNTOLD, is_ours=is_ours)
    except (OSError, UnicodeError) as exc:
        return Unresolved(f"{name} can't be resolved: {type(exc).__name__}")
    addresses = dict.fromkeys(_address(family, sockaddr) for family, _, _, _, sockaddr in found)
    return Resolved(tuple(addresses), began, time.monotonic())


def _is_untold(outcome: Resolved | Unresolved) -> bool:
    return isinstance(outcome, Unresolved) and outcome.is_temporary and not outcome.is_ours


def _is_alive(name: str) -> bool:
    """Whether the resolver has an answer, good or bad, for a name that it can't have heard of."""
    label = f"mailtrip-{secrets.token_hex(8)}"
    _, dot, top = name.rstrip(".").rpartition(".")
    outcome = _look_up(f"{label}.{top}." if dot else label, 0)
    return isinstance(outcome, Resolved) or not outcome.is_temporary


def _blame(found: Unresolved, *, is_alive: bool) -> Unresolved:
    if is_alive:
        return replace(found, reason=f"{found.reason}; the resolver answers about other names")
    return replace(found, reason=f"{found.reason}; the resolver doesn't answer about other names either", is_ours=True)


def _address(family: socket.AddressFamily, sockaddr: tuple[object, ...]) -> Address:
    host, port = str(sockaddr[0]), int(str(sockaddr[1]))
    if family is socket.AF_INET6:
        flow, scope = (int(str(part)) for part in sockaddr[2:4])
        return Address(family, (host, port, flow, scope))
    return Address(family, (host, port))
