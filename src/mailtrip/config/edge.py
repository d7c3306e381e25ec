"""The settings of the service's edge: proxies, names, origins, and how often clients may call."""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from mailtrip.config.networks import Network, list_items, parse_networks

__all__ = [
    "UNIX",
    "CallRate",
    "Proxy",
    "ProxyHeader",
    "parse_call_rate",
    "parse_hosts",
    "parse_origins",
    "parse_proxies",
]

UNIX: Final = "unix"
"""In place of a network: who comes through the service's Unix socket."""

Proxy: TypeAlias = Network | str

_HOST: Final = re.compile(r"(?:[a-z0-9_](?:[a-z0-9._-]{0,251}[a-z0-9_])?|\[[0-9a-f:.]{2,45}\])\Z")
_RATE: Final = re.compile(r"([0-9]{1,7}):([0-9]{1,7})\Z")


class ProxyHeader(StrEnum):
    """What trusted proxies write."""

    X_FORWARDED_FOR = "x-forwarded-for"
    FORWARDED = "forwarded"


@dataclass(frozen=True, slots=True)
class CallRate:
    """`burst` calls at once, then evenly `per_second`."""

    per_second: int
    burst: int

    def __str__(self) -> str:
        return f"{self.per_second}:{self.burst}"


def parse_proxies(raw: object, base: Path) -> tuple[Proxy, ...]:
    """Networks and words for networks, and `unix`: a list, or text with commas; `none` for none.

    Raises:
        ValueError: names the first that is wrong.
    """
    found: list[Proxy] = []
    for item in list_items(raw):
        found.extend((UNIX,) if item.lower() == UNIX else parse_networks([item], base))
    return tuple(found)


def parse_hosts(raw: object, _base: Path) -> tuple[str, ...]:
    """Names and addresses, in lower case: a list, or text with commas; `any` for any.

    Raises:
        ValueError: names the first that is wrong.
    """
    if isinstance(raw, str) and raw.strip().lower() == "any":
        return ()
    hosts = tuple(item.lower() for item in list_items(raw))
    for host in hosts:
        if not _HOST.match(host):
            raise ValueError(
                f"{host!r} is no host; write names like mailtrip.example.com or [2001:db8::1], without ports"
            )
    return hosts


def parse_origins(raw: object, _base: Path) -> tuple[str, ...]:
    """Origins as browsers write them: a list, or text with commas; `none` for none.

    Raises:
        ValueError: names the first that is wrong.
    """
    return tuple(_origin(item) for item in list_items(raw))


def parse_call_rate(raw: object, _base: Path) -> CallRate | None:
    """Calls a second and the burst, as `100:2000`; None for `none`.

    Raises:
        ValueError: it is neither.
    """
    text = str(raw).strip().lower()
    if text == "none":
        return None
    match = _RATE.match(text)
    if match is None or not (int(match[1]) and int(match[2])):
        raise ValueError(f"{raw!r} is no rate; write calls a second and the burst, as 100:2000, or none")
    return CallRate(int(match[1]), int(match[2]))


def _origin(item: str) -> str:
    fault = ValueError(
        f"{item!r} is no origin; write https://host or https://host:port, in lower case, nothing after it"
    )
    try:
        parts = urlsplit(item)
        port = parts.port
    except ValueError:
        raise fault from None
    host = parts.netloc if port is None else parts.netloc.rpartition(":")[0]
    if parts.scheme not in {"http", "https"} or item != f"{parts.scheme}://{parts.netloc}" or not _HOST.match(host):
        raise fault
    if port == {"http": 80, "https": 443}[parts.scheme]:
        raise ValueError(f"{item!r} names the port that its scheme has anyway, which browsers leave out; leave it out")
    return item
