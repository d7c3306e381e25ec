"""Where a monitor's connections go: what the network policy refuses, told early, and passwords that stay where they are.

What is told early is no guard: names are not looked up here. The guard is in `mailtrip.mail`, at the address that a name
has at the moment of the connection.
"""

import ipaddress
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from mailtrip import store
from mailtrip.errors import Fault
from mailtrip.model import (
    Actor,
    ContactKind,
    Monitor,
    MonitorSettings,
    MonitorType,
    NetworkPolicy,
    RecipientSettings,
    Server,
    TLSMode,
)
from mailtrip.store import Connection

__all__ = ["forbidden_monitors", "hosts_of", "is_moved", "moved_password_faults", "policy_faults"]

_AGAIN = (
    "is needed again: the one that is stored was given for {}; give it, or have an Admin or Co-Admin make this change"
)
_STRENGTH = {TLSMode.NONE: 0, TLSMode.AUTO: 1, TLSMode.STARTTLS: 2, TLSMode.IMPLICIT: 2}


@dataclass(frozen=True, slots=True)
class _Named:
    """A server and the fields that name it and its password."""

    field: str
    password: str
    server: Server


def policy_faults(
    settings: MonitorSettings, policy: NetworkPolicy, *, before: MonitorSettings | None = None
) -> list[Fault]:
    """What the policy refuses of servers given as addresses, and of ports; a server that can't be parsed is left out.

    Args:
        settings: as they are to be.
        policy: in force.
        before: as they were: a server that stays the same is not told of, so that all else can be changed.
    """
    same = {_place(named.server) for named in _servers(before)} if before else set()
    return [
        fault
        for named in _servers(settings)
        if _place(named.server) not in same
        for fault in _server_faults(settings, named, policy)
    ]


def moved_password_faults(
    actor: Actor, monitor: Monitor, settings: MonitorSettings, *, keeps_mailbox: bool, keeps_smtp: bool
) -> list[Fault]:
    """A fault for each stored password that would go to another server, or over weaker TLS, than it was given for.

    Who manages users may move passwords: the account's secrets are theirs.

    Args:
        actor: who asks.
        monitor: as it is stored.
        settings: as they are to be.
        keeps_mailbox: whether its password is to stay as it is.
        keeps_smtp: likewise.
    """
    if actor.role.may_manage_users:
        return []
    kept = set()
    if keeps_mailbox and monitor.has_password:
        kept.add("password")
    if keeps_smtp and monitor.has_smtp_password:
        kept.add("smtp_password")
    after = {named.password: named.server for named in _servers(settings)}
    return [
        Fault(named.password, _AGAIN.format(named.server.url))
        for named in _servers(monitor.settings)
        if named.password in kept and named.password in after and _is_less_safe(named.server, after[named.password])
    ]


def is_moved(before: RecipientSettings, after: RecipientSettings) -> bool:
    """Whether a recipient's password would go to another host or port than it was given for, or lose its TLS."""
    if before.method.contact is not after.method.contact:
        return True
    old, new = _split(before), _split(after)
    is_downgrade = old.scheme == "https" and new.scheme != "https"
    return is_downgrade or (old.hostname, old.port) != (new.hostname, new.port)


def hosts_of(settings: MonitorSettings) -> set[str]:
    """The hosts that a monitor connects to, in small letters, without a dot at the end."""
    return {_place(named.server)[0] for named in _servers(settings)}


def forbidden_monitors(connection: Connection, policy: NetworkPolicy) -> list[int]:
    """The enabled monitors of all accounts whose server is an address, or has a port, that the policy refuses."""
    return [
        monitor_id
        for monitor_id, settings in store.monitors.destinations(connection)
        if policy_faults(settings, policy)
    ]


def _servers(settings: MonitorSettings) -> Iterator[_Named]:
    """Those that the type of monitor has; one that is malformed is told of elsewhere."""
    if settings.type in {MonitorType.ROUND_TRIP, MonitorType.SMTP}:
        with suppress(ValueError):
            yield _Named("smtp_server", "smtp_password", settings.smtp)
    if settings.type is not MonitorType.SMTP:
        with suppress(ValueError):
            yield _Named("mailbox_server", "password", settings.mailbox)


def _server_faults(settings: MonitorSettings, named: _Named, policy: NetworkPolicy) -> Iterator[Fault]:
    server = named.server
    if server.address is None:
        field, text, kind = named.field, server.host, ipaddress.ip_address
    else:
        field, text, kind = "address", server.address, ipaddress.IPv4Address
    if _is_address(text, kind) and (refusal := policy.refuse_address(text)) is not None:
        yield Fault(field, refusal)
    if (refusal := policy.refuse_port(server.port)) is not None:
        yield Fault(named.field if settings.port is None else "port", refusal)


def _is_address(text: str, kind: Callable[[str], object]) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return True


def _place(server: Server) -> tuple[str, str | None, int]:
    return server.host.lower().removesuffix("."), server.address, server.port


def _is_less_safe(before: Server, after: Server) -> bool:
    return (
        _place(before) != _place(after)
        or _STRENGTH[after.tls] < _STRENGTH[before.tls]
        or (before.tls_verify and not after.tls_verify)
        or after.tls_ca not in {before.tls_ca, None}
    )


def _split(settings: RecipientSettings) -> SplitResult:
    is_url = settings.method.contact is ContactKind.URL
    return urlsplit(settings.address if is_url else f"//{settings.address}")
