"""API tokens for programs: named, cut to a role and to scopes, revocable; only their SHA-256 is kept."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from threading import Lock
from typing import Final

from mailtrip import store
from mailtrip.errors import Fault, Forbidden, InvalidInput, NotFound, TokenRejected
from mailtrip.model import Actor, APIToken, AuditAction, Role, Scope
from mailtrip.service import audit
from mailtrip.service.text_rules import line_fault
from mailtrip.store import Connection

__all__ = ["PREFIX", "TokenUses", "create", "identify", "list_all", "revoke", "store_uses"]

PREFIX: Final = "mt_"
"""Each token begins so, for scanners that look for secrets where none should be."""

_TOKEN: Final = re.compile(r"mt_[0-9a-f]{40}\Z")
_MOST: Final = 1000
"""Tokens of one account."""


class TokenUses:
    """When tokens were used last: noted in memory, to be stored now and then, off the way of requests.

    It may be called from any thread.
    """

    def __init__(self) -> None:
        self._uses: dict[int, datetime] = {}
        self._lock = Lock()

    def note(self, token_id: int, *, at: datetime) -> None:
        with self._lock:
            self._uses[token_id] = at

    def take(self) -> dict[int, datetime]:
        """What was noted since the last time, by id."""
        with self._lock:
            uses, self._uses = self._uses, {}
        return uses

    def give_back(self, uses: dict[int, datetime]) -> None:
        """Note what could not be stored once more."""
        with self._lock:
            self._uses = uses | self._uses


def create(
    connection: Connection,
    actor: Actor,
    *,
    name: str,
    role: Role | None = None,
    scopes: Sequence[Scope] | None = None,
    expires_at: datetime | None = None,
    now: datetime,
) -> tuple[int, str]:
    """Make a token; it ends with the user who makes it, but not with a new password.

    Args:
        connection: of a writing transaction.
        actor: who asks; a program can't make tokens.
        name: for people; need not be unique.
        role: at most the actor's, which is what it is unless given.
        scopes: None for all that the role allows.
        expires_at: None for never.
        now: the time of making.

    Returns:
        Its id, and its text, which nobody can tell later.

    Raises:
        Forbidden: the actor is a program, or the role is above the actor's.
        InvalidInput: with all faults; or the account has 1000 tokens, for field `account`.
    """
    if actor.token_id is not None:
        raise Forbidden("an API token can't make others; this needs a login")
    role = actor.role if role is None else role
    if role.is_above(actor.role):
        raise Forbidden(f"a token's role can't be above your own; this needs role {role}")
    faults = _faults(name, scopes, expires_at, now=now)
    if store.api_tokens.count(connection, actor.account_id) >= _MOST:
        faults.append(Fault("account", f"has {_MOST} API tokens, as many as it may have; revoke some"))
    if faults:
        raise InvalidInput(faults)
    text = PREFIX + secrets.token_hex(20)
    token_id = store.api_tokens.insert(
        connection,
        _digest(text),
        account_id=actor.account_id,
        user_id=actor.user_id,
        name=name,
        role=role,
        scopes=None if scopes is None else sorted(set(scopes)),
        now=now,
        expires_at=expires_at,
    )
    made = {"name": name, "role": role, "scopes": scopes, "expires_at": expires_at}
    audit.record(connection, actor, AuditAction.API_TOKEN_CREATED, token_id, now=now, after=made)
    return token_id, text


def list_all(connection: Connection, actor: Actor) -> list[APIToken]:
    """The user's own tokens, or the token itself, by id; all of the account for roles that manage users."""
    return [token for token in store.api_tokens.list_all(connection, actor.account_id) if _may_see(actor, token)]


def revoke(connection: Connection, actor: Actor, token_id: int, *, now: datetime) -> APIToken:
    """End a token at once, and give it as it was.

    Raises:
        NotFound: no such token in the account, or it is another's.
        Forbidden: only an Admin revokes what has role Admin.
    """
    token = store.api_tokens.get(connection, actor.account_id, token_id)
    if token is None or not _may_see(actor, token):
        raise NotFound(f"there is no API token {token_id}")
    if token.role.is_above(actor.role):
        raise Forbidden(f"this needs role {token.role}")
    store.api_tokens.remove(connection, token_id)
    had = {"name": token.name, "role": token.role, "scopes": token.scopes, "expires_at": token.expires_at}
    audit.record(connection, actor, AuditAction.API_TOKEN_REMOVED, token_id, now=now, before=had)
    return token


def identify(connection: Connection, text: str, *, now: datetime) -> Actor:
    """Who shows this token, with what it and its maker may do at this moment.

    Raises:
        TokenRejected: with the text "unknown" or "expired".
    """
    found = store.api_tokens.find(connection, _digest(text)) if _TOKEN.match(text) else None
    if found is None:
        raise TokenRejected("unknown")
    token, user = found
    if user is not None and not user.settings.enabled:
        raise TokenRejected("unknown")
    if token.expires_at is not None and now >= token.expires_at:
        raise TokenRejected("expired")
    maker = Actor(account_id=token.account_id, role=token.role) if user is None else Actor.of(user)
    return Actor(
        account_id=token.account_id,
        role=maker.role if token.role.is_above(maker.role) else token.role,
        user_id=maker.user_id,
        email=maker.email,
        token_id=token.id,
        token_name=token.name,
        scopes=None if token.scopes is None else frozenset(token.scopes),
        access=maker.access,
    )


def store_uses(connection: Connection, uses: dict[int, datetime]) -> None:
    """Store when tokens were used last, as `TokenUses` tells it."""
    store.api_tokens.note_uses(connection, uses)


def _may_see(actor: Actor, token: APIToken) -> bool:
    if actor.role.may_manage_users:
        return True
    if actor.token_id is not None:  # what a token may do to others of its maker's could be more than it may do itself
        return token.id == actor.token_id
    return token.user_id == actor.user_id


def _faults(name: str, scopes: Sequence[Scope] | None, expires_at: datetime | None, *, now: datetime) -> list[Fault]:
    faults = []
    if (fault := line_fault(name, most=255)) is not None:
        faults.append(Fault("name", fault))
    if scopes is not None and not scopes:
        faults.append(Fault("scopes", "is empty, so that the token could do nothing; name a scope, or leave it out"))
    if expires_at is not None and expires_at <= now:
        faults.append(Fault("expires_at", "is not in the future; give a later time, or leave it out"))
    return faults


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("ascii")).digest()
