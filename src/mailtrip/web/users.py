"""Users: who may sign in, and as what; for those who manage them."""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from mailtrip.errors import Fault, InvalidInput, NotFound
from mailtrip.model import Access, Actor, Role, User
from mailtrip.service import users
from mailtrip.service.access import require_user_management
from mailtrip.service.text_rules import line_fault
from mailtrip.store import Connection
from mailtrip.web.calls import Form, PageCall, action, page, see_other
from mailtrip.web.faults import sentences
from mailtrip.web.words import count_of

__all__ = ["ROLE_WORDS", "guid_of", "roles_of", "routes"]

ROLE_WORDS: Final[Mapping[Role, str]] = {
    Role.ADMIN: "all, other Admins too",
    Role.CO_ADMIN: "all, but Admins are not theirs to change",
    Role.POWER_USER: "changes monitors, recipients, blackouts and SLAs",
    Role.USER: "looks, and starts tests",
    Role.READ_ONLY: "looks",
}
_GUID: Final = re.compile(r"[0-9a-f]{32}\Z")
_LABELS: Final = {
    "email": "Email address",
    "password": "Password",
    "role": "Role",
    "first_name": "First name",
    "last_name": "Last name",
    "account": "The account",
}
_LONGEST_NAME: Final = 255
_DONE: Final = {
    "added": "The user is added.",
    "removed": "The user is removed.",
    "changed": "Saved.",
    "disabled": "The user is disabled, and signed out everywhere.",
    "enabled": "The user is enabled, and may sign in again.",
}
_NEW_PASSWORD: Final = "The password is changed; the user is signed out everywhere."  # noqa: S105  # no password


def routes() -> list[Route]:
    """The routes of this module."""
    return [
        page("/users", read_users),
        action("/users", add_user),
        page("/users/{guid}", read_user),
        action("/users/{guid}", change_user),
        action("/users/{guid}/password", set_password),
        action("/users/{guid}/disable", disable_user),
        action("/users/{guid}/enable", enable_user),
        action("/users/{guid}/remove", remove_user),
    ]


def roles_of(actor: Actor) -> list[Role]:
    """The roles that the actor may give."""
    return [role for role in Role if not role.is_above(actor.role)]


async def read_users(call: PageCall) -> Response:
    """All users, and a form for another one."""
    return await _list_page(call, done=_DONE.get(call.request.query_params.get("done", "")))


async def add_user(call: PageCall, form: Form) -> Response:
    """Make a user."""
    actor = await call.actor()
    require_user_management(actor)
    try:
        password = await run_in_threadpool(users.hash_password, form.get("password", ""))
        changes = {"email": form.get("email", "").strip(), **_given(form)}
        await call.writing(partial(users.create, actor=actor, changes=changes, password=password, now=call.now))
    except InvalidInput as error:
        return await _list_page(call, faults=sentences(error, _LABELS), form=form)
    return see_other("/users?done=added")


async def read_user(call: PageCall) -> Response:
    """One user, and what can be done about it."""
    done = call.request.query_params.get("done", "")
    return await _user_page(call, done=_NEW_PASSWORD if done == "password" else _DONE.get(done))


async def change_user(call: PageCall, form: Form) -> Response:
    """Give a user another name or role."""
    guid, actor = guid_of(call), await call.actor()
    try:
        changes = _given(form)
        edit = partial(users.edit, actor=actor, guid=guid, changes=changes, password=None, now=call.now)
        await call.writing(edit)
    except InvalidInput as error:
        return await _user_page(call, faults=sentences(error, _LABELS))
    return see_other(f"/users/{guid}?done=changed")


async def set_password(call: PageCall, form: Form) -> Response:
    """Give a user another password; all sessions and access tokens of the user end."""
    guid, actor = guid_of(call), await call.actor()
    require_user_management(actor)
    try:
        password = await run_in_threadpool(users.hash_password, form.get("password", ""))
    except InvalidInput as error:
        return await _user_page(call, faults=sentences(error, _LABELS))
    edit = partial(users.edit, actor=actor, guid=guid, changes={}, password=password, now=call.now)
    await call.writing(edit)
    return see_other(f"/users/{guid}?done=password")


