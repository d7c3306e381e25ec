"""Requests that happen once, however often they are sent (draft-ietf-httpapi-idempotency-key-header)."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailtrip import store
from mailtrip.errors import KeyReused
from mailtrip.model import Actor
from mailtrip.service.ports import Secrets
from mailtrip.store import Connection

__all__ = ["LIFETIME", "Repeatable", "once"]

LIFETIME = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeatable:
    """A request that may come again.

    Attributes:
        key: what its sender calls it.
        operation: method and path.
        body: what is asked for; may hold passwords.
    """

    key: str
    operation: str
    body: Mapping[str, object] = field(repr=False)


def once(
    connection: Connection,
    actor: Actor,
    request: Repeatable,
    make: Callable[[Connection], str],
    *,
    secrets: Secrets,
    now: datetime,
) -> tuple[str, bool]:
    """Do what is asked, unless that was done already, with the same login or API token and within `LIFETIME`.

    What is made and the note of it are kept together or not at all. Of two such requests at a time, one waits.

    Args:
        connection: of a writing transaction.
        actor: whose key it is.
        request: tells a repetition from another request, whatever the order of its fields.
        make: does it and gives the answer, in which no secret may be; what it raises frees the key.
        secrets: make the digests that are kept in place of key and body.
        now: the time of the request.

    Returns:
        The answer, and whether it is that of a request before.

    Raises:
        KeyReused: the key stands for another request.
    """
    digest = secrets.digest(_packed("key", actor.account_id, actor.user_id, actor.token_id, request.key))
    asked = secrets.digest(_packed("request", request.operation, request.body))
    is_new = store.idempotency.claim(
        connection, digest, account_id=actor.account_id, request=asked, now=now, ended_before=now - LIFETIME
    )
    if is_new:
        answer = make(connection)
        store.idempotency.keep(connection, digest, answer)
        return answer, False
    done, answer = store.idempotency.find(connection, digest)
    if done != asked:
        raise KeyReused(
            "Idempotency-Key: was used for another request; take a new key for this one, or send that one again as it was"
        )
    return answer, True


def _packed(*parts: object) -> bytes:
    return json.dumps(parts, sort_keys=True).encode()
