"""Sessions of people who have signed in to the dashboard: a random id in a cookie, of which only the SHA-256 is kept."""

import hashlib
import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from mailtrip import store
from mailtrip.errors import TokenRejected
from mailtrip.model import Actor, AuditAction, Origin
from mailtrip.service import audit, tokens
from mailtrip.service.tokens import VerifiedLogin
from mailtrip.store import Connection

__all__ = ["IDLE", "LIFETIME", "WebSession", "begin", "end", "identify", "touch"]

LIFETIME: Final = timedelta(days=7)
IDLE: Final = timedelta(hours=12)
"""A session that is not used for so long ends."""
_NOTED_EVERY: Final = timedelta(minutes=5)
"""How exactly it is known when a session was used: noting each use would be a write for each page."""
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


def begin(
    connection: Connection, login: VerifiedLogin, *, origin: Origin, now: datetime, instead_of: str | None = None
) -> str:
    """Begin a session and give its id, which nobody has had before; the one that the browser had until now ends.

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
    if actor.user_id is not None:
        audit.record(connection, actor, AuditAction.USER_LOGGED_OUT, actor.user_id, now=now, name=actor.email)


def _digest(session_id: str) -> bytes:
    return hashlib.sha256(session_id.encode("ascii")).digest()
