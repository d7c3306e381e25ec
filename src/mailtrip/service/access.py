"""Who may do what."""

from mailtrip.errors import Forbidden
from mailtrip.model import Actor, Scope

__all__ = ["require_edit", "require_scope", "require_test", "require_user_management"]


def require_edit(actor: Actor) -> None:
    """Raise Forbidden unless the actor may change monitors."""
    if not actor.role.may_edit:
        raise Forbidden("this needs role Admin, Co-Admin or Power User")


def require_test(actor: Actor) -> None:
    """Raise Forbidden unless the actor may start a test run."""
    if not actor.role.may_test:
        raise Forbidden("this needs role Admin, Co-Admin, Power User or User")


def require_user_management(actor: Actor) -> None:
    """Raise Forbidden unless the actor may manage users."""
    if not actor.role.may_manage_users:
        raise Forbidden("this needs role Admin or Co-Admin")


def require_scope(actor: Actor, scope: Scope | None) -> None:
    """Raise Forbidden unless the actor may do what needs this scope; None is what no scope allows.

    People, and programs whose token has no scopes, may do whatever their role allows.
    """
    if actor.scopes is None or scope in actor.scopes:
        return
    raise Forbidden("a token with scopes can't do this" if scope is None else f"this needs scope {scope}")
