"""The dashboard's cookies: who is signed in, who has a form before that, and light or dark."""

import re
import secrets
from enum import StrEnum
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from mailtrip.service.web_sessions import LIFETIME

__all__ = [
    "Theme",
    "clear_session",
    "form_key_of",
    "keep_form_key",
    "session_of",
    "set_session",
    "set_theme",
    "theme_of",
]

_SESSION: Final = "mailtrip-session"
_FORM_KEY: Final = "mailtrip-form"
_THEME: Final = "mailtrip-theme"
_A_YEAR: Final = 31_536_000
_SECRET: Final = re.compile(r"[0-9a-f]{64}\Z")


class Theme(StrEnum):
    """How pages look."""

    AUTO = "auto"
    """As the system wishes."""
    LIGHT = "light"
    DARK = "dark"

    @property
    def next(self) -> "Theme":
        """What the switch in the header leads to."""
        order = list(Theme)
        return order[(order.index(self) + 1) % len(order)]


def session_of(request: Request) -> str | None:
    """The id of the session that the browser shows; whether it lasts is not known."""
    return request.cookies.get(_name(request, _SESSION))


def set_session(request: Request, response: Response, session_id: str) -> None:
    """Have the browser show the session from now on."""
    _set(request, response, _SESSION, session_id, seconds=int(LIFETIME.total_seconds()))


def clear_session(request: Request, response: Response) -> None:
    """Have the browser forget its session."""
    _set(request, response, _SESSION, "", seconds=0)


def form_key_of(request: Request) -> str:
    """The secret that forms of this browser are bound to: the session, or before there is one, a random text."""
    for given in (session_of(request), request.cookies.get(_name(request, _FORM_KEY))):
        if given is not None and _SECRET.match(given):
            return given
    made: str = getattr(request.state, "form_key", "") or secrets.token_hex(32)
    request.state.form_key = made  # the same for all forms of one page
    return made


def keep_form_key(request: Request, response: Response) -> None:
    """Have the browser keep the secret that was made for the forms of this page, if one was."""
    made = getattr(request.state, "form_key", None)
    if made is not None:
        _set(request, response, _FORM_KEY, made)


def theme_of(request: Request) -> Theme:
    """How this browser wants its pages."""
    try:
        return Theme(request.cookies.get(_THEME, ""))
    except ValueError:
        return Theme.AUTO


def set_theme(response: Response, theme: Theme) -> None:
    """Have the browser keep the theme."""
    response.set_cookie(_THEME, theme, max_age=_A_YEAR, httponly=True, samesite="lax")


def _name(request: Request, name: str) -> str:
    """Over TLS, a name that browsers let nobody set but this host itself (RFC 6265bis, 4.1.3.2)."""
    return f"__Host-{name}" if request.url.scheme == "https" else name


def _set(request: Request, response: Response, name: str, value: str, *, seconds: int | None = None) -> None:
    response.set_cookie(
        _name(request, name),
        value,
        max_age=seconds,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
