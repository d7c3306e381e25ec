"""People and accounts: who may do what."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = ["Account", "Actor", "Role", "User"]


class Role(StrEnum):
    """Roles, in the API's spelling (alertsite-v3.md, section 9)."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A customer; all rows belong to one."""

    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    id: int
    account_id: int
    email: str
    role: Role
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who asks: a user who has shown an access token, or the operator at the command line (`user_id` None)."""

    account_id: int
    role: Role
    user_id: int | None = None
    email: str | None = None
