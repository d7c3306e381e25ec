"""Sessions of people who have signed in to the dashboard: a random id in a cookie, of which only the SHA-256 is kept."""

import hashlib
import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final

from mailtrip import store
from mailtrip.errors import NotFound, TokenRejected
from mailtrip.model import Actor, AuditAction, Origin
from mailtrip.service import audit, tokens
from mailtrip.service.tokens import VerifiedLogin
from mailtrip.store import Connection

__all__ = [
    "IDLE",
    "LIFETIME",
    "OwnSession",
    "WebSession",
    "begin",
    "end",
    "end_one",
    "end_others",
    "identify",
    "list_own",
    "touch",
]

LIFETIME: Final = timedelta(days=7)
IDLE: Final = timedelta(hours=12)
"""A session that is not used for so long ends."""
_NOTED_EVERY: Final = timedelta(minutes=5)
"""How exactly it is known when a session was used: noting each use would be a write for each page."""
_LISTED: Final = 100
"""So many of a user's sessions are listed, those that were used last."""
_HANDLE_LENGTH: Final = 16
_ID: Final = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSession:
    """A session that lasts.

    Attributes:
        actor: with the role of this moment.
        is_due: whether its use has to be noted with `touch`.
    """

    actor: Actor
    is_due: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSession:
    """A session as its user sees it.

    Attributes:
        handle: names it among the user's sessions; it lets nobody in.
        used_at: when it was used last, to five minutes.
        browser: its kind and system in words; None where unknown.
        network: the address that it began from, without its last part; None where unknown.
        is_this_one: whether it is the one that asks.
    """

    handle: str
    created_at: datetime
    used_at: datetime
    browser: str | None
    network: str | None
    is_this_one: bool


def begin(
    connection: Connection,
    login: VerifiedLogin,
    *,
    origin: Origin,
    now: datetime,
    instead_of: str | None = None,
    browser: str | None = None,
) -> str:
    """Begin a session and give its id, which nobody has had before; the one that the browser had until now ends.

    The browser is its kind and system in words, at most 64 characters.

    Raises:
        AuthenticationFailed: the user was removed or has another password since the login was looked at.
    """
    user = tokens.confirm(connection, login)
    if instead_of is not None and _ID.match(instead_of):
        store.web_sessions.remove(connection, _digest(instead_of))
    session_id = secrets.token_hex(32)
    store.web_sessions.insert(
        connection,
        _digest(session_id),
        account_id=user.account_id,
        user_id=user.id,
        now=now,
        expires_at=now + LIFETIME,
        browser=browser,
        network=_network_of(origin.address),
    )
    actor = replace(Actor.of(user), origin=origin)
    audit.record(connection, actor, AuditAction.USER_LOGGED_IN, user.id, now=now, name=user.email)
    return session_id


def identify(connection: Connection, session_id: str, *, now: datetime) -> WebSession:
    """Whose session it is.

    Raises:
        TokenRejected: it is unknown or has ended.
    """
    found = store.web_sessions.find(connection, _digest(session_id)) if _ID.match(session_id) else None
    if found is None:
        raise TokenRejected("unknown")
    if now >= found.expires_at or now - found.used_at >= IDLE:
        raise TokenRejected("expired")
    return WebSession(actor=found.actor, is_due=now - found.used_at >= _NOTED_EVERY)


def touch(connection: Connection, session_id: str, *, now: datetime) -> None:
    """Note that a session is used."""
    store.web_sessions.touch(connection, _digest(session_id), now=now)


def end(connection: Connection, actor: Actor, session_id: str, *, now: datetime) -> None:
    """End the actor's session."""
    store.web_sessions.remove(connection, _digest(session_id))
    _note_end(connection, actor, now=now)


def list_own(connection: Connection, actor: Actor, session_id: str, *, now: datetime) -> tuple[OwnSession, ...]:
    """The actor's sessions that last, this one first, then those that were used last."""
    this, rows = _digest(session_id), _rows(connection, actor, now=now)
    own = [
        OwnSession(
            handle=_handle(row.digest),
            created_at=row.created_at,
            used_at=row.used_at,
            browser=row.browser,
            network=row.network,
            is_this_one=row.digest == this,
        )
        for row in rows
    ]
    return tuple(sorted(own, key=lambda session: not session.is_this_one))


def end_one(connection: Connection, actor: Actor, handle: str, *, now: datetime) -> None:
    """End the actor's session with this handle.

    Raises:
        NotFound: the actor has none such; it may have ended meanwhile.
    """
    found = next((row for row in _rows(connection, actor, now=now) if _handle(row.digest) == handle), None)
    if found is None:
        raise NotFound("there is no such session")
    store.web_sessions.remove(connection, found.digest)
    _note_end(connection, actor, now=now)


def end_others(connection: Connection, actor: Actor, session_id: str, *, now: datetime) -> int:
    """End all sessions of the actor but this one; how many it were."""
    if actor.user_id is None:
        return 0
    count = store.web_sessions.remove_all(connection, actor.user_id, but=_digest(session_id))
    if count:
        _note_end(connection, actor, now=now)
    return count


def _rows(connection: Connection, actor: Actor, *, now: datetime) -> tuple[store.web_sessions.ListedSession, ...]:
    if actor.user_id is None:
        return ()
    return store.web_sessions.list_all(connection, actor.user_id, now=now, unused_since=now - IDLE, limit=_LISTED)


def _note_end(connection: Connection, actor: Actor, *, now: datetime) -> None:
    if actor.user_id is not None:
        audit.record(connection, actor, AuditAction.USER_LOGGED_OUT, actor.user_id, now=now, name=actor.email)


def _handle(digest: bytes) -> str:
    return digest.hex()[:_HANDLE_LENGTH]


def _network_of(address: str | None) -> str | None:
    """The address without what tells one machine of a network from another: the last byte, or all after 48 bits."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return f"{IPv6Network((int(parsed), 48), strict=False).network_address}*"
    v4 = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else parsed
    return str(v4).rpartition(".")[0] + ".*"


def _digest(session_id: str) -> bytes:
    return hashlib.sha256(session_id.encode("ascii")).digest()
