"""Who may do what."""

from collections.abc import Iterable

from mailtrip.errors import Forbidden, NotFound
from mailtrip.model import Access, Actor, Scope

__all__ = [
    "may_change",
    "may_make",
    "may_see",
    "require_all_monitors",
    "require_edit",
    "require_monitor_edit",
    "require_scope",
    "require_seen",
    "require_test",
    "require_user_management",
]


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


def may_see(actor: Actor, monitor_id: int) -> bool:
    """Whether the actor may know that there is this monitor."""
    return actor.access is None or actor.access.of(monitor_id) is not Access.NONE


def may_make(actor: Actor) -> bool:
    """Whether the actor may make monitors."""
    return actor.role.may_edit and (actor.access is None or actor.access.default is Access.EDIT)


def may_change(actor: Actor, monitor_id: int) -> bool:
    """Whether the actor may change this monitor."""
    return actor.role.may_edit and (actor.access is None or actor.access.of(monitor_id) is Access.EDIT)


def require_seen(actor: Actor, monitor_id: int) -> None:
    """Raise NotFound unless the actor may know that there is this monitor."""
    if not may_see(actor, monitor_id):
        raise NotFound(f"there is no monitor {monitor_id}")


def require_monitor_edit(actor: Actor, monitor_ids: Iterable[int]) -> None:
    """See that the actor may change these monitors, and what belongs to them.

    Raises:
        NotFound: one of them may not be known to the actor.
        Forbidden: one may only be read.
    """
    if actor.access is None:
        return
    for monitor_id in monitor_ids:
        require_seen(actor, monitor_id)
        if actor.access.of(monitor_id) is not Access.EDIT:
            raise Forbidden(f"this needs access Edit to monitor {monitor_id}")


def require_all_monitors(actor: Actor) -> None:
    """Raise Forbidden unless the actor may change all monitors but those that are excepted, new ones among them."""
    if actor.access is not None and actor.access.default is not Access.EDIT:
        raise Forbidden("this needs access Edit to all monitors")
