"""The page on which users see where they are signed in, and end it."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from mailtrip.errors import NotFound
from mailtrip.model import Actor
from mailtrip.service import web_sessions
from mailtrip.store import Connection
from mailtrip.web.calls import Form, PageCall, action, page, see_other

__all__ = ["routes"]

_PATH: Final = "/account/sessions"
_DONE: Final = {
    "one": "The session is ended.",
    "others": "You are signed out everywhere else.",
    "gone": "That session had ended already.",
}


async def _show(call: PageCall) -> Response:
    def find(connection: Connection, actor: Actor) -> Mapping[str, object]:
        done = _DONE.get(call.request.query_params.get("done", ""))
        return {"sessions": web_sessions.list_own(connection, actor, call.session_id, now=call.now), "done": done}

    return await call.show("own_sessions.html", find)


async def _end_one(call: PageCall, _form: Form) -> Response:
    actor, handle = await call.actor(), call.request.path_params["handle"]
    try:
        await call.writing(partial(web_sessions.end_one, actor=actor, handle=handle, now=call.now))
    except NotFound:
        return see_other(f"{_PATH}?done=gone")
    return see_other(f"{_PATH}?done=one")


async def _end_others(call: PageCall, _form: Form) -> Response:
    actor = await call.actor()
    await call.writing(partial(web_sessions.end_others, actor=actor, session_id=call.session_id, now=call.now))
    return see_other(f"{_PATH}?done=others")


def routes() -> list[Route]:
    """The routes of this module."""
    return [
        page(_PATH, _show),
        action(f"{_PATH}/end-others", _end_others),
        action(f"{_PATH}/{{handle}}/end", _end_one),
    ]
