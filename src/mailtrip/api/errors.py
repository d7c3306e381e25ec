"""How exceptions become answers: status, text and headers are chosen here and nowhere else.

Each answer that is no success is a JSON object with a list `errors`, one item a fault (alertsite-v3.md, section 9).
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Final

from starlette.responses import Response

from mailtrip.api.basic import BasicRejected
from mailtrip.api.bodies import LARGEST_BODY, BodyTooLarge, BodyTooSlow
from mailtrip.api.gate import TooMany
from mailtrip.errors import (
    AuthenticationFailed,
    Forbidden,
    InvalidInput,
    KeyReused,
    MailtripError,
    NotFound,
    PreconditionFailed,
    RateLimited,
    TokenRejected,
    Unavailable,
)

__all__ = ["NOT_FOUND", "Stopping", "TookTooLong", "answer_for", "error_response", "method_not_allowed", "server_error"]

NOT_FOUND: Final = "Record not found"
_MOST_FAULTS = 100
_CHALLENGES: Final = {
    TokenRejected: ("invalid_token", "Bearer"),
    BasicRejected: ("invalid_request", 'Basic realm="Mailtrip", charset="UTF-8"'),
}
"""By what was refused: the first word of the text, and how to do better (RFC 9110, 11.6.1)."""
_REFUSALS: Final = {
    Forbidden: (403, "access_denied"),
    PreconditionFailed: (412, "precondition_failed"),
    KeyReused: (422, "key_reused"),
}
"""Status and first word of errors whose text says the rest."""
_RETRY_SECONDS = 5


class TookTooLong(MailtripError):
    """A request was given up after so many seconds; what it has begun in the database may still be finished."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"the request took longer than {seconds:g} s; a change may still be made, so look before you try again"
        )


class Stopping(MailtripError):
    """The service stops before a request is done; what it has begun in the database may still be finished."""

    def __init__(self) -> None:
        super().__init__("the service stops; a change may still be made, so look before you try again")


def error_response(status: int, messages: Sequence[str], headers: Mapping[str, str] | None = None) -> Response:
    """An answer with one item for each message, 100 at most."""
    errors = [{"code": status, "message": message} for message in messages[:_MOST_FAULTS]]
    return Response(json.dumps({"errors": errors}), status, headers=dict(headers or {}), media_type="application/json")


def answer_for(error: MailtripError) -> Response:
    """The answer for an exception that is raised on purpose.

    Raises:
        MailtripError: `error` itself, when it is none that a request can cause: then it is our own bug.
    """
    headers = {}
    match error:
        case InvalidInput():
            status, texts = 400, [f"invalid_request - {fault.field}: {fault.text}" for fault in error.faults]
        case AuthenticationFailed():
            status, texts = 400, ["invalid_request - User authentication failed."]
        case TokenRejected() | BasicRejected():
            word, headers["WWW-Authenticate"] = _CHALLENGES[type(error)]
            status, texts = 401, [f"{word} - {error}"]
        case Forbidden() | PreconditionFailed() | KeyReused():
            status, word = _REFUSALS[type(error)]
            texts = [f"{word} - {error}"]
        case NotFound():
            status, texts = 404, [NOT_FOUND]
        case BodyTooSlow():
            status, texts = 408, ["too_slow - body: did not come in time; send it at once"]
            headers["Connection"] = "close"
        case BodyTooLarge():
            status, texts = 413, [f"too_large - body: is above {LARGEST_BODY} bytes (1 MiB); send less"]
        case RateLimited() | TooMany() | TookTooLong() | Stopping() | Unavailable():
            return _try_again(error)
        case _:
            raise error
    return error_response(status, texts, headers)


def _try_again(error: RateLimited | TooMany | TookTooLong | Stopping | Unavailable) -> Response:
    if isinstance(error, RateLimited):
        seconds = max(1, math.ceil(error.retry_after.total_seconds()))
        return error_response(429, [f"rate_limited - {error}"], {"Retry-After": str(seconds)})
    # The text of a database's trouble is for the log: it may name hosts and files.
    is_database = isinstance(error, Unavailable)
    text = "the database can't be reached just now; try again" if is_database else str(error)
    return error_response(503, [f"unavailable - {text}"], {"Retry-After": str(_RETRY_SECONDS)})


def method_not_allowed(method: str, allowed: Sequence[str]) -> Response:
    """The answer for a path that exists, but not for this method."""
    listed = ", ".join(sorted(allowed))
    shown = method if method.isalpha() and len(method) <= 20 else "this method"
    return error_response(405, [f"method_not_allowed - {shown} is not allowed here; use {listed}"], {"Allow": listed})


def server_error(request_id: str) -> Response:
    """The answer for a bug of ours; the details are in the log under the request's id."""
    return error_response(500, [f"server_error - something went wrong on our side. Request id {request_id}"])
