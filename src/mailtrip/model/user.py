"""People, machines and accounts: who may do what."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

__all__ = [
    "APIToken",
    "Access",
    "Account",
    "AccountLimits",
    "Actor",
    "MonitorAccess",
    "Origin",
    "Role",
    "Scope",
    "User",
    "UserSettings",
]


class Role(StrEnum):
    """Roles, in the API's spelling (alertsite-v3.md, section 9), from the mightiest to the least."""

    ADMIN = "Admin"
    CO_ADMIN = "Co-Admin"
    POWER_USER = "Power User"
    USER = "User"
    READ_ONLY = "READONLY"

    @property
    def may_edit(self) -> bool:
        """Monitors, recipients, groups, blackouts and SLAs."""
        return self in {Role.ADMIN, Role.CO_ADMIN, Role.POWER_USER}

    @property
    def may_test(self) -> bool:
        """Start a test run."""
        return self is not Role.READ_ONLY

    @property
    def may_manage_users(self) -> bool:
        return self in {Role.ADMIN, Role.CO_ADMIN}

    def is_above(self, other: "Role") -> bool:
        """Whether it may do more than the other; of two roles at most one is above."""
        return _RANKS[self] > _RANKS[other]


_RANKS = {role: rank for rank, role in enumerate(reversed(Role))}


class Access(StrEnum):
    """What a user may do with a monitor (alertsite-v3.md, 1.2); the role may allow less."""

    EDIT = "Edit"
    VIEW = "View"
    """Read it and its runs, and start tests of it."""
    NONE = "None"
    """Not even see it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorAccess:
    """What a user may do with which monitors.

    Attributes:
        default: with monitors that are in none of the sets, those made later among them.
        edit: ids of monitors; an id is in one of the sets at most. Monitors that are gone do no harm.
        view: likewise.
        none: likewise.
    """

    default: Access = Access.EDIT
    edit: frozenset[int] = frozenset()
    view: frozenset[int] = frozenset()
    none: frozenset[int] = frozenset()

    @property
    def ids(self) -> frozenset[int]:
        """The monitors that are named."""
        return self.edit | self.view | self.none

    def of(self, monitor_id: int) -> Access:
        """What may be done with this monitor."""
        if monitor_id in self.none:
            return Access.NONE
        if monitor_id in self.view:
            return Access.VIEW
        return Access.EDIT if monitor_id in self.edit else self.default


class Scope(StrEnum):
    """What an API token may be cut to; its role may allow less."""

    MONITORS_READ = "monitors:read"
    """Monitors, their runs, alerts, blackouts, SLAs, reports, locations, and the status page."""
    MONITORS_WRITE = "monitors:write"
    """Change monitors, blackouts, SLAs and the status page; acknowledge and snooze alerts."""
    RUNS_TEST = "runs:test"
    """Start tests of monitors and recipients."""
    RECIPIENTS_READ = "recipients:read"
    """Recipients and groups of them; their web addresses may hold keys."""
    RECIPIENTS_WRITE = "recipients:write"
    """Change recipients and groups of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLimits:
    """How much an account may have; None is no limit."""

    most_monitors: int | None = None
    most_users: int | None = None
    shortest_interval: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A customer; all rows belong to one."""

    id: int
    name: str
    created_at: datetime
    limits: AccountLimits = AccountLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSettings:
    """What can be set of a user beside the password.

    Attributes:
        email: the login, unique in the installation in any case.
        access: None is `Edit` on all monitors. Roles that manage users have that in any case.
        enabled: nobody gets in as a user who is not, neither with the password nor with any token.
    """

    email: str
    role: Role = Role.USER
    first_name: str | None = None
    last_name: str | None = None
    work_phone: str | None = None
    access: MonitorAccess | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user as stored.

    Attributes:
        guid: 32 hex characters, random, for life: the name to the outside.
    """

    id: int
    guid: str
    account_id: int
    settings: UserSettings
    created_at: datetime

    @property
    def email(self) -> str:
        return self.settings.email

    @property
    def role(self) -> Role:
        return self.settings.role


@dataclass(frozen=True, slots=True, kw_only=True)
class APIToken:
    """What a program shows instead of logging in; its text is known to nobody but the program.

    Attributes:
        role: never above that of who made it; it counts for less once that is lower.
        recipient_id: None for all others. `recipient_name` likewise.
        scopes: None is all that the role allows.
        user_id: who made it; it ends with that user. None is the operator at the command line.
        made_by: that user's address.
        expires_at: None is never.
    """

    id: int
    account_id: int
    name: str
    role: Role
    scopes: tuple[Scope, ...] | None
    user_id: int | None
    made_by: str | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a request came from.

    Attributes:
        address: of the client.
        request_id: as the answer's `X-Request-Id` tells it.
    """

    address: str | None
    request_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who asks: a user with an access token, a program with an API token, the operator, or a recipient by an alert's link.

    Attributes:
        user_id: the user, or who made the token; None for the operator and for tokens that the operator made.
        token_id: of the API token; None for people. `token_name` likewise.
        recipient_id: None for all others. `recipient_name` likewise.
        scopes: None is all that the role allows.
        access: what may be done with which monitors; None is whatever the role allows.
        origin: None at the command line.
    """

    account_id: int
    role: Role
    user_id: int | None = None
    email: str | None = None
    token_id: int | None = None
    token_name: str | None = None
    recipient_id: int | None = None
    recipient_name: str | None = None
    scopes: frozenset[Scope] | None = None
    access: MonitorAccess | None = None
    origin: Origin | None = None

    @classmethod
    def of(cls, user: User) -> "Actor":
        """The user at work."""
        # Whoever manages users could give themselves any access.
        access = None if user.role.may_manage_users else user.settings.access
        return cls(account_id=user.account_id, role=user.role, user_id=user.id, email=user.email, access=access)

    @property
    def is_operator(self) -> bool:
        """Whether it is somebody at the command line."""
        return self.user_id is None and self.token_id is None and self.recipient_id is None

    def access_to(self, monitor_id: int) -> Access:
        """What the actor may do with a monitor of the account, by role and access."""
        given = Access.EDIT if self.access is None else self.access.of(monitor_id)
        return Access.VIEW if given is Access.EDIT and not self.role.may_edit else given
