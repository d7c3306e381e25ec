"""Templates made into answers: escaped, compressed, with the headers of a page."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import Response

from mailtrip.model import Actor
from mailtrip.web import words
from mailtrip.web.assets import Assets
from mailtrip.web.cookies import Theme
from mailtrip.web.forms import FIELD, make_token

__all__ = ["PAGE_HEADERS", "Frame", "Templates"]

PAGE_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",  # with no-referrer, browsers hide the origin of our own forms from us
    "X-Content-Type-Options": "nosniff",
}
_PLACES: Final = (
    ("/overview", "Overview"),
    ("/alerts", "Alerts"),
    ("/reports", "Reports"),
    ("/status-page", "Status"),
    ("/locations", "Locations"),
    ("/system", "System"),
)
_PLACES_OF_MANAGERS: Final = (("/users", "Users"), ("/audit", "Audit log"))
_WORTH_COMPRESSING: Final = 1000
_LEVEL: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What every page has around its content.

    Attributes:
        path: of the page, with its query.
        form_key: the secret that forms are bound to.
        actor: who is signed in; None for nobody, or where that is not known.
        takes_gzip: whether the browser takes compressed answers.
    """

    path: str
    form_key: str = field(repr=False)
    theme: Theme = Theme.AUTO
    actor: Actor | None = None
    takes_gzip: bool = False

    @property
    def form_field(self) -> str:
        """The name of the hidden field of each form."""
        return FIELD

    @property
    def places(self) -> list[tuple[str, str]]:
        """Path and name of the pages that whoever is signed in may open, for the navigation."""
        manages = self.actor is not None and self.actor.role.may_manage_users
        return [*_PLACES, *(_PLACES_OF_MANAGERS if manages else ())]

    def form_token(self) -> str:
        """Its value."""
        return make_token(self.form_key)


class Templates:
    """The templates of this package."""

    def __init__(self, assets: Assets, *, version: str) -> None:
        self._environment = Environment(
            loader=PackageLoader("mailtrip.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            finalize=words.without_controls,
        )
        self._environment.globals.update(assets=assets, version=version)
        self._environment.filters.update(words.FILTERS)

    def render(self, template: str, values: Mapping[str, object]) -> bytes:
        """The text of a template, in UTF-8."""
        return self._environment.get_template(template).render(values).encode()

    def show(self, template: str, frame: Frame, values: Mapping[str, object], *, status: int = 200) -> Response:
        """The page as an answer; takes some milliseconds for a long one, so it is made off the event loop.

        Args:
            template: its file's name.
            frame: what is around it; `frame` in the template.
            values: what is in it, by name.
            status: of the answer.
        """
        content = self.render(template, {**values, "frame": frame})
        headers = PAGE_HEADERS | {"Vary": "Accept-Encoding, Cookie"}
        if frame.takes_gzip and len(content) >= _WORTH_COMPRESSING:
            content = gzip.compress(content, _LEVEL, mtime=0)
            headers = headers | {"Content-Encoding": "gzip"}
        return Response(content, status, headers, media_type="text/html")