async def disable_user(call: PageCall, _form: Form) -> Response:
    """Keep a user out, at once."""
    return await _set_enabled(call, enabled=False)


async def enable_user(call: PageCall, _form: Form) -> Response:
    """Let a disabled user in again."""
    return await _set_enabled(call, enabled=True)


async def _set_enabled(call: PageCall, *, enabled: bool) -> Response:
    guid, actor, changes = guid_of(call), await call.actor(), {"enabled": enabled}
    edit = partial(users.edit, actor=actor, guid=guid, changes=changes, password=None, now=call.now)
    try:
        await call.writing(edit)
    except InvalidInput as error:
        return await _user_page(call, faults=_told(error))
    return see_other(f"/users/{guid}?done={'enabled' if enabled else 'disabled'}")


async def remove_user(call: PageCall, _form: Form) -> Response:
    """Remove a user, with all sessions and tokens."""
    guid, actor, now = guid_of(call), await call.actor(), call.now

    def remove(connection: Connection) -> None:
        user = users.get(connection, actor, guid, lock=True)
        users.remove(connection, actor, user.id, now=now)

    try:
        await call.writing(remove)
    except InvalidInput as error:
        return await _user_page(call, faults=_told(error))
    return see_other("/users?done=removed")


def _told(error: InvalidInput) -> list[str]:
    """What hinders something that is of no field."""
    return [f"{fault.text[:1].upper()}{fault.text[1:]}." for fault in error.faults]


async def _list_page(
    call: PageCall, *, done: str | None = None, faults: Sequence[str] = (), form: Form | None = None
) -> Response:
    def find(connection: Connection, actor: Actor) -> Mapping[str, object]:
        return {
            "users": users.list_all(connection, actor),
            "roles": {role: ROLE_WORDS[role] for role in roles_of(actor)},
            "access_words": access_words,
            "done": done,
            "faults": faults,
            "form": form or {},
        }

    return await call.show("users.html", find, status=422 if faults else 200)


async def _user_page(call: PageCall, *, done: str | None = None, faults: Sequence[str] = ()) -> Response:
    guid = guid_of(call)

    def find(connection: Connection, actor: Actor) -> Mapping[str, object]:
        user = users.get(connection, actor, guid)
        return {
            "user": user,
            "is_own": user.id == actor.user_id,
            "may_change": user.role is not Role.ADMIN or actor.role is Role.ADMIN,
            "roles": {role: ROLE_WORDS[role] for role in roles_of(actor)},
            "access": access_words(user),
            "done": done,
            "faults": faults,
        }

    return await call.show("user.html", find, status=422 if faults else 200)


def access_words(user: User) -> str:
    """What monitors the user may see, in words."""
    access = user.settings.access
    if user.role.may_manage_users or access is None:
        return "all monitors"
    if access.default is Access.NONE:
        seen = len(access.edit | access.view)
        return f"{count_of(seen, 'monitor')} only" if seen else "no monitors"
    usual = "all monitors" if access.default is Access.EDIT else "all monitors, to look at"
    return f"{usual}; {len(access.ids):,} in another way" if access.ids else usual


def _given(form: Form) -> dict[str, object]:
    """Names and role as a form has them.

    Raises:
        InvalidInput: one of them can't be.
    """
    role = next((role for role in Role if role == form.get("role")), None)
    names = {name: form.get(name, "").strip() or None for name in ("first_name", "last_name")}
    faults = [
        Fault(name, fault)
        for name, text in names.items()
        if text is not None and (fault := line_fault(text, most=_LONGEST_NAME)) is not None
    ]
    if role is None:
        faults.append(Fault("role", "is none of those there are; choose one"))
    if faults:
        raise InvalidInput(faults)
    return {"role": role, **names}


def guid_of(call: PageCall) -> str:
    """The guid in the path; raises NotFound for what can be none."""
    guid = str(call.request.path_params["guid"])
    if not _GUID.match(guid):
        raise NotFound("there is no such user")
    return guid
