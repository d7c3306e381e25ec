"""API tokens: what programs show instead of signing in. A token's text is shown once, when it is made."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from mailtrip.errors import Fault, InvalidInput
from mailtrip.model import Actor, Role, Scope
from mailtrip.service import api_tokens
from mailtrip.store import Connection
from mailtrip.web.calls import Form, PageCall, action, page, see_other
from mailtrip.web.faults import sentences
from mailtrip.web.run import number_in
from mailtrip.web.users import ROLE_WORDS, roles_of

__all__ = ["routes"]

_LABELS: Final = {"name": "Name", "role": "Role", "scopes": "What it may do", "account": "The account"}
_SCOPE_WORDS: Final[Mapping[Scope, str]] = {
    Scope.MONITORS_READ: "read monitors, runs, alerts and reports",
    Scope.MONITORS_WRITE: "change monitors, blackouts and SLAs",
    Scope.RUNS_TEST: "start tests",
    Scope.RECIPIENTS_READ: "read recipients",
    Scope.RECIPIENTS_WRITE: "change recipients",
}
_LIFETIMES: Final[Mapping[str, tuple[str, timedelta | None]]] = {
    "30": ("in 30 days", timedelta(days=30)),
    "90": ("in 90 days", timedelta(days=90)),
    "365": ("in a year", timedelta(days=365)),
    "never": ("never", None),
}


def routes() -> list[Route]:
    """The routes of this module."""
    return [
        page("/account/tokens", read_tokens),
        action("/account/tokens", make_token),
        action("/account/tokens/{token_id:int}/revoke", revoke_token),
    ]


async def read_tokens(call: PageCall) -> Response:
    """The tokens that there are, and a form for another one."""
    return await _page(call, is_revoked=call.request.query_params.get("done") == "revoked")


async def make_token(call: PageCall, form: Form) -> Response:
    """Make a token, and show its text: the answer is the page itself, as an address may hold no secret."""
    actor = await call.actor()
    chosen = [scope for scope in Scope if form.get(f"scope {scope}")]
    _words, lifetime = _LIFETIMES.get(form.get("ends", ""), _LIFETIMES["30"])
    try:
        create = partial(
            api_tokens.create,
            actor=actor,
            name=form.get("name", "").strip(),
            role=_role(form),
            scopes=chosen if form.get("cut") == "scopes" else None,
            expires_at=None if lifetime is None else call.now + lifetime,
            now=call.now,
        )
        _token_id, text = await call.writing(create)
    except InvalidInput as error:
        return await _page(call, faults=sentences(error, _LABELS), form=form)
    return await _page(call, made=text)


async def revoke_token(call: PageCall, _form: Form) -> Response:
    """End a token, at once."""
    actor = await call.actor()
    await call.writing(partial(api_tokens.revoke, actor=actor, token_id=number_in(call, "token_id"), now=call.now))
    return see_other("/account/tokens?done=revoked")


async def _page(
    call: PageCall,
    *,
    faults: Sequence[str] = (),
    form: Form | None = None,
    made: str | None = None,
    is_revoked: bool = False,
) -> Response:
    def find(connection: Connection, actor: Actor) -> Mapping[str, object]:
        return {
            "tokens": api_tokens.list_all(connection, actor),
            "now": call.now,
            "roles": {role: ROLE_WORDS[role] for role in roles_of(actor)},
            "scopes": _SCOPE_WORDS,
            "lifetimes": {name: words for name, (words, _time) in _LIFETIMES.items()},
            "faults": faults,
            "form": form or {},
            "made": made,
            "is_revoked": is_revoked,
        }

    return await call.show("api_tokens.html", find, status=422 if faults else 200)


def _role(form: Form) -> Role:
    role = next((role for role in Role if role == form.get("role")), None)
    if role is None:
        raise InvalidInput([Fault("role", "is none of those there are; choose one")])
    return role
