"""The audit log: who changed what, when and from where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

__all__ = [
    "AuditAction",
    "AuditActorType",
    "AuditCheck",
    "AuditEntry",
    "AuditKind",
    "AuditNote",
    "Change",
    "Plain",
]

Plain: TypeAlias = "bool | int | float | str | Sequence[Plain] | Mapping[str, Plain] | None"
"""A value as JSON has it."""

Change: TypeAlias = tuple[Plain, Plain]
"""What a field was, and what it is; None for nothing. No secret is in it."""


class AuditKind(StrEnum):
    """What was changed."""

    MONITOR = "monitor"
    RECIPIENT = "recipient"
    RECIPIENT_GROUP = "recipient-group"
    ALERT = "alert"
    BLACKOUT = "blackout"
    SLA = "sla"
    STATUS_PAGE = "status-page"
    INCIDENT = "incident"
    USER = "user"
    API_TOKEN = "api-token"  # noqa: S105 (no password)
    ACCOUNT = "account"


class AuditAction(StrEnum):
    """What was done: a kind and a participle."""

    MONITOR_CREATED = "monitor.created"
    MONITOR_CHANGED = "monitor.changed"
    MONITOR_REMOVED = "monitor.removed"
    MONITOR_TESTED = "monitor.tested"
    RECIPIENT_CREATED = "recipient.created"
    RECIPIENT_CHANGED = "recipient.changed"
    RECIPIENT_REMOVED = "recipient.removed"
    RECIPIENT_TESTED = "recipient.tested"
    RECIPIENT_GROUP_CREATED = "recipient-group.created"
    RECIPIENT_GROUP_CHANGED = "recipient-group.changed"
    RECIPIENT_GROUP_REMOVED = "recipient-group.removed"
    ALERT_ACKNOWLEDGED = "alert.acknowledged"
    ALERT_REOPENED = "alert.reopened"
    """Nobody is at it any more: the acknowledgement was taken back."""
    ALERT_SNOOZED = "alert.snoozed"
    ALERT_WOKEN = "alert.woken"
    """The snooze was ended."""
    BLACKOUT_CREATED = "blackout.created"
    BLACKOUT_CHANGED = "blackout.changed"
    BLACKOUT_REMOVED = "blackout.removed"
    SLA_CREATED = "sla.created"
    SLA_CHANGED = "sla.changed"
    SLA_REMOVED = "sla.removed"
    STATUS_PAGE_CHANGED = "status-page.changed"
    INCIDENT_CREATED = "incident.created"
    INCIDENT_CHANGED = "incident.changed"
    INCIDENT_UPDATED = "incident.updated"
    """More was told of it."""
    INCIDENT_REMOVED = "incident.removed"
    USER_CREATED = "user.created"
    USER_CHANGED = "user.changed"
    USER_REMOVED = "user.removed"
    USER_LOGGED_IN = "user.logged-in"
    USER_LOGGED_OUT = "user.logged-out"
    USER_LOGIN_FAILED = "user.login-failed"
    API_TOKEN_CREATED = "api-token.created"  # noqa: S105 (no password)
    API_TOKEN_REMOVED = "api-token.removed"  # noqa: S105 (no password)
    ACCOUNT_CREATED = "account.created"
    ACCOUNT_CHANGED = "account.changed"
    ACCOUNT_REMOVED = "account.removed"

    @property
    def kind(self) -> AuditKind:
        return AuditKind(self.partition(".")[0])


class AuditActorType(StrEnum):
    """What kind of actor it was."""

    USER = "user"
    TOKEN = "token"  # noqa: S105 (no password)
    """A program with an API token."""
    RECIPIENT = "recipient"
    """Somebody who had the link in an alert."""
    OPERATOR = "operator"
    """Somebody at the command line."""
    NOBODY = "nobody"
    """Somebody who did not show who they are: a failed login."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditNote:
    """What is written down of one change.

    Attributes:
        account_id: None for a failed login that is of no account.
        actor_id: of the user or the API token; it may be gone by now.
        actor_name: the user's address or the token's name, as it was then; None for others.
        address: of the client; None at the command line, as is `request_id`.
        record_name: as it was before the change; None where such records have no name.
        changes: by field; of a new record, what it was given, and of a removed one, what it had.
    """

    account_id: int | None
    at: datetime
    actor_type: AuditActorType
    actor_id: int | None
    actor_name: str | None
    address: str | None
    request_id: str | None
    action: AuditAction
    record_id: int | None
    record_name: str | None
    changes: Mapping[str, Change]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry(AuditNote):
    """A stored note.

    Attributes:
        hash: SHA-256 over this note and the hash of the one before in the account; 32 bytes.
    """

    id: int
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditCheck:
    """Whether an account's audit log is as it was written.

    Attributes:
        entries: how many there are; up to the break where there is one.
        head: the hash of the newest one that was written; None when that is not known any more.
        is_whole: whether all that were written are there, unaltered, but those that retention removed.
        broken_at: the first entry that does not follow from the one before; None when the log is whole, or when only its
            newest entries are gone.
    """

    entries: int
    head: bytes | None
    is_whole: bool
    broken_at: int | None
