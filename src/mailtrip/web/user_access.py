"""The page on which it is set which monitors a user sees, and which of them the user may change."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from mailtrip.errors import Fault, InvalidInput
from mailtrip.model import Access, Actor, MonitorAccess, Role
from mailtrip.service import monitors, users
from mailtrip.store import Connection
from mailtrip.web.calls import Form, PageCall, action, page, see_other
from mailtrip.web.faults import sentences
from mailtrip.web.users import guid_of

__all__ = ["read_access", "routes"]

_WORDS: Final[Mapping[Access, str]] = {
    Access.EDIT: "sees and changes",
    Access.VIEW: "sees",
    Access.NONE: "does not see",
}
_CHOICE: Final = re.compile(r"monitor-([1-9][0-9]{0,14})\Z")
_USUAL: Final = "usual"
_MOST: Final = 1000
"""As many exceptions as the API takes; so many monitors are on one page, too."""
_LABELS: Final = {"default": "All other monitors", "monitors": "The list of monitors", "access": "The list of monitors"}


def routes() -> list[Route]:
    """The routes of this module."""
    return [page("/users/{guid}/access", _show), action("/users/{guid}/access", _set)]


def read_access(form: Form, had: MonitorAccess) -> MonitorAccess:
    """What a form sets; monitors that are not in it keep what they had.

    Raises:
        InvalidInput: a choice is none of those there are, or too many monitors are excepted.
    """
    words = {id_: word for name, word in form.items() if (id_ := _monitor_of(name)) is not None}
    if form.get("default") not in set(Access):
        raise InvalidInput([Fault("default", "has to be chosen")])
    if any(word != _USUAL and word not in set(Access) for word in words.values()):
        raise InvalidInput([Fault("monitors", "has a choice that there is not; load the page again")])
    chosen = {id_: had.of(id_) for id_ in had.ids - words.keys()}
    chosen |= {id_: Access(word) for id_, word in words.items() if word != _USUAL}
    if len(chosen) > _MOST:
        raise InvalidInput([Fault("monitors", f"has {len(chosen):,} exceptions; {_MOST:,} are the most")])
    sets = {each: frozenset(id_ for id_, given in chosen.items() if given is each) for each in Access}
    return MonitorAccess(
        default=Access(form["default"]), edit=sets[Access.EDIT], view=sets[Access.VIEW], none=sets[Access.NONE]
    )


def _monitor_of(name: str) -> int | None:
    found = _CHOICE.match(name)
    return None if found is None else int(found[1])


async def _show(call: PageCall) -> Response:
    return await _page(call)


async def _set(call: PageCall, form: Form) -> Response:
    guid, actor = guid_of(call), await call.actor()

    def change(connection: Connection) -> None:
        had = users.get(connection, actor, guid, lock=True).settings.access
        changes = {"access": read_access(form, had or MonitorAccess())}
        users.edit(connection, actor, guid, changes, password=None, now=call.now)

    try:
        await call.writing(change)
    except InvalidInput as error:
        return await _page(call, faults=sentences(error, _LABELS))
    return see_other(f"/users/{guid}?done=changed")


async def _page(call: PageCall, *, faults: Sequence[str] = ()) -> Response:
    guid, wanted = guid_of(call), call.request.query_params.get("find", "").strip()

    def find(connection: Connection, actor: Actor) -> Mapping[str, object]:
        user = users.get(connection, actor, guid)
        access = user.settings.access or MonitorAccess()
        named = [(each.id, each.settings.name) for each in monitors.page(connection, actor)[0]]
        found = [each for each in named if wanted.casefold() in each[1].casefold()]
        found.sort(key=lambda each: (each[0] not in access.ids, each[1].casefold()))
        return {
            "user": user,
            "may_change": user.role is not Role.ADMIN or actor.role is Role.ADMIN,
            "words": _WORDS,
            "usual": _USUAL,
            "default": access.default,
            "monitors": [(id_, name, access.of(id_) if id_ in access.ids else None) for id_, name in found[:_MOST]],
            "left_out": max(0, len(found) - _MOST),
            "find": wanted,
            "faults": faults,
        }

    return await call.show("user_access.html", find, status=422 if faults else 200)
