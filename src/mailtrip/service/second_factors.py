"""The second factor of a login: codes of an authenticator app (TOTP, RFC 6238), and codes to recover with.

SHA-1, six digits and thirty seconds, as all such apps take them for granted.
"""

import base64
import hmac
import re
import secrets
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from mailtrip import store
from mailtrip.errors import AuthenticationFailed, Fault, Forbidden, InvalidInput
from mailtrip.model import Actor, AuditAction, User
from mailtrip.service import audit
from mailtrip.service.ports import Secrets
from mailtrip.service.tokens import VerifiedLogin
from mailtrip.store import Connection
from mailtrip.store.second_factors import StoredFactor

__all__ = [
    "address_of",
    "is_on",
    "is_right",
    "is_secret",
    "make_secret",
    "make_ticket",
    "redeem_ticket",
    "turn_off",
    "turn_off_for",
    "turn_on",
]

_STEP_SECONDS: Final = 30
_SECRET_BYTES: Final = 20
_SECRET: Final = re.compile(r"[A-Z2-7]{32}\Z")
_RECOVERY_CODES: Final = 8
_RECOVERY_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_TICKET_LIFETIME: Final = timedelta(minutes=5)


def make_secret() -> str:
    """A new secret, in base32 as authenticator apps take it; nothing is stored yet."""
    return base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def is_secret(text: str) -> bool:
    """Whether it could be one of `make_secret`."""
    return _SECRET.match(text) is not None


def address_of(secret: str, email: str) -> str:
    """The `otpauth:` address that an authenticator app opens."""
    return f"otpauth://totp/{quote(f'Mailtrip:{email}')}?{urlencode({'secret': secret, 'issuer': 'Mailtrip'})}"


def is_on(connection: Connection, user_id: int) -> bool:
    """Whether the user's login needs a code."""
    return store.second_factors.get(connection, user_id) is not None


def turn_on(
    connection: Connection, actor: Actor, secret: str, code: str, *, keys: Secrets, now: datetime
) -> tuple[str, ...]:
    """Have the actor's logins need a code from now on; the recovery codes, which are shown once.

    Raises:
        InvalidInput: for `code`: it is none of this secret at this time; or a second factor is on already.
        Forbidden: the actor is no user.
    """
    if actor.user_id is None:
        raise Forbidden("this needs a user")
    if store.second_factors.get(connection, actor.user_id, lock=True) is not None:
        raise InvalidInput([Fault("code", "is not needed: a second factor is on already")])
    step = _step_of(secret, code, now=now, after=0) if is_secret(secret) else None
    if step is None:
        raise InvalidInput(
            [Fault("code", "is not what the app shows; see that the clocks are right, and type the next one")]
        )
    recovery = tuple(_make_recovery_code() for _ in range(_RECOVERY_CODES))
    factor = StoredFactor(
        secret=keys.seal(secret), last_step=step, recovery=tuple(_digest(text, keys) for text in recovery)
    )
    store.second_factors.insert(connection, actor.user_id, factor, account_id=actor.account_id, now=now)
    there = {"second_factor": (False, True)}
    name, action = actor.email, AuditAction.USER_CHANGED
    audit.record(connection, actor, action, actor.user_id, now=now, secrets=there, name=name)
    return recovery


def turn_off(connection: Connection, actor: Actor, *, now: datetime) -> None:
    """Have the actor's logins need no code any more; without a second factor nothing happens."""
    if actor.user_id is not None:
        _remove(connection, actor, actor.user_id, actor.email, now=now)


def turn_off_for(connection: Connection, actor: Actor, user: User, *, now: datetime) -> None:
    """As `turn_off`, for a user who has lost the app and the recovery codes. Only the operator may.

    Raises:
        Forbidden: it is somebody else.
    """
    if not actor.is_operator:
        raise Forbidden("this is for the operator, at the command line")
    _remove(connection, actor, user.id, user.email, now=now)


def is_right(connection: Connection, user_id: int, code: str, *, keys: Secrets, now: datetime) -> bool:
    """Whether this is a code of the app at this time, or a recovery code; either is taken once (RFC 6238, 5.2).

    Args:
        connection: of a writing transaction: the use is noted.
        user_id: whose it is.
        code: as it was typed.
        keys: unseal the secret.
        now: one step before and after counts as well.
    """
    factor = store.second_factors.get(connection, user_id, lock=True)
    if factor is None:
        return False
    typed = "".join(code.split()).replace("-", "").lower()
    step = _step_of(keys.unseal(factor.secret), typed, now=now, after=factor.last_step)
    digest = _digest(typed, keys)
    if step is None and digest not in factor.recovery:
        return False
    recovery = [left for left in factor.recovery if step is not None or left != digest]
    last_step = factor.last_step if step is None else step
    store.second_factors.note_use(connection, user_id, last_step=last_step, recovery=recovery)
    return True


def make_ticket(login: VerifiedLogin, *, browser: str, keys: Secrets, now: datetime) -> str:
    """What proves for five minutes that this browser has shown the password of this login."""
    expires = int((now + _TICKET_LIFETIME).timestamp())
    return f"{expires}.{_sign(login, expires, browser, keys)}"


def redeem_ticket(
    connection: Connection, ticket: str, *, email: str, browser: str, keys: Secrets, now: datetime
) -> VerifiedLogin:
    """The login that a ticket was made for.

    Raises:
        AuthenticationFailed: it was made for another login, password or browser, or too long ago.
    """
    found = store.users.find_login(connection, email)
    expires, _, proof = ticket.partition(".")
    if found is None or not re.fullmatch(r"[0-9]{1,12}", expires) or int(expires) < now.timestamp():
        raise AuthenticationFailed("User authentication failed.")
    login = VerifiedLogin(user=found.user, password_hash=found.password_hash)
    if not hmac.compare_digest(proof.encode(), _sign(login, int(expires), browser, keys).encode()):
        raise AuthenticationFailed("User authentication failed.")
    return login


def _remove(connection: Connection, actor: Actor, user_id: int, email: str | None, *, now: datetime) -> None:
    if store.second_factors.remove(connection, user_id):
        there = {"second_factor": (True, False)}
        audit.record(connection, actor, AuditAction.USER_CHANGED, user_id, now=now, secrets=there, name=email)


def _step_of(secret: str, code: str, *, now: datetime, after: int) -> int | None:
    """The time step that has this code, of those around `now` that are later than `after`."""
    totp = TOTP(base64.b32decode(secret), 6, SHA1(), _STEP_SECONDS)  # noqa: S303 (what authenticator apps speak)
    this = int(now.timestamp()) // _STEP_SECONDS
    steps = [step for step in (this - 1, this, this + 1) if step > after]
    right = [step for step in steps if hmac.compare_digest(totp.generate(step * _STEP_SECONDS), code.encode())]
    return right[0] if right else None


def _make_recovery_code() -> str:
    return "".join(secrets.choice(_RECOVERY_LETTERS) for _ in range(12))


def _digest(code: str, keys: Secrets) -> str:
    return keys.digest(b"recovery code\0" + code.encode("utf-8", "replace")).hex()


def _sign(login: VerifiedLogin, expires: int, browser: str, keys: Secrets) -> str:
    """Bound to the password, so that a new one ends all tickets."""
    parts = (login.user.guid, str(expires), browser, login.password_hash)
    return keys.digest(b"login ticket\0" + "\0".join(parts).encode()).hex()
