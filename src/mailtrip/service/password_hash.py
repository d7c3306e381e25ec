"""The passwords of users: hashed with argon2id, compared in constant time. Slow on purpose: call it outside a write."""

from dataclasses import dataclass, field

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from mailtrip.errors import Fault, InvalidInput

__all__ = ["PasswordHash", "hash_password", "is_password"]

_SHORTEST = 8
_LONGEST = 1024
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)  # OWASP's choice for logins: 19 MiB each
_HASH_OF_NOBODY = (  # made with the same parameters, so that verifying against it takes the same time
    "$argon2id$v=19$m=19456,t=2,p=1$dHVCbZrzcRQ9siqgaGsy/A$I+Xofj+6AQzpAo67gCiHBE+fKC2ynAr7l8MAezsR1Us"
)


@dataclass(frozen=True, slots=True)
class PasswordHash:
    """What is stored of a user's password; made by `hash_password`, not shown."""

    text: str = field(repr=False)


def hash_password(password: str) -> PasswordHash:
    """Hash a new password; takes some 30 ms and 19 MiB.

    Raises:
        InvalidInput: for field `password`: not 8 to 1024 characters, or not valid Unicode.
    """
    if not _SHORTEST <= len(password) <= _LONGEST:
        raise InvalidInput([Fault("password", f"has {len(password)} characters; use {_SHORTEST} to {_LONGEST}")])
    if not _is_encodable(password):
        raise InvalidInput([Fault("password", "has half of a surrogate pair in it; use valid Unicode")])
    return PasswordHash(_HASHER.hash(password))


def is_password(password: str, stored: str | None) -> bool:
    """Whether this is the password that was hashed. `stored` None (no such user) costs the same time and is False."""
    if len(password) > _LONGEST or not _is_encodable(password):
        password = ""  # what can't be anyone's password; the time is the same
    try:
        _HASHER.verify(_HASH_OF_NOBODY if stored is None else stored, password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def _is_encodable(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)
