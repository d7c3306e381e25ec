"""The exceptions of Mailtrip, chosen by what the caller can do about them.

A failing mail server is a result (`mailtrip.model.Failure`), never an exception.

    MailtripError
    ├── InvalidInput          the caller can correct what was given
    ├── AuthenticationFailed  the caller can log in with other credentials
    ├── TokenRejected         the caller can ask for a new access token
    ├── Forbidden             the caller needs another role
    ├── NotFound              the caller named something that is not there
    ├── PreconditionFailed    the caller can look at the record again before changing it
    ├── KeyReused             the caller can take a new idempotency key
    ├── RateLimited           the caller can come back later
    ├── Unavailable           passing trouble of ours (database gone, disk full): try again
    └── ConfigurationError    the operator has to correct a setting, a file or the database
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

__all__ = [
    "AuthenticationFailed",
    "ConfigurationError",
    "Fault",
    "Forbidden",
    "InvalidInput",
    "KeyReused",
    "MailtripError",
    "NotFound",
    "PreconditionFailed",
    "RateLimited",
    "TokenRejected",
    "Unavailable",
]


class MailtripError(Exception):
    """Base of all exceptions that Mailtrip raises on purpose; never raised itself."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one field: `text` says what is wrong and what would be right, without the field's name."""

    field: str
    text: str


class InvalidInput(MailtripError):
    """What was given is wrong; `faults` names every fault found, at least one."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{fault.field}: {fault.text}" for fault in faults))
        self.faults = tuple(faults)


class AuthenticationFailed(MailtripError):
    """Unknown user or wrong password: deliberately not said which."""


class TokenRejected(MailtripError):
    """An access token is missing, unknown or expired; the text is that one word."""


class Forbidden(MailtripError):
    """The role may not do this; the text names the role that may."""


class NotFound(MailtripError):
    """There is no such record in the caller's account."""


class PreconditionFailed(MailtripError):
    """The record is not, or no longer, as the caller knows it: nothing was changed."""


class KeyReused(MailtripError):
    """An idempotency key that was used for something else: nothing was made."""


class RateLimited(MailtripError):
    """Too many attempts; `retry_after` tells when the next one is allowed."""

    def __init__(self, text: str, *, retry_after: timedelta) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class Unavailable(MailtripError):
    """Passing trouble at our own end: the same call may work later."""


class ConfigurationError(MailtripError):
    """The program can't start or go on as it is configured; the text names the setting and the remedy."""
