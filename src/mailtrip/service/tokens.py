"""Access tokens: 32 hex characters that live for one hour (alertsite-v3.md, section 9); only their SHA-256 is kept."""

import hashlib
import re
import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from mailtrip import store
from mailtrip.errors import AuthenticationFailed, Forbidden, TokenRejected
from mailtrip.model import Actor, AuditAction, Origin, User
from mailtrip.service import api_tokens, audit
from mailtrip.service.login_limiter import LoginLimiter
from mailtrip.service.password_hash import is_password
from mailtrip.store import Connection

__all__ = [
    "LIFETIME",
    "LoginLimiter",
    "VerifiedLogin",
    "confirm",
    "identify",
    "issue",
    "log_in",
    "log_out",
    "note_failure",
    "require_password_enough",
    "verify",
]

LIFETIME = timedelta(hours=1)
_TOKEN = re.compile(r"[0-9a-f]{32}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedLogin:
    """A user who has shown the right password just now."""

    user: User
    password_hash: str = field(repr=False)


def verify(connection: Connection, *, email: str, password: str) -> VerifiedLogin:
    """See whether the password is the user's; takes some 30 ms, also for an unknown user, and only reads.

    Raises:
        AuthenticationFailed: unknown or disabled user, or wrong password, not said which.
    """
    login = store.users.find_login(connection, email)
    right = is_password(password, None if login is None else login.password_hash)
    if login is None or not right or not login.user.settings.enabled:
        raise AuthenticationFailed("User authentication failed.")
    return VerifiedLogin(user=login.user, password_hash=login.password_hash)


def note_failure(connection: Connection, *, email: str, origin: Origin, now: datetime) -> None:
    """Have the audit log tell that a login failed."""
    login = store.users.find_login(connection, email)
    audit.record_failed_login(connection, None if login is None else login.user, origin, now=now)


def confirm(connection: Connection, login: VerifiedLogin) -> User:
    """The user as of this moment, in a writing transaction.

    Raises:
        AuthenticationFailed: the user was removed, disabled or given another password since `verify`.
    """
    current = store.users.find_login(connection, login.user.email)
    if current is None or current.password_hash != login.password_hash or not current.user.settings.enabled:
        raise AuthenticationFailed("User authentication failed.")
    return current.user


def issue(connection: Connection, login: VerifiedLogin, *, origin: Origin | None = None, now: datetime) -> str:
    """Give out a token; `origin` tells where the login came from.

    Raises:
        AuthenticationFailed: the user was removed or has another password since `verify`.
        Forbidden: the user's logins need a second factor, for which there is no place here.
    """
    user = confirm(connection, login)
    require_password_enough(connection, user)
    token = secrets.token_hex(16)
    store.tokens.insert(
        connection,
        _digest(token),
        account_id=user.account_id,
        user_id=user.id,
        now=now,
        expires_at=now + LIFETIME,
    )
    actor = replace(Actor.of(user), origin=origin)
    audit.record(connection, actor, AuditAction.USER_LOGGED_IN, user.id, now=now, name=user.email)
    return token


def require_password_enough(connection: Connection, user: User) -> None:
    """Raise Forbidden where the user's logins need a second factor: a password alone would get past it."""
    if store.second_factors.get(connection, user.id) is not None:
        raise Forbidden("this user signs in with a second factor; use an API token")


def log_in(connection: Connection, *, email: str, password: str, now: datetime) -> str:
    """`verify` and `issue` in one; a server had better do the first in a reading transaction, which holds up nobody.

    Raises:
        AuthenticationFailed: unknown user or wrong password, not said which.
    """
    return issue(connection, verify(connection, email=email, password=password), now=now)


def identify(connection: Connection, token: str, *, now: datetime) -> Actor:
    """Who shows this access token or API token, with the role of this moment.

    Raises:
        TokenRejected: with the text "unknown" or "expired".
    """
    if token.startswith(api_tokens.PREFIX):
        return api_tokens.identify(connection, token, now=now)
    found = store.tokens.find(connection, _digest(token)) if _TOKEN.match(token) else None
    if found is None:
        raise TokenRejected("unknown")
    actor, expires_at = found
    if now >= expires_at:
        raise TokenRejected("expired")
    return actor


def log_out(connection: Connection, actor: Actor, token: str, *, now: datetime) -> None:
    """End one token of the actor; one that is not there is no fault."""
    if not _TOKEN.match(token):
        return
    store.tokens.remove(connection, _digest(token))
    if actor.user_id is not None:
        audit.record(connection, actor, AuditAction.USER_LOGGED_OUT, actor.user_id, now=now, name=actor.email)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("ascii")).digest()
