"""`Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a create that is sent again makes nothing again."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Final

from fastapi import Depends, Header, Request
from starlette.responses import Response

from mailtrip.api.calls import AuthenticatedCall, Call
from mailtrip.api.codecs import JSON
from mailtrip.api.queries import documented
from mailtrip.api.responses import json_response, to_bytes
from mailtrip.errors import Fault, InvalidInput
from mailtrip.model import Actor
from mailtrip.service import idempotency
from mailtrip.service.idempotency import Repeatable
from mailtrip.store import Connection

__all__ = ["IdempotencyKey", "answer_once"]

_NAME: Final = "Idempotency-Key"
_KEY: Final = "[A-Za-z0-9._:~+/=-]{1,128}"
_VALUE: Final = re.compile(f'({_KEY})|"({_KEY})"')
_SCHEMA: Final[dict[str, JSON]] = {"type": "string", "pattern": f'^(?:"{_KEY}"|{_KEY})$'}


async def _key(
    call: AuthenticatedCall,
    request: Request,
    key: Annotated[
        str | None,
        documented(_SCHEMA),
        Header(
            alias=_NAME,
            description="A name for this request that no other one has, such as a UUID, also in quotes. Sent again within "
            "24 hours with the same body, it makes nothing and gets the same answer.",
            examples=['"8e03978e-40d5-43e8-bc93-6894a57f9324"'],
        ),
    ] = None,
) -> str | None:
    del key  # declared for the description; there may be several
    values = request.headers.getlist(_NAME)
    if not values:
        return None
    found = _VALUE.fullmatch(values[0])
    if len(values) == 1 and found is not None:
        return found[1] or found[2]
    await call.actor()
    raise InvalidInput(
        [Fault(_NAME, "must be given once: 1 to 128 letters, digits and . _ : ~ + / = -, bare or in quotes")]
    )


IdempotencyKey = Annotated[str | None, Depends(_key)]
"""What the client calls the request; None where it has no name."""


async def answer_once(
    call: Call,
    request: Request,
    actor: Actor,
    make: Callable[[Connection], JSON],
    *,
    key: str | None,
    body: Mapping[str, object],
    ignored: Sequence[str],
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Make something in one transaction and answer with it; what the same request has made before is told again.

    Args:
        call: the request's.
        request: where it goes to.
        actor: who asks.
        make: gives the answer, in which no secret may be.
        key: see `IdempotencyKey`.
        body: of the request.
        ignored: names of fields that meant nothing.
        headers: of a first answer only.
    """

    def work(connection: Connection) -> tuple[str, bool]:
        def make_text(connection: Connection) -> str:
            return to_bytes(make(connection)).decode()

        if key is None:
            return make_text(connection), False
        repeatable = Repeatable(key=key, operation=f"{request.method} {request.url.path}", body=body)
        return idempotency.once(connection, actor, repeatable, make_text, secrets=call.services.secrets, now=call.now)

    answer, is_replay = await call.writing(work)
    told = {"Idempotent-Replayed": "true"} if is_replay else headers
    return json_response(answer.encode(), ignored=ignored, headers=told)
